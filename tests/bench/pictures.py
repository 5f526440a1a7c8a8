#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the manual's page of figures and its pictures, as plain SVG, from BUILD/figures.json and figures.md.

usage: pictures.py BUILD FOLDER    (FOLDER/figures.md and FOLDER/figures/*.svg, e.g. session/manual; a picture whose
                                    figures were not measured is left as it is)
"""
import json
import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 64, 40, 52
COLOURS = ["#1f6fb4", "#d1495b", "#3a7d44", "#8a5a9e", "#c98a1b", "#555555"]


class Chart:
    """Lines over one x axis, with one or two y axes. Numbers in, SVG text out."""

    def __init__(self, title, x_label, y_label, second_label=None):
        self.title, self.x_label, self.y_labels = title, x_label, (y_label, second_label)
        self.lines, self.x_ticks, self.log_x = [], None, False
        self.y_from, self.y_to = [None, None], [None, None]

    def line(self, points, name, axis=0, dashed=False, dots=True):
        self.lines.append((list(points), name, axis, dashed, dots))

    def x_of(self, value):
        low, high = self.x_range
        scale = math.log if self.log_x else float
        return LEFT + (scale(value) - scale(low)) / (scale(high) - scale(low)) * (WIDTH - LEFT - RIGHT)

    def y_of(self, value, axis):
        low, high = self.ranges[axis]
        value = min(max(value, low), high)
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def settle(self):
        xs = [x for points, *_ in self.lines for x, _ in points]
        self.x_range = (min(xs), max(xs))
        self.ranges = []
        for axis in (0, 1):
            ys = [y for points, _, of, *_ in self.lines if of == axis for _, y in points] or [0.0, 1.0]
            low = self.y_from[axis] if self.y_from[axis] is not None else min(0.0, min(ys))
            high = self.y_to[axis] if self.y_to[axis] is not None else max(ys)
            self.ranges.append((low, high if high > low else low + 1.0))

    @staticmethod
    def steps(low, high):
        rough = (high - low) / 5
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
        return [step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]

    def svg(self):
        self.settle()
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
               f'font-size="11" role="img"><title>{self.title}</title>',
               f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
               f'<text x="{LEFT}" y="16" font-size="13" font-weight="bold">{self.title}</text>']
        floor = HEIGHT - BOTTOM
        for value in self.x_ticks or self.steps(*self.x_range):
            x = self.x_of(value)
            out.append(f'<path d="M{x:.1f} {TOP}V{floor}" stroke="#e4e4e4"/>'
                       f'<text x="{x:.1f}" y="{floor + 15}" text-anchor="middle">{value:g}</text>')
        for axis, anchor, x in ((0, "end", LEFT - 6), (1, "start", WIDTH - RIGHT + 6)):
            if self.y_labels[axis] is None:
                continue
            for value in self.steps(*self.ranges[axis]):
                y = self.y_of(value, axis)
                grid = f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>' if axis == 0 else ""
                out.append(f'{grid}<text x="{x}" y="{y + 4:.1f}" text-anchor="{anchor}">{value:g}</text>')
            turn = LEFT - 46 if axis == 0 else WIDTH - 12
            out.append(f'<text transform="rotate(-90 {turn} {HEIGHT / 2})" x="{turn}" y="{HEIGHT / 2}" '
                       f'text-anchor="middle">{self.y_labels[axis]}</text>')
        out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 20}" text-anchor="middle">{self.x_label}</text>')
        at = LEFT
        for i, (points, name, axis, dashed, dots) in enumerate(self.lines):
            colour = COLOURS[i % len(COLOURS)]
            places = [(self.x_of(x), self.y_of(y, axis)) for x, y in points]
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.6"{dash} points="'
                       + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
            if dots:
                out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>' for x, y in places]
            out.append(f'<path d="M{at} 28H{at + 18}" stroke="{colour}" stroke-width="2"{dash}/>'
                       f'<text x="{at + 22}" y="32">{name}</text>')
            at += 34 + 6.2 * len(name)
        return "\n".join(out) + "\n</svg>\n"


def bars(title, parts, unit):
    """`parts`: (name, value, floor), a bar each, the floor's part of it darker."""
    row, left = 26, 110
    height = 56 + row * len(parts)
    most = max(max(value, floor) for _, value, floor in parts)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
           f'font-size="11" role="img"><title>{title}</title><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           f'<text x="{left}" y="16" font-size="13" font-weight="bold">{title}</text>',
           f'<text x="{left}" y="32">dark: what a client that does nothing costs in its place</text>']
    for i, (name, value, floor) in enumerate(parts):
        y = 42 + row * i
        width = (WIDTH - left - 90) * value / most
        dark = (WIDTH - left - 90) * min(value, floor) / most
        out.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{name}</text>'
                   f'<rect x="{left}" y="{y}" width="{width:.1f}" height="18" fill="#8fbce0"/>'
                   f'<rect x="{left}" y="{y}" width="{dark:.1f}" height="18" fill="#1f6fb4"/>'
                   f'<text x="{left + width + 6:.1f}" y="{y + 13}">{value:.1f} {unit}</text>')
    return "\n".join(out) + "\n</svg>\n"


def periods(series):
    points = sorted(series["periods"], key=lambda point: point["period"])
    chart = Chart("Four decks, EQ and a recording at each buffer size",
                  "period, frames", "CPU, % of a core", "frames starved")
    chart.log_x, chart.x_ticks = True, [point["period"] for point in points]
    chart.line([(p["period"], p["set_percent"]) for p in points], "the set")
    chart.line([(p["period"], p["floor_percent"]) for p in points], "as many do-nothing clients")
    chart.line([(p["period"], p["starved"]) for p in points], "frames starved", axis=1, dashed=True)
    chart.y_to[1] = max(100.0, max(p["starved"] for p in points))
    return chart.svg()


def decks(series):
    points = sorted(series["decks"], key=lambda point: point["decks"])
    chart = Chart("1 to 32 decks at 256 frames", "decks", "CPU of each, % of a core", "worst callback, % of the period")
    chart.x_ticks = [point["decks"] for point in points]
    chart.line([(p["decks"], p["deck_percent"]) for p in points], "a deck")
    chart.line([(p["decks"], p["idle_percent"]) for p in points], "a do-nothing client")
    chart.line([(p["decks"], p["worst_percent"]) for p in points], "worst callback", axis=1, dashed=True)
    return chart.svg()


def shares(series):
    parts = []
    for name in ("deck-A", "deck-B", "deck-C", "deck-D", "mixer-bus", "bpm-follower", "session"):
        point = next(point for point in series["share " + name] if point["period"] == 128)
        parts.append((name, point["us_per_cycle"], point["floor_us_per_cycle"]))
    return bars("Where a set's microseconds go, at 128 frames: per cycle of 2667 µs", parts, "µs")


def equaliser(series):
    chart = Chart("The isolator's bands, each killed alone", "Hz", "dB")
    chart.log_x, chart.x_ticks = True, [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]
    chart.y_from[0], chart.y_to[0] = -100.0, 6.0
    for band in ("low", "mid", "high"):
        chart.line([(p["hz"], p["db"]) for p in series["eq " + band]], f"{band} killed", dots=False)
    return chart.svg()


def dance(build):
    """As the follower draws it."""
    plot = build / "dance.svg"
    subprocess.run([build / "bpm-follower" / "crowdjack-bpm-follower", "--replay",
                    ROOT / "session" / "examples" / "dance.csv", "--plot", plot], check=True, capture_output=True)
    return plot.read_text(encoding="utf-8")


PICTURES = [
    ("periods", "Which buffer size", "Four decks with EQ play and are recorded at each buffer size. The lines are the CPU of "
     "the whole set and of as many clients that do nothing. The dashed line counts frames that a deck had not ready in time.",
     "tests/bench/run 'bench set cost'"),
    ("shares", "Where a set's microseconds go", "Each bar is one client of a set of four decks. Most of it is what any JACK "
     "client costs: it is woken, and it tells the next one.", "tests/bench/run 'bench set cost'"),
    ("decks", "How many decks", "Each deck is a process. The cost of one stays about the same however many there are.",
     "tests/bench/run 'bench deck cost'"),
    ("dance", "The tempo follows a dance", "Seven minutes of a generated dance, and the tempo that the follower makes of it.",
     "crowdjack-bpm-follower --replay session/examples/dance.csv --plot dance.svg"),
    ("equaliser", "The EQ", "What is left when one band is killed and the others are flat.",
     "tests/bench/run 'bench mixer eq'")]

MISSING = """what the tests judge and no benchmark counts: R7, R9, R10 and R12 (`deck true ends`, `deck signal`, `files on a
deck`, the real-time trap in all of them, `session door`), W5 to W7 (`audio lengths`, `packet storm`, `session projects`), W1 and W2
(`session/demo`, `tests/run`). R8 is measured by `packet storm for long`, W4 and S6 by `bench folder night`; they take hours and
were not repeated for this table: what they said stands in [analysis](analysis.md) and [robustness](robustness.md)."""

PAGE = """# Figures

This page says what the suite costs and what it keeps, as it was measured. Every figure has the command that measures it
again. The command needs the source tree, installs what it needs on Debian 12, and prints the table below.

A cost is a ratio. It stands beside its floor: as many JACK clients that do nothing, patched in the same way, measured in
turns with it. A verdict is `met` or `missed` where there is a target, and `stated` where there is none. A program of
somebody else that is not installed is `not here`. What the machine's own clock skips is counted by a witness: a client
that does nothing, on a server of its own, in the same seconds.

The costs (C), the rows of healing (R2 to R4) and those of several machines were taken while the machine did nothing else; the
other rows while it compiled and played beside them. Compare ratios, not percents.

## What falls short, and why

A client that does nothing costs about 10 µs a cycle on this machine. Half of that is the kernel's: the client is woken
and sleeps again. Between two cycles the processor loses its caches, so most of what any client costs is waiting for memory.

At 128 frames a playing deck's audio thread took 16.4 µs a cycle where a do-nothing one took 9.9, in the same ten seconds
(/proc's schedstat, four decks, the session hearing them all). Its control thread wakes eleven times a second, ten of them to
tell its state; it was twenty-three. What is left over the target is in the audio threads: memory that is cold, the read head,
and the EQ. In the mixer the EQ of four strips takes 5 to 6 µs, its ten inputs and four outputs the rest.

At 1024 frames the do-nothing clients are woken only 47 times a second. There 20 µs a cycle of a deck are the read head's
arithmetic for 1024 frames, which no longer period makes less; so the ratio is larger, though the cost itself is a half.

Not in the table: {missing}

{pictures}## The table

    tests/bench/run                    # everything: some hours
    tests/bench/run 'bench set cost'   # one benchmark
    tests/bench/pictures.py build-bench session/manual   # this page

{table}"""


def main():
    build, manual = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder = manual / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    series = {}
    for ran in json.loads((build / "figures.json").read_text(encoding="utf-8"))["benchmarks"].values():
        series.update(ran["series"])
    for name, draw in (("periods", periods), ("decks", decks), ("shares", shares), ("equaliser", equaliser)):
        try:
            (folder / f"{name}.svg").write_text(draw(series), encoding="utf-8")
        except KeyError as missing:
            print(f"{name}.svg: {missing} was not measured; it stays as it was", file=sys.stderr)
    (folder / "dance.svg").write_text(dance(build), encoding="utf-8")
    shown = "".join(f"## {title}\n\n![{title}](figures/{name}.svg)\n\n{text}\n\nAgain with: `{command}`\n\n"
                    for name, title, text, command in PICTURES if (folder / f"{name}.svg").exists())
    page = PAGE.format(pictures=shown, missing=MISSING, table=(build / "figures.md").read_text(encoding="utf-8"))
    (manual / "figures.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
