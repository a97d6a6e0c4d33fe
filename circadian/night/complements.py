"""What stands behind a verb, taken apart: its phrases, and which of them is worth remembering.

"Our choir rehearses in Brannock Hall on Fridays" has two, and the hall is the value (`split_value`). What is asked for
it, says clauses.py.
"""

import re
from dataclasses import dataclass

from circadian.night.grammar import (
    PREPOSITIONS,
    is_particular,
    lemma_of,
    short_value,
    strip_determiner,
    value_type,
)
from circadian.night.verbs import ADVERBS, parse
from circadian.night.words import DAYS, MONTHS, NOUNISH, NUMBER_WORDS, PEOPLE, bag

_COMPOUND_PREPOSITIONS = (
    "next to", "in front of", "close to", "out of", "on top of", "across from", "opposite to", "because of",
    "instead of", "ever since", "from all over", "all over", "north of", "south of", "east of", "west of", "outside of",
)  # fmt: skip
_OF_ADJECTIVES = bag("afraid scared terrified fond proud full capable made out consist consists part")
PLACING = bag("keep hide park store leave put stash bury hang")
PLACE_PREPOSITIONS = (
    "in", "at", "on", "near", "next to", "behind", "beside", "under", "opposite", "outside", "inside", "above",
    "across from", "aboard", "alongside", "underneath", "beyond",
)  # fmt: skip
_TO_DO = re.compile(r"([a-z]+) ((?!of )(?:the |an? )?[a-z].+)")  # not "to head of sales"
_DONE_WITH = bag("clean polish wash feed replace fill cover rub scrub treat water heat season scrape dye wax oil")
_LET = bag("rent let lease hire")
SWAPPING = bag("swap trade exchange barter")
_FOLK = bag("man woman lady guy chap bloke girl boy fella lad twin owner tenant monk widow widower")
_TRADE = re.compile(
    r"(?:maker|keeper|(?<!screw)driver|teacher|farmer|dealer|builder|smith|wright|[a-z]{3}(?:ist|ician))s?$"
)
_TIME_OF_IT = re.compile(  # of what happens again and again; "on Tuesday" is once
    rf"(?:the )?(?:spring|summer|autumn|fall|winter)s?|(?:every|each) (?!\d)[a-z]+|(?:{'|'.join(DAYS)})s|"
    rf"(?:{'|'.join(DAYS)})s? (?:morning|afternoon|evening|night|lunchtime)s"
)
_ONE_DAY = re.compile(
    rf"(?:on |in |from |this |next )*(?:(?:{'|'.join([*DAYS, *MONTHS])})|(?:next|this) [a-z]+)", re.IGNORECASE
)
_BEGINNING = bag("start begin move transfer join enrol return go switch change")
# To somebody: "I owe Pieter forty euros", "my aunt knitted me a scarf".
GIVING = bag("give lend owe pay teach show send sell feed leave bequeath buy tell lease rent knit sew bake")
_RIDDEN = bag("take catch ride")  # "I take the 86X bus to the allotment"
_OF_OBJECTS = bag("collect breed inherit own bequeath rehearse embroider brew")
_OF_A_DAY = bag("be have get work go come")  # "I have yoga on Fridays": when, is the news
_EVERY = re.compile(
    r"^(.*?)(?<! of)[ ,]+((?:every|each|next|on) \w+(?: \w+)?|(?:twice|once|three times) a \w+)$", re.IGNORECASE
)
_WORDED = f"(?:{'|'.join(NUMBER_WORDS)}|hundred|thousand)"
_MANY = rf"(?:\d[\d.,]*|{_WORDED}(?:[ -]{_WORDED})*)"
_SUM = rf"(?:[€$£]|{_MANY} (?:euros?|dollars?|pounds?|francs?|quid|bucks)\b)"
# Whom something was given, taught or owed: a pronoun, or a name or relative before an article or a sum.
_TO_SOMEBODY = re.compile(
    rf"(?P<who>(?:me|us|him|them)|(?:[A-Z][a-z]+|(?:my|our|his|her) [a-z-]+(?: [A-Z][a-z]+)?)(?= (?:an? |{_SUM}))|"
    r"(?:[A-Z][a-z]+|(?:my|our) [a-z-]+ [A-Z][a-z]+)(?= (?:his|her|my|our|their) )|"
    rf"the [a-z-]+(?: [a-z-]+)?(?= {_SUM})) "
)
# What follows a value in its list, up to the next phrase.
_ITEM = rf"(?!(?:{'|'.join(PREPOSITIONS - {'of'} | ADVERBS)})\b)[\w'-]+"
_AND_MORE = re.compile(
    rf"(?:, (?!and ){_ITEM}(?: {_ITEM})*? )*(?:, )?and (?!\d|an? (?!little|bit)){_ITEM}(?: {_ITEM})*"
)
_OURS = re.compile(r"\b(?:my|me|our|us|I|we)\b")
_LONGEST_LIST = 8  # words
TO_PERSONS = bag("belong propose lend give owe sell pass hand donate promise speak talk bequeath")


