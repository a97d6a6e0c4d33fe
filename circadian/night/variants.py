"""The same fact as people ask for it in other persons and shorter names: "we live" is also "where do I live?".

Never: a shorter name that another fact could be meant by.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from circadian.night.complements import split_value
from circadian.night.grammar import BE, DETERMINERS, PREPOSITIONS, head_noun, lemma_of, lower_first, sentence, to_you
from circadian.night.thesaurus import WORDS, with_article
from circadian.night.verbs import parse
from circadian.night.words import NOUNISH, PEOPLE, PETS, PLACE_NOUNS, bag
from circadian.records import Fact

DROPPABLE = bag("younger older elder little big baby new current present late dear")
_SINGULAR = (
    (r"\bwe are\b", "I am"),
    (r"\bwe're\b", "I'm"),
    (r"\bwe were\b", "I was"),
    (r"\bwe\b", "I"),
    (r"\bus\b", "me"),
    (r"\bour\b", "my"),
    (r"\bours\b", "mine"),
    (r"\bourselves\b", "myself"),
)
PARTICLES = bag("out up off down back away over")
CARS = bag("car vehicle van")


def is_somebody(noun_phrase: str) -> bool:
    """Of whom much may be told: "What goes with my sister?" has as many answers as there are facts about her."""
    head = head_noun(noun_phrase)
    return bool({head, head.removesuffix("s")} & (PEOPLE | PETS)) or noun_phrase.split(" ")[-1][:1].isupper()


def variants(fact: Fact, others: Sequence[Fact] = ()) -> Iterator[Fact]:
    """Other facts that ask for the same value: in the singular, by the bare noun, by the name alone."""
    if fact.details.get("language"):
        return
    one = singular(fact)
    if one is not None:
        yield one
    for subject in shorter(fact.subject):
        if not any(mistaken(subject, other) for other in others if other.key != fact.key):
            yield renamed(fact, fact.subject, subject)
    for whole, bare in bare_things(fact):
        if not any(re.search(rf"\b{head_noun(bare)}\b", f.statement) for f in others if f.key != fact.key):
            yield renamed(fact, whole, bare)
    noun = fact.details.get("np", "")
    if fact.relation == "attribute" and re.fullmatch(r"(?:my|our) [a-z]+", noun) and head_noun(noun) in CARS:
        yield replace(fact, relation="vehicle", subject="I", details={"said": f"I drive a {fact.value}"})


def deed_of(fact: Fact) -> Fact | None:
    """ "We took the cat to Pawhaven, that's our vet clinic": the first half, as a fact that is asked for by itself."""
    said = lower_first(fact.details.get("deed", ""))
    clause = parse(said)
    slot = split_value(clause.rest, clause.lemma) if clause else None
    if clause is None or slot is None or clause.is_be or clause.verb.endswith("ing"):
        return None
    if not re.fullmatch(r"(?:(?:my|our|the|a|an) )[\w' -]+", slot.before):
        return None  # "Where did we eat?", "Where did we take him?": of many an evening
    is_place = slot.preposition and head_noun(fact.details.get("np", "")) in PLACE_NOUNS
    details = {"said": said} | ({"place": "yes"} if is_place else {})
    statement = sentence(to_you(said))
    return replace(fact, relation="clause", subject=clause.subject, statement=statement, details=details)


def singular(fact: Fact) -> Fact | None:
    """What "we" and "our" said, said by one."""

    def one(text: str) -> str:
        for plural, single in _SINGULAR:
            text = re.sub(plural, single, text, flags=re.I)
        return text

    details = {k: one(v) if k in ("said", "np") else v for k, v in fact.details.items()}
    changed = replace(fact, subject=one(fact.subject), details=details)
    return changed if changed != fact else None


def shorter(subject: str) -> Iterator[str]:
    """ "my cat Priya" → "my cat", "Priya"; "my younger sister" → "my sister"; "the clock in the hall" → "the clock"."""
    named = re.fullmatch(r"((?:my|our|the) [a-z-]+) ([A-Z][\w'-]*(?: [A-Z][\w'-]*)?)", subject)
    if named:
        yield named[1]
        yield named[2]
    placed = re.fullmatch(rf"((?:my|our|the) [a-z' -]+?) (?:{'|'.join(PREPOSITIONS - {'of'})}) .+", subject)
    if placed and " of " not in placed[1]:
        yield placed[1]
    described = re.fullmatch(r"(my|our|the) ([a-z-]+) ([a-z-]+)", subject)
    if described and described[2] in DROPPABLE:
        yield f"{described[1]} {described[3]}"


def bare_things(fact: Fact) -> Iterator[tuple[str, str]]:
    """What a clause calls a thing, and the thing by its noun: "the secondhand loom", "my uncle's loom" → "the loom"."""
    described = described_thing(fact)
    if described:
        yield described[0], f"{described[1]} {described[3]}"
    owned = re.fullmatch(r"[\w -]+['’]s? ((?:[a-z-]+ )?[a-z-]+)", fact.subject) if fact.relation == "clause" else None
    if owned and not is_somebody(owned[1]):
        yield fact.subject, f"the {owned[1]}"


def described_thing(fact: Fact) -> re.Match[str] | None:
    """Of a clause the first thing with a word before it, "the secondhand loom", which is also "the loom"."""
    if fact.relation != "clause":
        return None
    ends = rf"(?= (?:{'|'.join(PREPOSITIONS)}|is|are|was|were|has|have)\b|$)"
    for found in re.finditer(rf"\b([Mm]y|[Oo]ur|[Tt]he) ([a-z-]+) ([a-z-]+){ends}", fact.details.get("said", "")):
        clause = parse(fact.details["said"])
        verb = clause is not None and found[3] == clause.verb
        half = found[3].endswith("ing") or found[3] in PARTICLES or f"{found[2]} {found[3]}" in fact.value
        if not (verb or half or is_somebody(found[0]) or fact.value in found[0]):
            return found
    return None


def mistaken(subject: str, other: Fact) -> bool:
    """Whether the shorter name could mean what the other fact is about, and the other is not the same one named."""
    theirs = other.subject
    return subject not in theirs and head_noun(subject) == head_noun(theirs) and theirs.lower() not in ("i", "we")


def renamed(fact: Fact, old: str, new: str) -> Fact:
    details = {k: v.replace(old, new) if k in ("said", "np") else v for k, v in fact.details.items()}
    return replace(fact, subject=new, details=details)


def other_words(question: str) -> Iterable[str]:
    """The question with synonyms for its nouns; not for half a compound ("opera house", "car insurance")."""
    words = question.split(" ")
    swapped = [_synonym(words, i) for i in range(len(words))]
    if swapped != words:
        yield with_article(" ".join(swapped))


def _is_verb(word: str) -> bool:
    form = lemma_of(word)
    return form is not None and not (form[1] == "base" and word in NOUNISH)  # "food bank"


def _synonym(words: Sequence[str], i: int) -> str:
    core = re.match(r"[A-Za-z-]+", words[i])
    after = words[i + 1].lower().strip("?.,") if i + 1 < len(words) else ""
    alone = not after or core is None or core[0] != words[i] or after in (*BE, *PREPOSITIONS) or _is_verb(after)
    before = words[i - 1].lower() if i else ""
    if core is None or words[i][core.end() :] == "'":
        return words[i]
    compound = WORDS.get(f"{before} {core[0]}", ("",))[0].split(" ")
    if len(compound) == 2 and compound[0] == before and alone:  # "build machine", not "washer" of a washing machine
        return compound[1] + words[i][core.end() :]
    if core[0] not in WORDS or not alone or before not in (*DETERMINERS, *DROPPABLE):
        return words[i]
    return WORDS[core[0]][0] + words[i][core.end() :]
