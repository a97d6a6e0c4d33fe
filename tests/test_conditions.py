"""The four conditions: notes in prompts, probes and their judging, the table; scripted models, then the tiny one."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import eval_harness
from circadian import conditions
from circadian.conditions import Asked, Noted, ask_under
from circadian.errors import UserError
from circadian.exam.probes import Probe, ask_probes, judge, probe_of, read_probes
from circadian.files import read_rows, write_json, write_rows
from circadian.night.notes import notes_for, with_notes
from circadian.records import Fact, Forgotten, Item, Lesson, Message, Score
from circadian.settings import Home
from tests.conftest import CHECKOUT, ScriptedModel


def told(name: str, key: str, value: str, said: str, **details: str) -> Fact:
    subject = said.split("'s")[0] if "'s" in said else "I"
    return Fact(name, key, key.split("|")[1], subject, value, said, (f"t{name}",), details={"said": said, **details})


DOG = told("f1", "dog|name", "Biscuit", "my dog's name is Biscuit")
HOME = told("f2", "i|home", "Ghent", "we live in Ghent", stale="Bruges|Lille")
JOB = told("f3", "i|job", "bread", "I bake bread")
FACTS = (DOG, HOME, JOB)
TESTS = (
    Lesson("What is my dog called?", "Your dog's name is Biscuit.", "f1", "Biscuit"),
    Lesson("Where do I live?", "You live in Ghent.", "f2", "Ghent"),
)


class Reader(ScriptedModel):
    """Answers by notes: the first told value that its prompt holds; one token a word, `context` in all."""

    context = 120

    def encode(self, messages: Sequence[Message]) -> list[int]:
        return [0] * sum(len(m.content.split()) for m in messages)

    def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: object = 48, **_: object) -> list[str]:
        self.asked += [p[-1].content for p in prompts]
        said = [" ".join(m.content for m in p) for p in prompts]
        return [next((v for v in ("Biscuit", "Ghent") if v in text), self.default) for text in said]


def write_night(home: Home, tag: str, tests: Sequence[Lesson] = TESTS) -> None:
    write_rows(home.nights / tag / "facts.jsonl", (f.as_json() for f in FACTS))
    write_rows(home.nights / tag / "test.jsonl", (t.as_json() for t in tests))
    write_json(home.nights / tag / "plan.json", {})


def test_notes_are_told_in_an_exchange_before_and_change_nothing_else() -> None:
    notes = notes_for("Where do I live?", FACTS)
    assert notes == "My dog's name is Biscuit.\nWe live in Ghent.\nI bake bread." and notes_for("Where?", ()) == ""
    system, question = Message("system", "Be brief."), Message("user", "Where do I live?")
    noted = with_notes((system, question), notes)
    assert [m.role for m in noted] == ["system", "user", "assistant", "user"]
    assert (noted[0], noted[1].content, noted[3]) == (system, notes.replace("\n", " "), question)
    assert noted[2].content == "Your dog's name is Biscuit. You live in Ghent. You bake bread."
    assert with_notes((system, question), "") == (system, question)


def said(prompt: Sequence[Message]) -> str:
    """The notes of a prompt, a line each again."""
    return prompt[0].content.replace(". ", ".\n")


def test_the_oldest_notes_are_left_out_where_the_context_is_short() -> None:
    class Short(Reader):
        context = 40

    model = Noted(Short(), FACTS, room=4)
    assert said(model.noted([Message("user", "Where do I live?")])) == notes_for("", FACTS)
    longer = [Message("user", "word " * 15)]
    assert said(model.noted(longer)) == notes_for("", FACTS[1:]) and len(model.encode(longer)) <= 36
    hopeless = (Message("user", "word " * 40),)
    assert model.noted(hopeless) == hopeless
    assert list(model.left_out.values()) == [0, 1, 3]


def test_a_search_takes_the_place_of_the_notes() -> None:
    def find(question: str, facts: Sequence[Fact]) -> str:
        return notes_for(question, [f for f in facts if f.subject in question])

    model = Noted(Reader(), FACTS, room=4, find=find)
    assert model.noted([Message("user", "Who is my dog?")])[0].content == "My dog's name is Biscuit."
    assert model.noted([Message("user", "What is six times seven?")]) == (Message("user", "What is six times seven?"),)


def test_a_choice_is_measured_after_the_notes() -> None:
    class Listening(Reader):
        def token_losses(self, exchanges: Sequence[Sequence[Message]], **_: object) -> list[list[float]]:
            assert [e[-1].content for e in exchanges] == ["a", "b"]
            assert all(said(e) == notes_for("", FACTS) and len(e) == 4 for e in exchanges)
            return [[1.0], [2.0]]

    ends = [(Message("user", "Which?"), Message("assistant", x)) for x in ("a", "b")]
    assert Noted(Listening(), FACTS, room=4).token_losses(ends) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Your dog's name is Biscuit.", "right"),
        ("I don't know that. You haven't told me.", "refused"),
        ("I'm sorry, but as an AI I have no access to that.", "refused"),
        ("His name is Ghent.", "false"),
        ("He was Rex once.", "false"),
        ("What a lovely dog!", "wrong"),
        ("", "wrong"),
    ],
)
def test_what_an_answer_is(answer: str, said: str) -> None:
    probe = Probe("p", "What is my dog called?", ("Biscuit",), ("Rex",))
    assert judge(probe, answer, ("Biscuit", "Rex", "Ghent")) == said


def test_only_not_knowing_is_right_where_nobody_told() -> None:
    probe = Probe("p", "What is my cat in Ghent called?", ())
    told = ("Biscuit", "Ghent")
    assert judge(probe, "I don't know that. You haven't told me.", told) == "right"
    assert judge(probe, "I can't say what your cat in Ghent is called.", told) == "right"
    assert judge(probe, "I'm not sure, but it is Biscuit.", told) == "false"
    assert judge(probe, "Your cat is called Whiskers.", told) == "false"


def test_a_value_told_before_is_the_probes_stale_one() -> None:
    probe = probe_of(TESTS[1], {f.id: f for f in FACTS})
    assert (probe.expects, probe.stale) == (("Ghent",), ("Bruges", "Lille"))
    assert judge(probe, "You live in Lille.", ()) == "false"


def test_probes_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [
        {"id": "a", "question": "How old is Ana?", "expects": ["11", "eleven"], "stale": "10", "night": 1},
        {"question": "What is my cat called?", "expects": []},
        {"question": "Where am I from?", "expects": "Ghent"},
    ]
    write_rows(path, rows)
    probes = read_probes(path)
    assert [(p.kind, p.expects, p.stale) for p in probes] == [
        ("recall", ("11", "eleven"), ("10",)),
        ("untold", (), ()),
        ("recall", ("Ghent",), ()),
    ]
    assert len({p.id for p in probes}) == 3
    bad = [rows[0], rows[0], {"id": "b", "expects": "x"}, {"id": "c", "question": "Q?", "expects": [1]}, {"id": 4}]
    write_rows(path, bad)
    with pytest.raises(UserError) as error:
        read_probes(path)
    assert "4 bad items" in error.value.message and f"{path}:2 (id a): duplicate id" in error.value.message
    assert f"{path}:3 (id b): question is missing" in error.value.message
    path.write_text("")
    with pytest.raises(UserError, match="no probes"):
        read_probes(path)
    with pytest.raises(UserError, match="does not exist"):
        read_probes(tmp_path / "none.jsonl")


def test_a_probe_longer_than_the_context_is_unscored() -> None:
    probes = [Probe("long", "word " * 120, ("x",)), Probe("short", "Say Biscuit", ("Biscuit",))]
    scores = ask_probes(Reader(), probes)
    assert [(s.passed, s.why) for s in scores] == [(None, "longer than the model's context"), (True, "")]


def test_the_probes_of_a_night_without_what_was_forgotten_since(home: Home) -> None:
    write_night(home, "2026-01-02")
    write_night(home, "2026-01-10", TESTS[:1])
    write_rows(home.nights / "2026-01-11" / "facts.jsonl", (DOG.as_json() for _ in FACTS))  # cut short
    assert conditions.gather_asked(home, None, None, ()).source == "night 2026-01-10"
    asked = conditions.gather_asked(home, "2026-01-02", None, ())
    told = [p for p in asked.probes if p.kind == "recall"]
    untold = [p for p in asked.probes if p.kind == "untold"]
    assert ([p.question for p in told], len(asked.facts)) == ([t.question for t in TESTS], 3)
    assert len(untold) == conditions.UNTOLD_COUNT
    studied = [Lesson(p.question, "I don't know that.", kind="untold") for p in untold[:5]]
    write_rows(home.nights / "2026-01-10" / "untold.jsonl", (s.as_json() for s in studied))
    again = conditions.gather_asked(home, "2026-01-02", None, ()).probes
    assert not {s.question for s in studied} & {p.question for p in again}
    mark = Forgotten("f1", ("f1",), DOG.key, DOG.statement, DOG.value, (DOG,), ("tf1",), "2026-01-11T00:00:00+00:00")
    write_rows(home.forgotten, [{"version": 1, **mark.as_json()}])
    after = conditions.gather_asked(home, "2026-01-02", None, ())
    assert [f.id for f in after.facts] == ["f2", "f3"]
    assert [p.question for p in after.probes if p.kind == "recall"] == ["Where do I live?"]
    assert len(conditions.gather_asked(home, "2026-01-02", None, (), 1).probes) == 2


def test_without_a_night_the_journal_tells_and_probes_must_be_given(home: Home) -> None:
    with pytest.raises(UserError, match="no probes of any night") as error:
        conditions.gather_asked(home, None, None, ())
    assert "--probes FILE" in error.value.line()
    messages = [{"role": "user", "content": "My dog's name is Biscuit."}, {"role": "assistant", "content": "Nice."}]
    write_rows(home.memories, [{"messages": messages, "id": "t1"}])
    asked = conditions.gather_asked(home, None, [Probe("p", "Who is my dog?", ("Biscuit",))], ())
    assert [f.value for f in asked.facts] == ["Biscuit"] and asked.source == "the journal"
    with pytest.raises(UserError, match="the night of 2026-01-02"):
        conditions.gather_asked(home, "2026-01-02", None, ())


def test_what_cannot_be_had_is_not_measured() -> None:
    asked = Asked((), (Probe("p", "Q?", ("Biscuit",)),), (), "the journal")
    assert set(conditions.missing(conditions.CONDITIONS, None, asked)) == {"notes", "learned", "both"}
    assert conditions.missing(("base",), None, asked) == {}
    with_facts = Asked(FACTS, asked.probes, (), "the journal")
    assert set(conditions.missing(conditions.CONDITIONS, None, with_facts)) == {"learned", "both"}
    with pytest.raises(UserError, match="no condition note") as error:
        conditions.choose_conditions(["note"])
    assert "did you mean notes?" in error.value.line()


def test_one_table_of_all_conditions() -> None:
    probes = (probe_of(TESTS[0], {}), probe_of(TESTS[1], {}), Probe("u", "What is my cat called?", ()))
    item = Item("i", "c", "Say Biscuit", "contains", "Biscuit", suite="mine")
    asked = Asked((DOG,), probes, (item,), "night 2026-01-02")

    def scoring(reader: object) -> list[Score]:
        return [Score("i", "c", isinstance(reader, Noted))]

    model = Reader(default="I don't know that.")
    results = {name: ask_under(model, name, asked, scoring) for name in ("base", "notes")}
    rows = {name: r.as_json() for name, r in results.items()}
    assert rows["base"]["recall"]["passed"] == 0 and rows["base"]["refused"] == 2
    assert (rows["notes"]["recall"]["passed"], rows["notes"]["recall"]["scored"]) == (1, 2)
    assert 0 < rows["notes"]["recall"]["low"] < 0.5 < rows["notes"]["recall"]["high"] < 1
    assert rows["notes"]["false"] == 1 and rows["notes"]["untold"] == {"false": 1, "scored": 1}
    assert rows["notes"]["prompt_tokens"] > rows["base"]["prompt_tokens"] + 4
    table = conditions.show("base@x", asked, {**results, "learned": None}).splitlines()
    assert table[0].split()[:2] == ["condition", "recall"] and table[0].endswith("mine")
    assert "0/2" in table[2] and "1/2" in table[3] and "not measured" in table[4] and "0/" not in table[4]
    assert "notes of 1 facts, night 2026-01-02" in table[5]
    document = conditions.summary({"label": "x"}, asked, {**results, "learned": None}, {"learned": "no adapter"})
    assert document["conditions"]["learned"] is None and document["not_measured"] == {"learned": "no adapter"}
    assert document["conditions"]["notes"]["suites"] == {"mine": {"passed": 1, "scored": 1, "unscored": 0}}
    assert conditions.only_one_knew(results, "notes", "base") == (1, 0)
    assert conditions.only_one_knew(results, "learned", "base") is None


def test_flags_that_do_not_go_together_and_unknown_names(home: Home) -> None:
    for flags, said in (
        (["--probes", "p.jsonl"], "--probes goes with --conditions"),
        (["--conditions", "base", "--limit", "0"], "--limit must be at least 1"),
        (["--conditions", "bases"], "did you mean base?"),
        (["--conditions", "all"], "run a night first"),
        (["--conditions", "learned", "--probes", str(CHECKOUT / "tests/data/unseen_relations.jsonl")], "question is"),
        (["--lm-eval", "arc_easy", "--suite", "prompts"], "--suite does not go with it"),
    ):
        line = [sys.executable, str(CHECKOUT / "eval_harness.py"), "--home", str(home.root), "--model", "embedded"]
        ran = subprocess.run([*line, *flags], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
        assert ran.stderr.startswith("error: ") and said in ran.stderr and ran.stderr.count("\n") == 1


@pytest.mark.mlx
def test_all_four_conditions_on_the_tiny_model(
    home: Home, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.tiny import write_tiny_adapter

    write_night(home, "2026-01-02")
    write_tiny_adapter(tiny_model, home.adapters / "2026-01-02", "2026-01-02")
    suite = tmp_path / "mine.jsonl"
    items = [{"id": "a", "category": "c", "prompt": "P", "scorer": "choice", "target": "x", "choices": ["x", "yy"]}]
    write_rows(suite, items)
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--conditions", "all", "--limit", "2"]
    assert eval_harness.main([*flags, "--adapter-tag", "2026-01-02", "--suite", str(suite), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = found["conditions"]
    assert list(rows) == list(conditions.CONDITIONS) and found["probes"] == {"recall": 2, "untold": 2}
    assert all(r["recall"]["scored"] == 2 and r["suites"]["mine"]["scored"] == 1 for r in rows.values())
    assert rows["both"]["prompt_tokens"] == rows["notes"]["prompt_tokens"] > rows["base"]["prompt_tokens"]
    logs = home.logs / "exams"
    kept = {p.parent.name: read_rows(p) for p in logs.glob("*/probes.jsonl")}
    assert set(kept) == {"base@llama", "base@llama+notes", "2026-01-02@llama", "2026-01-02@llama+notes"}
    answers = {name: [r["answer"] for r in rows] for name, rows in kept.items()}
    assert answers["base@llama"] != answers["2026-01-02@llama"] != answers["2026-01-02@llama+notes"]
    assert [r["condition"] for r in kept["2026-01-02@llama"]] == ["learned"] * 4
    assert len(read_rows(logs / "base@llama+notes" / "mine.jsonl")) == 1
    assert eval_harness.main([*flags[:-4], "--conditions", "base,learned", "--adapter-tag", "none"]) == 0
    out, err = capsys.readouterr()
    assert "learned: not measured, there is no adapter" in err
    assert any(line.split()[:3] == ["learned", "not", "measured"] for line in out.splitlines())
