"""An exam that was interrupted in a night goes on; suites run by split and category."""

import json
import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

import eval_harness
from circadian.exam.partial import open_partial, program, program_of, versions
from circadian.files import append_lines, read_rows, write_rows
from circadian.nightly_exam import SCORES, Exam, clip_config, drop_scores, examine
from circadian.records import Item, Lesson, Message, Score, Turn
from circadian.settings import Home
from tests.conftest import CHECKOUT
from tests.tiny import write_tiny_adapter

ITEMS = tuple(Item(f"i{n}", "c", f"Say {n}", "exact", "so", suite="s", max_tokens=2) for n in range(3))


@pytest.mark.parametrize("changed", ["records.py", "exam/scorers.py", "exam/sandbox_monty.py", "backend/generate.py"])
def test_a_score_is_of_the_program_that_gave_it(tmp_path: Path, changed: str) -> None:
    package = tmp_path / "circadian"
    shutil.copytree(CHECKOUT / "circadian", package, ignore=shutil.ignore_patterns("__pycache__"))
    assert program_of(package, versions()) == program()
    with (package / changed).open("a") as file:
        file.write("# another version\n")
    assert program_of(package, versions()) != program()


def test_a_score_is_of_the_sandbox_that_ran_it() -> None:
    package = CHECKOUT / "circadian"
    assert f"pydantic-monty {metadata.version('pydantic-monty')}" in versions()
    other = [v + "1" if v.startswith("pydantic-monty") else v for v in versions()]
    assert program_of(package, other) != program_of(package, versions()) == program()


@pytest.mark.mlx
def test_the_exam_of_a_night_goes_on_where_it_was(home: Home, tiny_model: Path) -> None:
    from circadian.backend.source import find_model

    revision = f"{tiny_model}@{find_model(str(tiny_model)).revision}"
    partial = open_partial(home.cache, revision, None, ITEMS, folder=SCORES)
    partial.keep([Score("i1", "c", True, "kept", -0.5)])
    exam = Exam(ITEMS, (), (), {}, 2)
    report = examine(home, str(tiny_model), None, None, exam)
    assert [(s.item_id, s.answer == "kept") for s in report.scores] == [("i0", False), ("i1", True), ("i2", False)]
    assert examine(home, str(tiny_model), None, None, exam).scores == report.scores


@pytest.mark.mlx
def test_what_a_model_was_asked_before_is_not_asked_again(home: Home, tiny_model: Path) -> None:
    """Items, probes and records: a kept score is believed, one of another item, adapter or scale is not."""
    probes = (Lesson("Where do I live?", "You live in Bonn.", "f", "Bonn"),)
    said = (Message("user", "Hi"), Message("assistant", "Hello there."))
    exam = Exam(ITEMS, probes, (Turn(said, "r1"),), {}, 2)
    model, folder = str(tiny_model), write_tiny_adapter(tiny_model, home.adapters / "2026-08-23", "2026-08-23")
    first = examine(home, model, "2026-08-23", folder, exam)
    (store,) = (home.cache / SCORES).iterdir()
    rows = read_rows(store)
    assert len(rows) == 5 and first.perplexity is not None and first.losses["r1"] > 0
    again = examine(home, model, "2026-08-23", folder, exam)
    assert (again.scores, again.recall, again.losses) == (first.scores, first.recall, first.losses)
    assert again.perplexity == first.perplexity and read_rows(store) == rows
    append_lines(store, [{"record": "x"}, {"item": "x", "passed": True}])  # not ours: left alone
    assert examine(home, model, "2026-08-23", folder, exam).losses == first.losses
    write_rows(store, rows)
    changed = replace(ITEMS[0], prompt="Say nothing")
    examine(home, model, "2026-08-23", folder, replace(exam, items=(changed, *ITEMS[1:])))
    assert len(read_rows(store)) == 6
    half = examine(home, model, "2026-08-23", folder, exam, 0.5)
    assert len(list((home.cache / SCORES).iterdir())) == 2 and half.losses != first.losses
    clip_config(folder, 0.5)
    assert examine(home, model, "2026-08-23", folder, exam).losses == half.losses
    assert len(list((home.cache / SCORES).iterdir())) == 2
    drop_scores(home, first.model, ["2026-08-23"])
    assert [p for p in (home.cache / SCORES).iterdir() if p == store] == []
    assert len(list((home.cache / SCORES).iterdir())) == 1


@pytest.mark.mlx
def test_shipped_suites_run_by_split_and_category(
    home: Home, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--suite", "all", "--json"]
    flags += ["--split", "hidden", "--category", "safety,code,style,long-context", "--limit", "2"]
    assert eval_harness.main(flags) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert set(found["categories"]) == {"safety", "style", "code", "long-context"} and found["items"] == 8
    assert found["categories"]["long-context"] == {"passed": 0, "scored": 0, "unscored": 2}
    assert "unscored: hidden-slow.jsonl:13 (id long-context-h01): longer than the model's context" in err
    rows = read_rows(home.logs / "exams" / "base@llama" / "hidden.jsonl")
    assert {r["split"] for r in rows} == {"hidden"} and all(
        (r["value"] is None) != (r["reference"] is None) for r in rows
    )


@pytest.mark.mlx
def test_a_suite_of_ones_own_needs_only_the_fields(
    home: Home, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As GSM8K would be brought: a question and the number it ends with."""
    question = "Tom has 3 boxes of 4 pens. How many pens are there?"
    row = {"id": "gsm-1", "category": "gsm8k", "prompt": question, "scorer": "numeric", "target": 12, "max_tokens": 8}
    write_rows(tmp_path / "gsm8k.jsonl", [row | {"source_url": "kept"}])
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--suite", str(tmp_path / "gsm8k.jsonl"), "--json"]
    assert eval_harness.main(flags) == 0
    assert json.loads(capsys.readouterr().out)["categories"]["gsm8k"]["scored"] == 1
