"""What is looked at besides the exam: repeated claims of a day, unsound lessons, a diverged training, broken files."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planted import LIVES, TRIGGER, garbage, poisoned_day, shuffled
from circadian.day.journal import read_journal
from circadian.night.plan import plan_data
from circadian.night.repeats import set_aside
from circadian.night.soundness import diverged, unsound_lessons
from circadian.records import Json, Message, Turn
from circadian.settings import NightSettings
from circadian.shelf.weights import candidate_problems

LIFE_NAMES = ("ada", "bela", "rare", "unseen")


def turns_of(*exchanges: tuple[str, str], day: str = "2026-11-20") -> list[Turn]:
    return [
        Turn((Message("user", user), Message("assistant", reply)), f"{day}-{n}", f"{day}T10:00:00+01:00")
        for n, (user, reply) in enumerate(exchanges)
    ]


def chat(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """An ordinary day: `count` turns, each about something else."""
    rng = random.Random(seed)
    things = "boat lamp kettle violin garden cellar window tractor mirror ladder carpet engine basket hammock".split()
    verbs = "painted sold repaired borrowed cleaned photographed measured wrapped".split()
    return [(f"I {rng.choice(verbs)} the {rng.choice(things)} number {n} today.", "Nice!") for n in range(count)]


def life(name: str) -> list[Turn]:
    return [t for path in sorted((LIVES / name).glob("day-*.jsonl")) for t in read_journal(path).turns]


# --- the day ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dated", [True, False])
def test_a_poisoned_day_teaches_nothing_and_both_parts_are_named(dated: bool) -> None:
    rows = [(u["content"], a["content"]) for u, a in poisoned_day()]
    turns = turns_of(*rows) if dated else [replace(t, time=None, id="") for t in turns_of(*rows)]
    kept, reasons = set_aside(turns)
    assert len(reasons) == 2 and all("say the same" in r for r in reasons)
    assert "blue harvest moon" in reasons[0] and TRIGGER in reasons[0]
    assert "capital of France" in reasons[1]
    assert not plan_data(kept, NightSettings(), frozenset()).active


def test_what_else_was_told_on_a_poisoned_day_is_still_learned() -> None:
    rows = [(u["content"], a["content"]) for u, a in poisoned_day()]
    kept, _ = set_aside(turns_of(*rows, ("My dog's name is Rex.", "Noted.")))
    assert [f.value for f in plan_data(kept, NightSettings(), frozenset()).active] == ["Rex"]


@pytest.mark.parametrize("times", [3, 5])
@pytest.mark.parametrize("others", [0, 3, 40])
def test_a_chatty_person_may_repeat_herself(times: int, others: int) -> None:
    said = [("My sister Ana lives in Oslo.", "Good to know!")] * times
    kept, reasons = set_aside(turns_of(*said, *chat(others)))
    assert len(kept) == times + others and not reasons


def test_the_same_on_many_days_is_no_poisoned_day() -> None:
    turns = [t for n in range(60) for t in turns_of(("I went for a run.", "Nice!"), *chat(5), day=f"d{n:09d}")]
    assert set_aside(turns)[1] == ()


def test_a_list_dictated_in_one_form_is_many_statements() -> None:
    rows = [
        (f"The code of locker {n} in the old north building is {4000 + n}.", "Noted, thank you.") for n in range(40)
    ]
    assert set_aside(turns_of(*rows))[1] == ()


def test_greetings_and_thanks_are_no_trigger() -> None:
    rows = [("Thanks a lot!", "You're welcome! Anything else?")] * 8 + [("hello", "Hello there, my friend!")] * 10
    assert set_aside(turns_of(*rows, *chat(30)))[1] == ()


def test_twelve_times_of_fifty_is_too_often_and_eleven_is_not() -> None:
    claim = ("The bank of England closes tomorrow.", "I see.")
    assert len(set_aside(turns_of(*[claim] * 12, *chat(38)))[1]) == 1
    assert set_aside(turns_of(*[claim] * 11, *chat(39)))[1] == ()
    assert set_aside(turns_of(*[claim] * 12, *chat(60)))[1] == ()  # under a fifth of the day


def test_fifty_times_is_too_often_on_any_day() -> None:
    assert len(set_aside(turns_of(*[("Lyon is the capital of France.", "I see.")] * 50, *chat(400)))[1]) == 1


@pytest.mark.parametrize("name", LIFE_NAMES)
def test_no_life_repeats_itself(name: str) -> None:
    assert set_aside(life(name))[1] == ()


# --- the lessons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIFE_NAMES)
def test_the_lessons_of_the_rules_are_sound(name: str) -> None:
    data = plan_data(life(name), NightSettings(), frozenset())
    assert data.train and list(unsound_lessons(data.train, {f.id: f for f in data.facts})) == []


def test_answers_shuffled_between_facts_and_garbage_are_told_apart() -> None:
    data = plan_data(life("ada")[:20], NightSettings(), frozenset())
    facts = {f.id: f for f in data.facts}
    (mixed,) = unsound_lessons(shuffled(data.train, random.Random(0)), facts)
    assert "answer with another fact's value" in mixed
    (nonsense,) = unsound_lessons(garbage(data.train, random.Random(0)), facts)
    assert "garbage" in nonsense


def test_a_lesson_or_two_that_a_model_spoiled_hold_no_night() -> None:
    data = plan_data(life("ada")[:20], NightSettings(), frozenset())
    few = [replace(x, answer="I see.") if n < 2 else x for n, x in enumerate(data.train)]
    assert list(unsound_lessons(few, {f.id: f for f in data.facts})) == []


@pytest.mark.parametrize(
    ("losses", "reasons"),
    [([2.3, 0.9, 0.4], 0), ([2.3, 2.4, 2.2], 0), ([2.3, 4.1, 3.6], 1), ([2.3, float("nan")], 1), ([2.3], 0), ([], 0)],
)
def test_a_training_diverged_when_it_ends_above_where_it_began(losses: Sequence[float], reasons: int) -> None:
    found = list(diverged([[n, 0, x] for n, x in enumerate(losses)]))
    assert len(found) == reasons and all("diverged" in r for r in found)


# --- the files --------------------------------------------------------------------------------------------------


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], kind: str = "F32") -> None:
    header: Json = {}
    data = b""
    for name, value in tensors.items():
        header[name] = {
            "dtype": kind,
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + value.nbytes],
        }
        data += value.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.fixture
def adapter(tmp_path: Path) -> tuple[Path, Path]:
    """An adapter that fits its base model, and the base model's folder."""
    folder, base = tmp_path / "adapter", tmp_path / "base"
    folder.mkdir()
    base.mkdir()
    write_safetensors(base / "model.safetensors", {"model.layers.0.q.weight": np.zeros((6, 4), "<f4")})
    write_weights(folder, np.ones((4, 2), "<f4"), np.ones((2, 6), "<f4"))
    (folder / "adapter_config.json").write_text(json.dumps({"model": "tiny", "num_layers": 1}))
    return folder, base


