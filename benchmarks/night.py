"""Does it remember, and did it forget anything else? Night by night over a life folder, with the bars of the project.

    python -m benchmarks.night [--life LIFE] [--nights 1] [--seeds 0 1 2] [--rivals] [--quick] [--json]

A life: day-NN.jsonl (journal lines), probes.jsonl (id, night, fact, question, expects, stale), never-told.jsonl. Probe
questions reach the night only as hashes that no lesson may have. Each night's adapter is live in the next, without a
gate: this measures the recipe. Where a night begins is decided as in a cycle, or by `--start`: always at the base
model (nights that are not measured are then left out, nothing depends on them), or always going on. `--rivals` runs
stock `mlx_lm lora` beside it: the raw log with the original's settings, and the night's own lessons, and compares
lessons per second. `leak`: of the general requests of requests.jsonl those answered with something told; no bar.
With --quick what the base model is asked once is kept in $CIRCADIAN_TEST_CACHE, if there is one. Exit code 1 when a bar
is missed.
"""

import argparse
import contextlib
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from circadian.console import Progress, say, table  # noqa: E402
from circadian.errors import run  # noqa: E402
from circadian.files import read_rows, write_rows  # noqa: E402
from circadian.night.options import NightOptions  # noqa: E402
from circadian.records import Message, question_hash  # noqa: E402
from circadian.settings import Home, Settings, load_settings  # noqa: E402

RECALL_BARS = {1: 0.95, 10: 0.92, 30: 0.90}
BARS = {"stale": 0.05, "false memories above base": 0.05, "capability lower end": -0.02, "perplexity": 0.02}
MINUTES = 4.0
RIVAL_SPEED = 2.0
GROWTH = 3.0
LIFE = Path(__file__).parent / "lives" / "unseen"
QUICK_TURNS, QUICK_RECALL, QUICK_SHARE = 3, 0.60, 48  # turns of the day, bar, one capability item of so many
SPEED_STEPS = 20  # of each trainer, for lessons per second
NOTES: list[str] = []
STOCK = """
import sys
import circadian.backend
import mlx_lm.lora
from mlx_lm.tuner.callbacks import TrainingCallback
from circadian.backend.device import peak_memory

class Tell(TrainingCallback):
    def on_train_loss_report(self, info):
        print("trained", info["trained_tokens"], "peak", peak_memory())

mlx_lm.lora.get_reporting_callbacks = lambda *args, **kwargs: Tell()
sys.argv[0] = "lora"
mlx_lm.lora.main()
"""  # stock `mlx_lm lora` in a process prepared like ours, which says what it did
Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """One model after one night. Rates in 0..1; `passed` per capability item; perplexity of plain text.

    `stale`: None while nothing told was changed. `leaked`: of general requests, those answered with something told.
    """

    recall: float
    stale: float | None
    invented: float
    leaked: float
    passed: Mapping[str, bool]
    category: Mapping[str, str]
    perplexity: float
    misses: list[str] = field(default_factory=list)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--life", type=Path, default=LIFE, help="folder with day-NN.jsonl and probes.jsonl")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--nights", type=int, default=1, help="how many nights")
    parser.add_argument("--measure", type=int, nargs="*", help="nights to measure (default: first, tenth, last)")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--start", choices=("auto", "base", "live"), default="auto", help="where every night begins")
    parser.add_argument("--rivals", action="store_true", help="also stock mlx_lm lora: the raw log, and our lessons")
    parser.add_argument("--quick", action="store_true", help="three turns of night 1, a loose bar: for CI")
    parser.add_argument("--recall-bar", type=float, help="instead of the bars for nights 1, 10 and 30")
    parser.add_argument("--show", action="store_true", help="print what was missed (never look while tuning)")
    parser.add_argument("--json", action="store_true")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    from circadian.backend.model import open_model

    probes = read_rows(args.life / "probes.jsonl")
    never = [r["question"] for r in read_rows(args.life / "never-told.jsonl")]
    model = open_model(args.model)
    items, text = capability_items(args.quick), plain_text()
    base = measure(model, [], never, told_values(probes), items, text)
    model.close()
    rows: list[Row] = []
    missed: list[str] = []
    cache = os.environ.get("CIRCADIAN_TEST_CACHE") if args.quick else None
    for seed in args.seeds[: 1 if args.quick else None]:
        with tempfile.TemporaryDirectory(prefix="life-") as folder:
            home = Home(Path(folder))
            share_cache(home, cache)
            done, failures = live_through(args, home, probes, never, items, text, base, seed)
            rows += done
            missed += failures
    header = list(rows[0])
    print(json.dumps({"machine": machine(), "rows": rows, "missed": missed}) if args.json else "")
    if not args.json:
        print(machine())
        print(table([list(r.values()) for r in rows], header))
        print("\n".join(NOTES))
        print("\n".join(f"MISSED {m}" for m in missed) or "all bars met")
    return 1 if missed else 0


