"""What `run_cycle.py --status` shows: the shelf, the journal, the ledger's end and the schedule. Read only, no MLX."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import cast

from circadian import schedule
from circadian.console import table
from circadian.errors import UserError
from circadian.records import VERSION, Json
from circadian.settings import Home
from circadian.shelf import (
    Adapter,
    list_adapters,
    live_problem,
    live_tag,
    pinned,
    read_ledger,
    read_verdict,
    rollback_target,
)

EVENTS = 5


def status(home: Home) -> Json:
    """One JSON object. Whatever cannot be read is a line under "problems", not an end of the whole."""
    problems = [problem] if (problem := live_problem(home)) else []
    pins: frozenset[str] = frozenset()
    previous: str | None = None
    try:
        pins, previous = pinned(home), rollback_target(home)
    except UserError as error:
        problems.append(error.line())
    ledger = read_ledger(home)
    if ledger.damaged:
        problems.append(f"{home.ledger}: {ledger.damaged} lines could not be read")
    live = live_tag(home)
    adapters = list_adapters(home)
    return {
        "version": VERSION,
        "home": str(home.root),
        "live": live,
        "previous": previous,
        "adapters": [adapter_row(a, live, pins) for a in adapters],
        "forgotten": forgotten_lines(home, adapters, problems),
        "journal": journal_size(home.memories, datetime.now().astimezone().date()),
        "events": ledger.rows[-EVENTS:],
        "schedule": schedule_line(home, problems),
        "problems": problems,
    }


def adapter_row(adapter: Adapter, live: str | None, pins: frozenset[str]) -> Json:
    verdict, figures = "not examined", dict(adapter.manifest.figures)
    try:
        row = read_verdict(adapter.folder)
        if row is not None:
            verdict = "promote" if row.get("promote") is True else "hold"
            verdict = "inconclusive" if row.get("outcome") == "inconclusive" else verdict
            found = row.get("figures")
            figures |= cast(Json, found) if isinstance(found, dict) else {}
    except UserError:
        verdict = "unreadable"
    return {
        "tag": adapter.tag,
        "created": adapter.manifest.created,
        "verdict": verdict,
        "figures": figures,
        "recall": {k: v for k, v in figures.items() if "recall" in k},
        "pinned": adapter.tag in pins,
        "live": adapter.tag == live,
        "bytes": sum(p.stat().st_size for p in adapter.folder.rglob("*") if p.is_file()),
    }


def forgotten_lines(home: Home, adapters: Sequence[Adapter], problems: list[str]) -> list[str]:
    """What was forgotten and is still in a retained adapter, and in which."""
    if not home.forgotten.is_file():
        return []
    from circadian.night.forget import holders, read_forgotten, still_held

    try:
        marks = read_forgotten(home.forgotten)
        return still_held(marks, holders(marks, {a.tag: a.manifest for a in adapters}, home.nights))
    except UserError as error:
        problems.append(error.line())
        return []


def journal_size(path: Path, today: date) -> dict[str, int]:
    """Lines of the journal, and those of today. Counted without parsing: 100,000 turns must not take a second.

    A quote inside a message is escaped, so the pattern can only match a key.
    """
    if not path.is_file():
        return {"total": 0, "today": 0}
    key = re.compile(rb'"time":\s*"' + today.isoformat().encode())
    total = new = 0
    with path.open("rb") as file:
        for line in file:
            total += bool(line.strip())
            new += key.search(line) is not None
    return {"total": total, "today": new}


def schedule_line(home: Home, problems: list[str]) -> str | None:
    try:
        return schedule.installed(home)
    except UserError as error:
        problems.append(error.message)
        return None


def render(now: Json) -> str:
    """The same for a person."""
    journal = now["journal"]
    lines = [
        f"live      {now['live'] or 'none (the base model answers)'}",
        f"previous  {now['previous'] or 'none (a rollback goes to the base model)'}",
        f"journal   {journal['total']} turns, {journal['today']} today",
        f"schedule  {now['schedule'] or 'none'}",
        *now["forgotten"],
        *(f"problem   {p}" for p in now["problems"]),
    ]
    if now["adapters"]:
        rows = [adapter_cells(a) for a in now["adapters"]]
        lines += ["", table(rows, ("adapter", "", "created", "verdict", "recall", "MB"))]
    if now["events"]:
        lines += ["", *(event_line(e) for e in now["events"])]
    return "\n".join(lines)


def adapter_cells(row: Json) -> tuple[object, ...]:
    marks = " ".join(word for word in ("live", "pinned") if row[word])
    recall = " ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in row["recall"].items())
    return row["tag"], marks, row["created"][:16], row["verdict"], recall or "-", round(row["bytes"] / 1e6, 1)


def event_line(event: Json) -> str:
    parts = (str(event.get(key) or "") for key in ("time", "event", "tag", "reason"))
    return "  ".join(part for part in parts if part)
