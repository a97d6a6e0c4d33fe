#!/usr/bin/env python3
"""EXAM: put suites of questions to the base model, the live adapter or any other; one row per item is kept."""

import argparse
import datetime
import functools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from circadian.console import Progress, duration, say, table
from circadian.errors import OK, UserError, run
from circadian.exam.partial import Partial, open_partial
from circadian.exam.run import Examinee, is_weak, run_items, tally
from circadian.exam.sandbox import KINDS, Kind, score_code
from circadian.exam.suites import load_suites, suite_hash
from circadian.examinee import add_examinee, choose_adapter, label_of, open_examinee
from circadian.files import append_lines
from circadian.records import Item, Json, Score
from circadian.settings import CHECKOUT, Home, add_flags, load_settings, nearest, open_home
from circadian.shelf.adapters import adapter_folder


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_examinee(parser)
    parser.add_argument(
        "--suite",
        action="append",
        metavar="NAME|FILE",
        help="suite of eval/, all, or a JSONL file; repeat it or use commas",
    )
    parser.add_argument("--category", action="append", metavar="NAME", help="only these; repeat it or use commas")
    parser.add_argument(
        "--split", action="append", metavar="NAME", help="only heldout or hidden items; repeat it or use commas"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N items of each category")
    add_flags(parser, "exam", ["exam_batch_size"])
    parser.add_argument(
        "--sandbox", choices=KINDS, default=None, help=f"what runs the programs of code items (default: {KINDS[0]})"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    settings = load_settings(home, args)
    names = split(args.suite) or split([settings.exam.suites])
    asked = choose_items(load_suites(names, CHECKOUT / "eval"), "split", split(args.split), None)
    items = choose_items(asked, "category", split(args.category), args.limit)
    tag = choose_adapter(home, args.adapter_tag)
    label = label_of(tag, settings.model.model, args.tag)
    model = open_examinee(home, settings, tag)
    sandbox = args.sandbox or KINDS[0]
    revision = f"{settings.model.model}@{model.source.revision}"
    partial = open_partial(home.cache, revision, adapter_folder(home, tag) if tag else None, items, how=sandbox)
    started = time.monotonic()
    scores = examine(model, items, settings.exam.exam_batch_size, sandbox, partial)
    seconds = time.monotonic() - started
    head = {"run": run_id(), "label": label, "adapter": tag, "model": settings.model.model}
    paths = keep_rows(home, head, items, scores)
    partial.finish()
    for path in paths:
        say(f"rows of this run: {path}")
    show(args.json, {**head, "seconds": round(seconds, 2)}, items, scores)
    return OK


def examine(model: Examinee, items: Sequence[Item], batch_size: int, sandbox: Kind, partial: Partial) -> list[Score]:
    """The items' scores; what could not be scored is said, by file, line and id."""
    if partial.scores:
        say(f"going on with an interrupted exam: {len(partial.scores)} of {len(items)} items are scored")
    verify = functools.partial(score_code, sandbox=sandbox)
    scores = run_items(model, items, batch_size=batch_size, progress=Progress("exam"), verify=verify, partial=partial)
    for score in scores:
        if score.passed is None:
            say(f"unscored: {score.why}")
    return scores


def split(given: Sequence[str] | None) -> list[str]:
    """Names of a repeatable flag whose values may hold several, separated by commas."""
    return list(dict.fromkeys(part.strip() for text in given or () for part in text.split(",") if part.strip()))


def choose_items(items: Sequence[Item], what: str, wanted: Sequence[str], limit: int | None) -> tuple[Item, ...]:
    """The items whose category or split (`what`) is wanted (all when none is named), at most `limit` of each."""
    known = list(dict.fromkeys(getattr(i, what) for i in items))
    for name in wanted:
        if name not in known:
            raise UserError(f"no {what} {name} in these suites", hint=f"{nearest(name, known)}; or --suite all")
    if limit is not None and limit < 1:
        raise UserError("--limit must be at least 1")
    seen: Counter[str] = Counter()
    kept: list[Item] = []
    for item in items:
        name = getattr(item, what)
        seen[name] += 1
        if name in (wanted or known) and (limit is None or seen[name] <= limit):
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
        path = home.logs / "exams" / head["label"] / f"{suite}.jsonl"
        rows = [s for i, s in zip(items, scores, strict=True) if i.suite == suite]
        append_lines(path, [{**more, **vars(s)} for s in rows])
        paths.append(path)
    return paths


def show(as_json: bool, head: Json, items: Sequence[Item], scores: Sequence[Score]) -> None:
    rows = {name: dict(zip(("passed", "scored", "unscored"), row, strict=True)) for name, row in tally(scores).items()}
    weak = [s.item_id for s in scores if is_weak(s)]
    total = {key: sum(row[key] for row in rows.values()) for key in ("passed", "scored", "unscored")}
    if as_json:
        summary = {**head, "items": len(items), "total": total, "weak": weak, "categories": rows}
        print(json.dumps(summary, ensure_ascii=False))
        return
    lines = [[name, *row.values()] for name, row in [*rows.items(), ("all", total)]]
    print(table(lines, ("category", "passed", "scored", "unscored")))
    excluded = f", {len(weak)} of them weak and left out" if weak else ""
    print(f"{head['label']} | {len(items)} items{excluded} in {duration(head['seconds'])}")


if __name__ == "__main__":
    sys.exit(run(main))
