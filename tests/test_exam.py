"""The exam: items asked, probes recalled, losses measured. Scripted models first, then the tiny checkpoint."""

import math
import os
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from circadian.errors import UserError
from circadian.exam.heldout import hold_out, read_studied
from circadian.exam.loss import held_out_losses, measure_turns, summarize
from circadian.exam.partial import Partial, open_partial
from circadian.exam.recall import probe_id, run_recall
from circadian.exam.run import batches, is_weak, run_items, tally
from circadian.exam.suites import load_suite
from circadian.exam.values import holds_value
from circadian.files import write_rows
from circadian.nightly_exam import SCORES
from circadian.records import Item, Lesson, Message, Score, Turn, question_hash
from tests.conftest import CHECKOUT, ScriptedModel

if TYPE_CHECKING:
    from circadian.backend.model import Model


def item(name: str, prompt: str, scorer: str, target: object, **extra: object) -> Item:
    return Item(name, extra.pop("category", "c"), prompt, scorer, target, extra=extra)  # type: ignore[arg-type]


class SmallModel(ScriptedModel):
    """A scripted model of a context of 20 tokens, one token a word."""

    context = 20

    def encode(self, messages: Sequence[Message]) -> list[int]:
        return [0] * sum(len(m.content.split()) for m in messages)


class LossModel(ScriptedModel):
    """Gives each answer the losses of a table; an answer that is not there is unmeasured."""

    def __init__(self, losses: dict[str, list[float]]) -> None:
        super().__init__()
        self.losses = losses

    def token_losses(self, exchanges: Sequence[Sequence[Message]], **_: object) -> list[list[float]]:
        return [self.losses.get(e[-1].content, []) for e in exchanges]


@pytest.mark.parametrize(("right", "wrong", "margin"), [(1.0, 3.0, 2.0), (3.0, 1.0, -2.0), (5.0, 5.0, 0.0)])
def test_a_sum_is_weighed_against_near_misses_whatever_was_written(right: float, wrong: float, margin: float) -> None:
    asked = item("sum", "What is 9 + 6?", "numeric", 15, reference="The answer is 15.")
    others = {f"The answer is {n}.": [wrong, wrong + 1.0] for n in (14, 16)} | {"The answer is 25.": [9.0]}
    model = LossModel({"The answer is 15.": [right, right + 1.0]} | others)
    model.answers = {"What is 9 + 6?": "It is 15."}
    (score,) = run_items(model, [asked])
    assert (score.passed, score.value) == (True, pytest.approx(margin))


def test_a_sum_without_a_measured_near_miss_has_no_margin() -> None:
    asked = item("sum", "What is 9 + 6?", "numeric", 15, reference="The answer is 15.")
    (score,) = run_items(LossModel({"The answer is 15.": [1.0]}), [asked])
    assert (score.passed, score.value, score.reference) == (False, None, -1.0)


def test_one_score_per_item_in_order() -> None:
    items = [
        item("sum", "What is 2 + 3?", "numeric", 5),
        item("pick", "Which?", "choice", "b", choices=["a", "b"]),
        item("city", "Capital?", "contains", "Oslo"),
    ]
    model = ScriptedModel({"What is 2 + 3?": "It is 5.", "Capital?": "Bergen."})
    model.token_losses = LossModel({"a": [2.0], "b": [1.0]}).token_losses  # type: ignore[method-assign]
    scores = run_items(model, items)
    assert [(s.item_id, s.passed) for s in scores] == [("sum", True), ("pick", True), ("city", False)]
    assert (scores[0].answer, scores[1].answer, scores[1].value) == ("It is 5.", "b", 1.0)
    assert scores[2].why == "none of the expected words"
    assert tally(scores) == {"c": (2, 3, 0)}


