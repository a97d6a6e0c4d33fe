"""The trend: what a row says of a night, a table that only grows, and what damage to it does to the next night."""

import json

import pytest

from circadian.files import read_json, torn_path
from circadian.records import Report, Score, Verdict
from circadian.settings import Home
from circadian.trend import COLUMNS, add_row, night_row, read_trend, summary_path, trend_path, unquoted

FIGURES = {
    "recall": [1, 9, 12],
    "categories": {"arithmetic": [3, 2, 8], "grammar": [6, 7, 8]},
    "groups": {"capability": {"change": 0.0, "interval": [-0.0612, 0.0587]}},
    "splits": {"heldout": [6, 6, 11], "hidden": [3, 3, 5]},
    "loss": {"live": 2.5, "candidate": 2.25},
    "scale": 0.8,
}
BEFORE = Report(
    None,
    "m@1",
    (Score("a", "arithmetic", True), Score("b", "grammar", True), Score("c", "grammar", False)),
    (Score("r", "recall", True), Score("s", "recall", False)),
    perplexity=12.5,
)
AFTER = Report(
    "2026-08-23",
    "m@1",
    (Score("a", "arithmetic", False), Score("b", "grammar", None), Score("c", "grammar", True)),
    (Score("r", "recall", False), Score("s", "recall", True)),
    perplexity=float("nan"),
)


def row(tag: str = "2026-08-23", *reasons: str) -> dict[str, object]:
    verdict = Verdict(False, reasons or ("recall 1/12 -> 9/12", "too few, by far"), FIGURES, "inconclusive")
    study = {"seconds": 100.5, "replay_seconds": 20.25, "peak_memory": 3_000_000_000}
    time = "2026-08-23T03:00:00+02:00"
    return night_row(tag, verdict, BEFORE, AFTER, time=time, facts_learned=3, exam_seconds=44.0, study=study)


def test_a_row_says_what_was_learned_lost_and_spent() -> None:
    found = row()
    assert tuple(found) == COLUMNS
    assert (found["verdict"], found["live"], found["examination"], found["scale"]) == ("inconclusive", None, 1, 0.8)
    assert [found[f"recall_{n}"] for n in ("before", "after", "probes")] == [1, 9, 12]
    assert [found[f"capability_{n}"] for n in ("before", "after", "items")] == [9, 9, 16]
    assert [found[f"capability_{n}"] for n in ("change", "low", "high")] == [0.0, -0.0612, 0.0587]
    assert [found[f"hidden_{n}"] for n in ("before", "after", "items")] == [3, 3, 5]
    assert (found["loss_before"], found["loss_after"]) == (2.5, 2.25)
    assert (found["perplexity_before"], found["perplexity_after"]) == (12.5, None)
    assert (found["facts_learned"], found["lost_items"]) == (3, 2)  # a and r; b was not scored in both
    assert (found["study_seconds"], found["exam_seconds"], found["peak_memory"]) == (120.75, 44.0, 3_000_000_000)


def test_what_was_not_measured_is_empty_and_a_model_is_not_quoted(home: Home) -> None:
    verdict = Verdict(False, ('collapse to one phrase: 9 of 9 answers are "your dog\nis Noodle" (live: 0)',))
    empty = night_row("t", verdict, BEFORE, AFTER, time="now", facts_learned=0, exam_seconds=1.0, study={})
    assert empty["recall_before"] is empty["capability_low"] is empty["loss_after"] is empty["peak_memory"] is None
    assert empty["reasons"] == ['collapse to one phrase: 9 of 9 answers are "…" (live: 0)']
    add_row(home, empty)
    assert read_trend(home) == [empty]


def test_no_quotation_is_kept_however_it_is_quoted() -> None:
    said = 'left out: 20 of 30 turns say the same: "my dog is "Noodle" now", always answered "Noted "so"."'
    assert unquoted(said) == 'left out: 20 of 30 turns say the same: "…"'
    assert unquoted("recall 1/2 -> 2/2") == "recall 1/2 -> 2/2"


def test_both_files_grow_by_one_row_and_say_the_same(home: Home) -> None:
    add_row(home, row("2026-08-23"))
    first = trend_path(home).read_bytes()
    add_row(home, row("2026-08-24"))
    assert trend_path(home).read_bytes().startswith(first) and first.startswith(b"tag,time,verdict,live,")
    assert first.count(b"\n") == 2
    summary = read_json(summary_path(home))
    assert summary["version"] == 1 and summary["latest"] == row("2026-08-24")
    assert summary["history"] == read_trend(home) == [row("2026-08-23"), row("2026-08-24")]


@pytest.mark.parametrize("keep", [3, 200, -1])
def test_a_torn_end_stops_nothing(home: Home, keep: int) -> None:
    """Cut in the header, in a row, and just before the newline: the first two are set aside, the third completed."""
    add_row(home, row())
    whole = trend_path(home).read_bytes()
    trend_path(home).write_bytes(whole[:keep] if keep != 200 else whole[: whole.index(b"\n") + 60])
    add_row(home, row("2026-08-24"))
    rows = read_trend(home)
    assert rows[-1] == row("2026-08-24") and len(rows) == (2 if keep == -1 else 1)
    assert trend_path(home).read_bytes().startswith(b"tag,time,") and torn_path(trend_path(home)).exists() == (
        keep != -1
    )


def test_damaged_lines_and_a_damaged_summary_are_left_out(home: Home) -> None:
    add_row(home, row())
    with trend_path(home).open("ab") as file:
        file.write(b'\xff\xfe,"\nabc\n')
    summary_path(home).write_text("{")
    add_row(home, row("2026-08-24"))
    assert [r["tag"] for r in read_json(summary_path(home))["history"]] == ["2026-08-23", "2026-08-24"]
    json.loads(summary_path(home).read_bytes())


def test_a_table_of_other_columns_is_kept_under_another_name(home: Home) -> None:
    home.logs.mkdir()
    trend_path(home).write_text("tag,recall\n2026-01-01,0.5\n")
    add_row(home, row())
    assert [r["tag"] for r in read_trend(home)] == ["2026-08-23"]
    (old,) = [p for p in home.logs.glob("trend.*.csv") if not p.name.endswith("torn.csv")]
    assert old.read_text() == "tag,recall\n2026-01-01,0.5\n"
