"""The report's figures: which nights and numbers go into which chart. Pure."""

from collections.abc import Callable, Sequence
from html import escape

from circadian.report import words
from circadian.report.charts import Axis, Point, Series, axis_of, bars, chart, curve, shape, thinned
from circadian.report.collect import Curve, Night

CROWDED = 40  # with more nights only those that were not promoted are marked
SMALL = (300.0, 168.0)  # of one night's training curve
STEPS = 150  # points of a training curve
LEGEND = (("night-line", "candidate"), ("before-line", "live model before"))


def figure(title: str, picture: str, caption: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """One `<figure>` with its name, its picture, its legend (class of the swatch, word) and what it means."""
    keys = "".join(f'<li><span class="swatch {css}"></span>{escape(word)}</li>' for css, word in legend)
    list_ = f'<ul class="legend">{keys}</ul>' if keys else ""
    return f"<figure><h3>{escape(title)}</h3>{list_}{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def marks_legend() -> str:
    """What the shapes mean, once for all charts."""
    kinds = [(kind, word) for kind, word in words.VERDICTS.items() if kind != "not examined"]
    items = "".join(f"<li>{glyph(kind)}{word}</li>" for kind, word in kinds)
    return f'<ul class="legend shapes" aria-label="Marks">{items}</ul>'


def glyph(verdict: str) -> str:
    """The mark of a verdict, small; for the eye only, its word stands beside it."""
    kind = verdict if verdict in ("promote", "hold", "inconclusive") else "dot"
    return f'<svg class="glyph {css(verdict)}" viewBox="0 0 14 14" aria-hidden="true">{shape(kind, 7, 7)}</svg>'


def css(verdict: str) -> str:
    return verdict if verdict in ("promote", "hold", "inconclusive") else "plain"


def kind_of(night: Night, count: int) -> str:
    return "dot" if night.verdict == "promote" and count > CROWDED else night.verdict


def over_nights(nights: Sequence[Night]) -> list[str]:
    """Recall, capability, and the change of capability."""
    examined = [n for n in nights if n.number("recall_after") is not None or n.number("capability_after") is not None]
    if not examined:
        return []
    recall = shares("recall", examined, "recall", "probes")
    ability = shares("capability", examined, "capability", "items")
    return [
        figure(
            "Recall",
            recall,
            "Share of the night's own probes answered: what it taught, in new words. The band is the 95 % interval.",
            LEGEND,
        ),
        figure(
            "Capability",
            ability,
            "Share of the exam's items passed: what must not be lost. The band is the 95 % interval.",
            LEGEND,
        ),
    ]


def shares(name: str, nights: Sequence[Night], what: str, unit: str) -> str:
    after: list[Point] = []
    before: list[Point] = []
    for i, night in enumerate(nights):
        was, now = (words.share(night, what, side, unit) for side in ("before", "after"))
        ends = words.share_interval(night, what, unit) or (None, None)
        text = f"{night.tag} {words.verdict_word(night.verdict)}: {words.passed(night, what, unit)}"
        if now is not None:
            after.append(Point(i, now, text, *ends, kind_of(night, len(nights))))
        if was is not None:
            before.append(Point(i, was, text))
    values = [v for p in (*after, *before) for v in (p.y, p.low, p.high) if v is not None]
    axis = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1), words.percent) if what == "recall" else axis_of(values, words.percent)
    series = [Series("before", tuple(before), marks=len(before) == 1), Series("after", tuple(after), band=True)]
    said = "; ".join(p.text for p in after[-3:])
    return chart(series, axis, labels_of(nights), f"{name} over {len(nights)} nights. The last: {said}", None)


def changes(nights: Sequence[Night], margin: float) -> str:
    """What the gate looks at: the paired difference of each night, and the fall that it must rule out."""
    known = [n for n in nights if n.number("capability_change") is not None]
    if not known:
        return ""
    marks: list[Point] = []
    for i, night in enumerate(known):
        low, high = night.number("capability_low"), night.number("capability_high")
        text = f"{night.tag} {words.verdict_word(night.verdict)}: {words.change(night)}"
        mean = night.number("capability_change") or 0.0
        marks.append(Point(i, mean, text, low, high, kind_of(night, len(known))))
    ends = [v for p in marks for v in (p.low, p.high, p.y) if v is not None]
    axis = axis_of([*ends, -margin], words.tick, zero=True)
    said = "Change of capability in points. " + "; ".join(p.text for p in marks[-3:])
    picture = chart([Series("after", tuple(marks), whiskers=True, line=False)], axis, labels_of(known), said, -margin)
    caption = (
        "The same items before and after, in percentage points, with the interval that the gate judged by. "
        f"It promotes only what rules out a fall to the broken line ({words.points(-margin)})."
    )
    return figure("Change against the live model", picture, caption)


