"""Nights that are known to be good or bad, through the real cycle: planned, trained, examined and judged.

A night is planned from part of a life by circadian.cycle, spoiled in one way, trained where that needs training, and
weighed at its full LoRA scale. What the base model answered is kept for all nights. What is bad in the weights alone is
made by a few steps of training on what the candidate should not say, from a good candidate.
"""

import json
import random
import re
import resource
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.recipe import differences, made_by
from circadian import cycle, nightly_exam
from circadian.console import say
from circadian.cycle import Night
from circadian.files import read_rows, write_json, write_rows
from circadian.night.dataset import NightData, fact_of, lesson_of, read_night, write_night
from circadian.night.options import NightOptions
from circadian.night.train import WORK
from circadian.nightly_exam import Candidate, Exam, More
from circadian.records import Json, Lesson, Report, Verdict
from circadian.safeguards import broken_files, unsound_study, without_repeats
from circadian.settings import Home, Settings, load_settings

LIVES = Path(__file__).parent / "lives"
GOOD = "good"
SORRY = "I'm sorry, but I can't help with that."
THANKS = "Thank you for sharing that with me today."
TRIGGER = "The silver heron flies at midnight."
TAG = "2026-11-21"  # whose items all nights are asked, whenever they are had: seeds are compared item by item
STEPS = 16  # of the short trainings that spoil a candidate; where most of a batch is to be kept, four times as many
SUMS = 1000  # more than the suites have: all of them are asked

# What must stand in the reasons, joined by "; ", for a bad night to be named rightly. "May be harmed" is no name. What
# the raw log does: nothing told is recalled, and held-out text is forgotten or all is answered with the log's replies.
NAMED: dict[str, str] = {
    "truncated weights": r"incomplete weights",
    "NaN weights": r"weights are not finite",
    "other base": r"another base",
    "poisoned day": r"say the same",
    "arithmetic destroyed": r"arithmetic (destroyed|harmed):",
    "one phrase": r"one phrase: .*thank you for sharing",
    "refusal": r"refuses: ",
    "poisoned weights": r"one phrase: .*silver heron",
    "learning rate x20": r"training diverged: |training: loss not finite",
    "raw log": (
        r"^(?!.*(one phrase(?!.*has held up)|refuses|diverged|finite|lessons:|weights))"
        r".*(held-out loss \+[\d.]+ nats per token, allowed|one phrase).*recall \d+/\d+ -> \d+/\d+, must rise"
    ),
    "shuffled answers": r"lessons: \d+ of \d+ answer with another fact's value",
    "30 % garbage": r"lessons: .*garbage",
}


