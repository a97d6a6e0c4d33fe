"""One home per default: a value is the flag's, else circadian.toml's, else the field's below.

A flag's parser default is None ("not given"), so the order cannot be upset; `--help` prints the real default.
"""

import argparse
import dataclasses
import difflib
import os
import sys
import tomllib
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from circadian.errors import UserError
from circadian.records import Json

CHECKOUT = Path(__file__).resolve().parent.parent
EMBEDDED = "embedded"
MAC_MODEL = "mlx-community/Llama-3.2-3B-Instruct-4bit"


@dataclass(frozen=True)
class Home:
    """The folder that holds a user's data/, adapters/, logs/ and circadian.toml."""

    root: Path

    @property
    def memories(self) -> Path:
        return self.root / "data" / "memories.jsonl"

    @property
    def synthetic(self) -> Path:
        return self.root / "data" / "synthetic.jsonl"

    @property
    def forgotten(self) -> Path:
        return self.root / "data" / "forgotten.jsonl"

    @property
    def nights(self) -> Path:
        return self.root / "data" / "nights"

    @property
    def adapters(self) -> Path:
        return self.root / "adapters"

    @property
    def live(self) -> Path:
        return self.adapters / "nightly_update"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def ledger(self) -> Path:
        return self.logs / "experiments.jsonl"

    @property
    def cache(self) -> Path:
        return self.root / "data" / "cache"

    @property
    def cycle_lock(self) -> Path:
        return self.logs / "cycle.lock"

    @property
    def config(self) -> Path:
        return self.root / "circadian.toml"


def option(default: Any, help: str, *, least: float | None = None, most: float | None = None, **kwargs: Any) -> Any:
    """A settings field: its default, one-line help, allowed range, and what argparse needs besides (choices)."""
    return field(default=default, metadata={"help": help, "range": (least, most), **kwargs})


@dataclass(frozen=True)
class ModelSettings:
    model: str = option(
        MAC_MODEL if sys.platform == "darwin" else EMBEDDED,
        "base model: 'embedded', a local MLX model folder, or a Hugging Face name",
    )


@dataclass(frozen=True)
class ChatSettings:
    system: str | None = option(None, "system prompt")
    max_tokens: int = option(512, "longest reply, in tokens", least=1)
    temp: float = option(0.7, "sampling temperature; 0 is greedy", least=0, most=10)
    top_p: float = option(0.95, "nucleus sampling: smallest probability mass to sample from", least=0.01, most=1)
    context: int | None = option(None, "context limit in tokens (default: the model's own)", least=64)


@dataclass(frozen=True)
class NightSettings:
    iters: int | None = option(None, "training iterations (default: as many as the lessons need)", least=1)
    learning_rate: float = option(
        1.5e-4, "peak learning rate of Adam, which falls to nothing in the end", least=1e-9, most=10
    )
    batch_size: int = option(8, "lessons per training step", least=1, most=1024)
    max_seq_length: int = option(512, "longest lesson in tokens; longer ones are dropped and counted", least=1)
    num_layers: int | None = option(
        None, "layers that get LoRA, from the last; -1 is all (default: 12, or all of a smaller model)", least=-1
    )
    rank: int = option(16, "LoRA rank", least=1, most=4096)
    scale: float = option(20.0, "LoRA scale", least=1e-6, most=1e6)
    seed: int = option(0, "seed of every random choice of the night", least=0)
    rebuild: float = option(
        2.5,
        "study everything again from the base model while that costs at most so many times what the new facts cost; "
        "otherwise the night goes on from the live adapter (0: always)",
        least=0,
    )
    topics: bool = option(
        True,
        "begin a night that studies everything with what personal questions are about, in whatever words, which a base "
        "model learns once, and rehearse some of them every night (with --iters: never)",
    )
    facts: int = option(120, "most facts studied in one night; the rest waits for the next", least=1)
    extract: str = option(
        "auto",
        "who reads facts besides the rules: the model where it has 1B parameters or more (auto), only the rules, the "
        "model whatever its size, or Gemini, which is sent what you stated and must be asked for here, each time",
        choices=("auto", "rules", "model", "gemini"),
    )
    verify: bool | None = option(
        None,
        "drop lessons made by rules that the base model cannot answer with the fact in view, or can without it "
        "(default: where the model has 1B parameters or more; a smaller one cannot read)",
    )
    augment_per_record: int = option(
        2, "question-and-answer pairs asked of the model per fact with --augment", least=1, most=100
    )
    temp: float = option(0.7, "sampling temperature of --augment", least=0, most=10)
    top_p: float = option(0.95, "nucleus sampling of --augment", least=0.01, most=1)


