"""Which records may measure harm: only those that no night studied.

Never: a record kept because the list of what was studied could not be read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from circadian.files import read_rows
from circadian.records import NO_TRAIN, Json, Turn, question_hash

STUDIED_FILES = ("train.jsonl", "valid.jsonl")  # the second stops training, so it shapes the adapter as well


@dataclass(frozen=True)
class Studied:
    """Ids of the turns that facts were made from, and hashes of every question that was trained on."""

    turn_ids: frozenset[str]
    questions: frozenset[str]

    def holds(self, turn: Turn) -> bool:
        return turn.id in self.turn_ids or any(
            question_hash(m.content) in self.questions for m in turn.messages if m.role == "user"
        )


class HeldOut(NamedTuple):
    """The records to measure, and how many were left out because a night studied them."""

    turns: tuple[Turn, ...]
    excluded: int


def read_studied(nights: Path) -> Studied:
    """What all nights studied, from `<nights>/<tag>/`. UserError when a file there is damaged."""
    folders = [p for p in sorted(nights.iterdir()) if p.is_dir() and p.name[0] != "."] if nights.is_dir() else []
    ids: set[str] = set()
    questions: set[str] = set()
    for folder in folders:
        for row in rows_of(folder / "facts.jsonl"):
            found = row.get("turn_ids")
            ids |= {i for i in cast("list[Any]", found) if isinstance(i, str)} if isinstance(found, list) else set()
        for name in STUDIED_FILES:
            for row in rows_of(folder / name):
                questions |= {question_hash(text) for text in user_texts(row)}
    return Studied(frozenset(ids), frozenset(questions))


def rows_of(path: Path) -> list[Json]:
    return read_rows(path) if path.exists() else []


def user_texts(row: Json) -> Iterator[str]:
    messages = row.get("messages")
    for message in cast("list[Any]", messages) if isinstance(messages, list) else []:
        if isinstance(message, dict) and cast(Json, message).get("role") == "user":
            yield str(cast(Json, message).get("content", ""))


def hold_out(turns: Sequence[Turn], studied: Studied) -> HeldOut:
    """The records that no night studied; those marked #no-train are never read, and an id counts once."""
    public = {t.id: t for t in turns if NO_TRAIN not in t.tags}
    kept = tuple(t for t in public.values() if not studied.holds(t))
    return HeldOut(kept, len(public) - len(kept))
