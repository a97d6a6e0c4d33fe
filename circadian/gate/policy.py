"""The verdict: two reports in; promote, hold or inconclusive out, with reasons. Pure. docs/gate.md argues each rule.

Never: absent evidence taken for success. What was not measured, in either report, holds and says what it was.
"""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from circadian.gate.detectors import degenerate
from circadian.gate.evidence import SHARES, TOTAL, Evidence, Gain, Group, gather, medians
from circadian.gate.pairing import HIDDEN, by_category, counts, named, paired, unpaired
from circadian.gate.statistics import items_needed, probes_needed
from circadian.records import Json, Outcome, Report, Score, Verdict
from circadian.settings import GateSettings

NOTHING_MORE: Json = {"more_items": 0, "more_of": {}, "more_probes": 0}


def judge(
    live: Report | None,
    candidate: Report,
    settings: GateSettings,
    base: Report | None = None,
    looks: int = 1,
    examination: int = 1,
) -> Verdict:
    """Promote only when recall rose beyond luck, no harm was shown, and a harm that matters can be ruled out.

    `live` is the report of the model that answers now (the base model when there is no adapter); None holds.
    `base` is only reported. `looks` is how often, in all, this candidate may be examined before it is given up
    (smaller LoRA scales): the first look that passes promotes, so each must rule out harm the more surely.
    `examination`: 2 when an inconclusive candidate is examined again, and so on; on the same reports no later one is
    more lenient than an earlier one with as many `looks`.
    """
    if live is None:
        return Verdict(False, ("live model: not examined",), {"candidate": candidate.adapter})
    outcome, reasons, evidence = decide(live, candidate, settings, looks, examination)
    measured = figures(live, candidate, evidence, looks)
    measured |= asks_for(evidence, settings) if outcome == "inconclusive" else NOTHING_MORE
    if base is not None:
        measured["base"] = base_figures(base)
    return Verdict(outcome == "promote", reasons, measured, outcome)


def decide(
    live: Report, candidate: Report, settings: GateSettings, looks: int, examination: int = 1
) -> tuple[Outcome, tuple[str, ...], Evidence]:
    """Outcome, reasons, and the evidence that they were drawn from: a problem holds, else a doubt, else promote."""
    evidence = gather(live, candidate, settings, looks, examination)
    problems = [
        *compare_exams(live, candidate),
        *judge_pairs(live, candidate),
        *judge_losses_measured(live.losses, candidate.losses),
        *degenerate(live, candidate, settings),
        *harms(evidence, settings),
        *judge_gain(evidence.gain),
    ]
    doubts = list(judge_doubts(evidence, settings))
    if problems:
        return "hold", (*problems, *suspicions(evidence, settings)), evidence
    if doubts:
        return "inconclusive", tuple(doubts), evidence
    return "promote", tuple(gains(evidence)), evidence


def look_again(verdict: Verdict) -> bool:
    """Whether a candidate that did not pass is worth another look, at a smaller LoRA scale: only if it surely learned.

    This is what keeps several looks from finding a gain by luck: the first look must have shown one (docs/gate.md).
    """
    return not verdict.promote and verdict.figures.get("gain", {}).get("shown") is True


def compare_exams(live: Report, candidate: Report) -> Iterator[str]:
    """Two reports compare only when the same base model answered the same suites."""
    if live.model != candidate.model:
        yield f"base model: live was examined on {live.model}, candidate on {candidate.model}"
    for name in sorted({*live.suites, *candidate.suites}):
        if name not in live.suites or name not in candidate.suites:
            yield f"suite {name}: not measured in {'candidate' if name in live.suites else 'live'}"
        elif live.suites[name] != candidate.suites[name]:
            yield f"suite {name}: changed between the two exams"


def judge_pairs(live: Report, candidate: Report) -> Iterator[str]:
    """Every probe, category and item must have been measured in both exams."""
    yield from (f"recall: {problem}" for problem in unpaired(live.recall, candidate.recall))
    if not paired(live.recall, candidate.recall):
        yield "recall: 0 probes measured"
    if not paired(live.scores, candidate.scores):
        yield "capability: 0 items measured"
    before, after = by_category(live.scores), by_category(candidate.scores)
    for name in [*before, *(n for n in after if n not in before)]:
        if name not in before or name not in after:
            yield f"{name}: not measured in {'candidate' if name in before else 'live'}"
            continue
        yield from (f"{name}: {problem}" for problem in unpaired(before[name], after[name]))
        if not paired(before[name], after[name]):
            yield f"{name}: no item scored in both"


