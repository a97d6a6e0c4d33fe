"""What is looked at besides the exam: the day before it is studied, what was studied, and the candidate's files.

An exam sees what its items ask. These see a poisoned day, unsound lessons, a training that diverged and files that no
exam could load, and name them. Never: a reason here overruled by a good exam.
"""

from collections.abc import Sequence
from pathlib import Path

from circadian import shelf
from circadian.console import say
from circadian.night.dataset import read_night
from circadian.night.repeats import set_aside
from circadian.night.soundness import diverged, unsound_lessons
from circadian.records import NOT_FINITE, Json, Turn


def without_repeats(turns: Sequence[Turn]) -> tuple[list[Turn], tuple[str, ...]]:
    """The turns to study, without what a day says over and over; and a reason for each, which is also said."""
    kept, repeated = set_aside(turns)
    reasons = tuple(f"left out: {line}" for line in repeated)
    for reason in reasons:
        say(reason)
    return kept, reasons


def broken_files(folder: Path, model: str) -> tuple[str, ...]:
    """Why the candidate in `folder` can't be loaded on the base model, or should not be."""
    from circadian.backend.source import find_model

    return tuple(shelf.candidate_problems(folder, model, find_model(model).folder))


def unsound_study(night: Path, result: Json) -> tuple[str, ...]:
    """What was wrong with the study itself, whatever the exam says: how the training went, and the lessons on disk."""
    studied, _ = read_night(night)
    went = diverged(result["losses"], result.get("best_step", 0))
    reasons = [f"training: {NOT_FINITE}"] if result["stopped"] == NOT_FINITE else list(went)
    return (*reasons, *unsound_lessons(studied.train, {f.id: f for f in studied.facts}))
