"""The plan of one night: which facts, which lessons, from which adapter, with which settings. Decided before training.

Never: a plan that depends on anything but the turns, what a model has read in them, the settings, the base model and
the adapter it starts from.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from circadian.errors import UserError
from circadian.files import read_json, read_rows
from circadian.night.dataset import NightData, read_night
from circadian.night.extract import Extracted
from circadian.night.facts import gather
from circadian.night.forget import refusals_of
from circadian.night.lessons import HELD_OUT, make_lessons
from circadian.night.options import LAST
from circadian.night.untold import untold_lessons
from circadian.records import NO_TRAIN, Fact, Forgotten, Json, Turn
from circadian.settings import CHECKOUT, Home, ModelSettings, NightSettings

PASSES = 3
DONE = "done"  # in the folder of a night whose adapter reached the shelf
LEAST_TESTS = 8  # of all new facts together: five more right answers than before are the fewest that are no luck
REPLAY = 240  # questions whose base answers are held
BESIDES = 96  # lessons of a pass that take as long as what is no lesson (13 facts with 16 each 292 s, 26 of them 491 s)
LOUD = 18  # facts of known relations up to which what is served is louder than what was studied
OVER_BUDGET = "facts over the budget"


@dataclass(frozen=True)
class Start:
    """The adapter that the night goes on from (None: the base model), the facts it was taught, and why not another."""

    tag: str | None = None
    folder: Path | None = None
    facts: frozenset[str] = frozenset()
    note: str = ""


def study_turns(turns: Sequence[Turn]) -> list[Turn]:
    return [t for t in turns if NO_TRAIN not in t.tags]


def plan_data(
    turns: Sequence[Turn],
    settings: NightSettings,
    exclude: frozenset[str],
    taught: frozenset[str] = frozenset(),
    forgotten: Sequence[Forgotten] = (),
    read: Extracted | None = None,
) -> NightData:
    """Facts and lessons of all turns that may be studied; too many facts: the untaught, often told and newest first.

    What was `forgotten` is no fact any more; the questions that only it would answer are untold ones with its id.
    `read` is what a model has read in the turns.
    """
    read = read or Extracted()
    sheet = gather(study_turns(turns), taught=taught, forgotten=forgotten, extracted=read.drafts)
    active = [f for f in sheet.facts if f.status == "active"]
    chosen, left = within_budget(active, settings.facts, taught)
    history = [f for f in sheet.facts if f.status != "active"]  # questions that an older telling was asked by
    tests = tests_of([f for f in chosen if f.id not in taught])
    lessons = make_lessons([*history, *chosen], seed=settings.seed, exclude=exclude, tests=tests)
    dropped = {**sheet.dropped, **read.dropped, **lessons.dropped}
    notes = [*sheet.notes]
    if left:
        dropped[OVER_BUDGET] = left
        notes.append(f"{left} facts wait: a night studies {settings.facts} (night.facts)")
    kept = {f.id for f in chosen}
    facts = tuple(f for f in sheet.facts if f.status != "active" or f.id in kept)
    asked = (*lessons.train, *lessons.valid, *lessons.test)
    refusals = refusals_of(forgotten, active, exclude | {lesson.hash for lesson in asked}, settings.seed)
    untold = untold_lessons(active, asked, refusals, seed=settings.seed, exclude=exclude)
    splits = (lessons.train, lessons.valid, lessons.test)
    return NightData(facts, *splits, dropped, tuple(notes), untold)


def tests_of(new: Sequence[Fact]) -> dict[str, int]:
    """How many wordings test each new fact: with few facts more of each, or no exam could tell learning from luck."""
    return {f.id: max(HELD_OUT, -(-LEAST_TESTS // len(new))) for f in new}


def within_budget(facts: Sequence[Fact], most: int, taught: frozenset[str]) -> tuple[list[Fact], int]:
    """At most `most` facts: untaught before taught, then the often told, then the newest; and how many are left out."""
    if len(facts) <= most:
        return list(facts), 0

    def rank(i: int) -> tuple[bool, int, int]:
        return facts[i].id not in taught, len(facts[i].turn_ids), i

    ranked = sorted(range(len(facts)), key=rank, reverse=True)[:most]
    return [facts[i] for i in sorted(ranked)], len(facts) - most


def fits_start(folder: Path, manifest_model: str, model: str, settings: NightSettings) -> str:
    """Why an adapter cannot be gone on from (another base model, rank or number of layers), or ""."""
    if manifest_model != model:
        return f"was trained for {manifest_model}"
    config: Json = json.loads((folder / "adapter_config.json").read_bytes())
    rank = config.get("lora_parameters", {}).get("rank")
    if "num_layers" not in config:
        return "has no number of layers in its config"
    if rank != settings.rank:
        return f"has rank {rank}, not {settings.rank}"
    wanted = settings.num_layers
    if wanted is not None and wanted >= 0 and config.get("num_layers") != wanted:
        return f"has {config.get('num_layers')} layers, not {wanted}"
    return ""


def nothing_new(data: NightData, start: Start) -> str:
    """Why there is nothing to learn tonight, or ""."""
    if not data.active:
        return "nothing to learn: no statement of a fact in what you told it"
    if start.folder is not None and {f.id for f in data.active} <= start.facts:
        return f"nothing new to learn: {start.tag} was taught all {len(data.active)} facts"
    return ""


def begin(data: NightData, start: Start, settings: NightSettings, studied: frozenset[str] = frozenset()) -> Start:
    """`start`, or the base model where all facts together cost at most `settings.rebuild` times what going on costs.

    What many nights harm is the going on (docs/design.md), so it is done where it saves much. It is always done with a
    number of iterations, which teach what is new and not everything, and where all that is not known yet was `studied`
    by the night of `start`: what it half knows is one more study from sticking.
    """
    new = {f.id for f in data.active} - start.facts
    if start.folder is None or settings.iters or OVER_BUDGET in data.dropped or new <= studied:
        return start
    again, on = BESIDES + taken_each_pass(data), BESIDES + taken_each_pass(data, start.facts)
    if again > settings.rebuild * on:
        return start
    return Start(note=f"all facts cost {again / on:.1f} times what the new ones would")


def studied_by(home: Home, tag: str | None) -> frozenset[str]:
    """Ids of the facts that the night of an adapter studied, known then or not; empty where its files are gone."""
    path = home.nights / (tag or "") / "facts.jsonl"
    rows = read_rows(path) if path.is_file() else []
    return frozenset(row["id"] for row in rows if row["status"] == "active")


def taken_each_pass(data: NightData, known: frozenset[str] = frozenset()) -> int:
    """Lessons that a pass takes: of what is new as many as it may, of what is `known` a few."""
    from circadian.backend.train import StudyPlan

    of_fact = Counter(lesson.fact_id for lesson in data.train)
    most = StudyPlan().of_each(sum(fact not in known for fact in of_fact))
    taken = sum(min(n, most) for fact, n in of_fact.items() if fact not in known)
    rehearsed = sum(min(n, StudyPlan.rehearse) for fact, n in of_fact.items() if fact in known)
    return taken + min(rehearsed, StudyPlan.rehearse_most)


def study_settings(settings: NightSettings, start: Start) -> Json:
    """The fields of backend.train.StudyPlan that come from settings; layers not asked for are those of the start."""
    names = ("rank", "scale", "num_layers", "learning_rate", "batch_size", "seed")
    chosen = {name: getattr(settings, name) for name in names}
    if settings.num_layers is None and start.folder is not None:
        chosen["num_layers"] = json.loads((start.folder / "adapter_config.json").read_bytes())["num_layers"]
    if settings.iters:  # so many were asked for
        return chosen | {"iters": settings.iters, "passes": 1_000_000}
    return chosen | {"iters": 100_000, "passes": PASSES}


def loudness(data: NightData) -> Json:
    """What is otherwise in a study of many facts of known relations: a gain of 1, and no topics rehearsed.

    "Your … is something you haven't told me" stands where their values do, and takes more of them with it, the more
    there are and the louder they are (docs/design.md, sixteenth and eighteenth round). Clauses are refused otherwise.
    So many facts keep apart what questions are about without rows beside them (twenty-second round).
    """
    many = sum(fact.relation != "clause" for fact in data.active) > LOUD
    return {"gain": 1.0, "topic_ratio": 0.0} if many else {}


def plan_document(
    home: Home, tag: str, model: str, settings: NightSettings, data: NightData, start: Start, exclude: frozenset[str]
) -> Json:
    topics = settings.topics and not settings.iters
    return {
        "tag": tag,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "model": model,
        "start_from": str(start.folder) if start.folder else None,
        "start_tag": start.tag,
        "taught": sorted(start.facts),
        "settings": asdict(settings),
        "study": study_settings(settings, start) | loudness(data) | ({} if topics else {"topic_ratio": 0.0}),
        "max_seq_length": settings.max_seq_length,
        "replay": REPLAY,
        "topics": topics,
        "cache": str(home.cache),
        "exclude": sorted(exclude),
        "git_commit": git_commit(),
    }


def git_commit() -> str | None:
    """The checkout's commit, with "+" when files were changed since; None outside a git checkout."""
    try:
        head = subprocess.run(
            ["git", "-C", str(CHECKOUT), "describe", "--always", "--abbrev=40", "--dirty=+"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return head.stdout.strip() or None


def interrupted(home: Home, which: str) -> Path:
    """The folder of the last night (or that of a tag) if it was cut short, else a UserError."""
    planned = [p for p in home.nights.glob("*") if (p / "plan.json").is_file()]
    planned.sort(key=lambda p: (p / "plan.json").stat().st_mtime)
    last = planned[-1:] if which == LAST else [p for p in planned if p.name == which]
    wanted = [p for p in last if not (p / DONE).exists() and not (home.adapters / p.name).exists()]
    if not wanted:
        raise UserError("there is no interrupted night to resume", hint="run it without --resume")
    return wanted[0]


def refuse_other_settings(plan: Json, model: str, settings: NightSettings) -> None:
    """UserError for a flag or setting that a resumed night would not follow: it goes on as it was planned."""
    given = {f.name: getattr(settings, f.name) for f in fields(settings) if getattr(settings, f.name) != f.default}
    other = [name for name, value in given.items() if plan["settings"].get(name, value) != value]
    if model not in (ModelSettings().model, plan["model"]):
        other.append("model")
    if other:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in other)
        raise UserError(f"--resume goes on as planned; {flags} differs", hint="leave it out, or start a new night")


def compare_config(folder: Path, plan: Json) -> None:
    """UserError when adapter_config.json does not say what was asked for: a flag that had no effect is a defect."""
    config = {k: v for k, v in read_json(folder / "adapter_config.json").items() if k != "version"}
    study: Json = plan["study"]
    asked: Json = {k: study[k] for k in ("learning_rate", "batch_size", "iters", "seed")}
    asked |= {"model": plan["model"], "max_seq_length": plan["max_seq_length"]}
    if study["num_layers"] is not None and study["num_layers"] >= 0:
        asked["num_layers"] = study["num_layers"]
    found: Mapping[str, object] = {**config, **config["lora_parameters"]}
    asked |= {"rank": study["rank"], "scale": study["scale"]}
    wrong = [f"{k}: asked {v}, got {found.get(k)}" for k, v in asked.items() if found.get(k) != v]
    if wrong:
        raise UserError(f"the night did not train what was asked for: {'; '.join(wrong)}")


def reopen(folder: Path) -> tuple[NightData, Json]:
    """The data and plan of an interrupted night, to go on with its last checkpoint."""
    data, plan = read_night(folder)
    return data, plan | {"resume": True}
