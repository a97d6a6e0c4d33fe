"""Refuse what must never be committed: people's data, weights, large files, secrets. Called with the staged files.

A line that shows a made-up secret on purpose (a test, a document) carries the words `guard: allow`.
"""

import argparse
import re
import sys
from pathlib import Path

PRIVATE = ("data", "adapters", "logs", "demo", "models")
WEIGHTS = (".safetensors", ".gguf", ".npz", ".npy", ".bin", ".pt", ".pth", ".pkl")
SHIPPED = Path("circadian/night/topics.safetensors")  # of nobody's life; its sha256 is in backend/topics.py
LARGEST = 600_000  # bytes
ALLOW = "guard: allow"
SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a password or token": re.compile(
        r"""(?i)(?:password|passwd|secret|token|api_?key)["']?\s*[:=]\s*["'][A-Za-z0-9+/_-]{20,}["']"""
    ),
}


def problems(path: Path) -> list[str]:
    """Why this file, named relative to the checkout, may not be committed; empty when it may."""
    if path.parts[0] in PRIVATE and path.name != ".gitkeep":
        return [f"{path}: {path.parts[0]}/ is private and stays on this machine"]
    if path == SHIPPED:
        return []
    if path.suffix in WEIGHTS:
        return [f"{path}: weights do not belong into git"]
    if path.name == ".env" or path.name.startswith(".env."):
        return [f"{path}: environment files hold secrets"]
    if path.is_symlink() or not path.is_file():
        return []  # a deleted file, or a link: nothing of its own to read
    size = path.stat().st_size
    if size > LARGEST:
        return [f"{path}: {size:,} bytes; at most {LARGEST:,}"]
    return secrets(path)


def secrets(path: Path) -> list[str]:
    found: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if ALLOW in line:
            continue
        found += [f"{path}:{number}: looks like {what}" for what, pattern in SECRETS.items() if pattern.search(line)]
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="refuse private data, weights, large files and secrets")
    parser.add_argument("files", nargs="*", type=Path)
    found = [problem for path in parser.parse_args(argv).files for problem in problems(path)]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
