"""What the tables have in common: machine and versions, medians with their spread, Markdown and CSV."""
import csv
import fcntl
import os
import platform
import re
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PROGRAMS = os.environ.get("GLIMT_BENCH_PROGRAMS", os.path.join(ROOT, "build", "bench", "bin"))
RESULTS = os.path.join(HERE, "results")


def program(name):
    return os.path.join(PROGRAMS, name)


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    return (f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
            f"Linux {platform.release()}, load average at the end {os.getloadavg()[0]:.2f}")


def versions():
    known = {"glimt": output_of(program("glimt"), "--version").removeprefix("glimt "),
             "commit": output_of("git", "-C", ROOT, "rev-parse", "--short", "HEAD")}
    for name in ("libjpeg62-turbo", "ffmpeg", "libx264-164", "libgstreamer1.0-0", "gstreamer1.0-plugins-good"):
        known[name] = output_of("dpkg-query", "-W", "-f", "${Version}", name)
    return ", ".join(f"{name} {version}" for name, version in known.items() if version)


def spread(values, digits=2):
    """Median, and in brackets the least and the greatest."""
    values = [v for v in values if v is not None]
    if not values:
        return "–"
    text = f"{statistics.median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}–{max(values):.{digits}f})"


class Turn:
    """Held while something is measured, so that builds of the same machine keep still: only where the lock exists."""

    def __enter__(self):
        path = os.environ.get("GLIMT_BENCH_LOCK", "")
        self.file = open(path, "a", encoding="utf-8") if path else None
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        if self.file:
            self.file.close()


def write(name, title, columns, rows, notes, raw=None):
    """Prints the table and leaves it as name.md and name.csv in results/; `raw`: one dict a run, for the CSV."""
    lines = [f"## {title}", "", f"{machine()}  ", f"{versions()}", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    lines += [""] + [f"- {note}" for note in notes]
    text = "\n".join(lines) + "\n"
    print(text)
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".md"), "w", encoding="utf-8") as f:
        f.write(text)
    with open(os.path.join(RESULTS, name + ".csv"), "w", encoding="utf-8", newline="") as f:
        if raw:
            fields = list(dict.fromkeys(key for row in raw for key in row))
            writer = csv.DictWriter(f, fields)
            writer.writeheader()
            writer.writerows(raw)
        else:
            csv.writer(f).writerows([columns] + rows)
