"""docs/glimt.1 is true and renders: every verb and flag of --help, every option of an address, every exit code; no warning."""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, all_verbs_of, flags_of, glimt_path, run, verbs_of  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs/glimt.1"
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "VERBS", "SOURCES", "ADDRESSES", "SINKS", "EXIT STATUS", "ENVIRONMENT", "FILES",
            "EXAMPLES"]


def render(checks):
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", "-rLL=100n", PAGE], capture_output=True, text=True, timeout=30)
    checks.equal((done.returncode, done.stderr), (0, ""), "groff has nothing to complain of")
    done = subprocess.run(["groff", "-man", "-P-cbou", "-Tutf8", "-rLL=100n", PAGE], capture_output=True, text=True, timeout=30)
    return done.stdout.replace("\u2010", "-").replace("\u2212", "-")


def main():
    checks, command = Checks(), glimt_path()
    text = render(checks)
    for section in SECTIONS:
        checks.that(re.search(rf"^{section}$", text, re.M), f"there is a section {section}", text[:500])
    version = run([command, "--version"])[1].decode().strip()
    checks.that(version in PAGE.read_text().splitlines()[0], f"the page is of {version}")
    verbs = verbs_of(command)
    checks.that({"send", "recv", "demo", "help"} <= set(verbs), "the verbs were read", verbs)
    for verb in verbs:
        checks.that(re.search(rf"^   {verb}$", text, re.M), f"{verb} has a part of its own")
        checks.that(f"glimt {verb}" in text, f"{verb} stands in the synopsis")
    for verb in ["", *all_verbs_of(command)]:
        missing = [flag for flag in flags_of(command, verb) if not re.search(rf"{flag}\b", text)]
        checks.equal(missing, [], f"glimt {verb}: every flag is explained")
        code, out, errors = run([command, *verb.split(), "--help"])
        checks.that(code == 0 and errors == "" and "Example" in out.decode(), f"glimt {verb} --help has examples, code 0", errors)
    codes = run([command, "--help"])[1].decode()
    for code in "0", "1", "2":
        checks.that(re.search(rf"Exit codes:.*\b{code} ", codes), f"exit code {code} stands in --help")
        checks.that(re.search(rf"^       {code} ", text, re.M), f"exit code {code} stands in the page")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
