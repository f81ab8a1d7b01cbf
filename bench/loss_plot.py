"""The picture of the table "loss": residual frame loss and added latency over packet loss, as SVG."""
import math
from xml.sax.saxutils import escape

INK, GREY, RULE, GOAL = "#20242c", "#5f6672", "#e4e7ec", "#8a919c"
FONT = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SERIES = {0: ("random", "#2f74b5"), 4: ("bursts of 4", "#d97a18"), 10: ("bursts of 10", "#a8326f")}
WIDTH, HEIGHT, LEFT, GAP, TOP, PANEL_W, PANEL_H, ROW = 1080, 900, 78, 96, 158, 424, 264, 364
LOSSES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15)
STRIP = 46   # px at the foot of a logarithmic axis, for "none"
DODGE = 5    # px between series in the same place


def series(cells, panel):
    """(colour, which one, cells by loss, their x) of each."""
    for index, (burst, (_, color)) in enumerate(SERIES.items()):
        mine = sorted((c for c in cells if c["burst"] == burst), key=lambda c: c["loss_set"])
        yield color, index, mine, [panel.x(c["loss_set"]) + (index - 1) * DODGE for c in mine]


def bare(packets, loss, burst):
    """Frames of which at least one packet is lost, in closed form."""
    to_bad = loss / ((1 - loss) * burst) if burst else loss
    return 1 - (1 - loss) * (1 - to_bad) ** (packets - 1)


