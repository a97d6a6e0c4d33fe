# pyright: basic
"""Where a base model comes from: found without mlx-lm, whose import takes a second that the shelf does not need."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from circadian.backend.embedded import embedded_folder, folder_revision
from circadian.errors import UserError
from circadian.settings import EMBEDDED


@dataclass(frozen=True)
class Source:
    """Where a base model comes from: the name the user gave, its folder, and a revision for the manifest."""

    name: str
    folder: Path
    revision: str


def find_model(name: str) -> Source:
    """Resolve 'embedded', a local folder or a Hub name to a folder on this machine. UserError when it can't be had."""
    if name == EMBEDDED:
        folder = embedded_folder()
        return Source(name, folder, folder_revision(folder))
    local = Path(name).expanduser()
    if local.is_dir():
        if not (local / "config.json").exists():
            raise UserError(f"{local} holds no config.json: not an MLX model", hint="convert it with: mlx_lm.convert")
        return Source(name, local, folder_revision(local))
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise UserError(f"no model at {name}", hint="give a folder, a Hugging Face name like org/model, or 'embedded'")
    folder = fetch_from_hub(name)
    return Source(name, folder, folder.name)


def fetch_from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    patterns = ["*.json", "model*.safetensors", "tokenizer.model", "*.tiktoken", "*.txt", "*.jinja"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        pass
    print(f"fetching {name} from the Hugging Face Hub (once)", file=sys.stderr)
    os.environ.pop("HF_HUB_DISABLE_PROGRESS_BARS", None)
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except Exception as error:  # the Hub client raises many kinds: HTTP, DNS, proxy, repository, offline mode
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        raise UserError(
            f"{name} is not cached here and the Hub can't be reached ({reason[:120]})",
            hint="connect once, or use --model embedded",
        ) from None
