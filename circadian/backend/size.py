# pyright: basic
"""How large a model is, from its config and the headers of its weight files: no weight is read."""

import json
import math
from pathlib import Path
from typing import Any


def parameters(folder: Path) -> int:
    """Parameters of the model in `folder`, quantized ones counted as what they stand for; 0 when nobody can say.

    A quantized matrix is packed into 32-bit words beside `scales`, of which there is one for every group of weights.
    """
    try:
        config: Any = json.loads((folder / "config.json").read_bytes())
        shapes = {n: e["shape"] for file in sorted(folder.glob("*.safetensors")) for n, e in header(file).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0
    quantization = config.get("quantization") or {}
    packed = {name.removesuffix(".scales") for name in shapes if name.endswith(".scales")}
    total = 0
    for name, shape in shapes.items():
        stem, _, leaf = name.rpartition(".")
        if stem not in packed:
            total += math.prod(shape)
        elif leaf == "scales":
            total += math.prod(shape) * group_size(quantization, stem)
        elif leaf not in ("weight", "biases"):
            total += math.prod(shape)
    return total


def header(path: Path) -> dict[str, Any]:
    """The names, types and shapes in a safetensors file: eight bytes of length, then JSON."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError(f"{path}: not a safetensors file")
        entries = json.loads(file.read(length))
    return {name: entry for name, entry in entries.items() if name != "__metadata__"}


def group_size(quantization: dict[str, Any], stem: str) -> int:
    own = quantization.get(stem)
    return int((own if isinstance(own, dict) else quantization).get("group_size", 64))
