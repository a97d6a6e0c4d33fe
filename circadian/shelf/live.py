"""Promotion and rollback: one rename of the relative symlink adapters/nightly_update.

Never: a link to an adapter that is incomplete or did not pass, or a promotion over a rollback that the user made
while the night was at work.
"""

from types import EllipsisType
from typing import NamedTuple

from circadian.console import say
from circadian.errors import UserError, describe_os_error
from circadian.files import swap_link, sync_folder
from circadian.settings import Home
from circadian.shelf.adapters import (
    Adapter,
    changing,
    check,
    is_legacy,
    live_tag,
    missing,
    open_adapter,
    passed,
    read_verdict,
)
from circadian.shelf.history import live_trail, write_history
from circadian.shelf.ledger import record
from circadian.shelf.legacy import take_in

BASE = ("none", "base")


class Move(NamedTuple):
    """A rollback to be made: the live tag now and then (None: base model), and the trails for the history."""

    start: str | None
    end: str | None
    trail: tuple[str, ...]
    before: tuple[str, ...]


def promote(home: Home, tag: str, *, expected_live: str | EllipsisType | None = ..., force: bool = False) -> str | None:
    """Make a complete adapter that passed its exam live; returns what was live before (None: base model).

    `expected_live` is what the candidate was examined against: a UserError when something else is live by now.
    `force` lets in an adapter of the older layout, which has no verdict. UserError for everything else unfit.
    """
    with changing(home):
        take_in(home)
        adapter = open_adapter(home, tag)
        refuse_unfit(adapter, legacy_ok=force)
        refuse_damaged(adapter, check(adapter))
        live = live_tag(home)
        if expected_live is not ... and live != expected_live:
            raise UserError(
                f"{tag} was examined against {name(expected_live)}, but {name(live)} is live now; it was not promoted",
                hint=f"to use it all the same: run_cycle.py --rollback {tag}",
            )
        if live == tag:
            return live
        before = live_trail(home)
        write_history(home, [*(t for t in before if t != tag), tag], before)
        point(home, tag)
    return live


def rollback(home: Home, to: str | None = None) -> tuple[str | None, str | None]:
    """Go back to what was live before, or to the tag `to` ("none", "base": no adapter). Returns (from, to).

    Works while a night is at work. UserError when there is nothing further back, or `to` is unknown or unfit.
    """
    with changing(home):
        take_in(home)
        move = plan_rollback(home, to)
        try:
            write_history(home, move.trail, move.before)
        except OSError as error:  # a full disk must not keep anyone on a bad adapter; the older history still holds
            say(f"the history was not noted: {describe_os_error(error)}")
        point(home, move.end)
    skipped = [t for t in move.before[:-1] if t not in move.trail] if to is None else []
    if skipped:
        say(f"skipped, because deleted, damaged or failed since: {', '.join(skipped)}")
    try:
        record(home, "rolled_back", tag=move.end, reason=f"from {name(move.start)} to {name(move.end)}")
    except OSError as error:
        say(f"rolled back, but the ledger was not written: {describe_os_error(error)}")
    return move.start, move.end


def plan_rollback(home: Home, to: str | None = None) -> Move:
    """What `rollback` would do, without doing it."""
    live, trail = live_tag(home), live_trail(home)
    if to is None or to in BASE:
        if not home.live.is_symlink():
            raise UserError("already on the base model", hint="run_cycle.py --status lists what is on the shelf")
        left = () if to else usable_end(home, trail[:-1])
        return Move(live, left[-1] if left else None, left, trail)
    adapter = open_adapter(home, to)
    refuse_unfit(adapter, legacy_ok=True)
    refuse_damaged(adapter, check(adapter, hashes=False, served=True))
    if to == live:
        raise UserError(f"{to} is already live", hint="run_cycle.py --status lists what is on the shelf")
    return Move(live, to, trail[: trail.index(to) + 1] if to in trail else (*trail, to), trail)


def rollback_target(home: Home) -> str | None:
    """Where a rollback without a tag would go (None: the base model, or nowhere further back)."""
    trail = live_trail(home)
    left = usable_end(home, trail[:-1])
    return left[-1] if left else None


def usable_end(home: Home, trail: tuple[str, ...]) -> tuple[str, ...]:
    """The trail without what at its end was deleted, damaged or failed since."""
    while trail and not is_usable(home, trail[-1]):
        trail = trail[:-1]
    return trail


def is_usable(home: Home, tag: str) -> bool:
    if missing(home.adapters / tag):
        return False
    adapter = open_adapter(home, tag)
    return (passed(adapter.folder) or is_legacy(adapter.manifest)) and not check(adapter, hashes=False, served=True)


def refuse_unfit(adapter: Adapter, *, legacy_ok: bool) -> None:
    """UserError unless the exam was passed. An unreadable verdict is no pass."""
    if passed(adapter.folder) or (legacy_ok and is_legacy(adapter.manifest)):
        return
    if read_verdict(adapter.folder) is None:
        raise UserError(f"{adapter.tag} was never examined", hint="only an adapter that passed its exam may be live")
    raise UserError(
        f"{adapter.tag} did not pass its exam",
        hint=f"see {adapter.folder}/verdict.json, or try it alone: chat.py --adapter-tag {adapter.tag}",
    )


def refuse_damaged(adapter: Adapter, problems: list[str]) -> None:
    if problems:
        raise UserError(f"{adapter.tag} is damaged: {'; '.join(problems)}", hint="the next night makes a new one")


def point(home: Home, tag: str | None) -> None:
    """Move the link, or take it away, in one step; work files that a killed change left go first."""
    for work in home.adapters.glob(".*.tmp"):
        work.unlink(missing_ok=True)
    if tag is not None:
        swap_link(home.live, tag)
    else:
        home.live.unlink(missing_ok=True)
        sync_folder(home.adapters)


def name(tag: str | None) -> str:
    return tag or "the base model"
