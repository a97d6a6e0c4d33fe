"""Line charts and bars as inline SVG. Pure: values in, markup out; colours come from the page's style sheet by class.

Never: text that was not escaped, or a figure that only colour tells apart (every mark has a shape or a title).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDE, HIGH = 312, 204
LEFT, RIGHT, TOP, BOTTOM = 42, 10, 12, 28
TICKS = 4  # about so many lines across
LABELS = 4  # about so many words below


@dataclass(frozen=True)
class Point:
    """One mark: its place, the ends of its interval, what it says when pointed at, and its shape."""

    x: float
    y: float
    text: str
    low: float | None = None
    high: float | None = None
    kind: str = "dot"


@dataclass(frozen=True)
class Series:
    """One line. `css` names its colour; `marks` draws points, `band` and `whiskers` their interval."""

    css: str
    points: tuple[Point, ...]
    marks: bool = True
    band: bool = False
    whiskers: bool = False
    line: bool = True


@dataclass(frozen=True)
class Axis:
    """Ends, the values that get a line and a word, and how a value is written."""

    low: float
    high: float
    ticks: tuple[float, ...]
    shown: Callable[[float], str]


@dataclass(frozen=True)
class Frame:
    """Where values lie on the paper."""

    x_low: float
    x_high: float
    axis: Axis
    wide: float = WIDE
    high: float = HIGH

    def x(self, value: float) -> float:
        span = self.x_high - self.x_low
        share = (value - self.x_low) / span if span else 0.5
        return LEFT + share * (self.wide - LEFT - RIGHT)

    def y(self, value: float) -> float:
        inside = min(max(value, self.axis.low), self.axis.high)
        share = (inside - self.axis.low) / (self.axis.high - self.axis.low)
        return self.high - BOTTOM - share * (self.high - TOP - BOTTOM)


def axis_of(values: Iterable[float], shown: Callable[[float], str], *, zero: bool = False) -> Axis:
    """An axis with round ticks that holds all values; with `zero` it holds zero as well."""
    known = [v for v in values if math.isfinite(v)] + ([0.0] if zero else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    step = round_step((high - low) / TICKS or abs(high) or 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(round(i * step, 10) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, shown)


def round_step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * unit for unit in (1, 2, 5, 10) if power * unit >= rough * 0.999)


def chart(series: Sequence[Series], axis: Axis, labels: Sequence[str], text: str, rule: float | None) -> str:
    """Series over positions 0, 1, … that `labels` names. `rule` is a line across; `text` says it to who can't see."""
    frame = Frame(0, max(1, len(labels) - 1), axis) if len(labels) > 1 else Frame(-1, 1, axis)
    ends = [mark(frame.x(i), frame.high - 8, labels[i], anchor(i, len(labels))) for i in chosen(len(labels))]
    parts = [*grid(frame), *ends]
    if rule is not None:
        parts.append(f'<path class="rule" d="M{LEFT} {frame.y(rule):.1f}H{frame.wide - RIGHT}"/>')
    return svg(text, [*parts, *(drawn(frame, s) for s in series)], frame)


def curve(series: Sequence[Series], axis: Axis, text: str, size: tuple[float, float]) -> str:
    """Series over steps, small: the first and last step are named."""
    steps = [p.x for s in series for p in s.points]
    frame = Frame(min(steps, default=0), max(steps, default=1), axis, *size)
    ends = [mark(frame.x(x), frame.high - 8, f"{x:.0f}", a) for x, a in ((frame.x_low, "start"), (frame.x_high, "end"))]
    return svg(text, [*grid(frame), *ends, *(drawn(frame, s) for s in series)], frame)


def bars(columns: Sequence[Sequence[Point]], css: Sequence[str], axis: Axis, words: Sequence[str]) -> str:
    """One stack of bars a night; `columns[i]` are its parts from below, `css` their colours; words[0] is the text."""
    labels = words[1:]
    frame = Frame(-0.6, max(1, len(columns)) - 0.4, axis)
    wide = min(30.0, 0.7 * (WIDE - LEFT - RIGHT) / max(1, len(columns)))
    parts = [*grid(frame)]
    parts += [mark(frame.x(i), frame.high - 8, labels[i], "middle") for i in chosen(len(labels))]
    for i, stack in enumerate(columns):
        base = 0.0
        for point, colour in zip(stack, css, strict=True):
            top, bottom = frame.y(base + point.y), frame.y(base)
            base += point.y
            at = f'x="{frame.x(i) - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{max(0, bottom - top):.1f}"'
            parts.append(f'<rect class="{colour}" {at}><title>{escape(point.text)}</title></rect>')
    return svg(words[0], parts, frame)


