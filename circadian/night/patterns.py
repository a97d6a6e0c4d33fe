"""The common ways people state things about themselves, their people, things, places and dates: sentence → Draft.

Each pattern gives the relation a name, so that two wordings of one thing share a key, and the slots that lessons.py
asks with. What no pattern knows goes through clauses.py. The sentence comes in expanded ("I am", not "I'm") and bare
of fillers; everything stays in the user's person ("my dog") until the statement is written.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from circadian.night.clauses import value_of
from circadian.night.grammar import be_for, canonical, head_noun, possessive, strip_determiner, value_type
from circadian.night.words import DAYS, KINDS, NUMBER_WORDS, PEOPLE, PETS

MULTI = frozenset({"avoid", "like", "dislike", "instrument", "sport", "language", "speaks", "owns", "drink", "eats"})


@dataclass(frozen=True)
class Draft:
    """A fact before it has an id: `said` is the clean statement in the user's person."""

    relation: str
    subject: str
    value: str
    said: str
    key: str
    slots: dict[str, str] = field(default_factory=lambda: {})


_WHO = r"(?P<s>I|we|he|she|they|(?:my|our|the|his|her|their) [\w' -]+?|[A-Z][\w'’-]+(?: (?:and |[A-Z])[\w'’-]+)*?)"
_OWNER = r"(?P<s>my|our|the|his|her|their|(?:(?:my|our) )?[\w-]+(?: [\w-]+)?'s?|(?:(?:my|our) )[\w -]+?'s?)"
_ADV = r"(?: (?:always|usually|often|mostly|only|just|still|also|really|currently|mainly|normally|now|actually|officially))*"
_BE = r"(?:am|is|are|was|were)"
_NUM = rf"(?:\d{{1,3}}|(?:{'|'.join(NUMBER_WORDS)})(?:[- ](?:{'|'.join(NUMBER_WORDS)}))?)"
_NAME = r"(?P<v>(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[\"“']?[A-ZÀ-ÖØ-ÞА-Я0-9][\w'’&.-]*(?: (?:(?:de|da|of|the|van|von|and|la|du) )*[A-ZÀ-ÖØ-Þ0-9][\w'’&.-]*)*[\"”']?)"
_GOT = r"(?:have|got|have got|adopted|bought|own|rescued|have adopted|have bought|brought home|picked up|took in|welcomed)"
_PLACE = r"(?P<v>(?:the )?(?:[A-ZÀ-ÖØ-Þ][\w'’.-]*|\d+ [A-Z])[\w'’., -]*|(?:a|an|the) [\w' -]+)"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = rf"(?P<v>(?:the )?(?:(?:{_MONTHS}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?|{'|'.join(d.capitalize() for d in DAYS)}|\d{{4}}-)[\w ,.:-]*))"
_JOB_END = r"(?:er|or|ist|ian|man|woman|ant|yer|eer|nurse|chef|clerk|pilot|guide|judge|coach|cook|vet|scientist|smith|wright|graph|ologist|surgeon|actress|assistant|intern|student|midwife|librarian|monk|aide|agent|host|hostess|officer|technician|consultant|attendant|freelancer|apprentice|au pair|architect|barista|waitress|journalist|welder)"


def drafts(text: str) -> list[Draft]:
    """Every fact the patterns see in one clean sentence; empty when none does."""
    for pattern, build in _PATTERNS:
        match = pattern.match(text)
        if match:
            found = [d for d in build(match) if d is not None and d.value]
            if found:
                return found
    return []


def owner_np(owner: str, noun: str) -> str:
    """ "my", "dog" → "my dog"."""
    return f"{owner} {noun}".strip()


def subject_key(subject: str) -> str:
    """I, we → i; "my sister Ana" → ana; "my dog" → dog; "my mother's dog" → mother dog."""
    if subject.lower() in ("i", "we", "me", "my", "our", "us"):
        return "i"
    name = appositive(subject)
    return name[1].lower() if name else canonical(subject)


def appositive(subject: str) -> tuple[str, str] | None:
    """("my sister", "Ana") of "my sister Ana"; None when the phrase carries no name."""
    match = re.fullmatch(r"((?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir) (?:[a-z-]+ ){0,3}?([a-z-]+)) ([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)", subject)
    if match and (match[2] in PEOPLE or match[2] in PETS):
        return match[1], match[3]
    return None


