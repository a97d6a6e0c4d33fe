#!/usr/bin/env python3
"""Can the gate be trusted? False alarms, planted bad nights, good nights, and what the exam costs.

    python -m benchmarks.gate [--quick] [--embedded] [--nights 200] [--kinds KIND ...] [--keep DIR] [--json]

Where each figure comes from stands beside it. "simulated": no model (benchmarks/simulated.py). "embedded": exams of
real nights of the embedded model, recorded in results/gate-nights.json.gz; `--embedded` has those nights again (half an
hour; `--keep` goes on where it ended) and records them. "resampled": their items drawn anew with replacement;
"swapped": the rows of two seeds changed over. "tiny": nights of a tiny random checkpoint through the real cycle, for
what needs no model that can learn. Exit code 1 when a bar is missed.
"""

import argparse
import gzip
import itertools
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import exam as exam_speed  # noqa: E402
from benchmarks import simulated  # noqa: E402
from benchmarks.night import machine  # noqa: E402
from benchmarks.planted import GOOD, NAMED, Job, Outcome, run_jobs, settings_for  # noqa: E402
from circadian.console import say, table  # noqa: E402
from circadian.errors import FAILED, OK, run  # noqa: E402
from circadian.gate.policy import judge  # noqa: E402
from circadian.records import Report, Score, Verdict  # noqa: E402
from circadian.settings import EMBEDDED, GateSettings, Home  # noqa: E402

FALSE_ALARMS, CAUGHT, PROMOTED, COST, SPEED = 0.05, 0.95, 0.90, 1 / 3, exam_speed.BAR
RECORDED = ROOT / "benchmarks" / "results" / "gate-nights.json.gz"
SETTINGS = GateSettings(resamples=1999)
LOOKS = simulated.LOOKS
SEEDS = (0, 1, 2)
SIMULATED_GOOD = 60
AGAIN = 50  # resamples of every recorded night; --quick has fewer
QUICK_AGAIN, QUICK_NIGHTS = 10, 200
SHOWN = 100  # characters of an answer that are recorded

GOOD_JOBS = (
    *(Job(GOOD, seed=seed) for seed in SEEDS),
    Job(GOOD, "bela", 0, 4),
    Job(GOOD, "rare", 0, 8),
    Job(GOOD, "unseen", 0, 8),
    Job(GOOD, "ada", 3, 4),
    Job(GOOD, "bela", 3, 4),
    Job(GOOD, "unseen", 5, 8),
    Job(GOOD, "ada", 0, 1),  # 12 facts: what the exam's cost is measured against
)
SHORT = {"learning rate x20": 16, "shuffled answers": 16, "30 % garbage": 24}  # steps are enough to be bad
WHOLE = ("poisoned day", "NaN weights", "other base", "truncated weights")
BAD_JOBS = tuple(Job(kind, share=1 if kind in WHOLE else 3, iters=SHORT.get(kind)) for kind in NAMED)
TINY = (GOOD, "NaN weights", "other base", "truncated weights", "poisoned day", "shuffled answers", "30 % garbage")


@dataclass(frozen=True)
class Line:
    """One figure against its bar. `met` False also where nothing was measured."""

    what: str
    bar: str
    figure: str
    source: str
    met: bool


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer resamples, no measurement of the exam's speed: for CI")
    add("--embedded", action="store_true", help="have the embedded model's nights again and record them")
    add("--nights", type=int, default=QUICK_NIGHTS, help="simulated nights of each kind (default: %(default)s)")
    add("--kinds", nargs="+", choices=[GOOD, *NAMED], metavar="KIND", help=f"only these of: {', '.join(NAMED)}")
    add("--keep", type=Path, metavar="DIR", help="folder for the nights; those that it holds are not had again")
    add("--json", action="store_true")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    kinds = args.kinds or [GOOD, *NAMED]
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        tiny = tiny_nights(Path(folder), kinds)
        real = embedded_nights(args.keep or Path(folder) / EMBEDDED, kinds) if args.embedded else read_recorded(kinds)
    again = QUICK_AGAIN if args.quick else AGAIN
    lines = [*false_alarms(real, tiny, args.nights), *caught(real, tiny, kinds, again), *promoted(real, kinds, again)]
    lines += cost(real) + ([] if args.quick else [speed()])
    missed = [line for line in lines if not line.met]
    if args.json:
        print(json.dumps({"machine": machine(), "lines": [vars(line) for line in lines]}))
    else:
        print(machine())
        print(table([[x.what, x.bar, x.figure, x.source] for x in lines], ("", "bar", "figure", "from")))
        print("\n".join(f"MISSED {x.what}: {x.figure}, bar {x.bar}" for x in missed) or "all bars met")
    return FAILED if missed else OK