def test_an_item_longer_than_the_context_is_unscored_never_wrong() -> None:
    items = [item("long", "word " * 30, "contains", "x"), item("short", "Say x", "regex", "^x$")]
    items = [Item(**{**vars(i), "max_tokens": 5}) for i in items]
    scores = run_items(SmallModel(default="x"), items)
    assert [(s.passed, bool(s.why)) for s in scores] == [(None, True), (True, False)]
    assert tally(scores) == {"c": (1, 1, 1)}


def test_an_item_that_crashes_the_scorer_is_unscored_and_the_rest_goes_on() -> None:
    broken = item("broken", "Say it", "regex", "(")  # a suite would be refused for it; the runner survives it as well
    scores = run_items(ScriptedModel(default="fine"), [broken, item("ok", "Say fine", "regex", "^fine$")])
    assert scores[0].passed is None and "scorer failed" in scores[0].why
    assert scores[1].passed is True


def test_a_judge_that_fails_on_an_answer_leaves_it_unscored() -> None:
    def verify(*_: object) -> tuple[bool | None, str]:
        raise OSError("no interpreter")

    score = run_items(ScriptedModel(default="x"), [item("f", "Write f", "code", ["assert f()"])], verify=verify)[0]
    assert (score.passed, score.answer) == (None, "x") and "OSError: no interpreter" in score.why


@pytest.mark.parametrize("losses", [{"a": [1.0]}, {"a": [1.0], "b": [math.nan]}])
def test_a_choice_without_a_finite_loss_is_unscored(losses: dict[str, list[float]]) -> None:
    scores = run_items(LossModel(losses), [item("p", "Which?", "choice", "b", choices=["a", "b"])])
    assert scores[0].passed is None and scores[0].why