@dataclass(frozen=True)
class Slot:
    """Where in a clause the value stands: the words before it, its preposition, itself, the words after it."""

    before: str
    preposition: str
    phrase: str
    value: str
    after: str


def chunks(rest: str) -> list[tuple[str, str]]:
    """The complement as (preposition, noun phrase) pairs; the first preposition is "" for a direct object."""
    words = rest.split()
    out: list[tuple[str, str]] = []
    current: list[str] = []
    preposition = ""
    i = 0
    while i < len(words):
        two = " ".join(w.lower() for w in words[i : i + 2])
        three = " ".join(w.lower() for w in words[i : i + 3])
        found = three if three in _COMPOUND_PREPOSITIONS else two if two in _COMPOUND_PREPOSITIONS else words[i].lower()
        if (
            found == "to"
            and preposition == "from"
            and re.fullmatch(r"(?:the )?\d[\w.:]*|[A-Z][a-z]+day|[A-Z][a-z]{2,8}", " ".join(current))
        ):
            current.append(words[i])  # "from 7 to 28 July" is one stretch of time
            i += 1
            continue
        if found in _COMPOUND_PREPOSITIONS or (
            found in PREPOSITIONS and not (found in ("in",) and i == len(words) - 1)
        ):
            if current or preposition:
                out.append((preposition, " ".join(current)))
            preposition, current = found, []
            i += len(found.split())
            continue
        current.append(words[i])
        i += 1
    if current or preposition:
        out.append((preposition, " ".join(current)))
    # "of" belongs to the phrase before it: "a focal length of 1200 mm", "the leader of our group".
    merged: list[tuple[str, str]] = []
    for preposition, phrase in out:
        if preposition == "of" and merged and merged[-1][1] and merged[-1][1].lower() not in _OF_ADJECTIVES:
            merged[-1] = (merged[-1][0], f"{merged[-1][1]} of {phrase}")
        else:
            merged.append((preposition, phrase))
    return merged


def chunks_of(rest: str) -> list[tuple[str, str]]:
    """`chunks`, with days and persons that stand in another phrase apart."""
    parts = [p for preposition, phrase in chunks(rest) for p in _date_apart(preposition, phrase)]
    return [("like", n[5:]) if not p and re.match(r"like (?:an?|the|my|our) ", n) else (p, n) for p, n in parts]


