"""A statement asked back: the value in its phrase, and the questions that fit it; where its verb stands, says verbs.py.

This is the path for relations nobody wrote a pattern for: "Our choir rehearses in Brannock Hall" → "Where does our
choir rehearse?". `split_value` says which part is worth remembering, `ask` turns the rest into questions.
"""

import re
from dataclasses import dataclass

from circadian.night.grammar import (
    PREPOSITIONS,
    Clause,
    is_particular,
    is_plural,
    lemma_of,
    short_value,
    strip_determiner,
    value_type,
)
from circadian.night.verbs import ADVERBS, parse
from circadian.night.words import DAYS, IRREGULAR, KINDS, MONTHS, NUMBER_WORDS, PEOPLE, PLACE_NOUNS, bag

_COMPOUND_PREPOSITIONS = (
    "next to", "in front of", "close to", "out of", "on top of", "across from", "opposite to", "because of",
    "instead of", "ever since", "from all over", "all over", "north of", "south of", "east of", "west of", "outside of",
)  # fmt: skip
_OF_ADJECTIVES = bag("afraid scared terrified fond proud full capable made out consist consists")
_PLACING = bag("keep hide park store leave put stash bury hang")
_PLACE_PREPOSITIONS = (
    "in", "at", "on", "near", "next to", "behind", "beside", "under", "opposite", "outside", "inside", "above",
    "across from",
)  # fmt: skip
_TO_DO = re.compile(r"([a-z]+) ((?:the|an?) .+)")
_DONE_WITH = bag("clean polish wash feed replace fill cover rub scrub treat water heat season scrape dye wax oil")
_LET = bag("rent let lease hire")
SWAPPING = bag("swap trade exchange barter")
_FOLK = bag("man woman lady guy chap bloke girl boy fella lad twin owner tenant monk")
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
_TIMES = (
    "minute|hour|day|week|weekend|fortnight|month|year|morning|afternoon|evening|night|spring|summer|autumn|fall|"
    "winter|midsummer|midwinter|christmas|easter|season|term"
)
# To somebody: "I owe Pieter forty euros", "my aunt knitted me a scarf".
GIVING = bag("give lend owe pay teach show send sell feed leave bequeath buy tell lease rent knit sew bake")
_FROM_WHOM = bag("borrow inherit learn rent lease buy")
_EVERY_TIME = re.compile(rf"(?:every|each) (?:{_TIMES}|{'|'.join([*DAYS, *MONTHS])})\b", re.IGNORECASE)
_RIDDEN = bag("take catch ride")  # "I take the 86X bus to the allotment"
_OF_OBJECTS = bag("collect breed inherit own bequeath rehearse embroider brew")
_OF_A_DAY = bag("be have get work go come")  # "I have yoga on Fridays": when, is the news
_GOING = bag("move go travel fly come relocate drive sail migrate commute walk cycle run return emigrate")
_CLOCK_VERBS = bag("get go wake start open close meet begin end eat")
_SUBJECT_MATTER = re.compile(
    r"\b(?:course|degree|class|lessons?|master'?s?|exam|interest\w*|diploma|major|minor|phd|trained|code)\b",
    re.IGNORECASE,
)
_TITLES = "Dr|Mr|Mrs|Ms|Prof|Professor|Uncle|Aunt|Auntie|Grandma|Grandpa|Granny|Sir|Coach|Father|Sister"
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
_LIVING = PEOPLE | {"i", "we"}
_LONGEST_LIST = 8  # words
_TO_PERSONS = bag("belong propose lend give owe sell pass hand donate promise speak talk bequeath")
_PEOPLE_VERBS = bag(
    "ring phone call meet marry love admire know see date visit call adopt divorce hire interview teach supervise"
)


