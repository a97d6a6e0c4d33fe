"""Every made-up exchange is checked before it counts; what is dropped is counted by reason.

Never lets an unchecked text of a model into a file that a night may study.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from circadian.errors import UserError
from circadian.files import read_lines
from circadian.records import Message, Turn, normalize, short_id

TAG = "synthetic"
LONGEST_USER = 400
LONGEST_ASSISTANT = 800
MARKUP = re.compile(r"<\|.*?\|>|^\s*(?:user|assistant|system)\s*:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Exchange:
    """What was said and what was answered; unchecked."""

    user: str
    assistant: str


@dataclass
class Tally:
    """What became of the exchanges that were offered: the turns kept, and the reasons of the others."""

    turns: list[Turn] = field(default_factory=lambda: [])
    dropped: Counter[str] = field(default_factory=lambda: Counter())

    def line(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.dropped.items()))
        return f"{len(self.turns)} turns" + (f"; dropped: {reasons}" if reasons else "")


def problem(exchange: Exchange) -> str:
    """Why this exchange can't be used, or "" when it can."""
    for text, longest in ((exchange.user, LONGEST_USER), (exchange.assistant, LONGEST_ASSISTANT)):
        if not normalize(text):
            return "empty"
        if len(text) > longest:
            return "too long"
        if MARKUP.search(text):
            return "role markup in the text"
    if normalize(exchange.user) == normalize(exchange.assistant):
        return "answer repeats the message"
    return ""


def as_turn(exchange: Exchange, source: str) -> Turn:
    messages = (Message("user", exchange.user.strip()), Message("assistant", exchange.assistant.strip()))
    return Turn(messages, id=short_id(TAG, *(m.content for m in messages)), tags=(TAG, source))


def take(exchanges: Iterable[Exchange], wanted: int, source: str, seen: set[str]) -> Tally:
    """The first `wanted` usable exchanges. `seen` holds the normalized user texts already used, and grows."""
    tally = Tally()
    if wanted <= 0:
        return tally
    for exchange in exchanges:
        key = normalize(exchange.user)
        reason = problem(exchange) or ("duplicate" if key in seen else "")
        if reason:
            tally.dropped[reason] += 1
            continue
        seen.add(key)
        tally.turns.append(as_turn(exchange, source))
        if len(tally.turns) == wanted:
            break
    return tally


def seen_in(path: Path) -> set[str]:
    """Normalized user texts of a file of turns. UserError at a line that is none: it would be appended to."""
    seen: set[str] = set()
    for line in read_lines(path):
        messages = line.row.get("messages") if line.row else None
        if not isinstance(messages, list):
            reason = line.problem or "no messages"
            raise UserError(f"{path}:{line.number}: {reason}", hint="mend or delete that line, or pass --force")
        users = [str(m.get("content", "")) for m in messages if isinstance(m, dict) and m.get("role") == "user"]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType]
        seen.add(normalize("\n".join(users)))
    return seen