@dataclass(frozen=True)
class ExamSettings:
    suites: str = option("prompts,more", "suites of eval/ to run, separated by commas")
    hidden_suites: str = option(
        "hidden", "suites of eval/hidden/ that a night's exam asks as well; other scripts only with --split hidden"
    )
    exam_items: int = option(180, "items of a night's exam, about as many of each category", least=1)
    exam_batch_size: int = option(96, "questions or records at once", least=1)


@dataclass(frozen=True)
class GateSettings:
    """Thresholds of the verdict; docs/gate.md gives the reason of each."""

    alpha: float = option(
        0.05,
        "chance, over a whole verdict, of calling a harmless night harmful; the same of a gain",
        least=1e-6,
        most=0.5,
    )
    margin: float = option(
        0.10, "promoted only if a fall of all items together by this share can be ruled out", least=0.001, most=1
    )
    tolerance: float = option(0.02, "a smaller fall of the share passed is no harm, however certain", least=0, most=1)
    value_tolerance: float = option(
        0.2, "fall of the mean margin that is no harm, in standard deviations of the live model's margins", least=0
    )
    loss_rise: float = option(0.25, "largest rise of the held-out median token loss, in nats", least=0)
    least_items: int = option(40, "fewest scored capability items; with fewer the verdict is inconclusive", least=1)
    least_probes: int = option(1, "fewest recall probes; with fewer the verdict is inconclusive", least=1)
    same_answer: float = option(
        0.25, "share of answers that may turn into one and the same phrase, or into refusals", least=0, most=1
    )
    destroyed: float = option(
        0.35, "a category harmed down to this share of its former passes is called destroyed", least=0, most=1
    )
    resamples: int = option(9999, "resamples of each bootstrap and permutation", least=99, most=1_000_000)


@dataclass(frozen=True)
class ShelfSettings:
    keep: int = option(5, "dated adapters to keep besides the live and the pinned ones", least=0)


@dataclass(frozen=True)
class SyntheticSettings:
    source: str = option("templates", "who writes the conversations", choices=("templates", "local", "gemini"))
    turns: int = option(50, "exchanges to write", least=1)
    seed: int = option(0, "seed: the same seed gives the same made-up person", least=0)
    gemini_model: str = option("gemini-2.5-flash", "model that --source gemini asks")


@dataclass(frozen=True)
class Settings:
    model: ModelSettings = ModelSettings()
    chat: ChatSettings = ChatSettings()
    night: NightSettings = NightSettings()
    exam: ExamSettings = ExamSettings()
    gate: GateSettings = GateSettings()
    shelf: ShelfSettings = ShelfSettings()
    synthetic: SyntheticSettings = SyntheticSettings()


def sections() -> dict[str, type[Any]]:
    return typing.get_type_hints(Settings)


def add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home",
        type=Path,
        help="folder that holds data/ adapters/ logs/ circadian.toml (default: $CIRCADIAN_HOME, else the checkout)",
    )


def open_home(args: argparse.Namespace) -> Home:
    given = args.home or os.environ.get("CIRCADIAN_HOME") or CHECKOUT
    root = Path(given).expanduser().absolute()
    if root.exists() and not root.is_dir():
        raise UserError(f"{root} is not a folder", hint="pass another --home")
    return Home(root)


