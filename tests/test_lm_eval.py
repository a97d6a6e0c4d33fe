"""lm-evaluation-harness on our models: its absence and its rows everywhere, real tasks where it is installed.

The tasks are local: YAML and data in tests/data, no Hub. Each real run is a process of its own, because datasets reads
its cache's place at import.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from circadian.files import read_rows
from circadian.settings import Home
from tests.conftest import CHECKOUT

TASKS = ("tests/data/lm_eval_tiny.yaml", "tests/data/lm_eval_say.yaml")
installed = pytest.mark.skipif(
    find_spec("lm_eval") is None, reason='lm-evaluation-harness is an extra: pip install "lm-eval>=0.4.13,<0.5"'
)


def run_harness(home: Home, *flags: str) -> subprocess.CompletedProcess[str]:
    """eval_harness.py from the checkout, offline, with caches in the test's own home."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home.root / "hf"), "CIRCADIAN_NO_BLAS_HINT": "1"}
    line = [sys.executable, str(CHECKOUT / "eval_harness.py"), "--home", str(home.root), *flags]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=CHECKOUT, env=env)


def one_line(ran: subprocess.CompletedProcess[str], said: str) -> bool:
    return ran.returncode == 2 and ran.stdout == "" and said in ran.stderr and ran.stderr.count("\n") == 1


def test_without_the_extra_one_line_says_what_to_install(home: Home, tmp_path: Path) -> None:
    """Also where it is installed: a finder that hides it stands before all others."""
    hide = tmp_path / "sitecustomize.py"
    hide.write_text(
        "import importlib.util\nreal = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'lm_eval' else real(name, *rest)\n"
    )
    line = [sys.executable, str(CHECKOUT / "eval_harness.py"), "--home", str(home.root), "--lm-eval", "arc_easy"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "CIRCADIAN_NO_BLAS_HINT": "1"}
    ran = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert one_line(ran, 'pip install "lm-eval'), ran.stderr
    assert not home.logs.exists()


@pytest.mark.mlx
def test_rows_of_the_harness_figures() -> None:
    from circadian.backend.lm_eval import bounded, rows_of

    figures = {"alias": "a", "acc,none": 0.25, "acc_stderr,none": 0.1, "em,strict": float("nan"), "em_stderr,strict": 0}
    found = {"results": {"a": figures}, "n-samples": {"a": {"effective": 4}}, "versions": {"a": 1.0}, "n-shot": {}}
    rows = rows_of(found)
    assert [(r["metric"], r["value"], r["stderr"], r["n"]) for r in rows] == [
        ("acc", 0.25, 0.1, 4),
        ("em (strict)", None, 0.0, 4),
    ]
    options: dict[str, object] = {"until": "\n\n"}
    bounded(options)
    assert options == {"until": ["\n\n"], "max_gen_toks": 256}


@pytest.mark.mlx
def test_errors_name_the_next_step() -> None:
    from circadian.backend.lm_eval import explained

    class Hub(FileNotFoundError):
        __module__ = "datasets.exceptions"

    offline = explained(ConnectionError("Couldn't reach 'x/y' on the Hub"), ["x"], loaded=False).line()
    assert "not cached here" in offline and "HF_HUB_OFFLINE=1" in offline and "data_files" in offline
    assert "not cached here" in explained(Hub("no such data"), ["x"], loaded=False).message
    assert "folder you run this in" in explained(FileNotFoundError("d.jsonl"), ["x"], loaded=False).line()
    assert "no such task" in explained(KeyError("Spec 'x'"), ["x"], loaded=False).message
    assert (
        explained(ValueError("two\nlines"), ["x"], loaded=True).message == "lm-eval failed on x: ValueError: two lines"
    )


@installed
@pytest.mark.mlx
def test_local_tasks_run_on_base_and_adapter(home: Home, tiny_model: Path) -> None:
    from tests.tiny import write_tiny_adapter

    write_tiny_adapter(tiny_model, home.adapters / "2026-01-02", "2026-01-02")
    flags = ["--model", str(tiny_model), "--json", "--lm-eval"]
    ran = run_harness(home, *flags, ",".join(TASKS))
    assert ran.returncode == 0, ran.stderr
    base = json.loads(ran.stdout)
    assert [(r["task"], r["metric"], r["n"]) for r in base["lm_eval"]] == [
        ("circadian_tiny", "acc", 4),
        ("circadian_say", "exact_match", 4),
    ]
    assert all(0 <= r["value"] <= 1 and r["stderr"] is not None for r in base["lm_eval"])
    ran = run_harness(home, *flags, TASKS[0], "--adapter-tag", "2026-01-02", "--limit", "3")
    assert ran.returncode == 0, ran.stderr
    learned = json.loads(ran.stdout)
    assert (learned["adapter"], learned["lm_eval"][0]["n"]) == ("2026-01-02", 3)
    logs = home.logs / "exams"
    assert len(read_rows(logs / "base@llama" / "lm-eval.jsonl")) == 2
    row = read_rows(logs / "2026-01-02@llama" / "lm-eval.jsonl")[0]
    assert (row["suite"], row["limit"], row["metric"]) == ("lm-eval", 3, "acc")


@installed
@pytest.mark.mlx
def test_the_adapter_of_the_tag_is_on_the_model(tiny_model: Path, tmp_path: Path) -> None:
    """The same request to mlx-lm's adapter, with and without LoRA weights, and to our own token losses."""
    from lm_eval.api.instance import Instance

    from circadian.backend.lm_eval import examined
    from circadian.backend.model import open_model
    from tests.tiny import write_tiny_adapter

    folder = write_tiny_adapter(tiny_model, tmp_path / "a", "2026-01-02")
    model = open_model(str(tiny_model))
    lm = examined(lambda: model, 4)
    asked = [Instance("loglikelihood", {}, ("Where do fish", " live?"), 0)]
    base = lm.loglikelihood(asked)[0][0]
    prompt, whole = model.tokenizer.encode("Where do fish"), model.tokenizer.encode("Where do fish live?")
    ours = -sum(model.losses_of_tokens([(whole, len(prompt))])[0])
    assert base == pytest.approx(ours, rel=1e-4)
    model.set_adapter(folder)
    assert lm.loglikelihood(asked)[0][0] != pytest.approx(base, rel=1e-3)


@installed
@pytest.mark.mlx
def test_offline_one_line_says_what_is_needed(home: Home, tiny_model: Path, tmp_path: Path) -> None:
    task = tmp_path / "hub.yaml"
    task.write_text("task: hub_task\ndataset_path: someone/not-cached\ntest_split: test\ndoc_to_text: x\n")
    ran = run_harness(home, "--model", str(tiny_model), "--lm-eval", str(task))
    assert one_line(ran, "is not cached here and the Hub can't be reached"), ran.stderr
    missing = tmp_path / "lost.yaml"
    missing.write_text((CHECKOUT / TASKS[0]).read_text().replace("tests/data/lm_eval_tiny.jsonl", "nowhere.jsonl"))
    ran = run_harness(home, "--model", str(tiny_model), "--lm-eval", str(missing))
    assert one_line(ran, "the folder you run this in"), ran.stderr
    assert one_line(run_harness(home, "--lm-eval", "none.yaml"), "none.yaml does not exist")
