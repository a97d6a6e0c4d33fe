"""What else a statement says: "I descale the coffee machine every nineteen days" is asked for its days as well.

A fact has one value; its clause may hold a thing, a place, a time and a person, and which of them somebody will ask
for is not known. Each part is asked by the clause's own grammar and answered with the whole statement.
Never: a part that only points at the user, or that is no answer by itself.
"""

import re
from collections.abc import Iterable

from circadian.night.accept import NEGATED
from circadian.night.clauses import ask, wh_word
from circadian.night.complements import PLACING, Slot, chunks_of, is_somebody, joined, value_of
from circadian.night.grammar import PREPOSITIONS, Clause, is_plural, lemma_of, strip_determiner
from circadian.night.units import NAME
from circadian.night.verbs import ADVERBS, parse
from circadian.night.words import DAYS, MONTHS, bag

MOST = 6  # questions of one fact's other parts
_NO_ANSWER = bag("me us him her it them himself herself itself myself ourselves themselves each other home course")
_PARTICLES = bag("out up off away down back over along around together apart")
_INCOMPLETE = bag("set turn make call name place have get")  # "Who put our dog?"
_HIS_OWN = re.compile(r"\b(?:his|her|hers|their|theirs|its|him|them|himself|herself|themselves)\b")
_OFTEN = re.compile(r"(?:every|each|once|twice|three times) ", re.IGNORECASE)


def other_parts(said: str, value: str) -> list[tuple[str, str]]:
    """(question, part) for what a plain statement says besides `value`, one question of every part before the next."""
    clause = parse(said)
    if clause is None or clause.lemma == "be":
        return []
    rows = [[(q, slot.value) for q in _of_part(clause, slot)] for slot in _slots(clause, value)]
    if value not in clause.subject:
        rows.append([(q, strip_determiner(clause.subject)) for q in _of_doer(clause)])
    return [row[i] for i in range(max(map(len, rows), default=0)) for row in rows if i < len(row)][:MOST]


def _slots(clause: Clause, value: str) -> list[Slot]:
    parts = chunks_of(clause.rest)
    join = [f"{p} {n}".strip() for p, n in parts]
    out: list[Slot] = []
    own = next((i for i, (_, phrase) in enumerate(parts) if f" {value} " in f" {phrase} "), None)
    if own is None:
        return []
    place = wh_word(clause, Slot("", *parts[own], value, ""))[0]
    for i, (preposition, phrase) in enumerate(parts):
        slot = Slot(" ".join(join[:i]), preposition, phrase, value_of(phrase), " ".join(join[i + 1 :]))
        if i != own and _is_answer(slot) and (wh_word(clause, slot)[0] != place or place not in ("where", "when")):
            out.append(slot)
    return out


def _of_doer(clause: Clause) -> Iterable[str]:
    """ "My uncle carved the chair on our porch" → "Who carved the chair?", where it is done to a known thing."""
    parts = chunks_of(clause.rest)
    name = re.match(rf"{NAME}$", clause.subject) is not None and clause.subject.lower() not in (*DAYS, *MONTHS)
    if not (name or is_somebody(clause.subject)) or not parts or parts[0][0]:
        return
    denied = NEGATED.search(f"{clause.aux} {clause.adverb} {clause.rest}")
    if denied or not re.match(r"(?:my|our) |the [a-z]", parts[0][1]):
        return
    if is_plural(clause.subject) or _HIS_OWN.search(clause.rest):
        return
    done = joined([clause.aux, clause.adverb, clause.verb])
    shortest = clause.rest if clause.lemma in PLACING or clause.lemma in _INCOMPLETE else parts[0][1]
    for what in dict.fromkeys((clause.rest, shortest)):
        yield f"Who {done} {what}?"
        yield f"Tell me who {done} {what}."
    yield f"Do you remember who {done} {shortest}?"


def _is_answer(slot: Slot) -> bool:
    words = slot.phrase.lower().split()
    if not words or len(slot.value) < 3 or {*words} <= _NO_ANSWER | _PARTICLES | ADVERBS | PREPOSITIONS:
        return False
    form = lemma_of(words[0])
    verb = (
        form is not None
        and form[1] in ("base", "participle", "past")
        and not re.match(r"(?:my|our|the|an?) ", slot.phrase)
    )
    return not (verb and (slot.preposition == "to" or len(words) == 1))


def _of_part(clause: Clause, slot: Slot) -> Iterable[str]:
    question, left = wh_word(clause, slot)
    if _OFTEN.match(slot.phrase):
        question, left = "how often", ""
    asked = ask(clause, question, joined([slot.before, left, slot.after]))
    yield _up(asked.direct) + "?"
    for after in less(clause, slot):
        yield _up(ask(clause, question, joined([slot.before, left, after])).direct) + "?"
    yield f"Tell me {asked.indirect}."
    yield f"Do you remember {asked.indirect}?"
    yield f"I forgot {asked.indirect}. Can you help me out?"


def less(clause: Clause, slot: Slot) -> list[str]:
    """What stands behind the part that is asked for, with ever less of it: nobody repeats all that was said.

    Of what I or we do something must be left to tell it by: "What do we eat on rye bread?", not "What do we eat?".
    """
    after = [f"{p} {n}".strip() for p, n in chunks_of(slot.after)]
    told_by = slot.before or clause.subject.lower() not in ("i", "we")
    return [" ".join(after[:n]) for n in range(len(after) - 1, -1 if told_by else 0, -1)]


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]
