"""An inconclusive candidate's next examination: with more items and probes than the last, as its verdict asked.

It comes before the night's training, or instead of it when nothing new was told. Never: one examined again that knew
what was forgotten or told differently since, or whose rival has changed; or one promoted for being asked
again: each further examination has half of the chance of the one before to promote by luck, so that all together stay
below twice of it, and looks for harm as the first did.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from circadian import forgetting, shelf
from circadian.console import say
from circadian.errors import UserError
from circadian.files import read_json, write_json
from circadian.gate.forgetting import with_forgotten, with_taught
from circadian.gate.policy import NOTHING_MORE, judge
from circadian.night.dataset import NightData, read_night
from circadian.night.lessons import make_lessons
from circadian.night.options import NightOptions
from circadian.night.plan import study_turns
from circadian.nightly_exam import (
    LOOKS,
    Examined,
    More,
    examine,
    examine_rival,
    items_of,
    live_fit,
    noted,
    report_pair,
    set_exam,
)
from circadian.records import Json, Lesson, Turn, Verdict
from circadian.settings import Home, Settings
from circadian.shelf.live import name

GENEROUS = 1.5  # times what the verdict asked for: that was an estimate, and the next examination is the stricter one
REPORT, VERDICT = "report.json", "verdict.json"


@dataclass(frozen=True)
class Waiting:
    """An inconclusive candidate to examine again: what it studied, its last verdict, what it is asked more."""

    tag: str
    folder: Path
    data: NightData
    verdict: Verdict
    more: More
    new_items: int
    spare: tuple[Lesson, ...]

    @property
    def examination(self) -> int:
        """The number of the examination to come: 2 for the second."""
        return int(self.verdict.figures.get("examination", 1)) + 1

    def holds_all(self, data: NightData) -> bool:
        """Whether it studied every fact of tonight: then there is nothing new to train."""
        return {f.id for f in data.active} <= {f.id for f in self.data.active}


def newest_inconclusive(home: Home) -> str | None:
    """The youngest candidate whose verdict is inconclusive; retention spares it."""
    for adapter in reversed(shelf.list_adapters(home)):
        try:
            row = shelf.read_verdict(adapter.folder)
        except UserError:
            continue  # damaged: nobody knows what it said
        if row is not None and row.get("outcome") == "inconclusive":
            return adapter.tag
    return None


def waiting_candidate(
    home: Home, settings: Settings, options: NightOptions, tonight: NightData, turns: Sequence[Turn]
) -> Waiting | None:
    """The candidate to examine again tonight; None (and why is said, of last night's) when there is none."""
    asked_for = replace(options, dry_run=False, synthetic=False, augment=False, held_out=None)
    tag = newest_inconclusive(home) if asked_for == NightOptions() else None
    if tag is None:
        return None
    try:
        found = open_waiting(home, settings, tag, tonight, turns)
    except UserError as error:
        found = error.message
    if isinstance(found, Waiting):
        return found
    if tag == shelf.list_adapters(home)[-1].tag:
        say(f"{tag} was inconclusive and is not examined again: {found}")
    return None


def open_waiting(home: Home, settings: Settings, tag: str, tonight: NightData, turns: Sequence[Turn]) -> Waiting | str:
    """The candidate `tag`, or why it can't be examined again. UserError when its files or its night can't be read."""
    folder = shelf.adapter_folder(home, tag)
    report, verdict = read_json(folder / REPORT), Verdict.from_json(read_json(folder / VERDICT))
    why_not = unfit(home, settings, tag, report)
    if why_not:
        return why_not
    data, plan = read_night(home.nights / tag)
    if is_outdated(data, tonight, turns):
        return "what it was taught was told differently, or taken back, since"
    spare = spare_probes(data, frozenset(plan.get("exclude", ())), settings.night.seed)
    more = more_for(settings, tag, spare, report, verdict)
    if more is None:
        return "there is nothing more to ask it"
    return Waiting(tag, folder, data, verdict, more, new_items(settings, tag, more, report), tuple(spare))


def unfit(home: Home, settings: Settings, tag: str, report: Json) -> str:
    """Why the adapter is none to be promoted or compared any more, or ""."""
    held = forgetting.why_not_from(home, tag)
    if held:
        return f"it {held}"
    manifest = shelf.read_manifest(home.adapters / tag)
    if manifest.model != settings.model.model:
        return f"it was trained for {manifest.model}"
    was, now = report["live"]["adapter"], live_fit(home, manifest.model)
    if was != now:
        return f"it was examined against {name(was)}, and {name(now)} answers now"
    problems = [p for a in shelf.list_adapters(home) if a.tag == tag for p in shelf.check(a)]
    return f"it is damaged: {'; '.join(problems)}" if problems else ""


def is_outdated(data: NightData, tonight: NightData, turns: Sequence[Turn]) -> bool:
    """Whether a fact it studied was replaced or forgotten since, or is told by no turn that may be studied."""
    gone = {f.id for f in tonight.facts if f.status != "active"}
    told = {t.id for t in study_turns(turns)}
    return any(f.id in gone or not told & set(f.turn_ids) for f in data.active)


# --- what it is asked more --------------------------------------------------------------------------------------


def more_for(settings: Settings, tag: str, spare: Sequence[Lesson], report: Json, verdict: Verdict) -> More | None:
    """What the verdict asked for, on top of what the last examination asked more; None where there is no more of it."""
    wanted = verdict.figures
    last: Mapping[str, Any] = wanted.get("more", {})
    before: int = last.get("probes", 0)
    of: dict[str, int] = {**last.get("of", {})}
    for category, count in wanted.get("more_of", {}).items():
        of[category] = of.get(category, 0) + generous(count)
    items = last.get("items", 0) + generous(wanted.get("more_items", 0))
    probes = spare[: before + generous(wanted.get("more_probes", 0))]
    more = More(items, of, tuple(probes))
    return more if new_items(settings, tag, more, report) or len(probes) > before else None


def new_items(settings: Settings, tag: str, more: More, report: Json) -> int:
    """How many items the examination to come adds to those of the last one."""
    asked = {row["item_id"] for row in report["candidate"]["scores"]}
    return sum(item.id not in asked for item in items_of(settings, tag, more))


def generous(count: int) -> int:
    return math.ceil(count * GENEROUS)


def spare_probes(data: NightData, exclude: frozenset[str], seed: int) -> list[Lesson]:
    """Wordings of the candidate's facts that no lesson and no probe had, the facts in turn, always so ordered."""
    asked = {q.hash for q in (*data.train, *data.valid, *data.test, *data.untold)}
    made = make_lessons(data.facts, seed=seed, exclude=exclude | asked)
    left: dict[str, list[Lesson]] = {}
    for lesson in (*made.test, *made.valid, *made.train):
        if lesson.kind == "recall" and lesson.fact_id:
            left.setdefault(lesson.fact_id, []).append(lesson)
    longest = max((len(rows) for rows in left.values()), default=0)
    return [rows[n] for n in range(longest) for rows in left.values() if n < len(rows)]


# --- the examination --------------------------------------------------------------------------------------------


def examine_again(home: Home, settings: Settings, waiting: Waiting, turns: Sequence[Turn]) -> Examined:
    """Examine live and candidate on all that was asked before and more; the new report and verdict replace the last."""
    model, number = settings.model.model, waiting.examination
    say(f"{waiting.tag} was inconclusive: examined again, with {described(waiting)}")
    live = shelf.live_tag(home)
    exam = set_exam(home, settings, waiting.tag, waiting.data, turns, waiting.more)
    before, untold = examine_rival(home, model, exam)
    after = examine(home, model, waiting.tag, waiting.folder, exam)
    verdict = judge(before, after, settings.gate, looks=LOOKS, examination=number)
    verdict = with_forgotten(verdict, [p.fact_id for p in exam.forgotten], untold, after.forgotten)
    # A mark may have been made while it was examined.
    verdict = with_taught(verdict, [m.id for m in forgetting.must_go(home, waiting.tag)])
    asked: Json = {"items": waiting.more.items, "of": dict(waiting.more.of), "probes": len(waiting.more.probes)}
    spent = round(before.seconds + after.seconds, 1)
    verdict = noted(verdict, examination=number, scale=1.0, more=asked, exam_seconds=spent)
    report = report_pair(before, after, verdict)
    if not verdict.promote and more_for(settings, waiting.tag, waiting.spare, report, verdict) is None:
        verdict = noted(verdict, **NOTHING_MORE)
    write_json(waiting.folder / REPORT, report)
    write_json(waiting.folder / VERDICT, verdict.as_json())
    return Examined(waiting.tag, verdict, before, after, live)


def described(waiting: Waiting) -> str:
    probes = len(waiting.more.probes) - waiting.verdict.figures.get("more", {}).get("probes", 0)
    counted = ((waiting.new_items, "items"), (probes, "probes"))
    return " and ".join(f"{count} more {what}" for count, what in counted if count)
