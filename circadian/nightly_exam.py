"""The nightly exam: what is asked tonight, of the model that answers now and of the candidate, and what comes of it.

Both answer the same items, of the suites that anyone may read and of the hidden ones (docs/suites.md, "Hidden items").
What a model was asked before is in data/cache/scores. Never: a candidate compared with what it was not trained from.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from circadian import forgetting, shelf
from circadian.console import Progress, say
from circadian.day.journal import read_journal
from circadian.exam.forgetting import measure_forgotten
from circadian.exam.heldout import Studied, hold_out, read_studied
from circadian.exam.loss import RecordLoss, measure_turns, summarize
from circadian.exam.partial import Partial, open_partial, scores_path
from circadian.exam.recall import probe_id, run_recall
from circadian.exam.run import is_weak, run_items
from circadian.exam.sandbox import score_code
from circadian.exam.suites import draw, item_hash, load_suites, suite_hash
from circadian.files import append_lines, read_lines, write_atomic
from circadian.gate.forgetting import with_forgotten
from circadian.gate.policy import judge, look_again
from circadian.night.dataset import NightData
from circadian.night.forget import Proof, forgotten_turns, read_forgotten
from circadian.records import Item, Json, Lesson, Report, Score, Turn, Verdict, question_hash, short_id
from circadian.safeguards import broken_files
from circadian.settings import CHECKOUT, Home, Settings
from circadian.shelf.adapters import tag_key

if TYPE_CHECKING:
    from circadian.backend.model import Model

SUITES = CHECKOUT / "eval"
SCORES = "scores"  # folder of data/cache
CLIPS = (0.8, 0.6)  # shares of its LoRA scale at which a candidate that learned but harmed is examined again
LOOKS = 1 + len(CLIPS)
NEWEST_HELD_OUT = 60  # journal records of the held-out loss: the newest that were not studied


@dataclass(frozen=True)
class Exam:
    """What both the live model and the candidate are asked."""

    items: tuple[Item, ...]
    probes: tuple[Lesson, ...]
    held_out: tuple[Turn, ...]
    suites: dict[str, str]
    batch_size: int
    forgotten: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class More:
    """What an exam asks beyond the usual: items of any category, of some categories, and probes."""

    items: int = 0
    of: Mapping[str, int] = field(default_factory=lambda: {})
    probes: tuple[Lesson, ...] = ()


@dataclass(frozen=True)
class Examined:
    """A candidate with its verdict, what it was compared with, and what the live link named meanwhile."""

    tag: str
    verdict: Verdict
    before: Report
    after: Report
    live: str | None


# --- what is asked ----------------------------------------------------------------------------------------------


def chosen_suites(settings: Settings) -> list[str]:
    """The names of the suites that a night may ask, the hidden ones among them."""
    return [n.strip() for n in f"{settings.exam.suites},{settings.exam.hidden_suites}".split(",") if n.strip()]


def exam_hashes(names: Sequence[str]) -> frozenset[str]:
    """Questions that no lesson and no replay may hold: the exam's, every shipped suite's and held-out record's."""
    asked = [item.prompt for path in sorted(SUITES.rglob("*.jsonl")) for item in items_or_records(path)]
    asked += [item.prompt for item in load_suites(names, SUITES)]
    return frozenset(question_hash(q) for q in asked)


def items_or_records(path: Path) -> Sequence[Item]:
    if path.name != "heldout.jsonl":
        return load_suites([path.stem], SUITES)
    return [Item(t.id, "held-out", t.user, "", "") for t in read_journal(path).turns]


def items_of(settings: Settings, tag: str, more: More) -> tuple[Item, ...]:
    """The items of the exam of this very tag: the same for every model, and whenever it is examined again."""
    pool = load_suites(chosen_suites(settings), SUITES)
    size, seed = settings.exam.exam_items, settings.night.seed
    return draw(pool, size, turn_of(tag), seed=seed, more=more.items, of=more.of)


def turn_of(tag: str) -> int:
    """The number of a night: one more each day, and with each further night of a day."""
    key = tag_key(tag)
    return key[0].toordinal() + key[1] - 1 if key else 0


def set_exam(
    home: Home, settings: Settings, tag: str, data: NightData, turns: Sequence[Turn], more: More | None = None
) -> Exam:
    """Tonight's items, the night's probes, and records that no night studied."""
    more = more or More()
    items = items_of(settings, tag, more)
    earlier = read_studied(home.nights)
    tonight = Studied(
        earlier.turn_ids
        | {t for f in data.facts for t in f.turn_ids}
        | forgotten_turns(read_forgotten(home.forgotten)),
        earlier.questions | {lesson.hash for lesson in (*data.train, *data.valid, *data.test)},
    )
    shipped = read_journal(SUITES / "heldout.jsonl").turns
    # Replies that this program sampled favour the model that wrote them: they would hold every night.
    own = [t for t in hold_out(turns, tonight).turns if t.assistant.strip() and t.session is None and not t.tags]
    suites = {name: suite_hash([i for i in items if i.suite == name]) for name in {i.suite for i in items}}
    held_out, size = (*shipped, *own[-NEWEST_HELD_OUT:]), settings.exam.exam_batch_size
    splits = Counter(item.split for item in items)
    say(f"exam: {', '.join(f'{n} {split}' for split, n in sorted(splits.items()))} items, {len(held_out)} records")
    return Exam(items, (*data.test, *more.probes), held_out, suites, size, forgetting.to_prove(home, data))


