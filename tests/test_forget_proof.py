"""The proof of forgetting: what is measured, what the gate makes of it, and whole nights on the tiny checkpoint."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from circadian import shelf
from circadian.exam.forgetting import measure_forgotten
from circadian.files import read_json
from circadian.forgetting import must_go, report_proofs
from circadian.gate.forgetting import with_forgotten
from circadian.night.dataset import read_night
from circadian.night.forget import Proof, keep_proof, proofs, still_held
from circadian.records import Fact, Lesson, Message, Verdict
from circadian.settings import Home
from circadian.shelf.history import live_trail
from tests.test_forget import TAUGHT, VALUE, forget_in, marks_of, script, tell


class WordTeller:
    """A model whose token is a word: the losses of a sentence's words are given, in order; then its end."""

    def __init__(self, *losses: float) -> None:
        self.losses = losses

    def encode_answer(self, messages: Sequence[Message]) -> tuple[list[int], int]:
        self.words = messages[-1].content.split(" ")
        return [0, 0, *range(len(self.words)), -1], 2

    def decode(self, tokens: list[int]) -> str:
        return " ".join(self.words[t] if t >= 0 else "<end>" for t in tokens)

    def token_losses(self, exchanges: Sequence[Sequence[Message]], **_: object) -> list[list[float]]:
        return [list(self.losses[: len(e[-1].content.split(" ")) + 1]) for e in exchanges]


def proof(answer: str, value: str, *, wordings: int = 1) -> Proof:
    lessons = tuple(Lesson(f"What? {n}", answer, "f", value) for n in range(wordings))
    return Proof("f", answer, lessons)


@pytest.mark.parametrize(
    ("answer", "value", "log_p"),
    [
        ("You live in Bonn now.", "Bonn", -8),
        ("You live in Bonn now.", "bonn", -8),
        ("You live in New York today.", "New York", -24),
        ("Bonn is it.", "Bonn", -1),
        ("Your cat, it is.", "my cat", -31),  # in other words: the whole answer
    ],
)
def test_log_p_is_that_of_the_value_after_the_words_before_it(answer: str, value: str, log_p: float) -> None:
    model = WordTeller(1, 2, 4, 8, 16, 32)
    assert measure_forgotten(model, [proof(answer, value, wordings=3)]) == {"f": log_p}


def test_what_cannot_be_measured_is_absent() -> None:
    one = proof("You live in Bonn.", "Bonn")
    assert measure_forgotten(WordTeller(), [one]) == {}
    assert measure_forgotten(WordTeller(1, 1, 1, float("nan"), 1), [one]) == {}
    assert measure_forgotten(WordTeller(1), []) == {}


def test_the_gate_holds_what_is_likelier_than_before_or_not_measured() -> None:
    good, bad = Verdict(True, ("recall 0/2 -> 2/2",), {"recall": [0, 2, 2]}), Verdict(False, ("harm",), {})
    assert with_forgotten(good, [], {}, {}) is good
    proven = with_forgotten(good, ["a", "b"], {"a": -31.2, "b": -9.0}, {"a": -35.8, "b": -9.0})
    assert proven.promote and proven.figures["forgotten"] == {"a": [-31.2, -35.8], "b": [-9.0, -9.0]}
    assert proven.reasons[0] == good.reasons[0] and proven.figures["recall"] == [0, 2, 2]
    held = with_forgotten(good, ["a"], {"a": -31.2}, {"a": -30.0})
    assert held.promote is False
    assert held.reasons == ("forgotten a: log p -31.2 before it was told, -30.0 now, must not be higher",)
    for before, after in (({}, {"a": -9.0}), ({"a": -9.0}, {}), ({"a": -9.0}, {"a": float("nan")})):
        verdict = with_forgotten(good, ["a"], before, after)
        assert not verdict.promote and verdict.reasons == ("forgotten a: not measured",)
    assert with_forgotten(bad, ["a"], {"a": -1.0}, {"a": -2.0}).reasons == ("harm",)
    assert with_forgotten(bad, ["a"], {"a": -2.0}, {"a": -1.0}).reasons[1] == "harm"


