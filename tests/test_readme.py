"""README's table of flags is the parsers' own; `python -m tests.test_readme --write` makes it anew."""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from circadian.files import write_atomic

CHECKOUT = Path(__file__).resolve().parent.parent
README = CHECKOUT / "README.md"
SCRIPTS = ("chat", "sleep", "eval_loss", "eval_harness", "run_cycle", "build_synthetic")
BEGIN, END = "<!-- flags:begin -->", "<!-- flags:end -->"


def parser_of(script: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = importlib.import_module(script).build_parser()
    parser.prog = f"{script}.py"
    return parser


def cell(text: str) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def of_any_machine(text: str) -> str:
    """The help of --model with the default of both kinds of machine in place of this one's."""
    both = "(default: Llama-3.2-3B-Instruct-4bit on a Mac, embedded elsewhere)"
    text, changed = re.subn(r"\(default: [^)]*\)", both, text)
    assert changed == 1, text
    return text


def flag_rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction) or action.help == argparse.SUPPRESS:
            continue
        names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.dest}`"
        values = "\\|".join(map(str, action.choices)) if action.choices else value_name(action)
        text = (action.help or "") % {**vars(action), "prog": parser.prog}
        if "--model" in action.option_strings:
            text = of_any_machine(text)
        yield f"| {names}{f' {values}' if values else ''} | {cell(text)} |"


def value_name(action: argparse.Action) -> str:
    if action.nargs == 0 or not action.option_strings:
        return ""
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    name = cell(name)
    return f"[{name}]" if action.nargs == "?" else name


def block(scripts: tuple[str, ...]) -> str:
    """The whole generated part, markers included."""
    parts = [BEGIN]
    for script in scripts:
        parser = parser_of(script)
        parts += [f"\n**`{script}.py`** {cell(parser.description or '')}\n", "| flag | what it does |", "|---|---|"]
        parts += flag_rows(parser)
    return "\n".join([*parts, "", END])


def written() -> str:
    text = README.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def test_the_table_of_flags_is_what_the_parsers_say() -> None:
    assert written() == block(SCRIPTS), "run: .venv/bin/python -m tests.test_readme --write"


def test_only_the_base_model_has_a_default_of_the_machine() -> None:
    rows = {row.split("`")[1]: row for row in flag_rows(parser_of("run_cycle"))}
    assert [name for name, row in rows.items() if "on a Mac, embedded elsewhere" in row] == ["--model"]
    (rank,) = [a for a in parser_of("run_cycle")._actions if "--rank" in a.option_strings]
    assert cell(rank.help or "") in rows["--rank"] and "(default: 16)" in rows["--rank"]


def test_every_flag_has_a_help_text() -> None:
    for script in SCRIPTS:
        for action in parser_of(script)._actions:
            assert action.help, f"{script}.py {action.option_strings}"


def test_every_default_is_not_given() -> None:
    """A flag that has a home in settings says None when it is not given, so that circadian.toml is heard."""
    from circadian.settings import sections

    known = {name for cls in sections().values() for name in cls.__dataclass_fields__}
    for script in SCRIPTS:
        for action in parser_of(script)._actions:
            if action.dest in known:
                assert action.default is None, f"{script}.py --{action.dest}"


def test_the_first_two_commands_are_the_two() -> None:
    fenced = re.findall(r"```(?:sh|bash)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    commands = [line.split("#")[0].strip() for line in "".join(fenced).splitlines() if line.strip()]
    assert [c for c in commands if c.startswith("make ")][:2] == ["make night", "make test"]


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(((?!http|#)[^)]+)\)", README.read_text(encoding="utf-8"))
    assert len(links) >= 3
    assert [link for link in links if not (CHECKOUT / link.split("#")[0]).exists()] == []


def test_flags_named_in_the_text_exist() -> None:
    """Every `script.py … --flag` of README and docs is one that the script takes."""
    documents = [README, *sorted((CHECKOUT / "docs").glob("*.md"))]
    wrong: list[str] = []
    for path in documents:
        for line in path.read_text(encoding="utf-8").splitlines():
            for script, rest in re.findall(r"\b(\w+)\.py((?: [^`|#\n]*)?)", line):
                if script in SCRIPTS:
                    known = {name for action in parser_of(script)._actions for name in action.option_strings}
                    wrong += [f"{path.name}: {script}.py {f}" for f in re.findall(r"--[a-z-]+", rest) if f not in known]
    assert wrong == []


def write() -> None:
    """Replace the generated part of README; scripts that do not exist yet are left out and named."""
    there = tuple(s for s in SCRIPTS if (CHECKOUT / f"{s}.py").exists())
    text = README.read_text(encoding="utf-8")
    write_atomic(README, text.replace(written(), block(there)).encode())
    left = [s for s in SCRIPTS if s not in there]
    print(f"README.md: flags of {', '.join(there)}" + (f"; missing: {', '.join(left)}" if left else ""))


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.test_readme --write")
    write()