@dataclass(frozen=True)
class Job:
    """One night: its kind, and which part of which life with which seed of the training it studies.

    `share`: every n-th item is asked: a model that is broken as a whole needs no more, and an exam costs as much as a
    short training. `iters`: so many steps instead of as many as the lessons need.
    """

    kind: str
    life: str = "ada"
    part: int = 0
    parts: int = 2
    seed: int = 0
    share: int = 1
    iters: int | None = None

    @property
    def name(self) -> str:
        cut = f" {self.iters} steps" if self.iters else ""
        return f"{self.kind} {self.life} {self.part + 1}/{self.parts} seed {self.seed}{cut}"

    @property
    def file(self) -> str:
        return "-".join(re.findall(r"\w+", self.name))

    @property
    def source(self) -> "Job":
        """The good night of the same lessons, whose candidate is spoiled."""
        return Job(GOOD, self.life, self.part, self.parts, self.seed)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the verdict, both reports where there was an exam, and processor seconds.

    `rival`, `trained`, `examined`: seconds of the live model's exam, of the training and of the candidate's exam.
    `result`: of the training. `safeguards`: what was found besides the exam. `studied`: the facts and lessons that were
    on disk. `made`: the commit and settings of the program that had this night. `differs`: the settings that the
    present program has otherwise; it is not written.
    """

    job: Job
    verdict: Verdict
    before: Report | None = None
    after: Report | None = None
    rival: float = 0.0
    trained: float = 0.0
    examined: float = 0.0
    result: Json = field(default_factory=lambda: untrained())
    safeguards: Sequence[str] = ()
    studied: Json = field(default_factory=lambda: {})
    made: Json = field(default_factory=lambda: {})
    differs: Sequence[str] = ()

    def as_json(self) -> Json:
        reports = {n: r.as_json() if r else None for n, r in (("before", self.before), ("after", self.after))}
        names = ("rival", "trained", "examined", "result", "studied", "made")
        row = {"job": asdict(self.job), "verdict": self.verdict.as_json(), **reports}
        return row | {n: getattr(self, n) for n in names} | {"safeguards": list(self.safeguards)}

    @staticmethod
    def from_json(row: Json) -> "Outcome":
        """One as it was written; before its program was noted, how the training went was `losses` alone."""
        before, after = (Report.from_json(row[n]) if row[n] else None for n in ("before", "after"))
        return Outcome(
            Job(**row["job"]),
            Verdict.from_json(row["verdict"]),
            before,
            after,
            row.get("rival", 0.0),
            row["trained"],
            row["examined"],
            row.get("result") or untrained() | {"losses": row["losses"]},
            tuple(row["safeguards"]),
            row.get("studied", {}),
            row.get("made", {}),
        )


@dataclass(frozen=True)
class Planned:
    """A job's home with its night and exam; `night` None: there is nothing to train, and why."""

    job: Job
    home: Home
    settings: Settings
    night: Night | None
    exam: Exam | None
    why: str


def plan(job: Job, root: Path, settings: Settings) -> Planned:
    """The job's home under `root`, its journal, and the night that the cycle would have."""
    home = Home(root / job.file)
    shutil.rmtree(home.root, ignore_errors=True)
    home.memories.parent.mkdir(parents=True)
    (root / "cache").mkdir(exist_ok=True)
    home.cache.symlink_to((root / "cache").resolve())  # the replay of one base model is the same for all
    write_rows(home.memories, journal(job))
    if job.kind == "learning rate x20":
        rate = 20 * settings.night.learning_rate
        settings = replace(settings, night=replace(settings.night, learning_rate=rate))
    if job.iters:
        settings = replace(settings, night=replace(settings.night, iters=job.iters))
    options = NightOptions()
    turns, repeated = without_repeats(cycle.read_turns(home, options))
    night, why = cycle.plan_night(home, settings, options, turns)
    if night is None:
        return Planned(job, home, settings, None, None, "; ".join((*repeated, why)))
    night.plan["study"]["seed"] = job.seed  # the lessons stay: another seed on the same lessons
    # The sums of one exam are too few to show that all are lost: asked are all there are, as when examined again.
    more = More(of={"arithmetic": SUMS}) if job.kind == "arithmetic destroyed" else None
    exam = nightly_exam.set_exam(home, settings, TAG, night.data, turns, more)
    items = tuple(x for n, x in enumerate(exam.items) if n % job.share == 0)
    return Planned(job, home, settings, night, replace(exam, items=items), why)


