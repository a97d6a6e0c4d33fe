"""What people ask when they need a fact whose relation we know: asked.txt, in their own situations and words.

"HR wants somebody above me to sign my leave. Whose name goes there?" is in no grammar. Two authors who had read nothing
of this project wrote 14 questions each for every relation; those that share five words in a row with what an exam asks
are left out. {noun} is what the fact calls its thing ("dog", "sister"), {kind} of a relative's favourite the drink.
Never: a value; a question about a thing that another active fact could be meant by.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from circadian.night.grammar import PREPOSITIONS, head_noun, is_plural, value_type
from circadian.night.thesaurus import WORDS
from circadian.night.wordings import DRINK_NOUNS, FOOD_NOUNS
from circadian.night.words import PETS, RELATIVES, bag
from circadian.records import Fact, short_id

ASKED = Path(__file__).with_name("asked.txt")
MOST = 14  # of a fact: as many as its rules bring, so that neither kind of wording is all that is learned
PARTNERS = bag("wife husband girlfriend boyfriend partner fiancé fiancée spouse")
CHILDREN = bag("son daughter")
SIBLINGS = bag("sister brother cousin")
MACHINES = bag("server laptop printer router computer workstation")
THINGS = bag(
    "boat yacht dinghy canoe kayak bike bicycle motorbike scooter tandem car van camper caravan tractor guitar "
    "cello violin piano starter robot drone telescope plant teddy"
)
PAPERS = bag("thesis dissertation essay paper report application proposal manuscript return assignment form grant")
EVENTS = bag("exam wedding appointment flight concert interview test checkup check-up")
WORKS = bag("book novel film movie band song album game series show")
# Of the one who talks, and of a relative, by relation. A sister's age is asked as a child's is.
MINE = {
    "age": "own-age",
    "birthday": "own-birthday",
    "home": "home",
    "origin": "origin",
    "birthplace": "origin",
    "childhood": "childhood",
    "job": "job",
    "employer": "employer",
    "instrument": "instrument",
    "sport": "sport",
    "studies": "studies",
    "diet": "diet",
    "language": "learning",
    "speaks": "speaks",
    "vehicle": "car",
    "avoid": "avoid",
}
THEIRS = {
    "birthday": "birthday",
    "home": "relative-home",
    "birthplace": "relative-origin",
    "origin": "relative-origin",
    "job": "relative-job",
    "employer": "relative-employer",
    "instrument": "relative-instrument",
    "sport": "relative-sport",
    "studies": "relative-studies",
    "avoid": "relative-avoid",
    "language": "relative-language",
    "vehicle": "relative-car",
}
PEOPLE_OF = {
    "manager": "manager boss supervisor",
    "doctor": "doctor gp",
    "dentist": "dentist",
    "landlord": "landlord landlady",
    "hairdresser": "hairdresser barber",
    "vet": "vet",
    "neighbour": "neighbour neighbor",
    "colleague": "colleague deputy intern assistant client coworker co-worker",
    "role": "accountant plumber physiotherapist physio tutor teacher lawyer cleaner electrician mechanic therapist "
    "trainer coach babysitter nanny gardener optician psychologist instructor",
}
NAMED = ((PARTNERS, "partner-name"), (CHILDREN, "child-name"), (SIBLINGS, "sibling-name"), (PETS, "pet-name"))
# A thing of ours, by the last words of what it is called.
THINGS_OF_OURS = {
    "vet clinic": "vet-clinic",
    "gym": "gym",
    "shoe size": "shoe-size",
    "database": "database",
    "phone": "phone",
    "hobby": "hobby",
    "programming language": "prog-language",
    "browser": "tool",
    "shell": "tool",
    "password manager": "tool",
    "number": "number",
}
KINDS_OF_TOOLS = {"editor": "editor", "programming language": "prog-language", "operating system": "os"}
BORN = re.compile(r"\b(?:born|birth\w*|begin|began|gr[eo]w|childhood|raised)\b")  # nor need who comes from there
OVER = re.compile(r"\b(?:old|former|previous|late|first|last|ex|was|were)\b")  # what was so is not asked as if it were
WIFI = re.compile(r"(?:my|our|the) (?:guest |home |office )?wi-?fi(?: network)?", re.IGNORECASE)
FOODS = bag(
    "nut peanut walnut hazelnut almond cashew pistachio shellfish shrimp prawn fish crab lobster mussel oyster milk "
    "lactose dairy egg gluten wheat soy soya sesame celery mustard strawberry strawberri kiwi peach apple tomato "
    "banana mango cheese chocolate honey lupin oat rye pineapple citrus mushroom onion garlic cinnamon pepper seafood"
)
Slots = Mapping[str, str]


def asked(fact: Fact, facts: Sequence[Fact]) -> list[str]:
    """At most `MOST` questions for this fact, in an order of its own; none where its relation has none."""
    found = row_of(fact)
    others = [other for other in facts if other.status == "active" and other.key != fact.key]
    if found is None or alike(found) in [alike(row) for other in others if (row := row_of(other))]:
        return []
    if bare(fact.subject) != "i" and any(is_another(fact, other) for other in others):
        return []
    key, slots = found
    rows = [row for row in questions().get(key, ()) if fact.relation != "origin" or not BORN.search(row)]
    chosen = sorted(rows, key=lambda row: short_id(fact.key, row))[:MOST]
    return [row.format(**{**slots, "noun": called(slots.get("noun", ""), n)}) for n, row in enumerate(chosen)]


def alike(row: tuple[str, Slots]) -> tuple[str, Slots]:
    """What two facts that are asked by the same questions share: the key, and the slots that its questions have."""
    text = "".join(questions().get(row[0], ()))
    return row[0], {name: word for name, word in row[1].items() if f"{{{name}}}" in text}


def is_another(fact: Fact, other: Fact) -> bool:
    """Whether the other fact is about another one of the same kind: "my sister Ana", "my younger sister"."""
    mine, theirs = fact.subject, other.subject
    if bare(mine) != bare(theirs) or theirs.lower() in ("i", "we"):
        return False
    names = [re.search(r" ([A-Z].*)$", subject) for subject in (mine, theirs)]
    short = [re.sub(r" [A-Z].*$", "", subject).partition(" ")[2] for subject in (mine, theirs)]
    return short[0] != short[1] or bool(names[0] and names[1] and names[0][1] != names[1][1])


def called(noun: str, turn: int) -> str:
    """Every third time by another word for it: "build server", "build machine"."""
    words = [word for word in WORDS.get(noun, ()) if word.count(" ") >= noun.count(" ")] or [noun]
    return words[turn // 3 % len(words)] if turn % 3 == 2 else noun


@cache
def questions() -> dict[str, tuple[str, ...]]:
    """By key, as they stand in asked.txt."""
    found: dict[str, list[str]] = {}
    for line in ASKED.read_text(encoding="utf-8").splitlines():
        key, question = line.split("\t")
        found.setdefault(key, []).append(question)
    return {key: tuple(rows) for key, rows in found.items()}


def row_of(fact: Fact) -> tuple[str, Slots] | None:
    """The key of the questions that ask for this fact, and what stands in their braces."""
    subject, np = fact.subject, fact.details.get("np", fact.subject)
    me, noun = subject.lower() in ("i", "we"), bare(subject)
    if fact.relation == "favourite":
        return of_a_favourite(fact, me, noun)
    if fact.relation in ("role", "name", "attribute") and OVER.search(f"{np} {fact.statement}"):
        return None
    if fact.relation in ("role", "name"):
        return of_a_name(bare(np), np)
    if fact.relation == "attribute":
        return of_a_thing(np, fact.value)
    if fact.relation == "due":
        return ("deadline", {"noun": subject.partition(" ")[2]}) if noun in PAPERS and "'" not in subject else None
    if fact.relation == "tool":
        kind = KINDS_OF_TOOLS.get(fact.details.get("kind", "")) if me else None
        return (kind, {}) if kind else None
    if not (me or (noun in PETS | RELATIVES and is_ours(subject))):
        return None
    if fact.relation == "age" and not me:
        key = "pet-age" if noun in PETS else "child-age" if noun in CHILDREN else "relative-age"
        return key, {"noun": noun}
    key = MINE.get(fact.relation) if me else THEIRS.get(fact.relation)
    if key is None or not fits(fact) or noun in PETS:
        return None
    return ("allergy" if key == "avoid" and "allerg" in fact.statement else key), {"noun": noun}


def of_a_favourite(fact: Fact, me: bool, noun: str) -> tuple[str, Slots] | None:
    kind = fact.details.get("noun", "")
    if not kind or is_plural(kind):
        return None
    if me:
        nouns = ((DRINK_NOUNS, "fav-drink"), (FOOD_NOUNS & bag("food dish meal"), "fav-food"), (WORKS, "fav-work"))
        key = "fav-colour" if kind in ("colour", "color") else next((k for s, k in nouns if kind in s), "favourite")
        return key, {"noun": kind}
    if noun not in RELATIVES or not is_ours(fact.subject):
        return None
    return "partner-fav" if kind in DRINK_NOUNS else "relative-favourite", {"noun": noun, "kind": kind}


def of_a_name(noun: str, np: str) -> tuple[str, Slots] | None:
    """Of a person, a pet or a thing that has a name, by what it is."""
    whole = np.partition(" ")[2]
    if WIFI.fullmatch(np):
        return "wifi", {}
    if re.fullmatch(r"(?:my|our|the) (?:project|product)(?: at work)?", np, re.IGNORECASE):
        return "project-name", {}
    if thing := of_a_thing(np, ""):
        return thing
    if not is_ours(np) or re.search(r"\b\w+ing [A-Z]", np):
        return None
    if whole == "best friend":
        return "best-friend", {}
    plain = re.sub(r"^(?:line|family) | [A-Z].*$", "", whole).lower() == noun
    for nouns, key in NAMED:
        if noun in nouns:
            return (key, {"noun": noun}) if plain else None
    key = next((key for key, nouns in PEOPLE_OF.items() if noun in nouns.split()), None)
    if key:
        return (key, {"noun": whole if key == "role" else noun}) if plain or key == "role" else None
    key = "machine-name" if noun in MACHINES else "thing-name" if noun in THINGS else None
    return (key, {"noun": whole}) if key and "wifi" not in whole else None


def of_a_thing(np: str, value: str) -> tuple[str, Slots] | None:
    if WIFI.fullmatch(np):
        return "wifi", {}
    if school := re.fullmatch(rf"(?:my|our) ({'|'.join(sorted(CHILDREN))})['’]s school", np, re.IGNORECASE):
        return "school", {"noun": school[1]}
    if head_noun(np) in EVENTS and is_ours(np) and value_type(value) == "date":
        return "event", {"noun": np.partition(" ")[2]}
    found = next((end for end in THINGS_OF_OURS if np.endswith(f" {end}")), None)
    return (THINGS_OF_OURS[found], {"noun": np.partition(" ")[2]}) if found and is_ours(np) else None


def is_ours(noun_phrase: str) -> bool:
    """Of the one who talks, not of somebody who is theirs: "my manager", not "my wife's manager"."""
    return re.match(r"(?:my|our) (?!.*['’])", noun_phrase, re.IGNORECASE) is not None


def bare(noun_phrase: str) -> str:
    """ "my cat Priya" → "cat"."""
    named = re.fullmatch(r"((?:[Mm]y|[Oo]ur|[Tt]he) [a-z -]+) [A-Z].*", noun_phrase)
    return head_noun(named[1] if named else noun_phrase)


def fits(fact: Fact) -> bool:
    """Whether the value is of the kind that the questions ask for: a town, a language, a car, food."""
    places = ("home", "origin", "birthplace", "childhood")
    if fact.relation in places:
        return fact.value[:1].isupper()
    if fact.relation == "language":
        return fact.details.get("kind") == "language"
    return fact.relation != "avoid" or is_food(fact)


def is_food(fact: Fact) -> bool:
    """Of what somebody avoids: celery, walnuts; not bees, motorways or "after eight"."""
    if "allerg" in fact.statement or "intoler" in fact.statement:
        last = fact.value.lower().split(" ")[-1]
        return bool({last, last.removesuffix("s"), last.removesuffix("es")} & FOODS)
    first = fact.value.split(" ")[0].lower()
    return re.search(r"\b(?:eats?|have)\b", fact.statement) is not None and first not in PREPOSITIONS
