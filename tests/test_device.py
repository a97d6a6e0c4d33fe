"""The machine made ready: which OpenBLAS kernels a process ends with."""

import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from circadian.backend.device import better_kernels, cpu_flags

needs_openblas = pytest.mark.skipif(ctypes.util.find_library("openblas") is None, reason="no OpenBLAS here")
ROOT = Path(__file__).resolve().parent.parent
AVX512 = frozenset("fma avx2 avx512f avx512bw avx512dq avx512vl".split())
ASK = """
import ctypes, sys
import circadian.backend
blas = ctypes.CDLL("libopenblas.so.0")
blas.openblas_get_corename.restype = ctypes.c_char_p
print(blas.openblas_get_corename().decode())
import mlx.core as mx
a = mx.ones((64, 32)) @ mx.ones((32, 16))
assert a[3, 5].item() == 32, a
"""


@pytest.mark.parametrize(
    ("chosen", "flags", "better"),
    [
        ("Prescott", AVX512, "SkylakeX"),  # 0.3.21 on an Emerald Rapids Xeon
        ("Nehalem", frozenset({"fma", "avx2"}), "Haswell"),
        ("Prescott", frozenset({"sse3"}), None),  # it may be one
        ("Zen", AVX512, None),
        ("SkylakeX", AVX512, None),
        ("Haswell", frozenset({"fma", "avx2"}), None),
        ("neoversen1", frozenset(), None),
    ],
)
def test_kernels_are_chosen_anew_only_where_openblas_does_not_know_the_cpu(
    chosen: str, flags: frozenset[str], better: str | None
) -> None:
    assert better_kernels(chosen, flags) == better


@needs_openblas
@pytest.mark.mlx
def test_a_process_ends_with_kernels_of_its_own_cpu() -> None:
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    run = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    assert better_kernels(run.stdout.strip(), cpu_flags()) is None


@needs_openblas
@pytest.mark.mlx
def test_kernels_that_the_user_asked_for_are_left_alone() -> None:
    env = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem"}
    run = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    assert run.stdout.strip() == "Nehalem"
