"""The whole night: what was told becomes facts, lessons, a candidate, two reports, a verdict, and maybe the live link.

Never: a promotion of anything but the very files that were examined, against the very adapter that was live.
"""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from circadian import forgetting, shelf
from circadian.console import Progress, duration, say
from circadian.day.journal import read_journal
from circadian.errors import UserError, describe_os_error
from circadian.exam.forgetting import measure_forgotten
from circadian.exam.heldout import Studied, hold_out, read_studied
from circadian.exam.loss import held_out_losses
from circadian.exam.partial import open_partial
from circadian.exam.recall import run_recall
from circadian.exam.run import run_items
from circadian.exam.sandbox import score_code
from circadian.exam.suites import load_suites, suite_hash
from circadian.files import building, sweep, write_atomic, write_json
from circadian.gate.forgetting import with_forgotten
from circadian.gate.policy import judge, look_again
from circadian.night import plan as planning
from circadian.night.dataset import NightData, check, hashes, held_out_hashes, write_night
from circadian.night.forget import Proof, forgotten_turns, read_forgotten
from circadian.night.options import NightOptions
from circadian.night.plan import Start
from circadian.night.progress import NightProgress
from circadian.night.reader import read_by_model
from circadian.night.train import CHECKPOINT, NOT_FINITE, WORK, train_in_child
from circadian.night.verify import refine
from circadian.records import Item, Json, Lesson, Manifest, Report, Turn, Verdict, question_hash
from circadian.settings import CHECKOUT, Home, Settings

if TYPE_CHECKING:
    from circadian.backend.model import Model

SUITES = CHECKOUT / "eval"
CLIPS = (0.8, 0.6)  # shares of its LoRA scale at which a candidate that learned but harmed is examined again
NEWEST_HELD_OUT = 60  # journal records of the held-out loss: the newest that were not studied


@dataclass(frozen=True)
class Night:
    """One night on disk: its tag, its folder in data/nights, what it studies and from where."""

    tag: str
    folder: Path
    data: NightData
    start: Start
    plan: Json


@dataclass(frozen=True)
class Exam:
    """What both the live model and the candidate are asked."""

    items: tuple[Item, ...]
    probes: tuple[Lesson, ...]
    held_out: tuple[Turn, ...]
    suites: dict[str, str]
    batch_size: int
    forgotten: tuple[Proof, ...] = ()


def run_cycle(home: Home, settings: Settings, options: NightOptions) -> Verdict:
    """Exam of the live model → night → exam of the candidate → gate → promote or hold. Holds the caller's lock.

    With `options.dry_run` it prints the plan and writes nothing. UserError when the night can't be had.
    """
    if not options.dry_run:
        shelf.take_in_legacy(home)
        sweep(home.adapters)
    turns = read_turns(home, options)
    night, why_not = plan_night(home, settings, options, turns)
    if night is None:
        if options.dry_run:
            print(why_not)
        else:
            shelf.record(home, "held", reason=why_not)
            if options.data is None and options.adapter_tag is None:
                forgetting.take_out_live(home)
        return Verdict(False, (why_not,))
    if options.dry_run:
        print(describe_plan(night, settings))
        return Verdict(False, ("dry run",))
    exam = set_exam(home, settings, night, turns)
    live = shelf.live_tag(home)
    model = night.plan["model"]
    rival = live_fit(home, model)
    before = examine(home, model, rival, shelf.adapter_folder(home, rival) if rival else None, exam)
    untold = before.forgotten if rival is None else log_p_of_base(model, exam)
    result = train_candidate(home, settings, options, night)
    exam = replace(exam, forgotten=forgetting.to_prove(home, night.data))
    after, verdict = weigh(home, settings, night, result, before, exam, untold)
    put_on_shelf(home, night, result, report_pair(before, after, verdict), verdict)
    if verdict.promote:
        shelf.promote(home, night.tag, expected_live=live)
    try:
        tidy(home, settings, night, verdict)
    except (
        UserError,
        OSError,
    ) as error:  # the link is where it should be: what follows must not turn that into failure
        say(f"note: {error.line() if isinstance(error, UserError) else describe_os_error(error)}")
    return verdict


def tidy(home: Home, settings: Settings, night: Night, verdict: Verdict) -> None:
    """The verdict's line in the ledger, and retention."""
    event = "promoted" if verdict.promote else "held"
    shelf.record(home, event, tag=night.tag, reason="; ".join(verdict.reasons), **verdict.figures)
    forgetting.report_proofs(home, night.tag, verdict)
    deleted = shelf.retain(home, settings.shelf.keep)
    if deleted:
        say(f"deleted {', '.join(deleted)}: --keep {settings.shelf.keep}")
    forgetting.report_held(home)


