"""The whole night: what was told becomes facts, lessons, a candidate, two reports, a verdict, and maybe the live link.

Never: a promotion of anything but the very files that were examined, against the very adapter that was live.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from circadian import forgetting, shelf
from circadian.console import Progress, duration, say
from circadian.day.journal import read_journal
from circadian.errors import UserError, describe_os_error
from circadian.files import building, sweep, write_json
from circadian.gate.forgetting import with_taught
from circadian.gate.summary import summary_line
from circadian.night import plan as planning
from circadian.night.dataset import NightData, check, hashes, held_out_hashes, write_night
from circadian.night.forget import read_forgotten
from circadian.night.options import NightOptions
from circadian.night.plan import Start
from circadian.night.progress import NightProgress
from circadian.night.reader import is_able, read_by_model
from circadian.night.train import CHECKPOINT, WORK, train_in_child
from circadian.night.verify import VERDICTS, Verdicts, refine
from circadian.nightly_exam import (
    Candidate,
    Examined,
    chosen_suites,
    drop_scores,
    exam_hashes,
    examine_rival,
    report_pair,
    set_exam,
    weigh,
)
from circadian.records import STUDIED, Json, Manifest, Turn, Verdict, short_id
from circadian.reexamine import Waiting, described, examine_again, newest_inconclusive, waiting_candidate
from circadian.safeguards import unsound_study, without_repeats
from circadian.settings import EMBEDDED, Home, NightSettings, Settings
from circadian.trend import add_row, night_row, unquoted


@dataclass(frozen=True)
class Night:
    """One night on disk: its tag, its folder in data/nights, what it studies and from where."""

    tag: str
    folder: Path
    data: NightData
    start: Start
    plan: Json


def run_cycle(home: Home, settings: Settings, options: NightOptions) -> Verdict:
    """Exam of the live model → night → exam of the candidate → gate → promote or hold. Holds the caller's lock.

    A candidate that the last exam could say nothing about is examined again first; where nothing was told since, that
    is all. With `options.dry_run` it prints the plan and writes nothing. UserError when the night can't be had.
    """
    if not options.dry_run:
        shelf.take_in_legacy(home)
        sweep(home.adapters)
    turns, repeated = without_repeats(read_turns(home, options))
    night, why_not = plan_night(home, settings, options, turns)
    waiting = waiting_candidate(home, settings, options, night.data, turns) if night else None
    if night is None:
        return end_without_night(home, options, "; ".join((*repeated, why_not)))
    if options.dry_run:
        print(describe_plan(night, settings, waiting))
        return Verdict(False, ("dry run",))
    if waiting is not None:
        again = examine_again(home, settings, waiting, turns)
        settle(home, settings, again)
        if waiting.holds_all(night.data):
            return again.verdict
        say(f"{waiting.tag}: {summary_line(again.verdict)}")
        night, why_not = plan_night(home, settings, options, turns)
        if night is None:
            return again.verdict
    exam = set_exam(home, settings, night.tag, night.data, turns)
    live = shelf.live_tag(home)
    before, untold = examine_rival(home, night.plan["model"], exam)
    result = train_candidate(home, settings, options, night)
    exam = replace(exam, forgotten=forgetting.to_prove(home, night.data))
    candidate = Candidate(night.tag, night.plan["model"], night.folder / WORK, unsound_study(night.folder, result))
    after, verdict = weigh(home, settings, candidate, before, exam, untold)
    verdict = still_wanted(home, night, verdict)
    verdict = replace(verdict, reasons=(*verdict.reasons, *repeated))
    put_on_shelf(home, night, result, report_pair(before, after, verdict), verdict)
    settle(home, settings, Examined(night.tag, verdict, before, after, live))
    return verdict


def still_wanted(home: Home, night: Night, verdict: Verdict) -> Verdict:
    """The verdict, or hold: a chat takes no lock, so a fact of tonight may have been forgotten while it was studied."""
    return with_taught(verdict, [m.id for m in forgetting.taught_since(home, night.data, night.start.tag)])


def end_without_night(home: Home, options: NightOptions, why_not: str) -> Verdict:
    """Nothing to learn: said, and noted in the ledger. What is to be forgotten is taken out all the same."""
    if options.dry_run:
        print(why_not)
        return Verdict(False, (why_not,))
    shelf.record(home, "held", reason=unquoted(why_not))
    if options.data is None and options.adapter_tag is None:
        forgetting.take_out_live(home)
    return Verdict(False, (why_not,))


def settle(home: Home, settings: Settings, examined: Examined) -> None:
    """Move the link where the verdict says so, against what was live when the exam began; then tidy."""
    if examined.verdict.promote:
        shelf.promote(home, examined.tag, expected_live=examined.live)
    try:
        tidy(home, settings, examined)
    except (
        UserError,
        OSError,
    ) as error:  # the link is where it should be: what follows must not turn that into failure
        say(f"note: {error.line() if isinstance(error, UserError) else describe_os_error(error)}")


def tidy(home: Home, settings: Settings, examined: Examined) -> None:
    """The verdict's line in the ledger, its row in the trend, and retention."""
    tag, verdict = examined.tag, examined.verdict
    event = "promoted" if verdict.promote else "held"
    reason = "; ".join(unquoted(r) for r in verdict.reasons)  # no purge looks into the ledger
    shelf.record(home, event, tag=tag, reason=reason, **verdict.figures)
    forgetting.report_proofs(home, tag, verdict)
    add_trend(home, examined)
    waiting = newest_inconclusive(home)
    deleted = shelf.retain(home, settings.shelf.keep, spare={waiting} if waiting else set())
    if deleted:
        say(f"deleted {', '.join(deleted)}: --keep {settings.shelf.keep}")
    drop_scores(home, examined.before.model, [shelf.live_tag(home), waiting])
    forgetting.report_held(home)