# --- nights -----------------------------------------------------------------------------------------------------


def tiny_nights(root: Path, kinds: Sequence[str]) -> list[Outcome]:
    """Nights of a tiny random checkpoint: it learns nothing, so only what an exam is not needed for is planted."""
    from tests.tiny import write_tiny_model

    model = write_tiny_model(root / "tiny-model")
    settings = settings_for(str(model), Home(root), iters=4, batch_size=4, rank=4)
    jobs = [Job(GOOD, seed=seed, share=4) for seed in SEEDS]
    jobs += [Job(kind, share=12) for kind in TINY if kind in kinds and kind != GOOD]
    return run_jobs(jobs, root / "tiny", settings)


def embedded_nights(root: Path, kinds: Sequence[str]) -> list[Outcome]:
    """The nights of the embedded model, recorded when all kinds were had. The first one is what gets spoiled."""
    jobs = [GOOD_JOBS[0], *(job for job in (*BAD_JOBS, *GOOD_JOBS[1:]) if job.kind in kinds)]
    outcomes = run_jobs(jobs, root, settings_for(EMBEDDED, Home(root)))
    if len(jobs) == len(BAD_JOBS) + len(GOOD_JOBS):
        record(outcomes)
    return [o for o in outcomes if o.job.kind in kinds]


def record(outcomes: Sequence[Outcome]) -> None:
    rows = [replace(o, before=shortened(o.before), after=shortened(o.after)).as_json() for o in outcomes]
    text = json.dumps({"machine": machine(), "nights": rows}, ensure_ascii=False)
    RECORDED.write_bytes(gzip.compress(text.encode(), mtime=0))


def shortened(report: Report | None) -> Report | None:
    if report is None:
        return None
    scores, recall = (tuple(replace(s, answer=s.answer[:SHOWN]) for s in x) for x in (report.scores, report.recall))
    return replace(report, scores=scores, recall=recall)


def read_recorded(kinds: Sequence[str]) -> list[Outcome]:
    if not RECORDED.exists():
        say(f"{RECORDED.name} is missing: have the nights with --embedded")
        return []
    rows = json.loads(gzip.decompress(RECORDED.read_bytes()))["nights"]
    return [o for o in map(Outcome.from_json, rows) if o.job.kind in kinds]


# --- resampling -------------------------------------------------------------------------------------------------


def resampled(rng: random.Random, before: Report, after: Report) -> tuple[Report, Report]:
    """Both exams with the same items, probes and records drawn anew with replacement, items within their category."""
    scores = drawn(rng, before.scores, after.scores)
    recall = drawn(rng, before.recall, after.recall)
    records = sorted(before.losses.keys() & after.losses.keys())
    chosen = rng.choices(records, k=len(records)) if records else []
    losses = [{f"r{n}": x.losses[i] for n, i in enumerate(chosen)} for x in (before, after)]
    one, other = (
        replace(x, scores=scores[n], recall=recall[n], losses=losses[n]) for n, x in enumerate((before, after))
    )
    return one, other


def swapped(rng: random.Random, one: Report, other: Report) -> tuple[Report, Report]:
    """Two seeds of one night, their rows changed over by chance: item by item, the losses of all records together.

    Between two seeds it is chance which answer is whose. Drawing items anew would add their chance a second time, and
    so find harm in twice as many of the nights as there is.
    """
    by_id = {s.item_id: s for s in (*other.scores, *other.recall)}
    pairs = [[(s, by_id[s.item_id]) for s in rows if s.item_id in by_id] for rows in (one.scores, one.recall)]
    turned = [[pair[::-1] if rng.random() < 0.5 else pair for pair in rows] for rows in pairs]
    losses = rng.sample((one.losses, other.losses), 2)
    first, second = (
        replace(one, scores=tuple(p[n] for p in turned[0]), recall=tuple(p[n] for p in turned[1]), losses=losses[n])
        for n in (0, 1)
    )
    return first, second


