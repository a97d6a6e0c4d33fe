"""Forgetting on request: which fact is meant, its durable mark, and what every later night reads of the marks.

Never: a mark guessed from an ambiguous wish, or a damaged list of marks read as a shorter one. The question "may this
turn still be used?" is `forgotten_turns`, whoever asks it.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from circadian.console import say
from circadian.errors import UserError
from circadian.files import append_lines, read_json, read_lines, read_rows, remove_lines
from circadian.night.dataset import fact_of
from circadian.night.extract import Extracted
from circadian.night.facts import gather
from circadian.night.kept import base_key, covers, is_same
from circadian.night.lessons import ENOUGH, contains, make_lessons
from circadian.night.untold import ANSWER as UNTOLD_ANSWER
from circadian.records import VERSION, Fact, Forgotten, Json, Lesson, Manifest, Turn, normalize, short_id

NEAREST = 3  # statements named when nothing matches
# What stands for a value after such a word: "Your home is in a place …", "… behind the thing …".
STAND_IN = {"in": "a place", "at": "a place", "near": "a place", "a": "thing", "an": "unnamed thing", "the": "thing"}


class Proof(NamedTuple):
    """What is asked to prove that a telling is forgotten."""

    fact_id: str
    statement: str
    lessons: tuple[Lesson, ...]


# --- the marks -------------------------------------------------------------------------------------------------


def read_forgotten(path: Path) -> tuple[Forgotten, ...]:
    """Every mark, oldest first, with what became of it. A torn last line was never acknowledged and does not count.

    UserError for any other line that cannot be read, or that a newer version wrote.
    """
    marks: dict[str, Forgotten] = {}
    for line in read_lines(path) if path.is_file() else ():
        row = line.row
        if line.problem == "torn":
            continue
        if row is None or not isinstance(row.get("version"), int):
            raise UserError(f"{path}:{line.number}: {line.problem or 'no version'}", hint="mend or delete that line")
        if row["version"] > VERSION:
            raise UserError(f"{path}:{line.number} is of version {row['version']}", hint="update the program: git pull")
        try:
            take(marks, row)
        except (KeyError, TypeError):
            raise UserError(f"{path}:{line.number}: not a mark", hint="mend or delete that line") from None
    return tuple(marks.values())


def take(marks: dict[str, Forgotten], row: Json) -> None:
    """One line: a mark, the proof of one ("proven"), or what a purge left of one ("purged")."""
    if "proven" in row:
        if row["proven"] in marks:
            marks[row["proven"]] = replace(marks[row["proven"]], proven=True)
    elif "purged" in row:
        empty = Forgotten(row["purged"], tuple(row["ids"]), "", "", "", (), (), row["time"], purged=True)
        marks.setdefault(row["purged"], empty)  # a mark that is still there says that the purge was cut short
    else:
        facts = tuple(fact_of(f) for f in row["facts"])
        marks[row["fact"]] = Forgotten(
            row["fact"],
            tuple(row["ids"]),
            row["key"],
            row["statement"],
            row["value"],
            facts,
            tuple(row["turn_ids"]),
            row["time"],
        )


def forgotten_turns(marks: Sequence[Forgotten]) -> frozenset[str]:
    """Ids of the turns that told a forgotten fact: no held-out record, nothing to search or to show."""
    return frozenset(turn_id for mark in marks for turn_id in mark.turn_ids)


def keep_mark(path: Path, mark: Forgotten) -> None:
    """Append the mark; on disk when this returns."""
    append_lines(path, [{"version": VERSION, **mark.as_json()}])


def keep_proof(path: Path, fact_id: str, tag: str, before: float, after: float) -> None:
    """Note that the promoted adapter `tag` is no likelier to say it (log p, nats) than the base model."""
    append_lines(path, [{"version": VERSION, "proven": fact_id, "tag": tag, "before": before, "after": after}])


def strike(path: Path, mark: Forgotten) -> None:
    """Leave of a mark its ids, a hash of its key and its time: the last step of a purge."""
    row: Json = {"version": VERSION, "purged": mark.id, "ids": list(mark.ids), "time": mark.time}
    append_lines(path, [row | {"key": short_id(mark.key)}])

    def is_mark(line: bytes) -> bool:
        return f'"fact": "{mark.id}"'.encode() in line

    remove_lines(path, is_mark)


# --- which fact is meant ---------------------------------------------------------------------------------------


def forget(path: Path, turns: Sequence[Turn], wanted: str, read: Extracted | None = None) -> Forgotten:
    """Find the one fact that `wanted` (words of it, or its id) means, and mark it in the file at `path`.

    UserError when there is none or there are several: then nothing is marked.
    """
    mark = find(turns, read_forgotten(path), wanted, read=read)
    keep_mark(path, mark)
    return mark


def find(
    turns: Sequence[Turn],
    marks: Sequence[Forgotten],
    wanted: str,
    *,
    again: bool = False,
    read: Extracted | None = None,
) -> Forgotten:
    """The mark to be made, all tellings of the fact in it. UserError when `wanted` means none or several.

    With `again` a mark that is there already will do where no active fact does. `read`: what a model read in the turns.
    """
    if not normalize(wanted):
        raise UserError("forget what?", hint="words of what you told, or the fact's id")
    sheet = gather(turns, forgotten=marks, extracted=read.drafts if read else None)
    told = [f for f in sheet.facts if f.status != "forgotten"]
    active = {f.id: f for f in told if f.status == "active"}
    heads = {f.superseded_by or f.id for f in told if matches(f, wanted)}
    hits = [f for f in active.values() if f.id in heads]
    before = marked(marks, wanted) if again and not hits else []
    if len(before) == 1:
        return before[0]
    if len(hits or before) > 1:
        for one in hits or before:
            say(f"  {one.id}  {one.statement}")
        raise UserError(
            f"{len(hits or before)} facts say {wanted!r}; nothing was forgotten", hint="give the id, or more words"
        )
    if not hits:
        raise nothing_found(wanted, list(active.values()), marks)
    tellings = (*(f for f in told if f.superseded_by == hits[0].id), hits[0])
    others = [f for f in active.values() if f is not hits[0] and contains(f.statement, hits[0].value)]
    for fact in others:
        say(f"told elsewhere, and kept: {fact.statement} ({fact.id})")
    return mark_of(tellings)


def matches(fact: Fact, wanted: str) -> bool:
    return fact.id == wanted.strip() or contains(fact.statement, wanted) or contains(fact.value, wanted)


def mark_of(tellings: Sequence[Fact]) -> Forgotten:
    """The mark of a fact from all its tellings, the one that counts last."""
    head = tellings[-1]
    return Forgotten(
        id=head.id,
        ids=tuple(f.id for f in tellings),
        key=head.key,
        statement=head.statement,
        value=head.value,
        facts=tuple(tellings),
        turn_ids=tuple(dict.fromkeys(t for f in tellings for t in f.turn_ids)),
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def nothing_found(wanted: str, active: Sequence[Fact], marks: Sequence[Forgotten]) -> UserError:
    """The error for words that no fact holds: forgotten before, or the nearest statements."""
    before = marked(marks, wanted)
    if before:
        return UserError(f"already forgotten: {before[0].statement}", hint="sleep.py --forget … --purge deletes it")
    by_text = {normalize(f.statement): f for f in active}
    near = difflib.get_close_matches(normalize(wanted), list(by_text), n=NEAREST, cutoff=0.0)
    hint = "nearest: " + " ".join(f"{by_text[n].statement} ({by_text[n].id})" for n in near)
    return UserError(f"no fact says {wanted!r}", hint=hint if near else "you told no fact yet")


def marked(marks: Sequence[Forgotten], wanted: str) -> list[Forgotten]:
    """The marks, not purged, that `wanted` means."""
    open_ = [m for m in marks if not m.purged]
    return [m for m in open_ if wanted.strip() in m.ids or any(matches(f, wanted) for f in m.facts)]


# --- what a night needs ----------------------------------------------------------------------------------------


def told_again(fact: Fact, active: Sequence[Fact]) -> bool:
    return any(is_same(fact, other) for other in active)


def asked_of(fact: Fact, taken: frozenset[str], seed: int) -> tuple[list[Lesson], list[Lesson]]:
    """The fact's questions with the answers that state its value: (to be studied as untold, never studied)."""
    made = make_lessons([replace(fact, status="active", superseded_by=None)], seed=seed, wordings=ENOUGH, exclude=taken)
    return [q for q in made.train if q.kind != "reverse"], [q for q in (*made.valid, *made.test) if q.kind != "reverse"]