@dataclass(frozen=True)
class Ask:
    """A question in its two shapes: "where does our choir rehearse" and "where our choir rehearses"."""

    direct: str
    indirect: str


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
    other = [i for i in filled if i not in season and (parts[i][0] in _PLACE_PREPOSITIONS or _is_new(parts[i]))]
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
        if parts[i][0] not in ("", "off", "at")
        and (given or not objects)
        and (every or " " in parts[i][1] or _with_what(parts[i], lemma))
    ]
    objects = (new if lemma != "be" else []) or objects
    placed = [i for i in filled if parts[i][0]] if lemma in _PLACING or (lemma == "be" and len(filled) > 1) else []
    if lemma == "be" and filled[0] == 0 and re.match(r"an? ", parts[0][1]) and not named:
        placed = []  # "a signalman on the railway": what somebody is
    if lemma == "be" and strong and strong[0] == 0 and parts[0][0] == "" and re.search(r"[A-Z]", parts[0][1]):
        strong = strong[:1]  # "a Toyota with 180,000 km"
    if lemma in _PLACING and given and placed and not parts[placed[-1]][0].startswith(("for", "with", "since")):
        strong = [i for i in strong if i in placed]  # "I hide the Christmas presents inside the piano bench"
    whom = [i for i in strong if not parts[i][0] and value_type(parts[i][1]) == "name"] if lemma == "join" else []
    done = given or (bool(objects) and re.fullmatch(r"[a-z]+ing", parts[objects[0]][1]))  # "needs descaling every …"
    often = [i for i in filled if done and re.match(rf"every (?:\d|{'|'.join(NUMBER_WORDS)}) ", parts[i][1])]
    purpose = [i for i in filled if lemma == "use" and parts[i][0] == "for" and given]
    once = [i for i in strong if _ONE_DAY.fullmatch(f"{parts[i][0]} {parts[i][1]}".strip())]
    where = [i for i in strong if i not in once and parts[i][0] in (*_PLACE_PREPOSITIONS, "to")]
    if lemma in _BEGINNING and where:
        strong = [i for i in strong if i not in once]  # "starts at Wrenfield Primary on Monday"
    sought = _sought(parts, lemma)
    at = (whom or money or sought or strong[-1:] or purpose or often or placed[:1] or objects[:1] or filled)[0]
    preposition, phrase = parts[at]
    join = [f"{p} {n}".strip() for p, n in parts]
    before, deed = " ".join(join[:at]), _TO_DO.match(phrase) if preposition == "to" and not at else None
    if deed and (lemma_of(deed[1]) or ("", ""))[1] == "base":  # "learning to play the hurdy-gurdy"
        before, preposition, phrase = f"{before} to {deed[1]}".strip(), "", deed[2]
    return Slot(before, preposition, phrase, value_of(phrase), " ".join(join[at + 1 :]))


