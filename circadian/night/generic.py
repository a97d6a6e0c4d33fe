"""Statements no pattern knows: which of them are particular and lasting, decided by their grammar."""

import re

from circadian.night.builders import Draft, appositive, subject_key
from circadian.night.clauses import Slot, parse, split_value
from circadian.night.grammar import (
    DETERMINERS,
    Clause,
    canonical,
    head_noun,
    is_particular,
    lemma_of,
    possessive,
    strip_determiner,
    value_type,
)
from circadian.night.words import NO_OWNER, PEOPLE, PETS, bag

_PASSING = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening|weekend)|last night|right now|"
    r"at the moment|just now|a minute|soon|later|"
    r"an hour ago|in a bit|all day|all night|the whole day|again)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"\b(?:than|best|great|nice|lovely|awesome|awful|terrible|amazing|good|bad|fun|annoying|boring|funny|"
    r"delicious|wonderful|horrible|cool|weird|wrong|right|"
    r"beautiful|perfect|fantastic|too|so much|a lot|kind of|sort of)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:never|no|not|nothing|nobody|none)\b|n't\b")
_HAD_FOR_NOW = re.compile(
    r"\b(?:question|problem|idea|meeting|call|headache|issue|doubt|request|look|trouble|feeling|dream|cold|exam)s?\b"
)
_PASSING_VERBS = bag(
    "need want think feel guess know mean hope hear see understand agree wonder look try get go say suppose "
    "believe appreciate apologize seem sleep wait walk happen forget notice talk tell ask let mind thank care "
    "expect worry laugh cry fail matter deal check sound count search"
)
_LASTING_ADJECTIVES = bag(
    "vegetarian vegan allergic left-handed right-handed colour-blind color-blind colourblind colorblind married "
    "divorced widowed single engaged retired pregnant deaf blind diabetic dyslexic bilingual trilingual electric "
    "red blue green black white grey gray yellow orange purple pink brown silver golden beige turquoise adopted "
    "asthmatic nearsighted shortsighted epileptic celiac coeliac ginger blond blonde ambidextrous self-employed "
    "afraid scared terrified fond proud named called based located made lactose-intolerant lactose "
    "gluten-intolerant teetotal deaf-mute hybrid striped spotted"
)
_LASTING_PROGRESSIVE = bag(
    "learn study train work live write build play save prepare organise organize restore renovate plan take raise "
    "grow knit translate"
)
_THINGS_HAD = PEOPLE | PETS | bag(
    "brothers sisters sons daughters kids children cats dogs twins siblings cousins grandchildren grandkids "
    "nephews nieces hens chickens rabbits car bike boat garden allotment house flat cabin cottage tattoo allergy "
    "motorbike motorcycle van piano guitar telescope degree phd licence license subscription"
)  # fmt: skip


def generic_drafts(text: str, raw: str, *, asked: bool = False) -> list[Draft]:
    """At most one fact of a statement's own grammar, plus the name that an apposition gives ("my sister Ana …")."""
    clause = parse(text)
    if clause is None or clause.subject.lower() in (
        "it",
        "this",
        "that",
        "there",
        "he",
        "she",
        "they",
        "you",
        "what",
        "here",
    ):
        return []
    slot = split_value(clause.rest, clause.lemma)
    if slot is None or not slot.value or not _accept(clause, slot, raw, asked):
        return []
    key = _key(clause, slot)
    value = slot.value
    if value.lower().startswith(("every ", "each ")) and value_type(value) == "date":
        value = value.split(" ", 1)[1]
    draft = Draft("clause", clause.subject, value, text, key)
    name = appositive(clause.subject)
    implied = (
        Draft(
            "name",
            name[0],
            name[1],
            f"{possessive(name[0])} name is {name[1]}",
            f"{subject_key(name[0])}|name",
            {"implied": "yes"},
        )
        if name
        else None
    )
    return [implied, draft] if implied else [draft]


def _key(clause: Clause, slot: Slot) -> str:
    """Subject, verb and what stands before the value: what stays the same when the fact is told again."""
    frame = canonical(
        " ".join(p for p in (slot.before, slot.preposition, slot.after if slot.before == "" else "") if p)
    )
    verb = (
        clause.lemma
        if not clause.aux
        else " ".join(w for w in (*clause.aux.split(), clause.verb) if w not in ("have", "has", "been"))
    )
    return f"{subject_key(clause.subject)}|{' '.join(f'{verb} {frame}'.split())}"


def _accept(clause: Clause, slot: Slot, raw: str, asked: bool) -> bool:
    """Whether the statement is particular and lasting. What was asked to be kept need only be positive and definite."""
    words = clause.subject.split()
    first = words[0].lower()
    if re.match(r"to be\b", clause.rest) or _vague(slot):
        return False
    if _NEGATED.search(f"{clause.aux} {clause.adverb} {clause.rest}"):
        return False
    if asked:
        return True
    if _OPINION.search(clause.rest) or clause.lemma in ("fail", "return", "throw", "crash", "raise", "compile"):
        return False
    if _PASSING.search(raw) or (head_noun(clause.subject) in NO_OWNER and len(words) < 3):
        return False
    owned = first in ("my", "our", "i", "we") or "'s" in clause.subject
    named = words[0][:1].isupper() and first not in (*DETERMINERS, "i", "we") and not _plain_plural(clause)
    particular = is_particular(slot.phrase)
    if clause.is_be:
        return _accept_be(clause, slot, owned or named, particular)
    if clause.aux.split(" ")[-1] in ("am", "is", "are", "was", "were", "been") and clause.verb.endswith("ing"):
        return _accept_progressive(clause, particular)
    if clause.lemma == "have":
        return _accept_have(clause, slot, first, particular and owned)
    if owned and clause.aux in ("is", "are") and (lemma_of(clause.verb) or ("", ""))[1] in ("past", "participle"):
        return True
    if first in ("i", "we"):
        return _accept_own(clause, slot, particular)
    if owned or named:
        return particular or (_present(clause) and clause.lemma not in _PASSING_VERBS and _has_object(slot))
    if first == "the":
        return particular
    return particular and value_type(slot.phrase) == "name" and bool(clause.aux)


