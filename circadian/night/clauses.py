"""A statement asked back: the value in its phrase, and the questions that fit it; where its verb stands, says verbs.py.

This is the path for relations nobody wrote a pattern for: "Our choir rehearses in Brannock Hall" → "Where does our
choir rehearse?". `split_value` says which part is worth remembering, `ask` turns the rest into questions.
"""

import re
from dataclasses import dataclass

from circadian.night.complements import (
    GIVING,
    PLACE_PREPOSITIONS,
    PLACING,
    TO_PERSONS,
    Slot,
    chunks_of,
    is_somebody,
    joined,
)
from circadian.night.grammar import (
    Clause,
    is_plural,
    lemma_of,
    strip_determiner,
    value_type,
)
from circadian.night.words import DAYS, IRREGULAR, KINDS, MONTHS, NUMBER_WORDS, PEOPLE, PLACE_NOUNS, bag

_TIMES = (
    "minute|hour|day|week|weekend|fortnight|month|year|morning|afternoon|evening|night|spring|summer|autumn|fall|"
    "winter|midsummer|midwinter|christmas|easter|season|term"
)
_FROM_WHOM = bag("borrow inherit learn rent lease buy")
_EVERY_TIME = re.compile(rf"(?:every|each) (?:{_TIMES}|{'|'.join([*DAYS, *MONTHS])})\b", re.IGNORECASE)
_GOING = bag("move go travel fly come relocate drive sail migrate commute walk cycle run return emigrate")
_CLOCK_VERBS = bag("get go wake start open close meet begin end eat")
_SUBJECT_MATTER = re.compile(
    r"\b(?:course|degree|class|lessons?|master'?s?|exam|interest\w*|diploma|major|minor|phd|trained|code)\b",
    re.IGNORECASE,
)
_TITLES = "Dr|Mr|Mrs|Ms|Prof|Professor|Uncle|Aunt|Auntie|Grandma|Grandpa|Granny|Sir|Coach|Father|Sister"
_LIVING = PEOPLE | {"i", "we"}
_PEOPLE_VERBS = bag(
    "ring phone call meet marry love admire know see date visit call adopt divorce hire interview teach supervise"
)


@dataclass(frozen=True)
class Ask:
    """A question in its two shapes: "where does our choir rehearse" and "where our choir rehearses"."""

    direct: str
    indirect: str


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
    if preposition in PLACE_PREPOSITIONS and _asks_where(clause, slot, kind):
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
    if is_somebody(slot.phrase, slot.preposition == "by") or _is_person(slot.value) or slot.value.endswith(" family"):
        return True
    receives = not slot.preposition and not slot.before and [p for p, _ in chunks_of(slot.after)][:1] == [""]
    receives = receives and slot.after not in ("up", "off")  # "gave up sugar"
    if clause.lemma in GIVING and receives:
        return True  # "I owe Pieter forty euros"
    if kind != "name" or KINDS.get(slot.value.lower()) == "language" or slot.value.split(" ")[-1].islower():
        return False
    if slot.preposition == "from" and clause.lemma in _FROM_WHOM:
        return True
    if slot.preposition == "to":
        return slot.before.split(" ")[-1] in ("married", "engaged", "related") or clause.lemma in TO_PERSONS
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
    return head in PLACE_NOUNS or clause.lemma in PLACING or clause.lemma in ("be", "live", "sit", "stand", "lie")


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