class Svg:
    def __init__(self):
        self.parts = []

    def add(self, name, text=None, **attributes):
        fields = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
        self.parts.append(f"<{name}{fields}/>" if text is None else f"<{name}{fields}>{escape(text)}</{name}>")

    def text(self, x, y, words, size=13, anchor="start", fill=INK, **more):
        self.add("text", words, x=f"{x:.1f}", y=f"{y:.1f}", font_size=size, text_anchor=anchor, fill=fill, **more)

    def line(self, x1, y1, x2, y2, stroke, width=1, **more):
        self.add("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", stroke=stroke, stroke_width=width, **more)

    def path(self, points, stroke, width, **more):
        if points:
            self.add("path", d="M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points), fill="none", stroke=stroke, stroke_width=width,
                     stroke_linejoin="round", stroke_linecap="round", **more)

    def dot(self, x, y, color, hollow=False):
        self.add("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3.6, fill="#ffffff" if hollow else color, stroke=color, stroke_width=1.8)

    def diamond(self, x, y, color):
        self.add("path", d=f"M{x:.1f} {y - 6:.1f} l6 6 l-6 6 l-6 -6 z", fill="#ffffff", fill_opacity=0.9, stroke=color, stroke_width=1.6)

    def whole(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
                f'font-family="{FONT}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


class Panel:
    """Axes at a place; x is the share of packets lost, logarithmic."""

    def __init__(self, svg, column, row, title, unit):
        self.svg, self.left, self.top = svg, LEFT + column * (PANEL_W + GAP), TOP + row * ROW
        self.bottom, self.right = self.top + PANEL_H, self.left + PANEL_W
        svg.text(self.left, self.top - 30, title, 15, font_weight=600)
        svg.text(self.left, self.top - 12, unit, 12, fill=GREY)
        for loss in LOSSES:
            svg.line(self.x(loss), self.top, self.x(loss), self.bottom, RULE)
            svg.text(self.x(loss), self.bottom + 19, f"{100 * loss:g}", 12, "middle", GREY)
        svg.text((self.left + self.right) / 2, self.bottom + 38, "packets lost on the way, %", 12, "middle", GREY)

    def x(self, loss):
        reach = math.log(LOSSES[-1] / LOSSES[0])
        return self.left + 14 + math.log(loss / LOSSES[0]) / reach * (PANEL_W - 28)

    def level(self, y, label, color=RULE, **more):
        self.svg.line(self.left, y, self.right, y, color, **more)
        self.svg.text(self.left - 8, y + 4, label, 12, "end", GREY)

    def frame(self):
        self.svg.line(self.left, self.bottom, self.right, self.bottom, INK)


def residual(svg, row, packets, cells, goals):
    panel = Panel(svg, 0, row, f"Frames not whole by their deadline, {packets} packets a frame", "share of frames")
    low = math.floor(math.log10(min([1 / c["frames"] for c in cells] + list(goals.values()))))
    foot = panel.bottom - STRIP

    def y_of(share):
        return panel.top + math.log10(max(share, 10**low)) / low * (foot - panel.top)

    for decade in range(low, 1):
        panel.level(y_of(10**decade), "1" if decade == 0 else "10" + "⁻" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[-decade])
    svg.text(panel.left - 8, panel.bottom - STRIP / 2 + 8, "none", 12, "end", GREY)
    panel.frame()
    for color, index, mine, xs in series(cells, panel):
        svg.path([(x, y_of(bare(packets, c["loss_set"], c["burst"]))) for c, x in zip(mine, xs)], color, 1.4, stroke_dasharray="1 4")
        none = panel.bottom - 11 - 12 * (2 - index)
        places = [(x, y_of(c["not_whole"] / c["frames"]) if c["not_whole"] else none) for c, x in zip(mine, xs)]
        svg.path(places, color, 1.2, stroke_opacity=0.3)
        for n in range(1, len(mine)):
            svg.path(places[n - 1:n + 1] if mine[n - 1]["not_whole"] and mine[n]["not_whole"] else [], color, 2.2)
        for c, (x, y) in zip(mine, places):
            if c["not_whole"]:
                spread = [(math.sqrt(c["not_whole"] + 1) + side) ** 2 / c["frames"] for side in (-1, 1)]
                svg.line(x, y_of(spread[0]), x, y_of(spread[1]), color, 1.5, stroke_opacity=0.45)
            svg.dot(x, y, color, hollow=not c["not_whole"])
    for (loss, burst), goal in goals.items():
        svg.diamond(panel.x(loss) + (list(SERIES).index(burst) - 1) * 2 * DODGE, y_of(goal), SERIES[burst][1])


def added(svg, row, packets, cells, bounds):
    panel = Panel(svg, 1, row, f"Added latency, {packets} packets a frame", "ms, clean arrival of a frame's last packet → frame whole")
    most = 10 * math.ceil(max([c["p999_ms"] for c in cells] + list(bounds.values()) + [50]) / 10 + 0.3)

    def y_of(ms):
        return panel.bottom - ms / most * PANEL_H

    for ms in range(0, most + 1, 10):
        panel.level(y_of(ms), str(ms))
    for name, ms in bounds.items():
        svg.line(panel.left, y_of(ms), panel.right, y_of(ms), GOAL, 1.2, stroke_dasharray="2 4")
        svg.text(panel.right, y_of(ms) - 5, f"goal of {name}", 11, "end", GREY)
    panel.frame()
    for color, _, mine, xs in series(cells, panel):
        for key, dash in (("p999_ms", "6 5"), ("p95_ms", "none")):
            places = [(x, y_of(c[key])) for c, x in zip(mine, xs)]
            svg.path(places, color, 2, stroke_dasharray=dash)
            for x, y in places:
                svg.dot(x, y, color, hollow=key == "p999_ms")


def legend(svg):
    x = LEFT
    for name, color in SERIES.values():
        svg.path([(x, 88), (x + 26, 88)], color, 3)
        svg.text(x + 34, 92, name, 13)
        x += 60 + 7.2 * len(name)
    svg.diamond(x + 8, 88, GREY)
    svg.text(x + 22, 92, "goal", 13)
    svg.path([(x + 72, 88), (x + 98, 88)], GREY, 1.6, stroke_dasharray="1 4")
    svg.text(x + 106, 92, "nothing done", 13)
    x = LEFT + PANEL_W + GAP + 110
    for name, dash, hollow in (("p95", "none", False), ("p99.9", "6 5", True)):
        svg.path([(x, 88), (x + 40, 88)], INK, 2, stroke_dasharray=dash)
        svg.dot(x + 20, 88, INK, hollow)
        svg.text(x + 48, 92, name, 13)
        x += 118


def draw(cells, goals, bounds, subtitle):
    """cells: dicts with packets, burst, loss_set, frames, not_whole, p95_ms, p999_ms. goals: {(loss, burst): share of frames}."""
    svg = Svg()
    svg.text(LEFT, 40, "What is left of packet loss", 22, font_weight=700)
    svg.text(LEFT, 62, subtitle, 13, fill=GREY)
    legend(svg)
    for row, packets in enumerate(sorted({c["packets"] for c in cells})):
        mine = [c for c in cells if c["packets"] == packets]
        residual(svg, row, packets, mine, goals)
        added(svg, row, packets, mine, bounds)
    svg.text(LEFT, HEIGHT - 34, "Bars: 95 % intervals of the counts. None: not one of all frames of that point. Nothing done: "
             "frames of which any packet is lost, in closed form.", 12, fill=GREY)
    svg.text(LEFT, HEIGHT - 16, "Points that would lie on each other stand side by side.", 12, fill=GREY)
    return svg.whole()
