"""The training curve of a night: kept step by step while it studies, read back, and drawn in the report."""

import io
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from circadian.files import append_lines
from circadian.night.progress import CURVE, NightProgress, keep_point
from circadian.report.collect import Night, collect, read_curve
from circadian.report.figures import training, training_axis
from circadian.report.page import render_page
from circadian.settings import Home
from tests.sample_home import QUICK
from tests.test_compare import A, put, report

NOW = datetime(2026, 8, 20, 7, 30, tzinfo=UTC)


def test_a_training_is_kept_step_by_step_and_read_back(tmp_path: Path) -> None:
    keep_point(tmp_path, {"event": "replay", "done": 1, "of": 2})
    assert not (tmp_path / CURVE).exists()
    keep_point(tmp_path, {"event": "step", "step": 0, "unknown": 3, "facts": 4, "valid_loss": 2.5})
    for step, loss in ((1, 3.0), (2, 2.0), (3, 9.0), (3, 1.0)):  # 3 again: resumed from the checkpoint of 2
        keep_point(
            tmp_path, {"event": "step", "step": step, "loss": loss, "rate": 1.0, "memory": 1.5, "of": 9, "text": "x"}
        )
    keep_point(tmp_path, {"event": "step", "step": 3, "unknown": 0, "facts": 4, "valid_loss": float("inf")})
    curve = read_curve(tmp_path / CURVE)
    assert curve.steps == ((1, 3.0, 1.5), (2, 2.0, 1.5), (3, 1.0, 1.5))
    assert curve.looks == ((0, 2.5, 1, 4),)
    text = (tmp_path / CURVE).read_text()
    assert "Infinity" not in text and "text" not in text
    drawn = training(Night(A, {}, curve=curve), training_axis([curve]))
    assert "step 0: 1 of 4 facts known" in drawn and A in drawn


def test_a_curve_that_cannot_be_written_does_not_end_the_night(tmp_path: Path) -> None:
    (tmp_path / CURVE).mkdir()
    keep_point(tmp_path, {"event": "step", "step": 1, "loss": 1.0, "memory": 1.0})
    assert list((tmp_path / CURVE).iterdir()) == []


@pytest.mark.mlx
def test_a_real_training_leaves_its_curve(home: Home, tiny_model: Path) -> None:
    from tests.test_cycle import FAST, TOLD, tell
    from tests.test_cycle import call as run

    tell(home, *TOLD)
    assert run("sleep.py", home, "--model", str(tiny_model), *FAST)[0] == 0
    (folder,) = home.nights.iterdir()
    curve = read_curve(folder / CURVE)
    assert [step for step, _, _ in curve.steps] == [1, 2, 3, 4] and len(curve.looks) >= 2
    html = render_page(collect(home, QUICK), NOW).decode()
    assert "How it studied</h2>" in html and f"{folder.name}</h3>" in html


def test_rows_of_a_curve_are_json(home: Home) -> None:
    append_lines(home.nights / A / CURVE, [{"step": 1, "loss": 2, "memory": 1}], durable=False)
    assert read_curve(home.nights / A / CURVE).steps == ((1.0, 2.0, 1.0),)
    put(home, A, report(None, "10"), report(A, "01"))
    assert f"{A}</h3>" in render_page(collect(home, QUICK), NOW).decode()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_stage_of_a_night_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = NightProgress(A)
    progress({"event": "replay", "done": 2, "of": 2})
    progress({"event": "directions", "done": 8, "of": 8})
    progress({"event": "resumed", "step": 0})
    progress({"event": "states", "done": 32, "of": 32})
    progress({"event": "step", "unknown": 1, "facts": 4})
    time.sleep(0.15)  # a terminal is written to ten times a second
    progress({"event": "step", "step": 1, "of": 1, "loss": 2.0, "rate": 9.0, "memory": 1.0})
    progress.close()
    assert isinstance(sys.stderr, Terminal)
    lines = sys.stderr.getvalue().rstrip("\n").split("\n")
    assert [line.split(" | ")[1] for line in lines] == ["replay", "directions", "states", "step"]
    assert "8/8" in lines[1] and "3/4 known" in lines[3]
