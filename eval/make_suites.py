#!/usr/bin/env python
"""Write the suites beside the nightly one, by seed: the same seed gives the same bytes.

    python eval/make_suites.py [--seed 0] [--out eval]

more.jsonl (the nightly categories again, safety, style), slow/ (code, long context), and under hidden/ other items of
every category, which nothing but the gate uses. `--bench FILE` writes items for benchmarks instead, which no suite has.
No item was picked by what a model answered, and none repeats one of eval/prompts.jsonl.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.errors import run
from circadian.files import write_rows
from circadian.records import question_hash
from eval import make_prompts
from eval.code_items import CODE
from eval.make_prompts import Row, pick, sound, table
from eval.pools import CONSTRAINED, GRAMMAR, HELP, KNOWLEDGE, PASSAGES, REFUSAL, SAFETY, STYLE

HERE = Path(__file__).resolve().parent
STYLE_LIMIT = 25.0  # perplexity; the embedded base model's median over these replies is 26
NEEDLES = [(tokens, depth) for tokens in (1000, 4000, 7700) for depth in (0.05, 0.35, 0.65, 0.95)]
CITIES = ["Oslo", "Quito", "Riga", "Lima", "Cairo", "Hanoi", "Dakar", "Sofia", "Turin", "Kyoto", "Perth", "Minsk"]

# category: how many go to more.jsonl or slow.jsonl, how many to the hidden split
COUNTS = {
    "arithmetic": (12, 16),
    "knowledge": (14, 18),
    "words": (6, 6),
    "reading": (14, 16),
    "sequences": (6, 8),
    "copying": (6, 8),
    "instructions": (14, 18),
    "grammar": (16, 20),
    "commonsense": (6, 6),
    "reasoning": (12, 16),
    "safety": (16, 16),
    "style": (12, 12),
    "code": (12, 12),
    "long-context": (12, 6),
}
SLOW = ("code", "long-context")
# Of these the hidden split has so many more: a small model has a quarter of the sums right, and of 46 items too few
# could be lost to show that all are (docs/gate.md).
FURTHER = {"arithmetic": 60}
# Categories made by chance, for benchmarks whose interval needs more items than the gate has.
BENCH = {"arithmetic": 60, "reading": 60, "sequences": 50, "copying": 60, "instructions": 60, "reasoning": 60}


def knowledge(_: random.Random) -> Iterator[Row]:
    yield from table(make_prompts.KNOWLEDGE.rstrip() + KNOWLEDGE, 16)


def grammar(rng: random.Random) -> Iterator[Row]:
    yield from make_prompts.grammar(rng)
    for line in GRAMMAR.strip().splitlines():
        good, bad = line.split("|")
        yield choice(rng, "Write one sentence in correct English.", good, bad)


def choice(rng: random.Random, prompt: str, right: str, *wrong: str) -> Row:
    return pick(rng, prompt, right, [right, *wrong], "{}")


def reading(rng: random.Random) -> Iterator[Row]:
    """Stories of two sentences by chance, and passages that were written."""
    for block in PASSAGES.strip().split("\n\n"):
        passage, *questions = block.splitlines()
        for line in questions:
            question, right, *wrong = line.split("|")
            yield choice(rng, f"{passage} {question}", right, *wrong)
    yield from make_prompts.reading(rng)


def instructions(rng: random.Random) -> Iterator[Row]:
    """Lists, JSON and endings by chance; length and forbidden words as written."""
    for line in CONSTRAINED.strip().splitlines():
        prompt, forbidden, wanted, most, reference = line.split("|")
        target = {"min_words": 3, "max_words": int(most), "with": wanted.split(";"), "without": [forbidden]}
        yield {"prompt": prompt, "scorer": "constraints", "target": target, "max_tokens": 40, "reference": reference}
    yield from make_prompts.instructions(rng)


def safety(_: random.Random) -> Iterator[Row]:
    """Twins, by likelihood of the same two replies: the one is to be refused, the other is harmless."""
    for line in SAFETY.strip().splitlines():
        for prompt, right in zip(line.split("|"), (REFUSAL, HELP), strict=True):
            yield {"prompt": prompt, "scorer": "choice", "target": right, "choices": [REFUSAL, HELP]}


def style(_: random.Random) -> Iterator[Row]:
    for line in STYLE.strip().splitlines():
        prompt, reply = line.split("|")
        yield {"prompt": prompt, "scorer": "perplexity", "target": reply, "limit": STYLE_LIMIT}


def code(_: random.Random) -> Iterator[Row]:
    for block in CODE.strip().split("\n\n"):
        wanted, *lines = block.splitlines()
        tests = [line for line in lines if line.startswith("assert ")]
        program = "\n".join(line for line in lines if line not in tests)
        prompt = f"Write a Python function {wanted}. Answer with the code only."
        reference = f"```python\n{program}\n```"
        yield {"prompt": prompt, "scorer": "code", "target": tests, "max_tokens": 96, "reference": reference}


def long_context(rng: random.Random) -> Iterator[Row]:
    """A number somewhere in a long text. An answer with a question mark does not count: repeating it all would pass.

    The two splits ask at the same lengths and at other depths.
    """
    places = [*NEEDLES, *((tokens, depth) for tokens, _ in NEEDLES[::4] for depth in (0.2, 0.8))]
    for tokens, depth in places:
        city, number = rng.choice(CITIES), rng.randint(1000, 9999)
        recipe = {"seed": rng.randrange(10**6), "tokens": tokens, "depth": depth}
        needle = f"The secret number of {city} is {number}."
        row: Row = {"prompt": f"What is the secret number of {city}?", "scorer": "regex",
                    "target": f"(?s)^(?!.*[?]).*\\b{number}\\b", "max_tokens": 16}  # fmt: skip
        if tokens <= 1000:  # measuring it means reading it again
            row["reference"] = f"The secret number of {city} is {number}."
        yield {**row, "haystack": {**recipe, "needle": needle}}


OTHERS: dict[str, Callable[[random.Random], Iterator[Row]]] = {
    "knowledge": knowledge,
    "reading": reading,
    "instructions": instructions,
    "grammar": grammar,
    "safety": safety,
    "style": style,
    "code": code,
    "long-context": long_context,
}
IN_ORDER = ("safety", "long-context")  # twins stay together; the first needles are the visible ones


def identity(row: Row) -> str:
    return json.dumps([row["prompt"], row["target"], row.get("haystack")])


def suites(seed: int) -> dict[str, list[Row]]:
    """Rows by the suite's path under eval/."""
    taken = {identity(r) for r in make_prompts.items(0, make_prompts.PER_CATEGORY)}
    out: dict[str, list[Row]] = {name: [] for name in ("more", "slow/slow", "hidden/hidden", "hidden/hidden-slow")}
    for category, (shown, hidden) in COUNTS.items():
        rng = random.Random(f"{seed + 1} {category}")
        rows = (make_prompts.CATEGORIES | OTHERS)[category](rng)
        pool = list({identity(r): r for r in rows if identity(r) not in taken and sound(r)}.values())
        if category not in IN_ORDER:
            rng.shuffle(pool)
        if len(pool) < shown + hidden:
            raise ValueError(f"{category} has only {len(pool)} items")
        here, there = ("slow/slow", "hidden/hidden-slow") if category in SLOW else ("more", "hidden/hidden")
        out[here] += numbered(category, "heldout", pool[:shown])
        out[there] += numbered(category, "hidden", pool[shown : shown + hidden])
    return out


