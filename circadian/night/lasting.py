"""What lasts of what was done: a thing that is there was made of something, or came from somewhere; and what somebody
says when he says nothing else."""

import re

from circadian.night.clauses import SWAPPING, Slot
from circadian.night.grammar import Clause, head_noun, is_plural, lemma_of, past_of
from circadian.night.words import PASSING_VERBS, PEOPLE, PETS, VERBS, bag

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
# What was done with somebody, and is so since: "I lent the drill to my neighbour Farouk".
PASSED_ON = re.compile(
    r"(?:I|we)(?: have| still)? (?:lent|borrowed|inherited|bought|rent|rented|sold|owe|learned|learnt|share|swapped)\b"
)
DETERMINED = r"(?:my|our|the|his|her|their) "
_MISHAPS = bag("have fall lose spill drop tidy clean name")
_MADE_BY = bag("of from by with") | {"out of"}
_YEARS = re.compile(r"\bfor (?:(?:over|about|almost|nearly|more than) )?(?:[a-z]+-)?[a-z0-9]+ years\b")
_REGULARLY = re.compile(r"\b(?:(?:every|each) (?!time|day|morning|evening|night)|(?:once|twice|times) an? )")
_APART = re.compile(r"(?:the|my|our) .+ (?:of|for|in|at|on|to|behind|under|near|over|from) (?:the|my|our) ")
_NO_SUBJECT = re.compile(r" (?:that|which|who|is|are|was|were|my|our)(?: |$)")
_PLACES = bag("in on at under behind above below inside beside opposite") | {"next to"}
_NO_PLACE = bag("blink fritz mend turn way phone run loose brink verge edge market news works cards")


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
        given = slot.preposition or clause.lemma in ("give", "lend", "teach", "sell", "leave")
        return bool(given) and re.match(rf"{DETERMINED}|[A-Z]", slot.before) is not None
    known = re.match(DETERMINED, slot.phrase) and not slot.before and not slot.preposition and not slot.after
    if known and not is_present(clause):
        return False  # "My ex-husband kept the dog": nothing in it is new
    return bool(slot.before or slot.preposition) or has_object(slot)


def told_of_a_thing(clause: Clause, slot: Slot) -> bool:
    """The same of a thing that is told apart ("the coffee machine", no soup): what it is made of and by whom, what is
    done with it time and again; and what somebody did for years."""
    said = f"{clause.adverb} {clause.rest}"
    if _YEARS.search(said) and not clause.aux and not is_present(clause):
        return True
    apart = re.match(r"[Tt]he [a-z'-]+ [a-z]", clause.subject) is not None
    if clause.aux in ("is", "are", "was", "were") and clause.lemma in WORKED and slot.preposition in _MADE_BY:
        return apart and not slot.phrase.startswith(("some ", "any "))
    regular = is_present(clause) or clause.aux in ("is", "are", "has to be", "have to be", "must be")
    return apart and regular and _REGULARLY.search(said) is not None


def lies_somewhere(clause: Clause, slot: Slot) -> bool:
    """ "The fuse box in our house is in the cupboard", "the treasurer of the club is my old teacher": where a thing of
    ours is, or who of ours somebody is."""
    apart = _APART.match(clause.subject)
    if apart is None or not clause.is_be:
        return False
    ours = re.search(r"\b(?:my|our)\b", clause.subject)
    if ours and slot.preposition in _PLACES and re.match(r"(?:the|my|our) ", slot.phrase) and not slot.before:
        return head_noun(slot.phrase) not in _NO_PLACE
    return (ours is None or head_noun(clause.subject) in PEOPLE) and re.match(r"(?:my|our) ", clause.rest) is not None


_USED_TO = re.compile(r"(?P<subject>(?:I|we|(?:my|our|the) [\w' -]+?)) used to (?P<verb>[a-z]+)\b(?! to\b)")
_STATES = bag("be live work teach stay have study go attend like love hate call name want need know think")


def what_was(text: str) -> tuple[str, str]:
    """ "Our conductor used to drive a snowplough" → ("our conductor drove a snowplough", " once"), the end of its key:
    what was, replaces nothing that is. Only deeds: "my aunt used to live in Rome" tells no home."""
    used = _USED_TO.match(text)
    verb = used["verb"] if used else ""
    if used is None or verb not in VERBS - _STATES or _NO_SUBJECT.search(used["subject"]):
        return text, ""
    return f"{used['subject']} {past_of(verb)}{text[used.end() :]}", " once"


def lasting_deed(clause: Clause, slot: Slot) -> bool:
    """What was done once and is so since: what a thing that is there was made of or with, what it was swapped for,
    where it came from ("Our roof slates came from a demolished cinema"; somebody comes from work)."""
    if clause.aux:
        return False
    if clause.lemma in SWAPPING:
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
