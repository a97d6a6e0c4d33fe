"""Nights of the embedded model on disk, exams and all, so that every change of the gate is judged on the same ones."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.night import machine
from benchmarks.planted import Outcome, settings_for
from benchmarks.recipe import differences, made_by
from circadian.console import say
from circadian.files import write_atomic
from circadian.records import Report
from circadian.settings import CHECKOUT, EMBEDDED, Home

RECORDED = Path(__file__).parent / "results" / "gate-nights.json.gz"
SHOWN = 100  # characters of an answer that are recorded


def record(outcomes: Sequence[Outcome]) -> None:
    rows = [replace(o, before=shortened(o.before), after=shortened(o.after)).as_json() for o in outcomes]
    text = json.dumps({"machine": machine(), "nights": rows}, ensure_ascii=False)
    write_atomic(RECORDED, gzip.compress(text.encode(), mtime=0))


def shortened(report: Report | None) -> Report | None:
    if report is None:
        return None
    scores, recall = (tuple(replace(s, answer=s.answer[:SHOWN]) for s in x) for x in (report.scores, report.recall))
    return replace(report, scores=scores, recall=recall, asked={})


def read_recorded(kinds: Sequence[str]) -> list[Outcome]:
    if not RECORDED.exists():
        say(f"{RECORDED.name} is missing: have the nights with --embedded")
        return []
    rows = json.loads(gzip.decompress(RECORDED.read_bytes()))["nights"]
    now = made_by(settings_for(EMBEDDED, Home(CHECKOUT)))
    nights = [o for o in map(Outcome.from_json, rows) if o.job.kind in kinds]
    return [replace(o, differs=differences(o.made, now)) for o in nights]