def test_the_system_prompt_of_an_item_is_said_and_progress_counts_all() -> None:
    seen: list[tuple[int, int]] = []

    class Listening(ScriptedModel):
        def generate(self, prompts, max_tokens=48, **_):  # type: ignore[no-untyped-def]
            assert [m.role for m in prompts[0]] == ["system", "user"] and max_tokens == [48]
            return ["x"]

    first = Item("a", "c", "P", "contains", "x", system="Be brief.")
    items = [first, item("b", "Q", "choice", "u", choices=["u", "v", "w"])]
    run_items(Listening(), items, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_reference_of_a_written_item_is_measured_and_is_no_margin() -> None:
    items = [
        item("named", "Say Hi", "regex", "(?i)^hi$", reference="hi"),
        item("target", "Capital?", "contains", ["Oslo", "Oslo city"]),
        item("number", "2 + 3?", "numeric", 5),
        item("none", "Say so", "regex", "^so$"),
    ]
    model = LossModel({"hi": [1.0, 2.0], "Oslo": [0.5], "5": [4.0]})
    scores = run_items(model, items)
    assert [s.reference for s in scores] == [-1.5, -0.5, -4.0, None]
    assert {s.value for s in scores} == {None}
    broken = run_items(LossModel({"hi": [math.nan]}), items[:1])[0]
    assert broken.passed is None and "no finite loss" in broken.why


def test_style_passes_by_perplexity() -> None:
    items = [item("s", "How?", "perplexity", "Like so.", limit=limit) for limit in (2.0, 4.0)]
    items[1] = replace(items[1], id="t")
    scores = run_items(LossModel({"Like so.": [1.0, 1.0]}), items)
    assert [(s.passed, s.reference) for s in scores] == [(False, -1.0), (True, -1.0)]
    assert scores[0].why == "perplexity 2.7"
    assert run_items(LossModel({}), items[:1])[0].passed is None


def test_a_program_is_scored_by_whoever_runs_it() -> None:
    one = item("f", "Write f", "code", ["assert f() == 1"])
    model = ScriptedModel(default="def f(): return 1")
    ran: list[tuple[str, list[str]]] = []

    def verify(answer: str, tests: Sequence[str]) -> tuple[bool | None, str]:
        ran.append((answer, list(tests)))
        return (True, "") if len(ran) == 1 else (None, "not verified")

    assert run_items(model, [one], verify=verify)[0].passed is True
    assert ran == [("def f(): return 1", ["assert f() == 1"])]
    other = run_items(model, [one], verify=verify)[0]
    assert (other.passed, other.why) == (None, "not verified")
    assert run_items(model, [one])[0].passed is None and len(ran) == 2


def test_every_score_carries_its_items_split() -> None:
    items = [
        item("text", "Say so", "regex", "^so$"),
        item("pick", "Which?", "choice", "b", choices=["a", "b"]),
        item("style", "How?", "perplexity", "a", limit=9),
        item("weak", "Is it?", "regex", "^yes"),
    ]
    scores = run_items(LossModel({"a": [2.0], "b": [1.0]}), [replace(i, split="hidden") for i in items])
    assert [s.passed for s in scores] == [False, True, True, None] and {s.split for s in scores} == {"hidden"}


def test_a_weak_item_is_not_asked_and_counted() -> None:
    weak = item("w", "Is Rome a city?", "regex", "(?i)^yes")
    model = ScriptedModel(default="Yes")
    scores = run_items(model, [weak, item("ok", "Say so", "regex", "^so$")])
    assert model.asked == ["Say so"] and [is_weak(s) for s in scores] == [True, False]
    assert scores[0].passed is None and tally(scores) == {"c": (0, 1, 1)}


def test_unscored_items_are_named_by_file_line_and_id(tmp_path: Path) -> None:
    rows = [
        {"id": "long", "category": "c", "prompt": "w " * 40, "scorer": "contains", "target": "x", "max_tokens": 5},
        {"id": "slow", "category": "c", "prompt": "Say", "scorer": "contains", "target": "x", "max_tokens": 5},
    ]
    write_rows(tmp_path / "mine.jsonl", rows)
    long, short = load_suite(tmp_path / "mine.jsonl")
    crash = replace(short, scorer="regex", target="(")
    scores = run_items(SmallModel(default="x"), [long, crash])
    assert scores[0].why.startswith("mine.jsonl:1 (id long): longer than the model's context: 40 tokens")
    assert scores[1].why.startswith("mine.jsonl:2 (id slow): scorer failed: ") and scores[1].passed is None


class DyingModel(ScriptedModel):
    """Answers the first `lives` batches; then the power goes."""

    def __init__(self, lives: int) -> None:
        super().__init__(default="so")
        self.lives = lives

    def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: object = 48, **_: object) -> list[str]:
        if not self.lives:
            raise KeyboardInterrupt
        self.lives -= 1
        return super().generate(prompts, max_tokens)


def test_an_interrupted_exam_goes_on_item_by_item(tmp_path: Path) -> None:
    items = [item(f"i{n}", f"Say {n} so", "regex", "^so$") for n in range(6)]
    path = tmp_path / "cache" / "p.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run_items(DyingModel(2), items, batch_size=2, partial=Partial(path))
    with path.open("ab") as file:
        file.write(b'{"item_id": "i5", "cat')  # torn by a power cut
    again, left = DyingModel(9), Partial(path)
    assert len(left.scores) == 4
    scores = run_items(again, items, batch_size=2, partial=left)
    assert again.asked == ["Say 4 so", "Say 5 so"] and [s.item_id for s in scores] == [i.id for i in items]
    assert scores == run_items(ScriptedModel(default="so"), items)
    assert len(Partial(path).scores) == 6
    left.finish()
    assert not path.exists()


def test_what_was_unscored_is_asked_again(tmp_path: Path) -> None:
    one = item("f", "Write f", "code", ["assert f() == 1"])
    partial = Partial(tmp_path / "p.jsonl")
    run_items(ScriptedModel(default="f"), [one], partial=partial, verify=lambda *_: (None, "out of time"))
    assert not partial.path.exists()
    again = run_items(ScriptedModel(default="f"), [one], partial=partial, verify=lambda *_: (True, ""))
    assert again[0].passed is True


