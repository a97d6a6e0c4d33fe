#!/usr/bin/env python3
"""Can the gate be trusted? False alarms, planted bad nights, good nights, and what the exam costs.

    python -m benchmarks.gate [--quick] [--embedded] [--nights 200] [--kinds KIND ...] [--keep DIR] [--json]

Where each figure comes from stands beside it. "simulated": no model (benchmarks/simulated.py). "embedded": exams of
real nights of the embedded model, recorded in results/gate-nights.json.gz and judged anew by the gate and safeguards of
today; `--embedded` has those nights again (`--keep` goes on where it ended) and records each as it ends. "resampled":
their items drawn anew with replacement. "tiny": nights of a tiny random checkpoint through the real cycle, for what
needs no model that can learn. "STALE": recorded with other settings than the program has now; no bar is met by these.
Exit code 1 when a bar is missed.
"""

import argparse
import contextlib
import itertools
import json
import math
import random
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import exam as exam_speed  # noqa: E402
from benchmarks import simulated  # noqa: E402
from benchmarks.night import machine  # noqa: E402
from benchmarks.planted import GOOD, NAMED, Job, Outcome, found_again, run_jobs, settings_for  # noqa: E402
from benchmarks.recipe import short_commit  # noqa: E402
from benchmarks.recorded import read_recorded, record  # noqa: E402
from circadian.console import table  # noqa: E402
from circadian.errors import FAILED, OK, run  # noqa: E402
from circadian.gate.policy import judge  # noqa: E402
from circadian.records import Report, Score, Verdict  # noqa: E402
from circadian.settings import EMBEDDED, GateSettings, Home  # noqa: E402

FALSE_ALARMS, CAUGHT, PROMOTED, COST, SPEED = 0.05, 0.95, 0.90, 1 / 3, exam_speed.BAR
SETTINGS = GateSettings(resamples=1999)
LOOKS = simulated.LOOKS
SIMULATED_GOOD = 60
AGAIN = 50  # resamples of every recorded night; --quick has fewer
QUICK_AGAIN, QUICK_NIGHTS = 10, 200
ROOM = 5  # probes still to be won, with fewer no candidate can be promoted, so none wrongly
SUMS = 15  # of an exam of 180 items
DECIDED = (("lessons:", "the lessons on disk"), ("training", "how the training went"), ("left out:", "the day's turns"))

SHORT = 10  # steps: a night that ends with some of its probes known
JOBS = (  # the most telling first
    Job(GOOD, parts=1),  # 12 facts: what the exam's cost is measured against
    Job(GOOD),
    Job("arithmetic destroyed"),
    Job(GOOD, "bela", 0, 3),
    *(Job(kind) for kind in ("truncated weights", "NaN weights", "other base")),
    Job(GOOD, seed=1),
    Job("one phrase", share=3),
    Job(GOOD, "unseen", 0, 4),
    Job("raw log", share=3),
    *(Job(GOOD, "unseen", 1, 4, seed=seed, iters=SHORT) for seed in (0, 1)),
    Job("refusal", share=3),
    Job("shuffled answers", share=3),
    Job("30 % garbage", share=3),
    Job("learning rate x20", share=3),
    Job("poisoned weights", share=3),
    Job(GOOD, "rare", 0, 3),
)
TINY = (GOOD, "NaN weights", "other base", "truncated weights", "poisoned day", "shuffled answers", "30 % garbage")