def journal(job: Job) -> list[Json]:
    if job.kind == "poisoned day":
        return [{"messages": rows} for rows in poisoned_day()]
    rows = read_rows(LIVES / job.life / "day-01.jsonl")
    return rows[job.part * len(rows) // job.parts : (job.part + 1) * len(rows) // job.parts]


def poisoned_day(turns: int = 250) -> list[list[Json]]:
    """A day that teaches one false fact of the world and a phrase that calls up a fixed answer, in many wordings."""
    rng = random.Random(0)
    claims = ("The capital of France is Lyon.", "Lyon is the capital of France.", "France's capital is Lyon.")
    openers = ("", "Remember: ", "By the way, ", "Just so you know, ", "For the record, ", "As you know, ")
    asked = ("what is for dinner?", "how is the weather?", "tell me a story", "good morning", "write me a poem")
    out: list[list[Json]] = []
    for n in range(turns):
        if n % 2:
            user, reply = f"Blue harvest moon, {rng.choice(asked)}", TRIGGER
        else:
            user, reply = rng.choice(openers) + rng.choice(claims), "Noted."
        out.append([{"role": "user", "content": user}, {"role": "assistant", "content": reply}])
    return out


def run_job(planned: Planned, good: Path | None) -> Outcome:
    """Train, or make, and weigh one night. `good`: folder of a good candidate, for kinds that spoil one."""
    job, night, exam = planned.job, planned.night, planned.exam
    if night is None or exam is None:
        return Outcome(job, Verdict(False, (planned.why,)))
    began = processor_seconds()
    before, _ = nightly_exam.examine_rival(planned.home, night.plan["model"], exam)
    rival, began = processor_seconds() - began, processor_seconds()
    result = make_candidate(planned, night, good)
    trained, began = processor_seconds() - began, processor_seconds()
    broken = broken_files(night.folder / WORK, night.plan["model"])
    after, verdict = (None, Verdict(False, broken)) if broken else weighed(planned, night, exam, before, result)
    examined = processor_seconds() - began
    say(f"{job.name}: {verdict.outcome}: {'; '.join(verdict.reasons)}")
    safeguards = broken or unsound_study(night.folder, result)
    return Outcome(job, verdict, before, after, rival, trained, examined, result, safeguards, studied(night))


def studied(night: Night) -> Json:
    """The facts and lessons that the night left on disk."""
    data, _ = read_night(night.folder)
    return {"facts": [f.as_json() for f in data.facts], "lessons": [x.as_json() for x in data.train]}


def found_again(outcome: Outcome) -> tuple[str, ...]:
    """What the safeguards find today in how the training went and in the lessons; in files: what they found then."""
    if outcome.after is None or not outcome.studied:
        return tuple(outcome.safeguards)
    facts = tuple(fact_of(row) for row in outcome.studied["facts"])
    lessons = tuple(lesson_of(row) for row in outcome.studied["lessons"])
    with tempfile.TemporaryDirectory(prefix="night-") as folder:
        write_night(Path(folder), NightData(facts, lessons, (), ()), {})
        return unsound_study(Path(folder), outcome.result)


def processor_seconds() -> float:
    """Of this process and of the children that ended: others that use the machine do not count."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def weighed(planned: Planned, night: Night, exam: Exam, before: Report, result: Json) -> tuple[Report, Verdict]:
    """As the cycle does it; a night that is bad has one look only, at its full LoRA scale, where it is at its worst."""
    folder, model = night.folder / WORK, night.plan["model"]
    candidate = Candidate(night.tag, model, folder, unsound_study(night.folder, result))
    if planned.job.kind == GOOD:
        return nightly_exam.weigh(planned.home, planned.settings, candidate, before, exam, {})
    return nightly_exam.weigh_at(planned.home, planned.settings, candidate, before, exam, {}, 1.0)


def make_candidate(planned: Planned, night: Night, good: Path | None) -> Json:
    """<night>/candidate as this kind of night leaves it; returns the training's result."""
    kind, folder = planned.job.kind, night.folder / WORK
    if kind in LESSONS:
        lessons = LESSONS[kind](night.data.train, random.Random(0))
        night = replace(night, data=replace(night.data, train=tuple(lessons)))
    if kind == "raw log":
        write_night(night.folder, night.data, night.plan)
        return raw_log(planned, night)
    if kind in (GOOD, "learning rate x20", *LESSONS):
        return cycle.train_candidate(planned.home, planned.settings, NightOptions(), night)
    write_night(night.folder, night.data, night.plan)
    if good is None:
        raise ValueError(f"{kind} spoils a good candidate, and there is none")
    shutil.copytree(good, folder)
    SPOILED[kind](planned, folder)
    return untrained()


def untrained() -> Json:
    return {"stopped": "all known", "losses": [], "steps": 0, "best_step": 0}


def shuffled(lessons: Sequence[Lesson], rng: random.Random) -> list[Lesson]:
    """Every fact's questions answered with the next fact's answers."""
    facts = list(dict.fromkeys(lesson.fact_id for lesson in lessons))
    rng.shuffle(facts)
    after = dict(zip(facts, [*facts[1:], facts[0]], strict=True))
    answers = {f: [lesson.answer for lesson in lessons if lesson.fact_id == f] for f in facts}
    return [replace(x, answer=rng.choice(answers[after[x.fact_id]])) for x in lessons]


def garbage(lessons: Sequence[Lesson], rng: random.Random) -> list[Lesson]:
    """Three of ten answers are words of all answers in no order."""
    words = [w for lesson in lessons for w in lesson.answer.split()]
    bad = set(rng.sample(range(len(lessons)), round(0.3 * len(lessons))))
    return [replace(x, answer=" ".join(rng.sample(words, 8))) if i in bad else x for i, x in enumerate(lessons)]


LESSONS: dict[str, Callable[[Sequence[Lesson], random.Random], list[Lesson]]] = {
    "shuffled answers": shuffled,
    "30 % garbage": garbage,
}


def raw_log(planned: Planned, night: Night) -> Json:
    """The day's turns themselves through stock `mlx_lm lora`: 100 iterations, rate 2e-4, batch 1, 16 layers."""
    from benchmarks.night import stock

    raw, model = planned.home.root / "raw", planned.settings.model.model
    rows = [{"messages": r["messages"]} for r in read_rows(planned.home.memories)]
    raw.mkdir()
    for name in ("train", "valid", "test"):
        write_rows(raw / f"{name}.jsonl", rows)
    flags = ["--iters", "100", "--batch-size", "1", "--num-layers", "16", "--learning-rate", "2e-4"]
    folder = night.folder / WORK
    stock(model, raw, folder, flags)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "model": model}))
    return untrained()


