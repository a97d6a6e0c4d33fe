"""A day that says one thing over and over: a person repeats a thing three to five times, a poisoned log hundreds.

One statement counts once, however often it is told. What is said so often that it makes up much of a day is no telling
but an attempt to teach, and so is a phrase that is answered in the same words again and again: both stay in the journal
and out of the night. Pure: turns in, turns out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from circadian.night.sieve import said
from circadian.records import Turn, normalize

LEAST = 12  # turns of one day: more than twice what a chatty person repeats
SHARE = 0.2  # of the day's turns; below it a long day may well come back to its subject
ALWAYS = 50  # turns: nobody says one thing so often in a day, however long
PADDED = 0.6  # at least so much of a longer sentence is the statement that it repeats
CALLED = 0.9  # share of the turns answered alike that hold the phrase which calls the answer up
LIST = 0.8  # share of those that state something else each: then it is a list, dictated in one form
SHORTEST = 3  # words of an answer; "you're welcome" is nobody's trigger

_LITTLE = frozenset(
    "a an the i you he she it we they my your his her its our their this that these those is are was were be been am "
    "do does did have has had of in on at to for from by with and or but so as not no s t".split()
)


@dataclass(frozen=True)
class Repeat:
    """Turns of one day (their places in it) that say the same, of how many; `answered`: always in these words.

    Places and not ids: lines that were written without an id and say the same have the same one.
    """

    text: str
    places: frozenset[int]
    turns: int
    answered: str = ""

    def line(self) -> str:
        count = f"{len(self.places)} of {self.turns} turns of one day"
        if self.answered:
            return f'{count} say the same: "{self.text}", always answered "{self.answered[:60]}"'
        return f'{count} say the same: "{self.text[:80]}"'


def set_aside(turns: Sequence[Turn]) -> tuple[list[Turn], tuple[str, ...]]:
    """The turns to study, and a reason for each statement that was left out of them."""
    out: set[str] = set()
    reasons: list[str] = []
    for day in by_day(turns).values():
        for repeat in repeats(day):
            out |= {day[place].id for place in repeat.places}
            reasons.append(repeat.line())
    return [t for t in turns if t.id not in out], tuple(reasons)


def by_day(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    """Turns by date as written; those without a time are one day."""
    days: dict[str, list[Turn]] = {}
    for turn in turns:
        days.setdefault((turn.time or "")[:10], []).append(turn)
    return days


def repeats(day: Sequence[Turn]) -> Iterator[Repeat]:
    """What the turns of one day say too often."""
    called = list(answered_alike(day))
    yield from called
    known = {place for repeat in called for place in repeat.places}
    for text, places in statements(day):
        if is_too_often(len(places), len(day)) and not places <= known:
            yield Repeat(text, frozenset(places), len(day))


def answered_alike(day: Sequence[Turn]) -> Iterator[Repeat]:
    """A phrase of the user's that calls up one answer: the mark of a trigger."""
    answers: dict[str, list[int]] = {}
    for place, turn in enumerate(day):
        answers.setdefault(normalize(turn.assistant), []).append(place)
    for answer, places in answers.items():
        if len(answer.split()) >= SHORTEST and is_too_often(len(places), len(day)):
            phrase = common_phrase([day[place] for place in places])
            told = sum(tells_more(day[place], phrase) for place in places)
            if phrase and told < LIST * len(places):
                yield Repeat(phrase, frozenset(places), len(day), day[places[0]].assistant.strip())


def tells_more(turn: Turn, phrase: str) -> bool:
    """Whether the turn states something besides the phrase."""
    return any(len(words(sentence.text) - words(phrase)) >= 2 for sentence in said(turn.user)[0])


def is_too_often(count: int, turns: int) -> bool:
    return count >= ALWAYS or (count >= LEAST and count / turns >= SHARE)


@dataclass
class _Groups:
    """Statements of a day, each with the places that say it; found by their words, for a day may have thousands."""

    bags: list[frozenset[str]]
    texts: list[str]
    places: list[set[int]]
    by_word: dict[str, list[int]]  # groups that hold the word
    by_first: dict[str, list[int]]  # groups whose first word, by the alphabet, it is

    def add(self, bag: frozenset[str], text: str, place: int) -> None:
        at = next((n for n in self.near(bag) if alike(self.bags[n], bag)), None)
        if at is None:
            at = len(self.bags)
            self.bags.append(bag)
            self.texts.append(text)
            self.places.append(set())
            self.by_first.setdefault(min(bag), []).append(at)
            for word in bag:
                self.by_word.setdefault(word, []).append(at)
        self.places[at].add(place)

    def near(self, bag: frozenset[str]) -> Iterator[int]:
        """Groups that may be part of the bag, and those that the bag may be part of."""
        for word in sorted(bag):  # in an order: the same turns make the same groups
            yield from self.by_first.get(word, ())
        yield from min((self.by_word.get(word, []) for word in sorted(bag)), key=len)


def statements(day: Sequence[Turn]) -> list[tuple[str, set[int]]]:
    """Groups of turns that state the same in about the same words: the first wording, and the turns' places."""
    groups = _Groups([], [], [], {}, {})
    for place, turn in enumerate(day):
        for sentence in said(turn.user)[0]:
            bag = words(sentence.text)
            if len(bag) > 1:
                groups.add(bag, sentence.text, place)
    return list(zip(groups.texts, groups.places, strict=True))


def words(text: str) -> frozenset[str]:
    """The words that carry the meaning, in no order, without the s of a plural or a genitive."""
    return frozenset(w.removesuffix("s") for w in normalize(text).split() if w not in _LITTLE)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """The one is the other with some words around it. Two that differ in a word each state two things."""
    return (one <= other or other <= one) and min(len(one), len(other)) >= PADDED * max(len(one), len(other))


def common_phrase(turns: Sequence[Turn]) -> str:
    """The longest run of words (two or more) that nearly all of the users' messages hold; "" when there is none."""
    texts = [normalize(t.user).split() for t in turns]
    best = ""
    for length in range(2, 9):
        counts = Counter(run for text in texts for run in {" ".join(r) for r in runs(text, length)})
        often = [run for run, n in counts.items() if n >= CALLED * len(texts)]
        if not often:
            break
        best = max(often, key=lambda run: (counts[run], run))
    return best


def runs(words: Sequence[str], length: int) -> Iterator[Sequence[str]]:
    return (words[i : i + length] for i in range(len(words) - length + 1))
