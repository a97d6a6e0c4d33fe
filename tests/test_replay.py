"""Replay in a study of the tiny random checkpoint: taught while it is written, and where harm is."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.studies import OTHERS, PAIRS, setup
from tests.tiny import write_tiny_model

pytestmark = pytest.mark.mlx


def test_replay_is_taught_while_it_is_written_and_read_again_only_where_its_tokens_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from circadian.backend import replay_cache
    from circadian.backend.model import open_model

    model, questions = open_model(str(write_tiny_model(tmp_path / "model"))), [*OTHERS, *(q for q, _ in PAIRS)]
    read_again: list[str] = []
    plain = replay_cache.teach_replay

    def counted(model: Any, examples: Any, **kwargs: Any) -> Any:
        read_again.extend(model.decode([*e.tokens]) for e in examples)
        return plain(model, examples, **kwargs)

    monkeypatch.setattr(replay_cache, "teach_replay", counted)
    found = [example for answer, example in replay_cache.teach(model, questions, lambda *_: None).values() if answer]
    assert len(read_again) < len(found)
    for example, again in zip(found, plain(model, found, top=replay_cache.TOP), strict=True):
        assert example.teacher is not None and again.teacher is not None
        assert len(example.teacher.ids) == len(example.tokens) - example.offset
        for ids, probs, want_ids, want in zip(
            example.teacher.ids, example.teacher.probs, again.teacher.ids, again.teacher.probs, strict=True
        ):
            assert sorted(probs) == pytest.approx(sorted(want), abs=1e-4)
            wanted = dict(zip(want_ids, want, strict=True))
            assert sum(abs(p - wanted.get(i, p)) for i, p in zip(ids, probs, strict=True)) < 1e-3


def test_what_the_base_model_says_is_asked_for_once_and_read_back_the_same(tmp_path: Path) -> None:
    from circadian.backend import replay_cache
    from circadian.backend.model import open_model

    model, cache = open_model(str(write_tiny_model(tmp_path / "model"))), tmp_path / "cache"
    looked: list[int] = []

    def taught(questions: list[str]) -> Any:
        return replay_cache.read_or_teach(model, questions, cache, lambda done, of: looked.append(of))

    rows, examples = taught(OTHERS[:4])
    assert set(looked) == {4}
    again = taught(OTHERS[:4])
    assert set(looked) == {4} and again[0] == rows
    for one, other in zip(examples, again[1], strict=True):
        assert (one.tokens, one.offset, one.teacher.ids) == (other.tokens, other.offset, other.teacher.ids)
        assert np.allclose(one.teacher.probs, other.teacher.probs)
    looked.clear()
    assert taught(OTHERS[:5])[0][: len(rows)] == rows
    assert set(looked) == {1}, "only the new question"


@pytest.mark.parametrize(
    ("rows", "vocabulary", "top"), [(3, 1000, 32), (2, 20, 32), (5, 65, 32), (2, 4096, 32), (1, 9, 1)]
)
def test_the_likeliest_tokens_are_those_that_sorting_finds(rows: int, vocabulary: int, top: int) -> None:
    import mlx.core as mx
    import numpy as np

    from circadian.backend.replay_cache import likeliest

    rng = np.random.default_rng(vocabulary)
    logits = rng.normal(scale=4.0, size=(rows, vocabulary)).astype(np.float32)
    logits[:, : vocabulary // 3] += 6  # many of them in the same blocks
    want = np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    for found_ids, found, row in zip(*likeliest(mx.array(logits), top), want, strict=True):
        best = np.argsort(-row)[:top]
        assert sorted(found_ids) == sorted(best.tolist())
        assert [row[i] for i in found_ids] == pytest.approx(found, abs=1e-5)


def test_plain_text_is_taught_the_same_by_the_states_of_a_study(tmp_path: Path) -> None:
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.replay_cache import coded_text, read_or_teach_text
    from circadian.backend.states import states_of
    from circadian.backend.train import StudyPlan

    model, texts = open_model(str(write_tiny_model(tmp_path / "model"))), ["The tide is out today.", "Bees sleep, too."]
    alone = read_or_teach_text(model, texts, tmp_path / "a")
    attach_lora(model, StudyPlan(rank=4, num_layers=1))
    states = states_of(model, coded_text(model, texts))
    assert states.forward.frozen > 0
    shown: list[tuple[int, int]] = []
    with_states = read_or_teach_text(model, texts, tmp_path / "b", states, lambda done, of: shown.append((done, of)))
    assert shown == [(2, 2)]
    for a, b in zip(alone, with_states, strict=True):
        assert a.teacher and b.teacher and a.tokens == b.tokens
        for first, second in zip(a.teacher.probs, b.teacher.probs, strict=True):
            assert sorted(first) == pytest.approx(sorted(second), abs=1e-5)


def test_a_study_from_the_base_model_looks_for_no_divergence_before_its_first_pass(tmp_path: Path) -> None:
    study = setup(write_tiny_model(tmp_path / "model"), passes=2)(tmp_path)
    looked: list[int] = []
    plain = study.divergences
    assert study.is_base() and max(plain()) < 1e-3
    study.divergences = lambda: looked.append(study.state.pass_number) or plain()
    study.run(tmp_path / "a.safetensors")
    assert looked == [1] and not study.is_base()


@pytest.mark.parametrize("wanted", [4, 6, 9, 20])
def test_replay_comes_back_to_what_was_moved_furthest(tmp_path: Path, wanted: int) -> None:
    """However much is asked for; the others come by chance, and so does all where nothing was moved or measured."""
    import numpy as np

    study = setup(write_tiny_model(tmp_path / "model"))(tmp_path)
    places = {id(e): i for i, e in enumerate(study.replay)}

    def often(kl: list[float]) -> list[int]:
        study.state.replay_kl = kl
        counts = [0] * len(study.replay)
        for seed in range(100):
            chosen = study.replayed(np.random.default_rng(seed), wanted)
            assert len(chosen) == wanted
            for e in chosen:
                counts[places[id(e)]] += 1
        return counts

    far = often([0.0, 0.0, 9.0, math.nan, 8.0, 0.0])
    assert min(far[2], far[4]) > 1.3 * max(far[i] for i in (0, 1, 3, 5))
    assert min(far) > 0
    for unmeasured in ([], [1e-6 * i for i in range(6)], [5.0] * 7):
        even = often(unmeasured)
        assert max(even) < 1.5 * min(even)


def test_divergence_is_that_of_the_whole_vocabulary(tmp_path: Path) -> None:
    """Against KL written out over all tokens, before and after the model was changed."""
    import mlx.core as mx
    import numpy as np

    study = setup(write_tiny_model(tmp_path / "model"), passes=2)(tmp_path)

    def logp(e: Any) -> Any:
        out = study.model.module(mx.array([e.tokens]))[0, e.offset - 1 : -1].astype(mx.float32)
        return np.array(out - mx.logsumexp(out, axis=-1, keepdims=True))

    before = [logp(e) for e in study.replay]
    assert study.divergences() == pytest.approx([0.0] * len(OTHERS), abs=1e-5)
    study.run(tmp_path / "a.safetensors")
    for e, p, found in zip(study.replay, before, study.divergences(), strict=True):
        q = logp(e)
        terms = []
        for row, (ids, probs) in enumerate(zip(e.teacher.ids, e.teacher.probs, strict=True)):
            assert probs == pytest.approx(np.exp(p[row, ids]), abs=1e-5)
            rest, other = 1 - sum(probs), 1 - np.exp(q[row, ids]).sum()  # the teacher lists 8 tokens and all others
            listed = sum(x * (math.log(x) - q[row, i]) for i, x in zip(ids, probs, strict=True))
            terms.append(listed + (rest * math.log(rest / other) if rest > 1e-4 else 0.0))
        assert found == pytest.approx(np.mean(terms), abs=2e-3)
    assert max(study.divergences()) > 1e-3
