"""Turns → facts, from the user's own words only: what was stated, about whom, and which earlier fact it replaces.

Pure and deterministic, no model. The model's own path (options) adds to this one; it never loosens it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from circadian.night.asides import asides, of_people
from circadian.night.builders import MULTI, Draft, appositive
from circadian.night.complements import listed
from circadian.night.foreign import foreign_draft
from circadian.night.generic import PASSING, generic_drafts
from circadian.night.grammar import (
    expand,
    head_noun,
    is_plural,
    lemma_of,
    lower_start,
    possessive,
    short_value,
    strip_trailing,
    value_type,
)
from circadian.night.kept import Shelf
from circadian.night.lasting import PASSED_ON
from circadian.night.mentions import mentions
from circadian.night.patterns import drafts
from circadian.night.sieve import Said, heard, refuse
from circadian.night.units import NAME, trim, unfront
from circadian.night.verbs import parse
from circadian.night.verdict import stands_alone
from circadian.night.words import DAYS, KIN, MEN, MONTHS, PEOPLE, PETS, RELATIVES, ROLES, WOMEN, bag
from circadian.records import NO_TRAIN, Fact, Forgotten, Turn, normalize

# A pronoun that nothing before it explains: about whom, nobody can say.
_NOBODY = re.compile(r"(?:he|she|they|it|his|her|their|its|this|that|these|those)(?: |$)", re.IGNORECASE)


_WHEN_IT_WAS = re.compile(r"(?:after|before|until|when|whenever|once|as|ever since) ")
_NEW_ONE = re.compile(r"(?:the|my|our) new one(?= is )", re.IGNORECASE)
_SUCCEEDED = ROLES | PETS | bag("address car password gym school flat bank")  # there is one of it, and then another
_REPLACED = re.compile(
    r"\b(?:changed|switched|replaced|(?:have|got) a new|(?P<past>(?:my|our) (?:old|former|last|previous)))"
    r"(?: my| our)? (?P<n>[a-z]+)(?=$|[,.;]| (?:was|is|and|but|last|this)\b)",
    re.IGNORECASE,
)
# "… and the kids named her Toffee": whom, the half before it says.
_NAMED_IT = re.compile(
    rf"(?:I|[Ww]e|[Tt]hey|(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?)(?: [a-z]+ly)? "
    rf"(?:named|christened) (?P<it>her|him|it) (?P<name>{NAME})$"
)
# Relations whose value may be a list.
_LISTS = MULTI | {"clause", "studies"}
# One at a time, and told of then: "two years ago my sister lived in Rome".
_OF_NOW = {"home", "job", "employer", "studies", "role", "vehicle", "age"}
_THEN = (
    r"(?:last (?:week|month|year|spring|summer|autumn|fall|winter)|(?:[a-z]+|\d+) (?:years?|months?|weeks?) ago|"
    r"back then|as a (?:child|kid|boy|girl))"
)
_WAS = r"(?:lived|worked|studied|stayed|was|were|drove)"
_WAS_SO = re.compile(rf"\b(?:{_THEN}\b.*\b{_WAS}|{_WAS}\b.*\b{_THEN})\b", re.IGNORECASE)
# The second half of "is vegan and allergic to soy", and of "was born in Porto but raised in Paris".
_DESCRIBES = re.compile(r"(?:[a-z]+(?:ed|ing) [a-z]|(?:allergic|intolerant|afraid|fond|proud|from|based) )")
_DONE_TO = re.compile(
    r"(?:born|raised|brought up|educated|trained|baptised|baptized|christened|diagnosed|buried) (?:in|at|on|by|with) "
)

Told = tuple[Draft, bool]  # and whether the user marked it as a change


@dataclass(frozen=True)
class FactSheet:
    """All facts after these turns, oldest first, superseded ones included; what fell out and why; news to report."""

    facts: tuple[Fact, ...]
    dropped: Mapping[str, int]
    notes: tuple[str, ...]


def gather(
    turns: Sequence[Turn],
    *,
    taught: frozenset[str] = frozenset(),
    forgotten: Sequence[Forgotten] = (),
    extracted: Mapping[str, Sequence[Told]] | None = None,
) -> FactSheet:
    """Read `turns` in order. Turns tagged no-train are not looked at.

    What contradicts itself on one day is news until what counts was `taught` (ids of facts). What was `forgotten` has
    that status; told again in a turn after that, it is a new fact. `extracted` are a model's verified drafts by turn
    id; they come after the rules' of the same turn, and only where those say no such thing.
    """
    shelf = Shelf(taught, forgotten)
    dropped: dict[str, int] = {}
    for turn in turns:
        if NO_TRAIN in turn.tags or re.search(r"#no-?train\b", turn.user, re.IGNORECASE):
            _add(dropped, {NO_TRAIN: 1})
            continue
        found, fell = read_turn(turn.user)
        _add(dropped, fell)
        more = extracted.get(turn.id, ()) if extracted else ()
        new = [told for told in more if not _is_told(told[0], found)]
        _add(dropped, {"model: told by the rules": len(more) - len(new)} if len(new) < len(more) else {})
        for draft, update in (*found, *new):
            shelf.put(draft, turn, update)
    return FactSheet(tuple(shelf.told()), dropped, tuple(shelf.told_twice()))


def read_turn(text: str) -> tuple[list[tuple[Draft, bool]], dict[str, int]]:
    """The drafts of one user message, each with whether it was marked as a change; and what fell to which rule."""
    statements, dropped = heard(text)
    out: list[tuple[Draft, bool]] = []
    subject = ""
    update = False
    before = ""
    following = [one.text for one in statements[1:]]
    for at, statement in enumerate(statements):
        statement = _renewed(statement, before)
        before = statement.text
        update = update or statement.update
        found, statement = _aside(statement)
        for part in _parts(statement, subject):
            new = _drafts_of(part, statement)
            found += new
            if statement.names_only:
                subject = _whom(part, new, subject, "".join(following[at : at + 1]))
            else:
                subject = _next_subject(part, new, subject)
        if not found and not statement.names_only:
            _add(dropped, {"nothing lasting": 1})
        out += [(draft, update) for draft in found]
    told_of = {
        head_noun(d.subject)
        for d, _ in out
        if d.relation in ("name", "role", "attribute") or head_noun(d.subject) in PEOPLE
    }  # "I have a hamster, he's called Peanut", "I have a cousin who breeds alpacas"
    return [one for one in out if not (one[0].key == "i|have" and head_noun(one[0].value) in told_of)], dropped


def _aside(statement: Said) -> tuple[list[Draft], Said]:
    """What the sentence tells on the way, and the sentence without it."""
    told, left = (of_people(statement.text), statement.text) if statement.names_only else asides(statement.text)
    found: list[Draft] = []
    for clause in told:
        if refuse(clause, clause) is None:
            plain = replace(statement, text=clause, raw=clause, alone=False, names_only=False)
            found += _drafts_of(lower_start(strip_trailing(expand(clause))), plain)
    return found, replace(statement, text=left) if found else statement


def _renewed(statement: Said, before: str) -> Said:
    """ "The new one is called Dr Quastow" after "I've changed dentists": my dentist is."""
    new, old = _NEW_ONE.match(statement.text), _REPLACED.search(before)
    thing = re.sub(r"(?<!s)s$", "", old["n"]) if old else ""
    if not new or not old or thing not in _SUCCEEDED:
        return statement
    return replace(statement, text=f"my {thing}{statement.text[new.end() :]}", update=not old["past"])


def _is_told(draft: Draft, found: Sequence[Told]) -> bool:
    """Whether the value lies in what the rules read in the same turn, or theirs in it."""
    value = f" {normalize(draft.value)} "
    return any(value in f" {normalize(d.said)} " or f" {normalize(d.value)} " in value for d, _ in found)


def _drafts_of(part: str, statement: Said) -> list[Draft]:
    if statement.names_only:
        return mentions(part)[0] if not re.match(r"(?:he|she|they|it)\b", part) else []
    foreign = foreign_draft(part, statement.alone)
    if foreign is not None:
        return [foreign]
    names, rest = mentions(part)
    named = _sound(names)
    plain = strip_trailing(trim(rest))
    main, front = unfront(plain)
    known = drafts(plain)
    if front and not known:
        told = (main, f"{main} {front}") if _WHEN_IT_WAS.match(front) else (f"{main} {front}", main)
        known = drafts(told[0]) or drafts(told[1])
    if PASSING.search(statement.raw):  # "my ping is 300 today"
        known = [d for d in known if d.relation != "attribute" or value_type(d.value) in ("name", "date")]
    if _WAS_SO.search(statement.raw):  # "last year I lived in Rome" is no move
        known = [d for d in known if d.relation not in _OF_NOW]
    found = _sound(known)
    raw = trim(expand(statement.raw))
    found = found or _sound(
        generic_drafts(main, raw, front, asked=statement.asked, alone=statement.alone), statement.alone
    )
    # Who somebody is, is the fact; what was done with them on the day is not.
    done = re.match(r"(?:I|we)\b", main) and not PASSED_ON.match(main)
    told = {draft.value for draft in named} if done else set[str]()
    found = [d for d in found if not (d.relation == "clause" and any(name in d.value for name in told))]
    keys = {draft.key for draft in found}
    found = [draft for draft in named if draft.key not in keys] + found
    return found


def _sound(found: Iterable[Draft], alone: bool = False) -> list[Draft]:
    """The drafts with their values cut short, without those that say nothing by themselves."""
    short = [replace(draft, value=_short(draft)) for draft in found if not _NOBODY.match(draft.subject)]
    return [draft for draft in short if draft.value and stands_alone(draft, alone)]


def _short(draft: Draft) -> str:
    return listed(draft.said, draft.value) if draft.relation in _LISTS else short_value(draft.value)


def _parts(statement: Said, subject: str) -> list[str]:
    """The sentence, or its two halves where each is a statement; pronouns filled in from what came before."""
    out: list[str] = []
    for piece in _halves(statement.text):
        filled = _fill_pronoun(piece, subject)
        given = _NAMED_IT.match(filled)
        if (
            given
            and re.match(r"my ", subject)
            and (head_noun(subject) in PETS or (given["it"] == "it" and head_noun(subject) not in PEOPLE))
        ):
            filled = f"{possessive(subject)} name is {given['name']}"
        out.append(lower_start(strip_trailing(expand(filled))))
        subject = _next_subject(filled, [], subject)
    return out


def _halves(text: str) -> list[str]:
    """ "My sister Ana is a dentist and lives in Oslo" → two statements with the same subject."""
    for match in re.finditer(r"(?:;| -|,)? (?:and|but)(?: also)? |; |, (?=(?:my|our|I|we|she|he|they|it) )", text):
        left, right = (
            text[: match.start()],
            re.sub(
                r"^(?:now|then|also|currently|still|just|always|usually|mostly|sometimes) (?=[a-z])",
                "",
                text[match.end() :],
            ),
        )
        if not re.search(r"\w", left) or parse(left) is None:
            continue
        first = right.split(" ")[0]
        if re.match(r"(?:it|she|he|that|this) (?:is|was) (?:my|our|the) ", right):
            continue
        second = parse(right) if re.match(r"(?:I|we|he|she|they|it|my|our|his|her|its|their|the)\b", right) else None
        if second is not None and (
            second.rest or second.aux or not re.match(r"the\b", right)
        ):  # no clause: "the harp in the band"
            return [left, *_halves(right)]
        another = re.match(r"(I|[Ww]e) (?:have|have got|got) (?:a|an|one) ", left)
        if another and re.match(r"(?:a|an|another) [a-z-]+ (?:named|called) ", right):
            return [left, *_halves(f"{another[1]} have {right}")]
        form = lemma_of(first) if first.islower() else None
        clause = parse(left)
        if clause is not None and clause.is_be and _DESCRIBES.match(right):
            return [left, *_halves(f"{clause.subject} {clause.verb} {right}")]
        if clause is not None and clause.aux in ("was", "were") and _DONE_TO.match(right):
            return [left, *_halves(f"{clause.subject} {clause.aux} {right}")]
        opens = first in ("is", "are", "am", "was", "were", "has", "have") or (
            form is not None and form[1] in ("s", "past")
        )
        same = (
            clause is not None
            and form is not None
            and form[1] == "base"
            and clause.subject.lower() in ("i", "we", "they")
        )
        if clause is not None and (opens or same) and not re.match(r"(?:named|called) (?:her|him|it|them)\b", right):
            return [left, *_halves(f"{clause.subject} {right}")]
    return [text]


def _fill_pronoun(text: str, subject: str) -> str:
    """ "She lives in Oslo" after "My sister Ana is a dentist" → "my sister Ana lives in Oslo"."""
    match = re.match(r"(he|she|it|they|his|her|its|their|He|She|It|They|His|Her|Its|Their) ", text)
    if not match or not subject:
        return text
    word = match[1].lower()
    if not _may_mean(word, subject):
        return text
    if word == "it" and is_plural(subject):
        inner = re.search(r" ((?:my|our) [\w -]+)$", subject)
        if inner is None:
            return text
        subject = inner[1]
    stand_in = possessive(subject) if word in ("his", "her", "its", "their") else subject
    return f"{stand_in} {text[match.end() :]}"


def _may_mean(word: str, subject: str) -> bool:
    """No "it" for somebody, no "she" for a brother."""
    noun = (appositive(subject) or (subject,))[0].split(" ")[-1].lower()
    if word in ("it", "its"):
        return noun not in PEOPLE
    return not (word in ("he", "his") and noun in WOMEN) and not (word in ("she", "her") and noun in MEN)


def _next_subject(text: str, found: Iterable[Draft], subject: str) -> str:
    """Whom the next "she" or "it" means."""
    had = re.match(
        r"(?:I|[Ww]e) (?:have|had|got|have got|adopted|bought|own) (?:a|an|one|two) "
        r"(?:new |older |younger |little |big |twin )?([a-z-]+)",
        text,
    )
    if had:
        return f"my {had[1]}"
    for draft in found:
        if draft.subject.lower() not in ("i", "we"):
            return draft.subject
    clause = parse(text)
    if clause is not None and clause.subject.endswith("'s name"):
        return clause.subject.removesuffix("'s name")
    if clause is not None and clause.subject.lower() not in ("i", "we", "he", "she", "it", "they"):
        return clause.subject
    people = re.findall(rf"\b[Mm]y (?:[a-z-]+ )?(?:{'|'.join(RELATIVES | ROLES)})(?: [A-Z][\w-]+)?(?=$|[ ,.])", text)
    if len(people) == 1:
        return people[0]
    mine = re.findall(r"\b(?:my|our) (?:[a-z-]+ )?[a-z-]+s(?=$|[,.])", text)
    return mine[0] if len(mine) == 1 and not subject and is_plural(mine[0]) else subject


def _whom(text: str, found: Sequence[Draft], subject: str, following: str) -> str:
    """Whom a question or a request leaves to be spoken of: "What should I cook for my wife? She's coeliac.".

    A bare name may be anybody's, but where `following` says whose ("She's my stepmother").
    """
    people = re.findall(rf"\b(?:[Mm]y|[Oo]ur) (?:[a-z-]+ ){{0,2}}?(?:{KIN})(?!')(?: [A-Z][\w-]+)?(?=$|[ ,.?!])", text)
    if len(people) == 1:
        return people[0]
    names = re.findall(rf"(?<=\w )(?!(?:I|{'|'.join(d.capitalize() for d in (*DAYS, *MONTHS))})\b){NAME}", text)
    ours = len(names) == 1 and re.match(r"(?:it|he|she) is (?:my|our) ", following, re.IGNORECASE)
    return found[0].subject if found else names[0] if ours and not people else subject


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for reason, number in more.items():
        counts[reason] = counts.get(reason, 0) + number