def split_value(rest: str, lemma: str = "") -> Slot | None:
    """The part of the complement worth asking for: the last phrase that names something, else the object."""
    parts = chunks_of(rest)
    filled = [
        i for i, (_, phrase) in enumerate(parts) if phrase and phrase.lower() not in ("one", "the one", "the ones")
    ]
    if not filled:
        return None
    named = [i for i in filled if is_particular(parts[i][1])]
    clock = [i for i in named if value_type(parts[i][1]) == "time" and re.search(r"\d", parts[i][1])]
    strong = clock or [i for i in named if value_type(parts[i][1]) != "number" or parts[i][0] not in ("for", "since")]
    owed = [i for i in filled if lemma in GIVING and not parts[i][0] and i + 1 < len(parts) and not parts[i + 1][0]]
    strong = [i for i in strong if i not in owed]  # "I owe Barnaby a crate of quinces": what, is the news
    filled = [i for i in filled if i not in owed] or filled
    money = [i for i in named if value_type(parts[i][1]) == "money"]
    season = [i for i in strong if _TIME_OF_IT.fullmatch(parts[i][1].lower())]
    other = [i for i in filled if i not in season and (parts[i][0] in PLACE_PREPOSITIONS or _is_new(parts[i]))]
    strong = [i for i in strong if i not in season] or ([] if other and lemma not in _OF_A_DAY else strong)
    objects = [i for i in filled if not parts[i][0]]
    # A thing already known ("my watch") is not the news when something follows it ("by the milk tanker").
    given = bool(objects) and re.match(
        r"(?:(?:all (?:of )?)?(?:my|our)|the|his|her|their|its|every|each|"
        r"shut|open|closed|tight|clean|dry|warm|up|together|upright) ",
        parts[objects[0]][1].lower() + " ",
    )
    every = bool(objects) and parts[objects[0]][1].lower().startswith("all ")  # "I do all my slides in typst"
    new = [
        i
        for i in filled
        if (
            parts[i][0] not in ("", "off", "at") or (parts[i][0] == "at" and re.match(r"an? [a-z]+ [a-z]", parts[i][1]))
        )
        and (given or not objects)
        and (every or " " in parts[i][1] or _with_what(parts[i], lemma))
    ]
    objects = (new if lemma != "be" else []) or objects
    placed = [i for i in filled if parts[i][0]] if lemma in PLACING or (lemma == "be" and len(filled) > 1) else []
    if lemma == "be" and filled[0] == 0 and re.match(r"an? ", parts[0][1]) and not named:
        placed = []  # "a signalman on the railway": what somebody is
    if lemma == "be" and strong and strong[0] == 0 and parts[0][0] == "" and re.search(r"[A-Z]", parts[0][1]):
        strong = strong[:1]  # "a Toyota with 180,000 km"
    if lemma in PLACING and given and placed and not parts[placed[-1]][0].startswith(("for", "with", "since")):
        strong = [i for i in strong if i in placed]  # "I hide the Christmas presents inside the piano bench"
    whom = [i for i in strong if not parts[i][0] and value_type(parts[i][1]) == "name"] if lemma == "join" else []
    done = given or (bool(objects) and re.fullmatch(r"[a-z]+ing", parts[objects[0]][1]))  # "needs descaling every …"
    often = [i for i in filled if done and re.match(rf"every (?:\d|{'|'.join(NUMBER_WORDS)}) ", parts[i][1])]
    purpose = [i for i in filled if lemma == "use" and parts[i][0] == "for" and given]
    strong = _not_the_day(parts, strong, lemma)
    sought = _sought(parts, lemma)
    at = (whom or money or sought or strong[-1:] or purpose or often or placed[:1] or objects[:1] or filled)[0]
    preposition, phrase = parts[at]
    join = [f"{p} {n}".strip() for p, n in parts]
    before, deed = " ".join(join[:at]), _TO_DO.match(phrase) if preposition == "to" else None
    bare = deed is not None and not re.match(r"(?:the|an?) ", deed[2])
    known = (lemma_of(deed[1]) or ("", ""))[1] == "base" if deed and (at or not bare) else False
    if deed and known and not (bare and deed[1] in NOUNISH):  # "learning to play the hurdy-gurdy"
        before, preposition, phrase = f"{before} to {deed[1]}".strip(), "", deed[2]
    return Slot(before, preposition, phrase, value_of(phrase), " ".join(join[at + 1 :]))


