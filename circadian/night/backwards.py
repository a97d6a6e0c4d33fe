"""A fact asked from its value: "Who or what is Noodle?" → "Noodle is your dog.".

Never: a question that would be answered without what was told.
"""

from collections.abc import Iterator

from circadian.night.answers import answer_of
from circadian.night.asked import is_food
from circadian.night.builders import subject_key
from circadian.night.grammar import head_noun, is_plural, sentence, to_you, value_type
from circadian.night.questions import Wording
from circadian.night.wordings import DRINK_NOUNS, FOOD_NOUNS
from circadian.night.words import PEOPLE, PETS
from circadian.records import Fact


def reverse_wordings(fact: Fact) -> list[Wording]:
    """From the value to what it is: "Who or what is Noodle?" → "Noodle is your dog."."""
    value, subject = fact.value, fact.subject
    if fact.details.get("language"):
        return [Wording(f"In what connection did I mention {value}?", "reverse")]
    back = plain = answer_of(fact)
    if fact.relation == "name" and subject.lower() != "i":
        thing = to_you(subject)
        back = sentence(f"{value} is {thing}" if _alive(subject) else f"{value} is the name of {thing}")
    elif fact.relation in ("role", "attribute", "favourite") and fact.details.get("np"):
        back = sentence(f"{value} is {to_you(fact.details['np'])}") if value_type(value) == "name" else back
    return [Wording(question, "reverse", back) for question in _back(fact, back != plain)]


def _back(fact: Fact, is_known_by: bool) -> Iterator[str]:
    """Questions that name the value; `is_known_by`: whether it is the name of what the fact is about."""
    value, subject = fact.value, fact.subject
    if value_type(value) != "name":
        yield f"What did I say in connection with '{value}'?"
        yield from _back_of(fact)
        return
    somebody = fact.relation == "role" or (fact.relation != "favourite" and head_noun(subject) in PEOPLE)
    lead = "Who" if somebody else "Who or what"
    yield f"{lead} is {value}?" if is_known_by else f"What does {value} have to do with me?"
    yield f"What did I tell you about {value}?"
    if is_known_by and not somebody and _alive(subject):
        yield f"Who is {value}?"
    yield from _back_of(fact)
    yield f"What is {value} to me?"


def _back_of(fact: Fact) -> Iterator[str]:
    """As people come back to a thing, a food, a drink or a deed by its own name."""
    value, first = fact.value, fact.subject.lower() in ("i", "we")
    if fact.relation == "tool" and first:
        yield f"What do I use {value} for?"
    noun = fact.details.get("noun", "")
    if fact.relation == "favourite" and noun and not is_plural(noun):
        yield f"Whose favourite {noun} is {value}?"
        if noun in DRINK_NOUNS | FOOD_NOUNS or value[:1].isupper():
            yield f"Who likes {value}?"
    if fact.relation == "avoid" and is_food(fact):
        yield f"Who can't have {value}?"


def _alive(subject: str) -> bool:
    return head_noun(subject) in PEOPLE | PETS or subject_key(subject) in PETS
