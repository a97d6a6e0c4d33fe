"""Purge: take what was forgotten out of every file of a home, and delete the adapters that knew it.

In this order, so that a kill leaves a live link that works and a mark by which the next purge finds the rest: the link
goes first, then nights that were cut short and may have weights that knew it, then adapters (the youngest first: who
descends from whom must stay known), what nights say, the journal, what else mentions it, and the mark's own words last.
Pages and pictures of the report go whatever they say: they are made anew, and a number or a date in them can't be told
from any other. Never: a file outside data/, adapters/ and logs/, or a link to a deletion.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from circadian import shelf
from circadian.console import say
from circadian.day.journal import line_id, read_journal
from circadian.errors import UserError
from circadian.files import remove_lines, sweep, sync_folder, write_atomic
from circadian.night.facts import gather
from circadian.night.forget import holders, keep_mark, lineage, read_forgotten, strike
from circadian.night.plan import DONE
from circadian.night.reader import drop_replies, read_before, store
from circadian.night.train import CHECKPOINT, WORK
from circadian.night.verify import VERDICTS
from circadian.records import Fact, Forgotten, Json, Manifest, Turn, normalize
from circadian.settings import Home
from circadian.shelf.adapters import DELETING
from circadian.shelf.live import name
from circadian.shelf.retention import remove_deleted

STRUCK = "[forgotten]"
LINES = (".jsonl", ".log", ".txt", "")  # files whose lines stand alone; "" is the chat's line history
DERIVED = (".html", ".png")  # what run_cycle.py --report writes
LABELS = ("category", "suite", "label")
FREE_TEXT = ("answer", "why", "reason", "reasons", "statement", "value", "question", "prompt", "content")


@dataclass(frozen=True)
class Purge:
    """What a purge will do. `told`: turns that told it, `mention`: others that say it, `kept`: those that tell more.

    `nights`: those of which something goes; `cut_short`: of these, whose weights may know it, and which go whole.
    """

    mark: Forgotten
    told: tuple[Turn, ...]
    mention: tuple[Turn, ...]
    kept: tuple[Turn, ...]
    lost: tuple[Fact, ...]
    adapters: tuple[str, ...]
    nights: tuple[str, ...]
    cut_short: tuple[str, ...]
    pages: tuple[Path, ...]
    live: str | None
    next_live: str | None

    def lines(self) -> list[str]:
        """What a person is asked to agree to."""
        live = f", the live one too: {name(self.next_live)} answers then" if self.live in self.adapters else ""
        return [
            f"purge: {self.mark.statement}",
            f"  journal: {len(self.told)} exchanges that told it go, and {len(self.mention)} that mention it",
            *(f"  with them goes: {fact.statement}" for fact in self.lost),
            *(f"  stays, because it tells something else: {turn.user!r}" for turn in self.kept),
            f"  nights: {', '.join(self.nights) or 'none'}",
            *(f"  goes whole, for it was cut short and may know it: {night}" for night in self.cut_short),
            *(f"  goes, whatever it says, and --report makes it anew: {path}" for path in self.pages),
            f"  adapters to delete: {', '.join(self.adapters) or 'none'}{live}",
        ]


def says(text: str, mark: Forgotten) -> bool:
    """Whether a text says what is forgotten: a statement of it, or its value where that is a word of its own.

    A number or a word of two letters is in every log: there only the statement counts.
    """
    read = f" {normalize(text)} "
    return any(f" {words} " in read for words in plain(tuple((f.statement, f.value) for f in mark.facts)))


@lru_cache(maxsize=64)
def plain(told: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """What to look for, of statements and values, normalized once for all the lines of a home."""
    said = (*(statement.rstrip(".") for statement, _ in told), *(value for _, value in told if is_telling(value)))
    return tuple(filter(None, map(normalize, said)))


def is_telling(value: str) -> bool:
    letters = sum(c.isalpha() for c in normalize(value))
    return letters >= 3 or (letters > 0 and not value.isascii())


def plan_purge(home: Home, mark: Forgotten) -> Purge:
    """What there is to do for a mark; after a purge that was cut short, the rest of it."""
    turns = read_journal(home.memories).turns
    told = tuple(t for t in turns if t.id in mark.turn_ids)
    goes = {t.id for t in told}
    marks, read = [*read_forgotten(home.forgotten), mark], read_before(home, turns)
    others = [f for f in gather(turns, forgotten=marks, extracted=read.drafts).facts if f.status == "active"]
    telling = {turn_id for f in others for turn_id in f.turn_ids}
    saying = [t for t in turns if t.id not in goes and any(says(m.content, mark) for m in t.messages)]
    retained = shelf.list_adapters(home)
    manifests = {a.tag: a.manifest for a in retained}
    held = holders([mark], manifests, home.nights)
    cut_short = [p.name for p in folders(home.nights) if may_hold(home, p, manifests, mark)]
    saying_nights = {p.name for p in folders(home.nights) if any(mentions(f, mark) for f in files_in(p))}
    live = shelf.live_tag(home)
    fit = [a.tag for a in retained if a.tag not in held and shelf.passed(a.folder) and not shelf.check(a, served=True)]
    return Purge(
        mark=mark,
        told=told,
        mention=tuple(t for t in saying if t.id not in telling),
        kept=tuple(t for t in saying if t.id in telling),
        lost=tuple(f for f in others if set(f.turn_ids) <= goes),
        adapters=tuple(held),
        nights=tuple(sorted({*saying_nights, *cut_short})),
        cut_short=tuple(cut_short),
        pages=tuple(derived(home)),
        live=live,
        next_live=fit[-1] if live in held and fit else None,
    )


def may_hold(home: Home, night: Path, manifests: Mapping[str, Manifest], mark: Forgotten) -> bool:
    """Whether a night that was cut short has weights that knew it, as far as anyone can tell."""
    if (night / DONE).exists() or not ((night / WORK).exists() or (night / CHECKPOINT).exists()):
        return False
    try:
        return lineage(night.name, manifests, home.nights, {}).holds(mark)
    except UserError:  # a damaged file of it, or of one that it went on from
        return True


def purge(home: Home, plan: Purge) -> list[Path]:
    """Do it; returns the files that still say it. The caller holds the cycle's lock; a second run does what is left."""
    mark = plan.mark
    if not any(m.id == mark.id for m in read_forgotten(home.forgotten)):
        keep_mark(home.forgotten, mark)
    if plan.live in plan.adapters:
        shelf.rollback(home, plan.next_live or "none")
    for tag in plan.cut_short:
        remove_night(home, home.nights / tag)
    delete_adapters(home, plan.adapters)
    for folder in folders(home.nights):
        clean_night(home, folder, mark)
    goes = {t.id for t in (*plan.told, *plan.mention)}
    remove_lines(home.memories, lambda line: line_id(line) in goes)
    drop_replies(store(home), goes)
    for path in derived(home):
        path.unlink(missing_ok=True)
    for path in files_of(home):
        if path != home.memories:
            clean_file(home, path, mark)
    left = [p for p in files_of(home) if mentions(p, mark)]
    strike(home.forgotten, mark)
    shelf.record(home, "purged", reason=f"fact {mark.id}", adapters=plan.adapters, exchanges=len(goes))
    return left


