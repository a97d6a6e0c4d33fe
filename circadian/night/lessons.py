"""Facts → lessons: each fact asked in many structures and words, answered with one full sentence that states the value.

No model. What a question may never do: contain the value it asks for, equal a held-out question, or stand in two
splits. Relations that wordings.py knows bring their synonyms; every fact is also asked by its own grammar.
"""

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from circadian.night.answers import answer_of, in_words_of
from circadian.night.asked import asked
from circadian.night.backwards import reverse_wordings
from circadian.night.converses import from_the_other_side
from circadian.night.questions import Wording, said_of, wordings_of
from circadian.night.slots import other_parts
from circadian.night.thesaurus import reworded
from circadian.night.variants import deed_of, variants
from circadian.night.words import bag
from circadian.records import Fact, Lesson, LessonKind, normalize, question_hash

ENOUGH = 11  # wordings of a fact to train on, before any are held out
HELD_OUT = 2  # wordings of a fact that choose the best state, and as many that test it
ASKED_OTHERWISE = 3  # more wordings of a fact that is also asked for in another person or by a shorter name
SPOKEN = 4  # wordings of a fact that are also asked as "What's …?"
OF_THE_DEED = 8  # questions of what was said on the way to a name
REVERSED = 4  # lessons of a fact the other way round
FOR_PEOPLES = 8  # wordings by rule that make room for those that people wrote (asked.py)
REWORDED = 5  # questions of a clause with other words for its things
_WHOSE = bag("my our the a an me us i we am are is was were do does")  # words by which two questions are no less one
LEAST_TAUGHT = 6  # wordings that a fact with more tests keeps for training
BEGUN = re.compile("…|what comes next")  # a sentence to be finished (questions.py)


@dataclass(frozen=True)
class LessonSet:
    """Lessons of one night; the splits share no question."""

    train: tuple[Lesson, ...]
    valid: tuple[Lesson, ...]
    test: tuple[Lesson, ...]
    dropped: Mapping[str, int]


@dataclass
class _Maker:
    """What has been asked so far, over all facts: a question belongs to the first fact that asks it."""

    rng: random.Random
    wordings: int
    exclude: frozenset[str]
    tests: Mapping[str, int]
    used: set[str] = field(default_factory=lambda: set())
    dropped: dict[str, int] = field(default_factory=lambda: {})

    def usable(self, fact: Fact, wording: Wording) -> bool:
        mark = question_hash(wording.question)
        if {mark, question_hash(spoken(wording.question))} & self.exclude:
            return self._drop("held out")
        if mark in self.used:
            return self._drop("repeated")
        if wording.kind != "reverse" and contains(wording.question, wording.value or fact.value):
            return self._drop("gives the value away")
        self.used.add(mark)
        return True

    def _drop(self, reason: str) -> bool:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        return False


def contains(text: str, value: str) -> bool:
    """Whether `value` stands in `text` as whole words, ignoring case and punctuation."""
    inner = normalize(value)
    return bool(inner) and f" {inner} " in f" {normalize(text)} "


def make_lessons(
    facts: Sequence[Fact],
    *,
    seed: int,
    wordings: int = 18,
    exclude: frozenset[str] = frozenset(),
    tests: Mapping[str, int] | None = None,
) -> LessonSet:
    """Lessons for every active fact: some `wordings` to train on, two to choose the best state by, two to test.

    A few more where it is asked for in another person, as people type it, in a setting, or the other way round.

    `exclude` holds question hashes that must not be used (counted under "held out"); `tests`: how many wordings test
    a fact (by id), where there are enough and it is more than two. Same arguments, same lessons.
    """
    maker = _Maker(random.Random(seed), wordings, exclude, tests or {})
    train: list[Lesson] = []
    valid: list[Lesson] = []
    test: list[Lesson] = []
    for fact in facts:
        if fact.status != "active":
            continue
        earlier = [f for f in facts if f.superseded_by == fact.id]
        learned, chosen, kept = _lessons_of(maker, fact, earlier, facts)
        train += learned
        valid += chosen
        test += kept
    return LessonSet(tuple(train), tuple(valid), tuple(test), maker.dropped)


def _lessons_of(
    maker: _Maker, fact: Fact, earlier: Sequence[Fact], facts: Sequence[Fact]
) -> tuple[list[Lesson], list[Lesson], list[Lesson]]:
    groups = [wordings_of(fact, earlier), *(wordings_of(other) for other in variants(fact, facts))]
    known, own, spare = ([w for w in _in_turn(kind) if maker.usable(fact, w)] for kind in zip(*groups, strict=True))
    if fact.relation == "clause":
        own = distinct_first(own)
    reverse = [w for w in (*_against(fact, earlier), *reverse_wordings(fact)) if maker.usable(fact, w)]
    held = _hold_out(maker, known, own, maker.tests.get(fact.id, HELD_OUT))
    mine = set(map(id, held))
    known, own = ([w for w in group if id(w) not in mine] for group in (known, own))
    people = [w for w in map(Wording, asked(fact, facts)) if maker.usable(fact, w)]
    # Half the room for the relation's own words, the rest for the fact's grammar, spares when either runs dry.
    room = maker.wordings + (ASKED_OTHERWISE if len(groups) > 1 else 0) - (FOR_PEOPLES if people else 0)
    recall = known[: room - min(len(own), 3)]
    recall += own[: room - len(recall)]
    recall += spare[: max(0, ENOUGH - len(recall))]
    contexts = [w for w in spare if w not in recall][:2]
    other = [w for w in _of_the_clause(fact, recall) if maker.usable(fact, w)]
    short = list(itertools.islice((w for w in _spoken(recall) if maker.usable(fact, w)), SPOKEN))
    deed = deed_of(fact)
    told = [w for w in wordings_of(deed)[1] if maker.usable(fact, w)] if deed else []
    recall += people + told[:OF_THE_DEED]
    lessons = [_lesson(fact, w) for w in (*recall, *short, *other, *contexts, *reverse[: REVERSED + 2 * len(earlier)])]
    held_lessons = [_lesson(fact, w) for w in held]
    if len(held_lessons) <= 2 * HELD_OUT:
        return lessons, held_lessons[::2], held_lessons[1::2]
    return lessons, held_lessons[:HELD_OUT], held_lessons[HELD_OUT:]