def test_partial_scores_are_of_one_model_adapter_scale_and_suite(tmp_path: Path) -> None:
    items = [item("a", "Say so", "regex", "^so$")]
    config = tmp_path / "adapter_config.json"
    (tmp_path / "adapters.safetensors").write_text("1")
    config.write_text('{"lora_parameters": {"scale": 20.0}}')
    paths = [
        open_partial(tmp_path, "m@1", None, items).path,
        open_partial(tmp_path, "m@2", None, items).path,
        open_partial(tmp_path, "m@1", tmp_path, items).path,
        open_partial(tmp_path, "m@1", tmp_path, items, scale=0.8).path,
        open_partial(tmp_path, "m@1", None, items, how="process").path,
    ]
    config.write_text('{"lora_parameters": {"scale": 8.0}}')
    paths.append(open_partial(tmp_path, "m@1", tmp_path, items).path)
    assert len(set(paths)) == len(paths)
    config.write_text('{"lora_parameters": {"scale": 16.0}}')
    assert open_partial(tmp_path, "m@1", tmp_path, items).path == paths[3], "20 at 0.8 is the same model as 16"
    kept = open_partial(tmp_path, "m@1", None, items)
    kept.keep([Score("a", "c", True)])
    assert kept.path == paths[0] and open_partial(tmp_path, "m@1", None, items).scores.keys() == {"a"}
    assert open_partial(tmp_path, "m@1", None, [replace(items[0], target="^no$")]).scores == {}
    assert open_partial(tmp_path, "m@1", None, [replace(items[0], id="b")]).scores == {}


def test_long_prompts_go_few_at_once_and_kinds_apart() -> None:
    items = [item(f"l{n}", "w " * 3000, "contains", "x") for n in range(3)]
    items += [item(f"s{n}", "w", "contains", "x") for n in range(5)]
    items.append(item("p", "w", "choice", "x", choices=["x", "y"]))
    found = list(batches(items, {i.id: len(i.prompt.split()) for i in items}, 4))
    assert [[i.id for i in part] for part in found] == [["s0", "s1", "s2", "s3"], ["s4"], ["l0", "l1"], ["l2"], ["p"]]


def test_no_items_need_no_model() -> None:
    assert run_items(ScriptedModel(), []) == []


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Your birthday is August 8.", "8 August"),
        ("It's on the 8th of August!", "August 8"),
        ("Aug 8th", "the 8th of August"),
        ("on the twenty-first of May", "May 21"),
        ("May twenty first", "21 May"),
        ("You keep eleven chickens.", "11"),
        ("You keep 11 chickens.", "eleven"),
        ("about one thousand two hundred", "1,200"),
        ("one hundred and five", "105"),
        ("It is 2.5 km away", "2.5km"),
        ("at 7:30 a.m.", "7:30 am"),
        ("at your mother's house", "my mother’s house"),
        ("Your dog is a Golden Retriever.", "a golden retriever"),
        ("NOODLE", "Noodle"),
        ("in August", "August"),
        ("on August 8", "August"),
        ("Ваш город — Казань.", "Казань"),
    ],
)
def test_an_answer_that_states_the_value(answer: str, value: str) -> None:
    assert holds_value(answer, value)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("", "Noodle"),
        ("Your cat is Noodles.", "Noodle"),
        ("August 18", "August 8"),
        ("August 8", "August 18"),
        ("8 July", "8 August"),
        ("111 chickens", "11"),
        ("It is 25 km", "2.5 km"),
        ("seventeen", "7"),
        ("First of all, wait a second.", "2"),
        ("anything", ""),
        ("anything", "?!"),
        ("at 17:30", "7:30"),
    ],
)
def test_an_answer_that_does_not(answer: str, value: str) -> None:
    assert not holds_value(answer, value)


