"""Questions for a value that does not stand plainly after its verb: as the subject, in a condition, after "there is".

"Corentin spliced the bell rope" → "Who spliced the bell rope?"; "I can't iron unless Buxtehude is playing" → "Under
what condition can I iron?". Each answers in the two shapes of clauses.Ask.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from circadian.night.clauses import Ask, ask
from circadian.night.complements import GIVING, is_somebody, joined
from circadian.night.grammar import BE, Clause, be_for, lemma_of, participle_of, third_of, value_type
from circadian.night.verbs import parse
from circadian.night.words import FAITHS, NUMBER_WORDS, PEOPLES
from circadian.records import Fact

HABIT = re.compile(
    r"(?P<main>.+? (?:only|can't|don't|doesn't|never) .+?) (?P<word>if|unless|when|without|until) (?P<tail>.+)"
)

SIZES = {
    "long": "length", "tall": "height", "high": "height", "wide": "width", "deep": "depth", "thick": "thickness",
    "heavy": "weight", "old": "age",
}  # fmt: skip
SIZE = re.compile(rf"(?:\d\S*|{'|'.join(NUMBER_WORDS)})(?: [a-z-]+)+ ({'|'.join(SIZES)})")


def asks_size(fact: Fact, said: str) -> list[Ask]:
    """ "My workbench is 3.4 metres long" → "How long is my workbench?"; empty for all others."""
    clause, size = parse(said), SIZE.fullmatch(fact.value)
    if clause is None or size is None or not clause.is_be:
        return []
    verb, noun = clause.verb, SIZES[size[1]]
    return [
        Ask(f"how {size[1]} {verb} {clause.subject}", f"how {size[1]} {clause.subject} {verb}"),
        Ask(f"what {verb} the {noun} of {clause.subject}", f"what the {noun} of {clause.subject} {verb}"),
        Ask(f"what {noun} does {clause.subject} have", f"what {noun} {clause.subject} has"),
    ]


def asks_elsewhere(fact: Fact, said: str) -> list[Ask]:
    """The questions of a fact whose value stands before the verb or behind a condition; empty for all others."""
    habit = HABIT.fullmatch(said)
    if habit and fact.value in habit["tail"] and fact.relation == "clause":
        return list(_condition(habit))
    clause = parse(said)
    if clause is None:
        return []
    if clause.subject.lower() == "there" and clause.is_be:
        return list(_there(clause, fact.value))
    one = re.match(r"the (ones?) (in|at|on|under|behind|near|beside|by|with|above|below|from) ", clause.rest)
    if clause.is_be and one and fact.value in clause.rest:
        verb = clause.verb
        words = [f"which one {verb} {clause.subject}", f"what {verb} {clause.subject} {one[2]}"]
        return [
            Ask(words[1], f"what {clause.subject} {verb} {one[2]}"),
            Ask(words[0], f"which one {clause.subject} {verb}"),
        ]
    inside = f" {fact.value.lower()} " in f" {clause.subject.lower()} "
    if inside and fact.value.lower() not in clause.rest.lower() and fact.relation == "clause":
        return list(_subject(clause, fact.value))
    return []


def _subject(clause: Clause, value: str) -> Iterable[Ask]:
    """Who or what did it: the clause with its subject asked for, then turned into the passive."""
    gives = clause.lemma in GIVING or not re.match(r"(?:me|us) ", clause.rest)
    person = gives and (value_type(value) == "name" or is_somebody(value, True))
    form = lemma_of(clause.verb)
    verb = third_of(clause.lemma) if form and form[1] == "base" and not clause.aux else clause.verb
    aux = re.sub(r"^(?:are|am)\b", "is", re.sub(r"^have\b", "has", re.sub(r"^were\b", "was", clause.aux)))
    said = joined([aux, clause.adverb, verb, clause.rest])
    words = ("who", "which person", "who was it that") if person else ("what", "which thing", "what was it that")
    for word in words:
        yield Ask(f"{word} {said}", f"{word} {said}" if word in ("who", "what") else "")
    thing = re.match(r"((?:my|our|the) [\w' -]+?)(?= (?:in|on|at|for|with|from|to|of|by|under|every)\b|$)", clause.rest)
    if form and thing and not clause.aux and not clause.is_be and clause.lemma != "have":
        past = form[1] in ("past", "participle")
        operator = be_for(thing[1], past=past)
        rest = clause.rest[thing.end() :].strip()
        front = "by whom" if person else "by what"
        yield Ask(joined([front, operator, thing[1], participle_of(clause.lemma), rest]), "")


def _condition(habit: re.Match[str]) -> Iterable[Ask]:
    """ "can't … unless", "only … if": on what it depends."""
    main = re.sub(
        r"\b(can't|don't|doesn't|never|only) ", lambda m: "can " if m[1] == "can't" else "", habit["main"], count=1
    )
    clause = parse(main)
    if clause is None:
        return
    for question in ("under what condition", "in what case", "with what", "thanks to what"):
        plain = ask(replace(clause, adverb=""), question, clause.rest)
        yield Ask(plain.direct, plain.indirect if question.startswith(("under", "in")) else "")
    yield Ask(f"what is needed before {main}", f"what is needed before {main}")


def _there(clause: Clause, value: str) -> Iterable[Ask]:
    place = clause.rest.split(value, 1)[-1].strip()
    verb = clause.verb if clause.verb in BE else "is"
    yield Ask(f"who or what {verb} there {place}", f"who or what there {verb} {place}")
    yield Ask(f"what {verb} there {place}", f"what there {verb} {place}")
    yield Ask(f"who or what can be found {place}", "")
    yield Ask(f"what did I say there {verb} {place}", f"what I said there {verb} {place}")


def what_like(subject: str, value: str, *, past: bool) -> list[Ask]:
    """For "my car is blue", "Ana is a sculptor": what kind of thing the subject is."""
    verb = be_for(subject, past=past)
    if value.lower() in PEOPLES:
        kinds = (
            ("what faith", "which religion") if value.lower() in FAITHS else ("what nationality", "which nationality")
        )
        return [Ask(f"{k} {verb} {subject}", f"{k} {subject} {verb}") for k in kinds]
    if subject.lower() in ("i", "we"):
        me = "myself" if subject == "I" else "ourselves"
        return [
            Ask(f"what {verb} {subject}", f"what {subject} {verb}"),
            Ask(f"how did {subject} describe {me}", f"how {subject} described {me}"),
            Ask(f"what did {subject} tell you about {me}", f"what {subject} told you about {me}"),
        ]
    return [
        Ask(f"what {verb} {subject}", f"what {subject} {verb}"),
        Ask(f"how would I describe {subject}", f"how I described {subject}"),
        Ask(f"what word did I use for {subject}", f"what word I used for {subject}"),
    ]
