"""The last word on a draft: whether it says something of the user's world that stands alone and can be asked for.

The rules before it say what a sentence may be; this one looks at what they made of it. When unsure it says no: a fact
that was missed costs one answer, a false one is taught for good.
"""

import re

from circadian.night.builders import Draft
from circadian.night.complements import Slot, slot_with
from circadian.night.grammar import (
    BE,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    Clause,
    head_noun,
    is_plural,
    lemma_of,
    value_type,
)
from circadian.night.lasting import DETERMINED, FOR_NOW, HAD_FOR_NOW, lasting_deed
from circadian.night.verbs import is_noun_phrase, parse
from circadian.night.words import LASTING_VERBS, NOUNISH, PASSING_VERBS, PEOPLE, PETS, RELATIVES, bag

# Words that point at something said elsewhere.
_DANGLING = re.compile(
    r"\b(?:it|them|this|these|those|him|such|something|someone|somebody|anything|everything|everyone|"
    r"things?|stuff|(?<!little )(?<!half )(?<!-)"
    r"ones?(?! (?:of|under|behind|beside|above|below|near|next)\b)|thing|you|your)\b",
    re.IGNORECASE,
)
_NOT_DANGLING = re.compile(
    r" for everything$| everything(?= (?:through|with|via|in|on) )|"
    r"\b(?:on|by|with|from|over|onto|into|under) one(?= (?!is|was|of)[a-z]+)|"
    r" this (?:season|year|spring|summer|autumn|fall|winter|term|semester)\b"
)
_THEIRS = re.compile(r"\b(?:his|her|hers|he|she|they|their|its)\b", re.IGNORECASE)
# A second statement that no rule took apart: what is asked of the first would be answered with both.
_RUN_ON = re.compile(
    r"(?:,| and| but| so)(?: [a-z]+ly)? (?:I|we|he|she|it|they|there)(?='| )|"
    r", (?:and|but|so|then) (?!\d)[a-z]+ (?:my|the|a|our)\b"
)
_LOOSE_VALUE = re.compile(
    r"(?:every|any|some|no)(?:thing|body|one|where)\b|(?:whatever|whoever|more than|less than|how|what|that|same) ",
    re.IGNORECASE,
)
_COUNTDOWN = re.compile(r" (?:is|are|comes?|starts?|leaves?) in (?:\d+|[a-z]+) (?:minute|hour|day|week|month)s? ", re.I)
# "two years older than her brother", "as tall as my wife": of two, and true until one of them changes.
_COMPARED = re.compile(
    r" than |\b(?:years?|months?|inch(?:es)?|cm|feet|foot|heads?) (?:older|younger|taller|shorter)\b|\bas [a-z]+ as\b",
    re.IGNORECASE,
)
_ANYBODY = bag("anyone anybody everyone everybody someone somebody whoever people most many few nobody those")
_NO_VALUE = bag(
    "all both some none any many most few several enough lots plenty more less much another other others same "
    "here there own me us so well now then again back home work out up away down off on over fine okay ok "
    "once twice busy done ready sure course time day way lot bit while kind sort"
)


def stands_alone(draft: Draft, alone: bool = False) -> bool:
    """Whether a draft of the open rules is one statement, with nothing in it that points elsewhere."""
    if draft.relation == "statement":
        return True
    if (
        _LOOSE_VALUE.match(draft.value)
        or draft.value.lower() in (*_NO_VALUE, *DETERMINERS)
        or re.fullmatch(r"\W*", draft.value)
    ):
        return False
    if (
        _of_the_world(draft)
        or draft.subject.lower() in ("mine", "ours", "my own", "our own", "the new one", "new one")
        or draft.subject.endswith(("'s", "s'"))
    ):
        return False  # "my brother's is a Fender": what of his, the sentence before it knew
    if not is_noun_phrase(draft.subject) and not re.search(r" (?:that|which|who|where|I|we)\b", draft.subject):
        return False  # "my husband works in Graz" is no subject
    if re.match(r"(?:Call|Tell|Remind|Ask|Let|Wake|Show) (?:me|us)\b", draft.subject) or ":" in draft.subject:
        return False  # "Call me when my brother arrives …", "Translate: my brother …"
    if re.search(r",| and (?:his|her|its|their) ", draft.subject) or _COUNTDOWN.search(f"{draft.said} "):
        return False
    told = draft.said.removeprefix(draft.subject)
    if draft.relation not in ("name", "like", "prefer", "favourite") and _COMPARED.search(told):
        return False
    if draft.relation != "name" and (_RUN_ON.search(told) or _two_statements(draft.said)):
        return False
    if draft.relation not in ("clause", "attribute"):
        return True
    rest = draft.said.replace(draft.value, " ")
    if _DANGLING.search(_NOT_DANGLING.sub("", draft.said)):
        return False
    about_me = draft.subject.lower() in ("i", "we", "my", "our")
    return not (about_me and _THEIRS.search(rest)) and (draft.likely or not _unsure(draft, alone))