def _with_what(part: tuple[str, str], lemma: str) -> bool:
    """ "I clean the windows with newspaper": one bare word, and the news."""
    return part[0] == "with" and lemma in _DONE_WITH and part[1].islower() and len(part[1]) > 3


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
    if lemma in _LET or lemma in _TO_PERSONS:
        return [i for i, (p, _) in enumerate(parts) if p == "to" and i and not parts[0][0]][:1]
    doer = [
        i for i, (p, phrase) in enumerate(parts) if p == "by" and (phrase[:1].isupper() or _is_somebody(phrase, True))
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
    if preposition == "to" and named and (first == "be" or (lemma_of(first) or ("", ""))[1] == "base"):
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
    given = _TO_SOMEBODY.match(phrase) if not preposition else None
    if given:
        return [("", given["who"]), *_date_apart("", phrase[given.end() :])]
    return [(preposition, match[1]), ("", match[2])] if match else [(preposition, phrase)]


def value_of(phrase: str) -> str:
    """The core of a noun phrase: no determiner; of "an old Saab" only the name."""
    bare = re.sub(
        r"^(?:mostly|mainly|only|just|always|exactly|precisely)\s+", "", strip_determiner(phrase.strip(' ,.!"“”'))
    )
    bare = re.sub(
        rf"(?<=\w) (?:(?:last|next) \w+|(?:a|an|{'|'.join(NUMBER_WORDS)}|\d+)? ?\w+ ago)$|"
        r" (?:back|altogether|in total)$",
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


def wh_word(clause: Clause, slot: Slot) -> tuple[str, str]:
    """(question word, preposition left at the end) for the slot: ("where", ""), ("who", "under"), ("what", "to")."""
    kind, preposition = value_type(slot.phrase), slot.preposition
    if kind == "date" and clause.lemma == "have" and not preposition:
        return "which days", ""  # "has Sundays off"
    if re.match(rf"(?:every|each) (?:\d|second|third|fourth|other|{'|'.join(NUMBER_WORDS)})", slot.phrase):
        return "how often", ""
    if kind in ("date", "time") and preposition in ("in", "on", "at", "", "by", "around", "before", "after"):
        return "when", preposition if preposition in ("before", "after") else ""
    if preposition == "from" and re.match(r"(?:the )?\S+ to \S+", slot.phrase):
        return "when", ""
    if _EVERY_TIME.match(slot.phrase) and not preposition:
        return "how often" if kind == "common" else "when", ""
    if preposition in ("since", "ever since", "until", "till") or (kind in ("date", "time") and preposition == "from"):
        return f"{preposition.removeprefix('ever ')} when", ""
    if kind == "number" and preposition == "at" and clause.lemma in _CLOCK_VERBS:
        return "when", ""
    if kind == "money" and preposition == "for" and clause.lemma not in ("pay", "cost", "spend"):
        return "how much", "for"
    if kind == "money" or (clause.lemma == "weigh" and kind == "number" and not preposition):
        return "how much", preposition if preposition not in ("", "for") else ""
    counted = re.match(
        rf"(?i:\d+|{'|'.join(NUMBER_WORDS)}) ((?:[a-z]+ |[A-Z]{{2,}} )?[a-z]+s(?: of [a-z]+)?)(?:,|$)",
        slot.phrase if re.search(r"[A-Z]{2}", slot.phrase) else slot.phrase.lower(),
    )
    if counted:
        return f"how many {counted[1]}", preposition
    if _asks_who(clause, slot, kind):
        return "who", preposition
    if preposition in _PLACE_PREPOSITIONS and _asks_where(clause, slot, kind):
        return "where", ""
    if preposition in ("to", "from", "into", "through") and kind == "name" and clause.lemma in _GOING:
        return "where", "from" if preposition == "from" else "to"
    if preposition == "from" and kind == "name" and clause.is_be and clause.subject.split(" ")[-1].lower() in _LIVING:
        return "where", "from"
    return "what", preposition


def longer_words(question: str, preposition: str, phrase: str) -> list[tuple[str, str]]:
    """Longer question words for the same slot: (fronted words, what is left behind)."""
    bare = strip_determiner(phrase)
    if question == "where":
        near = preposition in ("in", "at", "on", "to", "from", "")
        front = (
            f"{preposition if preposition in ('to', 'from') else 'in'} what place" if near else f"{preposition} what"
        )
        return [(front, ""), ("at which location" if near else "what", "" if near else preposition)]
    if question == "when":
        if value_type(phrase) in ("time", "number") and " to " not in phrase:
            return [("at what time", ""), ("at what hour", "")]
        noun = (
            "day" if re.search(r"days?\b", phrase, re.I) else "date" if re.search(r"\d", phrase) else "time of the year"
        )
        lead = preposition if preposition in ("by", "before", "after") else "at" if noun.startswith("time") else "on"
        return [(f"{lead} what {noun}", ""), ("at what point in time", "")]
    if question.endswith(" when"):
        return [(question.replace("when", "what date" if re.search(r"\d", phrase) else "what time"), "")]
    if question == "who":
        whom = [(f"{preposition} whom", "")] if preposition else []
        return [*whom, ("which person", preposition)]
    if question.startswith("how often"):
        return [("how regularly", ""), ("at what interval", ""), ("after how much time", "")]
    if question.startswith("how many"):
        whole = [("what", preposition)] if " of " in question else []
        return [*whole, (f"what number of {question[9:]}", preposition)]
    if question == "how much":
        return [("what amount", preposition), ("what sum of money", preposition)]
    if value_type(phrase) == "number":
        return [("what number", preposition), ("what exactly", preposition)]
    noun = bare.split(" ")[-1]
    if " " in bare and noun.islower() and " and " not in bare and " of " not in bare:
        return [
            (f"{'which' if re.search(r'[A-Z0-9]', bare) else 'what kind of'} {noun}", preposition),
            (f"{preposition} what".strip() if preposition else "which thing", ""),
        ]
    return [(f"{preposition} what", "") if preposition else ("which thing", ""), ("what exactly", preposition)]


def _asks_who(clause: Clause, slot: Slot, kind: str) -> bool:
    """Whether the value is somebody: a title or a relative in it, or a name after by, with, for, married to …"""
    if clause.aux and clause.lemma in ("call", "name") and not slot.preposition:
        return False  # "is called Second Helping"
    if _is_somebody(slot.phrase, slot.preposition == "by") or _is_person(slot.value) or slot.value.endswith(" family"):
        return True
    receives = not slot.preposition and not slot.before and [p for p, _ in chunks_of(slot.after)][:1] == [""]
    if clause.lemma in GIVING and receives:
        return True  # "I owe Pieter forty euros"
    if kind != "name" or KINDS.get(slot.value.lower()) == "language" or slot.value.split(" ")[-1].islower():
        return False
    if slot.preposition == "from" and clause.lemma in _FROM_WHOM:
        return True
    if slot.preposition == "to":
        return slot.before.split(" ")[-1] in ("married", "engaged", "related") or clause.lemma in _TO_PERSONS
    if clause.lemma in ("begin", "start", "end", "finish", "fill", "cover", "make", "set", "write", "paint"):
        return slot.preposition == "by" and bool(clause.aux)
    return slot.preposition in ("by", "with", "for", "under") or (
        not slot.preposition and not slot.before and clause.lemma in _PEOPLE_VERBS
    )


def _asks_where(clause: Clause, slot: Slot, kind: str) -> bool:
    """Whether a phrase after in, at, on … is a place: not "a course in Swahili", not "specialized in Roman law"."""
    if slot.before.lower() in ("me", "us", "him", "her", "them"):
        return False  # "put me on nebivolol"
    if slot.preposition == "in" and re.search(r"\b(?:year|grade|standard|class|form|league|team)\b", slot.phrase):
        return False
    if re.search(r"\bcolou?r\b", slot.phrase):
        return False
    if slot.preposition == "in" and _SUBJECT_MATTER.search(slot.before):
        return False
    if kind == "name" and slot.preposition != "under" and clause.lemma not in ("specialize", "specialise", "believe"):
        return clause.lemma not in ("work", "write") or (clause.lemma == "work" and slot.preposition in ("in", "at"))
    head = strip_determiner(slot.phrase).split(" ")[-1].lower()
    return head in PLACE_NOUNS or clause.lemma in _PLACING or clause.lemma in ("be", "live", "sit", "stand", "lie")


def _is_somebody(phrase: str, does: bool = False) -> bool:
    """A relative in it, not as whose it is ("my neighbour's umbrella stand"), or "the twins"; what `does` something may
    be a trade ("a puppet maker"; a coffee maker has things behind it)."""
    own = re.split(r" (?:called|named|with|at|in|of|from) ", phrase.rpartition("'s ")[2])[0].split()
    if any({w, w.removesuffix("s")} & PEOPLE for w in phrase.rpartition("'s ")[2].split()):
        return True
    head = own[-1] if own else ""
    return bool({head, head.removesuffix("s")} & _FOLK) or (does and _TRADE.search(head) is not None)


def _is_person(value: str) -> bool:
    return bool(re.match(rf"(?:{_TITLES})\b\.? ?[A-Z]", value))


def ask(clause: Clause, question: str, tail: str) -> Ask:
    """`question` word(s) fronted; `tail` is what stays behind the verb ("under", "the spare key")."""
    subject, operator, middle, verb = clause.subject, "", "", clause.verb
    adverb = (
        clause.adverb
        if clause.adverb.lower() not in ("just", "recently", "finally", "really", "also", "still", "now", "already")
        else ""
    )
    if clause.is_be:
        operator, verb = clause.verb, ""
    elif clause.aux:
        operator, _, middle = clause.aux.partition(" ")
    direct_verb = verb
    if not operator:
        form = lemma_of(clause.verb)
        past = (
            clause.verb.endswith("ed") and clause.verb != clause.lemma
            if form is None
            else form[1] in ("past", "participle")
        )
        if (
            clause.verb.lower() == clause.lemma
            and clause.lemma in IRREGULAR
            and IRREGULAR[clause.lemma][0] == clause.lemma
        ):
            past = not is_plural(subject) or subject.lower() in ("i", "we")
        operator, direct_verb = ("did" if past else "do" if is_plural(subject) else "does"), clause.lemma
        direct = [question, operator, subject, adverb, direct_verb, tail]
        indirect = [question, subject, adverb, verb, tail]
    else:
        direct = [question, operator, subject, middle, adverb, direct_verb, tail]
        indirect = [question, subject, operator, middle, adverb, verb, tail]
    return Ask(joined(direct), joined(indirect))


def joined(parts: list[str]) -> str:
    return " ".join(" ".join(p for p in parts if p).split()).strip(" ,.")