def add_trend(home: Home, examined: Examined) -> None:
    """The night's row: what it learned beyond the live adapter of its exam, and what the study and the exam cost."""
    manifest = shelf.read_manifest(shelf.adapter_folder(home, examined.tag))
    verdict, live = examined.verdict, examined.before.adapter
    known = shelf.read_manifest(shelf.adapter_folder(home, live)).facts if live else ()
    row = night_row(
        examined.tag,
        verdict,
        examined.before,
        examined.after,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        facts_learned=len(set(manifest.facts) - set(known)),
        exam_seconds=verdict.figures.get("exam_seconds", 0.0),
        study=manifest.figures if verdict.figures.get("examination", 1) == 1 else {},
    )
    add_row(home, row)


def sleep(home: Home, settings: Settings, options: NightOptions) -> str | None:
    """One night without exam: a candidate on the shelf, not live. Returns its tag; None when nothing was to learn."""
    if not options.dry_run:
        shelf.take_in_legacy(home)
        sweep(home.adapters)
    turns, _ = without_repeats(read_turns(home, options))
    night, why_not = plan_night(home, settings, options, turns)
    if night is None:
        say(why_not)
        return None
    if options.dry_run:
        print(describe_plan(night, settings))
        return None
    result = train_candidate(home, settings, options, night)
    put_on_shelf(home, night, result)
    if any(not mark.proven and not mark.purged for mark in read_forgotten(home.forgotten)):
        say(f"{night.tag} did not study what was forgotten; that it is gone is proven by run_cycle.py, not by this")
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
    if options.adapter_tag is None:
        start = planning.begin(data, start, settings.night, planning.studied_by(home, start.tag))
    tag = shelf.next_tag(home, datetime.now().astimezone().date())
    asked = settings.night.verify
    night = replace(settings.night, verify=is_able(settings) if asked is None else asked)
    plan = planning.plan_document(home, tag, settings.model.model, night, data, start, exclude)
    return Night(tag, home.nights / tag, data, start, plan), ""


def starting_point(home: Home, settings: Settings, options: NightOptions) -> Start:
    """The adapter to go on from: the one asked for, else the live one where it fits, else none (the base model)."""
    if options.reset_adapter:
        return Start(note="--reset-adapter")
    tag = options.adapter_tag or shelf.live_tag(home)
    if tag is None or tag == "none":
        return Start()
    adapter = shelf.open_adapter(home, tag)
    folder, manifest = adapter.folder, adapter.manifest
    unfit = forgetting.why_not_from(home, tag) or damage(adapter)
    unfit = unfit or planning.fits_start(folder, manifest.model, settings.model.model, settings.night)
    if not unfit:
        return Start(tag, folder, frozenset(manifest.facts))
    if options.adapter_tag:
        raise UserError(f"{tag} {unfit}", hint="match its flags, or start from the base model with --reset-adapter")
    say(f"{tag} {unfit}: starting from the base model, everything told is studied again")
    return Start(note=f"{tag} {unfit}")