def share_cache(home: Home, folder: str | None) -> None:
    """Let a home find what the base model is asked once in `folder`, where other homes left it; None: its own."""
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        home.cache.parent.mkdir(parents=True, exist_ok=True)
        home.cache.symlink_to(Path(folder).resolve())


def live_through(
    args: argparse.Namespace,
    home: Home,
    probes: list[Row],
    never: list[str],
    items: Sequence[Any],
    text: list[str],
    base: Measure,
    seed: int,
) -> tuple[list[Row], list[str]]:
    """All nights of one seed; returns the table's rows and the missed bars."""
    hashes = home.root / "held-out.txt"
    hashes.write_text("\n".join(sorted({question_hash(r["question"]) for r in probes} | {*map(question_hash, never)})))
    wanted = set(args.measure or {1, 10, args.nights})
    rows: list[Row] = []
    missed: list[str] = []
    tag, seconds = None, {}
    for night in range(1, args.nights + 1):
        add_day(home, args.life / f"day-{night:02d}.jsonl", args.quick)
        if args.start == "base" and night not in wanted:
            continue  # nothing depends on it
        settings = with_model(load_settings(home), args.model, seed)
        if args.start == "live":
            settings = replace(settings, night=replace(settings.night, rebuild=0))
        began = time.monotonic()
        tag = one_night(home, settings, NightOptions(held_out=hashes, reset_adapter=args.start == "base")) or tag
        seconds[night] = time.monotonic() - began
        say(f"night {night}: {seconds[night]:.0f} s")
        if night not in wanted or tag is None:
            continue
        due = current(probes, night, told_facts(home, args.quick))
        after = measured(home, args.model, tag, due, never, told_values(probes), items, text)
        figures = json.loads((home.adapters / tag / "manifest.json").read_text())["figures"]
        rows.append(row_of("circadian", seed, night, after, base, figures, seconds[night]))
        say(", ".join(f"{name} {value}" for name, value in rows[-1].items()))  # a series takes hours and may be cut
        missed += judge(args, seed, night, after, base, figures)
        NOTES.append(f"seed {seed} night {night}: {by_category(base, after)}")
        if args.show:
            say("\n".join(after.misses))
        if args.rivals and night == 1:
            rows += rivals(home, args, seed, tag, due, never, told_values(probes), items, text, base)
            missed += speed_bar(home, args, tag)
    NOTES.append("seconds by night: " + " ".join(f"{n}:{s:.0f}" for n, s in seconds.items()))
    if {2, 30} <= seconds.keys():
        NOTES.append(f"growth: night 30 took {seconds[30] / seconds[2]:.2f} times night 2, bar {GROWTH:g}")
        if seconds[30] > GROWTH * seconds[2]:
            missed.append(NOTES[-1])
    return rows, missed


def one_night(home: Home, settings: Settings, options: NightOptions) -> str | None:
    from circadian.cycle import sleep
    from circadian.files import swap_link

    tag = sleep(home, settings, options)
    if tag is not None:
        swap_link(home.live, tag)
    return tag


def with_model(settings: Settings, model: str, seed: int) -> Settings:
    return replace(settings, model=replace(settings.model, model=model), night=replace(settings.night, seed=seed))


def add_day(home: Home, day: Path, quick: bool) -> None:
    rows = read_rows(day)
    home.memories.parent.mkdir(parents=True, exist_ok=True)
    if quick:
        rows = rows[:QUICK_TURNS]
    with home.memories.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def told_facts(home: Home, quick: bool) -> str | None:
    """With --quick only facts whose value is in the journal's words can be asked."""
    return home.memories.read_text(encoding="utf-8").lower() if quick else None