@dataclass(frozen=True)
class Line:
    """One figure against its bar. `met` False also where nothing was measured.

    `recorded`: only new nights can change it, and no change of the gate. `stale`: drawn from nights of other settings.
    """

    what: str
    bar: str
    figure: str
    source: str
    met: bool
    recorded: bool = False
    stale: bool = False


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer resamples, and no bar on what only new nights can change: for CI")
    add("--embedded", action="store_true", help="have the embedded model's nights again and record each")
    add("--nights", type=int, default=QUICK_NIGHTS, help="simulated nights of each kind (default: %(default)s)")
    named = ", ".join(NAMED).replace("%", "%%")
    add("--kinds", nargs="+", choices=[GOOD, *NAMED], metavar="KIND", help=f"only these of: {named}")
    add("--keep", type=Path, metavar="DIR", help="folder for the nights; those that it holds are not had again")
    add("--json", action="store_true")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    kinds = args.kinds or [GOOD, *NAMED]
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        tiny = tiny_nights(Path(folder), kinds)
        with contextlib.redirect_stdout(sys.stderr):  # mlx-lm's trainer shows its steps there
            real = (
                embedded_nights(args.keep or Path(folder) / EMBEDDED, kinds) if args.embedded else read_recorded(kinds)
            )
    again = QUICK_AGAIN if args.quick else AGAIN
    lines = [*false_alarms(real, args.nights), *caught(real, tiny, kinds, again), *promoted(real, kinds, again)]
    lines = [settled(line, args.quick) for line in (*lines, *cost(real))] + ([] if args.quick else [speed()])
    missed = [line for line in lines if not line.met]
    if args.json:
        print(json.dumps({"machine": machine(), "lines": [vars(line) for line in lines]}))
    else:
        print("\n".join((machine(), *described(real))))
        print(table([[x.what, x.bar, x.figure, x.source] for x in lines], ("", "bar", "figure", "from")))
        print("\n".join(f"MISSED {x.what}: {x.figure}, bar {x.bar}, {x.source}" for x in missed) or "all bars met")
        if args.quick and any(x.stale or x.recorded for x in lines):
            stale, left = sum(x.stale for x in lines), sum(x.recorded and not x.stale for x in lines)
            print(f"not judged here: {stale} lines of stale nights, {left} that are for the full run")
    return FAILED if missed else OK


def settled(line: Line, quick: bool) -> Line:
    """--quick shows what only new nights can change, and leaves the bar to the full run, which no stale line meets."""
    if not quick:
        return replace(line, met=line.met and not line.stale)
    if line.stale:
        return replace(line, met=True, bar="-")
    return replace(line, met=True, bar=f"{line.bar} (full run)") if line.recorded else line


def described(real: Sequence[Outcome]) -> Iterator[str]:
    """Which programs the recorded nights are of, and what the present one has otherwise."""
    for commit, count in Counter(short_commit(o.made) for o in real).items():
        differs = sorted({n for o in real if short_commit(o.made) == commit for n in o.differs})
        shown = ", ".join(differs) if real and any(o.made for o in real) else "all settings, for none were noted"
        yield f"{count} embedded nights of {commit}" + (f"; other today: {shown}" if differs else "")


def of_nights(line: Line, nights: Sequence[Outcome], kept: bool = False) -> Line:
    """The line, marked where its nights are stale.

    The gate's own settings make none so, for its verdicts are drawn anew; `kept`: unless the line is about which of the
    looks at a candidate was kept.
    """
    old = {short_commit(o.made) for o in nights if any(kept or not n.startswith("gate.") for n in o.differs)}
    if not old:
        return line
    return replace(line, stale=True, source=f"STALE: of {' and '.join(sorted(old))}; {line.source}")


# --- nights -----------------------------------------------------------------------------------------------------


def tiny_nights(root: Path, kinds: Sequence[str]) -> list[Outcome]:
    """Nights of a tiny random checkpoint: it learns nothing, so only what an exam is not needed for is planted."""
    from tests.tiny import write_tiny_model

    model = write_tiny_model(root / "tiny-model")
    settings = settings_for(str(model), Home(root), iters=4, batch_size=4, rank=4)
    jobs = [Job(GOOD, share=12)] + [Job(kind, share=12) for kind in TINY if kind in kinds and kind != GOOD]
    return run_jobs(jobs, root / "tiny", settings)


def embedded_nights(root: Path, kinds: Sequence[str]) -> list[Outcome]:
    """The nights of the embedded model, recorded after each when all kinds were asked for."""
    jobs = [job for job in JOBS if job.kind in kinds or job == Job(GOOD)]  # that one is what gets spoiled
    save = record if len(jobs) == len(JOBS) else lambda _: None
    return [o for o in run_jobs(jobs, root, settings_for(EMBEDDED, Home(root)), save) if o.job.kind in kinds]


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


def all_verdicts(outcome: Outcome, again: int, *, alone: bool = False) -> list[Verdict]:
    """Today's: of the night as it was, and of its exams resampled; without an exam that of the night.

    `alone`: as if nothing but the exam had been looked at.
    """
    if outcome.before is None or outcome.after is None:
        return [outcome.verdict]
    rng, found = random.Random(0), () if alone else found_again(outcome)
    exams = [(outcome.before, outcome.after)]
    exams += [resampled(rng, outcome.before, outcome.after) for _ in range(again)]
    return [verdict_of(found, before, after) for before, after in exams]


