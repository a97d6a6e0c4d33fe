# ruff: noqa: E501 (a pattern reads best on one line)
"""Statements that hang on another one: what a relative clause, an apposition or a "since" tells on the way.

"My brother, who plays the bassoon in an amateur orchestra, will visit us" is news of the day around a fact. What comes
out of here is a plain sentence, and is read like any other; nothing is a fact because it stood in a clause.
"""

import re
from collections.abc import Iterator

from circadian.night.complements import split_value
from circadian.night.grammar import BE, PREPOSITIONS, head_noun, is_plural, lemma_of
from circadian.night.units import NAME, unfront
from circadian.night.verbs import is_noun_phrase, parse
from circadian.night.words import KIN, PEOPLE, bag

_OURS = rf"(?:[Mm]y|[Oo]ur) (?:(?!(?:to|of|with|for|in|at|on|and)\b)[a-z-]+ ){{0,3}}?(?:{KIN})(?:,? {NAME})?"
_THING = r"(?:[Mm]y|[Oo]ur) (?:[a-z-]+ ){0,2}?[a-z-]+"
_END = r"(?=$|[,.!?;])"
_WHO = re.compile(rf"\b(?P<who>{_OURS}), who (?P<told>[^,;?]+){_END}")
_WHOSE = re.compile(rf"\b(?P<who>{_OURS}),? whose (?P<told>[^,;?]+){_END}")
_WHICH = re.compile(rf"\b(?P<who>{_THING}), which (?P<told>(?:is|are|was|were|has|have|runs?|dates?) [^,;?]+){_END}")
_HAVING = re.compile(
    rf"\b(?P<det>I|[Ww]e) have (?:an?|this|one) (?P<who>(?:[a-z-]+ )?(?:{KIN}))(?: (?:called|named) {NAME})? who (?P<told>[^,;?]+){_END}"
)
_TRADE = re.compile(rf"\b(?P<who>{_OURS}), (?P<told>an? [a-z -]+)(?:,(?= [a-z])|$)")
_WHERE = re.compile(
    r"(?:^|[ ,])(?P<prep>in|at|on|near|to|from|by|through|past|of) (?P<place>(?:the |an? |our )?[^,;?]+?),? where "
    rf"(?P<told>(?:I|we|(?:my|our) (?:[a-z-]+ )?(?:{KIN})(?: {NAME})?) [^,;?]+){_END}"
)
_SINCE = re.compile(
    r" (?:(?:ever )?since|now that|given that|seeing (?:as|that)|so [a-z]+ (?:now )?that),? (?P<told>(?:I|we|my|our) [^,;?]+)(?=$|[,.!])"
)
_BEFORE = re.compile(r"(?:(?:ever )?since|now that|given that|seeing (?:as|that)) (?P<told>(?:I|we|my|our) .+)", re.I)
_FAVOURITE = re.compile(
    rf"(?P<left>.+?), (?P<np>(?:my|our) (?:[a-z-]+ )?favou?rite [a-z -]+?)(?: of all(?: time)?| ever| by (?:far|miles))?{_END}"
)
_AS_ONE = re.compile(r"(?:[Aa]s|[Bb]eing) (?P<told>an? [a-z -]+?),? (?=(?P<who>I|my [a-z]+)\b)")
# Who does something for his living, or is so for good; "as a boy", "as a rule" tell nothing of now.
_LASTS = re.compile(
    r"[a-z]{3,}(?:er|or|ist|ian|eer|smith|wright|man|woman|nurse|chef|monk|vet|student)$|(?:vegan|vegetarian|teetotaller|"
    r"diabetic|coeliac|twin|midwife|insomniac|mother|father|grandmother|widow|widower|monk|nun|judge|cook|pilot|lefty)$"
)
_USER_STORY = re.compile(r"\bI (?:want|need|would|should|can|could|expect|must|find)\b|\bso that\b")
_LASTS_NOT = bag(
    "youngster teenager toddler beginner newcomer foreigner reminder starter former number matter winner loser layer "
    "passenger visitor customer user reader member outsider stranger stickler believer sufferer favor breather filler "
    "kicker sweetener chaser disclaimer pointer"
)
_NO_PLACES = bag("point place stage moment case world one spot way state situation position level day part")
_GIVEN_IN = {"to": "in", "from": "in", "by": "near", "through": "in", "past": "near", "of": "in"}


