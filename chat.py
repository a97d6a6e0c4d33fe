#!/usr/bin/env python3
"""DAY: talk to the live adapter in a terminal or through a pipe; every exchange is logged for the night."""

import argparse
import datetime
import secrets
import sys

from circadian.console import say
from circadian.day.adapters import Adapter, AdapterChoice, Shelf
from circadian.day.commands import COMMANDS, KEYS, PRIVATE, Commands
from circadian.day.journal import Journal, read_journal
from circadian.day.session import Session, check
from circadian.day.terminal import pipe, talk
from circadian.errors import OK, run
from circadian.records import Forgotten, Turn
from circadian.settings import Home, Settings, add_flags, add_home, load_settings, open_home
from circadian.shelf import adapter_folder, list_adapters, live_problem, live_tag, rollback


def build_parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:<13} {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"In the chat:\n{commands}\n\n{KEYS}.\n{PRIVATE}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_flags(parser, "model")
    parser.add_argument("--adapter-tag", metavar="TAG|none", help="adapter that answers (default: the live one)")
    add_flags(parser, "chat", ["system", "max_tokens", "temp", "top_p"])
    parser.add_argument("--no-log", action="store_true", help="do not log this chat")
    parser.add_argument("--session", metavar="NAME", help="name of this conversation; one in the journal goes on")
    add_home(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    settings = load_settings(home, args)
    check(settings.chat)
    journal = Journal(home.memories)
    if not args.no_log:
        journal.check()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")  # a reply may hold what an ASCII terminal can't show
    shelf = open_shelf(home)
    if args.adapter_tag is None and (problem := live_problem(home)):
        say(f"note: {problem}")
    session = open_session(home, shelf, journal, settings, args)
    commands = Commands(session, shelf, lambda wanted: forget(home, wanted), lambda turn_id: unread(home, turn_id))
    if sys.stdin is None:  # started with stdin closed
        return OK
    if sys.stdin.isatty():
        return talk(session, commands, home.root / "data" / "chat_history")
    return pipe(session, commands, sys.stdin.buffer)


def open_shelf(home: Home) -> Shelf:
    """The shelf as the chat sees it. An older layout's plain folder in the link's place is used as it is."""

    def find_live() -> Adapter | None:
        tag = live_tag(home)
        if tag is not None:
            return tag, home.adapters / tag
        older = home.live
        names = ("adapters.safetensors", "adapter_config.json")
        plain = not older.is_symlink() and all((older / name).is_file() for name in names)
        return (older.name, older) if plain else None

    return Shelf(
        find_live=find_live,
        find=lambda tag: adapter_folder(home, tag),
        tags=lambda: [adapter.tag for adapter in list_adapters(home)],
        rollback=lambda to: rollback(home, to),
    )


def forget(home: Home, wanted: str) -> Forgotten:
    """Mark a fact of the journal as forgotten. UserError when the words mean none or several."""
    from circadian.night import forget as forgetting
    from circadian.night.reader import read_before

    turns = read_journal(home.memories).turns
    return forgetting.forget(home.forgotten, turns, wanted, read_before(home, turns))


def unread(home: Home, turn_id: str) -> None:
    """Drop what a model said about a turn that is taken back."""
    from circadian.night.reader import drop_replies, store

    drop_replies(store(home), (turn_id,))


def not_forgotten(home: Home) -> list[Turn]:
    """The turns that a chat may go on from."""
    from circadian.night.forget import forgotten_turns, read_forgotten

    gone = forgotten_turns(read_forgotten(home.forgotten))
    return [turn for turn in read_journal(home.memories).turns if turn.id not in gone]


def open_session(home: Home, shelf: Shelf, journal: Journal, settings: Settings, args: argparse.Namespace) -> Session:
    from circadian.backend.model import open_model

    model = open_model(settings.model.model)
    adapters = AdapterChoice(model, shelf, model.source.name, model.source.revision)
    adapters.start(args.adapter_tag)
    name = args.session or f"{datetime.datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    session = Session(model, adapters, journal, settings.chat, name=name)
    session.logging = not args.no_log
    if args.session and (past := session.resume(not_forgotten(home))):
        say(f"going on with session {name} ({past} exchanges)")
    return session


if __name__ == "__main__":
    sys.exit(run(main))