def test_a_promoted_night_proves_it_once_and_for_all(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Both figures of every telling are said and recorded; the mark is proven, and no later night asks again."""
    tell(home, "My dog's name is Rex.", "Actually, my dog is called Noodle now.")
    mark = forget_in(home, VALUE)
    old, new = mark.facts
    measured = {old.id: [-20.0, -20.5], new.id: [-31.25, -35.5]}
    report_proofs(home, TAUGHT, Verdict(False, ("harm",), {"forgotten": measured}))
    assert not marks_of(home)[0].proven
    report_proofs(home, TAUGHT, Verdict(True, ("recall",), {"forgotten": measured}))
    assert marks_of(home)[0].proven and proofs(marks_of(home), frozenset(), (), frozenset(), 0) == ()
    said = capsys.readouterr().err
    assert said.count(f"forgotten: {new.statement}  log p -31.2 before it was told, -35.5 now") == 2
    rows = [r for r in shelf.read_ledger(home).rows if r["event"] == "forgotten"]
    assert [(r["reason"], r["figures"]["before"], r["figures"]["after"]) for r in rows[2:]] == [
        ("proven", -20.0, -20.5),
        ("proven", -31.25, -35.5),
    ]
    assert {r["reason"] for r in rows[:2]} == {"not proven yet"} and VALUE not in home.ledger.read_text()


# a whole night, on the tiny checkpoint


@pytest.mark.mlx
def test_the_next_night_starts_from_the_base_and_reports_both_figures(home: Home, tiny_model: Path) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.", "My manager is Ada Krol.")
    flags = ["--model", str(tiny_model), "--iters", "4", "--batch-size", "4", "--rank", "4"]
    assert script("sleep.py", home, *flags).returncode == 0
    (first,) = [a.tag for a in shelf.list_adapters(home)]
    home.live.symlink_to(first)
    mark = forget_in(home, VALUE)
    done = script("run_cycle.py", home, *flags)
    assert done.returncode == 3, done.stderr
    second = f"{first}-2"
    assert f"{first} was taught what is to be forgotten" in done.stderr
    figures = r"forgotten: Your dog's name is Noodle\.  log p (-\d+\.\d) before it was told, (-\d+\.\d) now"
    said = re.search(figures, done.stderr)
    assert said is not None, done.stderr
    assert f"still in {first} until deleted" in done.stderr and str(home.live.readlink()) == first
    data, plan = read_night(home.nights / second)
    assert plan["start_tag"] is None and VALUE not in (home.nights / second / "train.jsonl").read_text()
    assert len([lesson for lesson in data.untold if lesson.fact_id == mark.id]) >= 5
    report = read_json(home.adapters / second / "report.json")
    before, after = report["forgotten"][mark.id]
    assert (f"{before:.1f}", f"{after:.1f}") == said.groups() and before < 0 and after < 0
    assert report["live"]["adapter"] is None, "what must go is no rival"
    events = [r for r in shelf.read_ledger(home).rows if r["event"] == "forgotten"]
    assert [(e["tag"], e["figures"]["before"], e["figures"]["after"]) for e in events] == [(second, before, after)]
    assert events[0]["figures"]["fact"] == mark.id and events[0]["reason"] == "not proven yet"
    assert VALUE not in home.ledger.read_text()
    manifest = shelf.read_manifest(home.adapters / second)
    assert mark.id not in manifest.facts and manifest.settings["start_from"] is None
    assert not marks_of(home)[0].proven and must_go(home, second) == ()
    lines = still_held(marks_of(home), {first: (marks_of(home)[0],)})
    assert len(lines) == 1 and lines[0] in script("run_cycle.py", home, "--status").stdout


@pytest.mark.mlx
def test_a_night_with_nothing_else_to_study_ends_on_the_base_model(home: Home, tiny_model: Path) -> None:
    tell(home, "My dog's name is Noodle.")
    flags = ["--model", str(tiny_model), "--iters", "2", "--batch-size", "4", "--rank", "4"]
    assert script("sleep.py", home, *flags).returncode == 0
    (first,) = [a.tag for a in shelf.list_adapters(home)]
    home.live.symlink_to(first)
    forget_in(home, VALUE)
    assert script("run_cycle.py", home, *flags, "--dry-run").returncode == 0
    assert str(home.live.readlink()) == first
    done = script("run_cycle.py", home, *flags)
    assert done.returncode == 3 and "taken out" in done.stderr
    assert not os.path.lexists(home.live) and live_trail(home) == ()
    assert [r["event"] for r in shelf.read_ledger(home).rows][-2:] == ["held", "rolled_back"]


@pytest.mark.mlx
def test_the_real_model_measures_the_same_as_its_token_losses(tiny_model: Path) -> None:
    from circadian.backend.model import open_model

    model = open_model(str(tiny_model))
    answer = "Your dog's name is Noodle."
    found = measure_forgotten(model, [proof(answer, VALUE)])
    (losses,) = model.token_losses([(Message("user", "What? 0"), Message("assistant", answer))])
    start, end = len("Your dog's name is "), len("Your dog's name is Noodle")  # the tiny tokenizer's token is a byte
    assert found["f"] == pytest.approx(-sum(losses[start:end]), abs=1e-3)
    model.close()


def test_every_telling_of_a_mark_is_proven_until_a_promoted_adapter_was_measured(home: Home) -> None:
    tell(home, "My dog's name is Rex.", "Actually, my dog is called Noodle now.")
    mark = forget_in(home, VALUE)
    none: tuple[Fact, ...] = ()
    assert [p.statement for p in proofs((mark,), frozenset(), none, frozenset(), 0)] == [
        "Your dog's name is Rex.",
        "Your dog's name is Noodle.",
    ]
    keep_proof(home.forgotten, mark.id, TAUGHT, -20.0, -21.0)
    (proven,) = marks_of(home)
    assert proven.proven and proofs((proven,), frozenset(), none, frozenset(), 0) == ()
    assert len(proofs((proven,), frozenset({mark.id}), none, frozenset(), 0)) == 2  # a rollback brought it back
