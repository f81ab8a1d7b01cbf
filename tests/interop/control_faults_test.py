"""Strangers at the control service's TLS port: no token, a wrong one, one that may only look, plain text, messages that are none."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, free_port, glimt_path, run  # noqa: E402
from control_client import ANSWER, Client, generated  # noqa: E402
from hubs import Hub  # noqa: E402

VIEW, STEER = "view-token-0123456789", "steer-token-0123456789"
HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
OWN = "/glimt.control.v1.Control/"


class Caller:
    """Calls by bytes, each with its own metadata; an answer is its bytes, or the name of the code it was refused with."""

    def __init__(self, port, certificate=None):
        import grpc
        self.grpc = grpc
        where = f"127.0.0.1:{port}"
        tls = certificate and grpc.ssl_channel_credentials(certificate)
        self.channel = grpc.secure_channel(where, tls) if tls else grpc.insecure_channel(where)

    def ask(self, method, request=b"", authorization=(), kind="unary_unary"):
        metadata = [("authorization", text) for text in authorization]
        try:
            if kind == "unary_unary":
                return self.channel.unary_unary(method)(request, metadata=metadata, timeout=ANSWER)
            return next(getattr(self.channel, kind)(method)(iter([request]) if kind == "stream_stream" else request,
                                                            metadata=metadata, timeout=ANSWER))
        except self.grpc.RpcError as error:
            return error.code().name


def config(folder, port):
    for name, token in ("view", VIEW), ("steer", STEER):
        path = Path(folder, name + ".token")
        path.write_text(token + "\n")
        path.chmod(0o600)
    return f"""announce = false
[control]
tcp = "127.0.0.1:{port}"
certificate = "{folder}/cert/control.crt"
key = "{folder}/cert/control.key"
view_token_file = "{folder}/view.token"
steer_token_file = "{folder}/steer.token"
"""


def check_rights(checks, caller, service):
    right = {"none": [], "wrong": ["Bearer wrong-token-0123456789"], "no scheme": [STEER], "two": ["Bearer " + STEER] * 2, "empty": [""],
             "a long one": ["Bearer " + "x" * 4000]}
    for method in service.methods:
        kind = "unary_stream" if method.name.startswith("Watch") else "unary_unary"
        codes = {name: caller.ask(OWN + method.name, b"", shown, kind) for name, shown in right.items()}
        checks.equal(set(codes.values()), {"UNAUTHENTICATED"}, f"{method.name} without a right token", codes)
    steering = [m.name for m in service.methods if not m.name.startswith(("List", "Get", "Take", "Watch"))]
    for name in steering:
        checks.equal(caller.ask(OWN + name, b"", ["Bearer " + VIEW]), "PERMISSION_DENIED", f"{name} with the token to look")
    checks.equal(caller.ask(OWN + "ListStreams", b"", ["Bearer " + VIEW]), b"", "ListStreams with the token to look")
    checks.equal(caller.ask(OWN + "AddStream", b"", ["Bearer " + STEER]), "INVALID_ARGUMENT", "AddStream with the token to steer gets as far as the hub")


def check_other_services(checks, caller):
    ask = (HEALTH, b"", "unary_unary"), (REFLECTION, b"\x3a\x00", "stream_stream")
    for method, request, kind in ask:
        checks.equal(caller.ask(method, request, [], kind), "UNAUTHENTICATED", f"{method} without a token")
        checks.that(isinstance(caller.ask(method, request, ["Bearer " + VIEW], kind), bytes), f"{method} with a token")
    checks.equal(caller.ask(OWN + "Explode", b"", ["Bearer " + STEER]), "UNIMPLEMENTED", "a call that there is not")


def check_bytes(checks, caller):
    shown = ["Bearer " + STEER]
    for request in b"\xff" * 50, b"\x0a\x7f", b"\x0a\x02\xff\xfe", b"\x0b" * 5000:
        answer = caller.ask(OWN + "GetStream", request, shown)
        checks.that(isinstance(answer, str), f"GetStream of {request[:8]!r}: refused", answer)
    checks.equal(caller.ask(OWN + "AddStream", b"x" * (2 << 20), shown), "RESOURCE_EXHAUSTED", "2 MB at once")
    checks.equal(caller.ask(OWN + "ListStreams", b"", shown), b"", "and the hub goes on")


def check_refusals(checks, modules, hub):
    client = Client(modules, hub.socket)
    checks.that(client.GetHub().refused_calls > 20, "what was refused is counted", client.GetHub())
    client.close()
    log = hub.errors()
    checks.that("control: refused" in log and "ipv4:127.0.0.1:" in log, "and logged, with the caller", log)
    checks.that(log.count("control: refused") < 10, "in few lines", log)
    checks.that("0123456789" not in log, "no token in the log", log)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        modules, port = generated(folder), free_port()
        made = run([command, "hub", "--make-cert", f"{folder}/cert"])
        checks.equal(made[0], 0, "glimt hub --make-cert", made)
        with Hub(command, folder, config=config(folder, port)) as hub:
            checks.that(hub.ready(), "a hub starts", hub.errors())
            caller = Caller(port, Path(folder, "cert/control.crt").read_bytes())
            check_rights(checks, caller, modules[0].DESCRIPTOR.services_by_name["Control"])
            check_other_services(checks, caller)
            check_bytes(checks, caller)
            checks.equal(Caller(port).ask(OWN + "ListStreams", b"", ["Bearer " + STEER]), "UNAVAILABLE", "plain text on the TLS port")
            check_refusals(checks, modules, hub)
            checks.equal(hub.signal(15), 0, "the hub ends", hub.errors())
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
