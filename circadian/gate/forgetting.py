"""The verdict on forgetting: a forgotten fact may be no likelier than before it was ever told. Pure.

Never: a fact that was not measured taken for a forgotten one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from circadian.records import Verdict

LogProbs = Mapping[str, float]  # log p in nats, by fact id


def is_forgotten(fact_id: str, before: LogProbs, after: LogProbs) -> bool:
    """`before`: of the base model, which was never told; `after`: of the candidate."""
    told, now = before.get(fact_id, math.nan), after.get(fact_id, math.nan)
    return math.isfinite(told) and math.isfinite(now) and now <= told


def judge_forgotten(asked: Sequence[str], before: LogProbs, after: LogProbs) -> Iterator[str]:
    """Why the candidate must not answer, for each of the fact ids `asked` about that it may still know."""
    for fact_id in asked:
        told, now = before.get(fact_id, math.nan), after.get(fact_id, math.nan)
        if not math.isfinite(told) or not math.isfinite(now):
            yield f"forgotten {fact_id}: not measured"
        elif not now <= told:
            yield f"forgotten {fact_id}: log p {told:.1f} before it was told, {now:.1f} now, must not be higher"


def with_taught(verdict: Verdict, marks: Sequence[str]) -> Verdict:
    """Held when the candidate was taught what is to be forgotten: `marks` are the ids of the marks.

    Ids alone, for a reason is kept in tables and logs where no purge looks for what was said.
    """
    if not marks:
        return verdict
    reason = f"was taught what is to be forgotten since ({' '.join(marks)})"
    return Verdict(False, (reason, *(() if verdict.promote else verdict.reasons)), verdict.figures)


def with_forgotten(verdict: Verdict, asked: Sequence[str], before: LogProbs, after: LogProbs) -> Verdict:
    """The verdict with the forgotten facts weighed as well: one that is still known holds, and says so first."""
    if not asked:
        return verdict
    complaints = tuple(judge_forgotten(asked, before, after))
    figures = {**verdict.figures, "forgotten": {i: [before.get(i), after.get(i)] for i in asked}}
    if complaints:
        kept = () if verdict.promote else verdict.reasons
        return Verdict(False, (*complaints, *kept), figures)
    if verdict.promote:
        proven = f"forgotten: {len(asked)} no likelier than before they were told"
        return Verdict(True, (*verdict.reasons, proven), figures)
    return replace(verdict, figures=figures)
