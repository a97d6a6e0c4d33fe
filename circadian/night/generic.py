"""Statements no pattern knows: the one fact in them, told by their grammar; whether it lasts, accept.py says."""

import re
from dataclasses import replace

from circadian.night.accept import NEGATED, OPINION, PASSING, accepted, is_vague, plain_plural
from circadian.night.builders import Draft, appositive, subject_key
from circadian.night.complements import GIVING, PLACE_PREPOSITIONS, Slot, split_value, value_of
from circadian.night.grammar import (
    DETERMINERS,
    Clause,
    canonical,
    is_particular,
    is_plural,
    possessive,
    strip_determiner,
    value_type,
)
from circadian.night.lasting import is_new_one, is_present, is_there, troubles, what_was
from circadian.night.likely import is_likely
from circadian.night.verbs import parse
from circadian.night.words import NUMBER_WORDS, PASSING_VERBS

_NOBODY = ("it", "this", "that", "there", "he", "she", "they", "you", "what", "here")


def generic_drafts(text: str, raw: str, front: str = "", *, asked: bool = False, alone: bool = False) -> list[Draft]:
    """At most one fact of a statement's own grammar, plus the name that an apposition gives ("my sister Ana …").

    `front` is what stood before the clause ("at the pool"); it is said after it.
    """
    habit = habit_draft(text)
    if habit is not None:
        return [habit]
    text, once = what_was(text)
    clause = parse(text)
    if clause is None:
        return []
    slot = split_value(clause.rest, clause.lemma)
    if clause.subject.lower() == "there" and clause.verb in ("is", "are") and slot is not None:
        return _there_is(clause, slot, text, raw, alone)
    if clause.subject.lower() in _NOBODY:
        return []
    if slot is None or not slot.value:
        return []
    said = f"{text} {front}".strip()
    value = _new_information(clause, slot, front, raw)
    whose = _whose(clause, front)
    likely = alone and is_likely(whose, slot, raw)
    if value is None:
        if not (once and alone) and not accepted(whose, slot, raw, asked, alone, likely):
            return []
        value = slot.value
    if value.lower().startswith(("every ", "each ")) and value_type(value) == "date":
        value = value.split(" ", 1)[1]
    draft = Draft("clause", clause.subject, value, said, f"{_key(clause, slot, value)}{once}", likely=likely)
    return [*_implied(clause.subject), draft]


def _whose(clause: Clause, front: str) -> Clause:
    """ "In our family the eldest daughter inherits the anvil": of ours is what "the" is said of, too."""
    ours = re.match(r"(?:in|at|on|under|behind) (?:my|our) ", front) and re.match(r"(?:all )?the ", clause.subject)
    return replace(clause, subject=f"{clause.subject.removeprefix('all ')} {front}") if ours else clause


def _there_is(clause: Clause, slot: Slot, text: str, raw: str, alone: bool) -> list[Draft]:
    """ "There is a Tamarind in the household": only what has a name, and where; by itself, what else is there."""
    if slot.preposition and slot.before:  # "eleven godchildren on my Christmas list"
        slot = Slot(
            "", "", slot.before, value_of(slot.before), f"{slot.preposition} {slot.phrase} {slot.after}".strip()
        )
    place = re.search(r"\b(?:in|on|at|under|behind|near|above|next to) ((?:my|our|the) [\w' -]+)$", f"{slot.after}")
    if place is None or slot.preposition or PASSING.search(raw):
        return []
    ours = re.match(r"(?:my|our) ", place[1]) is not None
    if value_type(slot.phrase) != "name" and not (alone and ours and is_there(slot)):
        return []
    return [Draft("clause", place[1], slot.value, text, f"{canonical(place[1])}|there {clause.verb}")]


def _implied(subject: str) -> list[Draft]:
    name = appositive(subject)
    if name is None:
        return []
    said = f"{possessive(name[0])} name is {name[1]}"
    return [Draft("name", name[0], name[1], said, f"{subject_key(name[0])}|name", {"implied": "yes"})]


