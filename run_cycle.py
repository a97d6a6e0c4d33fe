"""The whole cycle: exam of the live model, night, exam of the candidate, gate, promote or hold.

Also the shelf: --status, --rollback, --pin, --unpin; --report and --compare to see what the nights brought; and
--install-schedule to do it every night.
Exit code 0: promoted (or the command was done), 3: held, 2: something to mend.
"""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from circadian import schedule, shelf
from circadian.console import say, table
from circadian.errors import HELD, OK, UserError, run
from circadian.files import lock
from circadian.night.options import NightOptions, add_night_options, night_options
from circadian.records import Json, Verdict
from circadian.settings import Home, add_flags, add_home, load_settings, open_home
from circadian.shelf.live import name, plan_rollback
from circadian.status import render, status

SECTIONS = ("model", "night", "exam", "gate", "shelf")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run_cycle.py", description=__doc__, formatter_class=Plain)
    add_home(parser)
    add_cycle_flags(parser)
    parser.add_argument("--yes", action="store_true", help="install or remove a schedule without asking")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument(
        "--png", type=Path, metavar="FOLDER", help="with --report: its curves as PNG (needs matplotlib)"
    )
    add_commands(parser)
    return parser


def add_cycle_flags(parser: argparse.ArgumentParser) -> None:
    for section in SECTIONS:
        add_flags(parser, section)
    add_night_options(parser)


class Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring's own lines."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Instead of a cycle: one of these at a time."""
    add = parser.add_argument_group("instead of a cycle").add_mutually_exclusive_group().add_argument
    add("--rollback", nargs="?", const="", metavar="TAG", help="go back to the adapter before, to TAG, or to 'none'")
    add("--status", action="store_true", help="show the shelf, the journal, the last events and the schedule")
    add("--report", nargs="?", const="", metavar="FILE", help="write one HTML page of all nights (logs/report.html)")
    add("--compare", nargs=2, metavar="TAG", help="what flipped from the first to the second (tags, base, live)")
    add("--pin", metavar="TAG", help="keep this adapter for good")
    add("--unpin", metavar="TAG", help="let retention delete this adapter again")
    add("--install-schedule", metavar="HH:MM", help="run a cycle every day at this time, with the other flags given")
    add("--uninstall-schedule", action="store_true", help="take this home's schedule away")


def main(argv: list[str] | None = None) -> int:
    parser = build_parser()
    args = parser.parse_args(argv)
    home = open_home(args)
    if args.png is not None and args.report is None:
        raise UserError("--png goes with --report", hint=f"run_cycle.py --report --png {args.png}")
    command = chosen(args)
    if command is not None:
        return command(home, args)
    return cycle(home, args)


def chosen(args: argparse.Namespace) -> Callable[[Home, argparse.Namespace], int] | None:
    if args.rollback is not None:
        return roll_back
    if args.status:
        return show_status
    if args.report is not None:
        return report
    if args.compare is not None:
        return compare_two
    if args.pin is not None or args.unpin is not None:
        return change_pin
    if args.install_schedule is not None:
        return install_schedule
    return uninstall_schedule if args.uninstall_schedule else None


def cycle(home: Home, args: argparse.Namespace) -> int:
    """One cycle, alone in its home. The exit code tells cron what became of it."""
    settings, options = load_settings(home, args), night_options(args)
    require_turns(home, options)
    if options.adapter_tag not in (None, "none"):
        shelf.adapter_folder(home, options.adapter_tag)
    with nullcontext() if options.dry_run else lock(home.cycle_lock, "run_cycle.py"):
        from circadian.cycle import run_cycle

        verdict = run_cycle(home, settings, options)
    if options.dry_run:
        return OK
    print(json.dumps(verdict.as_json(), ensure_ascii=False) if args.json else verdict_text(verdict))
    return OK if verdict.promote else HELD


def require_turns(home: Home, options: NightOptions) -> None:
    if options.synthetic and home.synthetic.is_file():
        return
    path = options.data or home.memories
    if options.resume is None and not (path.is_file() and path.stat().st_size):
        raise UserError(f"nothing to study: {path} is missing or empty", hint="chat first: python chat.py")