def _of_the_world(draft: Draft) -> bool:
    """ "The Prime Minister lives at …", "World War II ended …": told of nobody that the user knows."""
    if re.search(r"\b(?:my|our|I|we|me|us|My|Our|We)\b", draft.said):
        return False
    if draft.relation in ("clause", "like", "eats", "drink") and _nobodys(draft.subject):
        return True
    if re.match(r"[A-Z][a-z-]+ [A-Z]", draft.subject) and draft.subject.split(" ")[0].lower() in RELATIVES | {"auntie"}:
        return False
    subject = re.sub(r"^[Tt]he ", "", draft.subject)
    many = len(re.findall(r"\b[A-Z0-9][\w'-]*", subject)) == len(subject.split()) > 1
    return many and (draft.subject.lower().startswith("the ") or draft.relation == "clause")


def _nobodys(subject: str) -> bool:
    """ "Zebra finches", "taylor swift": a kind of thing, or nobody's; "rent" and "account" are somebody's."""
    first = subject.split(" ")[0]
    if first.lower() in _ANYBODY:
        return True
    if first.lower() in DETERMINERS or first.endswith("'s"):
        return False
    last = subject.split(" ")[-1]
    if is_plural(subject) and last[:1].islower():
        return " and " not in subject
    return subject.islower() and len(subject.split()) > 1


def _two_statements(said: str) -> bool:
    """Another subject and verb behind "and" or "but": "Andrew farms the valley and Philip went to Wales"."""
    for match in re.finditer(r" (?:and|but)(?: [a-z]+ly)? ", said):
        left, right = parse(said[: match.start()]), parse(said[match.end() :])
        first = said[match.end() :].split(" ")[0]
        form = lemma_of(first) if first.islower() else None
        if left is None or not left.rest:
            continue
        if right is not None and len(right.subject.split()) <= 3 and right.rest:
            return True
        if first in (*BE, *MODALS, "has", "have", "had", "just", "never") or (
            form is not None and form[1] in ("s", "past")
        ):
            return True
    return False


