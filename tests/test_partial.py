"""An exam that was interrupted in a night goes on; suites run by split and category."""

import json
from pathlib import Path

import pytest

import eval_harness
from circadian.cycle import Exam, examine
from circadian.exam.partial import open_partial
from circadian.files import read_rows, write_rows
from circadian.records import Item, Score
from circadian.settings import Home

ITEMS = tuple(Item(f"i{n}", "c", f"Say {n}", "exact", "so", suite="s", max_tokens=2) for n in range(3))


@pytest.mark.mlx
def test_the_exam_of_a_night_goes_on_where_it_was(home: Home, tiny_model: Path) -> None:
    from circadian.backend.model import find_model

    revision = f"{tiny_model}@{find_model(str(tiny_model)).revision}"
    partial = open_partial(home.cache, revision, None, ITEMS)
    partial.keep([Score("i1", "c", True, "kept", -0.5)])
    exam = Exam(ITEMS, (), (), {}, 2)
    report = examine(home, str(tiny_model), None, None, exam)
    assert [(s.item_id, s.answer == "kept") for s in report.scores] == [("i0", False), ("i1", True), ("i2", False)]
    assert not partial.path.exists()
    assert examine(home, str(tiny_model), None, None, exam).scores[1].passed is False


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