def damage(adapter: shelf.Adapter) -> str:
    """Why nothing can go on from an adapter whose files are not what they were, or ""."""
    problems = shelf.check(adapter)
    return f"is damaged ({'; '.join(problems)})" if problems else ""


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


def describe_plan(night: Night, settings: Settings, waiting: Waiting | None = None) -> str:
    """What --dry-run prints: who is examined again; facts, lessons, tokens, estimated time and peak memory."""
    from circadian.backend.estimate import estimate

    exchanges = [lesson.messages for lesson in night.data.train]
    batch, iters = settings.night.batch_size, settings.night.iters
    passes = iters * batch / len(exchanges) if iters else planning.PASSES
    share = 1.0 if iters else planning.taken_each_pass(night.data) / len(exchanges)
    looked_at = planning.REPLAY + len(night.data.valid)
    model = settings.model.model
    layers = planning.study_settings(settings.night, night.start)["num_layers"]
    cost = estimate(
        model, exchanges, passes=passes, share=share, looked_at=looked_at, batch_size=batch, num_layers=layers
    )
    facts = "\n".join(f"  {f.statement}" for f in night.data.active)
    again = f"{waiting.tag} is examined again, with {described(waiting)}\n" if waiting else ""
    if waiting and waiting.holds_all(night.data):
        return f"{again}nothing was told since: no training\nnothing was written"
    to_check = night.plan["settings"].get("verify") and not night.plan.get("resume")
    checked = ", each checked by the model first (not in the time below)" if to_check else ""
    usual = settings.night.num_layers is None and settings.night.rank == NightSettings().rank
    learned = (model == EMBEDDED and usual) or any(Path(night.plan["cache"]).glob("topics-*"))
    if night.plan.get("topics") and night.start.folder is None and not learned:
        checked += ", after it learned once what questions are about (not in the time below either)"
    return (
        f"{again}night {night.tag}, from {described_start(night.start)} on {settings.model.model}\n"
        f"{len(night.data.active)} facts\n{facts}\n"
        f"{len(night.data.train)} lessons of {cost.tokens} tokens, up to {passes:.3g} passes{checked}\n"
        f"about {duration(cost.seconds)} at most here, {cost.memory / 1e9:.1f} GB at the peak\n"
        "nothing was written"
    )


def described_start(start: Start) -> str:
    return start.tag or f"the base model{f' ({start.note})' if start.note else ''}"


def train_candidate(home: Home, settings: Settings, options: NightOptions, night: Night) -> Json:
    """Train the night in a child process, into <night>/candidate; returns the training's result."""
    if not night.plan.get("resume"):
        wanted = options.augment or night.plan["settings"]["verify"]
        data = refined(settings, options, night) if wanted else night.data
        write_night(night.folder, data, night.plan)
    if night.start.note:
        say(f"night {night.tag} | from {described_start(night.start)}")
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
    asked = replace(settings.night, verify=night.plan["settings"]["verify"])
    verdicts = Verdicts(
        Path(night.plan["cache"]) / f"{VERDICTS}{short_id(model.source.name, model.source.revision)}.json"
    )
    weak, more = settings.night.verify is not None, options.augment
    try:
        data, lines = refine(
            model, night.data, asked, exclude, more=more, weak=weak, verdicts=verdicts, progress=progress
        )
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
    from circadian.backend.source import find_model

    config: Json = json.loads((night.folder / WORK / "adapter_config.json").read_bytes())
    settings = {**night.plan["settings"], **config["study"], "scale": config["lora_parameters"]["scale"]}
    with building(home.adapters / night.tag) as work:
        for name in ("adapters.safetensors", STUDIED, "adapter_config.json"):
            shutil.copyfile(night.folder / WORK / name, work / name)
        if report is not None and verdict is not None:
            write_json(work / "report.json", report)
            write_json(work / "verdict.json", verdict.as_json())
        manifest = Manifest(
            tag=night.tag,
            model=night.plan["model"],
            revision=find_model(night.plan["model"]).revision,
            created=datetime.now().astimezone().isoformat(timespec="seconds"),
            settings={**settings, "start_from": night.start.tag},
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
    names = ("steps", "best_step", "stopped", "tokens", "seconds", "replay_seconds", "lessons", "replay", "topics")
    return {name: result[name] for name in (*names, "peak_memory")} | {
        "unknown": len(result["unknown"]),
        "too_long": result["too_long"],
    }
