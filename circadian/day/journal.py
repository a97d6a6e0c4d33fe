"""The journal: every exchange of every chat, one a line, in `data/memories.jsonl`. All later nights derive from it.

Never: lose an acknowledged turn, stop at a bad line, or change a line that was not asked about.
"""

import datetime
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from circadian.console import say
from circadian.errors import UserError
from circadian.files import append_lines, make_folder, parse_line, read_lines, remove_lines, torn_path
from circadian.records import NO_TRAIN, Json, Message, Turn, short_id

KEYS = ("messages", "id", "time", "session", "adapter", "tags")
# A tag glued to other words ("x#no-train", "#no-train-please") still counts: when in doubt, the exchange stays private.
TAG = re.compile(r"^#no-train\b[ \t]*|[ \t]*#no-train\b", re.IGNORECASE | re.MULTILINE)


class Skipped(NamedTuple):
    """A line that holds no turn: its number from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class JournalRead:
    turns: tuple[Turn, ...]
    skipped: tuple[Skipped, ...]


class Problem(Exception):
    """Why a JSON object is not a turn."""


def visible(text: str) -> str:
    """What the model sees of a message: the text without `#no-train`."""
    return TAG.sub("", text).strip()


def is_private(text: str) -> bool:
    return TAG.search(text) is not None


def clean(value: Any) -> Any:
    """The same JSON value with lone surrogates replaced: they can't be written as UTF-8 nor tokenized."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [clean(v) for v in cast(list[Any], value)]
    if isinstance(value, dict):
        return {clean(k): clean(v) for k, v in cast(Json, value).items()}
    return value


def read_journal(path: Path) -> JournalRead:
    """Every turn in order, and every line that is none, with the reason. A missing file is an empty journal."""
    turns: list[Turn] = []
    skipped: list[Skipped] = []
    if not path.exists():
        return JournalRead((), ())
    for line in read_lines(path):
        if line.row is None:
            skipped.append(Skipped(line.number, line.problem))
            continue
        try:
            turns.append(parse_turn(line.row))
        except Problem as problem:
            skipped.append(Skipped(line.number, str(problem)))
    return JournalRead(tuple(turns), tuple(skipped))


def parse_turn(row: Json) -> Turn:
    """A turn out of a journal line. Raises Problem when its messages are no exchange.

    An optional key of the wrong type counts as absent, but not `tags`: a lost "no-train" would teach what is private.
    """
    messages = parse_messages(row.get("messages"))
    tags = parse_tags(row.get("tags"))
    if NO_TRAIN not in tags and any(m.role == "user" and is_private(m.content) for m in messages):
        tags = (*tags, NO_TRAIN)
    return Turn(
        messages=messages,
        id=text_or_none(row, "id") or short_id(*(part for m in messages for part in (m.role, m.content))),
        time=text_or_none(row, "time"),
        session=text_or_none(row, "session"),
        adapter=text_or_none(row, "adapter"),
        tags=tags,
        extra={clean(key): clean(value) for key, value in row.items() if key not in KEYS},
    )


def parse_messages(value: Any) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise Problem("no messages")
    messages = tuple(parse_message(m) for m in cast(list[Any], value))
    if not any(m.role == "user" and m.content.strip() for m in messages):
        raise Problem("no user message, or an empty one")
    if not any(m.role == "assistant" for m in messages):
        raise Problem("no assistant message")
    return messages


def parse_message(value: Any) -> Message:
    if not isinstance(value, dict):
        raise Problem("a message is not an object")
    fields = cast(Json, value)
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise Problem("a message lacks role or content, or they are not text")
    return Message(clean(role), clean(content))


def parse_tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (clean(value),)
    if not isinstance(value, list):
        raise Problem("tags is not a list")
    tags = cast(list[Any], value)
    if not all(isinstance(tag, str) for tag in tags):
        raise Problem("a tag is not text")
    return tuple(clean(tag) for tag in tags)


def text_or_none(row: Json, key: str) -> str | None:
    value = row.get(key)
    return clean(value) if isinstance(value, str) and value else None


def new_turn(messages: Sequence[Message], *, session: str, adapter: str | None, tags: Sequence[str] = ()) -> Turn:
    """A turn of now, with an id of its own, tagged "no-train" when the user's words say so."""
    kept = tuple(Message(m.role, clean(m.content)) for m in messages)
    private = any(m.role == "user" and is_private(m.content) for m in kept)
    now = datetime.datetime.now().astimezone()
    return Turn(
        messages=kept,
        id=short_id(str(time.time_ns()), str(os.getpid()), session, *(m.content for m in kept)),
        time=now.isoformat(timespec="milliseconds"),
        session=clean(session),
        adapter=adapter,
        tags=tuple(dict.fromkeys((*tags, *([NO_TRAIN] if private else [])))),
    )


class Journal:
    """The chat log at `path`, for one writer among several: appends take turns, and so does a rewrite."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self.durable = durable  # False only to measure what fsync costs

    def check(self) -> None:
        """Raise UserError now rather than at the first turn when nothing can be written here."""
        make_folder(self.path.parent)
        if self.path.is_dir():
            raise UserError(f"{self.path} is a folder, not a file", hint="move it away, or pass another --home")
        target = self.path if self.path.exists() else self.path.parent
        if not os.access(target, os.W_OK):
            raise UserError(f"{target}: can't be written", hint="check its owner and mode, or pass another --home")

    def append(
        self, messages: Sequence[Message], *, session: str, adapter: str | None = None, tags: Sequence[str] = ()
    ) -> Turn:
        """Log one exchange; on disk when this returns. Raises OSError or UserError, and then nothing was written."""
        turn = new_turn(messages, session=session, adapter=adapter, tags=tags)
        self.write([turn])
        return turn

    def write(self, turns: Sequence[Turn]) -> None:
        """Append turns, all or none; on disk when this returns. Raises OSError or UserError."""
        torn = append_lines(self.path, (turn.as_json() for turn in turns), durable=self.durable)
        if torn:
            say(
                f"note: {self.path} ended in a torn line (power cut?): {torn} bytes set aside in {torn_path(self.path)}"
            )

    def remove(self, turn_id: str) -> bool:
        """Take the turn with this id out of the file, every other line byte for byte as it was. False: not there."""
        return remove_lines(self.path, lambda line: line_id(line) == turn_id) > 0


def line_id(line: bytes) -> str | None:
    """The id of the turn on a raw line; None when it holds none."""
    row = parse_line(0, line.removeprefix(b"\xef\xbb\xbf"), torn=False).row
    try:
        return parse_turn(row).id if row is not None else None
    except Problem:
        return None
