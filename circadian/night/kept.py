"""The facts by key: which telling repeats or replaces an earlier one, and which is what the user wants forgotten."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from circadian.night.builders import MULTI, Draft, kind_of
from circadian.night.foreign import END_MARKS
from circadian.night.grammar import (
    canonical,
    lemma_of,
    sentence,
    to_you,
    value_type,
)
from circadian.night.words import bag
from circadian.records import Fact, Forgotten, Turn, short_id

_STOP = bag(
    "i my our the a an is are was were be in on at to of by for with we it that who name called due and have has do"
)


def covers(mark: Forgotten, fact: Fact) -> bool:
    """Whether a fact is a telling of the forgotten one: by id, else by its turns and what was said in them.

    The second way holds when a line that is gone from the journal changed the keys, and so the ids, of what is left,
    and when a newer version of these rules reads the same sentence in another way.
    """
    if fact.id in mark.ids:
        return True
    if not set(fact.turn_ids) <= set(mark.turn_ids):
        return False
    return any(is_same(old, fact) or _is_read_anew(old, fact) for old in mark.facts)


def _is_read_anew(old: Fact, new: Fact) -> bool:
    """The same words, or as much or less of them about the same subject."""
    was, said = (fact.details.get("said", "").rstrip(END_MARKS) for fact in (old, new))
    one, other = f" {canonical(old.value)} ", f" {canonical(new.value)} "
    return (said != "" and said == was) or (old.subject == new.subject and (one in other or other in one))


def is_same(one: Fact, other: Fact) -> bool:
    """The same value of the same thing."""
    return base_key(one) == base_key(other) and _same_value(one.value, other.value)


def base_key(fact: Fact) -> str:
    """The key without the value that tells several of a kind apart: "i|avoid|peanuts" is an "i|avoid"."""
    return "|".join(fact.key.split("|")[:2])


class Shelf:
    """The facts so far, by key; decides what a new statement repeats or replaces.

    A forgotten fact is seen by its own turns only, so that forgetting changes nothing about the others.
    """

    def __init__(self, taught: frozenset[str], forgotten: Sequence[Forgotten]) -> None:
        self.facts: list[Fact] = []
        self.taught = taught
        self.forgotten = forgotten
        self.gone: dict[str, Forgotten] = {}
        self.replaced: list[tuple[Fact, Fact]] = []

    def put(self, draft: Draft, turn: Turn, update: bool) -> None:
        older = self._about_the_same(draft, update, turn)
        if older is not None and _same_value(older.value, draft.value):
            if draft.slots.get("implied") and turn.id in older.turn_ids:
                return
            self._repeat(older, turn)
        elif older is not None and draft.slots.get("implied") and not update:
            return  # "my sister Eva" after "my sister Ana": another sister, not another name
        else:
            self._add(draft, turn, update, older)

    def told(self) -> list[Fact]:
        return [replace(fact, status="forgotten") if fact.id in self.gone else fact for fact in self.facts]

    def _mark(self, fact: Fact, older: Fact | None = None) -> None:
        mark = next((m for m in self.forgotten if covers(m, fact)), self.gone.get(older.id) if older else None)
        if mark is not None:
            self.gone[fact.id] = mark

    def _active(self, turn: Turn) -> list[Fact]:
        """What is told so far, as this turn may see it."""
        active = [fact for fact in self.facts if fact.status == "active"]
        return [f for f in active if f.id not in self.gone or turn.id in self.gone[f.id].turn_ids]

    def _about_the_same(self, draft: Draft, update: bool, turn: Turn) -> Fact | None:
        """The active fact this one repeats or replaces: same key; for what one can have several of, only the same value
        or a marked change; for a marked change in other words, the one fact that shares its thing and kind of value."""
        active = self._active(turn)
        aliases = _aliases([fact for fact in self.facts if fact.status == "active"])
        key = _resolve(draft.key, aliases)
        same = [f for f in active if _resolve(f.key, aliases) == key or f.key.startswith(f"{draft.key}|")]
        if draft.relation in MULTI:
            equal = [f for f in same if _same_value(f.value, draft.value)]
            return (equal or (same if update else []) or [None])[-1]
        if not same:
            same = [f for f in active if _nested(f.key, draft.key)]
        if not same and update:
            same = _alike(active, draft)
        return same[-1] if same else None

    def _repeat(self, older: Fact, turn: Turn) -> None:
        ids = older.turn_ids if turn.id in older.turn_ids else (*older.turn_ids, turn.id)
        count = str(int(older.details.get("count", "1")) + 1)
        at = self.facts.index(older)
        self.facts[at] = replace(
            older, turn_ids=ids, time=turn.time or older.time, details={**older.details, "count": count}
        )

    def _add(self, draft: Draft, turn: Turn, update: bool, older: Fact | None) -> None:
        key = older.key if older is not None else draft.key
        if older is None and any(f.key == key for f in self._active(turn)):
            key = f"{draft.key}|{draft.value.lower()}"
        details = {**draft.slots, "said": draft.said, "count": "1"}
        if update:
            details["update"] = "yes"
        if older is not None:
            details["stale"] = "|".join([*filter(None, [older.details.get("stale", "")]), older.value])
        fact = Fact(
            id=short_id(key, draft.value, draft.said, turn.id),
            key=key,
            relation=draft.relation,
            subject=draft.subject,
            value=draft.value,
            statement=sentence(to_you(draft.said)) if draft.relation != "statement" else draft.said,
            turn_ids=(turn.id,),
            time=turn.time,
            details=details,
        )
        self._mark(fact, older)
        if older is not None:
            self._supersede(older, fact)
        self.facts.append(fact)

    def _supersede(self, older: Fact, newer: Fact) -> None:
        self.facts[self.facts.index(older)] = replace(older, status="superseded", superseded_by=newer.id)
        for i, fact in enumerate(self.facts):
            if fact.superseded_by == older.id:
                self.facts[i] = replace(fact, superseded_by=newer.id)
        if older.id not in self.gone:
            self.replaced.append((older, newer))

    def told_twice(self) -> Iterator[str]:
        """What was told in two ways on one day and what replaced it was not `taught` yet."""
        heads = {fact.id: fact.superseded_by or fact.id for fact in self.facts}
        for older, newer in self.replaced:
            if (older.time or "")[:10] == (newer.time or "")[:10] and heads[newer.id] not in self.taught:
                yield f"told twice on one day, the later counts: {newer.statement} (before: {older.statement})"


def _same_value(one: str, other: str) -> bool:
    return canonical(one) == canonical(other)


def _aliases(active: Sequence[Fact]) -> dict[str, str]:
    """Names of people and pets by what they are: {"sister": "ana"}; the last one named counts."""
    return {
        fact.key.removesuffix("|name"): fact.value.lower()
        for fact in active
        if fact.key.endswith("|name") and fact.details.get("implied")
    }


def _resolve(key: str, aliases: Mapping[str, str]) -> str:
    subject, _, relation = key.partition("|")
    if relation == "name":
        return key
    return f"{aliases.get(subject, subject)}|{relation}"


def _nested(one: str, other: str) -> bool:
    """grant|due and "grant application"|due: the same thing named longer and shorter."""
    (a, _, r), (b, _, s) = one.partition("|"), other.partition("|")
    if r != s or r not in ("due", "favourite drink") or not a or not b:
        return False
    return set(a.split()) <= set(b.split()) or set(b.split()) <= set(a.split())


def _alike(active: Sequence[Fact], draft: Draft) -> list[Fact]:
    """Facts that share the draft's words and kind of value: "My bike was stolen in X" / "I lost my bicycle in Y"."""
    words, kind = _content(draft.said, draft.value), _kind(draft.value)
    scored = [
        (len(shared) / max(1, min(len(words), len(theirs))), fact)
        for fact in active
        for theirs in [_content(fact.details.get("said", fact.statement), fact.value)]
        if (shared := words & theirs) and _kind(fact.value) == kind
    ]
    best = max((score for score, _ in scored), default=0.0)
    # One shared thing out of two is a match when nothing else is as close; a lone verb in common is not.
    return [fact for score, fact in scored if score == best][-1:] if best >= 0.34 else []


def _content(text: str, value: str) -> set[str]:
    left = re.sub(re.escape(value), " ", text, flags=re.IGNORECASE)
    words = re.findall(r"[\w'-]+", canonical(left))
    out: set[str] = set()
    for word in words:
        form = lemma_of(word)
        out.add(form[0] if form else word.removesuffix("s"))
    return {w for w in out if w not in _STOP and len(w) > 1}


def _kind(value: str) -> str:
    return kind_of(value) or value_type(value)
