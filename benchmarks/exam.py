#!/usr/bin/env python3
"""The batched exam against one prompt at a time: the same items, the same model, in one run, in alternating order.

    python benchmarks/exam.py --model embedded [--quick]

Exits 1 when the batched exam is not at least 4 times faster, or when the two disagree on an answer's score.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.console import say, table
from circadian.errors import FAILED, OK, run
from circadian.exam.run import Examinee, run_items
from circadian.exam.suites import load_suite
from circadian.records import Item, Score
from circadian.settings import CHECKOUT, EMBEDDED

BAR = 4.0
QUICK_BAR = 2.0  # 16 items fill half a batch: --quick sees that batching works at all, the bar is the full run's
ITEMS, QUICK = 48, 16
BATCH_SIZE = 32


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=EMBEDDED, help=f"base model (default: {EMBEDDED})")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK} items instead of {ITEMS}, one round instead of two"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    from circadian.backend.model import open_model

    items = mixed(load_suite(CHECKOUT / "eval" / "prompts.jsonl"), QUICK if args.quick else ITEMS)
    model = open_model(args.model)
    run_items(model, items[:2], batch_size=2)  # first-call costs belong to neither side
    spent: dict[int, list[float]] = {1: [], BATCH_SIZE: []}
    scores: dict[int, list[Score]] = {}
    for n in range(1 if args.quick else 2):
        for size in (1, BATCH_SIZE) if n % 2 == 0 else (BATCH_SIZE, 1):
            seconds, scores[size] = timed(model, items, size)
            spent[size].append(seconds)
            say(f"{'batched' if size > 1 else 'one at a time'}: {len(items)} items in {seconds:.1f} s")
    return verdict(items, spent, scores, QUICK_BAR if args.quick else BAR)


def mixed(items: Sequence[Item], count: int) -> list[Item]:
    """Items spread evenly over the suite, hence over its categories."""
    return [items[i * len(items) // count] for i in range(count)]


def timed(model: Examinee, items: Sequence[Item], batch_size: int) -> tuple[float, list[Score]]:
    """Seconds and scores. One prompt at a time is one call per item, as a loop over a suite would do it."""
    started = time.perf_counter()
    if batch_size > 1:
        scores = run_items(model, items, batch_size=batch_size)
    else:
        scores = [score for item in items for score in run_items(model, [item], batch_size=1)]
    return time.perf_counter() - started, scores


def verdict(items: Sequence[Item], spent: dict[int, list[float]], scores: dict[int, list[Score]], bar: float) -> int:
    alone, batched = statistics.median(spent[1]), statistics.median(spent[BATCH_SIZE])
    ratio = alone / batched
    differ = sum(a.passed != b.passed for a, b in zip(scores[1], scores[BATCH_SIZE], strict=True))
    rows = [
        ["one at a time", round(alone, 2), round(len(items) / alone, 2)],
        [f"batched ({BATCH_SIZE})", round(batched, 2), round(len(items) / batched, 2)],
    ]
    print(table(rows, ("exam", "seconds", "items/s")))
    print(f"{ratio:.2f} times faster (bar {bar:g}); {differ} of {len(items)} scores differ")
    return OK if ratio >= bar and not differ else FAILED


if __name__ == "__main__":
    sys.exit(run(main))