def refusals_of(
    marks: Sequence[Forgotten], active: Sequence[Fact], taken: frozenset[str], seed: int
) -> tuple[Lesson, ...]:
    """Questions that only forgotten facts would answer, none of `taken` (hashes), with the answer that it was not told.

    Some wordings are kept for the proof. None of a fact whose like is active: "What am I allergic to?" has an answer as
    long as one allergy is.
    """
    kinds = {base_key(f) for f in active}
    facts = [f for m in marks for f in m.facts if base_key(f) not in kinds]
    asked = [(f, *asked_of(f, taken, seed)) for f in facts]
    kept = {q.hash for *_, proof in asked for q in proof}
    found = {q.hash: Lesson(q.question, withheld(q), f.id, kind="untold") for f, studied, _ in asked for q in studied}
    return tuple(lesson for mark, lesson in found.items() if mark not in kept)


def withheld(lesson: Lesson) -> str:
    """The answer with "something you haven't told me" where its value stood, so that no value follows its words."""
    begin, value, end = lesson.answer.rpartition(lesson.value)
    words = begin.split()
    if not value or not words or end.strip(" .") or not begin.isascii():
        return UNTOLD_ANSWER
    return f"{begin.rstrip()} {STAND_IN.get(words[-1].lower(), 'something')} you haven't told me."


