#!/usr/bin/env python3
"""EXAM: put suites of questions to the base model, the live adapter or any other; one row per item is kept. It also
compares what the weights know with what notes in the prompt would do, and runs tasks of lm-evaluation-harness."""

import argparse
import datetime
import functools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from circadian.console import Progress, duration, say, table
from circadian.errors import OK, UserError, run
from circadian.examinee import add_examinee, choose_adapter, label_of, open_examinee
from circadian.files import append_lines
from circadian.records import Item, Json, Score
from circadian.settings import CHECKOUT, Home, Settings, add_flags, load_settings, nearest, open_home
from circadian.shelf.adapters import adapter_folder

if TYPE_CHECKING:
    from circadian.backend.model import Model
    from circadian.conditions import Asked, Result
    from circadian.exam.partial import Partial
    from circadian.exam.run import Examinee
    from circadian.exam.sandbox import Kind

# For --help, which imports neither the exam nor the night.
SANDBOXES: tuple["Kind", ...] = ("monty", "process", "docker")
HIDDEN = "hidden"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_examinee(parser)
    parser.add_argument(
        "--suite",
        action="append",
        metavar="NAME|FILE",
        help="suite of eval/, all (but the hidden ones), or a JSONL file; repeat it or use commas",
    )
    parser.add_argument("--category", action="append", metavar="NAME", help="only these; repeat it or use commas")
    parser.add_argument(
        "--split",
        action="append",
        metavar="NAME",
        help="only items of this split: heldout, or hidden, which is the gate's and is asked here only when named (its "
        "answers are not kept); repeat it or use commas",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N items of each category")
    add_flags(parser, "exam", ["exam_batch_size"])
    parser.add_argument(
        "--sandbox", choices=SANDBOXES, help=f"what runs the programs of code items (default: {SANDBOXES[0]})"
    )
    parser.add_argument(
        "--conditions",
        action="append",
        metavar="LIST|all",
        help="ask recall probes, and --suite where given, under these: base, notes (what was told is in the prompt), "
        "learned (the adapter), both",
    )
    parser.add_argument(
        "--probes",
        type=Path,
        metavar="FILE",
        help="with --conditions: ask these (default: those of the adapter's night)",
    )
    parser.add_argument(
        "--lm-eval",
        action="append",
        metavar="TASK|FILE",
        help="run tasks of lm-evaluation-harness (an extra) instead of suites; repeat it or use commas",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    refuse_mixed(args)
    home = open_home(args)
    settings = load_settings(home, args)
    items = () if args.lm_eval else chosen_items(args, settings)
    tag = choose_adapter(home, args.adapter_tag)
    label = label_of(tag, settings.model.model, args.tag)
    head: Json = {"run": run_id(), "label": label, "adapter": tag, "model": settings.model.model}
    if args.lm_eval:
        return run_lm_eval(args, home, settings, head)
    if args.conditions:
        return compare(args, home, settings, head, items)
    from circadian.exam.partial import open_partial

    model = open_examinee(home, settings, tag)
    sandbox = args.sandbox or SANDBOXES[0]
    revision = f"{settings.model.model}@{model.source.revision}"
    partial = open_partial(home.cache, revision, adapter_folder(home, tag) if tag else None, items, how=sandbox)
    started = time.monotonic()
    scores = examine(model, items, settings.exam.exam_batch_size, sandbox, partial)
    seconds = time.monotonic() - started
    paths = keep_rows(home, head, items, scores)
    partial.finish()
    for path in paths:
        say(f"rows of this run: {path}")
    show(args.json, {**head, "seconds": round(seconds, 2)}, items, scores)
    return OK


def refuse_mixed(args: argparse.Namespace) -> None:
    """UserError for flags of which one would be ignored, and for a limit of nothing."""
    given = {"--suite": args.suite, "--conditions": args.conditions, "--probes": args.probes, "--lm-eval": args.lm_eval}
    given |= {"--category": args.category, "--split": args.split, "--sandbox": args.sandbox}
    beside = [name for name, value in given.items() if value and name != "--lm-eval"]
    if args.lm_eval and beside:
        raise UserError(f"--lm-eval runs no suites: {beside[0]} does not go with it", hint="run them one after another")
    if args.probes and not args.conditions:
        raise UserError("--probes goes with --conditions", hint="--conditions all")
    if args.limit is not None and args.limit < 1:
        raise UserError("--limit must be at least 1")


def chosen_items(args: argparse.Namespace, settings: Settings) -> tuple[Item, ...]:
    """The items of the suites asked for; without --suite those of the settings, or none beside --conditions.

    Hidden items only where --split names them. UserError when nothing else is left.
    """
    from circadian.exam.suites import load_suites

    names = split(args.suite) or split([] if args.conditions else [settings.exam.suites])
    if not names:
        return ()
    items = load_suites(names, CHECKOUT / "eval", hidden=True)
    splits = split(args.split) or [name for name in {i.split: 0 for i in items} if name != HIDDEN]
    if not splits:
        raise UserError("all items of these suites are hidden: they are the gate's", hint=f"--split {HIDDEN}")
    if HIDDEN in splits:
        say("note: hidden items are the gate's; who tunes to how they do takes their worth. Their answers are not kept")
    asked = choose_items(items, "split", splits, None)
    return choose_items(asked, "category", split(args.category), args.limit)


def compare(args: argparse.Namespace, home: Home, settings: Settings, head: Json, items: Sequence[Item]) -> int:
    """Ask the same under every condition; one that can't be had (no adapter, no facts) is not measured, and said."""
    from circadian import conditions
    from circadian.exam.probes import read_probes

    wanted = split(args.conditions)
    names = conditions.CONDITIONS if "all" in wanted else conditions.choose_conditions(wanted)
    given = read_probes(args.probes) if args.probes else None
    asked = conditions.gather_asked(home, head["adapter"], given, items, args.limit)
    missing = conditions.missing(names, head["adapter"], asked)
    for name, why in missing.items():
        say(f"{name}: {conditions.NOT_MEASURED}, {why}")
    if len(missing) == len(names):
        raise UserError("no condition can be measured", hint="name base, or pass --adapter-tag TAG")
    model = open_examinee(home, settings, None)
    results = {
        name: None if name in missing else under(args, home, settings, head, model, asked, name) for name in names
    }
    if args.json:
        print(json.dumps(conditions.summary(head, asked, results, missing), ensure_ascii=False))
    else:
        print(conditions.show(head["label"], asked, results))
    return OK


def under(
    args: argparse.Namespace, home: Home, settings: Settings, head: Json, model: "Model", asked: "Asked", name: str
) -> "Result":
    """One condition, its rows kept under a label of its own."""
    from circadian import conditions
    from circadian.exam.partial import open_partial

    tag = head["adapter"] if name in conditions.LEARNED else None
    folder = adapter_folder(home, tag) if tag else None
    noted = name in conditions.NOTED
    label = f"{args.tag}+{name}" if args.tag else label_of(tag, settings.model.model, None) + "+notes" * noted
    mine: Json = {**head, "label": label, "adapter": tag, "condition": name}
    sandbox, size = args.sandbox or SANDBOXES[0], settings.exam.exam_batch_size
    how = f"{sandbox} {asked.notes_id}" if noted else sandbox
    revision = f"{settings.model.model}@{model.source.revision}"
    partial = open_partial(home.cache, revision, folder, asked.items, how=how)
    model.set_adapter(folder)
    result = conditions.ask_under(
        model, name, asked, lambda reader: examine(reader, asked.items, size, sandbox, partial), batch_size=size
    )
    kept = [conditions.keep_probes(home, mine, result.scores)] if result.scores else []
    for path in [*kept, *keep_rows(home, mine, asked.items, result.items)]:
        say(f"rows of this run: {path}")
    partial.finish()
    return result


def run_lm_eval(args: argparse.Namespace, home: Home, settings: Settings, head: Json) -> int:
    """Tasks of lm-evaluation-harness on the same model and adapter; a row per task and metric is kept and shown."""
    from circadian.backend.lm_eval import run_tasks

    tasks = split(args.lm_eval)
    started = time.monotonic()
    rows = run_tasks(
        lambda: open_examinee(home, settings, head["adapter"]),
        tasks,
        limit=args.limit,
        batch_size=settings.exam.exam_batch_size,
    )
    seconds = round(time.monotonic() - started, 2)
    path = home.logs / "exams" / head["label"] / "lm-eval.jsonl"
    append_lines(path, [{**head, "suite": "lm-eval", "limit": args.limit, **row} for row in rows])
    say(f"rows of this run: {path}")
    if args.json:
        print(json.dumps({**head, "seconds": seconds, "limit": args.limit, "lm_eval": rows}, ensure_ascii=False))
        return OK
    names = ("task", "metric", "value", "stderr", "n")
    print(table([["-" if row[n] is None else row[n] for n in names] for row in rows], names))
    print(f"{head['label']} | {len(tasks)} tasks in {duration(seconds)}")
    return OK


def examine(
    model: "Examinee", items: Sequence[Item], batch_size: int, sandbox: "Kind", partial: "Partial"
) -> list[Score]:
    """The items' scores; what could not be scored is said, by file, line and id."""
    from circadian.exam.run import run_items
    from circadian.exam.sandbox import score_code

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
    """Append one row per item to logs/exams/<label>/<suite>.jsonl; earlier runs stay, told apart by `run`.

    Of a hidden item whether it passed, and neither the answer nor what was wrong with it.
    """
    from circadian.exam.suites import suite_hash

    paths: list[Path] = []
    for suite in dict.fromkeys(i.suite for i in items):
        asked = [i for i in items if i.suite == suite]
        more = {**head, "suite": suite, "suite_sha256": suite_hash(asked)}
        path = home.logs / "exams" / head["label"] / f"{suite}.jsonl"
        rows = [untold(s) for i, s in zip(items, scores, strict=True) if i.suite == suite]
        append_lines(path, [{**more, **vars(s)} for s in rows])
        paths.append(path)
    return paths


def untold(score: Score) -> Score:
    return replace(score, answer="", why="") if score.split == HIDDEN else score


def show(as_json: bool, head: Json, items: Sequence[Item], scores: Sequence[Score]) -> None:
    from circadian.exam.run import is_weak, tally

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
