"""Precision and recall of the rule path on labelled turns. Exit 1 when a bar (95 % and 80 %) is missed.

The bar is judged over all labelled turns. Rules were mended on nearly all of them, so it says that the mends hold, and
nothing of new talk. That is what the strangers' turns are for: each batch was measured once before anything was mended
for it; two are left alone, and their figures, "unseen", are printed on lines of their own.

Each turn is read alone. A fact counts as found when its value and the label's stand in one another as whole words, its
value is at most two words longer than the label's, and its key names the label's subject; everything else that was
extracted is wrong. "a | b" in a label is either of the two; what a turn lists under "also" may be found, need not be.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.errors import FAILED, OK, run
from circadian.files import read_rows
from circadian.night.facts import gather
from circadian.night.grammar import canonical
from circadian.night.lessons import contains
from circadian.records import Fact, Json, Message, Turn, normalize

PRECISION = 0.95
RECALL = 0.80
EXTRA_WORDS = 2  # of "an old Saab"; a value that brings half the sentence along is not found
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
LABELS = (DATA / "labelled_turns.jsonl", DATA / "stranger_turns.jsonl")
# Precision and recall of a batch when these rules had never met it. Who wrote 2 to 7 knew the rules; 8, 10 and 11 were
# written by others who did not, and were asked to be inventive; 9 the same in single short sentences, 12 in
# plain sentences of unusual relations ("My typewriter lacks the letter Q."), 13 and 14 the same, half of them of things
# done once and so ever since, 15 of as many relations as sentences, 16 with 40 that state nothing to keep (none was
# taken for a fact). Their "wrong" ones are mostly another part of a right statement than the label's; what was so is
# listed under "also" since. 18 are 240 lone statements, 90 of them nothing to keep, measured before the rules were
# mended on them.
FIRST_SIGHT = {
    "stranger-1": (0.848, 0.560),
    "stranger-2": (0.844, 0.568),
    "stranger-3": (0.930, 0.716),
    "stranger-4": (0.837, 0.788),
    "stranger-5": (0.952, 0.784),
    "stranger-6": (0.895, 0.680),
    "stranger-7": (0.933, 0.757),
    "stranger-8": (0.900, 0.486),
    "stranger-9": (0.914, 0.815),
    "stranger-10": (0.906, 0.674),
    "stranger-11": (0.740, 0.425),
    "stranger-12": (1.000, 0.600),
    "stranger-13": (0.833, 0.500),
    "stranger-14": (0.806, 0.604),
    "stranger-15": (0.753, 0.533),
    "stranger-16": (0.647, 0.550),
    "stranger-18": (0.918, 0.593),
}
# By another who had read nothing, 2026-11-30: 440 messages as people type them to an assistant, two facts and more in
# most that tell any, every phrase of a sentence labelled. Rules don't reach that: two of us mended on half of the first
# 240 for an hour each, which brought 0.17 and 0.13 of recall there, on the last 200 +0.01 and -0.01, and was not kept
# (docs/design.md, twenty-first round). Not in what is judged, which is what rules were made for.
DENSE = DATA / "dense_turns.jsonl"
# By twelve others who had read nothing, 2026-11-30: single statements, most of relations that no list has, told in as
# many ways as they could think of, and statements of the day among them. likely.py is fitted on all but one, and five
# were read before some rules were mended: hence not judged.
LONE = DATA / "lone_turns.jsonl"
# No rule was made or mended for these, nothing is fitted on them, and who mends has not read them.
UNSEEN = frozenset({"stranger-17", "lone-8"})


@dataclass(frozen=True)
class Tally:
    """Counts over all turns, and a line for each mistake."""

    turns: int
    negatives: int
    right: int
    wrong: int
    missed: int
    mistakes: tuple[str, ...]

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def extracted(text: str) -> tuple[Fact, ...]:
    """The facts of one message on its own; names that only an apposition implies are not judged."""
    facts = gather([Turn((Message("user", text), Message("assistant", "Noted.")), "t0")]).facts
    return tuple(f for f in facts if f.status == "active")


def matches(fact: Fact, label: dict[str, str]) -> bool:
    same_value = any(
        contains(value, fact.value)
        or (contains(fact.value, value) and len(fact.value.split()) <= len(value.split()) + EXTRA_WORDS)
        for value in label["value"].split(" | ")
    )
    words = set(normalize(canonical(label["subject"])).split())
    named = set(normalize(canonical(f"{fact.key.partition('|')[0]} {fact.subject} {fact.key}")).split())
    return same_value and words <= named


def tally(rows: list[Json]) -> Tally:
    right = wrong = missed = 0
    mistakes: list[str] = []
    for row in rows:
        text: str = row["user"]
        labels: list[dict[str, str]] = list(row["facts"])
        for fact in extracted(text):
            label = next((label for label in labels if matches(fact, label)), None)
            if label is not None:
                labels.remove(label)
                right += 1
            elif not fact.details.get("implied") and not any(matches(fact, label) for label in row.get("also", [])):
                wrong += 1
                mistakes.append(f"wrong   {text!r}: {fact.key} = {fact.value!r}")
        missed += len(labels)
        mistakes += [f"missed  {text!r}: {label['subject']} = {label['value']!r}" for label in labels]
    return Tally(len(rows), sum(not r["facts"] for r in rows), right, wrong, missed, tuple(mistakes))


def show(result: Tally, rows: list[Json]) -> None:
    """What is judged, then what to expect of new talk, then every batch before and after its mends."""
    met = {row.get("set", "") for row in rows}
    batches = [name for name in FIRST_SIGHT if name in met]
    if len(batches) == len(FIRST_SIGHT):
        print("judged: all labelled turns; rules were mended and likely.py fitted on all but stranger-17 of them")
    print(f"turns        {result.turns} ({result.negatives} without a fact)")
    print(f"precision    {result.precision:.3f}  (bar {PRECISION:.2f}; {result.wrong} wrong)")
    print(f"recall       {result.recall:.3f}  (bar {RECALL:.2f}; {result.missed} missed)")
    if len(batches) == len(FIRST_SIGHT):
        rows = [*rows, *read_rows(LONE)]
    for name in sorted(UNSEEN & {row.get("set", "") for row in rows}):
        now = tally([row for row in rows if row.get("set") == name])
        about = f"({name}: {now.turns} turns, {now.negatives} without a fact; no rule was mended on it)"
        print(f"unseen       {now.precision:.3f} {now.recall:.3f}  {about}")
    for name in batches:
        now = tally([row for row in rows if row.get("set") == name])
        seen = "at first sight {:.3f} {:.3f}".format(*FIRST_SIGHT[name])
        print(f"{name:<13}{now.precision:.3f} {now.recall:.3f}  (repaired on; {seen})")
    if len(batches) == len(FIRST_SIGHT):
        lone = tally([row for row in rows if row.get("set", "").startswith("lone") and row["set"] not in UNSEEN])
        about = f"({lone.turns} turns, {lone.negatives} without a fact; not judged, likely.py is fitted on them)"
        print(f"lone         {lone.precision:.3f} {lone.recall:.3f}  {about}")
        dense = tally(read_rows(DENSE))
        about = f"({dense.turns} turns, {dense.negatives} without a fact; not judged, no rule was mended on them)"
        print(f"dense        {dense.precision:.3f} {dense.recall:.3f}  {about}")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--labels", type=Path, help="other turns: JSONL of {user, facts: [{subject, value}]}")
    parser.add_argument("--set", help="only the turns of this set: natural-1, stranger-20, lone-8")
    parser.add_argument("--mistakes", action="store_true", help="list every miss and every wrong fact on stderr")
    parser.add_argument("--quick", action="store_true", help="the same (it takes a second); for CI")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    files = [args.labels] if args.labels else [*LABELS, *([DENSE, LONE] if args.set else [])]
    rows = [row for path in files for row in read_rows(path)]
    rows = [row for row in rows if args.set in (None, row.get("set"))]
    result = tally(rows)
    if args.mistakes:
        print("\n".join(result.mistakes), file=sys.stderr)
    if args.json:
        figures = {"turns": result.turns, "precision": result.precision, "recall": result.recall}
        print(json.dumps({"version": 1, **figures}))
    else:
        show(result, rows)
    return OK if result.precision >= PRECISION and result.recall >= RECALL else FAILED


if __name__ == "__main__":
    sys.exit(run(main))
