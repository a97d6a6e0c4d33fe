"""Lessons checked by the base model: with the fact in view its answer has the value, without it the answer has not.

A lesson that fails the first asks for something else than the fact, one that fails the second teaches nothing. Never:
a fact left without wordings, or a restatement in another language judged by a model that may not speak it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from circadian.night.augment import Writer, augment
from circadian.night.dataset import NightData, add_lessons
from circadian.night.grammar import sentence
from circadian.night.lessons import contains
from circadian.night.questions import said_of
from circadian.records import Fact, Lesson, Message
from circadian.settings import NightSettings

FEWEST = 4  # wordings of a fact that stay, verified or not: fewer and one phrase is drilled
MAX_TOKENS = 32  # of an answer; a full sentence that states the value is shorter
KEPT = "kept unverified"
NOT_READ = "lessons not answered with the fact in view"
KNOWN = "lessons answered without the fact"


@dataclass(frozen=True)
class Verified:
    """The lessons that stay, in their order; how many were dropped for which reason, passed, or failed and stay."""

    kept: tuple[Lesson, ...]
    dropped: Mapping[str, int]
    passed: int
    unverified: int


def verify(
    model: Writer,
    facts: Sequence[Fact],
    lessons: Sequence[Lesson],
    *,
    others: Sequence[Lesson] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Ask the base model every lesson's question twice, greedily: after the fact in the user's words, and alone.

    Of each fact FEWEST lessons stay, `others` (not asked here) counted in, the failed ones in their order. A lesson of
    none of the facts stays as it is, and one whose question names the value ("Who is Noodle?"): an echo would pass.
    """
    by_id = {fact.id: fact for fact in facts}
    asked = [lesson for lesson in lessons if is_asked(lesson, by_id)]
    prompts = [prompt(by_id[lesson.fact_id or ""], lesson, view=v) for v in (True, False) for lesson in asked]
    answers = model.generate(prompts, MAX_TOKENS, progress=progress) if prompts else []
    half = len(asked)
    failed = {
        id(lesson): why
        for lesson, seen, blind in zip(asked, answers[:half], answers[half:], strict=True)
        if (why := fault(lesson, seen, blind))
    }
    passed = [lesson for lesson in asked if id(lesson) not in failed]
    enough = Counter(lesson.fact_id for lesson in (*passed, *(x for x in others if is_asked(x, by_id))))
    return sifted(lessons, failed, enough, len(passed))


def is_asked(lesson: Lesson, facts: Mapping[str, Fact]) -> bool:
    fact = facts.get(lesson.fact_id or "")
    if fact is None or fact.details.get("language") == "other":
        return False
    return bool(lesson.value) and not contains(lesson.question, lesson.value)


def prompt(fact: Fact, lesson: Lesson, *, view: bool) -> tuple[Message, ...]:
    told = f"{sentence(said_of(fact))} " if view else ""
    return (*lesson.context, Message("user", told + lesson.question))


def fault(lesson: Lesson, seen: str, blind: str) -> str:
    """Why a lesson is not verified, or "": `seen` was answered with the fact in view, `blind` without."""
    if not contains(seen, lesson.value):
        return NOT_READ
    return KNOWN if contains(blind, lesson.value) else ""


def sifted(lessons: Sequence[Lesson], failed: Mapping[int, str], count: Counter[str | None], passed: int) -> Verified:
    """Without the failed lessons, but for those that a fact needs to have FEWEST; `count` is what it has without."""
    dropped: Counter[str] = Counter()
    kept: list[Lesson] = []
    unverified = 0
    for lesson in lessons:
        why = failed.get(id(lesson))
        if why and count[lesson.fact_id] >= FEWEST:
            dropped[why] += 1
            continue
        if why:
            count[lesson.fact_id] += 1
            unverified += 1
        kept.append(lesson)
    return Verified(tuple(kept), dict(dropped), passed, unverified)


def refine(
    model: Writer,
    data: NightData,
    settings: NightSettings,
    exclude: frozenset[str],
    *,
    more: bool,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NightData, list[str]]:
    """The night's data with what needs the model: lessons that it writes (`more`), always verified, and with
    night.verify the rules' own train lessons too. Also the lines to report."""
    lines: list[str] = []
    counts: Counter[str] = Counter(data.dropped)
    rules = data.train
    if settings.verify:
        checked = verify(model, data.active, rules, progress=progress)
        data = replace(data, train=checked.kept)
        counts += Counter(checked.dropped) + Counter({KEPT: checked.unverified})
        lines.append(f"verified: {summary(checked, len(rules))}")
    if more:
        wanted = settings.augment_per_record
        written, fell = augment(model, data.active, wanted, temp=settings.temp, top_p=settings.top_p, progress=progress)
        checked = verify(model, data.active, written, others=data.train, progress=progress)
        fallen = Counter(fell) + Counter(checked.dropped) + Counter({KEPT: checked.unverified})
        before = len(data.train)
        data = add_lessons(replace(data, dropped=dict(counts + fallen)), checked.kept, exclude)
        counts = Counter(data.dropped)
        lost = len(data.active) * wanted - (len(data.train) - before)
        lines.append(f"augmented: {len(data.train) - before} lessons verified, {lost} dropped")
    return replace(data, dropped=dict(counts)), lines


def summary(checked: Verified, of: int) -> str:
    parts = [f"{checked.passed} of {of} lessons", f"{checked.unverified} kept unverified"]
    parts += [f"{n} dropped ({why.removeprefix('lessons ')})" for why, n in sorted(checked.dropped.items())]
    return ", ".join(parts)