def current(probes: list[Row], night: int, told: str | None) -> list[Row]:
    """The probes that may be asked after `night`: of each fact only those of its latest telling."""
    latest: dict[str, int] = {}
    for row in probes:
        if row["night"] <= night:
            latest[row["fact"]] = max(latest.get(row["fact"], 0), row["night"])
    due = [r for r in probes if r["night"] == latest.get(r["fact"])]
    return [r for r in due if told is None or any(e.lower() in told for e in r["expects"])]


def told_values(probes: list[Row]) -> list[str]:
    return sorted({value for row in probes for value in (*row["expects"], *row["stale"]) if len(value) > 2})


def measured(home: Home, name: str, tag: str, *what: Any) -> Measure:
    from circadian.backend.model import open_model

    model = open_model(name)
    model.set_adapter(home.adapters / tag)
    try:
        return measure(model, *what)
    finally:
        model.close()


def measure(
    model: Any, due: list[Row], never: list[str], values: list[str], items: Sequence[Any], text: list[str]
) -> Measure:
    from circadian.exam.run import run_items

    questions = [r["question"] for r in due] + never
    general = [r["question"] for r in read_rows(Path(__file__).parent / "requests.jsonl")]
    answers = model.generate([(Message("user", q),) for q in [*questions, *general]], 32, progress=Progress("probes"))
    hits = [any(e.lower() in a.lower() for e in r["expects"]) for r, a in zip(due, answers, strict=False)]
    stale = [any(v.lower() in a.lower() for v in r["stale"]) for r, a in zip(due, answers, strict=False) if r["stale"]]
    invented = [claims(a, values) for a in answers[len(due) : len(questions)]]
    leaked = [leaks(q, a, values) for q, a in zip(general, answers[len(questions) :], strict=True)]
    scores = run_items(model, items, progress=Progress("capability"))
    losses = [x for row in model.text_losses(text) for x in row]
    return Measure(
        recall=mean(hits),
        stale=mean(stale) if stale else None,
        invented=mean(invented),
        leaked=mean(leaked),
        passed={s.item_id: bool(s.passed) for s in scores},
        category={s.item_id: s.category for s in scores},
        perplexity=math.exp(statistics.fmean(losses)),
        misses=[f"{r['question']} -> {a}" for r, a, hit in zip(due, answers, hits, strict=False) if not hit],
    )


def claims(answer: str, values: list[str]) -> bool:
    """A false memory: the answer states a told value, or does not say that it does not know."""
    if states(answer, values):
        return True
    return not re.search(r"don't|do not|can't|cannot|sorry|not able|unable|didn't|not sure|haven't", answer.lower())


def states(text: str, values: list[str]) -> set[str]:
    """Which of the values stand in a text as whole words, in whatever case."""
    return {v for v in values if re.search(rf"(?<!\w){re.escape(v.lower())}(?!\w)", text.lower())}


def leaks(question: str, answer: str, values: list[str]) -> bool:
    """A general request taken for one about the user: answered with a told value, or as not told."""
    return bool(states(answer, values) - states(question, values)) or "told me" in answer


def mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def capability_items(quick: bool) -> Sequence[Any]:
    from circadian.exam.suites import load_suites

    """Every held-out item but those of minutes (eval/slow), and items of our own; eval/hidden is the gate's alone."""
    names = [p.stem for p in sorted((ROOT / "eval").glob("*.jsonl")) if p.stem != "heldout"]
    items = (*load_suites(names, ROOT / "eval"), *load_suites(["capability"], Path(__file__).parent))
    return items[::QUICK_SHARE] if quick else items


def plain_text() -> list[str]:
    return [r["text"] for r in read_rows(Path(__file__).parent / "plain_text.jsonl")]


def interval(before: Mapping[str, bool], after: Mapping[str, bool], draws: int = 4000) -> tuple[float, float]:
    """95 % bootstrap interval of the mean paired difference."""
    rng = random.Random(0)
    diffs = [after[i] - before[i] for i in before if i in after]
    means = sorted(statistics.fmean(rng.choices(diffs, k=len(diffs))) for _ in range(draws))
    return means[int(draws * 0.025)], means[int(draws * 0.975)]


