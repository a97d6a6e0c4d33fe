"""What a matched pattern makes of its groups: one Draft or several, in the user's person.

Group s is the subject or its owner, v the value, n a noun, np a noun phrase. A builder may still refuse (empty list):
a pattern sees words, a builder also sees what kind of value they name.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from circadian.night.complements import value_of
from circadian.night.grammar import be_for, canonical, head_noun, lemma_of, possessive, strip_determiner, value_type
from circadian.night.words import DIETS, KINDS, NO_OWNER, NO_PETS_NAME, PEOPLE, PEOPLES, PETS, a_or_an, bag

MULTI = frozenset(
    {"avoid", "like", "dislike", "instrument", "sport", "language", "speaks", "owns", "drink", "eats", "prefer"}
)


@dataclass(frozen=True)
class Draft:
    """A fact before it has an id: `said` is the clean statement in the user's person, `likely` what likely.py says."""

    relation: str
    subject: str
    value: str
    said: str
    key: str
    slots: dict[str, str] = field(default_factory=lambda: {})
    likely: bool = False


def subject_key(subject: str) -> str:
    """I, we → i; "my sister Ana" → ana; "my dog" → dog; "my mother's dog" → mother dog."""
    if subject.lower() in ("i", "we", "me", "my", "our", "us"):
        return "i"
    name = appositive(subject)
    return name[1].lower() if name else canonical(subject)


def appositive(subject: str) -> tuple[str, str] | None:
    """("my sister", "Ana") of "my sister Ana"; None when the phrase carries no name."""
    match = re.fullmatch(
        r"((?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir) (?:[a-z-]+ ){0,3}?([a-z-]+)) ([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)",
        subject,
    )
    if match and (match[2] in PEOPLE or match[2] in PETS):
        return match[1], match[3]
    return None


def whole(match: re.Match[str]) -> str:
    return match.string.strip()


def clean(value: str) -> str:
    return value.strip(" ,.!;:\"“”'")


def simple(relation: str, attribute: str = "", said: str = "") -> Callable[[re.Match[str]], Iterable[Draft | None]]:
    """One fact about group s with value group v, filed under s|attribute."""

    def build(match: re.Match[str]) -> Iterable[Draft | None]:
        subject, value = match["s"].strip(), value_of(clean(match["v"]))
        text = (
            said.format(s=subject, v=clean(match["v"]), be=be_for(subject), poss=possessive(subject))
            if said
            else whole(match)
        )
        return [Draft(relation, subject, value, text, f"{subject_key(subject)}|{attribute or relation}", {})]

    return build


def named(match: re.Match[str]) -> Iterable[Draft | None]:
    """Something has a name: s is the thing."""
    thing, value = match["s"].strip(), clean(match["v"])
    if (
        thing.lower() in ("i", "we", "it", "he", "she", "they", "this", "that")
        and "name" not in match.string.lower()[:12]
    ):
        return [Draft("name", "I", value, f"my name is {value}", "i|name", {})] if thing == "I" else []
    verb = re.search(r"\b(codenamed|nicknamed)\b", match.string)
    said = f"{thing} {be_for(thing)} {verb[1]} {value}" if verb else f"{possessive(thing)} name is {value}"
    if len(thing.split()) > 4 or " that " in thing or " of " in thing:
        said = f"{thing} {be_for(thing)} called {value}"
    if value_type(value) == "date" or (
        re.search(r"\bcalle?d? (?:my|our|the) ", match.string) and head_noun(thing) in PEOPLE
    ):
        return []  # "I called the plumber Thursday"
    if value.islower() and len(value.split()) > 1:
        return []  # typed without capitals, nobody can say where the thing ends and its name begins
    named = thing.removesuffix(" at work").removesuffix(" at home")
    return [Draft("name", named, value, said, f"{subject_key(named)}|name", {})]