def verdict_text(verdict: Verdict) -> str:
    """The verdict and why in one line; where there was an exam, what was learned and lost, in words and as a table."""
    from circadian.gate.summary import HEADER, summary_lines, summary_table

    lines = summary_lines(verdict)
    return "\n".join([*lines, "", table(summary_table(verdict), HEADER)] if len(lines) > 1 else lines)


def roll_back(home: Home, args: argparse.Namespace) -> int:
    """Takes no cycle lock: a user who woke up to a worse assistant does not wait for a night to end."""
    to = args.rollback or None
    if args.dry_run:
        move = plan_rollback(home, to)
        start, end, verb = move.start, move.end, "would roll back"
    else:
        (start, end), verb = shelf.rollback(home, to), "rolled back"
    text = f"{verb} from {name(start)} to {name(end)}"
    print(json.dumps({"from": start, "to": end, "dry_run": args.dry_run}) if args.json else text)
    return OK


def show_status(home: Home, args: argparse.Namespace) -> int:
    now = status(home)
    print(json.dumps(now, ensure_ascii=False) if args.json else render(now))
    return OK


def report(home: Home, args: argparse.Namespace) -> int:
    """The paths on stdout, so that a script can open them."""
    from circadian.report import write_report

    page = Path(args.report).expanduser() if args.report else None
    paths = write_report(home, load_settings(home, args).gate, page, args.png and args.png.expanduser())
    print(json.dumps({"written": [str(p) for p in paths]}) if args.json else "\n".join(map(str, paths)))
    return OK


def compare_two(home: Home, args: argparse.Namespace) -> int:
    from circadian.compare import compare, read_exams, render

    exams = read_exams(home)
    for problem in exams.problems:
        say(f"note: {problem}")
    found = compare(home, exams, *args.compare, load_settings(home, args).gate)
    print(json.dumps(found.as_json()) if args.json else render(found))
    return OK


def change_pin(home: Home, args: argparse.Namespace) -> int:
    tag, wanted = (args.pin, True) if args.pin is not None else (args.unpin, False)
    if args.dry_run:
        shelf.adapter_folder(home, tag)
        say(f"would {'pin' if wanted else 'unpin'} {tag}")
        return OK
    changed = shelf.pin(home, tag) if wanted else shelf.unpin(home, tag)
    if changed:
        shelf.record(home, "pinned" if wanted else "unpinned", tag=tag)
    row: Json = {"tag": tag, "pinned": wanted}
    print(json.dumps(row) if args.json else f"{tag} is {'pinned' if wanted else 'no longer pinned'}")
    return OK


def install_schedule(home: Home, args: argparse.Namespace) -> int:
    hour, minute = schedule.parse_time(args.install_schedule)
    settings = load_settings(home, args)  # a mistake in circadian.toml shows now, not at night
    if settings.night.extract == "gemini":
        raise UserError("a schedule never sends what you told to Gemini", hint="say --extract gemini yourself, by day")
    job = schedule.Job(home, hour, minute, tuple(cycle_flags(args)))
    schedule.install(job, yes=args.yes, dry_run=args.dry_run)
    return OK


def uninstall_schedule(home: Home, args: argparse.Namespace) -> int:
    schedule.uninstall(home, yes=args.yes, dry_run=args.dry_run)
    return OK


def cycle_flags(args: argparse.Namespace) -> list[str]:
    """The flags given here that shape a cycle, for the schedule's command line; paths become absolute."""
    known = argparse.ArgumentParser(add_help=False)
    add_cycle_flags(known)
    words: list[str] = []
    for dest, default in vars(known.parse_args([])).items():
        value, flag = getattr(args, dest), dest.replace("_", "-")
        if value == default or dest in ("resume", "dry_run"):
            continue
        words.append(f"--{flag}" if value is True else f"--no-{flag}" if value is False else f"--{flag}={value}")
        if dest in ("data", "held_out", "model"):
            words[-1] = f"--{flag}={absolute(dest, value)}"
    return words


def absolute(dest: str, value: object) -> str:
    is_path = dest in ("data", "held_out") or (dest == "model" and Path(str(value)).expanduser().is_dir())
    return str(Path(str(value)).expanduser().absolute()) if is_path else str(value)


if __name__ == "__main__":
    sys.exit(run(main))
