#!/usr/bin/env python3
"""The batched exam against one prompt at a time: the same items, the same model, in one run, in alternating order.
Then the seconds of an exam of 180 items, and of all items of the shipped suites with what 340 would take at that pace.

    python benchmarks/exam.py --model embedded [--quick]

Exits 1 when the batched exam is not at least 4 times faster, or when the two disagree on an answer's score. The second
figure of seconds is the processor's: on a CPU it does not count what other processes took.
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
from circadian.settings import CHECKOUT, EMBEDDED, ExamSettings

BAR = 4.0
QUICK_BAR = 2.0  # 16 items fill a small batch: --quick sees that batching works at all, the bar is the full run's
ITEMS, QUICK = 48, 16
BATCH_SIZE = ExamSettings().exam_batch_size
NIGHTS = (180, 340)  # items of a night's exam


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

    starter, more = (load_suite(CHECKOUT / "eval" / f"{name}.jsonl") for name in ("prompts", "more"))
    items = mixed(starter, QUICK if args.quick else ITEMS)
    model = open_model(args.model)
    run_items(model, items[:2], batch_size=2)  # first-call costs belong to neither side
    spent: dict[int, list[float]] = {1: [], BATCH_SIZE: []}
    scores: dict[int, list[Score]] = {}
    for n in range(1 if args.quick else 2):
        for size in (1, BATCH_SIZE) if n % 2 == 0 else (BATCH_SIZE, 1):
            seconds, processor, scores[size] = timed(model, items, size)
            spent[size].append(seconds)
            how = "batched" if size > 1 else "one at a time"
            say(f"{how}: {len(items)} items in {seconds:.1f} s, {processor:.1f} s of the processor")
    outcome = verdict(items, spent, scores, QUICK_BAR if args.quick else BAR)
    if not args.quick:
        print_nights(model, [*starter, *more])
    return outcome


def print_nights(model: Examinee, items: Sequence[Item]) -> None:
    """Seconds of a night's exam. Where the suites hold fewer items, all are asked and the seconds scaled."""
    rows: list[list[object]] = []
    for count in NIGHTS:
        chosen = mixed(items, min(count, len(items)))
        seconds, processor, _ = timed(model, chosen, BATCH_SIZE)
        more = count / len(chosen)
        rows.append([count, len(chosen), round(seconds * more, 1), round(processor * more, 1)])
    print(table(rows, ("items", "measured", "seconds", "of the processor")))


def mixed(items: Sequence[Item], count: int) -> list[Item]:
    """Items spread evenly over the suite, hence over its categories."""
    return [items[i * len(items) // count] for i in range(count)]


def timed(model: Examinee, items: Sequence[Item], batch_size: int) -> tuple[float, float, list[Score]]:
    """Seconds, of the processor too, and scores. One prompt at a time is one call per item, as a loop would do it."""
    started, began = time.perf_counter(), time.process_time()
    if batch_size > 1:
        scores = run_items(model, items, batch_size=batch_size)
    else:
        scores = [score for item in items for score in run_items(model, [item], batch_size=1)]
    return time.perf_counter() - started, time.process_time() - began, scores


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
