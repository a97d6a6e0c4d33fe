"""Scores of an exam that has not ended, on disk: killed halfway, it goes on where it was.

Never: a score reused for another model, adapter, scale or suite; their hashes are in the file's name.
"""

from collections.abc import Sequence
from pathlib import Path

from circadian.exam.suites import suite_hash
from circadian.files import append_lines, read_lines, sha256_file
from circadian.records import Item, Score, short_id

ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")  # the second holds the LoRA scale


class Partial:
    """The file of one unfinished exam. Owns it: whoever opened it calls `finish` once the scores are safe elsewhere."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scores = {s.item_id: s for s in read_scores(path)}

    def keep(self, scores: Sequence[Score]) -> None:
        """Append scores, durably. What was unscored is not kept: the next start may be able to score it."""
        rows = [vars(s) for s in scores if s.passed is not None]
        if rows:
            append_lines(self.path, rows)

    def finish(self) -> None:
        self.path.unlink(missing_ok=True)


def read_scores(path: Path) -> list[Score]:
    """The scores of a partial file; a line that is damaged is no score, its item is asked again."""
    if not path.exists():
        return []
    known = set(Score.__dataclass_fields__)
    rows = [line.row for line in read_lines(path) if line.row and set(line.row) == known]
    return [Score(**row) for row in rows]


def open_partial(
    cache: Path, model: str, adapter: Path | None, items: Sequence[Item], *, scale: float = 1.0, how: str = ""
) -> Partial:
    """The partial file of this very exam. `model` names the base model with its revision, `adapter` is its folder.

    `how` is whatever else decides a score: how programs are run.
    """
    files = [sha256_file(adapter / name) for name in ADAPTER_FILES] if adapter else []
    key = short_id("exam", model, *files, suite_hash(items), f"{scale:g}", how)
    return Partial(cache / "exams" / f"{key}.jsonl")
