# ruff: noqa: E501 (a pattern reads best on one line)
"""Names given in passing: "my nephew Ignace", "Ignace, my nephew", "our landlady, Henrike Vasel, brought …".

What the rest of the sentence says may be of the moment; who the person is stays true.
"""

import re
from dataclasses import replace

from circadian.night.builders import Draft, identity, identity_name
from circadian.night.grammar import DETERMINERS, PREPOSITIONS, lemma_of
from circadian.night.units import NAME
from circadian.night.verbs import is_noun_phrase
from circadian.night.words import DAYS, KIN, MONTHS, PEOPLE, PEOPLES, ROLES, bag

_ADJECTIVE = r"(?:(?!(?:to|a|an|the|of|with|for|in|at|on|by|from|and|my|our) )[a-z-]+ )"
_MINE = rf"(?:[Mm]y|[Oo]ur) {_ADJECTIVE}{{0,3}}?"
_NP = r"(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?"
_NOT_FIRST = rf"(?!(?:{'|'.join([*DAYS, *MONTHS, *PEOPLES, 'i', 'im', 'christmas'])})\b)"
_PERSON = rf"(?i:{_NOT_FIRST}){NAME}"
_PASSING_NAME = re.compile(rf"\b(?P<np>{_MINE}(?:{KIN})),? (?:called |named )?(?P<v>{_PERSON})\b")
_THE_ONE = re.compile(rf"\b(?P<np>the (?:{KIN})), (?P<v>{_PERSON})$")
_BETWEEN = re.compile(
    rf"^(?P<np>{_NP}),? (?:(?:a|an|one|called|named) )?(?P<v>{_PERSON}(?: and {_PERSON})?),(?= [a-z])"
)
_MAKE = re.compile(
    rf"^(?P<np>(?:[Mm]y|[Oo]ur) [\w' -]+?), (?P<det>an?) (?P<v>{NAME})(?: (?:from|of|in) [\w ]+)?,(?= [a-z])"
)
_AFTER = re.compile(rf"\b(?P<v>{_PERSON}),? (?P<np>{_MINE}(?:{KIN}))(?=$|[,.!]| (?:and|who|in|from)\b)")
_WHO_IS = re.compile(
    rf"\b(?P<v>{_PERSON}),? who (?:is|was|has been) (?P<np>(?:my|our) (?:[a-z-]+ ){{0,3}}?[a-z-]+)"
    r"(?=$|[,.!]| (?:ever |since|for|from|at|in|and|these)\b)"
)
_OPENERS = bag(
    "i we you he she it they there and but so or if when then now well oh yes no not just also who what where why how "
    "today yesterday tomorrow tonight once maybe perhaps nobody nothing everybody everyone somebody whoever both all"
)
_THEIR = re.compile(
    rf"\b(?:an?|this|the|some) (?P<n>(?:[a-z-]+ ){{0,2}}?(?:{'|'.join(ROLES)})) (?:called|named) (?P<v>{_PERSON}|[a-z]{{3,}})\b"
)
_OWNED = re.compile(
    rf"^(?P<s>I|we)(?: [a-z]+ly)? (?:own|run|manage|started|founded|opened|lead) an? "
    rf"(?P<n>(?:[a-z-]+ ){{0,2}}?[a-z-]+) (?:called|named) (?P<v>{NAME})"
)
_SPOUSE = re.compile(rf"^(?P<v>{NAME}) and I (?:have been married|got married|are married|were married|married)\b")
# What is kept for years and known by its maker's name.
_MADE_THINGS = (
    "car|van|bike|bicycle|motorbike|scooter|boat|caravan|tractor|piano|guitar|violin|laptop|phone|camera|watch|oven"
)
_GONE = re.compile(r"\b(?:sold|sell|crashed|wrecked|returned|lost|dumped|broke|stolen|stole|rented|hired|borrowed)\b")
_ITS_MAKE = re.compile(
    rf"\b(?P<np>(?:[Mm]y|[Oo]ur) (?:(?!old|last|dream|rental|next)[a-z-]+ )?(?:{_MADE_THINGS})), an? (?P<v>(?:\d{{4}} |[a-z]+ )?{NAME}(?: [a-z]+)?)(?=$|[,.])"
)
_PAIR = re.compile(
    rf"^(?:I|[Ww]e) (?:have|got|adopted|own) (?P<n>two (?:[a-z-]+ )?(?:{KIN})s)(?: from [\w ]+?)?,? "
    rf"(?:called |named )?(?P<v>{_PERSON} and {_PERSON})$"
)
_OBJECT = re.compile(rf"\b(?<!for )(?:an?|our|my) (?P<n>(?:[a-z-]+ )?[a-z-]+), the (?P<v>{_PERSON})$")
# "So Kezia says, she is my girlfriend": the one name before it.
_SHE_IS = re.compile(rf"(?P<first>.+?)(?:,| -| –|;) (?:that|this|she|he) is (?P<np>{_MINE}(?:{KIN}))(?=$|[,.!])")
_TO_YOU = re.compile(r",? (?:you|your|what|how|why|please|can|could|do|did|are|is it)\b", re.IGNORECASE)
_HER_NAME = re.compile(rf"\b(?P<np>{_MINE}(?:{KIN})),? (?:(?:and )?(?:her|his)|whose) name is (?P<v>{_PERSON})\b")


