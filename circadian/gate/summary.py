"""A verdict for the person who wakes up: what was learned, what was lost, verdict, why, in ten seconds. Pure.

Made of the verdict's figures alone, so that a verdict read back from its file says the same as on its night.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from circadian.records import Verdict

HEADER = ("", "before", "after", "change in points", "")


def summary_line(verdict: Verdict) -> str:
    """One line: `PROMOTE | learned: … | lost: … | why`."""
    parts = [(verdict.outcome or "hold").upper(), f"learned: {learned(verdict)}", f"lost: {lost(verdict)}"]
    return " | ".join([*parts, "; ".join(verdict.reasons)] if not verdict.promote else parts)


def learned(verdict: Verdict) -> str:
    before, after, count = verdict.figures.get("recall") or (0, 0, 0)
    if not count:
        return "not measured"
    row = f"{before} -> {after} of {count} probes"
    gain: Mapping[str, Any] = verdict.figures.get("gain", {})
    return row if gain.get("shown", verdict.promote) else f"nothing shown ({row})"


def lost(verdict: Verdict) -> str:
    """What was harmed, by name; where nothing was, how much may have been lost unseen."""
    harmed: Sequence[str] = verdict.figures.get("harmed", ())
    if harmed:
        return ", ".join(harmed)
    low = total(verdict).get("interval", [None])[0]
    return "nothing shown" + (f", at most {-100 * low:.1f} points unseen" if low is not None and low < 0 else "")


def total(verdict: Verdict) -> Mapping[str, Any]:
    return verdict.figures.get("groups", {}).get("capability", {})


def summary_table(verdict: Verdict) -> list[tuple[str, ...]]:
    """Rows under HEADER: recall, all items together, each category, the held-out loss, each with a word about it."""
    harmed, groups = set(verdict.figures.get("harmed", ())), verdict.figures.get("groups", {})
    categories: Mapping[str, Sequence[float]] = verdict.figures.get("categories", {})
    everything = [sum(column) for column in zip(*categories.values(), strict=True)]
    rows = [row("recall", verdict.figures.get("recall"), {}, "learned" if is_learned(verdict) else "")]
    for name, counts in [("capability", everything), *categories.items()]:
        rows.append(row(name, counts, groups.get(name, {}), "HARMED" if name in harmed else ""))
    loss = verdict.figures.get("loss", {})
    ends = [f"{x:.3f}" if isinstance(x, float) else "-" for x in (loss.get("live"), loss.get("candidate"))]
    rows.append(("held-out loss", *ends, "", "HARMED" if "held-out loss" in harmed else ""))
    return rows


def is_learned(verdict: Verdict) -> bool:
    return verdict.figures.get("gain", {}).get("shown") is True


def row(name: str, counts: Sequence[float] | None, group: Mapping[str, Any], word: str) -> tuple[str, ...]:
    if not counts:
        return (name, "-", "-", "", word)
    before, after, count = counts
    return (name, f"{before}/{count}", f"{after}/{count}", change(group, before, after, count), word)


def change(group: Mapping[str, Any], before: float, after: float, count: float) -> str:
    """+1.2 (-0.5 to +2.9): points of the share passed, with the interval where there is one."""
    if not count:
        return ""
    low, high = group.get("interval", (None, None))
    ends = f" ({100 * low:+.1f} to {100 * high:+.1f})" if low is not None and high is not None else ""
    return f"{100 * (after - before) / count:+.1f}{ends}"