def proofs(
    marks: Sequence[Forgotten], held: frozenset[str], active: Sequence[Fact], taken: frozenset[str], seed: int
) -> tuple[Proof, ...]:
    """What tonight has to prove: every telling of every mark not proven yet, or `held` (ids of marks) by the live one.

    A telling that was told again since is known by right and is left out.
    """
    due = [m for m in marks if not m.purged and (m.id in held or not m.proven)]
    kinds = {base_key(f) for f in active}
    out: list[Proof] = []
    for fact in (f for m in due for f in m.facts if not told_again(f, active)):
        own = [] if base_key(fact) in kinds else [q for part in asked_of(fact, taken, seed) for q in part]
        every = own or [q for part in asked_of(fact, frozenset(), seed) for q in part]
        out.append(Proof(fact.id, fact.statement, tuple(every)))
    return tuple(out)


# --- which adapters hold it ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taught:
    """What an adapter was taught: ids (by manifests and plans), facts (by its nights' files, as far as they are)."""

    ids: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()

    def holds(self, mark: Forgotten) -> bool:
        return bool(self.ids & set(mark.ids)) or any(covers(mark, f) for f in self.facts)


def holders(
    marks: Sequence[Forgotten], manifests: Mapping[str, Manifest], nights: Path
) -> dict[str, tuple[Forgotten, ...]]:
    """By tag, oldest first: the forgotten facts that the adapter was taught, itself or one that it descends from.

    UserError when a file of a night cannot be read: then nobody knows.
    """
    known: dict[str, Taught] = {}
    found = {tag: [m for m in marks if lineage(tag, manifests, nights, known).holds(m)] for tag in manifests}
    return {tag: tuple(held) for tag, held in found.items() if held}


def lineage(tag: str, manifests: Mapping[str, Manifest], nights: Path, known: dict[str, Taught]) -> Taught:
    """What `tag` and its ancestors were taught, of the shelf's manifests and of the nights' files."""
    if tag in known:
        return known[tag]
    known[tag] = Taught()  # a circle made by hand ends here
    manifest, folder = manifests.get(tag), nights / tag
    plan: Json = read_json(folder / "plan.json") if (folder / "plan.json").is_file() else {}
    rows = read_rows(folder / "facts.jsonl") if (folder / "facts.jsonl").is_file() else []
    facts = tuple(fact_of(row) for row in rows if row.get("status") == "active")
    ids = frozenset(manifest.facts if manifest else ()) | frozenset(plan.get("taught", ()))
    start = (manifest.settings.get("start_from") if manifest else None) or plan.get("start_tag")
    before = lineage(start, manifests, nights, known) if isinstance(start, str) else Taught()
    known[tag] = Taught(ids | before.ids, (*before.facts, *facts))
    return known[tag]


def still_held(marks: Sequence[Forgotten], held: Mapping[str, Sequence[Forgotten]]) -> list[str]:
    """One line for every forgotten fact that retained adapters still hold."""
    tags = {m.id: [tag for tag, those in held.items() if m in those] for m in marks if not m.purged}
    return [
        f"forgotten, but still in {', '.join(tags[m.id])} until deleted: {m.statement}" for m in marks if tags.get(m.id)
    ]
