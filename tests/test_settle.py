"""A finished study is made quieter, and is as strong as plain text bears. On the tiny checkpoint: mechanics."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.studies import setup
from tests.tiny import write_tiny_model

pytestmark = pytest.mark.mlx


def grams(rng: np.random.Generator) -> tuple[Any, Any]:
    """Two covariances [6, 6] of trace 1 that overlap, and lora_a [6, 2]."""
    found = [
        x.T @ x for x in (rng.normal(size=(40, 6)) * scale for scale in ([3, 1, 1, 1, 1, 0.1], [3, 0.1, 2, 1, 1, 1]))
    ]
    return tuple(g / np.trace(g) for g in found), rng.normal(size=(6, 2))


def test_the_closed_form_is_the_least_of_what_it_says() -> None:
    from circadian.backend.settle import least_squares

    (told, general), lora_a = grams(rng := np.random.default_rng(0))
    assert least_squares(told, general, lora_a, 0.0) == pytest.approx(lora_a, abs=1e-4)
    best = least_squares(told, general, lora_a, 0.3)

    def cost(a: Any) -> float:
        return np.trace((a - lora_a).T @ told @ (a - lora_a)) + 0.3 * np.trace(a.T @ general @ a)

    assert all(cost(best) < cost(best + 0.01 * rng.normal(size=best.shape)) for _ in range(50))
    assert cost(best) < 0.95 * min(cost(lora_a * s) for s in (1.0, 0.9, 0.8, 0.7, 0.6))  # no scale does as well


@pytest.mark.parametrize(("arch", "bits"), [("llama", None), ("qwen2", None), ("llama", 4)])
def test_general_text_moves_less_and_what_was_told_stays(tmp_path: Path, arch: str, bits: int | None) -> None:
    """Mean square of what the layers' changes give, on general examples and on lessons, after and before."""
    from circadian.backend.settle import quiet
    from circadian.backend.subspace import gram_matrices, lora_layers

    study = setup(write_tiny_model(tmp_path / "model", arch, bits=bits), text_ratio=0.0)(tmp_path)
    study.run(tmp_path / "a.safetensors")
    layers = lora_layers(study.model)
    told, same = gram_matrices(study.model, layers, study.lessons)
    general, _ = gram_matrices(study.model, layers, study.replay)
    quieter = quiet(study.model, (study.lessons, []), study.replay, 0.3)
    assert quieter.keys() == {f"{name}.lora_a" for name in layers}
    kept = moved = taught = harm = 0.0
    for name, layer in layers.items():
        new, old, b = (np.array(x, dtype=np.float64) for x in (quieter[f"{name}.lora_a"], layer.lora_a, layer.lora_b))
        on_told, on_general = (np.array(g[same[name]], dtype=np.float64) for g in (told, general))
        kept += np.trace(b.T @ (new - old).T @ on_told @ (new - old) @ b)
        taught += np.trace(b.T @ old.T @ on_told @ old @ b)
        moved += np.trace(b.T @ new.T @ on_general @ new @ b)
        harm += np.trace(b.T @ old.T @ on_general @ old @ b)
    assert moved < 0.8 * harm and kept < 0.1 * taught, (moved / harm, kept / taught)


def test_what_is_served_is_quieter_and_stronger(tmp_path: Path, monkeypatch: Any) -> None:
    """What was studied is beside it; whether a fact is known is said of what is served, as the model is left."""
    import mlx.core as mx

    from circadian.records import STUDIED

    study = setup(write_tiny_model(tmp_path / "model"), passes=1, quiet=0.3, gain=1.5)(tmp_path)
    is_served = lambda: any(not mx.array_equal(v, study.best[k]) for k, v in study.weights().items())  # noqa: E731
    look = study.typical_losses
    monkeypatch.setattr(study, "typical_losses", lambda: {**look(), "at the end": 9.0 if study.state.stopped else 0.0})
    state = study.run(tmp_path / "adapters.safetensors")
    served: Any = mx.load(str(tmp_path / "adapters.safetensors"))
    studied: Any = mx.load(str(tmp_path / STUDIED))
    assert served.keys() == studied.keys() == study.best.keys()
    for key, value in served.items():
        assert mx.array_equal(value, study.weights()[key]) and mx.array_equal(studied[key], study.best[key])
        if key.endswith("lora_b"):
            assert mx.allclose(value, studied[key] * 1.5)
        else:
            assert mx.abs(value - studied[key]).max().item() > 1e-4
    assert is_served() and "at the end" in state.best_unknown


def test_the_next_night_goes_on_from_what_was_studied_at_the_scale_that_was_served(tmp_path: Path) -> None:
    import mlx.core as mx

    from circadian.backend.lora import load_start
    from circadian.records import STUDIED

    study = setup(write_tiny_model(tmp_path / "model"), passes=1, quiet=0.3)(tmp_path)
    study.run(tmp_path / "adapters.safetensors")
    served: Any = mx.load(str(tmp_path / "adapters.safetensors"))
    config = {"lora_parameters": {"scale": study.plan.scale / 2}}  # the gate made it smaller
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    load_start(study.model, replace(study.plan, fade=0.9), tmp_path)
    for key, value in study.weights().items():
        assert mx.allclose(value, study.best[key] * (0.45 if key.endswith("lora_b") else 1.0))
    (tmp_path / STUDIED).unlink()  # an adapter from before there was one
    load_start(study.model, replace(study.plan, fade=1.0), tmp_path)
    assert all(mx.allclose(v, served[k] * (0.5 if k.endswith("lora_b") else 1.0)) for k, v in study.weights().items())


def test_without_a_price_what_was_studied_is_served(tmp_path: Path) -> None:
    import mlx.core as mx

    study = setup(write_tiny_model(tmp_path / "model"), iters=2, quiet=0.0)(tmp_path)
    study.run(tmp_path / "adapters.safetensors")
    served: Any = mx.load(str(tmp_path / "adapters.safetensors"))
    assert all(mx.array_equal(value, study.best[key]) for key, value in served.items())


def test_settling_is_told_to_whoever_waits(tmp_path: Path) -> None:
    study = setup(write_tiny_model(tmp_path / "model"), iters=2, quiet=0.2)(tmp_path)
    events: list[Any] = []
    study.report = events.append
    study.run(tmp_path / "a.safetensors")
    done = [(e["done"], e["of"]) for e in events if e.get("event") == "settle"]
    assert done and done == sorted(done) and done[-1] == (done[0][1],) * 2


def test_layers_are_taken_in_parts_that_fit_into_memory() -> None:
    import mlx.core as mx

    from circadian.backend.settle import AT_ONCE, in_parts

    class Layer:
        def __init__(self, width: int) -> None:
            self.lora_a = mx.zeros((width, 2))

    widths = [3072, 3072, 3072, 8192] * 3
    layers = {str(n): Layer(width) for n, width in enumerate(widths)}
    parts = [*in_parts(layers)]
    assert [name for part in parts for name in part] == [*layers] and len(parts) > 2
    assert all(
        sum(layer.lora_a.shape[0] ** 2 for layer in part.values()) <= AT_ONCE or len(part) == 1 for part in parts
    )
