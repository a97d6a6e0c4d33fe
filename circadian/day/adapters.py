"""Which adapter answers: the one asked for, else the live one, else the base model.

Never: an adapter of another base model, or a switch that is not said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from circadian.console import say
from circadian.errors import UserError
from circadian.files import read_json

NONE = "none"
LIVE = "live"
UNKNOWN = "unknown"  # model of an adapter that was taken in from the older layout: loading decides
Adapter = tuple[str, Path]  # tag and folder


@dataclass(frozen=True)
class Shelf:
    """What a chat needs of the shelf. The script hands it in: day and shelf do not know each other."""

    find_live: Callable[[], Adapter | None]
    find: Callable[[str], Path]  # UserError for an unknown tag
    tags: Callable[[], Sequence[str]]
    rollback: Callable[[str | None], tuple[str | None, str | None]]  # from, to


class Wearer(Protocol):
    """A base model that can wear an adapter."""

    def set_adapter(self, folder: Path | None) -> None: ...


class AdapterChoice:
    """Puts adapters on the model. It follows the live link until `choose` names one, and again after `LIVE`."""

    def __init__(self, model: Wearer, shelf: Shelf, base: str, revision: str) -> None:
        self.model = model
        self.shelf = shelf
        self.base = base
        self.revision = revision
        self.worn: Adapter | None = None
        self.following = True
        self.followed: Adapter | None = None

    @property
    def tag(self) -> str | None:
        return self.worn[0] if self.worn else None

    def describe(self) -> str:
        return f"the adapter of {self.tag}" if self.worn else f"the base model {self.base}"

    def start(self, wanted: str | None) -> None:
        """Put on the adapter of `wanted` (a tag, 'none', None: the live one) and say which one answers."""
        if wanted is not None and wanted != LIVE:
            self.choose(wanted)
        else:
            self.follow()
        say(f"answering with {self.describe()}")

    def choose(self, wanted: str) -> None:
        """Answer with the adapter `wanted` ('none': the base model) and follow the live link no more.

        Raises UserError when it is unknown or of another base model; then the one before stays on.
        """
        new = None if wanted == NONE else (wanted, self.shelf.find(wanted))
        before = self.worn
        try:
            self.wear(new)
        except UserError:
            self.wear(before)
            raise
        self.following = False

    def follow_live(self) -> None:
        """Follow the live link again, from what it names now."""
        self.following = True
        self.take(self.shelf.find_live())

    def follow(self) -> bool:
        """Before a reply: put on what the live link names, if that changed. True when another adapter answers now."""
        live = self.shelf.find_live() if self.following else self.followed
        return live != self.followed and self.take(live)

    def take(self, live: Adapter | None) -> bool:
        """Put on the live adapter, or say why the base model answers instead. True when that is a change."""
        before, self.followed = self.worn, live
        try:
            self.wear(live)
        except UserError as error:
            say(f"the live adapter is not used: {error.line()}")
            self.wear(None)
        return self.worn != before

    def wear(self, adapter: Adapter | None) -> None:
        if adapter == self.worn:
            return
        if adapter is not None:
            self.check_base(adapter[1])
        self.worn = None  # true of the model, should the next line fail
        self.model.set_adapter(adapter[1] if adapter else None)
        self.worn = adapter

    def check_base(self, folder: Path) -> None:
        """Raise UserError when the manifest names another base model. Without one, loading decides."""
        path = folder / "manifest.json"
        if not path.exists():
            return
        manifest = read_json(path)
        made_for, revision = manifest.get("model"), manifest.get("revision")
        if made_for not in (None, UNKNOWN, self.base) and revision != self.revision:
            raise UserError(f"adapter {folder.name} was made for {made_for}", hint=f"this chat runs {self.base}")
