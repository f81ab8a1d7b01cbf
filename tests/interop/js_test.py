"""js/: installs what its lock file names, builds, and runs its tests against this command."""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path  # noqa: E402

JS = Path(__file__).resolve().parents[2] / "js"
TAIL = 6000  # characters of what failed


def npm(*args, seconds=240, **env):
    """Exit code and all that was said."""
    try:
        done = subprocess.run(["npm", *args], cwd=JS, env={**os.environ, **env}, timeout=seconds, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        return 127, "npm is not there: ./dev test installs it"
    except subprocess.TimeoutExpired as late:
        return -1, f"hangs: {late.stdout}"
    return done.returncode, done.stdout


def main():
    checks = Checks()
    command = os.path.abspath(glimt_path())
    code, said = npm("ci", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000")
    if not checks.equal(code, 0, "npm ci installs TypeScript; it needs a registry, or npm's cache", said[-TAIL:]):
        return checks.finish()
    lock = (JS / "package-lock.json").read_text()
    checks.that('"resolved"' not in lock, "the lock file names no host")
    code, said = npm("run", "build")
    if not checks.equal(code, 0, "tsc builds it without a complaint", said[-TAIL:]):
        return checks.finish()
    code, said = npm("test", GLIMT=command)
    failed = "\n".join(re.findall(r"^not ok .*?^  \.\.\.$", said, re.M | re.S)) or said
    checks.equal(code, 0, "node's tests hold: " + ", ".join(re.findall(r"^# ((?:tests|pass|fail) \d+)$", said, re.M)), failed)
    return checks.finish()


sys.exit(main())
