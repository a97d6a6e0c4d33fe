"""Lessons checked by the base model: with the fact in view its answer has the value, without it the answer has not.

A lesson that fails the first asks for something else than the fact, one that fails the second teaches nothing. Never:
a fact left without wordings, or a restatement in another language judged by a model that may not speak it.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from circadian.errors import UserError
from circadian.files import read_json, write_json
from circadian.night.augment import Writer, augment
from circadian.night.dataset import NightData, add_lessons
from circadian.night.grammar import sentence
from circadian.night.lessons import contains
from circadian.night.questions import said_of
from circadian.records import Fact, Lesson, Message, short_id
from circadian.settings import NightSettings

FEWEST = 4  # wordings of a fact that stay, verified or not: fewer and one phrase is drilled
MAX_TOKENS = 32  # of an answer; a full sentence that states the value is shorter
KEPT = "kept unverified"
NOT_READ = "lessons not answered with the fact in view"
KNOWN = "lessons answered without the fact"
READS = 0.5  # of the lessons, passed: a model that passes fewer is no reader, and judges none unless it was asked for
VERDICTS = "verified-"  # begins the name of a file of them
AT_ONCE = 128  # lessons asked about before their verdicts are written down


class Verdicts:
    """What one base model has said of lessons (a lesson's key → why it fails, or ""), kept in `path` if there is one.

    A rebuilt night has the lessons of all nights before it. A file that cannot be read is as good as none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.of: dict[str, str] = {}
        if path is not None and path.is_file():
            with contextlib.suppress(UserError, KeyError, TypeError, ValueError):
                self.of = dict(read_json(path)["verdicts"])

    def save(self) -> None:
        if self.path is not None:
            write_json(self.path, {"verdicts": self.of})


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
    verdicts: Verdicts | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Ask the base model every lesson's question twice, greedily: after the fact in the user's words, and alone.

    Of each fact FEWEST lessons stay, `others` (not asked here) counted in, the failed ones in their order. A lesson of
    none of the facts stays as it is, and one whose question names the value ("Who is Noodle?"): an echo would pass.
    What is among the `verdicts` is not asked again, and what is new is written down by the hundred.
    """
    by_id = {fact.id: fact for fact in facts}
    asked = [lesson for lesson in lessons if is_asked(lesson, by_id)]
    key = {id(lesson): key_of(by_id[lesson.fact_id or ""], lesson) for lesson in asked}
    verdicts = verdicts or Verdicts()
    new = [lesson for lesson in asked if key[id(lesson)] not in verdicts.of]
    for start in range(0, len(new), AT_ONCE):
        some = new[start : start + AT_ONCE]
        prompts = [prompt(by_id[lesson.fact_id or ""], lesson, view=v) for v in (True, False) for lesson in some]
        answers = model.generate(prompts, MAX_TOKENS)
        for lesson, seen, blind in zip(some, answers[: len(some)], answers[len(some) :], strict=True):
            verdicts.of[key[id(lesson)]] = fault(lesson, seen, blind)
        verdicts.save()
        if progress:
            progress(start + len(some), len(new))
    failed = {id(lesson): why for lesson in asked if (why := verdicts.of[key[id(lesson)]])}
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


def key_of(fact: Fact, lesson: Lesson) -> str:
    """What a verdict depends on besides the model, as a hash: a verdict that is kept tells nobody what was told."""
    said = [message.content for message in prompt(fact, lesson, view=True)]
    return short_id(*said, lesson.question, lesson.value)


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
    weak: bool = True,
    verdicts: Verdicts | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NightData, list[str]]:
    """The night's data with what needs the model: lessons that it writes (`more`), always verified, and with
    night.verify the rules' own train lessons too. Also the lines to report.

    `weak`: a model that passes fewer than READS of them is believed all the same, for its judgement was asked for.
    """
    lines: list[str] = []
    counts: Counter[str] = Counter(data.dropped)
    rules = data.train
    if settings.verify:
        checked = verify(model, data.active, rules, verdicts=verdicts, progress=progress)
        of = checked.passed + checked.unverified + sum(checked.dropped.values())
        if weak or checked.passed >= READS * of:
            data = replace(data, train=checked.kept)
            counts += Counter(checked.dropped) + Counter({KEPT: checked.unverified})
            lines.append(f"verified: {summary(checked, len(rules))}")
        else:
            lines.append(f"verified: {checked.passed} of {of} lessons; whoever reads so few judges none, all are kept")
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