def judge_losses_measured(live: Mapping[str, float], candidate: Mapping[str, float]) -> Iterator[str]:
    """Both exams need a finite loss for the same held-out records."""
    if not live or not candidate:
        yield f"held-out loss: not measured in {'live' if not live else 'candidate'}"
        return
    lost, new = sorted(live.keys() - candidate.keys()), sorted(candidate.keys() - live.keys())
    if lost:
        yield f"held-out loss: {named(lost)} not measured in candidate"
    if new:
        yield f"held-out loss: {named(new)} not measured in live"
    broken = sorted(i for i in live.keys() & candidate.keys() if not math.isfinite(live[i] + candidate[i]))
    if broken:
        yield f"held-out loss: {named(broken)} not a finite number"


def harms(evidence: Evidence, settings: GateSettings) -> Iterator[str]:
    """One reason for each harm that was shown, the figures in it."""
    for group in evidence.groups:
        if group.name not in evidence.harmed_passes | evidence.harmed_values:
            continue
        parts = [score_line(group.counts)] if group.name in evidence.harmed_passes else []
        if group.name in evidence.harmed_values:
            parts.append(f"margin {group.value_change:+.2f} standard deviations")
        before, after, _ = group.counts
        gone = group.name != TOTAL and before > 0 and after <= settings.destroyed * before
        word = "destroyed" if gone and group.name in evidence.harmed_passes else "harmed"
        yield f"{group.name} {word}: {', '.join(parts)}"
    if evidence.split_learned:
        shown = [p for name, pairs in evidence.splits.items() if name != HIDDEN for p in pairs]
        yield (
            "the held-out suite was learned, the hidden one was not: "
            f"held-out {score_line(counts(shown))}, hidden {score_line(counts(evidence.splits[HIDDEN]))}"
        )
    if evidence.loss_harmed:
        yield f"held-out loss {evidence.loss_rise:+.4f} nats per token, allowed {settings.loss_rise:+.4f}"


def score_line(row: Sequence[float]) -> str:
    before, after, count = row
    return f"{before}/{count} -> {after}/{count}"


def judge_gain(gain: Gain) -> Iterator[str]:
    """More probes lost than won, or as many: no gain, and more probes of the same would show none."""
    if gain.counts[2] and not gain.won > gain.lost:
        yield f"recall {score_line(gain.counts)}, must rise"


def judge_doubts(evidence: Evidence, settings: GateSettings) -> Iterator[str]:
    """What was measured, but too little to say: how many more it would take."""
    gain, total = evidence.gain, evidence.total
    if 0 < gain.counts[2] < settings.least_probes:
        yield f"recall: {gain.counts[2]} probes measured, needed {settings.least_probes}"
    elif gain.won > gain.lost and not gain.shown:
        more = probes_needed(gain.won, gain.lost, evidence.gain_alpha)
        yield f"recall {score_line(gain.counts)} may be luck (p {gain.p:.2f}): about {more} more probes would tell"
    if 0 < total.counts[2] < settings.least_items:
        yield f"capability: {total.counts[2]} items measured, needed {settings.least_items}"
    elif total.counts[2] and not total.interval.low > -settings.margin:
        yield (
            f"capability {score_line(total.counts)}: between {100 * total.interval.low:+.1f} and "
            f"{100 * total.interval.high:+.1f} points, a fall of {100 * settings.margin:g} is not ruled out: "
            f"about {items_short(evidence, settings)} more items would tell"
        )
    yield from suspicions(evidence, settings)
    rise = evidence.loss_rise
    if math.isfinite(rise) and not evidence.loss_harmed and not rise <= settings.loss_rise:
        yield (
            f"held-out loss {rise:+.4f} nats per token, allowed {settings.loss_rise:+.4f}: "
            f"{evidence.records} records are too few to be sure"
        )


def suspicions(evidence: Evidence, settings: GateSettings) -> Iterator[str]:
    """Categories that may be harmed. Beside a problem they decide nothing, and may be what went wrong all the same."""
    for group in evidence.groups[1:]:
        if group.name in evidence.suspected - evidence.harmed:
            yield suspicion(group, settings)


