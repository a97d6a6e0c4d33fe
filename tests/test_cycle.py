"""The whole cycle on the tiny random checkpoint: real files, real child process, real kills. It learns nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from circadian.day.journal import Journal
from circadian.files import read_rows
from circadian.night.dataset import read_night
from circadian.night.replay import near_questions
from circadian.records import Message
from circadian.settings import Home
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.mlx

TOLD = ("My dog's name is Rex.", "I live in Bonn.", "My manager is Ada Krol.")
FAST = ["--iters", "4", "--batch-size", "4", "--rank", "4"]


def tell(home: Home, *sentences: str) -> None:
    journal = Journal(home.memories)
    for text in sentences:
        journal.append((Message("user", text), Message("assistant", "Noted.")), session="t", adapter=None, tags=())


def start(script: str, home: Home, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(CHECKOUT / script), "--home", str(home.root), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def call(script: str, home: Home, *flags: str) -> tuple[int, str, str]:
    process = start(script, home, *flags)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def questions(path: Path) -> set[str]:
    return {json.loads(line)["messages"][-2]["content"] for line in path.read_text().splitlines()}


def tree(home: Home) -> dict[str, bytes]:
    return {str(p.relative_to(home.root)): p.read_bytes() for p in home.root.rglob("*") if p.is_file()}


@pytest.fixture
def night(home: Home, tiny_model: Path, asked_before: Path) -> tuple[Home, list[str]]:
    tell(home, *TOLD)
    shutil.copytree(asked_before, home.cache)
    return home, ["--model", str(tiny_model), *FAST]


def test_a_cycle_that_learned_nothing_holds_and_leaves_everything_on_disk(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    code, out, err = call("run_cycle.py", home, *flags)
    assert code == 3, err
    assert out.startswith("HOLD")
    assert not home.live.is_symlink()
    (adapter,) = [p for p in home.adapters.iterdir() if re.fullmatch(r"\d{4}-\d\d-\d\d", p.name)]
    names = {p.name for p in adapter.iterdir()}
    documents = {"adapter_config.json", "manifest.json", "report.json", "verdict.json"}
    assert names == {"adapters.safetensors", "studied.safetensors", *documents}
    verdict = json.loads((adapter / "verdict.json").read_text())
    assert verdict["promote"] is False and any("recall" in r for r in verdict["reasons"])
    manifest = json.loads((adapter / "manifest.json").read_text())
    assert manifest["settings"]["iters"] == 4 and manifest["figures"]["steps"] == 4
    events = [json.loads(line)["event"] for line in home.ledger.read_text().splitlines()]
    assert events == ["examined", "trained", "examined", "held"]


def test_splits_replay_and_suites_share_no_question(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    assert call("sleep.py", home, *flags)[0] == 0
    (folder,) = home.nights.iterdir()
    splits = {name: questions(folder / f"{name}.jsonl") for name in ("train", "valid", "test", "replay", "untold")}
    from circadian.records import normalize

    rows = [json.loads(line) for p in (CHECKOUT / "eval").rglob("*.jsonl") for line in p.read_text().splitlines()]
    suite = {row["prompt"] for row in rows if "prompt" in row}
    assert len(suite) > 400
    for name, asked in [*splits.items(), ("suite", suite)]:
        for other, theirs in [*splits.items(), ("suite", suite)]:
            if name != other:
                assert not {normalize(q) for q in asked} & {normalize(q) for q in theirs}, (name, other)
    assert all(splits.values())


def test_the_same_inputs_give_the_same_lessons_and_weights(night: tuple[Home, list[str]], tmp_path: Path) -> None:
    home, flags = night
    other = Home(tmp_path / "other")
    other.memories.parent.mkdir(parents=True)
    other.memories.write_bytes(home.memories.read_bytes())
    assert call("sleep.py", home, *flags)[0] == call("sleep.py", other, *flags)[0] == 0
    (a,), (b,) = home.nights.iterdir(), other.nights.iterdir()
    for name in ("facts", "train", "valid", "test", "replay"):
        assert (a / f"{name}.jsonl").read_bytes() == (b / f"{name}.jsonl").read_bytes()
    weights = [next(h.adapters.glob("2*/adapters.safetensors")).read_bytes() for h in (home, other)]
    assert weights[0] == weights[1]


def test_sleep_never_touches_the_live_link_and_a_second_night_starts_from_what_is_asked(
    night: tuple[Home, list[str]],
) -> None:
    home, flags = night
    assert call("sleep.py", home, *flags)[0] == 0
    assert not home.live.is_symlink()
    first = next(home.adapters.glob("2*")).name
    home.live.symlink_to(first)
    tell(home, "My car is a Fiat.")
    assert call("sleep.py", home, *flags)[0] == 0
    assert call("sleep.py", home, *flags, "--reset-adapter")[0] == 0
    assert str(home.live.readlink()) == first
    starts = {p.name: json.loads((p / "plan.json").read_text())["start_tag"] for p in home.nights.iterdir()}
    assert starts == {first: None, f"{first}-2": first, f"{first}-3": None}


def test_dry_run_prints_the_plan_and_writes_nothing(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    before = tree(home)
    code, out, err = call("sleep.py", home, *flags, "--dry-run")
    assert code == 0, err
    assert "3 facts" in out and "tokens" in out and "GB" in out and "nothing was written" in out
    assert tree(home) == before


def test_no_fact_means_nothing_to_learn_and_no_adapter(home: Home, tiny_model: Path) -> None:
    tell(home, "Can you suggest a dinner?", "Thanks!", "My dog's name is Rex. #no-train")
    code, out, err = call("sleep.py", home, "--model", str(tiny_model))
    assert (code, out) == (0, "") and "nothing to learn" in err
    assert call("run_cycle.py", home, "--model", str(tiny_model))[0] == 3
    assert "nothing to learn" in home.ledger.read_text()
    assert "nothing to learn" in call("run_cycle.py", home, "--model", str(tiny_model), "--dry-run")[1]
    assert not list(home.adapters.glob("2*"))


def test_flags_reach_the_adapter(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    more = ["--scale", "7.5", "--num-layers", "1", "--learning-rate", "0.002", "--seed", "5", "--max-seq-length", "300"]
    assert call("sleep.py", home, *flags, *more)[0] == 0
    config = json.loads(next(home.adapters.glob("2*/adapter_config.json")).read_text())
    assert config["lora_parameters"] == {"rank": 4, "scale": 7.5, "dropout": 0.0}
    assert (config["num_layers"], config["learning_rate"], config["seed"]) == (1, 0.002, 5)
    assert (config["iters"], config["batch_size"], config["max_seq_length"]) == (4, 4, 300)
    manifest = json.loads(next(home.adapters.glob("2*/manifest.json")).read_text())
    assert config["study"].items() <= manifest["settings"].items()  # those that have no flag too
    assert config["study"]["seed"] == 5 and {"quiet", "gain", "fade", "replay_weight"} <= config["study"].keys()


def test_a_night_holds_what_is_near_what_was_told(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    assert call("sleep.py", home, *flags)[0] == 0
    (folder,) = (p for p in home.nights.iterdir() if p.is_dir())
    near = near_questions(read_night(folder)[0].active)
    assert near and set(near) <= {row["messages"][0]["content"] for row in read_rows(folder / "replay.jsonl")}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--rank", "-1"], "--rank"),
        (["--batch-size", "0"], "--batch-size"),
        (["--num-layers", "99"], "99"),
        (["--max-seq-length", "5"], "--max-seq-length"),
        (["--model", "/nowhere"], "/nowhere"),
        (["--adapter-tag", "2020-01-01"], "2020-01-01"),
        (["--resume"], "no interrupted night"),
        (["--data", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (["--synthetic"], "synthetic"),
    ],
)
def test_bad_flags_are_one_line_and_exit_code_2(night: tuple[Home, list[str]], flags: list[str], words: str) -> None:
    home, usual = night
    code, _, err = call("sleep.py", home, *usual, *flags)
    assert code == 2 and "Traceback" not in err
    assert words in err.splitlines()[-1] and err.splitlines()[-1].startswith("error:")
    assert not list(home.adapters.glob("2*"))


def test_a_resumed_night_follows_its_plan_and_says_so(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    process = start("sleep.py", home, *flags, "--iters", "400")
    wait_for(lambda: list(home.nights.glob("*/checkpoint.safetensors")))
    process.kill()
    process.communicate()
    for other in (["--rank", "8"], ["--augment"], ["--data", str(home.memories)]):
        code, _, err = call("sleep.py", home, *flags, "--iters", "400", "--resume", *other)
        assert code == 2 and "as planned" in err
    tell(home, "My car is a Fiat.")
    assert call("sleep.py", home, *flags)[0] == 0
    code, _, err = call("sleep.py", home, "--resume")
    assert code == 2 and "no interrupted night" in err


def test_a_fact_longer_than_the_context_is_left_out_counted_and_not_called_known(
    night: tuple[Home, list[str]],
) -> None:
    home, flags = night
    long_name = " ".join(["Wolfeschlegelsteinhausenbergerdorff"] * 3)
    tell(home, f"My cat's name is {long_name}.")
    code, _, err = call("sleep.py", home, *flags, "--max-seq-length", "150")
    assert code == 0, err
    folder = next(home.adapters.glob("2*"))
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = [json.loads(line) for line in (home.nights / folder.name / "facts.jsonl").read_text().splitlines()]
    cat = next(r["id"] for r in rows if "Wolfe" in r["value"])
    assert manifest["figures"]["too_long"] > 0 and cat not in manifest["facts"]


def test_too_many_facts_wait_for_the_next_night(night: tuple[Home, list[str]]) -> None:
    from circadian.night.facts import gather
    from circadian.night.plan import within_budget
    from circadian.records import Turn

    turns = [Turn((Message("user", t), Message("assistant", "Noted.")), str(i)) for i, t in enumerate(TOLD)]
    facts = [f for f in gather(turns).facts if f.status == "active"]
    first, left = within_budget(facts, 2, frozenset())
    assert left == 1 and [f.value for f in first] == [f.value for f in facts[1:]]
    second, _ = within_budget(facts, 2, frozenset(f.id for f in first))
    assert facts[0] in second


def test_a_start_without_a_journal(home: Home, tiny_model: Path, asked_before: Path) -> None:
    shutil.copytree(asked_before, home.cache)
    assert call("build_synthetic.py", home, "--turns", "30")[0] == 0
    code, _, err = call("run_cycle.py", home, "--model", str(tiny_model), "--synthetic", *FAST)
    assert code == 3, err


def test_augmenting_is_repeatable(night: tuple[Home, list[str]], tmp_path: Path) -> None:
    home, flags = night
    other = Home(tmp_path / "other")
    other.memories.parent.mkdir(parents=True)
    other.memories.write_bytes(home.memories.read_bytes())
    shutil.copytree(home.cache, other.cache)
    for h in (home, other):
        code, _, err = call("sleep.py", h, *flags, "--augment", "--temp", "1.0")
        assert code == 0 and "augmented:" in err
    (a,), (b,) = home.nights.iterdir(), other.nights.iterdir()
    assert (a / "train.jsonl").read_bytes() == (b / "train.jsonl").read_bytes()


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_killed_at_any_stage_the_link_stays_and_the_night_resumes(night: tuple[Home, list[str]]) -> None:
    """SIGKILL when each stage's first file appears: the plan, a checkpoint, the trained candidate before its exam."""
    home, flags = night
    assert call("sleep.py", home, *flags)[0] == 0
    first = next(home.adapters.glob("2*")).name
    home.live.symlink_to(first)
    tell(home, "My car is a Fiat.")
    flags = [*flags, "--iters", "40"]
    for sign in ("plan.json", "checkpoint.safetensors", "candidate/adapter_config.json"):
        before = set(home.nights.glob("*/plan.json"))
        process = start("run_cycle.py", home, *flags)
        wait_for(
            lambda s=sign, b=before: [
                p for p in home.nights.glob(f"*/{s}") if p.parents[s.count("/")] not in {q.parent for q in b}
            ]
        )
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert str(home.live.readlink()) == first
        assert all((p / "manifest.json").is_file() for p in home.adapters.glob("2*"))
    code, _, err = call("run_cycle.py", home, "--resume", *flags)
    assert code == 3, err
    assert "resuming" in err
    newest = max(home.adapters.glob("2*"), key=lambda p: p.stat().st_mtime)
    assert json.loads((newest / "manifest.json").read_text())["figures"]["steps"] == 40
    assert (newest / "verdict.json").is_file() and str(home.live.readlink()) == first