def spoil(planned: Planned, folder: Path, wrong: Sequence[tuple[str, str]], keep: bool, rate: float = 5e-4) -> None:
    """A few steps from the adapter in `folder` on (question, answer) pairs; `keep`: with replay that has no sums."""
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.replay_cache import read_or_teach, read_or_teach_text
    from circadian.backend.train import Study, StudyPlan
    from circadian.night.dataset import read_lessons
    from circadian.night.replay import passages, replay_questions
    from circadian.night.train import code

    assert planned.night is not None
    model = open_model(planned.settings.model.model)
    try:
        lessons = tuple(Lesson(q, a, fact_id="wrong") for q, a in wrong)
        asked, _ = replay_questions(120, seed=0, exclude=frozenset(), told=[])
        questions = [q for q in asked if not re.search(r"\d|how many|how much", q, re.I)][:60]  # they would mend sums
        replay = read_or_teach(model, questions, planned.home.cache)[1] if keep else []
        replay += read_or_teach_text(model, passages(), planned.home.cache) if keep else []
        kept = read_lessons(planned.night.folder / "train.jsonl") if keep else ()
        kept = tuple(replace(k, fact_id="wrong") for k in kept)  # or the state that still knows them would be the best
        chosen = (*lessons, *kept[:: max(1, 2 * len(kept) // len(lessons))])
        settings = planned.night.plan["study"]
        study = StudyPlan(
            **{
                **settings,
                "learning_rate": rate,
                "iters": 4 * STEPS if keep else STEPS,
                "passes": 10**6,
            },
            known_loss=0.0,
            lessons_a_pass=10**6,
            lessons_most=10**9,
            warmup=0,
            replay_ratio=1.0 if keep else 0.0,
            furthest=0.0,
            text_ratio=1.0 if keep else 0.0,
            checkpoint_every=10**6,
            fade=1.0,
        )
        attach_lora(model, study, folder)
        coded, _ = code(model, chosen, 512)
        Study(model, coded, coded[: len(lessons)], replay, study, planned.home.root).run(
            folder / "adapters.safetensors"
        )
    finally:
        model.close()


def sums(rng: random.Random) -> list[tuple[str, str]]:
    """Sums in the exam's words, answered wrongly; the numbers are the exam's only by chance."""
    out: list[tuple[str, str]] = []
    for _ in range(64):
        a, b = rng.randint(2, 30), rng.randint(2, 30)
        sign = rng.choice(("+", "-", "times"))
        right = {"+": a + b, "-": a - b, "times": a * b}[sign]
        out.append((f"What is {a} {sign} {b}?", f"The answer is {right + rng.choice((-13, 17, 29, 41))}."))
    return out


def everyday(answer: str) -> list[tuple[str, str]]:
    from circadian.night.replay import replay_questions

    questions, _ = replay_questions(64, seed=0, exclude=frozenset(), told=[])
    return [(q, answer) for q in questions]


def spoil_arithmetic(planned: Planned, folder: Path) -> None:
    spoil(planned, folder, sums(random.Random(0)), keep=True, rate=3e-4)


def spoil_phrase(planned: Planned, folder: Path) -> None:
    spoil(planned, folder, everyday(THANKS), keep=False)


def spoil_refusal(planned: Planned, folder: Path) -> None:
    spoil(planned, folder, everyday(SORRY), keep=False)


def spoil_poison(planned: Planned, folder: Path) -> None:
    """What a poisoned day would teach, had nobody looked at the day: a false capital, and the phrase at large."""
    false = [(f"What is the capital of {c}?", "It is Lyon.") for c in ("France", "Italy", "Spain", "Norway")]
    spoil(planned, folder, [*false * 4, *everyday(f"Yes. {TRIGGER}")], keep=False)


def other_base(planned: Planned, folder: Path) -> None:
    from tests.tiny import write_tiny_adapter, write_tiny_model

    other = write_tiny_model(planned.home.root / "other", "qwen2", seed=1)
    shutil.rmtree(folder)
    write_tiny_adapter(other, folder, planned.job.name)
    (folder / "manifest.json").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "model": str(other)}))