def live_fit(home: Home, model: str) -> str | None:
    """The live adapter where it is for this base model; None: the base model is what the candidate must beat.

    One that holds what is to be forgotten is no rival: it cannot stay, and who knows more is not better here.
    """
    live = shelf.live_tag(home)
    if live is None or forgetting.must_go(home, live):
        return None
    adapter = shelf.open_adapter(home, live)
    return live if adapter.manifest.model == model and not shelf.check(adapter, served=True) else None


# --- one model examined -----------------------------------------------------------------------------------------


def examine_rival(home: Home, model: str, exam: Exam) -> tuple[Report, Mapping[str, float]]:
    """The exam of what answers now, and how likely the base model says what is to be forgotten."""
    rival = live_fit(home, model)
    report = examine(home, model, rival, shelf.adapter_folder(home, rival) if rival else None, exam)
    return report, report.forgotten if rival is None else log_p_of_base(model, exam)


def examine(
    home: Home, model_name: str, tag: str | None, folder: Path | None, exam: Exam, scale: float = 1.0
) -> Report:
    """One model examined: the base, or the adapter in `folder` at `scale` times its LoRA scale."""
    from circadian.backend.model import open_model

    began = time.monotonic()
    model: Model = open_model(model_name)
    name = (tag or "base") + (f" at {scale:g}" if scale != 1 else "")
    try:
        model.set_adapter(folder, scale)
        size, revision = exam.batch_size, f"{model_name}@{model.source.revision}"
        partial = open_partial(home.cache, revision, folder, exam.items, scale=scale, folder=SCORES)
        recall = ask_probes(model, exam, Partial(partial.path), f"exam of {name} | recall")
        asking = Progress(f"exam of {name} | suites")
        scores = run_items(model, exam.items, batch_size=size, progress=asking, verify=score_code, partial=partial)
        losses = measure_records(model, exam, partial.path, f"exam of {name} | held-out loss")
        forgotten = measure_forgotten(model, exam.forgotten, batch_size=size)
    finally:
        model.close()
    report = Report(
        tag,
        revision,
        tuple(scores),
        tuple(recall),
        losses={record: loss.median for record, loss in losses.items()},
        seconds=time.monotonic() - began,
        suites=exam.suites,
        forgotten=forgotten,
        perplexity=summarize(losses, len(exam.held_out)).perplexity if losses else None,
        asked={item.id: item_hash(item) for item in exam.items},
    )
    passed, seconds = sum(s.passed is True for s in recall), round(report.seconds, 1)
    shelf.record(home, "examined", tag=tag, recall=[passed, len(recall)], scale=scale, seconds=seconds)
    return report


def ask_probes(model: "Model", exam: Exam, known: Partial, label: str) -> list[Score]:
    """One score per probe; the model is asked those that it was not asked before."""
    todo = [p for p in exam.probes if probe_id(p) not in known.scores]
    found = run_recall(model, todo, batch_size=exam.batch_size, progress=Progress(label)) if todo else []
    known.keep(found)
    scores = known.scores | {s.item_id: s for s in found}
    return [scores[probe_id(p)] for p in exam.probes]


def measure_records(model: "Model", exam: Exam, store: Path, label: str) -> dict[str, RecordLoss]:
    """The losses of the held-out records by record id; those measured before are taken from the store."""
    marks = {t.id: short_id(*(part for m in t.messages for part in (m.role, m.content))) for t in exam.held_out}
    known = read_losses(store)
    todo = [t for t in exam.held_out if marks[t.id] not in known]
    found = measure_turns(model, todo, batch_size=exam.batch_size, progress=Progress(label)) if todo else {}
    if found:
        append_lines(store, [{"record": marks[name], **vars(loss)} for name, loss in found.items()])
    losses = {name: found.get(name) or known.get(mark) for name, mark in marks.items()}
    return {name: loss for name, loss in losses.items() if loss is not None}


def read_losses(store: Path) -> dict[str, RecordLoss]:
    """The losses kept, by the hash of their record; a damaged line is none, its record is measured again."""
    names = {"record", *RecordLoss.__dataclass_fields__}
    rows = [line.row for line in read_lines(store) if line.row and set(line.row) == names] if store.exists() else []
    return {str(row.pop("record")): RecordLoss(**row) for row in rows}


