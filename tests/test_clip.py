"""Clip before you give up: a candidate that learned but harmed is examined at smaller LoRA scales. Scripted exams."""

import json
from pathlib import Path

import pytest

from circadian import nightly_exam
from circadian.nightly_exam import Candidate, Exam, weigh
from circadian.records import Report, Verdict
from circadian.settings import Home, Settings
from tests.test_gate import GOOD, LIVE, SETTINGS, recall, report

HARMED = report(probes=recall(10), losses={"a": 2.0, "b": 3.0, "c": 4.0})
DULL = report(probes=recall(1), losses={"a": 2.0, "b": 3.0, "c": 4.0})
NIGHT = Exam((), (), (), {}, 8)


def weighed(
    home: Home, patch: pytest.MonkeyPatch, reports: dict[float, Report], unsound: tuple[str, ...] = ()
) -> tuple[Verdict, list[float], float]:
    """The verdict, the scales that were examined, and the LoRA scale that the candidate has in the end (20 before)."""
    asked: list[float] = []

    def examine(_home: Home, _model: str, _tag: str, _folder: Path, _exam: Exam, scale: float) -> Report:
        asked.append(scale)
        return reports[scale]

    patch.setattr(nightly_exam, "examine", examine)
    patch.setattr(nightly_exam, "broken_files", lambda *_: ())
    folder = home.root / "candidate"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"lora_parameters": {"scale": 20.0}}))
    candidate = Candidate("2026-01-01", "embedded", folder, unsound)
    _, verdict = weigh(home, Settings(gate=SETTINGS), candidate, LIVE, NIGHT, {})
    return verdict, asked, json.loads((folder / "adapter_config.json").read_text())["lora_parameters"]["scale"]


def test_what_harms_at_full_scale_and_passes_at_a_smaller_one_is_promoted_at_that(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, asked, scale = weighed(home, monkeypatch, {1.0: HARMED, 0.8: GOOD})
    assert verdict.promote and asked == [1.0, 0.8] and scale == pytest.approx(16.0)
    assert verdict.reasons[-1] == "at 0.8 of its LoRA scale" and verdict.figures["scale"] == 0.8


def test_what_harms_at_every_scale_is_held_as_it_was_at_full_scale(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, asked, scale = weighed(home, monkeypatch, {1.0: HARMED, 0.8: HARMED, 0.6: DULL})
    assert not verdict.promote and asked == [1.0, 0.8, 0.6] and scale == 20.0
    assert verdict.figures["scale"] == 1.0 and any("loss" in reason for reason in verdict.reasons)


def test_no_second_look_at_what_learned_nothing_passed_at_once_or_was_studied_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, (first, unsound) in enumerate(((DULL, ()), (GOOD, ()), (HARMED, ("training diverged",)))):
        root = tmp_path / str(n)
        root.mkdir()
        verdict, asked, scale = weighed(Home(root), monkeypatch, {1.0: first}, unsound)
        assert asked == [1.0] and scale == 20.0 and verdict.promote == (first is GOOD)