def _unsure(draft: Draft, alone: bool) -> bool:
    """A clause whose value is a common word or a number, told with a verb that need not last: "calls the client"."""
    clause = parse(draft.said)
    if clause is None or draft.value not in clause.rest:
        return False
    if re.match(r"(?:up|out|off|away|down) [a-z]+ing\b", draft.value):
        return True  # "end up searching …"
    if clause.lemma in ("give", "swear", "take") and re.match(r"(?:up|off) ", clause.rest):
        return False  # "I have taken up falconry", "I gave up sugar"
    if clause.lemma == "be" and clause.aux and _STATE.match(clause.rest):
        return True  # "has been asleep on the printer"
    kind, named = value_type(draft.value), draft.subject[:1].isupper() and draft.subject.lower() not in (*PEOPLE, "i")
    first = draft.value.split(" ")[0]
    form = lemma_of(first)
    doing = form is not None and form[1] == "base" and form[0] not in NOUNISH and " " in draft.value
    if doing and draft.value.islower() and re.search(rf" (?:of|to|with|for) {re.escape(draft.value)}", draft.said):
        return True  # "afraid of make mistakes"
    if clause.is_be:
        # "Depreciation is straight-line over five years"; "my son is 6 foot 2": how tall, no word here says
        alive = draft.subject == "I" or head_noun(draft.subject) in PEOPLE | PETS
        counted = kind == "number" and (named or (alive and clause.rest.startswith(draft.value)))
        return counted or _STATE.match(clause.rest) is not None
    slot = slot_with(clause.rest, draft.value)
    gerund = form is not None and form[1] == "ing" and " " in draft.value and first not in PEOPLE | PETS
    gerund = gerund and not (slot is not None and re.match(rf"an? |{DETERMINED}", slot.phrase))  # "a folding table"
    if gerund and not (alone and slot is not None and slot.preposition in ("for", "on", "with", "of", "to")):
        return True  # "keeps mentioning …", "engaged in writing …"
    owned = re.search(r"\b(?:my|our|I|we|me|us)\b", draft.said)
    dated = kind == "time" or (kind == "date" and not re.fullmatch(r"\d{4}", draft.value))  # a year is history
    if not owned and dated and not _HABIT.search(draft.said):
        return draft.subject.lower().startswith("the ") and (lemma_of(clause.verb) or ("", ""))[1] not in ("s", "base")
    if kind == "common":
        habit = _form_of(clause) in ("s", "base") and owned and clause.lemma not in PASSING_VERBS
        about_me = draft.subject.lower() in ("i", "we")
        habit = habit and not _KNOWN_THING.fullmatch(clause.rest) and not _ONE_THING.fullmatch(clause.rest)
        habit = habit and (not about_me or _THING_PLACED.match(clause.rest) is not None)
        mine = slot is not None and re.match(rf"(?:all )?{DETERMINED}", slot.before) is not None
        alive = about_me or named or head_noun(draft.subject) in PEOPLE | PETS
        bare = (alive or not owned) and (_KNOWN_THING.fullmatch(clause.rest) or _ONE_THING.fullmatch(clause.rest))
        told = alone and (mine or not about_me) and not (bare and _form_of(clause) in ("s", "base"))
        does = alone and about_me and not bare and slot is not None and _does(clause, slot)
        habit = habit or told or does or (slot is not None and lasting_deed(clause, slot))
        return not (habit or clause.lemma in LASTING_VERBS or clause.aux or _HABIT.search(draft.said))
    return kind == "number" and named and not owned


def _does(clause: Clause, slot: Slot) -> bool:
    """ "I whittle spoons out of cherry wood"; not "I stare at the screen", "I smell gas", "I sit in a cafe"."""
    with_it = slot.before or re.match(r"(?:out of|from|with|by|in|to|for|on) ", slot.after)
    passing = _form_of(clause) != "base" or clause.lemma in PASSING_VERBS | _FELT
    if passing or not with_it or slot.phrase.startswith("the "):
        return False
    return HAD_FOR_NOW.search(slot.phrase) is None and FOR_NOW.search(slot.phrase) is None


_FELT = bag("smell taste crave owe fancy regret struggle")
# "I call the client", "I tidy my desk": nothing that was not known.
_KNOWN_THING = re.compile(rf"(?:the|my|our|like)(?: (?!(?:{'|'.join(PREPOSITIONS)})\b)[a-z-]+)+")


# "My daughter draws a picture": once.
_ONE_THING = re.compile(r"an? [a-z -]+")
# "I dye my wool with walnut husks": what is done with a thing one has, and how.
_THING_PLACED = re.compile(rf"(?:my|our|the) [a-z-]+(?: [a-z-]+)? (?:{'|'.join(PREPOSITIONS)}) ")


def _form_of(clause: Clause) -> str:
    return (lemma_of(clause.verb) or ("", "s" if clause.verb.endswith("s") else "base"))[1]


# States of the day: "out for six weeks", "off sick", "back on Monday".
_STATE = re.compile(
    r"(?:still |now )?(?:out|off|away|back|up|down|sick|ill|asleep|awake|busy|closed|late|here|there|ready|gone|free|"
    r"available|open until|"
    r"in (?:bed|hospital|town|pain)|at (?:home|work|school))\b"
)
_HABIT = re.compile(
    r"\b(?:always|usually|never|often|mostly|only|every|each|twice a|once a|\w+days|in the \w+s|at \d[\d:.]*)\b",
    re.IGNORECASE,
)