def _whole(match: re.Match[str]) -> str:
    return match.string.strip()


def _clean(value: str) -> str:
    return value.strip(" ,.!;:\"“”'")


def _simple(relation: str, attribute: str = "", said: str = "") -> Callable[[re.Match[str]], Iterable[Draft | None]]:
    """One fact about group s with value group v, filed under s|attribute."""

    def build(match: re.Match[str]) -> Iterable[Draft | None]:
        subject, value = match["s"].strip(), value_of(_clean(match["v"]))
        text = said.format(s=subject, v=_clean(match["v"]), be=be_for(subject), poss=possessive(subject)) if said else _whole(match)
        return [Draft(relation, subject, value, text, f"{subject_key(subject)}|{attribute or relation}", {})]

    return build


def _named(match: re.Match[str]) -> Iterable[Draft | None]:
    """Something has a name: s is the thing."""
    thing, value = match["s"].strip(), _clean(match["v"])
    if thing.lower() in ("i", "we", "it", "he", "she", "they", "this", "that") and "name" not in match.string.lower()[:12]:
        return [Draft("name", "I", value, f"my name is {value}", "i|name", {})] if thing == "I" else []
    verb = re.search(r"\b(codenamed|nicknamed)\b", match.string)
    said = f"{thing} {be_for(thing)} {verb[1]} {value}" if verb else f"{possessive(thing)} name is {value}"
    if len(thing.split()) > 4 or " that " in thing or " of " in thing:
        said = f"{thing} {be_for(thing)} called {value}"
    named = thing.removesuffix(" at work").removesuffix(" at home")
    return [Draft("name", thing, value, said, f"{subject_key(named)}|name", {})]


def _my_name(match: re.Match[str]) -> Iterable[Draft | None]:
    return [Draft("name", "I", _clean(match["v"]), f"my name is {_clean(match['v'])}", "i|name", {})]


def _got_named(match: re.Match[str]) -> Iterable[Draft | None]:
    noun = match["n"].strip()
    other = "other " if re.search(r"\b(another|second)\b", match["det"]) else ""
    thing = f"{'our' if match['s'].lower() == 'we' else 'my'} {other}{noun.split(' ')[-1] if len(noun.split()) > 2 else noun}"
    value = _clean(match["v"])
    return [Draft("name", thing, value, f"{possessive(thing)} name is {value}", f"{subject_key(thing)}|name", {})]


