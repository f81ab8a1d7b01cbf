"""Who may look at a hub's page and who may steer there: its own user, other machines, with and without tokens, over TLS."""
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import network  # noqa: E402
from command import Checks, Child, glimt_path, poll_until, run  # noqa: E402
from hubs import own  # noqa: E402
from http_peers import send_raw  # noqa: E402
from live_viewers import LiveViewer  # noqa: E402

HERE, ELSEWHERE = network.HOSTS
ADDRESS, PORT = "10.77.0.1", 8080
VIEW, STEER = "view-token-0123456789", "steer;token,0123456789"  # the second has what a cookie may not have
STREAM = """
[[stream]]
name = "cam0"
source = "test:?size=320x240"
"""
TOKENS = """
[control]
view_token_file = "{folder}/view.token"
steer_token_file = "{folder}/steer.token"
"""
TLS = """
[control]
certificate = "{folder}/control.crt"
key = "{folder}/control.key"
[web]
tls = true
"""


class Asker:
    """curl, on one of the two hosts."""

    def __init__(self, host, base, *options):
        self.argv, self.base = [*network.Network.at(host), "curl", "-s", "-g", "--max-time", "10", "-D", "-", *options], base

    def __call__(self, target, *options):
        """(status, head, body)"""
        done = subprocess.run([*self.argv, *options, self.base + target], capture_output=True, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        words = head.split()
        return int(words[1]) if len(words) > 1 else 0, head.decode(), body

    def status(self, target, *options):
        return self(target, *options)[0]

    def steer(self, *options):
        return self.status("streams/cam0", "-X", "PATCH", "-H", "Content-Type: application/json", "-d", '{"quality": 60}', *options)

    def live(self, *options):
        """Of the handshake: 101 where it is let in."""
        return self.status("live/cam0", "--http1.1", "--max-time", "1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
                           "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "-H", "Sec-WebSocket-Protocol: glimt.1", *options)


def hub(command, folder, listen, more=""):
    config = Path(folder) / "hub.toml"
    config.write_text(more.format(folder=folder) + STREAM)
    return Child([*network.Network.at(HERE), command, "hub", "--config", config, "--listen", listen, "--state", "none"], env=own(folder))


def serves(child, ask):
    return poll_until(lambda: ask.status("snapshot/cam0") == 200 or not child.running()) and child.running()


def check_without_tokens(checks, command, folder):
    here, elsewhere = Asker(HERE, f"http://127.0.0.1:{PORT}/"), Asker(ELSEWHERE, f"http://{ADDRESS}:{PORT}/")
    with hub(command, folder, f"0.0.0.0:{PORT}") as child:
        if not checks.that(serves(child, here), "without tokens: the hub serves", child.errors()):
            return
        checks.equal((here.steer(), json.loads(here("streams")[2])["role"]), (200, "steer"), "without tokens: the own user steers from this machine")
        checks.equal((elsewhere.status("snapshot/cam0"), elsewhere.live()), (200, 101), "without tokens: another machine may look")
        checks.equal((elsewhere.steer(), json.loads(elsewhere("streams")[2])["role"]), (403, "view"), "without tokens: another machine may not steer")
        checks.equal(here.steer("-H", "Host: cam.example", "-H", "Origin: http://cam.example"), 403, "a page whose name leads here does not steer")
        checks.that(child.says("web: refused PATCH of 10.77.0.2: Forbidden"), "who was refused stands in the log", child.errors())


def check_looking(checks, ask, view):
    for target in "streams", "streams/cam0", "snapshot/cam0", "stream/cam0", "metrics", "nothing-there":
        status, head, body = ask(target)
        checks.that(status == 401 and "WWW-Authenticate: Bearer" in head and b"cam0" not in body, f"tokens: /{target} wants one and tells nothing", (head, body))
    checks.equal(ask.live(), 401, "tokens: no WebSocket without one")
    status, _, body = ask("health")
    checks.equal((status, json.loads(body)), (200, {"status": "ok"}), "tokens: /health says whether all is well, and no names")
    status, _, body = ask("")
    checks.that(status == 200 and b"<title>" in body, "tokens: the page itself has no secrets", body)
    checks.equal([ask.status("snapshot/cam0", *view), ask.live(*view), ask.status("metrics", *view)], [200, 101, 200], "tokens: with the view token all may be seen")
    checks.equal([ask.status("snapshot/cam0?token=" + VIEW), ask.status("?action=snapshot&stream=cam0&token=" + VIEW)], [200, 200], "tokens: a player says it in the address")


def check_wrong(checks, ask):
    wrong = VIEW[:-1] + "0"
    told = [ask.status("snapshot/cam0?token=" + wrong), ask.status("streams", "-H", "Authorization: Bearer " + wrong),
            ask.status("streams", "-H", "Authorization: Basic " + VIEW), ask.status("streams", "-H", f"Cookie: glimt-{PORT}={wrong}"),
            ask.status("streams", "-H", f"Cookie: glimt-{PORT + 1}={VIEW}"), ask.status("streams?token=", "-H", "Cookie: =;;=")]
    checks.equal(told, [401] * 6, "tokens: what is no token of this hub is none, wherever it stands")
    status, head, _ = ask("?token=" + wrong)
    checks.that(status == 200 and "Set-Cookie" not in head, "tokens: a wrong one becomes no cookie", head)


def check_cookie(checks, ask, folder):
    jar = f"{folder}/jar"
    status, head, _ = ask("?token=" + STEER.replace(";", "%3B").replace(",", "%2C"), "-c", jar)
    cookie = next((line for line in head.splitlines() if line.startswith("Set-Cookie:")), "")
    checks.that(status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie, "tokens: ?token= becomes a cookie that no script reads", head)
    checks.equal([ask.status("streams", "-b", jar), ask.live("-b", jar), ask.steer("-b", jar)], [200, 101, 200], "tokens: the cookie looks and steers")
    checks.equal(ask.steer("-b", jar, "-H", "Origin: http://elsewhere.example"), 403, "tokens: not for a page of another site")


def check_tokens(checks, command, folder):
    here, elsewhere = Asker(HERE, f"http://127.0.0.1:{PORT}/"), Asker(ELSEWHERE, f"http://{ADDRESS}:{PORT}/")
    view, steer = (("-H", f"Authorization: Bearer {token}") for token in (VIEW, STEER))
    with hub(command, folder, f"0.0.0.0:{PORT}", TOKENS) as child:
        if not checks.that(serves(child, here), "tokens: the hub serves its own user without one", child.errors()):
            return
        check_looking(checks, elsewhere, view)
        check_wrong(checks, elsewhere)
        checks.equal([elsewhere.steer(), elsewhere.steer(*view), elsewhere.steer(*steer)], [401, 403, 200], "tokens: the view token does not steer, the steer token does")
        checks.equal([json.loads(elsewhere("streams", *t)[2])["role"] for t in (view, steer)], ["view", "steer"], "tokens: /streams says the role")
        check_cookie(checks, elsewhere, folder)
        checks.that(not any(token[:-1] in child.errors() for token in (VIEW, STEER)), "tokens: none stands in the log", child.errors())


def check_tls(checks, command, folder):
    code, _, errors = run([command, "hub", "--make-cert", folder])
    checks.equal(code, 0, "TLS: --make-cert makes a certificate", errors)
    base, trust = f"https://127.0.0.1:{PORT}/", f"{folder}/control.crt"
    ask = Asker(HERE, base, "--cacert", trust)
    with hub(command, folder, f"127.0.0.1:{PORT}", TLS) as child:
        if not checks.that(serves(child, ask), "TLS: the hub serves", child.errors()):
            return
        checks.that(child.says(f"--cacert {trust} {base}health"), "TLS: it says how it is asked", child.errors())
        status, _, picture = ask("snapshot/cam0")
        checks.that(status == 200 and picture[:2] == b"\xff\xd8", "TLS: a snapshot")
        checks.equal(ask.steer(), 200, "TLS: the own user steers")
        status, _, said = Asker(HERE, f"http://127.0.0.1:{PORT}/")("health")
        checks.that(status == 400 and b"https://" in said, "TLS: who speaks plain HTTP is told", said)
        checks.equal(ask.status("health", "--tls-max", "1.2"), 0, "TLS: nothing older than 1.3")
        checks.equal(Asker(HERE, base).status("health"), 0, "TLS: who does not trust the certificate is not served")
        check_tls_players(checks, base, trust)


def check_tls_players(checks, base, trust):
    done = run([*network.Network.at(HERE), "ffmpeg", "-v", "error", "-ca_file", trust, "-tls_verify", "1", "-f", "mpjpeg", "-i", base + "stream/cam0", "-frames:v", "5", "-f", "null", "-"])
    checks.equal(done[0], 0, "TLS: FFmpeg plays /stream", done[2])
    inside = [*network.Network.at(HERE), sys.executable, __file__, "--watch", trust]
    done = run(inside)
    checks.equal((done[0], done[1].decode().split()), (0, ["20", "noise"]), "TLS: a WebSocket gets its pictures; noise harms nobody", done[2])


def watch(trust):
    """Runs where the hub is: twenty units over TLS, with noise on another connection meanwhile."""
    context = ssl.create_default_context(cafile=trust)
    with LiveViewer(PORT, "cam0", tls=context) as viewer:
        seen = 0
        while seen < 20:
            frame = viewer.unit()[0]
            viewer.taken(frame)
            seen += 1
            if seen == 10:
                for noise in b"\x16\x03\x01\xff\xff" + b"x" * 5000, b"\x16\x03\x01", b"\0" * 300, b"":
                    send_raw(PORT, noise)
        print(seen, "noise")


def main():
    if sys.argv[1:2] == ["--watch"]:
        return watch(sys.argv[2])
    network.enter()
    checks, command = Checks(), glimt_path()
    folder = tempfile.mkdtemp()
    try:
        network.Network(folder, (ADDRESS, "10.77.0.2"))
        for name, token in (("view", VIEW), ("steer", STEER)):
            path = Path(folder) / f"{name}.token"
            path.write_text(token + "\n")
            path.chmod(0o600)
        check_without_tokens(checks, command, folder)
        check_tokens(checks, command, folder)
        check_tls(checks, command, folder)
    finally:
        shutil.rmtree(folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
