"""Write conversations to start from: by templates, the local model, or Gemini. Never reads the journal."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from circadian.console import say
from circadian.errors import UserError, run
from circadian.files import append_lines, write_rows
from circadian.settings import Settings, add_flags, add_home, load_settings, open_home
from circadian.synthetic.check import Exchange, Tally, seen_in, take

SOURCES = ("templates", "local", "gemini")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_home(parser)
    add_flags(parser, "synthetic")
    add_flags(parser, "model")
    parser.add_argument("--out", type=Path, help="file to write (default: data/synthetic.jsonl of the home)")
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace an existing file")
    existing.add_argument("--append", action="store_true", help="add to an existing file what is not in it yet")
    parser.add_argument("--dry-run", action="store_true", help="print the first conversations and write nothing")
    parser.add_argument("--verbose", action="store_true", help="say what each request to Gemini brought")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return parser


def check_target(path: Path, args: argparse.Namespace, turns: int) -> set[str]:
    """User texts that must not come again. UserError when the file exists and nothing said what to do with it."""
    if path.is_dir():
        raise UserError(f"{path} is a folder", hint="give --out a file name")
    if not path.exists() or args.force:
        return set()
    seen = seen_in(path)
    if not args.append and not args.dry_run:
        raise UserError(
            f"{path} exists and holds {len(seen)} turns; nothing was written",
            hint=f"--append adds {turns} turns to it, --force replaces it",
        )
    return seen if args.append else set()


def exchanges(settings: Settings, verbose: bool) -> Iterator[Exchange]:
    """What the source offers, unchecked. Each branch imports only what it needs."""
    made = settings.synthetic
    if made.source not in SOURCES:
        raise UserError(f"unknown source {made.source!r} in circadian.toml", hint=f"known: {', '.join(SOURCES)}")
    if made.source == "gemini":
        from circadian.gemini import Gemini, key_from_environment
        from circadian.synthetic.gemini import from_gemini

        key = key_from_environment("--source gemini", "use --source templates, which needs no model at all")
        return from_gemini(Gemini(key, made.gemini_model, verbose), made.turns, made.seed)
    if made.source == "local":
        from circadian.backend.model import open_model
        from circadian.synthetic.ask import from_local

        return from_local(open_model(settings.model.model), made.turns, made.seed)
    from circadian.synthetic.templates import from_templates

    return from_templates(made.seed)


def write(path: Path, tally: Tally, append: bool) -> None:
    rows = [turn.as_json() for turn in tally.turns]
    if append:
        append_lines(path, rows)
    else:
        write_rows(path, rows)


def show(path: Path, tally: Tally, args: argparse.Namespace, settings: Settings) -> None:
    done = not args.dry_run
    if args.json:
        counts = {"turns": len(tally.turns), "dropped": dict(tally.dropped), "written": done}
        print(json.dumps({"path": str(path), "source": settings.synthetic.source, **counts}))
        return
    if args.dry_run:
        for turn in tally.turns[:5]:
            print(f"user: {turn.user}\nassistant: {turn.assistant}\n")
    print(f"{path}: {'wrote' if done else 'would write'} {tally.line()}")


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    settings = load_settings(home, args)
    wanted, source = settings.synthetic.turns, settings.synthetic.source
    path: Path = args.out or home.synthetic
    seen = check_target(path, args, wanted)
    tally = take(exchanges(settings, args.verbose), wanted, source, seen)
    if not tally.turns:
        raise UserError(f"{source} gave no usable conversation ({tally.line()})", hint="try another --seed or --source")
    if not args.dry_run:
        write(path, tally, args.append)
    if len(tally.turns) < wanted:
        say(f"{source} gave {len(tally.turns)} of the {wanted} turns asked for; another --seed gives others")
    show(path, tally, args, settings)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
