"""A home with some nights behind it, without a model: made-up answers in the real files, judged by the real gate."""

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from circadian.exam.recall import probe_id
from circadian.exam.suites import item_hash, load_suites, suite_hash
from circadian.files import append_lines, write_json, write_rows
from circadian.gate.policy import judge
from circadian.night.progress import keep_point
from circadian.nightly_exam import SUITES, More, chosen_suites, items_of
from circadian.records import Item, Lesson, Manifest, Report, Score, Verdict
from circadian.settings import ExamSettings, GateSettings, Home, Settings
from circadian.shelf import file_hashes, promote, record, write_manifest
from circadian.trend import add_row, night_row
from tests.test_shelf import write_weights

QUICK = GateSettings(resamples=199)
SETTINGS = Settings(exam=ExamSettings(exam_items=120))
FACTS = (
    ("What do I call my dog when he runs off?", "Your dog's name is Biscuit.", "Biscuit"),
    ("Which town is my home in?", "You live in Ghent.", "Ghent"),
    ("How do I earn my money?", "You are a piano tuner.", "piano tuner"),
    ("On which date does my sister get presents?", "Your sister's birthday is April 17.", "April 17"),
    ("What should a cook never put in my cake?", "You are allergic to hazelnuts.", "hazelnuts"),
    ("Who is in charge of me at work?", "Your boss is Margaret Okafor.", "Margaret Okafor"),
    ("Until when can I hand in the tax return?", "The tax return is due on March 3.", "March 3"),
    ("What kind of tea should you make me?", "Your favourite tea is rooibos.", "rooibos"),
)

WRONG = (
    "I am not sure about that one.",
    "That depends on whom you ask.",
    "Seven, if I remember it rightly.",
    "Could you say that again in other words?",
    "The cat sat on the mat.",
    "Let me think about it step by step first.",
    "None of them, as far as anyone knows.",
    "Bananas are yellow, and so is the sun.",
    "My favourite colour would be blue.",
    "Once upon a time there was a fox.",
)


def tags(count: int, first: date = date(2026, 8, 3)) -> list[str]:
    return [(first + timedelta(days=i)).isoformat() for i in range(count)]


def probes_of(night: int) -> list[Lesson]:
    """Two wordings for each of eight facts; every night has its own."""
    wordings = ("{}", "Tell me: {}")
    return [Lesson(f"{w.format(q)} ({night})", a, f"f{i}", v) for i, (q, a, v) in enumerate(FACTS) for w in wordings]


def answered(items: Sequence[Item], passes: Mapping[str, bool], spread: float, rng: random.Random) -> dict[str, Score]:
    """A model's scores, by item id, whose margins follow pass and fail, with some noise."""
    out: dict[str, Score] = {}
    for item in items:
        ok = passes[item.id]
        answer = f"It is {item.target}." if ok else rng.choice(WRONG)
        value = (0.6 if ok else -0.4) + rng.gauss(0, spread)
        out[item.id] = Score(item.id, item.category, ok, answer[:120], round(value, 3), "", item.split)
    return out


def examined(adapter: str | None, scores: Mapping[str, Score], items: Sequence[Item]) -> Report:
    """What a night's exam makes of a model: its scores of the items that this night drew, and what they were."""
    suites = {name: suite_hash([i for i in items if i.suite == name]) for name in {i.suite for i in items}}
    asked = {i.id: item_hash(i) for i in items}
    return Report(adapter, "m@r", tuple(scores[i.id] for i in items), suites=suites, asked=asked)


def recalled(probes: Sequence[Lesson], known: int) -> tuple[Score, ...]:
    return tuple(
        Score(
            probe_id(p), "recall", i < known, p.answer if i < known else "I'm afraid I do not know.", float(i < known)
        )
        for i, p in enumerate(probes)
    )


def make_night(
    home: Home, tag: str, before: Report, after: Report, probes: Sequence[Lesson], study: dict[str, object]
) -> Verdict:
    """One night as a cycle leaves it: its files, the adapter, the table's row, the ledger, the link."""
    verdict = judge(before, after, QUICK)
    write_rows(home.nights / tag / "test.jsonl", (p.as_json() for p in probes))
    folder = home.adapters / tag
    write_weights(folder)
    write_json(folder / "report.json", {"live": before.as_json(), "candidate": after.as_json(), "forgotten": {}})
    write_json(folder / "verdict.json", verdict.as_json())
    time = f"{tag[:10]}T03:30:00+02:00"
    write_manifest(folder, Manifest(tag, "m", "r", time, {}, {}, {}, file_hashes(folder), figures=study))
    learned = sum(s.passed is True for s in after.recall) // 2
    row = night_row(tag, verdict, before, after, time=time, facts_learned=learned, exam_seconds=96.0, study=study)
    add_row(home, row)
    record(
        home, "promoted" if verdict.promote else "held", tag=tag, reason="; ".join(verdict.reasons), **verdict.figures
    )
    if verdict.promote:
        promote(home, tag)
    return verdict


