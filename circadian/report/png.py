"""The report's curves as PNG, for those who paste them elsewhere; drawn by matplotlib, which is installed when wanted.

Never: a picture of something that was not measured. A chart without a point is not written.
"""

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from circadian.errors import UserError
from circadian.files import write_atomic
from circadian.report import words
from circadian.report.collect import Night, Story

NIGHT, GREY, AMBER = "#4456b5", "#80858f", "#c98f3c"
MARKERS = {"promote": "o", "hold": "o", "inconclusive": "D"}
SIZE, DOTS = (7.2, 4.2), 160  # inches, dots an inch
CURVES = 6  # nights whose training is drawn, the newest

Draw = Callable[[Any, Story], bool]


def require_matplotlib() -> Any:
    """matplotlib's Figure, which has no types of its own. UserError when it is not installed."""
    try:
        from matplotlib.figure import Figure  # pyright: ignore
    except ImportError:
        hint = "install it: .venv/bin/python -m pip install 'matplotlib>=3.10,<4'"
        raise UserError("pictures are drawn by matplotlib, which is not installed", hint=hint) from None
    return Figure  # pyright: ignore


def write_pictures(story: Story, folder: Path) -> list[Path]:
    """One PNG for each of PICTURES that has anything to show; returns their paths."""
    Figure, written = require_matplotlib(), list[Path]()
    for name, draw in PICTURES.items():
        figure: Any = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
        axes: Any = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e0d5", linewidth=0.8)
        axes.set_axisbelow(True)
        if not draw(axes, story):
            continue
        data = io.BytesIO()
        figure.savefig(data, format="png", metadata={"Software": None})
        written.append(folder / f"{name}.png")
        write_atomic(written[-1], data.getvalue())
    return written


def label_nights(axes: Any, nights: Sequence[Night]) -> None:
    step = max(1, math.ceil(len(nights) / 8))
    axes.set_xticks(range(0, len(nights), step), [words.short_date(n.tag) for n in nights[::step]])


def draw_shares(axes: Any, story: Story, what: str, unit: str, title: str) -> bool:
    """The share passed over the nights with its exact 95 % interval, and the live model's before."""
    nights = [n for n in story.nights if words.share(n, what, "after", unit) is not None]
    if not nights:
        return False
    after = [100 * (words.share(n, what, "after", unit) or 0.0) for n in nights]
    before = [100 * (words.share(n, what, "before", unit) or 0.0) for n in nights]
    ends = [words.share_interval(n, what, unit) or (0.0, 1.0) for n in nights]
    low, high = ([100 * end[side] for end in ends] for side in (0, 1))
    if len(nights) == 1:
        axes.errorbar([0], after, [[after[0] - low[0]], [high[0] - after[0]]], color=NIGHT, alpha=0.4, linewidth=4)
    axes.fill_between(range(len(nights)), low, high, color=NIGHT, alpha=0.15, linewidth=0, label="95 % interval")
    axes.plot(
        before, color=GREY, linestyle="--", linewidth=1.4, marker="." if len(nights) == 1 else "", label="live before"
    )
    axes.plot(after, color=NIGHT, linewidth=1.8, label="candidate")
    draw_marks(axes, nights, after)
    axes.set_title(title, loc="left")
    axes.set_ylabel("passed, %")
    label_nights(axes, nights)
    axes.legend(frameon=False, fontsize="small")
    return True


def draw_marks(axes: Any, nights: Sequence[Night], values: Sequence[float]) -> None:
    """Promoted filled, held hollow, inconclusive a diamond."""
    for i, (night, value) in enumerate(zip(nights, values, strict=True)):
        face = NIGHT if night.verdict == "promote" else "white"
        axes.plot(i, value, MARKERS.get(night.verdict, "."), markeredgecolor=NIGHT, markerfacecolor=face, markersize=6)


def draw_change(axes: Any, story: Story) -> bool:
    nights = [n for n in story.nights if n.number("capability_change") is not None]
    if not nights:
        return False
    means = [100 * (n.number("capability_change") or 0.0) for n in nights]
    for i, night in enumerate(nights):
        low, high = night.number("capability_low"), night.number("capability_high")
        if low is not None and high is not None:
            axes.plot([i, i], [100 * low, 100 * high], color=NIGHT, alpha=0.5, linewidth=2.4)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.axhline(-100 * story.margin, color="#ab3838", linestyle="--", linewidth=1)
    draw_marks(axes, nights, means)
    axes.set_title("Change of capability against the live model", loc="left")
    axes.set_ylabel("percentage points")
    label_nights(axes, nights)
    return True


def draw_training(axes: Any, story: Story) -> bool:
    curves = {n.tag: n.curve for n in story.nights if n.curve.steps}
    newest = list(curves.items())[-CURVES:]
    for i, (tag, curve) in enumerate(newest):
        is_last = i == len(newest) - 1
        steps, losses = [s for s, _, _ in curve.steps], [loss for _, loss, _ in curve.steps]
        colour, width = (NIGHT, 1.8) if is_last else (GREY, 0.9)
        axes.plot(steps, losses, color=colour, linewidth=width, alpha=1 if is_last else 0.3 + 0.1 * i, label=tag)
    axes.set_title("Training", loc="left")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats per token")
    axes.set_ylim(bottom=0)
    if newest:
        axes.legend(frameon=False, fontsize="small")
    return bool(newest)


def draw_time(axes: Any, story: Story) -> bool:
    nights = [n for n in story.nights if n.number("study_seconds") or n.number("exam_seconds")]
    study = [(n.number("study_seconds") or 0.0) / 60 for n in nights]
    exam = [(n.number("exam_seconds") or 0.0) / 60 for n in nights]
    axes.bar(range(len(nights)), study, 0.7, color=NIGHT, label="study")
    axes.bar(range(len(nights)), exam, 0.7, bottom=study, color=AMBER, label="exams")
    axes.set_title("Time", loc="left")
    axes.set_ylabel("minutes")
    label_nights(axes, nights)
    axes.legend(frameon=False, fontsize="small")
    return bool(nights)


def draw_memory(axes: Any, story: Story) -> bool:
    nights = [n for n in story.nights if n.number("peak_memory")]
    axes.bar(range(len(nights)), [(n.number("peak_memory") or 0.0) / 1e9 for n in nights], 0.7, color=NIGHT)
    axes.set_title("Peak memory of training", loc="left")
    axes.set_ylabel("GB")
    label_nights(axes, nights)
    return bool(nights)


PICTURES: dict[str, Draw] = {
    "recall": lambda axes, story: draw_shares(axes, story, "recall", "probes", "Recall of what each night taught"),
    "capability": lambda axes, story: draw_shares(axes, story, "capability", "items", "Capability"),
    "change": draw_change,
    "training": draw_training,
    "time": draw_time,
    "memory": draw_memory,
}