def scalar(hint: Any) -> type:
    """The type that a flag of this field parses to: `int | None` is int."""
    if isinstance(hint, types.UnionType):
        return next(t for t in typing.get_args(hint) if t is not type(None))
    return hint


def add_flags(parser: argparse.ArgumentParser, section: str, names: Sequence[str] | None = None) -> None:
    """One `--flag` per field of a section (all, or those named), with the field's help and real default."""
    cls = sections()[section]
    hints = typing.get_type_hints(cls)
    for f in dataclasses.fields(cls):
        if names is not None and f.name not in names:
            continue
        meta = dict(f.metadata)
        text, _ = meta.pop("help"), meta.pop("range")
        if f.default is not None:
            text += f" (default: {f.default})"
        kind = scalar(hints[f.name])
        flag = "--" + f.name.replace("_", "-")
        if kind is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            parser.add_argument(flag, type=kind, default=None, help=text.replace("%", "%%"), **meta)


def nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def read_config(path: Path) -> Json:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}", hint="mend that line") from None


def checked(path: Path, section: str, name: str, value: Any, hint: Any) -> Any:
    """The value from circadian.toml, or a UserError when its type is not the field's."""
    kind = scalar(hint)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise UserError(f"{path}: {section}.{name} is {value!r}, not a {kind.__name__}", hint="mend that line")
    return value


def load_settings(home: Home, args: argparse.Namespace | None = None) -> Settings:
    """Settings of this run. Raises UserError for an unknown section or key, or a value of the wrong type."""
    table = read_config(home.config)
    known = sections()
    for name in table:
        if name not in known:
            raise UserError(f"{home.config}: unknown section [{name}]", hint=nearest(name, list(known)))
    refuse_extract(home.config, table.get("night"))
    given = vars(args) if args else {}
    settings = Settings(
        **{name: one_section(home.config, name, cls, table.get(name, {}), given) for name, cls in known.items()}
    )
    return dataclasses.replace(settings, model=ModelSettings(absolute_model(settings.model.model)))


def refuse_extract(path: Path, night: Any) -> None:
    """UserError for night.extract = "gemini" in the file: what was told leaves this machine by a command only."""
    asked = typing.cast(Json, night).get("extract", "auto") if isinstance(night, dict) else "auto"
    if asked == "gemini":
        raise UserError(f'{path}: night.extract = "gemini" is for the command line only', hint="say --extract gemini")
    if asked not in ("auto", "rules", "model"):
        raise UserError(f"{path}: unknown night.extract {asked!r}", hint="known: auto, rules, model")


def absolute_model(name: str) -> str:
    """A local model folder by its absolute path, so that it is the same model from whichever folder it is named."""
    folder = Path(name).expanduser()
    return str(folder.absolute()) if name != EMBEDDED and folder.is_dir() else name


def one_section(path: Path, section: str, cls: type[Any], table: Any, given: Json) -> Any:
    hints = typing.get_type_hints(cls)
    if not isinstance(table, dict):
        raise UserError(f"{path}: {section} is not a table", hint=f"write [{section}] above its keys")
    values: Json = {}
    for name, value in typing.cast(Json, table).items():
        if name not in hints:
            raise UserError(f"{path}: unknown key {section}.{name}", hint=nearest(name, list(hints)))
        values[name] = checked(path, section, name, value, hints[name])
    values |= {name: given[name] for name in hints if given.get(name) is not None}
    for f in dataclasses.fields(cls):
        refuse_outside(f.name, values.get(f.name), *f.metadata["range"])
    return cls(**values)


def refuse_outside(name: str, value: Any, least: float | None, most: float | None) -> None:
    """UserError for a number outside its range; NaN is outside every range."""
    flag = f"--{name.replace('_', '-')}"
    if value is not None and least is not None and not value >= least:
        raise UserError(f"{flag} {value} is too small", hint=f"at least {least:g}")
    if value is not None and most is not None and not value <= most:
        raise UserError(f"{flag} {value} is too large", hint=f"at most {most:g}")