def sleep(home: Home, settings: Settings, options: NightOptions) -> str | None:
    """One night without exam: a candidate on the shelf, not live. Returns its tag; None when nothing was to learn."""
    if not options.dry_run:
        shelf.take_in_legacy(home)
        sweep(home.adapters)
    night, why_not = plan_night(home, settings, options, read_turns(home, options))
    if night is None:
        say(why_not)
        return None
    if options.dry_run:
        print(describe_plan(night, settings))
        return None
    result = train_candidate(home, settings, options, night)
    put_on_shelf(home, night, result)
    return night.tag


def read_turns(home: Home, options: NightOptions) -> tuple[Turn, ...]:
    """The turns that this night may look at, oldest first; unreadable lines are counted and said."""
    path = options.data or home.memories
    if options.data is not None and not path.is_file():
        raise UserError(f"{path} does not exist", hint="--data takes a JSONL file of exchanges")
    read = read_journal(path)
    if read.skipped:
        first = read.skipped[0]
        say(f"{path.name}: {len(read.skipped)} lines skipped (line {first.line}: {first.reason})")
    more = read_journal(home.synthetic).turns if options.synthetic else ()
    if options.synthetic and not more:
        raise UserError(f"{home.synthetic} has no turns", hint="make some: python build_synthetic.py")
    turns = (*more, *read.turns)
    if not turns:
        raise UserError(f"nothing to study: {path} has no turns", hint="chat first: python chat.py")
    return turns


def plan_night(
    home: Home, settings: Settings, options: NightOptions, turns: Sequence[Turn]
) -> tuple[Night | None, str]:
    """The night to come (nothing is written yet), or None and why there is none."""
    if options.resume is not None:
        if replace(options, resume=None, dry_run=False) != NightOptions():
            raise UserError("--resume goes on as planned", hint="leave out the other flags of the night")
        folder = planning.interrupted(home, options.resume)
        data, plan = planning.reopen(folder)
        planning.refuse_other_settings(plan, settings.model.model, settings.night)
        tag = plan["start_tag"]
        forgetting.refuse_to_resume(home, data, tag)
        taught = frozenset(plan["taught"])
        start = Start(tag, Path(plan["start_from"]) if plan["start_from"] else None, taught)
        say(f"resuming the night {folder.name}")
        return Night(folder.name, folder, data, start, plan), ""
    start = starting_point(home, settings, options)
    exclude = exam_hashes(chosen_suites(settings))
    if options.held_out:
        exclude |= held_out_hashes(options.held_out)
    marks = read_forgotten(home.forgotten)
    read = read_by_model(home, settings, turns, marks, dry_run=options.dry_run)
    data = planning.plan_data(turns, settings.night, exclude, start.facts, marks, read)
    report_data(data)
    why_not = planning.nothing_new(data, start)
    if why_not:
        return None, why_not
    check(data)
    tag = shelf.next_tag(home, datetime.now().astimezone().date())
    plan = planning.plan_document(home, tag, settings.model.model, settings.night, start, exclude)
    return Night(tag, home.nights / tag, data, start, plan), ""


def starting_point(home: Home, settings: Settings, options: NightOptions) -> Start:
    """The adapter to go on from: the one asked for, else the live one where it fits, else none (the base model)."""
    if options.reset_adapter:
        return Start(note="starting from the base model (--reset-adapter)")
    tag = options.adapter_tag or shelf.live_tag(home)
    if tag is None or tag == "none":
        return Start()
    folder = shelf.adapter_folder(home, tag)
    manifest = shelf.read_manifest(folder)
    unfit = forgetting.why_not_from(home, tag)
    unfit = unfit or planning.fits_start(folder, manifest.model, settings.model.model, settings.night)
    if not unfit:
        return Start(tag, folder, frozenset(manifest.facts))
    if options.adapter_tag:
        raise UserError(f"{tag} {unfit}", hint="match it by flags, or start from the base model with --reset-adapter")
    say(f"{tag} {unfit}: starting from the base model, everything told is studied again")
    return Start(note=unfit)


def chosen_suites(settings: Settings) -> list[str]:
    return [n.strip() for n in settings.exam.suites.split(",") if n.strip()]


def exam_hashes(names: Sequence[str]) -> frozenset[str]:
    """Questions that no lesson and no replay may hold: the exam's, every shipped suite's and held-out record's."""
    asked = [item.prompt for path in sorted(SUITES.rglob("*.jsonl")) for item in items_or_records(path)]
    asked += [item.prompt for item in load_suites(names, SUITES)]
    return frozenset(question_hash(q) for q in asked)


def items_or_records(path: Path) -> Sequence[Item]:
    if path.name != "heldout.jsonl":
        return load_suites([path.stem], SUITES)
    return [Item(t.id, "held-out", t.user, "", "") for t in read_journal(path).turns]


