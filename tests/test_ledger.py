"""The ledger: strict JSON lines with time and version; damage is counted, never fatal."""

import json
import math
from datetime import datetime
from pathlib import Path

from circadian.settings import Home
from circadian.shelf import read_ledger, record


def test_a_record_is_one_line_with_time_and_version(home: Home) -> None:
    record(home, "promoted", tag="2026-08-23", reason="recall rose", recall=0.5, items=40)
    (line,) = home.ledger.read_text().splitlines()
    row = json.loads(line)
    assert row["version"] == 1
    assert datetime.fromisoformat(row["time"]).utcoffset() is not None
    assert (row["event"], row["tag"], row["reason"]) == ("promoted", "2026-08-23", "recall rose")
    assert row["figures"] == {"recall": 0.5, "items": 40}


def test_figures_are_always_strict_json(home: Home) -> None:
    record(home, "held", loss=math.nan, worst=[math.inf, -math.inf, 1.5], where=Path("/x"), by={1: {"a": math.nan}})
    figures = json.loads(home.ledger.read_text(), parse_constant=lambda word: f"refused {word}")["figures"]
    assert figures == {"loss": None, "worst": [None, None, 1.5], "where": "/x", "by": {"1": {"a": None}}}


def test_a_figure_may_be_called_like_a_column(home: Home) -> None:
    record(home, "trained", tag="t", time="late", version=7)
    (row,) = read_ledger(home).rows
    assert (row["tag"], row["version"], row["figures"]) == ("t", 1, {"time": "late", "version": 7})


def test_damage_is_counted_and_later_lines_are_read(home: Home) -> None:
    record(home, "one")
    with home.ledger.open("ab") as file:
        file.write(b"\xff\xfe\n{\n[]\n" + json.dumps({"version": 99, "event": "later"}).encode() + b'\n{"torn')
    assert [row["event"] for row in read_ledger(home).rows] == ["one"]
    assert read_ledger(home).damaged == 5
    record(home, "two")
    ledger = read_ledger(home)
    assert [row["event"] for row in ledger.rows] == ["one", "two"]
    assert ledger.damaged == 4  # the torn line was set aside by the append


def test_no_ledger_is_an_empty_one(home: Home) -> None:
    assert read_ledger(home) == ([], 0)