def _that_is(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "We took the cat to Pawhaven, that's our vet clinic": the name in the first half is what the second half says."""
    names = re.findall(r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-ZÀ-ÖØ-Þ][\w'’-]*(?: [A-ZÀ-ÖØ-Þ][\w'’-]*)*", match["first"])
    names = [n for n in names if n not in ("I", "We", "The", "My", "Our", "He", "She", "They", "It")]
    if not names:
        return []
    value = names[0] if re.match(r"(?:he|she|who)\b", match["pro"]) else names[-1]
    return [_identity(match["np"], value)]


def _identity(noun_phrase: str, value: str) -> Draft:
    """my manager / our vet / the grant deadline is VALUE."""
    head = head_noun(noun_phrase)
    kind = value_type(value)
    key = f"{subject_key(noun_phrase)}|{'name' if kind == 'name' else 'is'}"
    said = f"{noun_phrase} {be_for(noun_phrase)} {value}"
    relation = "role" if kind == "name" and head in PEOPLE else "attribute"
    return Draft(relation, noun_phrase, value_of(value) if kind == "name" else strip_determiner(value), said, key, {"np": noun_phrase})


def _reversed(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Dune is my favourite novel" is "my favourite novel is Dune"."""
    inner = f"{match['np']} {'is'} {match['v']}"
    return drafts(inner) or [_identity(match["np"], _clean(match["v"]))]


def _age(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], match["v"]
    if subject.lower() in ("it", "they", "this", "that"):
        return []
    name = appositive(subject)
    said = f"{subject} {be_for(subject)} {value} years old"
    out = [Draft("age", subject, value, said, f"{subject_key(subject)}|age", {})]
    return [*([_identity_name(*name)] if name else []), *out]


def _identity_name(role: str, name: str) -> Draft:
    return Draft("name", role, name, f"{possessive(role)} name is {name}", f"{subject_key(role)}|name", {"implied": "yes"})


def _birthday(match: re.Match[str]) -> Iterable[Draft | None]:
    owner = match["s"].strip()
    subject = {"my": "I", "our": "we"}.get(owner.lower(), re.sub(r"'s?$", "", owner))
    value = re.sub(r"^(?:on|the) ", "", _clean(match["v"]))
    return [Draft("birthday", subject, value, f"{possessive(subject)} birthday is {value}", f"{subject_key(subject)}|birthday", {})]


def _favourite(match: re.Match[str]) -> Iterable[Draft | None]:
    groups = match.groupdict()
    owner = (groups.get("s") or "my").strip()
    subject = {"my": "I", "our": "we", "the": "I", "i": "I"}.get(owner.lower(), re.sub(r"'s?$", "", owner))
    noun, value = match["n"].strip(), _clean(match["v"])
    said = _whole(match) if groups.get("said") is None else ""
    if not said or match.re.pattern.startswith("(?P<v>"):
        said = f"{possessive(subject)} favourite {noun} is {value}"
    shown = f"{possessive(subject)} favourite {noun}"
    return [Draft("favourite", subject, value_of(value), said, f"{subject_key(subject)}|favourite {canonical(noun)}", {"np": shown, "noun": noun})]


def kind_of(value: str) -> str:
    """What the value is, by the word list: cello → instrument; "chamomile tea" → tea; "" when unknown."""
    low = strip_determiner(value).lower().strip(" .")
    if low in KINDS:
        return KINDS[low]
    last = low.split(" ")[-1]
    return KINDS.get(last, last if last in ("tea", "coffee", "beer", "wine", "juice", "bread", "cheese") and " " in low else "")


def _drinks(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], _clean(match["v"])
    low = value.lower()
    if re.search(r"\b(?:too|much|it|that|this|a lot|enough|some|water today)\b", low):
        return []
    kind = kind_of(value)
    slots = {"verb": "drink"}
    if kind:
        short = re.sub(rf" {kind}$", "", value)
        slots |= {"np": f"{possessive(subject)} favourite {kind}", "noun": kind}
        return [Draft("favourite", subject, value_of(short), _whole(match), f"{subject_key(subject)}|favourite {kind}", slots)]
    return [Draft("drink", subject, value_of(value), _whole(match), f"{subject_key(subject)}|drink", slots)]


def _avoid(match: re.Match[str]) -> Iterable[Draft | None]:
    value = _clean(re.sub(r"^(?:to|any|of) ", "", match["v"]))
    if len(value.split()) > 5 or value.lower() in ("anything", "it", "that", "this", "much", "more", "a lot"):
        return []
    return [Draft("avoid", match["s"], value_of(value), _whole(match), f"{subject_key(match['s'])}|avoid", {})]


def _play(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], _clean(match["v"])
    value = re.split(r" (?:in|with|for|at|every|since|on|as) ", value)[0]
    kind = kind_of(value)
    if kind in ("instrument", "sport") or match["the"]:
        relation = "sport" if kind == "sport" else "instrument"
        bare = strip_determiner(value)
        return [Draft(relation, subject, bare, _whole(match), f"{subject_key(subject)}|{relation}", {"kind": kind or "instrument"})]
    return []


def _language(match: re.Match[str]) -> Iterable[Draft | None]:
    value = _clean(match["v"])
    if kind_of(value) != "language" and not re.search(r"course|lessons|class", match.string):
        return []
    relation = "speaks" if re.search(r"\bspeak|fluent|mother tongue|native", match.string) else "language"
    slots = {"kind": "language" if kind_of(value) == "language" else "subject"}
    return [Draft(relation, match["s"], value, _whole(match), f"{subject_key(match['s'])}|{relation}", slots)]


def _job(match: re.Match[str]) -> Iterable[Draft | None]:
    subject, value = match["s"], _clean(match["v"])
    value = re.sub(r"^(?:a|an) ", "", re.split(r" (?:at|for|in|with|by) ", value)[0])
    if not subject or len(value.split()) > 4:
        return []
    article = "an" if value[:1].lower() in "aeiou" else "a"
    said = f"{subject} {be_for(subject)} {article} {value}"
    out = [Draft("job", subject, value, said, f"{subject_key(subject)}|job", {})]
    place = re.search(rf"{re.escape(value)} (?:at|for|with) ((?:the )?[A-Z][\w'’&. -]*)$", match.string)
    if place:
        verb = "work" if subject.lower() in ("i", "we") else "works"
        out.append(Draft("employer", subject, value_of(place[1]), f"{subject} {verb} at {place[1]}", f"{subject_key(subject)}|employer", {}))
    name = appositive(subject)
    return [*([_identity_name(*name)] if name else []), *out]


def _place(relation: str) -> Callable[[re.Match[str]], Iterable[Draft | None]]:
    def build(match: re.Match[str]) -> Iterable[Draft | None]:
        subject, value = match["s"], re.split(r" (?:with|for|since|because|to|where|when|as|near|and|but|until) ", _clean(match["v"]))[0]
        if value_type(value) in ("date", "time", "money") or value.lower() in ("a hurry", "the moment", "a minute", "the shop", "the store"):
            return []
        if relation == "home" and subject.lower() in ("it", "this", "that"):
            return []
        said = _whole(match)
        out = [Draft(relation, subject, value_of(_clean(value)), said, f"{subject_key(subject)}|{relation}", {})]
        name = appositive(subject)
        return [*([_identity_name(*name)] if name else []), *out]

    return build


def _due(match: re.Match[str]) -> Iterable[Draft | None]:
    thing, value = match["s"].strip(), re.sub(r"^(?:on|by) ", "", _clean(match["v"]))
    thing = re.sub(r"'s$", "", thing)
    thing = thing if re.match(r"(?:my|our|the|[A-Z])", thing) else f"the {thing}"
    return [Draft("due", thing, value, _whole(match), f"{canonical(thing)}|due", {})]


def _has_of(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "My telescope has a focal length of 1200 mm" is "my telescope's focal length is 1200 mm"."""
    owner = possessive(match["s"])
    value = _clean(match["v"])
    if not re.search(r"\d|[A-Z]", value):
        return []
    return [Draft("attribute", f"{owner} {match['n']}", value, _whole(match), f"{canonical(owner + ' ' + match['n'])}|is", {"np": f"{owner} {match['n']}"})]


def _vehicle(match: re.Match[str]) -> Iterable[Draft | None]:
    value = _clean(match["v"])
    if value_type(value) != "name":
        return []
    return [Draft("vehicle", match["s"], value_of(value), _whole(match), f"{subject_key(match['s'])}|vehicle", {})]


def _tool(match: re.Match[str]) -> Iterable[Draft | None]:
    value = _clean(match["v"])
    kind = kind_of(value)
    task = (match.groupdict().get("task") or "").strip()
    if kind not in ("editor", "operating system") and not re.search(r"\bcode|programs?\b", match.string):
        return []
    kind = kind or ("editor" if " in " in match.string else "")
    if not kind:
        return []
    return [Draft("tool", match["s"], value_of(value), _whole(match), f"{subject_key(match['s'])}|{kind}", {"kind": kind, "task": task})]


def _use_named(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Visitors should use the wifi network BlueHeron": the thing has a name."""
    thing, value = f"the {match['n']}", _clean(match["v"])
    return [Draft("name", thing, value, _whole(match), f"{subject_key(thing)}|name", {"who": match["s"]})]


def _attribute(match: re.Match[str]) -> Iterable[Draft | None]:
    noun_phrase, value = match["s"].strip(), _clean(match["v"])
    value = re.sub(r"^(?:currently|now|still|also|on|actually) ", "", value)
    if re.match(r"(?:at|in|near|behind|under|next|from|about|by|for|with|to|not|so|very|too|really|going|being|like|of) ", value):
        return []
    if value_type(value) == "common" and head_noun(noun_phrase) not in _ASKED_ATTRIBUTES:
        return []
    if re.match(r"(?:a|an) ", value) and head_noun(noun_phrase) in PEOPLE | PETS:
        return []
    if re.search(r"\b(?:am|is|are|was|were|has|have)\b", value) or len(value.split()) > 8:
        return []
    if lemma_like(value):
        return []
    return [_identity(noun_phrase, value)]


def lemma_like(value: str) -> bool:
    """ "moored at Pellworm", "due on June 30", "afraid of Rex": a participle or adjective, not the name of the subject."""
    first, _, rest = value.partition(" ")
    return bool(first[:1].islower() and re.search(r"\b(?:at|in|on|by|of|from|to|with|for|under|near|about)\b", rest)) and not re.match(
        r"(?:the|a|an|my|our|his|her)\b", value
    )


_ASKED_ATTRIBUTES = frozenset(
    "colour color hobby specialty speciality job profession occupation dream hometown password pin code size diet religion major "
    "nickname surname specialism field breed brand make model favourite pastime phobia instrument sport subject".split()
)


def _compile(rows: list[tuple[str, Callable[[re.Match[str]], Iterable[Draft | None]]]]) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterable[Draft | None]]]]:
    # Only the fixed words ignore case; names are told by their capitals.
    return [(re.compile(f"{pattern}$"), build) for pattern, build in rows]


