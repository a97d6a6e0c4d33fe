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


def summary_lines(verdict: Verdict) -> list[str]:
    """What stands above the table: verdict and why; what was learned; what was lost; who answers from now on."""
    lines = ["  ".join(((verdict.outcome or "hold").upper(), "; ".join(verdict.reasons))).rstrip()]
    if "recall" not in verdict.figures:  # no exam
        return lines
    return [*lines, f"learned  {learned(verdict)}", f"lost     {lost(verdict)}", f"now      {answering(verdict)}"]


def answering(verdict: Verdict) -> str:
    """Who answers from now on, and what becomes of a candidate that the exam could say too little about."""
    candidate, live = (verdict.figures.get(side) for side in ("candidate", "live"))
    if verdict.promote:
        return f"{candidate} answers"
    stays = f"{live or 'the base model'} answers as before"
    asked = wanted(verdict)
    return f"{stays}; the next cycle examines {candidate} again, with {asked}" if asked else stays


def wanted(verdict: Verdict) -> str:
    """What an inconclusive verdict asks for, in words; "" when nothing that can be asked would tell."""
    figures = verdict.figures
    counted = [(figures.get("more_items", 0), "items"), (figures.get("more_probes", 0), "probes")]
    counted += [(count, f"of {name}") for name, count in figures.get("more_of", {}).items()]
    parts = [f"up to {count} more {what}" for count, what in counted if count]
    return " and ".join(parts) if verdict.outcome == "inconclusive" else ""


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
    """Rows under HEADER: recall, all items together, the hidden ones, each category that changed, the held-out loss."""
    figures = verdict.figures
    groups, categories = figures.get("groups", {}), figures.get("categories", {})
    everything = [sum(column) for column in zip(*categories.values(), strict=True)]
    rows = [row("recall", figures.get("recall"), {}, word(verdict, "recall"))]
    rows.append(row("capability", everything, groups.get("capability", {}), word(verdict, "capability")))
    if "hidden" in figures.get("splits", {}):
        rows.append(row("hidden items", figures["splits"]["hidden"], {}, word(verdict, "hidden split")))
    still = [n for n, (before, after, _) in categories.items() if before == after and not word(verdict, n)]
    for name in (n for n in categories if n not in still):
        rows.append(row(name, categories[name], groups.get(name, {}), word(verdict, name)))
    if still:
        rows.append((f"{len(still)} categories", "", "", "none", ""))
    loss = figures.get("loss", {})
    ends = [f"{x:.3f}" if isinstance(x, float) else "-" for x in (loss.get("live"), loss.get("candidate"))]
    rows.append(("held-out loss", *ends, "", word(verdict, "held-out loss")))
    return rows


def word(verdict: Verdict, name: str) -> str:
    """The word at the end of a row: learned, HARMED, or unsure where more of its like would tell; else nothing."""
    figures = verdict.figures
    if name in figures.get("harmed", ()):
        return "HARMED"
    if name == "recall" and figures.get("gain", {}).get("shown") is True:
        return "learned"
    asked = {
        "recall": figures.get("more_probes"),
        "capability": figures.get("more_items"),
        **figures.get("more_of", {}),
    }
    return "unsure" if asked.get(name) else ""


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