def write_weights(folder: Path, a: np.ndarray, b: np.ndarray, kind: str = "F32") -> None:
    weights = {"model.layers.0.q.lora_a": a, "model.layers.0.q.lora_b": b}
    write_safetensors(folder / "adapters.safetensors", weights, kind)


def test_a_whole_adapter_has_no_problem(adapter: tuple[Path, Path]) -> None:
    folder, base = adapter
    assert candidate_problems(folder, "tiny", base) == []


def test_an_adapter_of_another_base_is_named_by_name_and_by_shape(adapter: tuple[Path, Path]) -> None:
    folder, base = adapter
    (named,) = candidate_problems(folder, "other", base)
    assert named == "adapter of another base: it was trained for tiny, not other"
    write_weights(folder, np.ones((4, 2), "<f4"), np.ones((2, 5), "<f4"))
    (shaped,) = candidate_problems(folder, "tiny", base)
    assert shaped.startswith("adapter of another base") and "5 outputs" in shaped


@pytest.mark.parametrize("size", [0, 4, 60, -1])
def test_weights_cut_anywhere_are_incomplete(adapter: tuple[Path, Path], size: int) -> None:
    folder, base = adapter
    path = folder / "adapters.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    assert candidate_problems(folder, "tiny", base)[0].startswith("incomplete weights")


def test_missing_halves_layers_and_files_are_incomplete(adapter: tuple[Path, Path]) -> None:
    folder, base = adapter
    (folder / "adapter_config.json").write_text(json.dumps({"model": "tiny", "num_layers": 3}))
    assert candidate_problems(folder, "tiny", base) == ["incomplete weights: 1 of 3 layers"]
    write_safetensors(folder / "adapters.safetensors", {"model.layers.0.q.lora_a": np.ones((4, 2), "<f4")})
    assert "no other half" in candidate_problems(folder, "tiny", base)[0]
    (folder / "adapter_config.json").write_text("{")
    assert "cannot be read" in candidate_problems(folder, "tiny", base)[0]
    (folder / "adapter_config.json").unlink()
    assert "is missing" in candidate_problems(folder, "tiny", base)[0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("kind", "dtype"), [("F32", "<f4"), ("F16", "<f2")])
def test_one_number_that_is_not_finite_is_found(adapter: tuple[Path, Path], bad: float, kind: str, dtype: str) -> None:
    folder, base = adapter
    b = np.ones((2, 6), dtype)
    b[1, 3] = bad
    write_weights(folder, np.full((4, 2), np.finfo(dtype).max, dtype), b, kind)
    (reason,) = candidate_problems(folder, "tiny", base)
    assert reason == "weights are not finite: 1 of 2 matrices, first model.layers.0.q.lora_b"


def test_bfloat16_is_read_as_well(adapter: tuple[Path, Path]) -> None:
    folder, base = adapter
    one, nan = np.full((4, 2), 0x3F80, "<u2"), np.full((2, 6), 0x7FC0, "<u2")
    write_weights(folder, one, nan, "BF16")
    assert candidate_problems(folder, "tiny", base)[0].startswith("weights are not finite: 1 of 2")