def suspicion(group: Group, settings: GateSettings) -> str:
    """A category that looks harmed by itself, and no longer so once one remembers how many were looked at."""
    is_passes = group.may_have_fallen(settings.alpha)
    seen = score_line(group.counts) if is_passes else f"margin {group.value_change:+.2f} standard deviations"
    return f"{group.name} may be harmed ({seen}): about {more_of(group, settings)} more items of it would tell"


def more_of(group: Group, settings: GateSettings) -> int:
    """How many more items of a suspected category would tell."""
    is_passes = group.may_have_fallen(settings.alpha)
    changes, fall = (group.flips, -group.change) if is_passes else (group.values, -group.value_change)
    share = SHARES["passes" if is_passes else "values"]
    return max(1, items_needed(statistics.stdev(changes), fall, settings.alpha * share / 2) - len(changes))


def items_short(evidence: Evidence, settings: GateSettings) -> int:
    """How many more items would tell, from the observed deviation and how far the mean is from the margin.

    Where nothing flipped the deviation is unknown; one flip in the items there are stands for it.
    """
    total = evidence.total
    changes = total.flips
    deviation = statistics.stdev(changes) if len(changes) > 1 else 1.0
    deviation = max(deviation, 1 / math.sqrt(max(1, len(changes))))
    fall = -total.change
    distance = settings.margin - fall if fall < settings.margin else fall
    return max(1, items_needed(deviation, distance, evidence.interval_alpha) - len(changes))


def loss_rise(live: Mapping[str, float], candidate: Mapping[str, float]) -> float:
    """Median over the common records of candidate minus live, in nats; NaN when there is none."""
    both = live.keys() & candidate.keys()
    return statistics.median(candidate[i] - live[i] for i in both) if both else math.nan


def figures(live: Report, candidate: Report, evidence: Evidence, looks: int) -> Json:
    """The numbers behind the verdict, of what was measured in both: [before, after, of how many]."""
    return {
        "live": live.adapter,
        "candidate": candidate.adapter,
        "recall": evidence.gain.counts,
        "categories": {g.name: g.counts for g in evidence.groups if g.name != TOTAL},
        "loss": {
            **medians(live.losses, candidate.losses),
            "rise": evidence.loss_rise if math.isfinite(evidence.loss_rise) else None,
            "records": evidence.records,
        },
        "gain": evidence.gain.as_json(),
        "groups": {g.name: g.as_json() for g in evidence.groups},
        "splits": {name: counts(rows) for name, rows in evidence.splits.items()},
        "harmed": sorted(evidence.harmed),
        "looks": looks,
    }


def more_items(evidence: Evidence, settings: GateSettings) -> int:
    """How many more capability items would settle the verdict; 0 where that is not what is missing."""
    total = evidence.total
    short = 0 if total.interval.low > -settings.margin else items_short(evidence, settings)
    return max(short, settings.least_items - len(total.pairs), 0)


def asks_for(evidence: Evidence, settings: GateSettings) -> Json:
    """What would settle an inconclusive verdict: items of any category, items of suspected ones, and probes."""
    suspected = [g for g in evidence.groups[1:] if g.name in evidence.suspected - evidence.harmed]
    gain = evidence.gain
    probes = max(0, settings.least_probes - gain.counts[2])
    if gain.won > gain.lost and not gain.shown:
        probes = max(probes, probes_needed(gain.won, gain.lost, evidence.gain_alpha))
    of = {group.name: more_of(group, settings) for group in suspected}
    return {"more_items": more_items(evidence, settings), "more_of": of, "more_probes": probes}


def base_figures(base: Report) -> Json:
    """The base model's own figures, for comparison: [passed, of how many] of what was scored, and its median loss."""

    def passed(scores: Sequence[Score]) -> list[float]:
        _, after, count = counts(paired(scores, scores))
        return [after, count]

    loss = medians(base.losses, base.losses)["live"]
    categories = {name: passed(scores) for name, scores in by_category(base.scores).items()}
    return {"recall": passed(base.recall), "categories": categories, "loss": loss}


def gains(evidence: Evidence) -> Iterator[str]:
    """Why a candidate is promoted: one line for recall, capability and loss each."""
    yield f"recall {score_line(evidence.gain.counts)}"
    groups = [g for g in evidence.groups if g.name != TOTAL and g.counts[0] != g.counts[1]]
    changes = ", ".join(f"{g.name} {score_line(g.counts)}" for g in groups)
    yield f"capability {score_line(evidence.total.counts)}" + (f" ({changes})" if changes else "")
    yield f"held-out loss {evidence.loss_rise:+.4f} nats per token over {evidence.records} records"
