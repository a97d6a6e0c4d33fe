"""The flags of a night that are not settings: sleep.py and run_cycle.py take the same ones.

Never: a flag that one of the two accepts and does not hand on.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

LAST = "last"


@dataclass(frozen=True)
class NightOptions:
    """What this one night was asked to do. `resume` is "last" or a tag; `adapter_tag` None starts from the live one."""

    augment: bool = False
    reset_adapter: bool = False
    synthetic: bool = False
    resume: str | None = None
    dry_run: bool = False
    data: Path | None = None
    adapter_tag: str | None = None
    held_out: Path | None = None


def add_night_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--augment", action="store_true", help="also ask the model for question-and-answer pairs about each fact")
    add("--reset-adapter", action="store_true", help="start from the base model; the live adapter stays as it is")
    add("--synthetic", action="store_true", help="also study data/synthetic.jsonl")
    add("--data", type=Path, metavar="FILE", help="study the turns of this JSONL file instead of the journal")
    add("--adapter-tag", metavar="TAG", help="start from this adapter instead of the live one")
    add("--held-out", type=Path, metavar="FILE", help="questions (or their hashes) that no lesson may ask")
    add("--resume", nargs="?", const=LAST, metavar="TAG", help="go on with the last interrupted night, or that of TAG")
    add("--dry-run", action="store_true", help="show what would be done; write nothing")


def night_options(args: argparse.Namespace) -> NightOptions:
    return NightOptions(
        augment=args.augment,
        reset_adapter=args.reset_adapter,
        synthetic=args.synthetic,
        resume=args.resume,
        dry_run=args.dry_run,
        data=args.data,
        adapter_tag=args.adapter_tag,
        held_out=args.held_out,
    )