def asides(text: str) -> tuple[list[str], str]:
    """The statements that `text` tells on the way, and what it says without them."""
    found: list[str] = []
    left = text
    for told, begin, end in _spans(text):
        clause = parse(told)
        if clause is None or not (clause.rest or clause.aux) or (clause.is_be and clause.verb in ("was", "were")):
            continue  # "since I was a child": when, no more
        found.append(told)
        left = left.replace(text[begin:end], "", 1)
    left = " ".join(left.replace(" ,", ",").split())
    return found, re.sub(
        r"(?<=[a-z]), (?=(?:is|are|was|were|has|have|had|will|[a-z]+s|[a-z]+ed) )", " ", left, count=1
    ) if found else text


def of_people(text: str) -> list[str]:
    """Those of the user's own people alone: a question or a request may tell who somebody is."""
    return [told for pattern in (_WHO, _WHOSE) for m in pattern.finditer(text) for told in _of_whom(m)]


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Each statement with the stretch of `text` that is left out for it."""
    for pattern in (_WHO, _WHOSE, _WHICH):
        for match in pattern.finditer(text):
            yield from ((told, match.end("who"), match.end()) for told in _of_whom(match))
    had = _HAVING.search(text)
    if had:
        begin = text.index(" who ", had.end("who"))
        yield f"{'our' if had['det'].lower() == 'we' else 'my'} {had['who']} {had['told']}", begin, had.end()
    for match in _TRADE.finditer(text):
        lasts = _LASTS.search(match["told"]) is not None
        if match["who"].split(" ")[-1] not in ("ex", "late") and lasts and is_noun_phrase(match["told"]):
            yield f"{match['who']} is {match['told']}", match.end("who"), match.end("told")
    for match in _WHERE.finditer(text):
        yield from _at_place(match)
    for match in _SINCE.finditer(text):
        if parse(unfront(text[: match.start()])[0]) is not None:
            yield match["told"], match.start(), match.end()
    main, front = unfront(text)
    before = _BEFORE.fullmatch(front)
    if before and main:
        yield before["told"], 0, len(front) + 1
    yield from _favourites(text)
    one = _AS_ONE.match(text)
    whoever = one is None or not (one["who"] == "I" or head_noun(one["who"]) in PEOPLE) or _USER_STORY.search(text)
    if one and not whoever and _LASTS.search(one["told"]) and one["told"].split(" ")[-1] not in _LASTS_NOT:
        yield f"{one['who']} {'am' if one['who'] == 'I' else 'is'} {one['told']}", 0, one.end()


def _of_whom(match: re.Match[str]) -> Iterator[str]:
    """ "My sister, whose wife is a vet, …" → "my sister's wife is a vet"; "which" of a thing that agrees with it."""
    who = match["who"].replace(",", "")
    first = match["told"].split(" ")[0]
    if match.re is _WHOSE:
        yield f"{who}'s {match['told']}"
    elif match.re is _WHICH:
        many = first in ("are", "were", "have", "run", "date")
        if head_noun(who) not in PEOPLE and many == is_plural(who):
            yield f"{who} {match['told']}"
    elif first in (*BE, "has", "have", "had") or lemma_of(first) is not None:
        yield f"{who} {match['told']}"


def _at_place(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """ "At the harbour, where my uncle runs a bait shop" → "my uncle runs a bait shop at the harbour"."""
    place = re.split(rf" (?:{'|'.join(sorted(PREPOSITIONS - {'of'}))}) ", match["place"])[-1]
    named = re.match(r"[A-ZÀ-ÖØ-Þ]", place) is not None
    if head_noun(place) in _NO_PLACES or not (named or re.match(r"(?:the|an?|our) [a-z]", place)):
        return
    preposition = _GIVEN_IN.get(match["prep"], match["prep"])
    preposition = "at" if preposition == "in" and not named and match["prep"] != "in" else preposition
    if re.search(r" (?:as|at|in) ", f" {match['told']} "):
        yield match["told"], match.end("place"), match.end()
    else:
        yield f"{match['told']} {preposition} {place}", match.end("place"), match.end()


def _favourites(text: str) -> Iterator[tuple[str, int, int]]:
    """ "I had pho, my favourite soup" → "my favourite soup is pho"."""
    match = _FAVOURITE.match(text)
    if match is None:
        return
    clause = parse(match["left"])
    slot = split_value(clause.rest, clause.lemma) if clause else None
    value = slot.value if slot else match["left"] if clause is None and len(match["left"].split()) < 4 else ""
    value = re.sub(r"^(?:an? )?(?:bowl|plate|cup|glass|slice|mug|pint|bit) of ", "", value)
    if value and len(value.split()) < 5:
        yield f"{match['np']} is {value}", match.end("left"), match.end()