def named_by(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Grandma calls her goat Minister": grandma's goat."""
    thing = f"{possessive(match['o'].strip())} {strip_determiner(match['s'])}"
    value = clean(match["v"])
    return [Draft("name", thing, value, f"{possessive(thing)} name is {value}", f"{subject_key(thing)}|name", {})]


def my_name(match: re.Match[str]) -> Iterable[Draft | None]:
    return [Draft("name", "I", clean(match["v"]), f"my name is {clean(match['v'])}", "i|name", {})]


def i_am(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "I am Lucía"; not "I am Danish", not "I am MVP", not "I am 40"."""
    value = clean(match["v"])
    is_name = re.fullmatch(r"[^\W\d_][a-zà-ÿ'-]+(?: [^\W\d_][a-zà-ÿ'-]+)?", value) and value[:1].isupper()
    return (
        my_name(match)
        if is_name and value.lower() not in (*PEOPLES, "batman", "superman", "santa", "groot", "god")
        else []
    )


def got_named(match: re.Match[str]) -> Iterable[Draft | None]:
    noun = match["n"].strip()
    other = "other " if re.search(r"\b(another|second)\b", match["det"]) else ""
    short = noun.split(" ")[-1] if len(noun.split()) > 2 else noun
    thing = f"{'our' if match['s'].lower() == 'we' else 'my'} {other}{short}"
    value = clean(match["v"])
    return [Draft("name", thing, value, f"{possessive(thing)} name is {value}", f"{subject_key(thing)}|name", {})]


def having(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Our garden has a cherry tree called Gustav": our garden's cherry tree."""
    thing = f"{possessive(match['s'])} {match['n']}"
    value = clean(match["v"])
    return [Draft("name", thing, value, f"{possessive(thing)} name is {value}", f"{subject_key(thing)}|name", {})]


_THEIR_PLACES = bag("school nursery kindergarten university college vet doctor dentist teacher gym clinic club stable")


def that_is(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "We took the cat to Pawhaven, that's our vet clinic": the first half names what the second half says."""
    names = re.findall(r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-ZÀ-ÖØ-Þ][\w'’-]*(?: [A-ZÀ-ÖØ-Þ][\w'’-]*)*", match["first"])
    names = [n for n in names if n not in ("I", "We", "The", "My", "Our", "He", "She", "They", "It")]
    if not names:
        return []
    value = names[0] if re.match(r"(?:he|she|who)\b", match["pro"]) else names[-1]
    thing = match["np"]
    if re.match(r"(?:his|her|their) ", thing):  # of the one person who was spoken of
        if thing.split(" ")[-1] not in _THEIR_PLACES or re.search(r"\bworks?\b", match["first"]):
            return []
        theirs = re.findall(rf"\b(?:my|our) (?:{'|'.join(sorted(PEOPLE | PETS))})\b", match["first"])
        if len(theirs) != 1:
            return []
        thing = f"{possessive(theirs[0])} {thing.split(' ', 1)[1]}"
    found, whole = identity(thing, value), re.fullmatch(rf"(?:I|[Ww]e) .*\b{re.escape(value)}", match["first"])
    return [replace(found, slots={**found.slots, "deed": match["first"]}) if whole else found]


def identity(noun_phrase: str, value: str) -> Draft:
    """my manager / our vet / the grant deadline is VALUE."""
    head = head_noun(noun_phrase)
    kind = value_type(value)
    key = f"{subject_key(noun_phrase)}|{'name' if kind == 'name' else 'is'}"
    said = f"{noun_phrase} {be_for(noun_phrase)} {value}"
    first = value.lower().split(" ")[0]
    if head in PETS and kind == "name" and first not in NO_PETS_NAME and not first.endswith(("'s", "s'")):
        return replace(identity_name(noun_phrase, value_of(value)), slots={})
    relation = "role" if kind == "name" and head in PEOPLE else "attribute"
    short = value_of(value) if kind == "name" else strip_determiner(value)
    return Draft(relation, noun_phrase, short, said, key, {"np": noun_phrase})


def age(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], match["v"]
    if subject.lower() in ("it", "they", "this", "that"):
        return []
    alive = (
        subject in ("I", "we") or subject[:1].isupper() or appositive(subject) or head_noun(subject) in PEOPLE | PETS
    )
    if not alive and "old" not in match.string and "turned" not in match.string:
        return []
    name = appositive(subject)
    said = f"{subject} {be_for(subject)} {value} years old"
    out = [Draft("age", subject, value, said, f"{subject_key(subject)}|age", {})]
    return [*([identity_name(*name)] if name else []), *out]


def identity_name(role: str, name: str) -> Draft:
    return Draft(
        "name", role, name, f"{possessive(role)} name is {name}", f"{subject_key(role)}|name", {"implied": "yes"}
    )


def birthday(match: re.Match[str]) -> Iterable[Draft | None]:
    owner = match["s"].strip()
    subject = {"my": "I", "our": "we"}.get(owner.lower(), re.sub(r"'s?$", "", owner))
    shown, _, town = re.sub(r"^on ", "", clean(match["v"])).partition(" in ")
    value = re.sub(r"^the ", "", shown)
    if re.fullmatch(r"\d{4}", value) or (town and not re.match(r"[A-Z]", town)):
        return []  # "born in 1984" is no birthday
    said = f"{possessive(subject)} birthday is {shown}"
    day = Draft("birthday", subject, value, said, f"{subject_key(subject)}|birthday", {})
    if not town or " born " not in match.string:
        return [day]
    born = f"{subject} {be_for(subject, past=True)} born in {town}"
    return [day, Draft("birthplace", subject, town, born, f"{subject_key(subject)}|birthplace", {})]


def favourite(match: re.Match[str]) -> Iterable[Draft | None]:
    groups = match.groupdict()
    owner = (groups.get("s") or "my").strip()
    subject = {"my": "I", "our": "we", "the": "I", "i": "I"}.get(owner.lower(), re.sub(r"'s?$", "", owner))
    noun, value = match["n"].strip(), clean(match["v"])
    said = whole(match) if groups.get("said") is None else ""
    if not said or match.re.pattern.startswith("(?P<v>"):
        said = f"{possessive(subject)} favourite {noun} is {value}"
    shown = f"{possessive(subject)} favourite {noun}"
    return [
        Draft(
            "favourite",
            subject,
            value_of(value),
            said,
            f"{subject_key(subject)}|favourite {canonical(noun)}",
            {"np": shown, "noun": noun},
        )
    ]


def kind_of(value: str) -> str:
    """What the value is, by the word list: cello → instrument; "chamomile tea" → tea; "" when unknown."""
    low = strip_determiner(value).lower().strip(" .")
    if low in KINDS:
        return KINDS[low]
    last = low.split(" ")[-1]
    return KINDS.get(
        last, last if last in ("tea", "coffee", "beer", "wine", "juice", "bread", "cheese") and " " in low else ""
    )


def drinks(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], clean(match["v"])
    low = value.lower()
    if re.search(r"\b(?:too|much|it|that|this|a lot|enough|some|water today)\b", low):
        return []
    kind = kind_of(value)
    slots = {"verb": "drink"}
    if kind and kind != "programming language":
        short = re.sub(rf" {kind}$", "", value)
        slots |= {"np": f"{possessive(subject)} favourite {kind}", "noun": kind}
        return [
            Draft(
                "favourite", subject, value_of(short), whole(match), f"{subject_key(subject)}|favourite {kind}", slots
            )
        ]
    return [Draft("drink", subject, value_of(value), whole(match), f"{subject_key(subject)}|drink", slots)]


def avoid(match: re.Match[str]) -> Iterable[Draft | None]:
    value = clean(re.sub(r"^(?:to|any|of) ", "", match["v"]))
    value = re.split(r" (?:with|because of|due to|on account of|during|while|since) ", value)[0]
    if " never " in match.string and re.match(
        r"(?:before|after|at|in|on|out|alone|here|there|with|his|her|their|breakfast|lunch|dinner)\b", value
    ):
        return []  # "I never eat alone"
    if len(value.split()) > 5 or value.lower() in ("anything", "it", "that", "this", "much", "more", "a lot"):
        return []
    return [Draft("avoid", match["s"], value_of(value), whole(match), f"{subject_key(match['s'])}|avoid", {})]


def play(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], clean(match["v"])
    value = re.split(r" (?:in|with|for|at|every|since|on|as) ", value)[0]
    kind = kind_of(value)
    if kind in ("instrument", "sport") or match["the"]:
        relation = "sport" if kind == "sport" else "instrument"
        bare = strip_determiner(value)
        return [
            Draft(
                relation,
                subject,
                bare,
                whole(match),
                f"{subject_key(subject)}|{relation}",
                {"kind": kind or "instrument"},
            )
        ]
    return []


def language(match: re.Match[str]) -> Iterable[Draft | None]:
    value = clean(match["v"])
    if kind_of(value) != "language" and not re.search(r"course|lessons|class", match.string):
        return []
    relation = "speaks" if re.search(r"\bspeak|fluent|mother tongue|native", match.string) else "language"
    slots = {"kind": "language" if kind_of(value) == "language" else "subject"}
    return [Draft(relation, match["s"], value, whole(match), f"{subject_key(match['s'])}|{relation}", slots)]


def job(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], clean(match["v"])
    value = re.sub(r"^(?:a|an) ", "", re.split(r" (?:at|for|in|on|with|by|from) ", value)[0])
    if not subject or subject.lower() == "there" or len(value.split()) > 4 or re.split(r"[ -]", value)[-1] in DIETS:
        return []
    said = f"{subject} {be_for(subject)} {a_or_an(value)} {value}"
    out = [Draft("job", subject, value, said, f"{subject_key(subject)}|job", {})]
    place = re.search(
        rf"{re.escape(value)} (?:(?:in|on) (?:the|a) [a-z -]+ )?(?:at|for|with) ((?:the )?[A-Z][\w'’&. -]*)$",
        match.string,
    )
    if place:
        verb = "work" if subject.lower() in ("i", "we") else "works"
        out.append(
            Draft(
                "employer",
                subject,
                value_of(place[1]),
                f"{subject} {verb} at {place[1]}",
                f"{subject_key(subject)}|employer",
                {},
            )
        )
    name = appositive(subject)
    return [*([identity_name(*name)] if name else []), *out]


_AFTER_PLACE = (
    r" (?:with|for|since|because|to|where|when|as|after|near|and|but|until|next|this|"
    r"every|on (?=\w+days?\b)|in (?=(?:the )?(?:week|morning|evening|afternoon))|"
    r"in (?=(?:the |early |late )?(?:spring|summer|autumn|fall|winter)|\d|"
    r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))\b"
)


_SCHOOL = re.compile(
    r"\b(?:university|uni|college|school|academy|kindergarten|nursery|playgroup|primary|secondary)\b", re.IGNORECASE
)


def place(relation: str) -> Callable[[re.Match[str]], Iterable[Draft | None]]:
    def build(match: re.Match[str]) -> Iterable[Draft | None]:
        subject, value = match["s"], re.split(_AFTER_PLACE, clean(match["v"]))[0]
        full = clean(match["v"])
        if relation == "employer" and re.search(r"\b(?:with (?:a|an|the|my|our) [a-z]|started with )", match.string):
            return []  # "my brother works with a saw"
        if relation == "employer":
            value = re.split(r"(?<=\w) in (?=[A-Z])", value)[0] if re.match(r"(?:the )?[A-Z]", value) else value
            if _SCHOOL.search(value) and not re.search(r"\b(?:work\w*|job|employed|earns?)\b", match.string):
                return []  # "started at Leeds University": as what, nobody said
        if (
            value_type(value) == "common"
            and value_type(full) == "name"
            and re.search(r" (?:near|outside|called|named|close to|in|north of|south of) [A-Z]", full)
        ):
            value = re.split(r" (?:near|outside|called|named|close to|in|north of|south of) (?=[A-Z])", full)[-1]
        if value_type(value) in ("date", "time", "money") or value.lower() in (
            "a hurry",
            "the moment",
            "a minute",
            "peace",
            "fear",
            "hope",
            "harmony",
            "sin",
            "denial",
            "the shop",
            "the store",
        ):
            return []
        if relation == "home" and subject.lower() in ("it", "this", "that"):
            return []
        said = whole(match)
        out = [Draft(relation, subject, value_of(clean(value)), said, f"{subject_key(subject)}|{relation}", {})]
        name = appositive(subject)
        return [*([identity_name(*name)] if name else []), *out]

    return build


def due(match: re.Match[str]) -> Iterable[Draft | None]:
    thing, value = match["s"].strip(), re.sub(r"^(?:on|by) ", "", clean(match["v"]))
    if re.match(r"to (?:be )?[a-z]", value):
        return []  # "due to be swapped out"
    thing = re.sub(r"'s$", "", thing)
    thing = thing if re.match(r"(?:my|our|the|[A-Z])", thing) else f"the {thing}"
    return [Draft("due", thing, value, whole(match), f"{canonical(thing)}|due", {})]


VAGUE_FOOD = re.compile(r"\b(?:it|that|this|guests?|friends?|something|nothing|to|too|people|time)\b")


def has_of(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "My telescope has a focal length of 1200 mm" is "my telescope's focal length is 1200 mm"."""
    owner = possessive(match["s"])
    value = clean(match["v"])
    if not re.search(r"\d|[A-Z]", value):
        return []
    return [
        Draft(
            "attribute",
            f"{owner} {match['n']}",
            value,
            whole(match),
            f"{canonical(owner + ' ' + match['n'])}|is",
            {"np": f"{owner} {match['n']}"},
        )
    ]


def vehicle(match: re.Match[str]) -> Iterable[Draft | None]:
    value = clean(match["v"])
    if value_type(value) != "name":
        return []
    return [Draft("vehicle", match["s"], value_of(value), whole(match), f"{subject_key(match['s'])}|vehicle", {})]


def tool(match: re.Match[str]) -> Iterable[Draft | None]:
    value = clean(match["v"])
    kind = kind_of(value)
    task = (match.groupdict().get("task") or "").strip()
    codes = re.search(r"\bcode|programs?\b", match.string)
    kind = "programming language" if value.lower() in bag("go c r swift zig bash") else kind
    if kind not in ("editor", "operating system") and not codes:
        return []
    if not kind and " in " in match.string and value[:1].isupper():
        kind = "programming language" if re.search(r"\bprograms? in\b", match.string) else "editor"
    key = f"{subject_key(match['s'])}|{kind}"
    return [Draft("tool", match["s"], value_of(value), whole(match), key, {"kind": kind, "task": task})] if kind else []


def use_named(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Visitors should use the wifi network BlueHeron": the thing has a name."""
    thing, value = f"the {match['n']}", clean(match["v"])
    return [Draft("name", thing, value, whole(match), f"{subject_key(thing)}|name", {"who": match["s"]})]


def attribute(match: re.Match[str]) -> Iterable[Draft | None]:
    noun_phrase, value = match["s"].strip(), clean(match["v"])
    value = re.sub(r"^an? (?:certain (?=[A-Z])|(?=(?:Dr|Mr|Mrs|Ms|Prof)\b))", "", value)
    value = re.sub(r"^(?:currently|now|still|also|actually) ", "", value)
    value = re.sub(r"^(?:on|by) ", "", value) if value_type(value) == "date" else value
    if re.match(
        r"(?:on|at|in|near|behind|under|next|from|about|by|for|with|to|not|so|very|too|really|going|being|like|of) ",
        value,
    ):
        return []
    if re.match(r"(?:the )?one (?:in|at|on|near|behind|under|with|from|of|by) ", value):
        return []
    form = lemma_of(value.split(" ")[-1])
    if value_type(value) == "common" and (
        head_noun(noun_phrase) not in _ASKED_ATTRIBUTES or (form and form[1] in ("past", "participle", "ing"))
    ):
        return []
    if re.search(r" (?:he|she|it|they|I|we|that)$", noun_phrase):
        return []  # "my dog thinks he is the king of Spain"
    if value_type(value) in ("number", "money") and head_noun(noun_phrase) in PEOPLE | PETS:
        return []
    first = lemma_of(value.split(" ")[0])
    if re.fullmatch(r"[A-Z]{2,4}", value) and head_noun(noun_phrase) in PEOPLE:
        return []  # "my boyfriend is DJ"
    if value.lower() in PEOPLES or (first and first[1] in ("past", "participle") and " " in value):
        return []
    if re.match(r"(?:a|an) ", value) and (head_noun(noun_phrase) in PEOPLE | PETS or len(value.split()) > 4):
        return []
    if (
        (head_noun(noun_phrase) in NO_OWNER and len(noun_phrase.split()) < 3)
        or re.match(r"the (?![A-Z]+ of (?:my|our)\b)[A-Z]", noun_phrase)
        or match["v"].strip()[:1] in "\"“'"
        or re.search(r"\b(?:percent|%)", value)
    ):
        return []
    if re.search(r"\b(?:am|is|are|was|were|has|have)\b", value) or len(value.split()) > 8:
        return []
    if lemma_like(value):
        return []
    return [replace(identity(noun_phrase, value), said=whole(match))]


def lemma_like(value: str) -> bool:
    """ "moored at Pellworm", "due on June 30", "afraid of Rex": a participle or adjective, no name."""
    first, _, rest = value.partition(" ")
    return bool(
        first[:1].islower() and re.search(r"\b(?:at|in|on|by|of|from|to|with|for|under|near|about)\b", rest)
    ) and not re.match(r"(?:the|a|an|my|our|his|her)\b", value)


_ASKED_ATTRIBUTES = bag(
    "colour color hobby specialty speciality job profession occupation dream hometown password pin code size diet "
    "religion pronouns "
    "major nickname surname specialism field breed brand make model favourite pastime phobia instrument "
    "sport subject"
)