_PATTERNS = _compile([
    (r"(?P<first>.+?)(?:,| -| –|;) (?P<pro>(?:that|this|it|he|she|which|who) (?:is|was)) (?P<np>(?:my|our|the) [\w' -]+)", _that_is),
    (rf"(?:[Mm]y name is|[Ii] am called|[Cc]all me|(?:my )?friends call me|people call me) {_NAME}", _my_name),
    (rf"(?P<s>[Mm]y|[Oo]ur|[\w' -]+?'s?) (?:birthday|birthdate|date of birth)(?: party)? {_BE}(?: on)? {_DATE}", _birthday),
    (rf"{_WHO} (?:was|were) born (?:on|in) {_DATE}", _birthday),
    (rf"{_WHO} celebrate[s]? (?:my|our|his|her|their) birthday on {_DATE}", _birthday),
    (rf"(?P<v>[A-Z0-9][\w ]+?) is (?P<s>[Mm]y|[Oo]ur|[\w' -]+?'s?) birthday", _birthday),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?)'s? name(?: at home)? {_BE} {_NAME}", _named),
    (rf"(?:[Tt]he )?name of (?P<s>(?:my|our|the|[A-Z]\w+'s) [\w' -]+) {_BE} {_NAME}", _named),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?)(?: {_BE})?{_ADV} (?:called|named|codenamed|code-named|nicknamed|christened|known as|goes by|answers to) {_NAME}", _named),
    (rf"(?:[Ww]e|I|[Tt]hey)(?: have)?{_ADV}(?: finally| just| decided to)? (?:named?|call(?:ed)?|christened|nicknamed?|renamed) (?P<s>(?:my|our|the) [\w' -]+?)(?::| as| to)? {_NAME}", _named),
    (rf"(?P<s>I|[Ww]e){_ADV}(?: finally)? {_GOT} (?P<det>a|an|another|my first|a second|one|our first|a new) (?P<n>(?:[a-z-]+ )*?[a-z-]+?)(?: (?:yesterday|today|last \w+|this \w+|from [\w ]+))?,?(?: and)? (?:(?:is |are )?(?:named|called)(?: (?:her|him|it))?|whose name is) {_NAME}", _got_named),
    (rf"(?P<v>[\"“]?[A-ZÀ-ÖØ-Þ][\w'’: -]*?[\"”]?) (?:is|are){_ADV}(?: the name of)? (?P<np>(?:my|our|[\w']+'s) (?:all-time )?(?:favou?rite )[\w' -]+)", _reversed),
    (rf"(?P<v>(?:Dr\. |Mr\. |Mrs\. |Ms\. )?[A-ZÀ-ÖØ-Þ][\w'’-]*(?: [A-ZÀ-ÖØ-Þ][\w'’-]*)*) is(?: the name of)? (?P<np>(?:my|our) [\w'-]+(?: [\w'-]+){{0,2}})", _reversed),
    (rf"(?P<s>[Mm]y|[Oo]ur|(?:[Mm]y |[Oo]ur )?[\w' -]+?'s?)(?: all-time)? favou?rite (?P<n>[\w' -]+?) (?:of all time )?(?:is|are|was|has always been|is now) (?P<v>.+)", _favourite),
    (rf"[Tt]he best (?P<n>[\w -]+?) (?:that )?(?P<s>I|we)(?: have)?(?: ever)? (?:read|saw|seen|know|knew|heard|watched|tried|ate|eaten|had|played|visited|drank|been to)(?: is| was)(?: definitely| probably)? (?P<v>.+)", _favourite),
    (rf"[Tt]he (?P<n>[\w -]+?) (?P<s>I|we) (?:like|love|enjoy) (?:best|most|the most) is (?P<v>.+)", _favourite),
    (rf"(?P<s>I|[Ww]e|(?:[Mm]y|[Oo]ur) [\w' -]+?|[A-Z]\w+) (?:has |have )?(?:just )?(?:turned|turns|will be|turn) (?P<v>{_NUM})(?: years old)?(?: (?:in|on|this|next) .+)?", _age),
    (rf"(?P<s>I|[Ww]e|(?:[Mm]y|[Oo]ur) [\w' -]+?|[A-Z]\w+(?: [A-Z]\w+)?) (?:am|is|are){_ADV} (?P<v>{_NUM})(?: years old| years of age| now)?", _age),
    (rf"(?P<s>I|(?:[Mm]y|[Oo]ur) [\w' -]+?|[A-Z]\w+) (?:am|is) (?:a|an) (?P<v>{_NUM})[- ]years?[- ]old(?: [\w ]+)?", _age),
    (rf"{_WHO} report(?:s)? to {_NAME}", lambda m: [Draft("role", f"{possessive(m['s'])} manager", _clean(m['v']), _whole(m), f"{'' if m['s'].lower() in ('i', 'we') else subject_key(m['s']) + ' '}manager|name", {"np": f"{possessive(m['s'])} manager"})]),
    (rf"(?:[Tt]he )?(?P<s>(?:[Mm]y |[Oo]ur |[Tt]he )?[\w' -]+?) (?:is|are){_ADV} due(?: on| by| at)? (?P<v>.+)", _due),
    (rf"(?:[Tt]he )?(?:deadline|due date) (?:for|of) (?P<s>[\w' -]+?) is(?: on)? (?P<v>.+)", _due),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?)'?s? (?:deadline|due date) is(?: on| now)? (?P<v>.+)", _due),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?) (?:has to|must|needs to) be (?:handed in|submitted|finished|done|filed|delivered|returned|sent) (?:by|on|before) (?P<v>.+)", _due),
    (rf"{_WHO}{_ADV} (?:live|lives|reside|resides|am living|is living|are living|have moved|has moved|moved|relocated|am moving|settled)(?: down)?(?: (?:back|here|over))? (?:in|to|at|on) {_PLACE}", _place("home")),
    (rf"{_WHO} (?:am|is|are){_ADV} based in {_PLACE}", _place("home")),
    (rf"{_WHO}{_ADV} (?:(?:come|comes|am|is|are)(?: originally)? from|(?:was|were) born in|grew up in|(?:was|were) raised in|hail[s]? from) {_PLACE}", _place("origin")),
    (rf"(?:[Ff]or a living,? |[Bb]y (?:trade|profession),? |[Pp]rofessionally,? )(?P<s>I|we|my [\w ]+|[A-Z]\w+|he|she) (?:am|is|work as|works as) (?P<v>(?:a|an) .+)", _job),
    (rf"{_WHO}{_ADV} (?:works?|am working|is working|worked|started|start|started working|began working)(?: now)? as (?P<v>(?:a|an|the) .+)", _job),
    (rf"{_WHO}{_ADV} (?:am|is|are|became|have become|has become|qualified as|trained as)(?: working as)? (?P<v>(?:a|an) (?:[\w-]+ ){{0,3}}[\w-]*{_JOB_END})(?P<tail> (?:at|for|in|with|by) .+)?", _job),
    (r"(?P<s>)[Mm]y (?:job|profession|occupation) is (?P<v>(?:a|an) .+)", lambda m: [Draft("job", "I", strip_determiner(_clean(m["v"])), f"I am {_clean(m['v'])}", "i|job", {})]),
    (rf"{_WHO}{_ADV} (?:works?|am working|is working|are working|am employed|is employed|got a job|started working|started)(?: now)? (?:at|for|with) {_PLACE}", _place("employer")),
    (rf"{_WHO}{_ADV} (?:study|studies|studied|am studying|is studying|major in|majors in|am majoring in) (?P<v>[\w' -]+?)(?P<at> (?:at|in) [A-Z].*)?", lambda m: [] if re.match(r"(?:under|with|for|at|in|abroad|hard|all)\b", m["v"]) else _language(m) or _simple("studies")(m)),
    (rf"{_WHO}{_ADV} (?:(?:am|is|are) (?:deathly |severely |badly |very )?(?:allergic|intolerant) to|can't (?:eat|have|drink|digest|tolerate)|(?:don't|doesn't) eat|avoids?|never (?:eat|eats)|have to avoid|has to avoid) (?P<v>[\w' -]+)", _avoid),
    (rf"{_WHO} (?:have|has) (?:a|an) (?P<v>[\w -]+?) (?:allergy|intolerance)", _avoid),
    (rf"{_WHO}{_ADV} (?:hates?|can't stand|dislikes?|(?:don't|doesn't) like|loathes?|detests?) (?P<v>[\w' -]+)", lambda m: [] if re.match(r"(?:it|this|that|you|when|how|to|him|her|them)\b", m["v"]) else _simple("dislike")(m)),
    (rf"{_WHO}{_ADV} (?:am|is|are|became|went|have become) (?:a |an )?(?:strict )?(?P<v>vegetarian|vegan|pescatarian|gluten-free|lactose-free|teetotal|kosher|halal|flexitarian)", _simple("diet")),
    (rf"{_WHO}{_ADV} (?:play|plays|am playing|have been playing|has been playing|started playing|took up|started)(?P<the>(?: the)?) (?P<v>[\w' -]+?)(?: (?:for (?:\w+ )?years|since .+|in .+|with .+|at .+|on .+|every .+))?", _play),
    (rf"{_WHO}{_ADV} (?:(?:am|is|are|have been|has been|started) learning|learns?|started(?: to learn)?|took up|signed up for|enrolled in|began|takes?|am taking|is taking)(?: a| an| my)?(?: (?:course|class|lessons?|evening class) in)? (?P<v>[A-Z]\w+)(?: (?:course|class|lessons?)| at .+| with .+)?", _language),
    (rf"{_WHO}{_ADV} (?:speaks?|(?:am|is) fluent in) (?P<v>[A-Z]\w+)(?: (?:at home|fluently))?", _language),
    (rf"{_WHO}{_ADV} (?:drives?|rides?|cycles?|bought|leased|own|owns) (?:a|an|my|the) (?P<v>(?:[a-z]+ )*[A-Z][\w -]+)", lambda m: _vehicle(m) if re.search(r"\b(?:drives?|rides?)\b", m.string) or kind_of(value_of(m["v"]).split(" ")[0]) == "car" else []),
    (rf"{_WHO}{_ADV} (?:write|writes|edit|edits|code|codes|program|programs|do)(?P<task>(?: all)?(?: of)?(?: my| our| his| her)?(?: \w+)?)? (?:in|with|on|using) (?P<v>[\w. +#-]+)", _tool),
    (rf"{_WHO}{_ADV} (?:use|uses|run|runs|switched to|moved to) (?P<v>[\w. +#-]+?)(?P<task>(?: as| for| on) .+)?", _tool),
    (rf"{_WHO}{_ADV} (?:drinks?|orders?|has|have) (?P<v>(?:(?:a|an|my|the) )?[\w' -]+?)(?P<when> (?:in the (?:morning|evening|afternoon)|for breakfast|with (?:my |his |her )?\w+|every \w+|at (?:night|work|home|breakfast|lunch)|after \w+|before \w+))", lambda m: _drinks(m) if kind_of(m["v"]) or re.search(r"\bdrink|order", m.string) else []),
    (rf"{_WHO}{_ADV} (?:drinks?) (?P<v>(?:(?:a|an|my) )?[\w' -]+)", _drinks),
    (rf"(?P<s>[\w' ]+?) (?:should|must|can|have to|need to|has to) (?:use|join|connect to|enter|take|ask for) the (?P<n>[a-z][a-z -]+?) {_NAME}", _use_named),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z]\w+'s|[A-Z]\w+) [\w' -]+?|[A-Z]\w+) (?:has|have) (?:a|an) (?P<n>[\w -]+?) of (?P<v>.+)", _has_of),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?) (?:is|are|will be|was) (?P<v>.+)", _attribute),
])  # fmt: skip
