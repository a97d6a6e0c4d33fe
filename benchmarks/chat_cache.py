#!/usr/bin/env python3
"""Time to a chat reply's first token at turn 20 against turn 1, with the prompt cache (bar: ≤ 2×) and without it."""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.console import Progress, table
from circadian.errors import FAILED, OK, run
from circadian.records import Message
from circadian.settings import EMBEDDED

MOST = 2.0
QUICK_MOST = 3.0  # one repeat is one sample on a machine whose speed varies by a third; the bar is the full run's
MAX_TOKENS = 16
REPEATS = 3
TURNS = 20


class Timing(NamedTuple):
    """Seconds to a reply's first token, and the prompt tokens that were read for it."""

    seconds: float
    read: int


def first_token(conversation: Any, history: list[Message]) -> tuple[Timing, str]:
    started = time.perf_counter()
    first, pieces = 0.0, []
    for piece in conversation.stream(history, max_tokens=MAX_TOKENS, temp=0.0, top_p=1.0):
        first = first or time.perf_counter() - started
        pieces.append(piece)
    return Timing(first, conversation.last.read), "".join(pieces).strip()


def chat(model: Any, turns: int) -> tuple[Timing, Timing, Timing]:
    """One chat of short messages: its first turn, its last turn, and the last turn again without the cache."""
    conversation = model.conversation()
    history: list[Message] = []
    timings: list[Timing] = []
    for number in range(turns):
        history.append(Message("user", f"Tell me one thing about the number {number + 10}."))
        timing, reply = first_token(conversation, history)
        timings.append(timing)
        history.append(Message("assistant", reply))
    conversation.reset()
    again, _ = first_token(conversation, history[:-1])
    return timings[0], timings[-1], again


def measure(model: Any, repeats: int) -> list[tuple[Timing, Timing, Timing]]:
    chat(model, 2)  # warm up: the first call compiles and allocates
    progress = Progress("chat")
    runs: list[tuple[Timing, Timing, Timing]] = []
    for repeat in range(repeats):
        runs.append(chat(model, TURNS))
        progress(repeat + 1, repeats)
    return runs


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=EMBEDDED, help="base model (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="one repeat instead of three")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    from circadian.backend.model import open_model

    runs = measure(open_model(args.model), 1 if args.quick else REPEATS)
    first, last, again = (statistics.median(run[i].seconds for run in runs) for i in range(3))
    reads = runs[0]
    rows = {
        "with the cache": (round(first * 1000), round(last * 1000), round(last / first, 2), reads[1].read),
        "without": (round(first * 1000), round(again * 1000), round(again / first, 2), reads[2].read),
    }
    ratio = rows["with the cache"][2]
    most = QUICK_MOST if args.quick else MOST
    passed = ratio <= most
    if args.json:
        names = ("turn_1_ms", "turn_20_ms", "ratio", "turn_20_tokens_read")
        print(json.dumps({name: dict(zip(names, row, strict=True)) for name, row in rows.items()} | {"passed": passed}))
    else:
        header = ("first token", "turn 1 ms", f"turn {TURNS} ms", "ratio", f"tokens read at turn {TURNS}")
        print(table([(name, *row) for name, row in rows.items()], header))
        print(f"{'passed' if passed else 'MISSED'}: {ratio} times with the cache, bar {most}")
    return OK if passed else FAILED


if __name__ == "__main__":
    sys.exit(run(main))