def delete_adapters(home: Home, tags: Sequence[str]) -> None:
    """Newest first: a descendant is known by the older one's manifest, so that one must not go before it."""
    sweep(home.adapters)
    remove_deleted(home)
    for tag in reversed(tags):
        if tag in shelf.pinned(home):
            shelf.unpin(home, tag)
        shelf.delete(home, tag)
        shelf.record(home, "deleted", tag=tag, reason="purge of a forgotten fact")


def folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.is_symlink()) if parent.is_dir() else []


def files_in(folder: Path) -> list[Path]:
    """Every regular file below, those that a killed write left included; links are not followed."""
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [p for p in found if p.is_file() and not p.is_symlink()]


def files_of(home: Home) -> list[Path]:
    """Every file that may say it. The marks go last, and the ledger names facts by id only."""
    found = [p for root in (home.memories.parent, home.adapters, home.logs) for p in files_in(root)]
    return [p for p in found if p not in (home.forgotten, home.ledger)]


def derived(home: Home) -> list[Path]:
    """The report's pages and pictures below logs/, and the verdicts on lessons, whose hashes a guess could be compared
    with; those that a killed write left half-done included."""
    names = {p: p.name.lower() for p in files_in(home.logs)}
    shown = [
        p for p, n in names.items() if n.endswith(DERIVED) or (n.endswith(".tmp") and any(d in n for d in DERIVED))
    ]
    return [*shown, *(p for p in files_in(home.cache) if VERDICTS in p.name)]


