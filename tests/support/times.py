"""Recorded times as people read them: percentiles, and a table in Markdown."""


def percentile(values, percent):
    """The value at this rank, or None of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else None


def in_ms(seconds):
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def summary(values):
    """n, p50, p95 and max of seconds, in milliseconds."""
    return [len(values)] + [in_ms(percentile(values, p)) for p in (50, 95, 100)]


def markdown(columns, rows):
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
