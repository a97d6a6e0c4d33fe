"""One night: facts and lessons from the journal, one candidate adapter trained. Never touches the live adapter.

run_cycle.py does this with an exam before and after, and promotes what passed. It can forget a fact instead of a night.
"""

import argparse
import json
import sys
from contextlib import nullcontext

from circadian.errors import OK, UserError, run
from circadian.files import lock
from circadian.night.options import add_night_options, night_options
from circadian.settings import Home, add_flags, add_home, load_settings, open_home


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sleep.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_home(parser)
    add_flags(parser, "model")
    add_flags(parser, "night")
    add_night_options(parser)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    add = parser.add_argument_group("instead of a night").add_argument
    add("--forget", metavar="TEXT|ID", help="forget a fact: no later night studies it; the next one proves it is gone")
    add("--purge", action="store_true", help="with --forget: also delete it from the journal, and what learned it")
    add("--yes", action="store_true", help="purge without asking")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    if args.forget is not None:
        return forget(home, args)
    if args.purge or args.yes:
        raise UserError("--purge and --yes go with --forget", hint="sleep.py --forget TEXT --purge")
    settings, options = load_settings(home, args), night_options(args)
    with nullcontext() if options.dry_run else lock(home.cycle_lock, "sleep.py"):
        from circadian.cycle import sleep

        tag = sleep(home, settings, options)
    if args.json:
        print(json.dumps({"tag": tag, "dry_run": options.dry_run}))
    elif tag:
        print(f"{home.adapters / tag}")
    return OK


def forget(home: Home, args: argparse.Namespace) -> int:
    """Mark one fact as forgotten, or purge it. Exit code 2 when the words mean none or several."""
    from circadian.day.journal import read_journal
    from circadian.night.forget import find, keep_mark, read_forgotten
    from circadian.night.reader import read_before
    from circadian.purge import purge_when_agreed
    from circadian.schedule import agreed

    with lock(home.cycle_lock, "sleep.py --forget"):
        marks = read_forgotten(home.forgotten)
        turns = read_journal(home.memories).turns
        mark = find(turns, marks, args.forget, again=args.purge, read=read_before(home, turns))
        if args.purge:
            if not purge_when_agreed(home, mark, lambda: not args.dry_run and agreed("delete all this", args.yes)):
                return OK
        elif not args.dry_run:
            keep_mark(home.forgotten, mark)
    verb = "would forget" if args.dry_run else "forgotten"
    print(json.dumps(mark.as_json(), ensure_ascii=False) if args.json else f"{verb}: {mark.statement}")
    return OK


if __name__ == "__main__":
    sys.exit(run(main))
