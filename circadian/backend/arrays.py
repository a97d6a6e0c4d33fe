# pyright: basic
"""Arrays in a cache on disk: written whole or not at all, and made again when a power cut left half of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlx.core as mx

from circadian.records import Json


def write_arrays(path: Path, arrays: Mapping[str, mx.array], about: Json) -> None:
    """Safetensors, so that nothing in it can run, with `about` as metadata; replaced in one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.stem}.tmp.safetensors")
    mx.save_safetensors(str(work), dict(arrays), metadata={"about": json.dumps(about)})
    work.replace(path)


def read_arrays(path: Path) -> tuple[dict[str, Any], Json] | None:
    """Arrays and `about`; None when there is no such file, or none that can be read."""
    if not path.exists():
        return None
    try:
        loaded: Any = mx.load(str(path), return_metadata=True)
    except RuntimeError:
        return None
    arrays, meta = loaded
    return (arrays, json.loads(meta["about"])) if "about" in meta else None
