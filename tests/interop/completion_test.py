"""The Tab key: every verb and option of --help, what a hub has by name, keys of `ctl set`; in bash as bash calls it, what is printed as it is
installed."""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, all_verbs_of, flags_of, glimt_path, run, verbs_of  # noqa: E402
from hubs import Hub, own  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# COMP_WORDS as readline splits them: ':' and '=' are words of their own.
PRESS_TAB = r"""
source "$1"; line=$2
COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=() rest=$line
while [[ -n $rest ]]; do
  if [[ $rest =~ ^[[:space:]]+ ]]; then rest=${rest#"${BASH_REMATCH[0]}"}; continue; fi
  if [[ $rest =~ ^[:=]+ || $rest =~ ^[^:=[:space:]]+ ]]; then COMP_WORDS+=("${BASH_REMATCH[0]}"); rest=${rest#"${BASH_REMATCH[0]}"}; fi
done
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_glimt "$3" "" ""
printf '%s\n' "${COMPREPLY[@]}"
"""


def completed(command, folder, *words):
    return run([command, "completion", "words", "--", *words], env=own(folder))[1].decode().split()


def in_bash(command, folder, line):
    """What is put behind the cursor's word when Tab is pressed."""
    script = str(ROOT / "packaging/completion/glimt")
    return run(["bash", "-c", PRESS_TAB, "bash", script, line, command], env=own(folder))[1].decode().split()


def check_words_of_help(checks, command, folder):
    verbs, inner = verbs_of(command), verbs_of(command, "ctl")
    checks.equal(completed(command, folder, ""), verbs, "every verb")
    checks.equal(completed(command, folder, "ctl", ""), inner, "every verb of ctl")
    checks.equal(completed(command, folder, "help", ""), verbs, "help: every verb")
    checks.equal(completed(command, folder, "help", "ctl", ""), inner, "help ctl: every verb of it")
    for verb in ["", *all_verbs_of(command)]:
        known = set(completed(command, folder, *verb.split(), "--"))
        checks.equal(flags_of(command, verb) - known, set(), f"glimt {verb}: every option")
    checks.equal(completed(command, folder, "send", "--qu"), ["--quality"], "as far as it was typed")
    checks.equal(completed(command, folder, "recv", "--record", ""), [], "the value of an option is the shell's to complete")
    checks.equal(completed(command, folder, "completion", ""), ["bash", "zsh"], "the shells")


def check_words_of_hub(checks, command, folder, hub):
    hub.ctl("add", "hall", "test:", "--to", "udp://127.0.0.1:9")
    hub.ctl("route", "hall", "udp://127.0.0.1:9", "--id", "attic")
    for verb in "show", "remove", "route", "unroute", "set", "pause", "resume", "snapshot", "watch":
        checks.equal(completed(command, folder, "ctl", verb, ""), ["cam0", "hall"], f"ctl {verb}: the streams")
    checks.equal(completed(command, folder, "ctl", "--json", "unroute", "hall", ""), ["d1", "attic"], "ctl unroute: the destinations")
    checks.equal(completed(command, folder, "ctl", "add", ""), [], "ctl add: a new name is not known")
    keys = completed(command, folder, "ctl", "set", "hall", "")
    checks.that({"quality=", "size=", "source="} <= set(keys), "ctl set: the keys", keys)
    checks.equal(completed(command, folder, "ctl", "set", "hall", "fps=3", "qua"), ["quality="], "ctl set: a further key")
    checks.equal(completed(command, folder, "ctl", "add", "new", "test:", "qua"), ["quality="], "ctl add: a key")
    other = ["ctl", "--address", f"{folder}/nobody.sock", "show", ""]
    checks.equal(completed(command, folder, *other), [], "a hub that does not answer has no names")
    address = ["ctl", f"--address={hub.socket}", "show", ""]
    checks.equal(completed(command, "/nowhere", *address), ["cam0", "hall"], "the hub that the line names is asked")
    for line, wanted in [("glimt ctl sh", ["show"]), ("glimt ctl show ", ["cam0", "hall"]), ("glimt ctl set hall qua", ["quality="]),
                         ("glimt ctl set hall quality=", []), ("glimt ctl unroute hall a", ["attic"]), ("glimt se", ["send", "serve"]),
                         ("glimt send test: --qu", ["--quality"]), ("glimt ctl --address=" + hub.socket + " show h", ["hall"])]:
        checks.equal(in_bash(command, folder, line), wanted, f"bash: {line}")


def check_scripts(checks, command, folder):
    for shell, file in ("bash", "glimt"), ("zsh", "_glimt"):
        text = (ROOT / "packaging/completion" / file).read_text()
        checks.equal(run([command, "completion", shell])[1].decode(), text, f"completion {shell} prints what is installed")
    checks.equal(run([command, "completion", "fish"])[0], 2, "completion: another shell is refused")
    done = subprocess.run(["bash", "-n", ROOT / "packaging/completion/glimt"], capture_output=True, text=True, timeout=30)
    checks.equal((done.returncode, done.stderr), (0, ""), "bash has nothing to complain of")
    done = run(["bash", "-c", f'source <("{command}" completion bash) && complete -p glimt'])
    checks.that(done[0] == 0 and b"-F _glimt glimt" in done[1], "bash takes it by source <(glimt completion bash)", done[2])


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        check_words_of_help(checks, command, folder)
        check_scripts(checks, command, folder)
        with Hub(command, folder) as hub:
            checks.that(hub.ready(), "a hub starts", hub.errors())
            check_words_of_hub(checks, command, folder, hub)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