def test_recall_asks_after_the_context_and_keeps_the_answers() -> None:
    told = (Message("user", "Hi"), Message("assistant", "Hello"))
    lessons = [
        Lesson("What is the dog called?", "", "f1", "Noodle", context=told),
        Lesson("Which city?", "", "f2", "Oslo"),
        Lesson("Nothing?", "", "f3", ""),
    ]
    model = ScriptedModel({"What is the dog called?": "Noodle!", "Which city?": "Rome."})
    scores = run_recall(model, lessons)
    assert [s.passed for s in scores] == [True, False, None]
    assert (scores[0].answer, scores[0].category, scores[1].answer) == ("Noodle!", "recall", "Rome.")
    assert "Oslo" in scores[1].why and "no value" in scores[2].why
    assert [s.item_id for s in scores] == [probe_id(x) for x in lessons]
    assert probe_id(lessons[0]) != probe_id(Lesson("What is the dog called?", "", "f1", "Noodle"))


def test_a_probe_longer_than_the_context_is_unscored() -> None:
    scores = run_recall(SmallModel(default="Noodle"), [Lesson("word " * 30, "", "f", "Noodle")])
    assert scores[0].passed is None


def turn(name: str, *texts: str, tags: tuple[str, ...] = ()) -> Turn:
    roles = ("user", "assistant")
    return Turn(tuple(Message(roles[i % 2], t) for i, t in enumerate(texts)), name, tags=tags)


def test_losses_are_medians_over_all_assistant_tokens_of_a_record() -> None:
    model = LossModel({"one": [1.0, 9.0], "two": [2.0, 3.0, 4.0], "three": [5.0], "nan": [1.0, math.nan]})
    turns = [
        turn("both", "q", "one", "q", "two"),
        turn("single", "q", "three"),
        turn("long", "q", "unknown"),
        turn("half", "q", "three", "q", "unknown"),
        turn("broken", "q", "nan"),
        turn("empty", "q", " "),
    ]
    assert held_out_losses(model, turns) == {"both": 3.0, "single": 5.0}
    found = summarize(measure_turns(model, turns), len(turns))
    assert (found.records, found.unmeasured, found.tokens) == (2, 4, 6)
    assert (found.median, found.mean, found.token_mean) == (4.0, 4.0, pytest.approx(24 / 6))
    assert found.perplexity == pytest.approx(math.exp(4))
    assert "4 unmeasured" in found.line()


def test_nothing_measured_is_no_loss() -> None:
    assert held_out_losses(ScriptedModel(), []) == {}
    with pytest.raises(ValueError, match="no record"):
        summarize({}, 3)


def test_studied_records_are_left_out(tmp_path: Path) -> None:
    night = tmp_path / "2026-01-01"
    night.mkdir()
    write_rows(night / "facts.jsonl", [{"id": "f", "turn_ids": ["t1"]}])
    ask = [{"role": "user", "content": "Which city is best?"}, {"role": "assistant", "content": "Oslo"}]
    write_rows(night / "train.jsonl", [{"messages": ask}])
    (tmp_path / ".building-2026-01-02").mkdir()
    (tmp_path / ".building-2026-01-02" / "train.jsonl").write_text("{torn")
    studied = read_studied(tmp_path)
    assert studied.turn_ids == {"t1"} and studied.questions == {question_hash("which city is best")}
    turns = [
        turn("t1", "I live in Oslo", "Nice"),
        turn("t2", "WHICH city is best", "Rome"),
        turn("t3", "secret", "ok", tags=("no-train",)),
        turn("t4", "How do I boil an egg?", "Ten minutes."),
        turn("t4", "How do I boil an egg?", "Ten minutes."),
    ]
    kept, excluded = hold_out(turns, studied)
    assert [t.id for t in kept] == ["t4"] and excluded == 2


