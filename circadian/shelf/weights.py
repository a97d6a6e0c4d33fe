"""What is wrong with a candidate's files, before any model loads them: cut short, not finite, made for another base.

mlx-lm loads an adapter without asking whether every matrix is there and fits; what does not fit fails in the middle of
an exam, or answers nonsense. Never: a guess. What the headers do not say is left to the exam.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from circadian.records import STUDIED, Json
from circadian.shelf.adapters import CONFIG, WEIGHTS, weights_problem

EXPONENTS = {"F32": ("<u4", 0x7F800000), "F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80)}  # all ones: NaN or infinite
A, B = ".lora_a", ".lora_b"


def candidate_problems(folder: Path, model: str, base: Path) -> list[str]:
    """Reasons why the adapter in `folder` can't be one for `model`, whose files are in `base`; none when it may be.

    Of what is served, and of what the next night goes on from: no exam sees that, and all later nights would suffer.
    """
    if not (folder / WEIGHTS).is_file() or not (folder / CONFIG).is_file():
        return [f"incomplete weights: {WEIGHTS if not (folder / WEIGHTS).is_file() else CONFIG} is missing"]
    paths = [folder / name for name in (WEIGHTS, STUDIED) if (folder / name).is_file()]
    broken = [f"incomplete weights: {path.name} is {problem}" for path in paths if (problem := weights_problem(path))]
    if broken:
        return broken
    try:
        config: Json = json.loads((folder / CONFIG).read_bytes())
        named = config.get("model", model)
    except (ValueError, AttributeError):
        return [f"incomplete weights: {CONFIG} cannot be read"]
    served, *studied = ({name: entry["shape"] for name, entry in read_header(path).items()} for path in paths)
    reasons = [f"adapter of another base: it was trained for {named}, not {model}"] if named != model else []
    if studied not in ([], [served]):
        reasons.append(f"incomplete weights: {STUDIED} holds other matrices than {WEIGHTS}")
    reasons += [*other_base(served, base, model), *halves(served, config)]
    return [*reasons, *chain.from_iterable(map(not_finite, paths))]


def read_header(path: Path) -> Json:
    """The tensors of a safetensors file by name: dtype, shape, data_offsets."""
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header: Json = json.loads(file.read(length))
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def other_base(shapes: Mapping[str, Any], base: Path, model: str) -> Iterator[str]:
    """Matrices whose outputs are of another width than those of the base model's layer of that name.

    The number of rows is the same whether the layer is quantized or not. Layers that the base's files name otherwise
    than the loaded model does are not compared.
    """
    known: dict[str, Any] = {}
    for path in sorted(base.glob("*.safetensors")):
        known |= {name: entry["shape"] for name, entry in read_header(path).items()}
    for name, shape in sorted(shapes.items()):
        layer = known.get(f"{name.removesuffix(B)}.weight") if name.endswith(B) else None
        if layer is not None and len(layer) == len(shape) == 2 and layer[0] != shape[1]:
            yield f"adapter of another base: {name} has {shape[1]} outputs, {model} has {layer[0]}"
            return


def halves(shapes: Mapping[str, Any], config: Json) -> Iterator[str]:
    """LoRA matrices without their other half, and blocks that the config promises and the file does not hold."""
    alone = [n for n in shapes if n.endswith(A) and n.removesuffix(A) + B not in shapes]
    alone += [n for n in shapes if n.endswith(B) and n.removesuffix(B) + A not in shapes]
    if alone or not shapes:
        yield f"incomplete weights: {len(alone)} of {len(shapes)} LoRA matrices have no other half"
        return
    blocks = {n.split(".layers.")[1].split(".")[0] for n in shapes if ".layers." in n}
    promised: object = config.get("num_layers")
    if isinstance(promised, int) and 0 < len(blocks) < promised:
        yield f"incomplete weights: {len(blocks)} of {promised} layers"


def not_finite(path: Path) -> Iterator[str]:
    """Matrices that hold NaN or infinity."""
    import numpy as np

    header = read_header(path)
    data = np.fromfile(path, dtype=np.uint8)
    start = 8 + int(data[:8].view("<u8")[0])
    bad: list[str] = []
    for name, entry in sorted(header.items()):
        kind, mask = EXPONENTS.get(entry["dtype"], ("", 0))
        low, high = entry["data_offsets"]
        if kind:
            bits = np.frombuffer(data[start + low : start + high].tobytes(), dtype=kind)
            bad += [name] if bool(((bits & mask) == mask).any()) else []
    if bad:
        where = "" if path.name == WEIGHTS else f" of {path.name}"
        yield f"weights are not finite: {len(bad)} of {len(header)} matrices{where}, first {bad[0]}"
