"""Scores that a model was given, on disk: an exam killed halfway goes on where it was, and no item is asked twice.

Never: a score reused for another model, adapter, scale or program (in the file's name), or another item (in its row).
"""

import functools
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from circadian.exam.suites import suite_hash
from circadian.files import append_lines, read_lines, sha256_file
from circadian.records import Item, Json, Score, short_id

WEIGHTS, CONFIG = "adapters.safetensors", "adapter_config.json"
ITEM = "item"  # key of a row: the hash of what was asked and how it is judged
PARTS = ("exam", "backend")  # folders of this program in which a change may change a score
FILES = ("records.py",)  # and files: how answers are normalized, and what a hash is made of
PACKAGES = ("mlx", "mlx-lm", "pydantic-monty")  # the last runs the code that a model wrote


class Partial:
    """The scores of one model that are known, by item id. Whoever opened the file of one exam calls `finish` once they
    are safe elsewhere; a cache stays.

    `hashes` says by id what is asked, and rows of anything else don't count; without it the ids are such hashes.
    """

    def __init__(self, path: Path, hashes: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.hashes = hashes or {}
        known = read_scores(path)
        self.scores = known if hashes is None else {n: known[mark] for n, mark in hashes.items() if mark in known}

    def keep(self, scores: Sequence[Score]) -> None:
        """Append scores, durably. What was unscored is not kept: the next start may be able to score it."""
        rows = [{ITEM: self.hashes.get(s.item_id, s.item_id), **vars(s)} for s in scores if s.passed is not None]
        if rows:
            append_lines(self.path, rows)

    def finish(self) -> None:
        self.path.unlink(missing_ok=True)


def read_scores(path: Path) -> dict[str, Score]:
    """The scores of a file by their items' hashes; a line that is damaged is no score, its item is asked again."""
    if not path.exists():
        return {}
    known = {ITEM, *Score.__dataclass_fields__}
    rows = [line.row for line in read_lines(path) if line.row and set(line.row) == known]
    return {str(row.pop(ITEM)): Score(**row) for row in rows}


def open_partial(
    cache: Path,
    model: str,
    adapter: Path | None,
    items: Sequence[Item],
    *,
    scale: float = 1.0,
    how: str = "",
    folder: str = "exams",
) -> Partial:
    """What is known of this very model's scores in `items`; the other arguments as in `scores_path`."""
    path = scores_path(cache / folder, model, adapter, scale=scale, how=how)
    return Partial(path, {item.id: suite_hash([item]) for item in items})


def scores_path(folder: Path, model: str, adapter: Path | None, *, scale: float = 1.0, how: str = "") -> Path:
    """The file of this very model. `model` names the base model with its revision, `adapter` is the adapter's folder.

    `scale` multiplies its LoRA scale: an adapter whose own scale is that product is the same model. `how` is whatever
    else decides a score: how programs are run.
    """
    files = [sha256_file(adapter / WEIGHTS), config_text(adapter, scale)] if adapter else []
    return folder / f"{short_id('scores', model, *files, how, program())}.jsonl"


def config_text(adapter: Path, scale: float) -> str:
    config: Json = json.loads((adapter / CONFIG).read_bytes())
    if scale != 1:
        config["lora_parameters"]["scale"] *= scale
    return json.dumps(config, sort_keys=True)


@functools.cache
def program() -> str:
    """A hash of what asks and judges, so that a score of another version of it is never compared with one of this."""
    return program_of(Path(__file__).resolve().parent.parent, versions())


def program_of(package: Path, packages: Sequence[str]) -> str:
    """The same of the program in the folder `package`, with these packages, each with its version."""
    sources = [
        *(package / name for name in FILES),
        *(p for part in PARTS for p in sorted((package / part).glob("*.py"))),
    ]
    return short_id(*(sha256_file(path) for path in sources), *packages)


def versions() -> list[str]:
    """The packages that a score depends on, each with its version; one that is not installed scores nothing."""
    return [f"{name} {version_of(name)}" for name in PACKAGES]


def version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