def test_no_nights_and_damaged_nights(tmp_path: Path) -> None:
    assert read_studied(tmp_path / "none").turn_ids == frozenset()
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "facts.jsonl").write_text("{broken}\n")
    with pytest.raises(UserError, match=r"facts\.jsonl:1"):
        read_studied(tmp_path)


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Iterator["Model"]:
    from circadian.backend.model import open_model

    model = open_model(str(tiny_model))
    yield model
    model.close()


QUESTIONS = ["What is 2 + 3?", "Name a colour.", "Why?", "How many legs does a spider have, and why so many?"]


def asked(*questions: str) -> list[list[Message]]:
    return [[Message("system", "You are a helpful assistant."), Message("user", q)] for q in questions]


@pytest.mark.mlx
def test_a_batch_with_a_shared_prefix_answers_as_one_prompt_at_a_time(tiny: "Model") -> None:
    alone = [tiny.generate([p], 12)[0] for p in asked(*QUESTIONS)]
    assert tiny.generate(asked(*QUESTIONS), 12) == alone
    assert tiny.generate(asked(*QUESTIONS), [12, 5, 12, 3], batch_size=2)[0] == alone[0]


@pytest.mark.mlx
@pytest.mark.parametrize("arch", ["llama", "qwen2"])
@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_token_losses_equal_the_plain_forward_pass(tmp_path: Path, arch: str, batch_size: int) -> None:
    import mlx.core as mx
    import mlx.nn as nn

    from circadian.backend.model import open_model
    from tests.tiny import write_tiny_model

    model = open_model(str(write_tiny_model(tmp_path / arch, arch)))
    exchanges = [[*p, Message("assistant", a)] for p in asked(*QUESTIONS) for a in ("Five.", "I do not know that.")]
    found = model.token_losses(exchanges, batch_size=batch_size)
    for exchange, losses in zip(exchanges, found, strict=True):
        tokens, offset = model.encode_answer(exchange)
        assert tokens[-1] in model.tokenizer.eos_token_ids
        assert len(losses) == len(tokens) - offset > 0
        row = mx.array([tokens])
        plain = nn.losses.cross_entropy(model.module(row[:, :-1]), row[:, 1:])[0].tolist()[offset - 1 :]
        assert losses == pytest.approx(plain, abs=1e-3)
    model.close()


@pytest.mark.mlx
def test_a_long_answer_makes_a_batch_of_its_own_and_too_long_is_unmeasured(tiny: "Model") -> None:
    long = [[Message("user", "Go on."), Message("assistant", "x" * n)] for n in (900, 700, 5, 2000)]
    found = tiny.token_losses(long, batch_size=4)
    assert [len(row) for row in found] == [901, 701, 6, 0]


@pytest.mark.mlx
def test_the_starter_suite_runs_whole_on_the_tiny_model(tiny: "Model") -> None:
    items = load_suite(CHECKOUT / "eval" / "prompts.jsonl")[::9]
    scores = run_items(tiny, items, batch_size=8)
    assert [s.item_id for s in scores] == [i.id for i in items]
    assert all(s.passed is not None for s in scores)
    too_long = Item("long", "c", "word " * 500, "contains", "x")
    assert run_items(tiny, [too_long])[0].passed is None


@pytest.mark.model
def test_the_base_model_is_neither_all_right_nor_all_wrong(tmp_path: Path) -> None:
    from circadian.backend.model import open_model

    model, items = open_model("embedded"), load_suite(CHECKOUT / "eval" / "prompts.jsonl")
    cache = Path(os.environ.get("CIRCADIAN_TEST_CACHE", tmp_path))  # where a night of test-model asked most of them
    partial = open_partial(cache, f"embedded@{model.source.revision}", None, items, folder=SCORES)
    scores = run_items(model, items, partial=partial)
    table = tally(scores)
    assert all(0 < passed < scored and not unscored for passed, scored, unscored in table.values()), table
    margins = [s.value for s in scores if s.category == "grammar" and s.value is not None]
    assert statistics.median(margins) > 0, "a language model prefers correct sentences"