def drop_scores(home: Home, revision: str, tags: Sequence[str | None]) -> None:
    """Keep the scores of the base model and of the adapters `tags`: the others will not be examined again."""
    folders = [shelf.adapter_folder(home, tag) for tag in tags if tag is not None]
    kept = {scores_path(home.cache / SCORES, revision, folder) for folder in (None, *folders)}
    for path in (home.cache / SCORES).glob("*.jsonl"):
        if path not in kept:
            path.unlink(missing_ok=True)


def log_p_of_base(model_name: str, exam: Exam) -> dict[str, float]:
    """How likely the base model says what is to be forgotten: nobody ever told it."""
    from circadian.backend.model import open_model

    if not exam.forgotten:
        return {}
    model: Model = open_model(model_name)
    try:
        return measure_forgotten(model, exam.forgotten, batch_size=exam.batch_size)
    finally:
        model.close()


# --- the candidate's verdict ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """An adapter on its way to the shelf. `unsound`: what was wrong with its study, whatever an exam says."""

    tag: str
    model: str
    folder: Path
    unsound: tuple[str, ...] = ()


def weigh(
    home: Home, settings: Settings, candidate: Candidate, before: Report, exam: Exam, untold: Mapping[str, float]
) -> tuple[Report, Verdict]:
    """The candidate's exam and verdict. One that learned but harmed is tried again at smaller LoRA scales.

    What passes at a smaller scale is the candidate at that scale, in its adapter_config.json; if none does, the
    verdict is that of the full scale.
    """
    broken = broken_files(candidate.folder, candidate.model)
    if broken:  # nothing that could be examined
        verdict = Verdict(False, broken, {"candidate": candidate.tag})
        return Report(candidate.tag, before.model, ()), noted(verdict, exam_seconds=round(before.seconds, 1))
    tried: list[tuple[Report, Verdict]] = []
    for scale in (1.0, *CLIPS):
        after, verdict = weigh_at(home, settings, candidate, before, exam, untold, scale)
        tried.append((after, verdict))
        if verdict.promote or candidate.unsound or not look_again(verdict):
            break
        say("not yet: " + "; ".join(verdict.reasons))
    after, verdict = next((t for t in tried if t[1].promote), tried[0])
    scale = verdict.figures["scale"]
    if verdict.promote and scale != 1:
        clip_config(candidate.folder, scale)
        verdict = replace(verdict, reasons=(*verdict.reasons, f"at {scale:g} of its LoRA scale"))
    spent = before.seconds + sum(report.seconds for report, _ in tried)
    return after, noted(verdict, exam_seconds=round(spent, 1))


def weigh_at(
    home: Home,
    settings: Settings,
    candidate: Candidate,
    before: Report,
    exam: Exam,
    untold: Mapping[str, float],
    scale: float,
) -> tuple[Report, Verdict]:
    """One look at the candidate, at a share of its LoRA scale."""
    after = examine(home, candidate.model, candidate.tag, candidate.folder, exam, scale)
    verdict = judge(before, after, settings.gate, looks=LOOKS)
    verdict = with_forgotten(verdict, [p.fact_id for p in exam.forgotten], untold, after.forgotten)
    if candidate.unsound:
        reasons = (*candidate.unsound, *(() if verdict.promote else verdict.reasons))
        verdict = Verdict(False, reasons, verdict.figures)
    return after, noted(verdict, examination=1, scale=scale)


def noted(verdict: Verdict, **figures: object) -> Verdict:
    return replace(verdict, figures={**verdict.figures, **figures})


def clip_config(folder: Path, scale: float) -> None:
    """Multiply the LoRA scale of an adapter that is not on the shelf yet."""
    path = folder / "adapter_config.json"
    config: Json = json.loads(path.read_bytes())
    config["lora_parameters"]["scale"] *= scale
    write_atomic(path, json.dumps(config, indent=1).encode())


def report_pair(before: Report, after: Report, verdict: Verdict) -> Json:
    """report.json: both exams, how many items of each split, and log p (nats) by forgotten fact.

    Of a forgotten fact: before it was told, and now.
    """
    forgotten = verdict.figures.get("forgotten", {})
    items = items_by_split(before.scores, after.scores)
    return {"live": before.as_json(), "candidate": after.as_json(), "forgotten": forgotten, "items": items}


def items_by_split(before: Sequence[Score], after: Sequence[Score]) -> Json:
    """By split: items asked, scored in both exams, left out as weak, and unscored for another reason in either."""
    was = {s.item_id: s for s in before}
    found: dict[str, Counter[str]] = {}
    for score in after:
        pair = (score, was.get(score.item_id, score))
        kind = "weak" if is_weak(score) else "unscored" if any(s.passed is None for s in pair) else "scored"
        found.setdefault(score.split, Counter(asked=0, scored=0, weak=0, unscored=0)).update(("asked", kind))
    return {split: dict(row) for split, row in sorted(found.items())}
