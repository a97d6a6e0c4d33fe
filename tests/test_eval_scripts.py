"""eval_loss.py and eval_harness.py as a person runs them, on the tiny checkpoint; refusals need no model at all."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eval_harness
import eval_loss
from circadian.conditions import CONDITIONS
from circadian.errors import UserError
from circadian.exam.partial import open_partial
from circadian.exam.run import run_items
from circadian.exam.sandbox import KINDS
from circadian.exam.suites import HIDDEN, load_suites
from circadian.files import read_rows, write_rows
from circadian.records import Item, Score
from circadian.settings import Home, Settings
from tests.conftest import CHECKOUT, ScriptedModel

SUITE = [
    {"id": "a", "category": "sums", "prompt": "What is 2 + 3?", "scorer": "numeric", "target": 5, "max_tokens": 4},
    {"id": "b", "category": "sums", "prompt": "What is 4 + 3?", "scorer": "numeric", "target": 7, "max_tokens": 4},
    {"id": "c", "category": "pick", "prompt": "P", "scorer": "choice", "target": "x", "choices": ["x", "yy"]},
    {"id": "d", "category": "long", "prompt": "w " * 900, "scorer": "contains", "target": "x"},
]


def exchange(name: str, question: str, *tags: str) -> dict[str, object]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": "It is so."}]
    return {"messages": messages, "id": name, "tags": list(tags)}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    write_rows(tmp_path / "mine.jsonl", SUITE)
    return tmp_path / "mine.jsonl"


def test_the_scripts_refuse_with_one_line_and_code_2(home: Home, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a"}\n')
    for command, said in (
        (["eval_harness.py", "--suite", str(bad)], f"{bad}:1 (id a): category is missing"),
        (["eval_harness.py", "--suite", "promts"], "did you mean prompts?"),
        (["eval_harness.py", "--adapter-tag", "2020-01-01"], "there is no adapter 2020-01-01"),
        (["eval_loss.py", "--adapter-tag", "live"], "there is no live adapter"),
        (["eval_loss.py", "--data", "nowhere.jsonl"], "nowhere.jsonl does not exist"),
        (["eval_loss.py", "--tag", "../up"], "is no label"),
    ):
        script, *rest = command
        line = [sys.executable, str(CHECKOUT / script), "--home", str(home.root), "--model", "embedded", *rest]
        ran = subprocess.run(line, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
        assert ran.stderr.startswith("error: ") and said in ran.stderr and ran.stderr.count("\n") == 1


def test_categories_and_limits() -> None:
    items = [Item(f"{c}{i}", c, "p", "exact", "t") for i in range(3) for c in ("x", "y")]
    assert [i.id for i in eval_harness.choose_items(items, "category", [], 1)] == ["x0", "y0"]
    assert [i.id for i in eval_harness.choose_items(items, "category", ["y"], 2)] == ["y0", "y1"]
    assert eval_harness.split(["a,b", " c ,a", ""]) == ["a", "b", "c"]
    with pytest.raises(UserError, match="no category z"):
        eval_harness.choose_items(items, "category", ["z"], None)
    with pytest.raises(UserError, match="--limit"):
        eval_harness.choose_items(items, "category", [], 0)
    with pytest.raises(UserError, match="no split hiden") as error:
        eval_harness.choose_items(load_suites(["all"], CHECKOUT / "eval", hidden=True), "split", ["hiden"], None)
    assert "did you mean hidden?" in error.value.line()


def chosen(*flags: str) -> tuple[Item, ...]:
    args = eval_harness.build_parser().parse_args(list(flags))
    return eval_harness.chosen_items(args, Settings())


def test_hidden_items_are_asked_only_where_the_split_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    for flags in ([], ["--suite", "all"], ["--suite", "prompts,hidden"], ["--conditions", "all", "--suite", "all"]):
        items = chosen(*flags)
        assert len(items) >= 180 and {i.split for i in items} == {"heldout"}, flags
    assert capsys.readouterr().err == ""
    assert {i.split for i in chosen("--suite", "all", "--split", "hidden,heldout")} == {"heldout", "hidden"}
    assert capsys.readouterr().err.startswith("note: hidden items are the gate's")
    assert {i.suite for i in chosen("--suite", "all", "--split", "hidden")} == {"hidden", "hidden-slow"}
    with pytest.raises(UserError, match="all items of these suites are hidden") as error:
        chosen("--suite", "hidden")
    assert error.value.hint == "--split hidden"
    with pytest.raises(UserError, match="no split hiden") as error:
        chosen("--suite", "all", "--split", "hiden")
    assert "did you mean hidden?" in error.value.line()


def test_of_a_hidden_item_no_answer_is_kept(home: Home) -> None:
    items = [Item(s, "c", "p", "exact", "t", suite="mine", split=s) for s in ("hidden", "heldout")]
    scores = [Score(i.id, "c", False, "secret", -0.5, "secret is not t", i.split) for i in items]
    (path,) = eval_harness.keep_rows(home, {"label": "x"}, items, scores)
    hidden, other = read_rows(path)
    assert (hidden["answer"], hidden["why"], hidden["passed"], hidden["value"]) == ("", "", False, -0.5)
    assert (other["answer"], other["why"]) == ("secret", "secret is not t")


def test_what_the_help_names_is_what_there_is() -> None:
    """The script's --help is fast because it imports neither; the names in it must be theirs all the same."""
    assert eval_harness.SANDBOXES == KINDS and eval_harness.HIDDEN == HIDDEN
    (action,) = [a for a in eval_harness.build_parser()._actions if a.dest == "conditions"]
    named = re.findall(r"\b(\w+)(?: \([^)]*\))?(?:,|$)", (action.help or "").split("under these: ")[1])
    assert tuple(named) == CONDITIONS


