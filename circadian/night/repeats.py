"""A day that says one thing over and over: a person repeats a thing three to five times, a poisoned log hundreds.

One statement counts once, however often it is told. What is said so often that it makes up much of a day is no telling
but an attempt to teach: every telling of it stays in the journal and out of the night, for nobody knows which would be
the honest one. What is said less often stays, and so does what the assistant answered over and over: only the user's
words become facts. Pure: turns in, turns out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from circadian.night.sieve import said
from circadian.records import Turn, normalize

LEAST = 12  # turns of one day: more than twice what a chatty person repeats
SHARE = 0.2  # of the day's turns; below it a long day may well come back to its subject
ALWAYS = 50  # turns: nobody says one thing so often in a day, however long
UNDATED = (
    1 / 3
)  # of the turns without a date, and ALWAYS as well: those may be of a year, in which a person repeats much
PADDED = 0.6  # at least so much of a longer sentence is the statement that it repeats
WHOLE = 3  # words of a statement to be found in longer ones: "I run" is the beginning of many

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LITTLE = frozenset(
    "a an the i you he she it we they my your his her its our their this that these those is are was were be been am "
    "do does did have has had of in on at to for from by with and or but so as not no s t".split()
)


@dataclass(frozen=True)
class Repeat:
    """Turns (their places in what was looked at) that say the same, of how many, and of one `day` or without a date.

    Places and not ids: lines that were written without an id and say the same have the same one.
    """

    text: str
    places: frozenset[int]
    turns: int
    day: str

    def line(self) -> str:
        where = "turns of one day" if self.day else "turns without a date"
        return f'{len(self.places)} of {self.turns} {where} say the same: "{self.text[:80]}"'


def set_aside(turns: Sequence[Turn]) -> tuple[list[Turn], tuple[str, ...]]:
    """The turns to study, and a reason for each statement that was left out of them."""
    found = [(places, repeat) for day, places in by_day(turns).items() for repeat in repeats(turns, day, places)]
    out = {places[n] for places, repeat in found for n in repeat.places}
    return [t for n, t in enumerate(turns) if n not in out], tuple(repeat.line() for _, repeat in found)


def by_day(turns: Sequence[Turn]) -> dict[str, list[int]]:
    """Places of the turns by date as written; "" holds those without one."""
    days: dict[str, list[int]] = {}
    for place, turn in enumerate(turns):
        date = _DATE.match(turn.time or "")
        days.setdefault(date[0] if date else "", []).append(place)
    return days


def repeats(turns: Sequence[Turn], day: str, places: Sequence[int]) -> Iterator[Repeat]:
    """What the turns at `places`, of one day or without a date, say too often."""
    for text, saying in statements([turns[place] for place in places]):
        if is_too_often(len(saying), len(places), is_dated=bool(day)):
            yield Repeat(text, frozenset(saying), len(places), day)


def is_too_often(count: int, turns: int, *, is_dated: bool) -> bool:
    if not is_dated:
        return count >= ALWAYS and count / turns >= UNDATED
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
    short, long = sorted((one, other), key=len)
    return one == other or (short <= long and len(short) >= WHOLE and len(short) >= PADDED * len(long))