def losses(nights: Sequence[Night]) -> str:
    """The median held-out loss before and after; every night may have had other records."""
    known = [n for n in nights if n.number("loss_before") is not None and n.number("loss_after") is not None]
    if not known:
        return ""
    before: list[Point] = []
    after: list[Point] = []
    for i, night in enumerate(known):
        was, now = night.number("loss_before") or 0.0, night.number("loss_after") or 0.0
        text = f"{night.tag} {words.verdict_word(night.verdict)}: {was:.3f} → {now:.3f}"
        before.append(Point(i, was, text))
        after.append(Point(i, now, text, kind=kind_of(night, len(known))))
    axis = axis_of([p.y for p in (*before, *after)], lambda v: f"{v:g}")
    series = [Series("before", tuple(before), marks=len(before) == 1), Series("after", tuple(after))]
    said = "Held-out loss over the nights. The last: " + "; ".join(p.text for p in after[-3:])
    picture = chart(series, axis, labels_of(known), said, None)
    caption = "Median surprise at good answers that no night studied, in nats per token: lower is better."
    return figure("Held-out loss", picture, caption, LEGEND)


def labels_of(nights: Sequence[Night]) -> list[str]:
    return [words.short_date(n.tag) for n in nights]


def training(night: Night, axis: Axis) -> str:
    """One night's loss by step, and the facts known at each look."""
    steps = thinned([Point(s, loss, f"step {s:.0f}: loss {loss:.2f}") for s, loss, _ in night.curve.steps], STEPS)
    looks = tuple(
        Point(s, loss, f"step {s:.0f}: {known:.0f} of {facts:.0f} facts known, loss {loss:.2f}")
        for s, loss, known, facts in night.curve.looks
    )
    said = f"{night.tag}: {looks[-1].text}" if looks else f"{night.tag}: {steps[-1].text}" if steps else night.tag
    lines = [Series("before", steps, marks=False), Series("after", looks)]
    picture = curve(lines, axis, f"Training of {said}", SMALL)
    last = looks[-1].text if looks else ""
    return figure(night.tag, picture, last)


def training_axis(curves: Sequence[Curve]) -> Axis:
    """One axis for all nights, so that they compare."""
    losses = [loss for c in curves for _, loss, _ in c.steps] + [loss for c in curves for _, loss, _, _ in c.looks]
    return axis_of(losses, lambda v: f"{v:g}", zero=True)


def costs(nights: Sequence[Night]) -> list[str]:
    """Time and memory, a bar a night."""
    spent = [n for n in nights if n.number("study_seconds") or n.number("exam_seconds")]
    held = [n for n in nights if n.number("peak_memory")]
    out: list[str] = []
    if spent:
        most = max((n.number("study_seconds") or 0) + (n.number("exam_seconds") or 0) for n in spent)
        unit, name = (3600.0, "hours") if most > 7200 else (60.0, "minutes") if most > 120 else (1.0, "seconds")
        stacks = [time_parts(n, unit) for n in spent]
        tops = [sum(p.y for p in stack) for stack in stacks]
        said = f"Time of each night in {name}. " + "; ".join(p.text for p in stacks[-1])
        picture = bars(stacks, ("study", "exam"), positive(tops), [said, *labels_of(spent)])
        legend = [("study", "study"), ("exam", "exams")]
        out.append(figure("Time", picture, f"How long each night took, in {name}.", legend))
    if held:
        stacks = [[memory_part(n)] for n in held]
        said = f"Peak memory of training in gigabytes. {stacks[-1][0].text}"
        axis = positive([stack[0].y for stack in stacks])
        picture = bars(stacks, ("study",), axis, [said, *labels_of(held)])
        out.append(figure("Memory", picture, "The most that training held at once, in gigabytes."))
    return out


def time_parts(night: Night, unit: float) -> list[Point]:
    parts = (("study_seconds", "study"), ("exam_seconds", "exams"))
    values = [(night.number(name) or 0.0, word) for name, word in parts]
    return [Point(0, value / unit, f"{night.tag}: {word} {words.seconds(value)}") for value, word in values]


def memory_part(night: Night) -> Point:
    size = night.number("peak_memory") or 0.0
    return Point(0, size / 1e9, f"{night.tag}: {words.gigabytes(size)}")


def positive(values: Sequence[float]) -> Axis:
    shown: Callable[[float], str] = lambda v: f"{v:g}"  # noqa: E731
    return axis_of(values, shown, zero=True)
