# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""LoRA layers on a loaded model, and the adapter_config.json that says so in mlx-lm's words."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.tuner.utils import linear_to_lora_layers

from circadian.backend.model import Model, on_metal
from circadian.errors import UserError
from circadian.records import STUDIED, Json

if TYPE_CHECKING:
    from circadian.backend.train import Study, StudyPlan

LAYERS = 12  # of 30; 16, which mlx-lm takes, harmed more, and 8 learned unusual facts less well (docs/design.md)


def trained_layers(wanted: int | None, layers: int) -> int:
    """How many of `layers` a study trains: as many as `--num-layers` says (-1: all), by default LAYERS or all."""
    if wanted is None:
        return min(LAYERS, layers)
    return layers if wanted < 0 else wanted


def attach_lora(model: Model, plan: "StudyPlan", start_from: Path | None = None) -> Json:
    """Freeze the model, put LoRA layers on it (from `start_from`'s weights if given); returns adapter_config.json.

    Raises UserError when the adapter to start from has another rank or other layers than the plan.
    """
    layers = len(model.module.layers)
    count = trained_layers(plan.num_layers, layers)
    if count > layers:
        raise UserError(f"--num-layers {count}: {model.source.name} has {layers} layers")
    parameters = {"rank": plan.rank, "scale": plan.scale, "dropout": 0.0}
    mx.random.seed(plan.seed)
    model.module.freeze()
    linear_to_lora_layers(model.module, count, parameters)
    if not on_metal():
        model.module.set_dtype(mx.float32)
    if start_from is not None:
        load_start(model, plan, start_from)
    model.module.train()
    mx.eval(model.module.parameters())
    return {"fine_tune_type": "lora", "num_layers": count, "lora_parameters": parameters}


def load_start(model: Model, plan: "StudyPlan", start_from: Path) -> None:
    """The LoRA layers of `attach_lora` as the study of `start_from` left them, at `plan.fade` of that adapter's scale.

    Raises UserError when it has others. Harm of many nights adds up; what was told is rehearsed and comes back.
    """
    studied, served = start_from / STUDIED, start_from / "adapters.safetensors"
    weights: Any = mx.load(str(studied if studied.is_file() else served))
    want = {k: v.shape for k, v in tree_flatten(model.module.trainable_parameters())}
    if {k: v.shape for k, v in weights.items()} != want:
        raise UserError(
            f"the adapter {start_from.name} has another rank or other layers than asked for",
            hint="give its --rank and --num-layers, or start from the base model with --reset-adapter",
        )
    was = json.loads((start_from / "adapter_config.json").read_bytes())["lora_parameters"]["scale"]
    begin_with(model, weights, plan.fade * was / plan.scale)


def begin_with(model: Model, weights: Mapping[str, mx.array], times: float) -> None:
    """The LoRA layers with these weights, their change `times` as large."""
    scaled = [(k, v * times if k.endswith("lora_b") else v) for k, v in weights.items()]
    model.module.load_weights(scaled, strict=False)
    mx.eval(model.module.parameters())


def write_adapter_config(folder: Path, study: "Study", parameters: Json, plan: Mapping[str, Any]) -> None:
    """adapter_config.json as mlx-lm reads it, with what was used; rank, scale and layers are read off the model."""
    layers = [m for _, m in study.model.module.named_modules() if hasattr(m, "lora_a")]
    ranks, scales = {m.lora_a.shape[1] for m in layers}, {m.scale for m in layers}
    blocks = {name.split(".layers.")[1].split(".")[0] for name in study.best if ".layers." in name}
    used = {
        "model": study.model.source.name,
        "num_layers": len(blocks),
        "lora_parameters": {**parameters["lora_parameters"], "rank": max(ranks), "scale": max(scales)},
        "learning_rate": study.plan.learning_rate,
        "batch_size": study.plan.batch_size,
        "iters": study.plan.iters,
        "max_seq_length": plan["max_seq_length"],
        "seed": study.plan.seed,
        "train": True,
        "study": asdict(study.plan),
    }
    config = {**parameters, **used}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
