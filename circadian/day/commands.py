"""The chat's /commands: what they do and what they say, on stderr, so that a pipe carries replies only."""

import re
from collections.abc import Callable

from circadian.console import say
from circadian.day.adapters import LIVE, NONE, Shelf
from circadian.day.session import Session
from circadian.errors import UserError
from circadian.records import Forgotten
from circadian.settings import nearest

COMMANDS = {
    "/help": "show this",
    "/adapter": "[TAG|none|live]  show which adapter answers and which are kept, or switch",
    "/rollback": "[TAG]  point the live link at the adapter before (or TAG) and answer with it",
    "/no-log": "stop logging this chat; again: log it",
    "/forget": "TEXT|ID  forget a fact: no later night studies it, and the next one proves that it is gone",
    "/forget-last": "take the last exchange out of the journal and the context",
    "/exit": "leave (also Ctrl-D)",
}
KEYS = "Enter sends; Alt-Enter or a \\ at the end of a line starts a new one; Ctrl-C stops a reply"
PRIVATE = "#no-train in a message keeps that exchange out of every night"


def is_command(line: str) -> bool:
    """`/word …`; a path such as /etc/hosts is a message."""
    return re.match(r"/[^\s/]*(\s|$)", line) is not None


class Commands:
    """`forget` finds and marks a fact; `unread` drops what models said of a turn, by its id, when it is taken back.

    The script hands them in: day and night do not know each other.
    """

    def __init__(
        self,
        session: Session,
        shelf: Shelf,
        forget: Callable[[str], Forgotten] | None = None,
        unread: Callable[[str], object] | None = None,
    ) -> None:
        self.session = session
        self.shelf = shelf
        self.mark = forget
        self.unread = unread

    def run(self, line: str) -> bool:
        """Do one command; False when the chat is to end. Raises UserError for a wrong one."""
        name, *rest = line.split()
        argument = rest[0] if rest else None
        if name == "/forget":
            self.forget(line.split(maxsplit=1)[1] if rest else "")
            return True
        if len(rest) > (name in ("/adapter", "/rollback")):
            raise UserError(f"{name} takes {'one word' if rest[1:] else 'nothing'} after it", hint="/help lists all")
        match name:
            case "/help":
                self.help()
            case "/adapter":
                self.adapter(argument)
            case "/rollback":
                self.rollback(argument)
            case "/no-log":
                self.toggle_log()
            case "/forget-last":
                self.forget_last()
            case "/exit":
                return False
            case _:
                raise UserError(f"unknown command {name}", hint=nearest(name, list(COMMANDS)))
        return True

    def help(self) -> None:
        for name, text in COMMANDS.items():
            say(f"{name:<13} {text}")
        say(KEYS)
        say(PRIVATE)

    def adapter(self, wanted: str | None) -> None:
        if wanted is not None:
            self.session.choose_adapter(wanted)
        adapters = self.session.adapters
        how = " (the live one)" if adapters.following and adapters.worn else ""
        say(f"answering with {adapters.describe()}{how}")
        if wanted is None:
            say(f"/adapter TAG switches; kept: {', '.join([*self.shelf.tags(), NONE, LIVE])}")

    def rollback(self, to: str | None) -> None:
        before, after = self.shelf.rollback(to)
        self.session.choose_adapter(LIVE)
        say(f"rolled back: {before or 'base model'} -> {after or 'base model'}")
        say(f"answering with {self.session.adapters.describe()}")

    def toggle_log(self) -> None:
        self.session.logging = not self.session.logging
        say("logging this chat again" if self.session.logging else "not logging from here on (/no-log again: log)")

    def forget(self, wanted: str) -> None:
        """Mark the one fact that `wanted` means. UserError when it means none or several; then nothing is marked."""
        if self.mark is None:
            raise UserError("this chat has no facts to forget")
        if not self.session.save():
            raise UserError("what was said is not saved yet", hint="try again when the journal can be written")
        mark = self.mark(wanted.strip())
        self.session.drop(mark.turn_ids)
        say(f"forgotten: {mark.statement} The next night takes it out of what was learned")

    def forget_last(self) -> None:
        last = self.session.forget_last()
        if last.turn is not None and self.unread is not None:
            self.unread(last.turn.id)
        where = "the journal and the context" if last.turn else "the context (it was not logged)"
        say(f"forgotten: the last exchange is out of {where}")
