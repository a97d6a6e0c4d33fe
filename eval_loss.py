#!/usr/bin/env python3
"""EXAM: held-out loss of the base model, the live adapter or any other: how surprised it is by good answers it never
studied. Records that any night studied are left out and counted."""

import argparse
import csv
import datetime
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from circadian.console import Progress, say
from circadian.errors import OK, UserError, run
from circadian.examinee import add_examinee, choose_adapter, label_of, open_examinee
from circadian.files import append_lines, make_folder, sync
from circadian.records import Json, Turn
from circadian.settings import CHECKOUT, Home, add_flags, load_settings, open_home

if TYPE_CHECKING:
    from circadian.exam.heldout import HeldOut
    from circadian.exam.loss import Summary


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_examinee(parser)
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="records to measure (default: eval/heldout.jsonl and the journal)"
    )
    add_flags(parser, "exam", ["exam_batch_size"])
    parser.add_argument("--csv", type=Path, metavar="FILE", help="append one row to this CSV file")
    parser.add_argument("--jsonl", type=Path, metavar="FILE", help="append one row to this JSONL file")
    parser.add_argument("--json", action="store_true", help="print the row as JSON")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    from circadian.exam.loss import measure_turns, summarize  # not for --help, which is to be fast

    home = open_home(args)
    settings = load_settings(home, args)
    if args.csv:
        check_csv(args.csv)
    tag = choose_adapter(home, args.adapter_tag)
    label = label_of(tag, settings.model.model, args.tag)
    records = held_out(home, args.data)
    model = open_examinee(home, settings, tag)
    losses = measure_turns(
        model, records.turns, batch_size=settings.exam.exam_batch_size, progress=Progress("held-out loss")
    )
    if not losses:
        raise UserError(
            f"none of {len(records.turns)} records could be measured", hint="are they longer than the context?"
        )
    summary = summarize(losses, len(records.turns))
    row = result_row(label, tag, settings.model.model, args.data, records, summary)
    if args.csv:
        append_csv(args.csv, row)
    if args.jsonl:
        append_lines(args.jsonl, [row])
    print(json.dumps(row) if args.json else f"{label} | {summary.line()}, {records.excluded} studied ones excluded")
    return OK


def held_out(home: Home, data: Path | None) -> "HeldOut":
    """The records to measure: those of `data`, else of eval/heldout.jsonl and the journal, that no night studied."""
    if data is not None and not data.is_file():
        raise UserError(f"{data} does not exist or is not a file")
    paths = [data] if data is not None else [CHECKOUT / "eval" / "heldout.jsonl", home.memories]
    from circadian.exam.heldout import hold_out, read_studied
    from circadian.night.forget import forgotten_turns, read_forgotten

    studied = read_studied(home.nights)
    studied = replace(studied, turn_ids=studied.turn_ids | forgotten_turns(read_forgotten(home.forgotten)))
    records = hold_out([turn for path in paths for turn in read_turns(path)], studied)
    if not records.turns:
        raise UserError(
            f"no record left to measure, {records.excluded} were studied", hint="pass others with --data FILE"
        )
    return records


def read_turns(path: Path) -> Sequence[Turn]:
    from circadian.day.journal import read_journal

    found = read_journal(path)
    if found.skipped:
        first = found.skipped[0]
        say(f"{path}: {len(found.skipped)} lines skipped; first, line {first.line}: {first.reason}")
    return found.turns


def result_row(
    label: str, tag: str | None, model: str, data: Path | None, records: "HeldOut", summary: "Summary"
) -> Json:
    return {
        "time": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "label": label,
        "adapter": tag,
        "model": model,
        "data": str(data) if data else "default",
        "excluded": records.excluded,
        **summary.as_json(),
    }


def columns() -> list[str]:
    from circadian.exam.heldout import HeldOut
    from circadian.exam.loss import Summary

    return list(result_row("", None, "", None, HeldOut((), 0), Summary(0, 0, 0, 0, 0, 0, 0)))


def check_csv(path: Path) -> bool:
    """Whether the header is still to be written. UserError when the file holds other columns than ours."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        header: list[str] = next(csv.reader(file), list[str]())
    if header != columns():
        raise UserError(f"{path} has other columns: {','.join(header)[:80]}", hint="append to another --csv file")
    return False


def append_csv(path: Path, row: Json) -> None:
    """Append one row; the header comes first in a new file. A last line without newline is ended first."""
    make_folder(path.parent)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns(), lineterminator="\n")
    if check_csv(path):
        writer.writeheader()
    writer.writerow(row)
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(text.getvalue().encode())
        file.flush()
        sync(file.fileno())


if __name__ == "__main__":
    sys.exit(run(main))
