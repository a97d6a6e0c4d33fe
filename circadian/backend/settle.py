# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""What is served of a finished study: what its layers do to general text, taken out where what was told needs it least.

A layer's change is x -> (x A) B. Of all A' the one is taken that keeps what the told questions and answers give, at a
price for what general text gives: argmin E_told |x (A' - A)|^2 + price * E_general |x A'|^2, in closed form
(C_told + price C_general)^-1 C_told A, with C the mean of x^T x (the least squares of RegMean, Jin et al. 2023, and of
MEMIT's covariance term, Meng et al. 2023). Never: a step of training, a change of the base model, or of the state from
which the next night goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
import scipy.linalg

from circadian.backend.model import Model
from circadian.backend.states import States, Tokens
from circadian.backend.subspace import gram_matrices, lora_layers

if TYPE_CHECKING:
    from circadian.backend.train import Study

SAMPLE = 128  # examples of one kind that stand for all: a matrix of 576 inputs needs a few thousand tokens
LEAST = 1e-8  # of the trace: added to the diagonal, where neither kind feeds anything in
AT_ONCE = 2**26  # numbers of one kind's matrices that are held at once


def settle(study: "Study") -> dict[str, mx.array]:
    """What of the study's best state is served: quieter, and `gain` times as strong; the model is left with it.

    The larger the scale, the more surely what was told is answered, in other words too, and what is saved pays for it.
    The next night goes on from the best state itself: what is taken out every night anew would be missed.
    """
    kinds = study.lessons, study.untold, [*study.replay, *study.text]
    told, untold, general = (kind[:: -(-len(kind) // SAMPLE) or 1] for kind in kinds)
    load, price, gain = study.model.module.load_weights, study.plan.quiet, study.plan.gain
    load(list(study.best.items()), strict=False)
    if not (general and price):
        return study.best

    def progress(done: int, of: int) -> None:
        study.report({"event": "settle", "done": done, "of": of})

    quieter = quiet(study.model, (told, untold), general, price, study.states, progress)
    served = {k: v * gain if k.endswith("lora_b") else quieter.get(k, v) for k, v in study.best.items()}
    load(list(served.items()), strict=False)
    study.state.best_unknown = study.above_known(study.typical_losses())
    return served


def quiet(
    model: Model,
    told: Sequence[Sequence[Tokens]],
    general: Sequence[Tokens],
    price: float,
    states: States | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, mx.array]:
    """The `lora_a` [d, rank] of every LoRA layer of `model`, by their parameters' names, that disturb `general` less.

    The kinds of `told` weigh alike. `states`: those of a study, if it holds all these examples. A mixture's experts
    stay as they are.
    """
    out: dict[str, mx.array] = {}
    parts, kinds = [*in_parts(lora_layers(model))], [kind for kind in (*told, general) if kind]
    done, of = 0, len(parts) * sum(map(len, kinds))
    for layers in parts:
        grams: list[dict[str, np.ndarray]] = []
        same: dict[str, str] = {}
        for kind in kinds:
            found, same = gram_matrices(model, layers, kind, lambda n, before=done: progress(before + n, of), states)
            grams.append({name: np.array(g, dtype=np.float64) / mx.trace(g).item() for name, g in found.items()})
            done += len(kind)
        for name, layer in layers.items():
            *keep, leave = (gram[same[name]] for gram in grams)
            changed = least_squares(sum(keep) / len(keep), leave, np.array(layer.lora_a), price)
            out[f"{name}.lora_a"] = mx.array(changed.astype(np.float32)).astype(layer.lora_a.dtype)
    return out


def least_squares(keep: np.ndarray, leave: np.ndarray, lora_a: np.ndarray, price: float) -> np.ndarray:
    """(C_told + price C_general)⁻¹ C_told A, both C [d, d] of trace 1; A [d, rank]."""
    return scipy.linalg.solve(keep + price * leave + LEAST * np.eye(len(keep)), keep @ lora_a, assume_a="gen")


def in_parts(layers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers in runs whose matrices of one kind are no larger together than `AT_ONCE`: a 3B model has many GB."""
    part: dict[str, Any] = {}
    size = 0
    for name, layer in layers.items():
        size += layer.lora_a.shape[0] ** 2
        if part and size > AT_ONCE:
            yield part
            part, size = {}, layer.lora_a.shape[0] ** 2
        part[name] = layer
    if part:
        yield part
