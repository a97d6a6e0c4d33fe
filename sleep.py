"""One night: facts and lessons from the journal, one candidate adapter trained. Never touches the live adapter.

run_cycle.py does this with an exam before and after, and promotes what passed.
"""

import argparse
import json
import sys
from contextlib import nullcontext

from circadian.errors import OK, run
from circadian.files import lock
from circadian.night.options import add_night_options, night_options
from circadian.settings import add_flags, add_home, load_settings, open_home


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sleep.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_home(parser)
    add_flags(parser, "model")
    add_flags(parser, "night")
    add_night_options(parser)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    home = open_home(args)
    settings, options = load_settings(home, args), night_options(args)
    with nullcontext() if options.dry_run else lock(home.cycle_lock, "sleep.py"):
        from circadian.cycle import sleep

        tag = sleep(home, settings, options)
    if args.json:
        print(json.dumps({"tag": tag, "dry_run": options.dry_run}))
    elif tag:
        print(f"{home.adapters / tag}")
    return OK


if __name__ == "__main__":
    sys.exit(run(main))
