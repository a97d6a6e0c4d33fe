"""Rows that begin alike are read once, and what is read is what one row at a time would have given."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from circadian.exam.run import Reader, run_items
from circadian.exam.suites import load_suite
from circadian.records import Message
from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from circadian.backend.model import Model

pytestmark = pytest.mark.mlx

START = [1, 40, 41, 42, 43, 44, 45, 46]
ROWS = [
    [*START, 50, 51, 52, 60, 61],
    [*START, 50, 51, 52, 60, 62, 63],
    [*START, 50, 51, 52],  # the beginning of others
    [*START, 70],
    [*START, 50, 51, 52, 60, 61],  # twice
    [5, 6, 7],
    [*START, 50, 80, *range(90, 130)],
]
QUESTIONS = ["What is 2 + 3?", "What is 2 + 4, and why?", "Name a colour.", "Why?", "How many legs has a spider?"]


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def tiny(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator["Model"]:
    from circadian.backend.model import open_model
    from tests.tiny import write_tiny_model

    model = open_model(str(write_tiny_model(tmp_path_factory.mktemp("m") / request.param, request.param)))
    yield model
    model.close()


def prompts() -> list[list[Message]]:
    return [[Message("system", "You are a helpful assistant."), Message("user", q)] for q in QUESTIONS]


def test_each_row_is_on_a_branch_and_the_stretches_follow_one_another() -> None:
    from circadian.backend.tree import Branches

    tree = Branches(ROWS)
    assert [list(tree.rows[h][: len(r)]) for r, h in zip(ROWS, tree.home, strict=True)] == ROWS
    assert len(tree.rows) == 5, "neither the row twice nor the beginning of another is a branch"
    stretches = tree.stretches(True)
    assert stretches[0][0] == 0 and stretches[-1][1] == max(len(r) for r in ROWS)
    assert all(a[1] == b[0] for a, b in pairwise(stretches))
    assert tree.stretches(False) == [(0, max(len(r) for r in ROWS))]


def test_questions_that_begin_alike_cost_a_fraction_of_their_tokens() -> None:
    from circadian.backend.tree import Branches

    rows = [[*range(100), 200 + n, *range(300, 305)] for n in range(50)]
    tree = Branches(rows)
    read = sum(len(tree.split(a, b)[0]) * (b - a) for a, b in tree.stretches(True))
    assert read == 100 + 50 * 6 < sum(map(len, rows)) / 10


def test_a_piece_is_bounded_in_kinds_and_in_tokens_as_they_are_or_padded() -> None:
    from circadian.backend.tree import pieces

    sizes = [4, 4, 4, 20, 99, 1, 1]
    assert list(pieces(sizes, "abcdefg", 3, 50, padded=False)) == [[0, 1, 2], [3], [4], [5, 6]]
    assert list(pieces(sizes, "aaaaaaa", 1, 50, padded=True)) == [[0, 1, 2], [3], [4], [5, 6]]
    assert list(pieces(sizes, "aaaaaaa", 1, 50, padded=False)) == [[0, 1, 2, 3], [4], [5, 6]]


def test_states_are_those_of_a_plain_forward_pass(tiny: "Model") -> None:
    import mlx.core as mx

    from circadian.backend.tree import Row, read

    firsts = [3, 9, 10, 8, 12, 0, 20]
    found = read(tiny.forward, [Row(r, f) for r, f in zip(ROWS, firsts, strict=True)])
    states = mx.concatenate(found.states)
    for row, first, at in zip(ROWS, firsts, found.at, strict=True):
        plain: Any = tiny.forward.hidden(mx.array([row]), None)
        assert len(at) == len(row) - first
        assert mx.allclose(states[mx.array(at)], plain[0, first:], atol=1e-4).item()
    assert found.at[0][-1] == found.at[4][-1], "a row that comes twice has its states once"


def test_answers_and_references_in_a_batch_are_those_of_one_prompt_at_a_time(tiny: "Model") -> None:
    limits, references = [9, 3, 14, 1, 12], ["Five.", "", "Blue is one.", "So.", ""]
    rest = [limits, references, [None] * len(QUESTIONS)]
    alone = [tiny.answer([p], *([r] for r in row))[0] for p, *row in zip(prompts(), *rest, strict=True)]
    for size in (2, 16):
        found = tiny.answer(prompts(), limits, references, [None] * len(QUESTIONS), batch_size=size)
        assert [text for text, _ in found] == [text for text, _ in alone]
        assert [losses for _, losses in found] == [pytest.approx(losses, abs=1e-3) for _, losses in alone]
    assert [len(losses) > 0 for _, losses in alone] == [r != "" for r in references]
    assert tiny.generate(prompts(), limits) == [text for text, _ in alone]
    exchanges = [[*p, Message("assistant", r)] for p, r in zip(prompts(), references, strict=True) if r]
    assert tiny.token_losses(exchanges) == [pytest.approx(losses, abs=1e-3) for _, losses in alone if losses]


def test_a_model_whose_cache_cannot_be_shared_answers_the_same(tiny: "Model") -> None:
    args = (prompts(), [8] * 5, ["Five."] * 5, [None] * 5)
    shared = tiny.answer(*args)
    found = tiny.token_losses([[*p, Message("assistant", "So.")] for p in prompts()])
    together = [pytest.approx(losses, abs=1e-3) for losses in found]
    tiny.forward.shares_prefix = False
    try:
        plain = tiny.answer(*args)
        assert tiny.token_losses([[*p, Message("assistant", "So.")] for p in prompts()], batch_size=2) == together
    finally:
        tiny.forward.shares_prefix = True
    assert [text for text, _ in plain] == [text for text, _ in shared]
    assert [losses for _, losses in plain] == [pytest.approx(losses, abs=1e-3) for _, losses in shared]


def test_an_answer_ends_when_its_judge_has_seen_enough_and_the_others_go_on(tiny: "Model") -> None:
    def after(length: int) -> Callable[[str], bool]:
        return lambda text: len(text) >= length

    whole = tiny.generate(prompts(), 16)
    settled = [after(4) if n % 2 else None for n in range(len(QUESTIONS))]
    found = [text for text, _ in tiny.answer(prompts(), [16] * 5, [""] * 5, settled)]
    assert all(w.startswith(f) for w, f in zip(whole, found, strict=True))
    assert found[::2] == whole[::2] and found != whole


def test_a_reference_beyond_the_context_is_not_measured_and_its_prompt_is_answered(tiny: "Model") -> None:
    found = tiny.answer(prompts()[:2], [4, 4], ["x" * 2000, "Five."], [None, None])
    assert [len(losses) for _, losses in found] == [0, 6] and all(text for text, _ in found)


def test_the_suites_score_alike_in_batches_and_one_by_one(tiny: "Model") -> None:
    items = [i for name in ("prompts", "more") for i in load_suite(CHECKOUT / "eval" / f"{name}.jsonl")[::7]]
    items = [replace(i, max_tokens=min(i.max_tokens, 6)) for i in items]
    assert isinstance(tiny, Reader) and len({i.scorer for i in items}) > 5
    alone = [score for i in items for score in run_items(tiny, [i], batch_size=1)]
    for got, want in zip(run_items(tiny, items, batch_size=16), alone, strict=True):
        assert (got.item_id, got.passed, got.answer, got.why) == (want.item_id, want.passed, want.answer, want.why)
        assert got.value == pytest.approx(want.value, abs=1e-3) and got.reference == pytest.approx(
            want.reference, abs=1e-3
        )