def _new_information(clause: Clause, slot: Slot, front: str, raw: str) -> str | None:
    """The value where it does not stand after the verb: a name or new thing as the subject, a number in the front."""
    inner = f"{slot.phrase} {slot.before} {slot.after}"
    things = len(re.findall(r"\b(?:the|my|our)\b", f"{inner} {front}"))
    definite = (
        re.search(r"\b(?:my|our|me|us)\b", f"{inner} {front}") or len(re.findall(r"\bthe\b", f"{inner} {front}")) > 1
    )
    told = is_particular(re.sub(r"\bI\b", "", inner))
    if told or PASSING.search(raw) or OPINION.search(clause.rest) or clause.lemma in PASSING_VERBS or clause.is_be:
        return None
    if clause.verb.endswith((",", "ing")) or NEGATED.search(f"{clause.aux} {clause.adverb} {clause.rest}"):
        return None
    timed = re.search(r"\b(\d[\w.:]*(?: [a-z]+)?)$", front)
    if timed and is_present(clause):
        return timed[1]
    words = clause.subject.split()
    name = (
        is_particular(clause.subject) and words[0][:1].isupper() and words[0].lower() not in (*DETERMINERS, "i", "we")
    )
    bare = (
        len(words) == 1 and name and re.match(r"(?:me|us)\b", clause.rest) and clause.lemma in ("make", "give", "bring")
    )
    if bare:
        return clause.subject
    called = re.search(r"\b(?:named|called) ((?:[A-Z][\w'-]* ?)+)$", clause.subject)
    if called and definite and words[0].lower() in ("a", "an"):
        return called[1]
    if is_new_one(clause) and things:
        return strip_determiner(clause.subject)
    got = clause.lemma in GIVING and re.match(
        r"(?:me|us) (?:an?|his|her|their) ", clause.rest
    )  # "she left me her loom"
    if definite and name and len(words) <= 3 and not got and not plain_plural(clause) and clause.lemma != "like":
        return strip_determiner(clause.subject)
    return _of_several(clause, slot) if re.search(r"\b(?:my|our)\b", inner) else None


def _of_several(clause: Clause, slot: Slot) -> str | None:
    """ "Swifts roost under our eaves": where; "two brothers from Tolga shear our sheep": who. Customers who complain
    about our prices are anybody."""
    first = clause.subject.split(" ")[0].lower()
    if first in (*DETERMINERS, *_NOBODY, "i", "we") or not is_present(clause) or troubles(clause.subject):
        return None
    if slot.preposition in (*PLACE_PREPOSITIONS, "out of", "against", "over") and not slot.before:
        return slot.value if first in NUMBER_WORDS or is_plural(clause.subject) else None
    return clause.subject if first in NUMBER_WORDS else None


def habit_draft(text: str) -> Draft | None:
    """ "I can't iron a shirt unless Buxtehude is playing": the condition is the news."""
    match = re.fullmatch(
        r"(?P<main>.+? (?:only|can't|don't|doesn't|never) .+?) (?:if|unless|when|without|until) (?P<tail>.+)", text
    )
    clause = parse(match["main"]) if match else None
    if match is None or clause is None or not (is_present(clause) or clause.aux in ("can't", "don't", "doesn't")):
        return None
    inner = parse(match["tail"])
    if inner is None or re.search(r"\b(?:would|could|might|will)\b", text):
        return None
    slot = split_value(inner.rest, inner.lemma)
    value = inner.subject if is_particular(inner.subject) and inner.subject != "I" else slot.value if slot else ""
    if not value or (slot is not None and value == slot.value and (not slot.preposition or is_vague(slot))):
        return None
    key = f"{subject_key(clause.subject)}|{canonical(f'{clause.aux} {clause.lemma} {clause.rest}')}"
    return Draft("clause", clause.subject, value, text, key)


def _key(clause: Clause, slot: Slot, value: str) -> str:
    """Subject, verb and what stands before the value: what stays the same when the fact is told again."""
    if value != slot.value and value in clause.subject:
        return f"{canonical(slot.before or slot.phrase)}|{clause.lemma} by"
    frame = canonical(
        " ".join(p for p in (slot.before, slot.preposition, slot.after if slot.before == "" else "") if p)
    )
    verb = (
        clause.lemma
        if not clause.aux
        else " ".join(w for w in (*clause.aux.split(), clause.verb) if w not in ("have", "has", "been"))
    )
    return f"{subject_key(clause.subject)}|{' '.join(f'{verb} {frame}'.split())}"
