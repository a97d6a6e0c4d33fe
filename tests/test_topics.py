"""What questions are about: the rows, and what a base model learns of them once."""

from pathlib import Path
from typing import Any

import pytest

from circadian.files import sha256_file
from circadian.night.dataset import NightData
from circadian.night.plan import Start, plan_document
from circadian.night.topics import LEARNED, topics
from circadian.records import Lesson, normalize, question_hash
from circadian.settings import Home, NightSettings
from tests.test_passages import ALIKE, shared_with_what_examines
from tests.tiny import write_tiny_model

FEW = (
    (("who is paid to keep the cello in tune", "Your cello"), ("a form asks for it", "Your form is")),
    (
        ("which street do the letters to us name", "Your street is"),
        ("the taxi wants to know the street", "Your street is"),
    ),
)


def test_every_row_is_a_question_in_many_words_and_a_beginning_without_a_value() -> None:
    rows = [row for topic in topics() for row in topic]
    assert len(topics()) >= 270 and len(rows) >= 1_900
    assert len({question_hash(q) for q, _ in rows}) == len(rows)
    assert all(begins.startswith(("Your ", "You ")) and begins[-1].isalpha() for _, begins in rows)
    assert all(len(normalize(q).split()) >= 8 for q, _ in rows), "what is asked in few words is what exams ask"
    assert not any("told" in begins for _, begins in rows)


def test_no_row_shares_five_words_with_anything_that_examines() -> None:
    assert not shared_with_what_examines([q for topic in topics() for q, _ in topic], ALIKE)


def test_what_is_held_out_is_no_row() -> None:
    (first, _), *_ = topics()[0]
    assert first not in {q for topic in topics(frozenset({question_hash(first)})) for q, _ in topic}


@pytest.mark.parametrize(("chosen", "expected"), [({}, True), ({"topics": False}, False), ({"iters": 9}, False)])
def test_a_night_begins_with_them_unless_told_otherwise(home: Home, chosen: dict[str, Any], expected: bool) -> None:
    lesson = Lesson("dog?", "Rex.", "f")
    data = NightData((), (lesson,), (lesson,), (lesson,))
    plan = plan_document(home, "2026-01-01", "m", NightSettings(**chosen), data, Start(), frozenset())
    assert plan["topics"] is expected


def test_what_is_shipped_is_what_the_program_was_written_with() -> None:
    from circadian.backend.topics import SHIPPED

    assert sha256_file(LEARNED) == SHIPPED


class Learner:
    """The topics `FEW` and the tiny random checkpoint."""

    def __init__(self, folder: Path, cache: Path, shipped: Path = Path("none")) -> None:
        from circadian.backend.lora import attach_lora
        from circadian.backend.model import open_model
        from circadian.backend.train import StudyPlan

        self.model, self.cache, self.shipped = open_model(str(folder)), cache, shipped
        self.plan = StudyPlan(rank=4)
        self.steps: list[int] = []
        attach_lora(self.model, self.plan)

    def __call__(self, few: Any = FEW) -> dict[str, Any]:
        from circadian.backend.topics import topics_weights

        self.steps.clear()
        return topics_weights(self.model, self.plan, few, [], {}, self.cache, self.shipped, self.stepped)

    def stepped(self, done: int, _: int) -> None:
        self.steps.append(done)


@pytest.mark.mlx
@pytest.mark.parametrize("arch", ["llama", "qwen2"])
def test_an_answer_is_open_behind_its_beginning(tmp_path: Path, arch: str) -> None:
    from circadian.backend.model import open_model
    from circadian.backend.topics import open_answer

    model = open_model(str(write_tiny_model(tmp_path / "m", arch)))
    example = open_answer(model, "where?", "Your home is in", 3)
    said = model.tokenizer.decode(list(example.tokens[example.offset :]))
    assert said.rstrip() == "Your home is in" and example.fact == "topic 3"


@pytest.mark.mlx
def test_they_are_learned_once_and_anew_for_other_rows_and_only_trusted_files_are_read(tmp_path: Path) -> None:
    import mlx.core as mx

    model = write_tiny_model(tmp_path / "m")
    learner = Learner(model, tmp_path / "cache")
    first = learner()
    (kept,) = (tmp_path / "cache").glob("topics-*")
    assert learner.steps and any(bool(mx.any(v != 0)) for k, v in first.items() if k.endswith("lora_b"))
    again = Learner(model, tmp_path / "cache")
    same = again()
    assert not again.steps and all(mx.array_equal(first[k], same[k]).item() for k in first)
    again(FEW[:1])
    assert again.steps, "other rows are another study"
    stranger = Learner(model, tmp_path / "elsewhere", kept)
    stranger()
    assert stranger.steps, "a file with another hash than the shipped one's is not believed"


@pytest.mark.mlx
def test_killed_in_its_midst_it_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    import mlx.core as mx

    model = write_tiny_model(tmp_path / "m")
    few = [
        [(f"which thing {n} is meant in the words of {m}", f"Your thing {n} is") for m in range(17)] for n in range(11)
    ]
    whole = Learner(model, tmp_path / "whole")(few)

    class Killed(BaseException):
        pass

    class Cut(Learner):
        def stepped(self, done: int, _: int) -> None:
            if done == 22:
                raise Killed

    with pytest.raises(Killed):
        Cut(model, tmp_path / "cut")(few)
    resumed = Learner(model, tmp_path / "cut")
    found = resumed(few)
    assert resumed.steps[0] > 20, "it went on"
    assert all(mx.array_equal(whole[k], found[k]).item() for k in whole)
    assert not list((tmp_path / "cut").glob(".topics*")), "nothing is left of the work"
