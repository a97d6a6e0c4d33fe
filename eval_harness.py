#!/usr/bin/env python3
"""EXAM: put suites of questions to the base model, the live adapter or any other; one row per item is kept."""

import argparse
import datetime
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from circadian.console import Progress, duration, say, table
from circadian.errors import OK, UserError, run
from circadian.exam.run import run_items, tally
from circadian.exam.suites import load_suites, suite_hash
from circadian.examinee import add_examinee, choose_adapter, label_of, open_examinee
from circadian.files import append_lines
from circadian.records import Item, Json, Score
from circadian.settings import CHECKOUT, Home, add_flags, load_settings, nearest, open_home


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_examinee(parser)
    parser.add_argument(
        "--suite", action="append", metavar="NAME|FILE", help="suite of eval/, or a JSONL file; repeat it or use commas"
    )
    parser.add_argument("--category", action="append", metavar="NAME", help="only these; repeat it or use commas")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N items of each category")
    add_flags(parser, "exam", ["exam_batch_size"])
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    settings = load_settings(home, args)
    names = split(args.suite) or split([settings.exam.suites])
    items = choose_items(load_suites(names, CHECKOUT / "eval"), split(args.category), args.limit)
    tag = choose_adapter(home, args.adapter_tag)
    label = label_of(tag, settings.model.model, args.tag)
    model = open_examinee(home, settings, tag)
    started = time.monotonic()
    scores = run_items(model, items, batch_size=settings.exam.exam_batch_size, progress=Progress("exam"))
    seconds = time.monotonic() - started
    head = {"run": run_id(), "label": label, "adapter": tag, "model": settings.model.model}
    paths = keep_rows(home, head, items, scores)
    for path in paths:
        say(f"rows of this run: {path}")
    show(args.json, {**head, "seconds": round(seconds, 2)}, items, scores)
    return OK


def split(given: Sequence[str] | None) -> list[str]:
    """Names of a repeatable flag whose values may hold several, separated by commas."""
    return list(dict.fromkeys(part.strip() for text in given or () for part in text.split(",") if part.strip()))


def choose_items(items: Sequence[Item], categories: Sequence[str], limit: int | None) -> tuple[Item, ...]:
    """The items of `categories` (all when none is named), at most `limit` of each."""
    known = list(dict.fromkeys(i.category for i in items))
    for name in categories:
        if name not in known:
            raise UserError(f"no category {name}", hint=nearest(name, known))
    if limit is not None and limit < 1:
        raise UserError("--limit must be at least 1")
    seen: Counter[str] = Counter()
    kept: list[Item] = []
    for item in items:
        seen[item.category] += 1
        if item.category in (categories or known) and (limit is None or seen[item.category] <= limit):
            kept.append(item)
    return tuple(kept)


def run_id() -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"


def keep_rows(home: Home, head: Json, items: Sequence[Item], scores: Sequence[Score]) -> list[Path]:
    """Append one row per item to logs/exams/<label>/<suite>.jsonl; earlier runs stay, told apart by `run`."""
    paths: list[Path] = []
    for suite in dict.fromkeys(i.suite for i in items):
        asked = [i for i in items if i.suite == suite]
        more = {**head, "suite": suite, "suite_sha256": suite_hash(asked)}
        pairs = [(i, s) for i, s in zip(items, scores, strict=True) if i.suite == suite]
        path = home.logs / "exams" / head["label"] / f"{suite}.jsonl"
        append_lines(path, [{**more, "split": i.split, **vars(s)} for i, s in pairs])
        paths.append(path)
    return paths


def show(as_json: bool, head: Json, items: Sequence[Item], scores: Sequence[Score]) -> None:
    rows = {name: dict(zip(("passed", "scored", "unscored"), row, strict=True)) for name, row in tally(scores).items()}
    total = {key: sum(row[key] for row in rows.values()) for key in ("passed", "scored", "unscored")}
    if as_json:
        print(json.dumps({**head, "items": len(items), "total": total, "categories": rows}, ensure_ascii=False))
        return
    lines = [[name, *row.values()] for name, row in [*rows.items(), ("all", total)]]
    print(table(lines, ("category", "passed", "scored", "unscored")))
    print(f"{head['label']} | {len(items)} items in {duration(head['seconds'])}")


if __name__ == "__main__":
    sys.exit(run(main))