def report_data(data: NightData) -> None:
    replaced, gone = (sum(f.status == status for f in data.facts) for status in ("superseded", "forgotten"))
    say(
        f"{len(data.active)} facts ({replaced} replaced{f', {gone} forgotten' if gone else ''}) | "
        f"{len(data.train)} lessons, "
        f"{len(data.valid)} to choose the best state, {len(data.test)} probes"
    )
    if data.dropped:
        say("left out: " + ", ".join(f"{n} {why}" for why, n in sorted(data.dropped.items())))
    for note in data.notes:
        say(note)


def describe_plan(night: Night, settings: Settings) -> str:
    """What --dry-run prints: facts, lessons, tokens, estimated time and peak memory."""
    from circadian.backend.estimate import estimate

    exchanges = [lesson.messages for lesson in night.data.train]
    batch, iters = settings.night.batch_size, settings.night.iters
    passes = iters * batch / len(exchanges) if iters else planning.PASSES
    cost = estimate(settings.model.model, exchanges, passes=passes, batch_size=batch)
    facts = "\n".join(f"  {f.statement}" for f in night.data.active)
    return (
        f"night {night.tag}, from {night.start.tag or 'the base model'} on {settings.model.model}\n"
        f"{len(night.data.active)} facts\n{facts}\n"
        f"{len(night.data.train)} lessons of {cost.tokens} tokens, up to {passes:.3g} passes\n"
        f"about {duration(cost.seconds)} at most here, {cost.memory / 1e9:.1f} GB at the peak\n"
        "nothing was written"
    )


def train_candidate(home: Home, settings: Settings, options: NightOptions, night: Night) -> Json:
    """Train the night in a child process, into <night>/candidate; returns the training's result."""
    if not night.plan.get("resume"):
        wanted = options.augment or settings.night.verify
        data = refined(settings, options, night) if wanted else night.data
        write_night(night.folder, data, night.plan)
    progress = NightProgress(night.tag)
    try:
        result = train_in_child(night.folder, progress, resume=bool(night.plan.get("resume")))
    finally:
        progress.close()
    planning.compare_config(night.folder / WORK, night.plan)
    shelf.record(home, "trained", tag=night.tag, reason=result["stopped"], **summary(result))
    if result["too_long"]:
        say(f"{result['too_long']} lessons are longer than --max-seq-length and were left out")
    known = len(night.data.active) - len(result["unknown"])
    say(
        f"night {night.tag} | {known}/{len(night.data.active)} facts known | {result['steps']} steps, "
        f"{duration(result['seconds'])} | {result['stopped']}"
    )
    return result


def refined(settings: Settings, options: NightOptions, night: Night) -> NightData:
    """The night's data with what needs the base model: --augment's lessons, and the check of lessons (night/verify)."""
    from circadian.backend.model import open_model

    model = open_model(settings.model.model)
    model.seed(settings.night.seed)
    exclude, progress = frozenset[str](night.plan["exclude"]), Progress("asking for and checking lessons")
    try:
        data, lines = refine(model, night.data, settings.night, exclude, more=options.augment, progress=progress)
    finally:
        model.close()
    for line in lines:
        say(f"night {night.tag} | {line}")
    return data


def put_on_shelf(
    home: Home, night: Night, result: Json, report: Json | None = None, verdict: Verdict | None = None
) -> None:
    """adapters/<tag>/: weights, config, reports and verdict where there are any and, written last, the manifest."""
    from circadian.backend.device import versions
    from circadian.backend.model import find_model

    scale = json.loads((night.folder / WORK / "adapter_config.json").read_bytes())["lora_parameters"]["scale"]
    with building(home.adapters / night.tag) as work:
        for name in ("adapters.safetensors", "adapter_config.json"):
            shutil.copyfile(night.folder / WORK / name, work / name)
        if report is not None and verdict is not None:
            write_json(work / "report.json", report)
            write_json(work / "verdict.json", verdict.as_json())
        manifest = Manifest(
            tag=night.tag,
            model=night.plan["model"],
            revision=find_model(night.plan["model"]).revision,
            created=datetime.now().astimezone().isoformat(timespec="seconds"),
            settings={**night.plan["settings"], **night.plan["study"], "scale": scale, "start_from": night.start.tag},
            data=hashes(night.folder),
            versions=versions(),
            files=shelf.file_hashes(work),
            git_commit=night.plan["git_commit"],
            figures=summary(result),
            facts=known_facts(night, result),
        )
        shelf.write_manifest(work, manifest)
    (night.folder / planning.DONE).touch()
    shutil.rmtree(night.folder / WORK)
    (night.folder / CHECKPOINT).unlink(missing_ok=True)


