"""transformers' table of its models, kept between two starts."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import CHECKOUT

TABLE = {frozenset({"torch"}): {"llama.modeling_llama": {"LlamaModel"}}, frozenset[str](): {"auto": {"A", "B"}}}
FROM_FILES = """
import circadian.backend
from transformers.utils import import_utils as reader
from pathlib import Path
folder = Path(reader.__file__).parent.parent / "models"
own = reader.spread_import_structure(reader.create_import_structure_from_path(folder))
assert reader.define_import_structure.__module__ == "circadian.backend.quick_import"
assert reader.define_import_structure(folder) == own and len(own) > 3
assert reader.define_import_structure(folder / "auto" / "__init__.py") != own
prefixed = {needs: {f"models.{m}": names for m, names in found.items()} for needs, found in own.items()}
assert reader.define_import_structure(str(folder / "__init__.py"), prefix="models") == prefixed
"""


@pytest.mark.mlx
def test_the_table_is_what_transformers_reads_from_its_files() -> None:
    done = subprocess.run([sys.executable, "-c", FROM_FILES], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models of a made-up transformers; its table is kept under tmp_path."""
    from circadian.backend import quick_import

    monkeypatch.setattr(quick_import, "CHECKOUT", tmp_path)
    models = tmp_path / "site-packages" / "transformers" / "models"
    models.mkdir(parents=True)
    return models


def reader(scanned: list[str]) -> ModuleType:
    module = ModuleType("reader")

    def scan(module_path: object, prefix: str | None = None) -> object:
        scanned.append(str(module_path))
        return TABLE

    module.__dict__["define_import_structure"] = scan
    return module


@pytest.mark.mlx
def test_files_are_read_once_and_again_when_the_table_is_damaged(tmp_path: Path, folder: Path) -> None:
    from circadian.backend import quick_import

    scanned: list[str] = []
    module = reader(scanned)
    quick_import.use_kept_tables(module)
    define = module.__dict__["define_import_structure"]
    with_prefix = {needs: {f"models.{m}": names for m, names in found.items()} for needs, found in TABLE.items()}
    assert [define(folder), define(str(folder)), define(folder, "models")] == [TABLE, TABLE, with_prefix]
    assert scanned == [str(folder)]
    (kept,) = (tmp_path / "models").iterdir()
    kept.write_bytes(kept.read_bytes()[:-40])
    assert define(folder) == TABLE and len(scanned) == 2
    kept.write_text('{"version": 1, "tables": [["torch"]]}')
    assert define(folder) == TABLE and len(scanned) == 3
    kept.write_text('{"version": 1, "tables": []}')
    assert define(folder) == TABLE and len(scanned) == 4
    kept.write_text('{"version": 1, "tables": [[["torch"], {"llama": "LlamaModel"}]]}')
    assert define(folder) == TABLE and len(scanned) == 5
    assert define(folder) == TABLE and len(scanned) == 5
    (folder.parent / "other").mkdir()
    assert define(folder.parent / "other") == TABLE and len(scanned) == 6, "no models: transformers' own business"
    edited = tmp_path / "src" / "transformers" / "models"
    edited.mkdir(parents=True)
    assert [define(edited), define(edited)] == [TABLE, TABLE] and len(scanned) == 8


@pytest.mark.mlx
def test_a_checkout_that_cannot_be_written_and_another_transformers_are_only_slower(
    tmp_path: Path, folder: Path
) -> None:
    from circadian.backend import quick_import

    (tmp_path / "models").write_text("in the way of a folder")
    scanned: list[str] = []
    module = reader(scanned)
    quick_import.use_kept_tables(module)
    assert [module.__dict__["define_import_structure"](folder) for _ in range(2)] == [TABLE, TABLE]
    assert len(scanned) == 2
    quick_import.use_kept_tables(ModuleType("a reader that scans nothing"))


@pytest.mark.mlx
@pytest.mark.parametrize("table", [None, [], {("torch",): ["llama"]}, {frozenset({1, "torch"}): {"llama": {"A"}}}])
def test_another_version_with_other_tables_and_arguments_does_as_ever(
    tmp_path: Path, folder: Path, table: object
) -> None:
    from circadian.backend import quick_import

    module = ModuleType("reader")

    def scan(*_: object, **kwargs: object) -> object:
        return (table, kwargs) if kwargs else table

    module.__dict__["define_import_structure"] = scan
    quick_import.use_kept_tables(module)
    define: Callable[..., object] = module.__dict__["define_import_structure"]
    assert define(folder) == table
    assert define(folder, sort_keys=True) == (table, {"sort_keys": True})
    assert not (tmp_path / "models").exists()
