"""The verdict: two reports in, promote or hold out, with reasons. Pure.

Never: absent evidence taken for success. What was not measured, in either report, holds and says what it was.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from circadian.records import Json, Report, Score, Verdict
from circadian.settings import GateSettings

NAMED = 3  # ids named in one reason


def judge(live: Report | None, candidate: Report, settings: GateSettings) -> Verdict:
    """Promote only when recall rose, no category fell by more than allowed, and held-out loss did not rise.

    `live` is the report of the model that answers now (the base model when there is no adapter); None holds.
    Reports are paired item by item, probe by probe and record by record; whatever has no pair holds.
    """
    if live is None:
        return Verdict(False, ("live model: not examined",), {"candidate": candidate.adapter})
    problems = [
        *compare_exams(live, candidate),
        *judge_recall(live.recall, candidate.recall, settings),
        *judge_categories(live.scores, candidate.scores, settings),
        *judge_loss(live.losses, candidate.losses, settings),
    ]
    measured = figures(live, candidate)
    return Verdict(not problems, tuple(problems or gains(measured)), measured)


def compare_exams(live: Report, candidate: Report) -> Iterator[str]:
    """Two reports compare only when the same base model answered the same suites."""
    if live.model != candidate.model:
        yield f"base model: live was examined on {live.model}, candidate on {candidate.model}"
    for name in sorted({*live.suites, *candidate.suites}):
        if name not in live.suites or name not in candidate.suites:
            yield f"suite {name}: not measured in {'candidate' if name in live.suites else 'live'}"
        elif live.suites[name] != candidate.suites[name]:
            yield f"suite {name}: changed between the two exams"


def unpaired(live: Sequence[Score], candidate: Sequence[Score]) -> Iterator[str]:
    """What keeps two lists of scores from being compared one to one."""
    for side, scores in (("live", live), ("candidate", candidate)):
        twice = sorted(i for i, n in Counter(s.item_id for s in scores).items() if n > 1)
        if twice:
            yield f"{named(twice)} more than once in {side}"
    before, after = scored(live), scored(candidate)
    asked_before, asked_after = {s.item_id for s in live}, {s.item_id for s in candidate}
    lost = sorted(before.keys() - after.keys())
    if lost:
        yield f"{named(lost)} not measured in candidate"
    new = sorted(asked_after - asked_before)
    if new:
        yield f"{named(new)} not asked of live"
    if asked_before - asked_after - set(lost):
        yield f"{named(sorted(asked_before - asked_after - set(lost)))} not asked of candidate"


def named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"


def scored(scores: Sequence[Score]) -> dict[str, bool]:
    """Passed by id, of those that were scored. A NaN value means that the score is no score."""
    return {s.item_id: s.passed for s in scores if s.passed is not None and not is_nan(s.value)}


def is_nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)


def pairs(live: Sequence[Score], candidate: Sequence[Score]) -> tuple[int, int, int]:
    """Over items scored in both: passes before, passes after, how many."""
    before, after = scored(live), scored(candidate)
    both = before.keys() & after.keys()
    return sum(before[i] for i in both), sum(after[i] for i in both), len(both)


def judge_recall(live: Sequence[Score], candidate: Sequence[Score], settings: GateSettings) -> Iterator[str]:
    """The night's probes must be answered more often than before."""
    yield from (f"recall: {problem}" for problem in unpaired(live, candidate))
    before, after, count = pairs(live, candidate)
    if count < max(1, settings.least_probes):
        yield f"recall: {count} probes measured, needed {max(1, settings.least_probes)}"
    elif not after > before:
        yield f"recall {before}/{count} -> {after}/{count}, must rise"


def by_category(scores: Sequence[Score]) -> dict[str, list[Score]]:
    out: dict[str, list[Score]] = {}
    for score in scores:
        out.setdefault(score.category, []).append(score)
    return out


def judge_categories(live: Sequence[Score], candidate: Sequence[Score], settings: GateSettings) -> Iterator[str]:
    """No category may lose more than `category_drop` items; every category must have been measured in both."""
    before, after = by_category(live), by_category(candidate)
    total = pairs(live, candidate)[2]
    if total < max(1, settings.least_items):
        yield f"capability: {total} items measured, needed {max(1, settings.least_items)}"
    for name in [*before, *(n for n in after if n not in before)]:
        if name not in before or name not in after:
            yield f"{name}: not measured in {'candidate' if name in before else 'live'}"
            continue
        yield from (f"{name}: {problem}" for problem in unpaired(before[name], after[name]))
        passed, now, count = pairs(before[name], after[name])
        if not count:
            yield f"{name}: no item scored in both"
        elif not now >= passed - settings.category_drop:
            yield f"{name} {passed}/{count} -> {now}/{count}, allowed -{settings.category_drop}"


def judge_loss(live: Mapping[str, float], candidate: Mapping[str, float], settings: GateSettings) -> Iterator[str]:
    """The median over records of the paired rise may not be above `loss_rise` nats; both need the same records."""
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
    if lost or new or broken:
        return
    rise = loss_rise(live, candidate)
    if not rise <= settings.loss_rise:
        yield f"held-out loss {rise:+.4f} nats per token, allowed {settings.loss_rise:+.4f}"


def loss_rise(live: Mapping[str, float], candidate: Mapping[str, float]) -> float:
    """Median over the common records of candidate minus live, in nats; NaN when there is none."""
    both = live.keys() & candidate.keys()
    return statistics.median(candidate[i] - live[i] for i in both) if both else math.nan


def figures(live: Report, candidate: Report) -> Json:
    """The numbers behind the verdict, of what was measured in both: [before, after, of how many]."""
    before, after = by_category(live.scores), by_category(candidate.scores)
    rise = loss_rise(live.losses, candidate.losses)
    return {
        "live": live.adapter,
        "candidate": candidate.adapter,
        "recall": list(pairs(live.recall, candidate.recall)),
        "categories": {name: list(pairs(before[name], after[name])) for name in before if name in after},
        "loss": {
            "live": middle(live.losses),
            "candidate": middle(candidate.losses),
            "rise": rise if math.isfinite(rise) else None,
            "records": len(live.losses.keys() & candidate.losses.keys()),
        },
    }


def middle(losses: Mapping[str, float]) -> float | None:
    """Median over records, None when there is none or it is not finite (JSON has no NaN)."""
    finite = bool(losses) and all(math.isfinite(x) for x in losses.values())
    return statistics.median(losses.values()) if finite else None


def gains(measured: Json) -> Iterator[str]:
    """Why a candidate is promoted: one line for recall, capability and loss each."""
    before, after, count = measured["recall"]
    yield f"recall {before}/{count} -> {after}/{count}"
    rows: list[list[int]] = list(measured["categories"].values())
    total = [sum(column) for column in zip(*rows, strict=True)]
    changes = [f"{n} {b}/{c} -> {a}/{c}" for n, (b, a, c) in measured["categories"].items() if a != b]
    yield f"capability {total[0]}/{total[2]} -> {total[1]}/{total[2]}" + (f" ({', '.join(changes)})" if changes else "")
    loss = measured["loss"]
    yield f"held-out loss {loss['rise']:+.4f} nats per token over {loss['records']} records"