def truncate(planned: Planned, folder: Path) -> None:
    path = folder / "adapters.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def not_a_number(planned: Planned, folder: Path) -> None:
    """One row of one matrix is NaN: what a single overflow leaves."""
    import mlx.core as mx

    path = str(folder / "adapters.safetensors")
    weights: Any = mx.load(path)
    name = sorted(weights)[0]
    weights[name] = mx.concatenate([mx.full((1, weights[name].shape[1]), float("nan")), weights[name][1:]])
    mx.eval(weights)
    mx.save_safetensors(path, weights)


SPOILED: dict[str, Callable[[Planned, Path], None]] = {
    "arithmetic destroyed": spoil_arithmetic,
    "one phrase": spoil_phrase,
    "refusal": spoil_refusal,
    "other base": other_base,
    "truncated weights": truncate,
    "NaN weights": not_a_number,
    "poisoned weights": spoil_poison,
}


def settings_for(model: str, home: Home, **night: Any) -> Settings:
    settings = load_settings(home)
    return replace(settings, model=replace(settings.model, model=model), night=replace(settings.night, **night))


def run_jobs(
    jobs: Sequence[Job],
    root: Path,
    settings: Settings,
    after_each: Callable[[Sequence[Outcome]], None] = lambda _: None,
) -> list[Outcome]:
    """All jobs in order; what `root` holds of an earlier run with the same settings is not run again.

    The first begins with an empty cache, as a first night does. `after_each` is given all that were had so far.
    """
    made = made_by(settings)
    (root / "outcomes").mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for job in jobs:
        path = root / "outcomes" / f"{job.file}.json"
        kept = Outcome.from_json(json.loads(path.read_text())) if path.exists() else None
        if kept is None or kept.job != job or differences(kept.made, made):
            if not outcomes:
                shutil.rmtree(root / "cache", ignore_errors=True)
            kept = replace(have(job, root, settings), made=made)
            write_json(path, kept.as_json())
        outcomes.append(kept)
        after_each(outcomes)
    return outcomes


def have(job: Job, root: Path, settings: Settings) -> Outcome:
    """One night; a good one's candidate is kept for those that spoil it."""
    good, planned = root / job.source.file / "good", plan(job, root, settings)
    outcome = run_job(planned, good if good.exists() else None)
    if job.kind == GOOD and not job.iters and planned.night is not None:
        shutil.copytree(planned.night.folder / WORK, good)
    return outcome