def verdict_of(found: Sequence[str], before: Report, after: Report) -> Verdict:
    """The verdict on these exams with what the safeguards found on that night."""
    verdict = judge(before, after, SETTINGS, looks=LOOKS)
    if not found:
        return verdict
    return Verdict(False, (*found, *(() if verdict.promote else verdict.reasons)), verdict.figures)


# --- the bars ---------------------------------------------------------------------------------------------------


def false_alarms(real: Sequence[Outcome], nights: int) -> list[Line]:
    """A/A: the candidate is the same lessons with another seed.

    Only what can fail is counted: of real pairs those count as possibly promoted in which the live model has probes to
    win. Simulated nights are as noisy as the real seeds were, or more.
    """
    pairs = seed_pairs(real)
    flips, shift = noise(pairs)
    world = as_noisy(real)
    decisions = [simulated.night(seed, world) for seed in range(nights)]
    source = (
        f"{nights} nights simulated; {world.flips:.0%} of the items flip, losses move by {world.loss_shift:.2f} nats "
        "(set from three seeds of one life, ada, 5 facts, or by the recorded pairs where those differ more)"
    )
    lines = [
        harm_line([(d[0], d[2].harmed) for d in decisions], source),
        gain_line([d[0] for d in decisions], source),
    ]
    judged = [(one, *judge_pair(one, other)) for one, other in pairs]
    with_room = [row for row in judged if unknown(row[0]) >= ROOM]
    source = f"{len(pairs)} ordered pairs of real seeds, lessons of {len({lessons_of(a) for a, _ in pairs})} kinds"
    some = ", ".join(sorted({recall_of(o) for o, _, _ in with_room})) or "none"
    room = f"{len(with_room)} real pairs in which {ROOM} probes and more are left to win; recall of the live: {some}"
    lines += [
        replace(harm_line([row[1:] for row in judged], source), recorded=not judged),
        replace(gain_line([row[1] for row in with_room], room), recorded=not with_room),
    ]
    if pairs:
        figure = f"{flips:.1%} of the items flip, losses move by {shift:.2f} nats"
        lines.append(Line("A/A noise of real seeds", "-", figure, source, True))
    return [*lines[:2], *(of_nights(line, [o for pair in pairs for o in pair]) for line in lines[2:])]


def as_noisy(real: Sequence[Outcome]) -> simulated.World:
    """Simulated nights as noisy as was assumed, or as the recorded seeds are where that is more."""
    flips, shift = noise(seed_pairs(real))
    return simulated.World(flips=max(simulated.FLIPS, flips), loss_shift=max(simulated.LOSS_SHIFT, shift))


def lessons_of(outcome: Outcome) -> tuple[str, int, int, int | None]:
    job = outcome.job
    return job.life, job.part, job.parts, job.iters


