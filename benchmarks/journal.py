#!/usr/bin/env python3
"""How fast the journal grows: 10,000 turns without fsync (bars: 1,000 turns/s, linear), 1,000 with it (reported)."""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.console import Progress, table
from circadian.day.journal import Journal, read_journal
from circadian.errors import FAILED, OK, run
from circadian.records import Message

LEAST_RATE = 1000.0  # turns/s without fsync
MOST_GROWTH = 1.5  # time of the last quarter against the first; linear is 1


def append_times(folder: Path, turns: int, *, durable: bool) -> list[float]:
    """Seconds of each append of `turns` exchanges to a new journal, all of them then read back."""
    journal = Journal(folder / f"{'durable' if durable else 'fast'}.jsonl", durable=durable)
    progress = Progress("with fsync" if durable else "without fsync")
    seconds: list[float] = []
    for i in range(turns):
        messages = (Message("user", f"My locker {i} is green."), Message("assistant", "Good to know. " * 10))
        started = time.perf_counter()
        journal.append(messages, session="benchmark")
        seconds.append(time.perf_counter() - started)
        progress(i + 1, turns)
    kept = read_journal(journal.path)
    assert len(kept.turns) == turns and not kept.skipped
    return seconds


def growth(seconds: Sequence[float]) -> float:
    """Time of the last quarter of the appends against the first quarter."""
    quarter = len(seconds) // 4
    return sum(seconds[-quarter:]) / sum(seconds[:quarter])


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the turns")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    part = 10 if args.quick else 1
    with tempfile.TemporaryDirectory(prefix="circadian-journal-") as folder:
        fast = append_times(Path(folder), 10_000 // part, durable=False)
        durable = append_times(Path(folder), 1_000 // part, durable=True)
    rate, rise = len(fast) / sum(fast), growth(fast)
    figures = {
        "turns_per_second": round(rate),
        "last_quarter_to_first": round(rise, 2),
        "turns_per_second_fsync": round(len(durable) / sum(durable)),
        "median_ms_fsync": round(statistics.median(durable) * 1000, 2),
        "passed": rate >= LEAST_RATE and rise <= MOST_GROWTH,
    }
    if args.json:
        print(json.dumps(figures))
    else:
        bars = {"turns_per_second": f">= {LEAST_RATE:.0f}", "last_quarter_to_first": f"<= {MOST_GROWTH}"}
        print(table([(name, str(value), bars.get(name, "")) for name, value in figures.items()], ("", "here", "bar")))
    return OK if figures["passed"] else FAILED


if __name__ == "__main__":
    sys.exit(run(main))
