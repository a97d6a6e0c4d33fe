"""A study leaves alone what general text feeds into the layers. On the tiny checkpoint: mechanics, not learning."""

from pathlib import Path
from typing import Any

import pytest

from circadian.records import Message
from tests.tiny import write_tiny_model

pytestmark = pytest.mark.mlx

GENERAL = ["sky?", "two plus two?", "capital of Spain?", "who are you?", "hello", "why?"]
ARCHITECTURES = [("llama", None), ("qwen2", None), ("llama", 4)]


def setup(folder: Path, share: float, cache: Path) -> tuple[Any, Any, Any, Any]:
    """A model with LoRA layers, its directions, general examples, and a study of one lesson with those directions."""
    from circadian.backend.batches import Example
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.subspace import read_or_find, spare_at_start
    from circadian.backend.train import Study, StudyPlan

    model = open_model(str(folder))

    def example(q: str, a: str, fact: str | None = None) -> Any:
        tokens, offset = model.encode_answer([Message("user", q), Message("assistant", a)])
        return Example(tuple(tokens), offset, fact)

    general = [example(q, "I do not know.") for q in GENERAL]
    plan = StudyPlan(
        rank=4,
        learning_rate=5e-3,
        batch_size=2,
        passes=2,
        least_passes=2,
        warmup=1,
        average=0.0,
        spare=share,
        quiet=0.0,
    )
    attach_lora(model, plan)
    directions = read_or_find(model, general, share, cache)
    spare_at_start(model, directions)
    lessons = [example("dog?", "Your dog is Rex.", "dog"), example("my dog?", "Rex.", "dog")]
    return model, directions, general, Study(model, lessons, lessons, [], plan, cache, directions=directions)


def logits(model: Any, examples: Any) -> Any:
    import mlx.core as mx

    return mx.concatenate([model.module(mx.array([[*e.tokens]]))[0] for e in examples]).astype(mx.float32)


@pytest.mark.parametrize(("arch", "bits"), ARCHITECTURES)
def test_no_step_changes_a_layer_along_its_directions(tmp_path: Path, arch: str, bits: int | None) -> None:
    import mlx.core as mx

    from circadian.backend.subspace import lora_layers

    model, directions, _, study = setup(write_tiny_model(tmp_path / "model", arch, bits=bits), 0.9, tmp_path)
    layers = lora_layers(model)
    assert directions.keys() == layers.keys() and len(layers) >= 14
    before = {name: mx.array(layer.lora_a) for name, layer in layers.items()}
    study.run(tmp_path / "a.safetensors")
    for name, layer in layers.items():
        along = directions[name].astype(mx.float32)
        gram = along.T @ along
        assert mx.allclose(gram, mx.eye(gram.shape[0]), atol=5e-3)
        change = layer.lora_a - before[name]
        assert mx.abs(change).max().item() > 1e-3, name
        assert mx.abs(along.T @ change).max().item() < 5e-3 * mx.linalg.norm(change).item(), name
        assert mx.abs(along.T @ layer.lora_a).max().item() < 1e-2 * mx.linalg.norm(layer.lora_a).item(), name


def test_general_text_moves_less_than_without(tmp_path: Path) -> None:
    """Measured as the mean change of a logit over the general examples, per change of a logit over the lessons."""
    import mlx.core as mx

    moved = {}
    for share in (0.0, 0.9):
        model, directions, general, study = setup(write_tiny_model(tmp_path / f"m{share}"), share, tmp_path)
        assert bool(directions) == bool(share)
        sets = (general, study.lessons)
        before = [logits(model, examples) for examples in sets]
        study.run(tmp_path / "a.safetensors")
        model.module.load_weights([*study.best.items()], strict=False)
        there, here = (mx.abs(logits(model, e) - b).mean().item() for e, b in zip(sets, before, strict=True))
        moved[share] = there / here
    assert moved[0.9] < 0.8 * moved[0.0], moved


def test_directions_are_cached_and_a_torn_cache_is_made_again(tmp_path: Path) -> None:
    import mlx.core as mx

    folder = write_tiny_model(tmp_path / "model")
    first = setup(folder, 0.9, tmp_path)[1]
    (path,) = tmp_path.glob("directions-*.safetensors")
    written = path.stat().st_mtime_ns
    second = setup(folder, 0.9, tmp_path)[1]
    assert path.stat().st_mtime_ns == written
    assert all(mx.array_equal(first[name], second[name]) for name in first)
    path.write_bytes(path.read_bytes()[:40])
    third = setup(folder, 0.9, tmp_path)[1]
    assert all(mx.array_equal(first[name], third[name]) for name in first)


def test_finding_them_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    from circadian.backend.subspace import Watched, gram_matrices, lora_layers

    model, _, general, _ = setup(write_tiny_model(tmp_path / "model"), 0.0, tmp_path)
    names = [name for name, _ in tree_flatten(model.module.trainable_parameters())]
    before = logits(model, general)
    grams, same = gram_matrices(model, lora_layers(model), general)
    assert not [m for m in model.module.modules() if isinstance(m, Watched)]
    assert [name for name, _ in tree_flatten(model.module.trainable_parameters())] == names
    assert mx.array_equal(logits(model, general), before)
    inputs = {name: len(grams[twin]) for name, twin in same.items()}
    assert inputs == {name: layer.lora_a.shape[0] for name, layer in lora_layers(model).items()}
    assert len(grams) == 4 * len(inputs) / 7  # q, k and v read the same, and so do gate and up
    assert all(mx.trace(gram).item() == pytest.approx(1.0, abs=1e-3) for gram in grams.values())


def test_what_is_shared_counts_for_every_example(tmp_path: Path) -> None:
    """Against each example read alone: the first layer's inputs are its tokens, normalized."""
    import mlx.core as mx

    from circadian.backend.subspace import gram_matrices, lora_layers

    model, _, general, _ = setup(write_tiny_model(tmp_path / "model"), 0.0, tmp_path)
    trunk = model.module.model
    inputs = [trunk.layers[0].input_layernorm(trunk.embed_tokens(mx.array([*e.tokens][:-1]))) for e in general]
    gram = sum((x.T @ x for x in inputs), mx.array(0.0))
    grams, same = gram_matrices(model, lora_layers(model), general)
    found = grams[same["model.layers.0.self_attn.q_proj"]]
    assert mx.abs(found - gram / mx.trace(gram)).max().item() < 1e-5


def test_the_fewest_directions_that_hold_the_share() -> None:
    import mlx.core as mx
    import numpy as np

    from circadian.backend.subspace import top_directions

    gram = mx.array(np.diag([0.5, 8.0, 1.0, 0.5, *[0.0] * 12]).astype(np.float32))
    for share, kept in ((0.7, [1]), (0.85, [1, 2]), (0.88, [1, 2])):
        found = np.abs(np.array(top_directions(gram, share), dtype=np.float32))
        assert found.shape == (16, len(kept))
        assert np.allclose(found.sum(axis=1), [1.0 if i in kept else 0.0 for i in range(16)], atol=1e-3)
    assert top_directions(mx.eye(16), 1.0).shape == (16, 4)  # never more than a quarter of the width
