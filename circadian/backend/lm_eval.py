# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""lm-evaluation-harness through mlx-lm's own adapter for it, on a model as it is loaded here: dequantized and fast on
a CPU, with the LoRA adapter of a tag on it. An optional extra: nothing else needs it.

Never: a task that runs generated code, or remote code that a data set brings.
"""

import contextlib
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from circadian.backend.model import Model
from circadian.errors import UserError
from circadian.records import Json

INSTALL = 'python -m pip install "lm-eval>=0.4.13,<0.5"'
OFFLINE_HINT = (
    "connect once so that datasets caches it (after that HF_HUB_OFFLINE=1 keeps it from asking), or give a task's "
    "YAML file with dataset_path: json and data_files of your own"
)
MAX_GENERATED = 256  # tokens where a task does not say: the harness's own default; mlx-lm's 8192 would take hours
NOISY = ("lm_eval", "lm-eval", "datasets", "huggingface_hub", "httpx", "fsspec", "evaluate", "absl")


def run_tasks(
    open_model: Callable[[], Model], tasks: Sequence[str], *, limit: int | None = None, batch_size: int = 8
) -> list[Json]:
    """One row per task, metric and filter: task, metric, value, stderr, n, version and num_fewshot.

    A task is a name the harness knows, or a YAML file. The model is opened once the tasks' data is there. UserError
    when the harness is not installed, or a task is unknown, can't be had or fails.
    """
    if find_spec("lm_eval") is None:
        raise UserError("--lm-eval needs lm-evaluation-harness, which is not installed", hint=INSTALL)
    quieten()
    with contextlib.redirect_stdout(sys.stderr):  # answers alone are on stdout; batch_generate prints there
        lm = examined(open_model, batch_size)
        try:
            found = evaluate(lm, [absolute(t) for t in tasks], limit)
        except (UserError, KeyboardInterrupt):
            raise
        except Exception as error:  # the Hub's clients, datasets, YAML, a task's own Python: anything
            raise explained(error, tasks, loaded=lm.opened) from None
    return rows_of(found)


def quieten() -> None:
    """Neither retries nor progress of what is loaded: one line says what went wrong."""
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def absolute(task: str) -> str:
    """A task's file as an absolute path; a name stays. UserError for a file that is not there."""
    if not task.endswith((".yaml", ".yml")):
        return task
    path = Path(task).expanduser()
    if not path.is_file():
        raise UserError(f"{task} does not exist or is not a file", hint="--lm-eval takes task names and YAML files")
    return str(path.absolute())


def evaluate(lm: Any, tasks: Sequence[str], limit: int | None) -> Json:
    """The harness's results. Its index of some 14,000 tasks is read only where a task is given by name."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_defaults=not all(Path(t).is_absolute() for t in tasks))
    quieten()  # importing it set its loggers up
    found = simple_evaluate(
        model=lm,
        tasks=list(tasks),
        task_manager=manager,
        limit=limit,
        apply_chat_template=True,
        fewshot_as_multiturn=True,
        log_samples=False,
        confirm_run_unsafe_code=False,
    )
    if found is None:
        raise ValueError("no results")
    return found


def examined(open_model: Callable[[], Model], batch_size: int) -> Any:
    """mlx-lm's adapter with its loading left out: it would load the base model in 4 bits and without our adapter."""
    from lm_eval.api.model import LM
    from mlx_lm.evaluate import MLXLM

    class Examined(MLXLM):
        def __init__(self) -> None:
            LM.__init__(self)
            self.use_chat_template = True
            self._max_tokens = None
            self._batch_size = batch_size
            self._sampler = None
            self.examinee: Model | None = None

        @property
        def opened(self) -> bool:
            return self.examinee is not None

        @property
        def model(self) -> Model:
            if self.examinee is None:
                self.examinee = open_model()
            return self.examinee

        @property
        def _model(self) -> Any:
            return self.model.module

        @property
        def tokenizer(self) -> Any:
            return self.model.tokenizer

        def loglikelihood(self, requests: Any) -> Any:
            self._max_tokens = self.model.context  # where mlx-lm cuts what a prompt has too much
            try:
                return super().loglikelihood(requests)
            finally:
                self._max_tokens = None

        def generate_until(self, requests: Any) -> Any:
            for request in requests:
                bounded(request.args[1])
            return super().generate_until(requests)

    return Examined()


def bounded(options: Json) -> None:
    """Generation options as mlx-lm reads them: a list of stops, and an end where the task gives none."""
    until = options.get("until") or []
    options["until"] = [until] if isinstance(until, str) else list(until)
    options.setdefault("max_gen_toks", MAX_GENERATED)


def rows_of(found: Json) -> list[Json]:
    """Rows of the harness's results: {"task": {"acc,none": 0.5, "acc_stderr,none": 0.1}}. A NaN is null."""
    rows: list[Json] = []
    for task, figures in found["results"].items():
        for key, value in figures.items():
            metric, comma, kind = key.partition(",")
            if not comma or metric.endswith("_stderr") or isinstance(value, bool | str) or value is None:
                continue
            samples = found.get("n-samples", {}).get(task, {}).get("effective") or figures.get("sample_len")
            row: Json = {
                "task": task,
                "metric": metric if kind == "none" else f"{metric} ({kind})",
                "value": number(value),
                "stderr": number(figures.get(f"{metric}_stderr,{kind}")),
                "n": samples,
                "version": found.get("versions", {}).get(task),
                "num_fewshot": found.get("n-shot", {}).get(task),
            }
            rows.append(row)
    return rows


def number(value: Any) -> float | None:
    """A finite number; None for the harness's "N/A", None and NaN: not measured."""
    if isinstance(value, str) or value is None or not math.isfinite(value):
        return None
    return round(float(value), 6)


def explained(error: Exception, tasks: Sequence[str], *, loaded: bool) -> UserError:
    """The error in one line, with the next step: what is missing differs before and after the tasks were loaded."""
    text = " ".join(str(error).split())[:160] or type(error).__name__
    named = ", ".join(tasks)
    if loaded:
        return UserError(f"lm-eval failed on {named}: {type(error).__name__}: {text}")
    if isinstance(error, KeyError):
        return UserError(f"lm-eval knows no such task: {text.strip(chr(34))}", hint="lm_eval ls tasks lists them")
    if isinstance(error, FileNotFoundError) and not is_of_the_hub(error):
        hint = "data_files are looked for from the folder you run this in, as by lm-eval itself"
        return UserError(f"lm-eval can't load {named}: {text}", hint=hint)
    if isinstance(error, OSError) or is_of_the_hub(error):
        return UserError(f"the data of {named} is not cached here and the Hub can't be reached: {text}", OFFLINE_HINT)
    return UserError(f"lm-eval can't load {named}: {type(error).__name__}: {text}")


def is_of_the_hub(error: BaseException) -> bool:
    """Whether the Hub's clients raised it: datasets' own "not found" and "offline" are FileNotFoundError too."""
    return any(m in type(error).__module__ for m in ("huggingface_hub", "datasets", "httpx", "requests"))