def _not_the_day(parts: list[tuple[str, str]], strong: list[int], lemma: str) -> list[int]:
    """ "Starts at Wrenfield Primary on Monday": the school is the news."""
    once = [i for i in strong if _ONE_DAY.fullmatch(f"{parts[i][0]} {parts[i][1]}".strip())]
    where = [i for i in strong if i not in once and parts[i][0] in (*PLACE_PREPOSITIONS, "to")]
    return [i for i in strong if i not in once] if lemma in _BEGINNING and where else strong


def _with_what(part: tuple[str, str], lemma: str) -> bool:
    """ "I clean the windows with newspaper", "they smoke their trout over alderwood": one bare word, and the news."""
    means = part[0] in ("over", "from", "through", "out of") or (part[0] == "with" and lemma in _DONE_WITH)
    return means and part[1].islower() and len(part[1]) > 3 and part[1] not in ("scratch", "memory", "home", "work")


def _is_new(part: tuple[str, str]) -> bool:
    """An object that was not spoken of: "alto", "a midnight hike"; not "the crossword", not a particle."""
    known = re.match(r"(?:my|our|the|his|her|their|its) |(?:[a-z]+ing|late|early)$", part[1])
    form = lemma_of(part[1])
    done = form is not None and form[1] in ("past", "participle")
    return not part[0] and len(part[1]) > 3 and known is None and not done


def _sought(parts: list[tuple[str, str]], lemma: str) -> list[int]:
    """What the verb itself is about, whatever else is named: what was got for it, who did it, what is bred."""
    if lemma in SWAPPING:
        return [i for i, (p, _) in enumerate(parts) if p == "for"][:1]
    if lemma in GIVING and len(parts) > 2 and not parts[0][0] and re.match(r"an? ", parts[-1][1]) and not parts[-1][0]:
        return [len(parts) - 1]
    if lemma in _LET or lemma in TO_PERSONS:
        return [i for i, (p, _) in enumerate(parts) if p == "to" and i and not parts[0][0]][:1]
    doer = [
        i for i, (p, phrase) in enumerate(parts) if p == "by" and (phrase[:1].isupper() or is_somebody(phrase, True))
    ]
    if doer:
        return doer[:1]
    thing = (
        bool(parts)
        and not parts[0][0]
        and re.match(r"(?:an?|(?:(?!(?:my|our|the|his|her|their|its)\b)[a-z-]+)) ?", parts[0][1])
    )
    ridden = bool(parts) and not parts[0][0] and lemma in _RIDDEN and is_particular(parts[0][1])
    return [0] if ridden or (thing and lemma in _OF_OBJECTS) else []


def slot_with(rest: str, value: str) -> Slot | None:
    """The part of the complement that holds `value`, the last one; what follows the value in it stays behind."""
    parts = chunks_of(rest)
    held = [i for i, (_, phrase) in enumerate(parts) if f" {value} " in f" {phrase} "]
    if not held:
        return None
    at = held[-1]
    preposition, phrase = parts[at]
    end = f" {phrase} ".rfind(f" {value} ") + len(value)
    join = [f"{p} {n}".strip() for p, n in parts]
    before, phrase, left = " ".join(join[:at]), phrase[:end], phrase[end:].strip()
    first, _, named = phrase.partition(" ")
    if not preposition and first in ("up", "off") and named:
        return Slot(before, "", named, value, " ".join([left, *join[at + 1 :], first]).strip())  # "taken up falconry"
    if (
        preposition == "to"
        and named
        and not named.startswith("of ")
        and (first == "be" or (lemma_of(first) or ("", ""))[1] == "base")
    ):
        before, preposition, phrase = f"{before} to {first}".strip(), "", named  # "going to be …": a verb, no place
    return Slot(before, preposition, phrase, value, " ".join([left, *join[at + 1 :]]).strip())