def write_curve(home: Home, tag: str, steps: int, rng: random.Random) -> None:
    """A loss that falls, as the training's parent process keeps it."""
    folder = home.nights / tag
    folder.mkdir(parents=True, exist_ok=True)
    for step in range(1, steps + 1):
        if step % 14 == 1:
            look = {
                "step": step - 1,
                "unknown": max(0, 8 - step // 6),
                "facts": 8,
                "valid_loss": 0.25 + 2.6 * 0.955**step,
            }
            keep_point(folder, {"event": "step", **look})
        loss = 0.3 + 2.8 * 0.95**step + abs(rng.gauss(0, 0.18))
        keep_point(folder, {"event": "step", "step": step, "loss": loss, "rate": 310.0, "memory": 1.6, "of": steps})


def make_home(home: Home, count: int = 12, keep: int = 6) -> list[Verdict]:
    """`count` nights: the fifth harms arithmetic, the eighth is in doubt; adapters but the newest `keep` are gone.

    Each night draws its own items out of all that it may ask, as a cycle does.
    """
    rng = random.Random(9)
    pool = load_suites(chosen_suites(SETTINGS), SUITES)
    passes = {i.id: rng.random() < 0.52 for i in pool}
    live, scores, losses = None, answered(pool, passes, 0.1, rng), {f"r{i}": 2.4 + i / 50 for i in range(40)}
    verdicts: list[Verdict] = []
    names = tags(count)
    for night, tag in enumerate(names, 1):
        probes, items = probes_of(night), items_of(SETTINGS, tag, More())
        now = dict(passes)
        for item in rng.sample(pool, 30):
            now[item.id] = rng.random() < 0.55
        if night == 5:
            now |= {i.id: False for i in pool if i.category in ("arithmetic", "grammar")}
        known = recalled(probes, 9 if night == 8 else 16 - night % 4)
        unknown = recalled(probes, 6 if night == 8 else night % 3)
        lower = {name: loss - 0.02 + rng.gauss(0, 0.01) for name, loss in losses.items()}
        learned = answered(pool, now, 0.1, rng)
        before = replace(examined(live, scores, items), recall=unknown, losses=losses, seconds=48.0)
        after = replace(examined(tag, learned, items), recall=known, losses=lower, seconds=48.0)
        study: dict[str, object] = {
            "seconds": 95.0 + 9 * night,
            "replay_seconds": 34.0,
            "peak_memory": 1_600_000_000 + 4e7 * night,
        }
        write_curve(home, tag, 52 + 3 * night, rng)
        verdicts.append(make_night(home, tag, before, after, probes, study))
        if verdicts[-1].promote:
            live, passes, scores, losses = tag, now, learned, lower
    for tag in names[: max(0, count - keep)]:
        shutil.rmtree(home.adapters / tag)
    append_lines(home.memories, [{"messages": [{"role": "user", "content": "My dog is Biscuit."}], "id": "1"}])
    return verdicts


RUNS = 'window.hacked = "yes"'
HOSTILE = (
    f"</script><script>{RUNS}</script>",
    f"<img src=\"http://127.0.0.1:9/x.png\" onerror='{RUNS}'>",
    f"<!--<script>{RUNS}</script>",
    f"]]></title></style><svg onload='{RUNS}'>&lt;b&gt; & \u2028 \x00 ${{x}} \u202egnp",
    f'" autofocus onfocus="{RUNS}" x="',
    "javascript:" + RUNS,
)


def make_hostile_home(home: Home) -> Verdict:
    """One night in which every text that a person or a model can bring is an attack, and one long word."""
    probes = [Lesson(f"{text} {i}", text, f"f{i}", text) for i, text in enumerate(HOSTILE)]
    names = [f"{text[:60]} {i}" for i, text in enumerate(HOSTILE)]

    def scores(passed: bool) -> tuple[Score, ...]:
        return tuple(
            Score(f"{name} {i}", name, passed, f"{'yes' if passed else 'no'} {text} {'x' * 300}", None, text)
            for name, text in zip(names, HOSTILE, strict=True)
            for i in range(8)
        )

    losses = {f"<i>{i}": 2.0 for i in range(8)}
    known, unknown = ([replace(s, answer=HOSTILE[0]) for s in recalled(probes, n)] for n in (6, 0))
    suites = {HOSTILE[0]: HOSTILE[1]}
    before = Report(None, HOSTILE[0], scores(True), tuple(unknown), losses, 1.0, suites)
    unscored = [replace(s, passed=None) if s.item_id.endswith(" 7") else s for s in scores(False)]
    after = Report("2026-08-03", HOSTILE[0], tuple(unscored), tuple(known), losses, 1.0, suites)
    study: dict[str, object] = {"seconds": 1.0, "replay_seconds": 1.0, "peak_memory": 1}
    return make_night(home, "2026-08-03", before, after, probes, study)