@pytest.mark.parametrize("script", ["eval_harness", "eval_loss"])
def test_help_imports_neither_the_exam_nor_the_night(script: str) -> None:
    program = f"import sys, {script}\n{script}.build_parser()\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    loaded = ran.stdout.split()
    assert "circadian.settings" in loaded
    assert not [n for n in loaded if n.startswith(("circadian.exam.", "circadian.night", "circadian.conditions"))]


def test_gsm8k_becomes_a_suite_by_the_lines_of_the_docs(tmp_path: Path) -> None:
    """The script in docs/suites.md, run on rows of GSM8K's shape; the raw file is refused by file, line and id."""
    text = (CHECKOUT / "docs" / "suites.md").read_text(encoding="utf-8")
    script = re.search(r"## Bring your own.*?```python\n(.*?)```", text, re.DOTALL)
    assert script is not None
    answers = ["2 x 3 = <<2*3=6>>6\n#### 6", "It is $1,200.\n#### 1,200", "Half.\n#### 0.5"]
    rows = [{"question": f"Ann has {n} bags. How many?", "answer": a} for n, a in enumerate(answers, 7)]
    write_rows(tmp_path / "test.jsonl", rows)
    with pytest.raises(UserError, match=r"3 bad items: .*test.jsonl:1 \(id missing\): id is missing"):
        load_suites([str(tmp_path / "test.jsonl")], CHECKOUT / "eval")
    raw = (tmp_path / "test.jsonl").read_text()
    made = subprocess.run([sys.executable, "-c", script[1]], input=raw, capture_output=True, text=True, check=True)
    folder = tmp_path / "some where"
    folder.mkdir()
    (folder / "gsm8k.jsonl").write_text(made.stdout)
    items = load_suites([str(folder / "gsm8k.jsonl")], CHECKOUT / "eval")
    assert [(i.id, i.suite, i.target) for i in items] == [
        ("gsm8k-0001", "gsm8k", 6),
        ("gsm8k-0002", "gsm8k", 1200),
        ("gsm8k-0003", "gsm8k", 0.5),
    ]
    said = {items[0].prompt: "2 x 3 = 6", items[1].prompt: "So it costs $1,200.", items[2].prompt: "0.25"}
    assert [s.passed for s in run_items(ScriptedModel(said), items)] == [True, True, False]


def test_a_csv_of_other_columns_is_refused_and_kept(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,age\nAnn,3\n")
    with pytest.raises(UserError, match="other columns"):
        eval_loss.main(["--home", str(home.root), "--csv", str(path)])
    assert path.read_text() == "name,age\nAnn,3\n"


def test_csv_rows_follow_one_header_even_after_a_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "loss.csv"
    row = dict.fromkeys(eval_loss.columns(), 1) | {"label": 'a,"b"', "adapter": None}
    eval_loss.append_csv(path, row)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    eval_loss.append_csv(path, row)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["label"] for r in rows] == ['a,"b"'] * 2 and rows[0]["adapter"] == ""