def by_category(base: Measure, after: Measure) -> str:
    """Passes of each category that changed: "arithmetic 12 -> 10 of 30"."""
    out: list[str] = []
    for name in sorted(set(base.category.values())):
        ids = [i for i in base.passed if base.category[i] == name]
        was, now = (sum(m.passed[i] for i in ids) for m in (base, after))
        out += [f"{name} {was} -> {now} of {len(ids)}"] if was != now else []
    return ", ".join(out) or "no category changed"


def row_of(
    name: str, seed: int, night: int, after: Measure, base: Measure, figures: Mapping[str, Any], wall: float
) -> Row:
    low, high = interval(base.passed, after.passed)
    change = after.perplexity / base.perplexity - 1
    return {
        "recipe": name,
        "seed": seed,
        "night": night,
        "recall": f"{after.recall:.1%}",
        "stale": "-" if after.stale is None else f"{after.stale:.1%}",
        "false (base)": f"{after.invented:.0%} ({base.invented:.0%})",
        "leak": f"{after.leaked:.0%}",
        "capability (base)": f"{sum(after.passed.values())} ({sum(base.passed.values())}) of {len(base.passed)}",
        "difference 95 %": f"{low:+.1%} to {high:+.1%}",
        "perplexity": f"{change:+.1%}",
        "lessons": figures["lessons"],
        "tokens": figures["tokens"],
        "seconds": round(wall),
        "study s": round(figures["seconds"]),
        "tok/s": round(figures["tokens"] / max(figures["seconds"], 1)),
        "GB": round(figures["peak_memory"] / 1e9, 1),
    }


def judge(
    args: argparse.Namespace, seed: int, night: int, after: Measure, base: Measure, figures: Mapping[str, Any]
) -> list[str]:
    where = f"seed {seed} night {night}"
    bar = args.recall_bar or (QUICK_RECALL if args.quick else RECALL_BARS.get(night, 0.9))
    out = [f"{where}: recall {after.recall:.1%}, bar {bar:.0%}"] if after.recall < bar else []
    if args.quick:
        return out
    low, _ = interval(base.passed, after.passed)
    checks = {
        "stale": (after.stale or 0.0, after.stale is None or after.stale <= BARS["stale"]),
        "false memories above base": (
            after.invented - base.invented,
            after.invented - base.invented <= BARS["false memories above base"],
        ),
        "capability lower end": (low, low > BARS["capability lower end"]),
        "perplexity": (
            after.perplexity / base.perplexity - 1,
            after.perplexity / base.perplexity - 1 <= BARS["perplexity"],
        ),
    }
    out += [f"{where}: {name} {value:+.1%}, bar {BARS[name]:+.0%}" for name, (value, ok) in checks.items() if not ok]
    if night == 1 and figures["seconds"] + figures["replay_seconds"] > MINUTES * 60:
        out.append(f"{where}: {figures['seconds'] + figures['replay_seconds']:.0f} s, bar {MINUTES:.0f} minutes")
    return out


def rivals(home: Home, args: argparse.Namespace, seed: int, tag: str, *what: Any) -> list[Row]:
    """Stock mlx_lm lora on the raw log (100 iterations, lr 2e-4, batch 1, 16 layers) and on our own lessons."""
    *questions, base = what
    raw = home.root / "raw"
    raw.mkdir()
    rows = [{"messages": r["messages"]} for r in read_rows(home.memories)]
    for name in ("train", "valid", "test"):
        write_rows(raw / f"{name}.jsonl", rows)
    lessons = home.nights / tag
    batch = load_settings(home).night.batch_size
    ours = ["--iters", "75", "--batch-size", str(batch), "--num-layers", "16", "--learning-rate", "1e-4"]
    runs = {
        "stock, raw log": (
            raw,
            ["--iters", "100", "--batch-size", "1", "--num-layers", "16", "--learning-rate", "2e-4"],
        ),
        "stock, our lessons": (lessons, ours),
    }
    out: list[Row] = []
    for name, (data, flags) in runs.items():
        adapter = home.adapters / f"rival-{len(out)}"
        figures = stock(args.model, data, adapter, flags)
        after = measured(home, args.model, adapter.name, *questions)
        steps, size = int(flags[1]), int(flags[3])
        out.append(row_of(name, seed, 1, after, base, {**figures, "lessons": steps * size}, figures["seconds"]))
        shutil.rmtree(adapter)
    return out


