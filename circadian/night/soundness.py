"""Whether what was studied was worth studying: lessons that state their own fact, and a training that went down. Pure.

The rules write no lesson that fails here; what comes from a model, a damaged file or a defect may. A night that learned
the rest may still pass its exam: the probes of a few facts do not see every third answer that was nonsense.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from circadian.night.answers import answer_of
from circadian.records import Fact, Lesson, normalize

UNSOUND = 0.05  # share of the lessons; the rules' own share is 0
OWN_WORDS = 0.7  # of an answer, to be about a fact; the rules' answers are it wholly
DIVERGED = 1.0  # nats that held-out wordings may end above where the night began


def unsound_lessons(lessons: Sequence[Lesson], facts: Mapping[str, Fact]) -> Iterator[str]:
    """Reasons, with counts, for lessons whose answers state another fact's value, or nothing of their own fact."""
    asked = [x for x in lessons if x.fact_id and x.kind not in ("replay", "untold")]
    lost = [x for x in asked if not holds(x.answer, x.value)]
    mixed = sum(any(is_about(x.answer, f) for i, f in facts.items() if i != x.fact_id) for x in lost)
    if asked and len(lost) / len(asked) > UNSOUND:
        if mixed > len(lost) / 2:
            yield f"lessons: {mixed} of {len(asked)} answer with another fact's value"
        else:
            yield f"lessons: {len(lost)} of {len(asked)} do not state their fact's value: garbage"


def is_about(answer: str, fact: Fact) -> bool:
    """Whether the answer states the fact's value, nearly all in the fact's own words: no heap of words holds it so."""
    own = set(normalize(f"{fact.statement} {answer_of(fact)} {fact.value} {fact.details.get('said', '')}").split())
    said = normalize(answer).split()
    return holds(answer, fact.value) and sum(word in own for word in said) >= OWN_WORDS * len(said)


def holds(answer: str, value: str) -> bool:
    inner = normalize(value)
    return not inner or inner in normalize(answer)


def diverged(looks: Sequence[Sequence[float]], best_step: int) -> Iterator[str]:
    """A reason when held-out wordings are less likely than where the night began: [step, unknown, mean loss] a look.

    What is judged is what was kept, the look at `best_step`. Where that is the beginning itself, nothing was learned,
    and the last look says whether that is because the training diverged.
    """
    if not looks:
        return
    first, last = looks[0][2], looks[-1][2]
    kept = next((loss for step, _, loss in looks[1:] if step == best_step), last)
    if not math.isfinite(kept) or kept > first + DIVERGED:
        yield f"training diverged: loss of held-out wordings {first:.2f} -> {kept:.2f} nats"