def known_facts(night: Night, result: Json) -> tuple[str, ...]:
    """Ids of the facts that this adapter was taught and knows: what did not stick is new again tomorrow."""
    gone = {f.id for f in night.data.facts if f.status != "active"} | set(result["unknown"])
    return tuple(sorted((night.start.facts | {f.id for f in night.data.active}) - gone))


def summary(result: Json) -> Json:
    """The figures of a training worth keeping: counts, seconds, memory."""
    names = ("steps", "best_step", "stopped", "tokens", "seconds", "replay_seconds", "lessons", "replay", "peak_memory")
    return {name: result[name] for name in names} | {"unknown": len(result["unknown"]), "too_long": result["too_long"]}


def set_exam(home: Home, settings: Settings, night: Night, turns: Sequence[Turn]) -> Exam:
    """The suites, the night's probes, and records that no night studied."""
    items = load_suites(chosen_suites(settings), SUITES)
    earlier = read_studied(home.nights)
    data = night.data
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
    return Exam(tuple(items), data.test, held_out, suites, size, forgetting.to_prove(home, data))


def live_fit(home: Home, model: str) -> str | None:
    """The live adapter where it is for this base model; None: the base model is what the candidate must beat.

    One that holds what is to be forgotten is no rival: it cannot stay, and who knows more is not better here.
    """
    live = shelf.live_tag(home)
    if live is None or forgetting.must_go(home, live):
        return None
    return live if shelf.read_manifest(shelf.adapter_folder(home, live)).model == model else None


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
        size = exam.batch_size
        recall = run_recall(model, exam.probes, batch_size=size, progress=Progress(f"exam of {name} | recall"))
        revision = f"{model_name}@{model.source.revision}"
        partial = open_partial(home.cache, revision, folder, exam.items, scale=scale)
        asking = Progress(f"exam of {name} | suites")
        scores = run_items(model, exam.items, batch_size=size, progress=asking, verify=score_code, partial=partial)
        losses = held_out_losses(
            model, exam.held_out, batch_size=size, progress=Progress(f"exam of {name} | held-out loss")
        )
        forgotten = measure_forgotten(model, exam.forgotten, batch_size=size)
        partial.finish()
    finally:
        model.close()
    seconds = time.monotonic() - began
    report = Report(tag, revision, tuple(scores), tuple(recall), losses, seconds, exam.suites, forgotten)
    passed = sum(s.passed is True for s in recall)
    seconds = round(report.seconds, 1)
    shelf.record(home, "examined", tag=tag, recall=[passed, len(recall)], scale=scale, seconds=seconds)
    return report


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


def weigh(
    home: Home, settings: Settings, night: Night, result: Json, before: Report, exam: Exam, untold: Mapping[str, float]
) -> tuple[Report, Verdict]:
    """The candidate's exam and verdict. One that learned but harmed is tried again at smaller LoRA scales.

    What passes at a smaller scale is the candidate at that scale, in its adapter_config.json; if none does, the
    verdict is that of the full scale.
    """
    folder, model = night.folder / WORK, night.plan["model"]
    tried: list[tuple[Report, Verdict]] = []
    for scale in (1.0, *CLIPS):
        after = examine(home, model, night.tag, folder, exam, scale)
        verdict = judge(before, after, settings.gate, looks=1 + len(CLIPS))
        verdict = with_forgotten(verdict, [p.fact_id for p in exam.forgotten], untold, after.forgotten)
        if result["stopped"] == NOT_FINITE:
            verdict = Verdict(False, (f"training: {NOT_FINITE}", *verdict.reasons), verdict.figures)
        tried.append((after, verdict))
        if verdict.promote and scale != 1:
            clip_config(folder, scale)
            verdict = replace(verdict, reasons=(*verdict.reasons, f"at {scale:g} of its LoRA scale"))
        if verdict.promote:
            return after, replace(verdict, figures={**verdict.figures, "scale": scale})
        if result["stopped"] == NOT_FINITE or not look_again(verdict):
            break
        say("harm: " + "; ".join(verdict.reasons))
    return tried[0]


def clip_config(folder: Path, scale: float) -> None:
    """Multiply the LoRA scale of an adapter that is not on the shelf yet."""
    path = folder / "adapter_config.json"
    config: Json = json.loads(path.read_bytes())
    config["lora_parameters"]["scale"] *= scale
    write_atomic(path, json.dumps(config, indent=1).encode())


def report_pair(before: Report, after: Report, verdict: Verdict) -> Json:
    """report.json: both exams, and by forgotten fact log p (nats) before it was told and now."""
    forgotten = verdict.figures.get("forgotten", {})
    return {"live": before.as_json(), "candidate": after.as_json(), "forgotten": forgotten}