def drawn(
    rng: random.Random, before: Sequence[Score], after: Sequence[Score]
) -> tuple[tuple[Score, ...], tuple[Score, ...]]:
    now = {s.item_id: s for s in after}
    groups: dict[str, list[tuple[Score, Score]]] = {}
    for score in before:
        if score.item_id in now:
            groups.setdefault(score.category, []).append((score, now[score.item_id]))
    picked = [pair for pairs in groups.values() for pair in rng.choices(pairs, k=len(pairs))]
    named = [(replace(a, item_id=str(n)), replace(b, item_id=str(n))) for n, (a, b) in enumerate(picked)]
    return tuple(a for a, _ in named), tuple(b for _, b in named)


def verdict_of(outcome: Outcome, before: Report, after: Report) -> Verdict:
    """The verdict on these exams with what the safeguards found on that night."""
    verdict = judge(before, after, SETTINGS, looks=LOOKS)
    if not outcome.safeguards:
        return verdict
    return Verdict(False, (*outcome.safeguards, *(() if verdict.promote else verdict.reasons)), verdict.figures)


# --- the bars ---------------------------------------------------------------------------------------------------


def false_alarms(real: Sequence[Outcome], tiny: Sequence[Outcome], nights: int) -> list[Line]:
    """A/A: the candidate is the live model, or the same lessons with another seed."""
    decisions = [simulated.night(seed, simulated.World()) for seed in range(nights)]
    rows = [(outcome, evidence.harmed) for outcome, _, evidence in decisions]
    lines = both("another seed", rows, f"{nights} nights simulated")
    for name, outcomes in (("embedded", real), ("tiny", tiny)):
        exams = [o.after for o in outcomes if is_one_of_the_seeds(o) and o.after is not None]
        rng = random.Random(0)
        rows = [judged(*swapped(rng, *rng.sample(exams, 2))) for _ in range(nights)] if len(exams) > 1 else []
        lines += both("another seed", rows, f"{nights} nights swapped from {len(exams)} seeds, {name}")
        rows = [judged(one, other) for one, other in itertools.permutations(exams, 2)]
        lines += both("another seed", rows, f"{len(rows)} real pairs of {len(exams)} seeds, {name}")
        rows = [judged(x, x) for x in exams]
        lines += both("candidate = live", rows, f"{len(exams)} real exams, {name}")
    return lines


def is_one_of_the_seeds(outcome: Outcome) -> bool:
    job = outcome.job
    return (job.kind, job.life, job.part, job.parts) == (GOOD, "ada", 0, 2)


def judged(before: Report, after: Report) -> tuple[str, Sequence[str]]:
    verdict = judge(before, after, SETTINGS, looks=LOOKS)
    return verdict.outcome or "hold", verdict.figures["harmed"]


def both(what: str, rows: Sequence[tuple[str, object]], source: str) -> list[Line]:
    harmed = [outcome == "hold" and bool(names) for outcome, names in rows]
    better = [outcome == "promote" for outcome, _ in rows]
    return [
        share_line(f"A/A {what}: held as harmful", harmed, source, most=FALSE_ALARMS),
        share_line(f"A/A {what}: promoted as better", better, source, most=FALSE_ALARMS),
    ]


def share_line(what: str, hits: Sequence[bool], source: str, *, most: float = 1.0, least: float = 0.0) -> Line:
    bar = f"<= {most:.0%}" if most < 1 else f">= {least:.0%}"
    if not hits:
        return Line(what, bar, "not measured", source, False)
    rate = sum(hits) / len(hits)
    return Line(what, bar, f"{rate:.1%} ({sum(hits)}/{len(hits)})", source, least <= rate <= most)


def caught(real: Sequence[Outcome], tiny: Sequence[Outcome], kinds: Sequence[str], again: int) -> list[Line]:
    """Of each planted kind: held and named by its cause, on the real night and on resampled ones."""
    lines: list[Line] = []
    for kind in (k for k in NAMED if k in kinds):
        verdicts: list[Verdict] = []
        alone: list[Verdict] = []
        sources: list[str] = []
        for name, outcomes in (("embedded", real), ("tiny", tiny)):
            mine = [o for o in outcomes if o.job.kind == kind]
            found = [v for o in mine for v in all_verdicts(o, again if name == "embedded" else 0)]
            seen = [o for o in mine if name == "embedded" and o.after is not None]
            alone += [v for o in seen for v in all_verdicts(replace(o, safeguards=()), again)]
            verdicts += found
            sources += [f"{name}: {len(mine)} real, {len(found) - len(mine)} resampled"] if mine else []
        lines += kind_lines(kind, verdicts, alone, "; ".join(sources) or "no night")
    return lines


