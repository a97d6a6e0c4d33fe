"""What lasts of what was done: a thing that is there was made of something, or came from somewhere; and what somebody
says when he says nothing else."""

import re

from circadian.night.clauses import Slot
from circadian.night.grammar import Clause, head_noun, is_plural, lemma_of
from circadian.night.words import PASSING_VERBS, PEOPLE, PETS, bag

HAD_FOR_NOW = re.compile(
    r"\b(?:interview|ticket|refund|deadline|crush|guest|battery|question|problem|idea|meeting|call|headache|issue|doubt|request|look|trouble|feeling|dream|cold|exam)s?\b"
)
FOR_NOW = re.compile(
    r"\b(?:mode|lane|plan|line|news|channel|tab|page|topic|subject|letter|strategy|gear|cold|habit|mess|tone|name|"
    r"fire|backup|case|snowman|sandcastle|query|form|list|left|right)s?\b"
)
WORKED = bag(
    "build make paint write carve plant found design compose knit sew weave embroider forge restore upholster decorate "
    "line cover replace patch"
)
DETERMINED = r"(?:my|our|the|his|her|their) "
_MISHAPS = bag("have fall lose spill drop tidy clean name")
_MADE_BY = bag("of from by with") | {"out of"}
_YEARS = re.compile(r"\bfor (?:(?:over|about|almost|nearly|more than) )?(?:[a-z]+-)?[a-z0-9]+ years\b")
_REGULARLY = re.compile(r"\b(?:every|each|once an?|twice an?|times an?|always) ")
_THERE = r"(?:the|my|our|an?|in|on|at|under|behind|above|below|next to|inside|beside|opposite) "
_SWAPPED = bag("swap trade exchange")


def told_to_be_known(clause: Clause, slot: Slot) -> bool:
    """What is the whole of a message: a state, or a deed that is done, with a thing in it that it can be asked by.

    Of oneself only what was done to a thing one has: "I made soup" and "I just fell" are of the day.
    """
    if clause.lemma in PASSING_VERBS | _MISHAPS or clause.verb.endswith("ing"):
        return False
    if HAD_FOR_NOW.search(slot.phrase) or FOR_NOW.search(slot.phrase) or re.fullmatch(r"[a-z]+ly", slot.value):
        return False
    if not clause.aux and not is_present(clause) and slot.preposition in ("by", "because of"):
        return False  # "My flight cancelled by fog"
    if clause.subject.lower() in ("i", "we") and not is_present(clause):
        return bool(slot.preposition) and re.match(DETERMINED, slot.before) is not None
    known = re.match(DETERMINED, slot.phrase) and not slot.before and not slot.preposition and not slot.after
    if known and not is_present(clause):
        return False  # "My ex-husband kept the dog": nothing in it is new
    return bool(slot.before or slot.preposition) or has_object(slot)


def told_of_a_thing(clause: Clause, slot: Slot) -> bool:
    """The same of a thing that is there: what it is made of and by whom, what is done with it time and again, what
    somebody did for years."""
    said = f"{clause.adverb} {clause.rest}"
    if clause.aux in ("is", "are", "was", "were") and clause.lemma in WORKED and slot.preposition in _MADE_BY:
        return True
    if _YEARS.search(said) and not clause.aux:
        return True
    regular = is_present(clause) or clause.aux in ("is", "are", "has to be", "have to be", "must be")
    return regular and _REGULARLY.search(said) is not None and clause.subject.lower() not in ("i", "we")


def lies_somewhere(clause: Clause) -> bool:
    """ "The fuse box in our house is in the cupboard", "the treasurer of the club is my old teacher": what or where a
    thing or a person that is told apart is."""
    apart = re.match(
        r"(?:the|my|our) .+ (?:of|for|in|at|on|to|behind|under|near|over|from) (?:the|my|our) ", f"{clause.subject} "
    )
    return apart is not None and clause.is_be and re.match(_THERE, clause.rest) is not None


def lasting_deed(clause: Clause, slot: Slot) -> bool:
    """What was done once and is so since: what a thing that is there was made of or with, what it was swapped for,
    where it came from ("Our roof slates came from a demolished cinema"; somebody comes from work)."""
    if clause.aux:
        return False
    if clause.lemma in _SWAPPED:
        return slot.preposition == "for" and re.match(r"(?:my|our) ", slot.before) is not None
    if clause.lemma in ("come", "stem"):
        thing = head_noun(clause.subject) not in PEOPLE | PETS and re.match(r"(?:my|our) ", clause.subject, re.I)
        return bool(thing) and slot.preposition == "from" and not slot.before and slot.phrase.startswith(("a ", "an "))
    with_what = slot.preposition in ("with", "out of", "from", "of") and slot.before
    return clause.lemma in WORKED and bool(with_what) and re.match(DETERMINED, slot.before) is not None


def is_present(clause: Clause) -> bool:
    form = lemma_of(clause.verb)
    if form is None and not clause.aux and clause.verb in (clause.lemma, f"{clause.lemma}s"):
        return True  # a verb that no table knows, told by "I" or "she" before it
    if not clause.aux and form is not None and form[1] == "base" and not is_plural(clause.subject):
        return False  # "my flatmate put a lock on it": put is a past here
    return not clause.aux and form is not None and form[1] in ("base", "s")


def has_object(slot: Slot) -> bool:
    return bool(slot.phrase) and len(slot.value) > 2
