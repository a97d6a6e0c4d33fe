"""What differs between machines: BLAS on CPU-only Linux, wired memory on Metal, a compiler that may be missing."""

import ctypes
import os
import shutil
import sys
from importlib import metadata

BLAS = "libopenblas.so.0"
BLAS_HINT = "sudo apt-get install libopenblas0-pthread"


def prepare() -> None:
    """Make this process ready for MLX; must run before the first `import mlx.core`.

    The Linux wheel of MLX links reference BLAS: OpenBLAS loaded first with RTLD_GLOBAL takes a matrix product from
    2.5 to 90 GFLOP/s. `mx.compile` on the CPU calls a C++ compiler at run time; without one it must be off.
    The Hub libraries stay quiet and send no telemetry.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not sys.platform.startswith("linux"):
        return
    keep_freed_memory()
    if shutil.which("g++") is None:
        os.environ.setdefault("MLX_DISABLE_COMPILE", "1")
    if not load_openblas() and "CIRCADIAN_NO_BLAS_HINT" not in os.environ:
        os.environ["CIRCADIAN_NO_BLAS_HINT"] = "1"  # once, not again in the child process
        print(f"hint: OpenBLAS is missing and this will be about 20 times slower: {BLAS_HINT}", file=sys.stderr)


def keep_freed_memory() -> None:
    """Tell glibc to reuse large freed blocks instead of returning them to the kernel.

    MLX frees and allocates megabytes for every operation; page faults of fresh memory took 15 % of a training step.
    """
    arena_max, mmap_threshold, trim_threshold = -8, -3, -1  # malloc.h: M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(arena_max, 1)
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, (1 << 31) - 1)


def load_openblas() -> bool:
    try:
        ctypes.CDLL(BLAS, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def peak_memory() -> int:
    """Peak bytes held by MLX in this process."""
    import mlx.core as mx

    return mx.get_peak_memory()


def versions() -> dict[str, str]:
    """Versions that a night's result depends on, for its manifest."""
    import platform

    found = {name: metadata.version(name) for name in ("mlx", "mlx-lm", "numpy", "transformers")}
    return {"python": platform.python_version(), "platform": platform.platform(), **found}
