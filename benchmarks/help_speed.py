"""How long `--help` of every script takes: the whole process, from start to exit. Fails above LIMIT."""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.console import table
from circadian.errors import FAILED, OK, UserError, run

CHECKOUT = Path(__file__).resolve().parent.parent
SCRIPTS = ("chat.py", "sleep.py", "eval_loss.py", "eval_harness.py", "run_cycle.py", "build_synthetic.py")
LIMIT = 0.5  # seconds, median


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 runs a script in place of 5")
    return parser


def seconds(script: str) -> float:
    """One `--help`, timed. UserError when it fails."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, str(CHECKOUT / script), "--help"], capture_output=True, check=False)
    spent = time.perf_counter() - started
    if done.returncode != 0 or not done.stdout.startswith(b"usage:"):
        raise UserError(f"{script} --help failed", hint=done.stderr.decode(errors="replace")[-200:].strip())
    return spent


def main(argv: list[str] | None = None) -> int:
    runs = 3 if build_parser().parse_args(argv).quick else 5
    bare = statistics.median(python_alone() for _ in range(runs))
    medians = {script: statistics.median(seconds(script) for _ in range(runs)) for script in SCRIPTS}
    rows = [(name, f"{m:.3f}", "ok" if m < LIMIT else "TOO SLOW") for name, m in medians.items()]
    print(table([*rows, ("python -c pass", f"{bare:.3f}", "")], ("--help of", "seconds", f"under {LIMIT}")))
    return OK if max(medians.values()) < LIMIT else FAILED


def python_alone() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(run(main))