def mentions(text: str) -> tuple[list[Draft], str]:
    """The names that `text` gives in passing, and the sentence without an apposition between its commas."""
    spouse = _SPOUSE.match(text)
    if spouse:
        return [identity("my spouse", spouse["v"])], ""
    between = _BETWEEN.match(text)
    if between and _is_thing(between["np"]) and between["v"].lower() not in PEOPLES:
        return [
            replace(identity(_low(between["np"]), between["v"]), value=between["v"])
        ], f"{between['np']} {text[between.end() :].strip()}"
    make = _MAKE.match(text)
    if make and _is_thing(make["np"]):
        said = f"{_low(make['np'])} is {make['det']} {make['v']}"
        return [replace(identity(_low(make["np"]), make["v"]), said=said)], f"{make['np']} {text[make.end() :].strip()}"
    spoken = _SHE_IS.match(text)
    name = _only_name(spoken["first"]) if spoken else ""
    if spoken and name:
        return [identity(_low(spoken["np"]), name)], spoken["first"]
    for pattern in (_WHO_IS, _AFTER):
        found = pattern.search(text)
        if found and not _TO_YOU.match(text[found.end() :]):  # "Brutus, my friend, you have …"
            rest = text[found.end() :]
            goes_on = rest.startswith(", ") and text.startswith(found["v"])
            return [identity(_low(found["np"]), found["v"])], f"{found['v']} {rest[2:]}" if goes_on else text[
                : found.end("v")
            ]
    out = [identity_name(_low(m["np"]), m["v"]) for m in _PASSING_NAME.finditer(text)]
    out += [identity_name(_low(m["np"]), m["v"]) for m in _HER_NAME.finditer(text)]
    kept = _THE_ONE.search(text)
    if kept:
        out.append(identity_name(kept["np"], kept["v"]))
        text = text[: kept.end("np")]
    pair = _PAIR.match(text)
    if pair:
        thing = f"our {pair['n']}" if text[:2].lower() == "we" else f"my {pair['n']}"
        return [replace(identity(thing, pair["v"]), value=pair["v"])], ""
    model = _ITS_MAKE.search(text)
    if model and not _GONE.search(text):
        return [identity(_low(model["np"]), model["v"])], text[: model.end("np")]
    bought = _OBJECT.search(text)
    if bought:
        thing = f"the {bought['n']}"
        return [identity(thing, bought["v"])], text[: bought.end("n")]
    owned = _OWNED.match(text)
    if owned:
        out.append(identity_name(f"{'our' if owned['s'] == 'we' else 'my'} {owned['n']}", owned["v"]))
    theirs = _THEIR.search(text)
    if theirs and re.match(r"(?:I|we)\b", text, re.IGNORECASE):
        thing = f"my {theirs['n']}"
        out.append(identity(thing, theirs["v"]))
    return out, text


def _only_name(text: str) -> str:
    """The one name in `text`; a capital at its beginning is one where no word of the language has it."""
    names = [m[0] for m in re.finditer(_PERSON, text)]
    if names and text.startswith(names[0]):
        first, _, left = names[0].partition(" ")
        names[:1] = [names[0]] if _not_a_word(first) else [left] if left else []
    return names[0] if len(names) == 1 else ""


def _not_a_word(word: str) -> bool:
    low = word.lower()
    common = low in DETERMINERS or low in PREPOSITIONS or lemma_of(low) is not None or low in PEOPLE
    return not (common or re.search(r"(?:ly|ing)$", low) or low in _OPENERS)


def _is_thing(noun_phrase: str) -> bool:
    """A noun phrase and no sentence: "our landlady", "the man who tunes our organ"; not "my pension comes from the"."""
    last = noun_phrase.split(" ")[-1].lower()
    return is_noun_phrase(noun_phrase) and last not in DETERMINERS and last not in PREPOSITIONS


def _low(noun_phrase: str) -> str:
    return noun_phrase[:1].lower() + noun_phrase[1:]