def _accept_progressive(clause: Clause, particular: bool) -> bool:
    """ "I'm learning knitting", "we are writing a book on Rome"; not "I'm cooking pasta"."""
    lasting = particular or clause.lemma in ("learn", "study", "restore", "renovate", "raise")
    return lasting and clause.lemma in _LASTING_PROGRESSIVE and not clause.aux.startswith(("was", "were"))


def _accept_have(clause: Clause, slot: Slot, first: str, particular: bool) -> bool:
    """Relatives, animals and things one has; what my things have. Not a question, a meeting or a cold."""
    kind = value_type(slot.phrase)
    if kind != "date" and _HAD_FOR_NOW.search(slot.before or slot.phrase):
        return False
    if first in ("my", "our"):
        thing = head_noun(clause.subject) not in PEOPLE and " " in slot.value and _present(clause)
        if thing or particular:
            return True
    had = strip_determiner(slot.phrase).split(" of ")[0].split(" ")[-1].lower()
    return had in _THINGS_HAD or (particular and kind in ("name", "date"))


def _accept_own(clause: Clause, slot: Slot, particular: bool) -> bool:
    """What I or we do: habits in the present, and particular events."""
    going = re.match(r"to (?:the|a) [a-z ]+ [A-Z]", clause.rest) and clause.lemma == "go" and _present(clause)
    done = clause.lemma == "get" and (lemma_of(clause.rest.split(" ")[0]) or ("", ""))[1] in ("past", "participle")
    habit = (
        _present(clause)
        and re.search(r"\bat [\w:]+(?: [ap]m)?$|\bevery \w+$|\bon \w+days?$", clause.rest) is not None
        and clause.lemma in ("get", "go", "wake", "sleep", "walk", "talk")
    )
    if clause.lemma in _PASSING_VERBS and not going and not habit and not (done and particular):
        return False
    if _present(clause) and not clause.aux:
        return slot.phrase.lower() not in ("it", "this", "that", "them", "one", "something") and (
            particular or _has_object(slot)
        )
    return particular and value_type(slot.phrase) != "number"


def _accept_be(clause: Clause, slot: Slot, own: bool, particular: bool) -> bool:
    first = clause.rest.split(" ")[0].lower()
    if (slot.preposition == "at" and value_type(slot.phrase) == "number") or re.search(r"\bpercent\b|%", clause.rest):
        return False
    if first in _LASTING_ADJECTIVES and own:
        return True
    if re.match(r"the [A-Z]", clause.subject):
        return False
    if not own and not (clause.subject.lower().startswith("the ") and particular):
        return False
    if re.match(r"the \w+ of [A-Z]", clause.rest) and clause.subject[:1].isupper() and " " not in clause.subject:
        return False
    if particular and (
        slot.preposition or first in ("the", "a", "an", "my", "our") or clause.subject.lower() not in ("i", "we")
    ):
        return clause.subject.lower() not in ("i", "we") or slot.preposition not in ("in", "at", "on", "from", "to")
    if first in _LASTING_ADJECTIVES or clause.rest.lower() in _LASTING_ADJECTIVES:
        return True
    if first in ("a", "an") and not re.search(
        r"\b(?:bit|lot|mess|little|pain|joke|nightmare|disaster|pity|shame|relief|surprise|while|good|great|bad|"
        r"fan of (?:it|this|that))\b",
        clause.rest,
    ):
        return True
    return bool(slot.preposition and slot.before.lower() in _LASTING_ADJECTIVES)


def _plain_plural(clause: Clause) -> bool:
    """ "Cats sleep a lot": a capital only because the sentence begins there."""
    first = clause.subject.split(" ")[0]
    return (
        " " not in clause.subject
        and (
            first.lower().endswith("s")
            and first.lower() != first
            and not clause.rest[:1].isupper()
            and _present(clause)
        )
    ) or (
        first.lower()
        in (
            "water",
            "people",
            "life",
            "everyone",
            "everything",
            "nothing",
            "somebody",
            "someone",
            "nobody",
            "time",
            "coffee",
            "tea",
            "music",
            "money",
            "love",
        )
    )


def _present(clause: Clause) -> bool:
    form = lemma_of(clause.verb)
    return not clause.aux and form is not None and form[1] in ("base", "s")


def _has_object(slot: Slot) -> bool:
    return bool(slot.phrase) and len(slot.value) > 2


def _vague(slot: Slot) -> bool:
    return bool(
        re.fullmatch(
            r"(?:it|this|that|them|him|her|me|us|you|one|something|anything|everything|things?|stuff|a lot|much|"
            r"well|fine|so|here|there|to|to .*|how .*|what .*|why .*|more|most|better)",
            slot.value,
            re.I,
        )
    )