def _of_the_clause(fact: Fact, asked: Sequence[Wording]) -> Iterator[Wording]:
    """A clause's other parts, its other side, and `asked` in other words; all answered with the whole of it."""
    if fact.relation != "clause" or fact.details.get("language"):
        return
    said = said_of(fact)
    turned = from_the_other_side(said, fact.value)
    plain = [*(w.question for w in asked[:3]), *(q for q, part in turned[:3] if part == fact.value)]
    other_words = [(q, fact.value) for question in plain for q in reworded(question)]
    for question, part in (*other_parts(said, fact.value), *turned, *other_words[:REWORDED]):
        answer = next((a for a in (answer_of(fact), fact.statement) if contains(a, part)), "")
        if answer:
            yield Wording(question, answer=answer, value=part)


def _spoken(wordings: Sequence[Wording]) -> Iterator[Wording]:
    """Those that can be asked as people type them, "Who's", "When's" and "Where's" by turns with "What's"."""
    typed: dict[str, list[Wording]] = {}
    for w in wordings:
        if w.kind == "recall" and (word := contraction(short := spoken(w.question))):
            typed.setdefault(word, []).append(replace(w, question=short))
    yield from (w for row in itertools.zip_longest(*typed.values()) for w in row if w is not None)


def spoken(question: str) -> str:
    """As people type it: "What is my dog's name?" → "What's my dog's name?"."""
    return re.sub(r"\b([Ww]hat|[Ww]ho|[Ww]here|[Ww]hen|[Hh]ow) is\b(?!\s*(?:[.?,:…]|$))", r"\1's", question)


def contraction(question: str) -> str:
    """The question word that is typed with "'s", or ""."""
    found = re.search(r"\b(what|who|where|when|how)'s\b", question.lower())
    return found.group(1) if found else ""


def _in_turn(groups: Sequence[list[Wording]]) -> list[Wording]:
    """The wordings of a fact and of its variants by turns; one that two of them give is taken once."""
    rows = itertools.zip_longest(*groups)
    return list({question_hash(w.question): w for row in rows for w in row if w is not None}.values())


def distinct_first(wordings: Sequence[Wording]) -> list[Wording]:
    """In their order, but last those that differ from one before them in a pronoun or an article alone.

    A clause is asked in dozens of wordings, half of which are "my wall" for "our wall"; there is room for eighteen.
    """
    seen: set[frozenset[str]] = set()
    first: list[Wording] = []
    last: list[Wording] = []
    for w in wordings:
        words = frozenset({*normalize(w.question).split()} - _WHOSE)
        (last if words in seen else first).append(w)
        seen.add(words)
    return first + last


def _against(fact: Fact, earlier: Sequence[Fact]) -> Iterator[Wording]:
    """What replaced values are asked by, answered with what is true now."""
    now = f"That has changed. {answer_of(fact)}"
    for old in earlier[-2:]:
        yield Wording(f"What did I tell you about {old.value}?", "reverse", now)
        yield Wording(f"I once told you: {said_of(old)}. Is that still so?", "reverse", now)


def _hold_out(maker: _Maker, known: list[Wording], own: list[Wording], tests: int) -> list[Wording]:
    """Wordings kept from training, four or (with more `tests`) more, not the plainest one; fewer when there are few.

    None that only begins a sentence: "My cat is …?" has many ends, and who knows one need not say the other.
    """
    pool = [w for w in (*known[1:], *own[1:]) if not BEGUN.search(w.question)]
    spare = len(known) + len(own) - (ENOUGH if tests <= HELD_OUT else LEAST_TAUGHT)
    number = max(2, min(HELD_OUT + tests, spare))
    return maker.rng.sample(pool, min(number, len(pool)))


def _lesson(fact: Fact, wording: Wording) -> Lesson:
    kind: LessonKind = wording.kind
    question, answer, value = _tidy(wording.question), wording.answer or answer_of(fact), wording.value or fact.value
    if kind != "reverse":
        answer = in_words_of(question, answer, value)
    return Lesson(question, answer, fact.id, value, kind)


def _tidy(question: str) -> str:
    return re.sub(r"\s+([?.,:])", r"\1", " ".join(question.split()))
