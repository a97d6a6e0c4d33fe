"""A quicker `import transformers`, which mlx-lm cannot do without.

transformers reads the source of its 1,700 model files at every start, twice, for a table of what each of them exports:
half of the 2.3 s that a script needed before it did anything. The table is the same until another version is
installed, so it is kept in models/. Never: another table than transformers' own; where something is not as expected it
reads its files as ever.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from circadian.errors import UserError
from circadian.files import read_json, write_json
from circadian.records import short_id
from circadian.settings import CHECKOUT

INSTALLED = ("site-packages", "dist-packages")  # where nobody edits what a version is made of
READER = "transformers.utils.import_utils"
SCAN = "define_import_structure"  # (folder or a file in it, prefix) -> table
Table = dict[frozenset[str], dict[str, set[str]]]  # needed libraries -> module -> what it exports


class WhenRead(MetaPathFinder):
    """Lets `use_kept_tables` change the module that reads the model files, as soon as it is loaded."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != READER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        loader: Any = spec and spec.loader
        if loader is not None:
            load = loader.exec_module

            def load_and_change(module: ModuleType) -> None:
                load(module)
                use_kept_tables(module)

            loader.exec_module = load_and_change
        return spec


def prepare_import() -> None:
    if "transformers" not in sys.modules and not any(isinstance(f, WhenRead) for f in sys.meta_path):
        sys.meta_path.insert(0, WhenRead())


def use_kept_tables(reader: ModuleType) -> None:
    scan = getattr(reader, SCAN, None)
    if scan is None:
        return

    def read_or_scan(*args: Any, **kwargs: Any) -> Any:
        try:
            return from_table(scan, *args, **kwargs)
        except Exception:  # other arguments, another kind of table: whatever it is, transformers can do it by itself
            return scan(*args, **kwargs)

    setattr(reader, SCAN, read_or_scan)


def from_table(scan: Callable[..., Table], module_path: Any, prefix: str | None = None) -> Table:
    """What `scan` returns for these arguments, which may be a folder or a file in it. Raises whatever goes wrong."""
    place = Path(module_path)
    folder = place.parent if place.is_file() else place
    if folder.name != "models" or folder.parent.parent.name not in INSTALLED:
        return scan(module_path, prefix)
    kept = path_of(folder)
    table = read(kept)
    if table is None:
        table = scan(folder, None)
        write(kept, table)
    named = f"{prefix}." if prefix else ""
    return {needs: {named + m: names for m, names in found.items()} for needs, found in table.items()}


def path_of(folder: Path) -> Path:
    """Where the table of the installed version in `folder` is kept."""
    return CHECKOUT / "models" / f"transformers-{short_id(metadata.version('transformers'), str(folder))}.json"


def read(path: Path) -> Table | None:
    try:
        rows = read_json(path)["tables"]
        listed = all(isinstance(names, list) for _, found in rows for names in found.values())
        table = {frozenset(needs): {m: {*names} for m, names in found.items()} for needs, found in rows}
    except (OSError, UserError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return table if table and listed else None


def write(path: Path, table: Table) -> None:
    rows = [[sorted(needs), {m: sorted(names) for m, names in found.items()}] for needs, found in table.items()]
    with contextlib.suppress(OSError, UserError):  # a checkout that may not be written is only slower
        write_json(path, {"tables": rows})