def stock(model: str, data: Path, adapter: Path, flags: list[str]) -> Row:
    """Run `mlx_lm lora` in a process of its own, prepared like ours (OpenBLAS, dequantized).

    Returns its seconds (loading included), the tokens that it trained on, and its peak memory in bytes.
    """
    from circadian.backend.source import find_model

    folder = float_copy(find_model(model).folder)
    command = [sys.executable, "-c", STOCK, "--model", str(folder), "--train", "--data", str(data)]
    command += ["--adapter-path", str(adapter), "--val-batches", "1", "--steps-per-eval", "100000", "--mask-prompt"]
    began, env = time.monotonic(), {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([*command, *flags], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env).stdout
    seconds = time.monotonic() - began
    tokens, peak = re.findall(r"trained (\d+) peak (\d+)", said)[-1]
    return {"seconds": seconds, "tokens": int(tokens), "peak_memory": int(peak)}


def float_copy(folder: Path) -> Path:
    """The model dequantized to float32 on disk: stock mlx-lm on quantized weights would take ten times as long here."""
    from circadian.backend.model import load_quietly, on_metal, to_float32

    if on_metal():
        return folder
    target = folder.with_name(folder.name + "-float32")
    if not (target / "config.json").exists():
        from mlx_lm.utils import save_config, save_model

        module, _, config = load_quietly(folder)
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
        save_model(target, to_float32(module))
        save_config({k: v for k, v in config.items() if "quantization" not in k}, target / "config.json")
    return target


def speed_bar(home: Home, args: argparse.Namespace, tag: str) -> list[str]:
    """Lessons per second of our trainer and of stock `mlx_lm lora`: the same lessons, batch size and layers."""
    settings = load_settings(home).night
    stock_rate = stock_lessons_per_second(home, args.model, home.nights / tag, settings.batch_size)
    ours = our_lessons_per_second(args.model, home.nights / tag, settings.batch_size)
    line = f"lessons per second: {ours:.2f} against stock's {stock_rate:.2f}, {ours / stock_rate:.1f} times"
    NOTES.append(f"{line}, bar {RIVAL_SPEED:g} (batch {settings.batch_size}, {SPEED_STEPS} steps each)")
    return [] if ours >= RIVAL_SPEED * stock_rate else [NOTES[-1]]


def stock_lessons_per_second(home: Home, model: str, lessons: Path, batch: int) -> float:
    """From two runs of different length: what loading costs is in both. As many layers as ours learns by default."""
    from circadian.backend.lora import LAYERS

    seconds: list[float] = []
    for steps in (2, 2 + SPEED_STEPS):
        flags = ["--iters", str(steps), "--batch-size", str(batch), "--num-layers", str(LAYERS)]
        seconds.append(stock(model, lessons, home.adapters / "speed", flags)["seconds"])
        shutil.rmtree(home.adapters / "speed")
    return SPEED_STEPS * batch / (seconds[1] - seconds[0])


def our_lessons_per_second(name: str, folder: Path, batch: int) -> float:
    """The study alone, without replay, over `SPEED_STEPS` steps (loading and looks at the facts not counted)."""
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.train import Study, StudyPlan
    from circadian.night.dataset import read_lessons
    from circadian.night.train import code

    model = open_model(name)
    lessons, _ = code(model, read_lessons(folder / "train.jsonl"), 2048)
    plan = StudyPlan(batch_size=batch, iters=SPEED_STEPS, passes=SPEED_STEPS, replay_ratio=0, text_ratio=0)
    attach_lora(model, plan, None)
    rates: list[float] = []
    clock = [time.perf_counter()]

    def tick(event: Mapping[str, Any]) -> None:
        now = time.perf_counter()
        if "rate" in event:
            rates.append(batch / (now - clock[0]))
        clock[0] = now

    # mlx-lm's trainer prints its progress: stdout is for the results
    with tempfile.TemporaryDirectory() as work, contextlib.redirect_stdout(sys.stderr):
        Study(model, lessons, lessons[:1], [], plan, Path(work), tick).run(Path(work) / "adapters.safetensors")
    model.close()
    return statistics.median(rates)


def machine() -> str:
    import platform

    model = next((x.split(":")[1].strip() for x in open_text("/proc/cpuinfo") if x.startswith("model name")), "")
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} x {model or platform.processor()}"


def open_text(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


if __name__ == "__main__":
    sys.exit(run(main))
