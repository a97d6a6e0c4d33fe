"""What differs between machines: BLAS on CPU-only Linux, wired memory on Metal, a compiler that may be missing."""

import _ctypes
import ctypes
import os
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

BLAS = "libopenblas.so.0"
MODERN_KERNELS = frozenset({"haswell", "zen", "skylakex", "cooperlake", "sapphirerapids"})
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
    """OpenBLAS for every library to come, with the kernels of this CPU; False when it is not installed.

    An OpenBLAS older than the CPU takes it for one of 2004 ("Prescott"): 0.3.21 does so with an Emerald Rapids Xeon,
    where a night took 11 minutes instead of 4. Then it is loaded again and told.
    """
    try:
        library = ctypes.CDLL(BLAS)
    except OSError:
        return False
    name = getattr(library, "openblas_get_corename", None)
    if name is not None and "OPENBLAS_CORETYPE" not in os.environ:
        name.restype = ctypes.c_char_p
        better = better_kernels(name().decode(), cpu_flags())
        if better:
            os.environ["OPENBLAS_CORETYPE"] = better
            _ctypes.dlclose(library._handle)
    ctypes.CDLL(BLAS, mode=ctypes.RTLD_GLOBAL)
    return True


def better_kernels(chosen: str, flags: frozenset[str]) -> str | None:
    """OpenBLAS's name for what a CPU with these flags can do, None when what it has chosen is as good."""
    if chosen.lower() in MODERN_KERNELS or not {"avx2", "fma"} <= flags:
        return None
    return "SkylakeX" if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags else "Haswell"


def cpu_flags() -> frozenset[str]:
    """Of /proc/cpuinfo; empty where there is none."""
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(found[1].split()) if found else frozenset()


def peak_memory() -> int:
    """Peak bytes held by MLX in this process."""
    import mlx.core as mx

    return mx.get_peak_memory()


def versions() -> dict[str, str]:
    """Versions that a night's result depends on, for its manifest."""
    import platform

    found = {name: metadata.version(name) for name in ("mlx", "mlx-lm", "numpy", "transformers")}
    return {"python": platform.python_version(), "platform": platform.platform(), **found}