def kind_lines(kind: str, verdicts: Sequence[Verdict], alone: Sequence[Verdict], source: str) -> list[Line]:
    held = [not v.promote for v in verdicts]
    named = [re.search(NAMED[kind], "; ".join(v.reasons)) is not None for v in verdicts]
    exam = f", exam alone {sum(not v.promote for v in alone)}/{len(alone)}" if alone else ""
    return [
        share_line(f"{kind}: caught", held, source + exam, least=CAUGHT),
        share_line(f"{kind}: named", named, source, least=CAUGHT),
    ]


def all_verdicts(outcome: Outcome, again: int) -> list[Verdict]:
    """Of the night as it was, and of its exams resampled; without an exam the night alone."""
    if outcome.before is None or outcome.after is None:
        return [outcome.verdict]
    rng = random.Random(0)
    exams = [(outcome.before, outcome.after)]
    exams += [resampled(rng, outcome.before, outcome.after) for _ in range(again)]
    return [verdict_of(outcome, before, after) for before, after in exams]


def promoted(real: Sequence[Outcome], kinds: Sequence[str], again: int) -> list[Line]:
    """Good nights as the cycle judged them, at up to three LoRA scales; simulated ones; and real ones resampled.

    The last has no bar: drawing the items anew adds their chance a second time, so a night that passed by little fails
    in every fourth draw. It shows how the others fail: inconclusive, or wrongly held.
    """
    if GOOD not in kinds:
        return []
    nights = [o for o in real if o.job.kind == GOOD]
    lives = f"{len(nights)} real nights of {len({o.job.life for o in nights})} lives, embedded"
    some = [simulated.night(seed, simulated.World(), learns=0.95) for seed in range(SIMULATED_GOOD)]
    lines = [
        share_line("good nights: promoted", [o.verdict.promote for o in nights], lives, least=PROMOTED),
        share_line(
            "good nights: promoted", [d[0] == "promote" for d in some], f"{len(some)} simulated", least=PROMOTED
        ),
    ]
    found = Counter(v.outcome or "hold" for o in nights for v in all_verdicts(o, again)[1:])
    figure = ", ".join(f"{n} {outcome}" for outcome, n in found.most_common())
    return (
        [*lines, Line("good nights, resampled", "-", figure, f"{lives}, {again} draws each", True)] if found else lines
    )


def cost(real: Sequence[Outcome]) -> list[Line]:
    """Processor seconds of the candidate's exam against those of the training, at the most facts of all nights."""
    nights = [o for o in real if o.job.kind == GOOD and o.job.parts == 1 and o.after is not None]
    bar = f"<= {COST:.0%}"
    if not nights:
        return [Line("exam's cost of training, 12 facts", bar, "not measured", "no night of 12 facts", False)]
    share = nights[0].examined / nights[0].trained
    figure = f"{share:.0%} ({nights[0].examined:.0f} of {nights[0].trained:.0f} processor seconds)"
    return [Line("exam's cost of training, 12 facts", bar, figure, "embedded, the candidate's exam", share <= COST)]


def speed() -> Line:
    """The batched exam against one prompt at a time: benchmarks/exam.py, one round."""
    from circadian.backend.model import open_model
    from circadian.exam.suites import load_suite

    items = exam_speed.mixed(load_suite(ROOT / "eval" / "prompts.jsonl"), exam_speed.ITEMS)
    model = open_model(EMBEDDED)
    try:
        exam_speed.timed(model, items[:2], 2)
        seconds = [exam_speed.timed(model, items, size)[0] for size in (1, exam_speed.BATCH_SIZE)]
    finally:
        model.close()
    ratio = seconds[0] / seconds[1]
    return Line(
        "exam against one prompt at a time",
        f">= {SPEED:g}x",
        f"{ratio:.1f}x",
        f"embedded, {len(items)} items",
        ratio >= SPEED,
    )


if __name__ == "__main__":
    sys.exit(run(main))