def listed(said: str, value: str) -> str:
    """The value cut short, but with the whole list it stands in: of "French and German" neither alone is the answer.

    "" when it stands behind another statement ("vegan and allergic to soy"), or the list is no short phrase.
    """
    short, clause = short_value(value), parse(said.replace(",", " ,"))
    slot = slot_with(clause.rest, short) if clause and short else None
    if clause is None or slot is None:
        return short
    if clause.is_be and re.search(r" (?:and|but) ", slot.before):
        return ""
    more = _AND_MORE.match(slot.after)
    if not more and " and " not in slot.phrase:
        return short
    if more and more[0].startswith(", ") and more[0][2].isupper() != short[:1].isupper():
        return short  # "two sisters, Amber and Fleur"
    whole = joined([strip_determiner(slot.phrase), more[0] if more else ""]).replace(" ,", ",")
    return "" if len(whole.split()) > _LONGEST_LIST or _OURS.search(whole) else whole


def _date_apart(preposition: str, phrase: str) -> list[tuple[str, str]]:
    """ "emptied every Wednesday" → the participle, and the day on its own; "gave me a Rolex" → me, and the Rolex."""
    match = _EVERY.match(phrase)
    placed = re.match(r"([A-Z][\w'-]+) (an? .+)", phrase) if preposition else None
    if placed:
        return [(preposition, placed[1]), ("", placed[2])]  # "(the smith) in Tarnobel a sack of walnuts"
    given = _TO_SOMEBODY.match(phrase) if not preposition else None
    if given:
        return [("", given["who"]), *_date_apart("", phrase[given.end() :])]
    return [(preposition, match[1]), ("", match[2])] if match else [(preposition, phrase)]


def value_of(phrase: str) -> str:
    """The core of a noun phrase: no determiner; of "an old Saab" only the name."""
    bare = re.sub(
        r"^(?:mostly|mainly|only|just|always|exactly|precisely|nothing but)\s+",
        "",
        strip_determiner(phrase.strip(' ,.!"“”')),
    )
    bare = re.sub(
        rf"(?<=\w) (?:(?:last|next) \w+|(?:a|an|{'|'.join(NUMBER_WORDS)}|\d+)? ?\w+ ago)$|"
        r" (?:back|altogether|in total|(?<=s )up)$",
        "",
        bare,
    )
    bare = re.split(r"(?<=[a-z]), ", bare)[0] if value_type(bare) != "date" else bare
    named = re.search(r"\b(?:called|named) (?:the )?(\S.*)$", bare)
    if named:
        return named[1]
    match = re.search(
        r"(?:^|\s)((?:[A-ZÀ-ÖØ-Þ][\w'’.&-]*|\d[\w.-]*)(?:\s+(?:(?:de|da|of|del|du|des|di|van|von|der|the|la|le|el|"
        r"y|&)\s+)?[A-ZÀ-ÖØ-Þ0-9][\w'’.&-]*)*)$",
        bare,
    )
    if re.match(r"\d\S* to (?:the )?\d", bare):
        return bare  # "3rd to the 10th of October"
    if match and re.fullmatch(r"\d+", match[1]) and re.fullmatch(r"[a-z]+ \d+", bare):
        return bare  # "year 10", "room 312"
    if match and value_type(bare) == "name" and bare[: match.start(1)].strip().count(" ") < 3 and len(match[1]) > 1:
        return match[1]
    return bare


def is_somebody(phrase: str, does: bool = False) -> bool:
    """A relative in it, not as whose it is ("my neighbour's umbrella stand"), or "the twins"; what `does` something may
    be a trade ("a puppet maker"; a coffee maker has things behind it)."""
    own = re.split(r" (?:called|named|with|at|in|of|from) ", phrase.rpartition("'s ")[2])[0].split()
    if any({w, w.removesuffix("s")} & PEOPLE for w in phrase.rpartition("'s ")[2].split()):
        return True
    head = own[-1] if own else ""
    return bool({head, head.removesuffix("s")} & _FOLK) or (does and _TRADE.search(head) is not None)


def joined(parts: list[str]) -> str:
    return " ".join(" ".join(p for p in parts if p).split()).strip(" ,.")
