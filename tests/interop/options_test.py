"""docs/options.md is true: every flag of --help, every field of the public option structs and every option of an address stand
in its tables, and nothing else does."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, all_verbs_of, flags_of, glimt_path, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FIELD = re.compile(r"^  [\w:<>, ]+ (\w+)(?: = [^;]+|\{[^;]*\})?;$", re.M)
UNSAID = {"--help", "--version"}  # go without saying
NOT_BUILT = {"key"}  # refused until they exist


def fields_in(header):
    """Struct::field of every struct that is named ...Options."""
    structs = re.findall(r"^struct (\w+Options) \{\n(.*?)^\};", header, re.M | re.S)
    return {f"{name}::{field}" for name, body in structs for field in FIELD.findall(body)}


def address_options(command):
    """What either end lists as known when it is given an option that is not."""
    names = set()
    for argv in (["send", "test:", "udp://127.0.0.1:9?nonsense"], ["recv", "udp://127.0.0.1:9?nonsense", "null:"]):
        errors = run([command, *argv])[2]
        names |= set(re.search(r"known here: (.*)", errors)[1].split(", "))
    return names - NOT_BUILT


def main():
    checks, command = Checks(), glimt_path()
    page = (ROOT / "docs/options.md").read_text()
    rows = "\n".join(line for line in page.splitlines() if line.startswith("|"))

    fields = fields_in((ROOT / "include/glimt/options.hpp").read_text())
    checks.that(len(fields) > 12, "the fields of the option structs were read", fields)
    documented = set(re.findall(r"`(\w+Options::\w+)`", rows))
    checks.equal(documented ^ fields, set(), "the fields in the tables are those of include/glimt/options.hpp")

    flags = set().union(*(flags_of(command, verb) for verb in ["", *all_verbs_of(command)])) - UNSAID
    checks.that(len(flags) > 10, "the flags of --help were read", flags)
    documented = set(re.findall(r"(--[a-z][a-z-]*)", rows))
    checks.equal(documented ^ flags, set(), "the flags in the tables are those of --help")

    options = address_options(command)
    checks.that(len(options) > 6, "the options of addresses were read", options)
    documented = set(re.findall(r"`\?(\w+)", page))
    checks.equal(options - documented, set(), "every option of an address stands in the tables")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