def bench(seed: int, rows: Sequence[Row]) -> list[Row]:
    """Items for benchmarks, of the categories of BENCH; none is among `rows`."""
    taken = {identity(r) for r in (*rows, *make_prompts.items(0, make_prompts.PER_CATEGORY))}

    def new(row: Row) -> bool:
        return identity(row) not in taken

    return [
        row
        for category, count in BENCH.items()
        for row in numbered(category, "bench", drawn(category, f"{seed} bench {category}", count, new))
    ]


def further(seed: int, rows: Sequence[Row]) -> list[Row]:
    """More hidden items of the categories of FURTHER; `rows` and the nightly suite ask none of their questions.

    Not with another sign either: question hashes do not see signs.
    """
    taken = {question_hash(r["prompt"]) for r in (*rows, *make_prompts.items(0, make_prompts.PER_CATEGORY))}
    out: list[Row] = []
    for category, count in FURTHER.items():
        found = drawn(
            category, f"{seed} further {category}", 2 * count, lambda r: question_hash(r["prompt"]) not in taken
        )
        once = [*{question_hash(r["prompt"]): r for r in found}.values()][:count]
        if len(once) < count:
            raise ValueError(f"{category} has only {len(once)} further items")
        out += numbered(category, "hidden", once, COUNTS[category][1] + 1)
    return out


def drawn(category: str, seed: str, count: int, new: Callable[[Row], bool]) -> list[Row]:
    """So many new items of one category, drawn round by round; ValueError when there are never enough."""
    pool: dict[str, Row] = {}
    for draw in range(100):
        rows = (make_prompts.CATEGORIES | OTHERS)[category](random.Random(f"{seed} {draw}"))
        pool |= {identity(r): r for r in rows if new(r) and sound(r)}
        if len(pool) >= count:
            return list(pool.values())[:count]
    raise ValueError(f"{category} has only {len(pool)} items")


def numbered(category: str, split: str, rows: Sequence[Row], first: int = 1) -> list[Row]:
    """Rows with ids that no other split has: arithmetic-o01 of the held-out ones, -h01 hidden, -b01 for benchmarks."""
    letter = {"heldout": "o", "hidden": "h", "bench": "b"}[split]
    return [
        {"id": f"{category}-{letter}{n:02d}", "category": category, "split": split, **row}
        for n, row in enumerate(rows, first)
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the suites beside the nightly one.")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other items (default: 0)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: eval)")
    parser.add_argument("--bench", type=Path, help="write only items for benchmarks, to this file")
    args = parser.parse_args(argv)
    found = suites(args.seed)
    rows = [row for group in found.values() for row in group]
    benchmarks = bench(args.seed, rows)
    if args.bench:
        write_rows(args.bench, benchmarks)
        return 0
    found["hidden/hidden"] += further(args.seed, [*rows, *benchmarks])
    for name, group in found.items():
        write_rows(args.out / f"{name}.jsonl", group)
        print(f"{name}: {len(group)} items")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
