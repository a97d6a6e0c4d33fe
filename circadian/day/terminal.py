"""The two ways to talk: lines edited in a terminal, or lines from a pipe. Replies on stdout, all else on stderr."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from circadian.console import say
from circadian.day.commands import Commands, is_command
from circadian.day.session import Session
from circadian.errors import OK, USAGE, UserError, describe_os_error
from circadian.files import make_folder

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what could move the cursor or recolour the terminal


class Editor:
    """The line editor and its history file (0600), which is left alone while the chat is not logged."""

    def __init__(self, history: Path, *, keep: bool) -> None:
        self.path = history
        self.keep = keep
        self.prompt = self.open()

    def open(self) -> Any:  # a PromptSession; prompt_toolkit is imported only when a terminal is there
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory
        from prompt_toolkit.output.defaults import create_output

        if self.keep:
            make_folder(self.path.parent)
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600))
            history = FileHistory(self.path)
        else:
            history = InMemoryHistory(self.lines())
        return PromptSession[str](
            "> ",
            multiline=True,
            prompt_continuation=". ",
            key_bindings=bindings(),
            history=history,
            output=create_output(sys.stdout if sys.stdout.isatty() else sys.stderr),
        )

    def lines(self) -> list[str]:
        """What the history file holds, oldest first."""
        from prompt_toolkit.history import FileHistory

        return list(FileHistory(self.path).load_history_strings())[::-1] if self.path.exists() else []

    def ask(self) -> str:
        """One message. Raises EOFError at Ctrl-D, KeyboardInterrupt at Ctrl-C."""
        return self.prompt.prompt()

    @property
    def is_empty(self) -> bool:
        return not self.prompt.default_buffer.text

    def keep_history(self, keep: bool) -> None:
        if keep != self.keep:
            self.keep = keep
            self.prompt = self.open()

    def forget(self, text: str) -> None:
        """Take the latest line equal to `text` out of the history, on disk and in memory."""
        from prompt_toolkit.history import FileHistory

        lines = self.lines()
        if text not in lines:
            return
        del lines[len(lines) - 1 - lines[::-1].index(text)]
        work = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        os.close(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        for line in lines:
            FileHistory(work).store_string(line)
        work.replace(self.path)
        self.prompt = self.open()


def bindings() -> Any:
    """Enter sends, or starts a new line after a backslash; Alt-Enter (Esc Enter) starts one anyway."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor(1)
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        event.current_buffer.insert_text("\n")

    return keys


def show(piece: str) -> None:
    """A piece of a reply, at once; on a terminal without control characters."""
    sys.stdout.write(CONTROL.sub("\ufffd", piece) if sys.stdout.isatty() else piece)
    sys.stdout.flush()


def talk(session: Session, commands: Commands, history: Path) -> int:
    """Chat in a terminal until Ctrl-D or /exit. Exit code 2 when an exchange could not be saved, else 0."""
    editor = Editor(history, keep=session.logging)
    say("/help lists the commands, Ctrl-D leaves")
    while True:
        try:
            line = editor.ask()
        except EOFError:
            break
        except KeyboardInterrupt:
            if editor.is_empty:
                say("Ctrl-D leaves")
            continue
        last = session.exchanges[-1] if session.exchanges else None
        if line.strip() and one_line(session, commands, line) is None:
            break
        editor.keep_history(session.logging)
        if last is not None and last not in session.exchanges and last.turn is not None:
            editor.forget(last.turn.user)
    return leave(session)


def pipe(session: Session, commands: Commands, lines: Iterable[bytes]) -> int:
    """Answer each line. Exit code 2 when a line was refused or an exchange could not be saved, else 0."""
    refused = False
    for number, raw in enumerate(lines):
        line = raw.decode("utf-8", "replace").removeprefix("\ufeff" if number == 0 else "").rstrip("\r\n")
        if not line.strip():
            continue
        done = one_line(session, commands, line)
        if done is None:
            break
        refused = refused or not done
        if session.exchanges and session.exchanges[-1].stopped:
            raise KeyboardInterrupt
    return leave(session) or (USAGE if refused else OK)


def one_line(session: Session, commands: Commands, line: str) -> bool | None:
    """Answer a message or do a command. False: refused (and said why); None: the chat is to end."""
    try:
        if is_command(line):
            return True if commands.run(line) else None
        try:
            exchange = session.answer(line, show)
        finally:
            show("\n")
        if exchange.stopped:
            say("(stopped; what was said is kept)")
        return True
    except UserError as error:
        say(error.line())
    except BrokenPipeError:  # the reader of the replies has gone
        raise
    except OSError as error:
        say(describe_os_error(error))
    return False


def leave(session: Session) -> int:
    return OK if session.save() else USAGE