def clean_night(home: Home, folder: Path, mark: Forgotten) -> None:
    """Take the lines out of a finished night's files; a night that cannot be cleaned so, or was cut short, goes.

    What was cut short may hold weights, which no line tells.
    """
    if (folder / DONE).exists() and not (folder / WORK).exists():
        (folder / CHECKPOINT).unlink(missing_ok=True)
        for path in files_in(folder):
            clean_file(home, path, mark)
    if folder.name.startswith(DELETING) or any(mentions(path, mark) for path in files_in(folder)):
        remove_night(home, folder)


def remove_night(home: Home, folder: Path) -> None:
    """Renamed first, so that a kill leaves no half of it."""
    doomed = folder.name.startswith(DELETING)
    away = folder if doomed else folder.rename(folder.with_name(f"{DELETING}{folder.name}"))
    sync_folder(home.nights)
    shutil.rmtree(away)


def clean_file(home: Home, path: Path, mark: Forgotten) -> None:
    """Lines go, free text in JSON documents is struck, and what can be made again or was left half-written goes."""
    if not mentions(path, mark):
        return
    if path.name.endswith((".tmp", *DERIVED)) or home.cache in path.parents:
        path.unlink()
    elif path.suffix in LINES:
        remove_lines(path, lambda line: line_says(line, mark))
    elif path.suffix == ".json":
        try:
            document: Any = json.loads(path.read_bytes())
        except ValueError:
            return  # named among what still says it
        write_atomic(path, json.dumps(struck(document, mark), ensure_ascii=False, indent=1).encode() + b"\n")


def mentions(path: Path, mark: Forgotten) -> bool:
    """Whether a file says it. Weights are not searched (three letters are in any of them by chance), their header is;
    nor are tables of figures."""
    if path.suffix == ".safetensors":
        with path.open("rb") as file:
            return line_says(file.read(min(int.from_bytes(file.read(8), "little"), path.stat().st_size)), mark)
    if path.suffix == ".json":
        try:
            document: Any = json.loads(path.read_bytes())
        except ValueError:  # damaged: no reader takes it
            return says(path.read_text(encoding="utf-8", errors="replace"), mark)
        return struck(document, mark) != document
    return path.suffix != ".csv" and any(line_says(line, mark) for line in path.read_bytes().splitlines())


def line_says(line: bytes, mark: Forgotten) -> bool:
    """Whether a line says it, its JSON strings without escapes; a lesson or fact of it counts by its id."""
    text = line.decode("utf-8", "replace")
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return says(text, mark)
    if isinstance(document, dict):
        row = cast(Json, document)
        if row.get("fact") in mark.ids or (row.get("id") in mark.ids and "statement" in row):
            return True
        document = {k: v for k, v in row.items() if k not in LABELS}
    return any(says(part, mark) for part in strings(document))


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for v in cast(Json, value).values() for s in strings(v)]
    return [s for v in cast(list[Any], value) for s in strings(v)] if isinstance(value, list) else []


def struck(value: Any, mark: Forgotten, *, free: bool = False) -> Any:
    """The JSON value with every free text that says it struck; names, tags and figures stay."""
    if isinstance(value, dict):
        return {k: struck(v, mark, free=k in FREE_TEXT) for k, v in cast(Json, value).items()}
    if isinstance(value, list):
        return [struck(v, mark, free=free) for v in cast(list[Any], value)]
    return STRUCK if free and isinstance(value, str) and says(value, mark) else value


def purge_when_agreed(home: Home, mark: Forgotten, agree: Callable[[], bool]) -> bool:
    """Show what a purge will do, ask, do it. False: not agreed, nothing was changed."""
    plan = plan_purge(home, mark)
    for line in plan.lines():
        say(line)
    if not agree():
        return False
    for path in purge(home, plan):
        say(f"still says it: {path}")
    return True