def test_studied_and_private_records_are_left_out(home: Home) -> None:
    rows = [exchange("j1", "Told fact"), exchange("j2", "Private thing", "no-train"), exchange("j3", "Why is it so?")]
    write_rows(home.memories, rows)
    write_rows(home.nights / "2026-01-01" / "facts.jsonl", [{"turn_ids": ["j1"]}])
    ids = {t.id for t in eval_loss.held_out(home, None).turns}
    assert eval_loss.held_out(home, None).excluded == 1
    assert "j3" in ids and not ids & {"j1", "j2"} and len(ids) == 41
    write_rows(home.nights / "2026-01-02" / "train.jsonl", [exchange("x", "why is it SO")])
    only = eval_loss.held_out(home, CHECKOUT / "eval" / "heldout.jsonl")
    assert len(only.turns) == 40
    with pytest.raises(UserError, match="3 were studied"):
        write_rows(home.root / "d.jsonl", [rows[0], rows[2], exchange("x", "Why is it so")])
        eval_loss.held_out(home, home.root / "d.jsonl")


@pytest.mark.mlx
def test_runs_add_up_and_labels_stay_apart(
    home: Home, tiny_model: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--suite", str(suite)]
    assert eval_harness.main(flags) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["category", "passed", "scored", "unscored"]
    assert "long" in out and "base@llama | 4 items" in out
    path = home.logs / "exams" / "base@llama" / "mine.jsonl"
    first = read_rows(path)
    assert [(r["item_id"], r["passed"] is None) for r in first] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("d", True),
    ]
    assert eval_harness.main([*flags, "--json", "--category", "sums"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["total"]["scored"] == summary["items"] == 2 and summary["adapter"] is None
    rows = read_rows(path)
    assert rows[:4] == first and len(rows) == 6 and rows[4]["suite_sha256"] != first[0]["suite_sha256"]
    assert eval_harness.main([*flags, "--tag", "again", "--limit", "1"]) == 0
    assert read_rows(path) == rows and len(read_rows(home.logs / "exams" / "again" / "mine.jsonl")) == 3


@pytest.mark.mlx
def test_an_interrupted_run_goes_on_where_it_was(
    home: Home, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from circadian.backend.source import find_model

    weak = {"id": "w", "category": "sums", "prompt": "Is 2 even?", "scorer": "regex", "target": "(?i)^yes"}
    write_rows(tmp_path / "mine.jsonl", [*SUITE, weak])
    items = load_suites([str(tmp_path / "mine.jsonl")], tmp_path)
    model = f"{tiny_model}@{find_model(str(tiny_model)).revision}"
    partial = open_partial(home.cache, model, None, items, how="monty")
    partial.keep([Score("a", "sums", True, "kept", -0.5)])
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--suite", str(tmp_path / "mine.jsonl")]
    assert eval_harness.main(flags) == 0
    out, err = capsys.readouterr()
    assert "going on with an interrupted exam: 1 of 5 items" in err and not partial.path.exists()
    assert "unscored: mine.jsonl:4 (id d): longer than" in err
    assert "mine.jsonl:5 (id w): weak: 'yes' would pass" in err and "5 items, 1 of them weak and left out" in out
    rows = read_rows(home.logs / "exams" / "base@llama" / "mine.jsonl")
    assert (rows[0]["answer"], rows[0]["passed"], rows[1]["reference"] < 0) == ("kept", True, True)
    assert eval_harness.main([*flags, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "going on" not in err and json.loads(out)["weak"] == ["w"]


@pytest.mark.mlx
def test_loss_rows_are_appended_and_say_what_was_left_out(
    home: Home, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "records.jsonl"
    write_rows(data, [exchange("r1", "One?"), exchange("r2", "Two?"), exchange("r3", "w " * 900)])
    write_rows(home.nights / "n" / "facts.jsonl", [{"turn_ids": ["r1"]}])
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--data", str(data)]
    flags += ["--csv", str(tmp_path / "l.csv"), "--jsonl", str(tmp_path / "l.jsonl")]
    assert eval_loss.main(flags) == 0
    line = capsys.readouterr().out
    assert (
        line.startswith("base@llama | median ") and line.endswith("1 studied ones excluded\n") and line.count("\n") == 1
    )
    assert "1 records" in line and "1 unmeasured" in line
    assert eval_loss.main([*flags, "--json", "--tag", "mine"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["label"], row["excluded"], row["records"], row["unmeasured"]) == ("mine", 1, 1, 1)
    assert [r["label"] for r in read_rows(tmp_path / "l.jsonl")] == ["base@llama", "mine"]
    assert len((tmp_path / "l.csv").read_text().splitlines()) == 3
    assert row["median"] == read_rows(tmp_path / "l.jsonl")[0]["median"]