def test_a_killed_child_is_reported_and_resumed_to_the_same_weights(
    night: tuple[Home, list[str]], asked_before: Path, tmp_path: Path
) -> None:
    home, flags = night
    flags = [*flags, "--iters", "80"]  # four checkpoints
    process = start("sleep.py", home, *flags)
    wait_for(lambda: list(home.nights.glob("*/checkpoint.safetensors")))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the child process")
    found = children.read_text().split()
    assert found, "it ended before it could be killed: more --iters"
    os.kill(int(found[0]), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "was killed" in err and "Traceback" not in err
    assert not list(home.adapters.glob("2*"))
    assert call("sleep.py", home, *flags, "--resume")[0] == 0
    whole = Home(tmp_path / "whole")
    whole.memories.parent.mkdir(parents=True)
    whole.memories.write_bytes(home.memories.read_bytes())
    shutil.copytree(asked_before, whole.cache)
    assert call("sleep.py", whole, *flags)[0] == 0
    weights = [[f.read_bytes() for f in sorted(h.adapters.glob("2*/*.safetensors"))] for h in (home, whole)]
    assert len(weights[0]) == 2
    assert weights[0] == weights[1]


def test_two_cycles_at_once_the_second_names_the_first(night: tuple[Home, list[str]]) -> None:
    home, flags = night
    first = start("run_cycle.py", home, *flags)
    wait_for(lambda: home.cycle_lock.exists() and home.cycle_lock.read_text())
    code, _, err = call("sleep.py", home, *flags)
    assert code == 2 and "run_cycle.py" in err and str(first.pid) in err
    first.communicate(timeout=120)
    assert first.returncode == 3


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small tmpfs, which needs root")
def test_a_full_disk_is_one_line_and_loses_nothing(tiny_model: Path, tmp_path: Path) -> None:
    root = tmp_path / "small"
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(root)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no permission to mount here")
    try:
        home = Home(root)
        tell(home, *TOLD)
        before = home.memories.read_bytes()
        code, _, err = call("run_cycle.py", home, "--model", str(tiny_model), *FAST)
        assert code == 2 and "Traceback" not in err
        assert err.splitlines()[-1].startswith("error:")
        assert home.memories.read_bytes() == before
        assert not home.live.is_symlink() and not list(home.adapters.glob("2*"))
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_augment_keeps_only_verified_pairs() -> None:
    from circadian.night.augment import verified
    from circadian.records import Fact

    fact = Fact("f", "dog|name", "name", "dog", "Rex", "Your dog's name is Rex.", ("t",))
    good = verified(fact, "Who is my dog?\nA: Your dog is called Rex.\n")
    assert not isinstance(good, str) and good.question == "Who is my dog?" and good.value == "Rex"
    assert verified(fact, "Who is my dog?\nA: Your dog is called Max.") == "augmented: answer without the fact's value"
    assert verified(fact, "Is my dog Rex?\nA: Yes, Rex.") == "augmented: question gives the answer away"
    assert verified(fact, "I cannot help.") == "augmented: no question and answer"