def svg(text: str, parts: Iterable[str], frame: Frame) -> str:
    """The figure: an image to assistive programs, with `text` as its name."""
    size = f"0 0 {frame.wide:g} {frame.high:g}"
    return f'<svg class="chart" viewBox="{size}" role="img" aria-label="{escape(text)}">{"".join(parts)}</svg>'


def grid(frame: Frame) -> list[str]:
    parts: list[str] = []
    for tick in frame.axis.ticks:
        y = frame.y(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{frame.wide - RIGHT}"/>')
        parts.append(mark(LEFT - 7, y + 4, frame.axis.shown(tick), "end"))
    return parts


def mark(x: float, y: float, text: str, where: str) -> str:
    return f'<text class="tick {where}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def chosen(count: int) -> list[int]:
    """Which of so many positions get a word: the first, the last and a few evenly between."""
    if count <= LABELS:
        return list(range(count))
    return sorted({round(i * (count - 1) / (LABELS - 1)) for i in range(LABELS)})


def anchor(i: int, count: int) -> str:
    if count == 1:
        return "middle"
    return "start" if i == 0 else "end" if i == count - 1 else "middle"


def drawn(frame: Frame, series: Series) -> str:
    points = series.points
    places = [(frame.x(p.x), frame.y(p.y)) for p in points]
    parts: list[str] = []
    if series.band:
        parts += [band(frame, run) for run in runs(points)]
    if series.line and len(points) > 1:
        parts.append(f'<path class="line" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>')
    for point, (x, y) in zip(points, places, strict=True):
        if series.whiskers and point.low is not None and point.high is not None:
            parts.append(f'<path class="whisker" d="M{x:.1f} {frame.y(point.low):.1f}V{frame.y(point.high):.1f}"/>')
        if series.marks:
            parts.append(f"<g><title>{escape(point.text)}</title>{shape(point.kind, x, y)}</g>")
    return f'<g class="{series.css}">{"".join(parts)}</g>'


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """Neighbours that both have an interval, together."""
    out: list[list[Point]] = [[]]
    for point in points:
        if point.low is None or point.high is None:
            out.append([])
        else:
            out[-1].append(point)
    return [run for run in out if run]


def band(frame: Frame, run: Sequence[Point]) -> str:
    """The area between the ends; one night alone gets a narrow column."""
    half = 0.0 if len(run) > 1 else 6.0
    above = [(frame.x(p.x), frame.y(p.high or 0.0)) for p in run]
    below = [(frame.x(p.x), frame.y(p.low or 0.0)) for p in reversed(run)]
    if half:
        (x, top), (_, bottom) = above[0], below[0]
        above, below = [(x - half, top), (x + half, top)], [(x + half, bottom), (x - half, bottom)]
    return f'<path class="band" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in (*above, *below))}Z"/>'


def shape(kind: str, x: float, y: float) -> str:
    """A filled circle (promoted), a hollow one (held), a diamond (inconclusive), a small dot (anything else)."""
    if kind == "promote":
        return f'<circle class="mark full" cx="{x:.1f}" cy="{y:.1f}" r="4.2"/>'
    if kind == "hold":
        return f'<circle class="mark hollow held" cx="{x:.1f}" cy="{y:.1f}" r="4.2"/>'
    if kind == "inconclusive":
        return f'<path class="mark hollow unsure" d="M{x:.1f} {y - 5.4:.1f}l5.4 5.4l-5.4 5.4l-5.4 -5.4Z"/>'
    return f'<circle class="mark full" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>'


def thinned(points: Sequence[Point], most: int) -> tuple[Point, ...]:
    """At most `most` points, each the mean of its neighbours: a curve of 1,000 steps is 200 pixels wide."""
    if len(points) <= most:
        return tuple(points)
    cuts = [round(i * len(points) / most) for i in range(most + 1)]
    parts = [points[a:b] for a, b in pairwise(cuts)]
    return tuple(Point(part[-1].x, sum(p.y for p in part) / len(part), part[-1].text) for part in parts)
