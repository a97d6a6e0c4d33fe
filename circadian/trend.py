"""The trend: one row a night, in logs/trend.csv for people and spreadsheets and logs/eval_summary.json for programs.

A row is written by every cycle that examined a candidate: promoted, held, or inconclusive. trend.csv is the record;
eval_summary.json is `{"version": 1, "latest": row, "history": [row, …]}`, oldest first, made anew from it each time.
Columns (COLUMNS, in this order; empty in the CSV and null in JSON: not measured):

- `tag`: the candidate, a folder of adapters/. `time`: ISO 8601 with offset, of the verdict. `verdict`: promote, hold or
  inconclusive. `live`: the tag that it was compared with (null: the base model). `examination`: 1, or how often this
  candidate was examined so far. `scale`: share of its LoRA scale at which it was promoted, else 1.
- `recall_before`, `recall_after`: probes of the night passed by the live model and the candidate, of `recall_probes`.
- `capability_before`, `capability_after`: items passed, of `capability_items` scored in both; `capability_change` is
  the difference of the shares (after - before, -1 to 1), `capability_low` and `capability_high` its interval (95 % or
  wider, as in verdict.json, groups.capability.interval).
- `hidden_before`, `hidden_after`, `hidden_items`: the same counts of the items in the hidden split alone.
- `loss_before`, `loss_after`: median over held-out records of the median token loss, nats. `perplexity_before`,
  `perplexity_after`: exp of the mean loss over the tokens of the same records.
- `facts_learned`: facts that the candidate knows and the live adapter was not taught. `lost_items`: capability items
  and probes that the live model passed and the candidate did not.
- `study_seconds`: training with its replay. `exam_seconds`: all exams of that cycle. `peak_memory`: of training, bytes.
  A night that only examined an earlier candidate again has no study of its own: 0 seconds.
- `reasons`: the verdict's; a list in JSON, joined by " | " in the CSV. What was said is not quoted in them.

Never: a night that fails because an earlier row is damaged. A torn last line is set aside when the next one is written.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from circadian.console import say
from circadian.files import append_bytes, write_json
from circadian.records import Json, Report, Score, Verdict
from circadian.settings import Home

TEXTS = ("tag", "time", "verdict", "live", "reasons")
COLUMNS = (
    *("tag", "time", "verdict", "live", "examination", "scale"),
    *("recall_before", "recall_after", "recall_probes"),
    *("capability_before", "capability_after", "capability_items"),
    *("capability_change", "capability_low", "capability_high"),
    *("hidden_before", "hidden_after", "hidden_items"),
    *("loss_before", "loss_after", "perplexity_before", "perplexity_after"),
    *("facts_learned", "lost_items", "study_seconds", "exam_seconds", "peak_memory", "reasons"),
)
JOINT = " | "


def trend_path(home: Home) -> Path:
    return home.logs / "trend.csv"


def summary_path(home: Home) -> Path:
    return home.logs / "eval_summary.json"


# --- a row, pure ------------------------------------------------------------------------------------------------


def night_row(
    tag: str,
    verdict: Verdict,
    before: Report,
    after: Report,
    *,
    time: str,
    facts_learned: int,
    exam_seconds: float,
    study: Mapping[str, Any],
) -> Json:
    """The row of one verdict. `study`: figures of a training (seconds, replay_seconds, peak_memory), or none."""
    figures = verdict.figures
    total: Mapping[str, Any] = figures.get("groups", {}).get("capability", {})
    low, high = total.get("interval") or (None, None)
    everything = [sum(column) for column in zip(*figures.get("categories", {}).values(), strict=True)]
    loss: Mapping[str, Any] = figures.get("loss", {})
    lost = lost_between(before.scores, after.scores) + lost_between(before.recall, after.recall)
    row: Json = {
        **{"tag": tag, "time": time, "verdict": verdict.outcome, "live": before.adapter},
        **{"examination": figures.get("examination", 1), "scale": figures.get("scale", 1.0)},
        **counts("recall", figures.get("recall"), "probes"),
        **counts("capability", everything, "items"),
        **{"capability_change": total.get("change"), "capability_low": low, "capability_high": high},
        **counts("hidden", figures.get("splits", {}).get("hidden"), "items"),
        **{"loss_before": loss.get("live"), "loss_after": loss.get("candidate")},
        **{"perplexity_before": before.perplexity, "perplexity_after": after.perplexity},
        **{"facts_learned": facts_learned, "lost_items": lost},
        "study_seconds": study.get("seconds", 0.0) + study.get("replay_seconds", 0.0),
        **{"exam_seconds": exam_seconds, "peak_memory": study.get("peak_memory")},
        "reasons": [unquoted(reason) for reason in verdict.reasons],
    }
    return {name: rounded(row[name]) for name in COLUMNS}


def counts(name: str, row: Sequence[float] | None, unit: str) -> Json:
    before, after, count = row or (None, None, None)
    return {f"{name}_before": before, f"{name}_after": after, f"{name}_{unit}": count}


def lost_between(before: Sequence[Score], after: Sequence[Score]) -> int:
    """Items that were passed before and are not now; one that was not scored in both is not counted."""
    passed = {s.item_id for s in before if s.passed}
    return len({s.item_id for s in after if s.passed is False} & passed)


def unquoted(reason: str) -> str:
    """A reason without what was said, by a model or a user: a later purge does not look into figures for it."""
    return re.sub(r'".*"', '"…"', " ".join(reason.split()))


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


# --- the two files ----------------------------------------------------------------------------------------------


def add_row(home: Home, row: Json) -> None:
    """Append the row to trend.csv, durably, and write eval_summary.json anew. OSError when that cannot be done."""
    path = trend_path(home)
    set_aside_other_columns(path)
    cells = {**row, "reasons": JOINT.join(row["reasons"])}
    torn = append_bytes(path, line_of([shown(cells[n]) for n in COLUMNS]), header=line_of(COLUMNS), is_whole=is_row)
    if torn:
        say(f"note: {path} ended in a torn line (power cut?): {torn} bytes were set aside")
    history = read_trend(home)
    write_json(summary_path(home), {"latest": history[-1], "history": history})


def read_trend(home: Home) -> list[Json]:
    """Every row of trend.csv that is whole, oldest first, as `night_row` made it; the others are left out."""
    path = trend_path(home)
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    rows = [fields_of(line) for line in lines if line.strip()]
    return [parsed(row) for row in rows if len(row) == len(COLUMNS) and tuple(row) != COLUMNS]


def set_aside_other_columns(path: Path) -> None:
    """A table of other columns (another version's, a hand's) is kept under another name, and a new one begun."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.readline()
    if first.endswith(b"\n") and tuple(fields_of(first)) != COLUMNS:
        aside = path.with_name(f"trend.{datetime.now().astimezone():%Y%m%d-%H%M%S}.csv")
        path.rename(aside)
        say(f"note: {path} has other columns; it is {aside.name} now")


def line_of(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def fields_of(line: bytes) -> list[str]:
    """The cells of one line; none where it is no line of a table. No cell holds a line break (`unquoted`)."""
    try:
        return [cell for row in csv.reader([line.decode("utf-8").rstrip("\r\n")], strict=True) for cell in row]
    except (UnicodeDecodeError, csv.Error):
        return []


def is_row(line: bytes) -> bool:
    return len(fields_of(line)) == len(COLUMNS)


def shown(value: Any) -> str:
    return "" if value is None else str(value)


def parsed(cells: Sequence[str]) -> Json:
    row: Json = {n: c if n in TEXTS else number(c) for n, c in zip(COLUMNS, cells, strict=True)}
    return row | {"live": row["live"] or None, "reasons": row["reasons"].split(JOINT) if row["reasons"] else []}


def number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and "." not in text else value
