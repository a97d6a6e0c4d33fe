"""The model an eval script is asked about (base, live or any adapter of the shelf) and the name its results get."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from circadian.console import say
from circadian.errors import UserError
from circadian.settings import Home, Settings, add_flags, add_home
from circadian.shelf.adapters import adapter_folder, live_problem, live_tag

if TYPE_CHECKING:
    from circadian.backend.model import Model

LABEL = re.compile(r"[\w][\w.@+-]*")


def add_examinee(parser: argparse.ArgumentParser) -> None:
    """The flags that say which model is examined and under which label its results are kept."""
    add_home(parser)
    add_flags(parser, "model")
    parser.add_argument(
        "--adapter-tag",
        metavar="TAG|none|live",
        help="adapter to examine (default: live where there is one, else none)",
    )
    parser.add_argument("--tag", metavar="LABEL", help="label of the results (default: the adapter's tag, or base)")


def choose_adapter(home: Home, wanted: str | None) -> str | None:
    """The tag that `--adapter-tag` means; None is the base model. UserError when there is no such adapter."""
    if wanted == "none":
        return None
    if wanted in (None, "live"):
        problem = live_problem(home)
        if problem:
            say(f"note: {problem}")
        tag = live_tag(home)
        if tag is None and wanted == "live":
            raise UserError("there is no live adapter", hint="use --adapter-tag none for the base model")
        return tag
    adapter_folder(home, wanted)
    return wanted


def label_of(tag: str | None, model: str, given: str | None) -> str:
    """The label given, else `<tag or base>@<model's short name>`. UserError when it can't be a folder's name."""
    if given is None:
        short = re.sub(r"[^\w.+-]", "-", Path(model).name)
        return f"{tag or 'base'}@{short}"
    if not LABEL.fullmatch(given):
        raise UserError(f"--tag {given!r} is no label", hint="use letters, digits and . _ @ + -")
    return given


def open_examinee(home: Home, settings: Settings, tag: str | None) -> "Model":
    """Load the base model and put the adapter on it."""
    from circadian.backend.model import open_model

    say(f"loading {settings.model.model}{f' with adapter {tag}' if tag else ''}")
    model = open_model(settings.model.model)
    if tag is not None:
        model.set_adapter(adapter_folder(home, tag))
    return model
