"""What questions are about: the rows, and what a base model learns of them once."""

from pathlib import Path
from typing import Any

import pytest

from circadian.errors import UserError
from circadian.files import sha256_file
from circadian.night.dataset import NightData
from circadian.night.plan import Start, plan_document, study_settings
from circadian.night.topics import LEARNED, topics
from circadian.records import Lesson, Message, normalize, question_hash
from circadian.settings import EMBEDDED, Home, NightSettings
from tests.studies import OTHERS
from tests.test_passages import ALIKE, shared_with_what_examines
from tests.tiny import write_tiny_model

FEW = (
    (("who is paid to keep the cello in tune", "Your cello"), ("a form asks for it", "Your form is")),
    (
        ("which street do the letters to us name", "Your street is"),
        ("the taxi wants to know the street", "Your street is"),
    ),
)

MANY = [[(f"which thing {n} is meant in the words of {m}", f"Your thing {n} is") for m in range(17)] for n in range(11)]


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
    assert plan["topics"] is expected and ("topic_ratio" in plan["study"]) is not expected


def test_what_is_shipped_is_what_the_program_was_written_with() -> None:
    from circadian.backend.topics import SHIPPED

    assert sha256_file(LEARNED) == SHIPPED


@pytest.mark.model
def test_what_is_shipped_is_of_the_embedded_model_and_of_the_usual_settings() -> None:
    from circadian.backend.arrays import read_arrays
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.topics import topics_key
    from circadian.backend.train import StudyPlan

    model, plan = open_model(EMBEDDED), StudyPlan(**study_settings(NightSettings(), Start()))
    attach_lora(model, plan)
    shipped = read_arrays(LEARNED)
    assert shipped and shipped[1] == {"key": topics_key(model, plan.rank, topics())}


class Learner:
    """The topics `FEW`, some general questions and the tiny random checkpoint."""

    def __init__(self, folder: Path, cache: Path, shipped: Path = Path("none")) -> None:
        from circadian.backend.batches import Example
        from circadian.backend.lora import attach_lora
        from circadian.backend.model import open_model
        from circadian.backend.replay_cache import teach_replay
        from circadian.backend.train import StudyPlan

        self.model, self.cache, self.shipped = open_model(str(folder)), cache, shipped
        self.plan = StudyPlan(rank=4)
        self.steps: list[int] = []
        coded = [self.model.encode_answer((Message("user", q), Message("assistant", "No."))) for q in OTHERS]
        self.kept = teach_replay(self.model, [Example(tuple(t), o) for t, o in coded], top=8)
        attach_lora(self.model, self.plan)

    def __call__(self, few: Any = FEW) -> dict[str, Any]:
        from circadian.backend.topics import topics_weights

        def kept() -> list[Any]:
            return self.kept

        self.steps.clear()
        return topics_weights(self.model, self.plan, few, kept, {}, self.cache, self.shipped, self.stepped)

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
def test_they_are_learned_once_and_anew_for_other_rows_and_only_trusted_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    monkeypatch.setattr("circadian.backend.topics.SHIPPED", sha256_file(kept))
    given = Learner(model, tmp_path / "third", kept)
    given()
    assert not given.steps and not (tmp_path / "third").exists()


@pytest.mark.mlx
def test_a_loss_that_is_not_finite_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from circadian.backend.topics import STUDY

    monkeypatch.setitem(STUDY, "learning_rate", 1e30)
    with pytest.raises(UserError, match="did not stay finite"):
        Learner(write_tiny_model(tmp_path / "m"), tmp_path / "cache")(MANY)
    assert not [*(tmp_path / "cache").iterdir()]


@pytest.mark.mlx
def test_a_night_begins_at_what_was_learned_and_rehearses_some_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    from circadian.backend.topics import open_answer
    from circadian.backend.train import Study, StudyPlan
    from circadian.night import train

    monkeypatch.setattr(train, "topics", lambda _: FEW)  # pyright: ignore[reportUnknownLambdaType]
    learner = Learner(write_tiny_model(tmp_path / "m"), tmp_path)
    learned = learner()
    plan = {"exclude": [], "cache": str(tmp_path), "replay": 4, "start_from": None, "topics": True}
    train.put_at_start(learner.model, StudyPlan(rank=4, scale=10.0), plan, [], {}, lambda _: None)
    begun = dict(tree_flatten(learner.model.module.trainable_parameters()))
    for name, value in learned.items():
        times = 2 * StudyPlan.fade if name.endswith("lora_b") else 1.0
        assert mx.allclose(begun[name], value * times).item()

    rows = [open_answer(learner.model, f"thing {n}", "Your thing is") for n in range(40)]
    lessons = [open_answer(learner.model, f"lesson {n}", "Your home is in", n % 2) for n in range(20)]
    study = Study(learner.model, lessons, lessons, [], StudyPlan(rank=4, known_loss=0.0), tmp_path, topics=rows)
    study.look()
    passes: list[set[Any]] = []
    for study.state.pass_number in range(2):
        passes.append({e.tokens for batch in study.pass_batches() for e in batch} & {e.tokens for e in rows})
    assert [len(p) for p in passes] == [6, 6] and not passes[0] & passes[1], "0.3 a lesson, others in each"


@pytest.mark.mlx
def test_killed_in_its_midst_it_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    import mlx.core as mx

    model = write_tiny_model(tmp_path / "m")
    whole = Learner(model, tmp_path / "whole")(MANY)

    class Killed(BaseException):
        pass

    class Cut(Learner):
        def stepped(self, done: int, _: int) -> None:
            if done == 22:
                raise Killed

    with pytest.raises(Killed):
        Cut(model, tmp_path / "cut")(MANY)
    resumed = Learner(model, tmp_path / "cut")
    found = resumed(MANY)
    assert resumed.steps[0] > 20, "it went on"
    assert all(mx.array_equal(whole[k], found[k]).item() for k in whole)
    assert [p.name[:7] for p in (tmp_path / "cut").iterdir()] == ["topics-"], "nothing is left of the work"
    (tmp_path / "torn" / (".topics-" + next((tmp_path / "cut").iterdir()).stem[7:])).mkdir(parents=True)
    next((tmp_path / "torn").iterdir()).joinpath("checkpoint.safetensors").write_bytes(b"half of a checkpoint")
    again = Learner(model, tmp_path / "torn")(MANY)
    assert all(mx.array_equal(whole[k], again[k]).item() for k in whole), "what can't be gone on from is begun anew"