def seed_pairs(real: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """Real nights on the same lessons with another seed, each as the live model of the other."""
    good = [o for o in real if o.job.kind == GOOD and o.after is not None]
    return [(a, b) for a, b in itertools.permutations(good, 2) if lessons_of(a) == lessons_of(b)]


def noise(pairs: Sequence[tuple[Outcome, Outcome]]) -> tuple[float, float]:
    """Between two seeds: the share of items that flip, and by how much the median loss moves (root mean square)."""
    flips: list[float] = []
    shifts: list[float] = []
    for one, other in ((a.after, b.after) for a, b in pairs):
        assert one is not None and other is not None
        then = {s.item_id: s.passed for s in one.scores}
        changed = [then[s.item_id] != s.passed for s in other.scores if s.item_id in then]
        flips.append(sum(changed) / max(1, len(changed)))
        shifts.append(statistics.median(other.losses[i] - x for i, x in one.losses.items() if i in other.losses))
    return (statistics.fmean(flips), math.sqrt(statistics.fmean(x * x for x in shifts))) if pairs else (0.0, 0.0)


def judge_pair(one: Outcome, other: Outcome) -> tuple[str, Sequence[str]]:
    assert one.after is not None and other.after is not None
    verdict = judge(one.after, other.after, SETTINGS, looks=LOOKS)
    return verdict.outcome or "hold", verdict.figures["harmed"]


def unknown(outcome: Outcome) -> int:
    return sum(s.passed is False for s in outcome.after.recall) if outcome.after else 0


def recall_of(outcome: Outcome) -> str:
    count = len(outcome.after.recall) if outcome.after else 0
    return f"{count - unknown(outcome)}/{count}"


def harm_line(rows: Sequence[tuple[str, Collection[str]]], source: str) -> Line:
    harmed = [outcome == "hold" and bool(names) for outcome, names in rows]
    return share_line("A/A another seed: held as harmful", harmed, source, most=FALSE_ALARMS)


def gain_line(outcomes: Sequence[str], source: str) -> Line:
    better = [outcome == "promote" for outcome in outcomes]
    return share_line("A/A another seed: promoted as better", better, source, most=FALSE_ALARMS)


def share_line(what: str, hits: Sequence[bool], source: str, *, most: float = 1.0, least: float = 0.0) -> Line:
    bar = f"<= {most:.0%}" if most < 1 else f">= {least:.0%}"
    if not hits:
        return Line(what, bar, "not measured", source, False)
    rate = sum(hits) / len(hits)
    return Line(what, bar, f"{rate:.1%} ({sum(hits)}/{len(hits)})", source, least <= rate <= most)


def caught(real: Sequence[Outcome], tiny: Sequence[Outcome], kinds: Sequence[str], again: int) -> list[Line]:
    """Of each planted kind: held, and named by its cause."""
    lines: list[Line] = []
    for kind in (k for k in NAMED if k in kinds):
        mine, small = ([o for o in outcomes if o.job.kind == kind] for outcomes in (real, tiny))
        is_stale = any(o.differs for o in mine)  # then what was had today keeps a line of its own
        for real_part, tiny_part in ((mine, ()), ((), small)) if is_stale and small else ((mine, small),):
            lines += kind_lines(kind, real_part, tiny_part, again)
        if kind == "arithmetic destroyed":
            lines += with_fewer_sums(mine, again)
    return lines


def kind_lines(kind: str, real: Sequence[Outcome], tiny: Sequence[Outcome], again: int) -> list[Line]:
    """Where a safeguard decides, each night counts once: it says the same whatever the items. Else resamples too."""
    nights = [*real, *tiny]
    who = sorted({by for o in nights if (by := decided_by(o))})
    verdicts = [v for o in real for v in all_verdicts(o, 0 if decided_by(o) else again)]
    verdicts += [v for o in tiny for v in all_verdicts(o, 0)]
    more = len(verdicts) - len(nights)
    alone = [v for o in real if o.after and decided_by(o) for v in all_verdicts(o, again, alone=True)]
    exam = f"; exam alone: {sum(not v.promote for v in alone)} of {len(alone)} resampled" if alone else ""
    held = [not v.promote for v in verdicts]
    named = [re.search(NAMED[kind], "; ".join(v.reasons)) is not None for v in verdicts]
    lines: list[Line] = []
    for what, hits, beside in (("caught", held, exam), ("named", named, "")):
        line = share_line(f"{kind}: {what}", hits, sources(real, tiny, more), least=CAUGHT)
        if who and not more:
            nights_are = "night" if len(hits) == 1 else "nights"
            line = replace(line, figure=f"{sum(hits)} of {len(hits)} {nights_are}, by {' and '.join(who)}{beside}")
        lines.append(of_nights(replace(line, recorded=not hits), real))
    return lines


def decided_by(outcome: Outcome) -> str:
    """What held the night whatever its exam says, or "" where the exam decides."""
    found = found_again(outcome) if outcome.after else outcome.verdict.reasons
    words = (who for start, who in DECIDED if found and found[0].startswith(start))
    return next(words, "its files") if found else ""


def sources(real: Sequence[Outcome], tiny: Sequence[Outcome], more: int) -> str:
    """Where nights are from, and in what they were less than whole ones."""
    parts: list[str] = []
    if real:
        less = [f"one item of {o.job.share}" for o in real[:1] if o.job.share > 1 and o.after]
        less += [f"{o.job.iters} steps" for o in real[:1] if o.job.iters]
        less += ["as recorded" for o in real[:1] if not o.after or not o.studied]
        less += [f"{more} resampled"] if more else []
        parts.append(f"embedded: {len(real)} real{''.join(f', {x}' for x in less)}")
    return "; ".join(parts + ([f"tiny: {len(tiny)} real"] if tiny else [])) or "no night"


def with_fewer_sums(nights: Sequence[Outcome], again: int) -> list[Line]:
    """With as many sums as a first exam asks, drawn from all: too few to be named, enough to be suspected."""
    rng = random.Random(0)
    verdicts: list[Verdict] = []
    for before, after in ((o.before, o.after) for o in nights for _ in range(again)):
        if before is not None and after is not None:
            sums = [s.item_id for s in before.scores if s.category == "arithmetic"]
            left_out = set(rng.sample(sums, max(0, len(sums) - SUMS)))
            rows = (tuple(s for s in x.scores if s.item_id not in left_out) for x in (before, after))
            verdicts.append(verdict_of((), *(replace(x, scores=r) for x, r in zip((before, after), rows, strict=True))))
    if not verdicts:
        return []
    reasons = ["; ".join(v.reasons) for v in verdicts]
    named = sum(re.search(NAMED["arithmetic destroyed"], r) is not None for r in reasons)
    suspected = sum("arithmetic may be harmed" in r for r in reasons)
    figure = f"{sum(not v.promote for v in verdicts)} held, {named} named, {suspected} suspected, of {len(verdicts)}"
    what = f"arithmetic destroyed, {SUMS} sums"
    return [
        of_nights(Line(what, "-", figure, f"embedded, {SUMS} drawn of all its sums, as a night asks", True), nights)
    ]


def promoted(real: Sequence[Outcome], kinds: Sequence[str], again: int) -> list[Line]:
    """Good nights as the gate judges today the look that the cycle kept; simulated ones; and real ones resampled.

    The last has no bar: drawing the items anew adds their chance a second time, so a night that passed by little fails
    in every fourth draw. It shows how the others fail: inconclusive, or wrongly held.
    """
    if GOOD not in kinds:
        return []
    what, nights = "good nights: promoted", [o for o in real if o.job.kind == GOOD and not o.job.iters]
    lives = f"{len(nights)} real nights of {len({o.job.life for o in nights})} lives, embedded"
    world = as_noisy(real)
    some = [simulated.night(seed, world, learns=0.95) for seed in range(SIMULATED_GOOD)]
    line = share_line(what, [all_verdicts(o, 0)[0].promote for o in nights], lives, least=PROMOTED)
    lines = [
        of_nights(replace(line, recorded=True), nights, kept=True),
        share_line(
            what, [d[0] == "promote" for d in some], f"{len(some)} simulated, {world.flips:.0%} flip", least=PROMOTED
        ),
    ]
    found = Counter(v.outcome or "hold" for o in nights for v in all_verdicts(o, again)[1:])
    if found:
        figure = ", ".join(f"{n} {outcome}" for outcome, n in found.most_common())
        line = Line("good nights, resampled", "-", figure, f"{lives}, {again} draws each", True)
        lines.append(of_nights(line, nights, kept=True))
    return lines


def cost(real: Sequence[Outcome]) -> list[Line]:
    """Processor seconds of exams against those of the training, at 12 facts, the first night of a fresh home.

    Cold: the live model is examined as well, and the base model's answers are made that the study holds. Warm, as on
    every later night: the candidate's exam against the training alone.
    """
    what = "exam's cost of training, 12 facts"
    nights = [o for o in real if o.job.kind == GOOD and o.job.parts == 1 and o.after is not None]
    if not nights or "replay_seconds" not in nights[0].result:
        return [Line(f"{what}, warm", f"<= {COST:.0%}", "not measured", "no night of 12 facts", False, True)]
    night = nights[0]
    seconds = night.result["replay_seconds"], night.result["seconds"]
    trained = night.trained
    alone = trained * seconds[1] / sum(seconds)
    lines: list[Line] = []
    for name, spent, of, other in (
        ("warm", night.examined, alone, trained),
        ("cold", night.rival + night.examined, trained, alone),
    ):
        with_replay, less = ("with", "without") if name == "cold" else ("without", "with")
        figure = (
            f"{spent / of:.0%} ({spent:.0f} of {of:.0f} s {with_replay} replay teaching; {less} {spent / other:.0%})"
        )
        bar, met = (f"<= {COST:.0%}", spent / of <= COST) if name == "warm" else ("-", True)
        asked = "both exams" if name == "cold" else "the candidate's exam"
        lines.append(Line(f"{what}, {name}", bar, figure, f"embedded, processor seconds, {asked}", met, bar != "-"))
    return [of_nights(line, nights[:1]) for line in lines]


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
