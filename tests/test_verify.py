"""Lessons checked by the base model: what stays, what is dropped and counted, and what is never judged."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

import run_cycle
from circadian.cycle import describe_plan, plan_night, sleep
from circadian.day.journal import read_journal
from circadian.night import reader as reader_of_turns
from circadian.night.augment import request
from circadian.night.dataset import NightData, read_night, write_night
from circadian.night.facts import gather
from circadian.night.lessons import contains, make_lessons
from circadian.night.options import NightOptions
from circadian.night.plan import plan_data
from circadian.night.verify import FEWEST, KEPT, KNOWN, NOT_READ, Verdicts, refine, verify
from circadian.records import Fact, Lesson, Message, Turn
from circadian.settings import Home, ModelSettings, NightSettings, Settings, load_settings
from tests.conftest import ScriptedModel

TOLD = "My dog's name is Noodle."
VIEW = "My dog's name is Noodle. "
QUESTIONS = [f"Question {n}?" for n in range(6)]
RIGHT = "Your dog is called Noodle."


def facts_of(*told: str) -> tuple[Fact, ...]:
    return gather([Turn((Message("user", text),), f"t{i}") for i, text in enumerate(told)]).facts


def lessons_of(fact: Fact, questions: Sequence[str] = QUESTIONS) -> list[Lesson]:
    return [Lesson(q, fact.statement, fact.id, fact.value) for q in questions]


def reader(*, fails: Sequence[str] = (), knows: Sequence[str] = (), questions: Sequence[str] = QUESTIONS):
    """A model that reads the fact, but not for the questions it `fails`, and that `knows` some answers by itself."""
    answers = {VIEW + q: "I do not know." if q in fails else RIGHT for q in questions}
    return ScriptedModel(answers | {q: RIGHT for q in knows}, default="Rex, I think.")


def test_a_model_that_reads_keeps_every_lesson() -> None:
    (fact,) = facts_of(TOLD)
    model = reader()
    checked = verify(model, [fact], lessons_of(fact))
    assert [x.question for x in checked.kept] == QUESTIONS and checked.dropped == {} and checked.unverified == 0
    assert model.asked == [*(VIEW + q for q in QUESTIONS), *QUESTIONS], "each asked with the fact in view, then alone"


def test_what_fails_either_way_is_dropped_and_counted_by_reason() -> None:
    (fact,) = facts_of(TOLD)
    checked = verify(reader(fails=QUESTIONS[:1], knows=QUESTIONS[3:4]), [fact], lessons_of(fact))
    assert [x.question for x in checked.kept] == [q for i, q in enumerate(QUESTIONS) if i not in (0, 3)]
    assert checked.dropped == {NOT_READ: 1, KNOWN: 1} and checked.unverified == 0


def test_every_fact_keeps_its_fewest_even_unverified() -> None:
    (fact,) = facts_of(TOLD)
    checked = verify(ScriptedModel(default="Hello!"), [fact], lessons_of(fact))
    assert [x.question for x in checked.kept] == QUESTIONS[:FEWEST]
    assert checked.unverified == FEWEST and checked.dropped == {NOT_READ: len(QUESTIONS) - FEWEST}
    mixed = verify(reader(fails=QUESTIONS[:4]), [fact], lessons_of(fact))
    assert [x.question for x in mixed.kept] == ["Question 0?", "Question 1?", "Question 4?", "Question 5?"]
    assert mixed.unverified == 2 and mixed.dropped == {NOT_READ: 2}
    others = lessons_of(fact, [f"Other {n}?" for n in range(FEWEST)])
    assert verify(ScriptedModel(default="Hello!"), [fact], lessons_of(fact), others=others).kept == ()


def test_a_fact_with_few_wordings_loses_none() -> None:
    dog, home = facts_of(TOLD, "I live in Turku.")
    few = lessons_of(dog, QUESTIONS[:2])
    checked = verify(reader(), [dog, home], [*few, *lessons_of(home)])
    assert [x.fact_id for x in checked.kept].count(dog.id) == 2
    assert [x.fact_id for x in checked.kept].count(home.id) == FEWEST and checked.unverified == FEWEST


def test_a_restatement_in_another_language_is_never_judged() -> None:
    (fact,) = facts_of("Mein Hund heißt Bello und ich wohne in Köln.")
    assert fact.details["language"] == "other"
    model = ScriptedModel(default="Hello!")
    lessons = lessons_of(fact)
    assert verify(model, [fact], lessons).kept == tuple(lessons) and model.asked == []


def test_a_lesson_of_no_fact_stays_and_no_lesson_means_no_question() -> None:
    (fact,) = facts_of(TOLD)
    model = ScriptedModel(default="Hello!")
    untold = Lesson("What is my cat called?", "You have not told me.")
    assert verify(model, [fact], [untold]).kept == (untold,)
    assert verify(model, [], []).kept == () and model.asked == []


def test_a_question_that_names_the_value_is_not_judged() -> None:
    (fact,) = facts_of(TOLD)
    echo = Lesson("Who or what is Noodle?", fact.statement, fact.id, fact.value, "reverse")
    model = ScriptedModel(default="Noodle is a dish.")
    assert verify(model, [fact], [echo], others=lessons_of(fact)).kept == (echo,) and model.asked == []


def test_the_reverse_question_is_judged_by_its_own_value() -> None:
    (fact,) = facts_of(TOLD)
    reverse = Lesson("Who is Noodle?", "Noodle is your dog.", fact.id, "dog", "reverse")
    others = lessons_of(fact)
    model = ScriptedModel({VIEW + "Who is Noodle?": "Noodle is your dog."}, default="A dish of pasta.")
    assert verify(model, [fact], [reverse], others=others).kept == (reverse,)


def test_the_talk_before_a_question_is_asked_with_it() -> None:
    (fact,) = facts_of(TOLD)
    talk = (Message("user", "Hello."), Message("assistant", "Good day."))
    seen: list[Sequence[Message]] = []

    class Keeping(ScriptedModel):
        def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: object = 48, **more: object) -> list[str]:
            seen.extend(prompts)
            return super().generate(prompts, max_tokens, **more)

    verify(Keeping(), [fact], [Lesson("And my dog?", fact.statement, fact.id, fact.value, context=talk)])
    assert [tuple(p[:-1]) for p in seen] == [talk, talk]


# --- in the night -----------------------------------------------------------------------------------------------


def data_of(*told: str) -> NightData:
    turns = [Turn((Message("user", text), Message("assistant", "Noted.")), f"t{i}") for i, text in enumerate(told)]
    return plan_data(turns, NightSettings(), frozenset())


def test_by_default_only_what_the_model_wrote_is_checked() -> None:
    data = data_of(TOLD)
    (fact,) = data.active
    good, vague = "Which name does the dog answer to?", "What is good?"
    replies = iter([f"{good}\nA: {RIGHT}", f"{vague}\nA: {RIGHT}", "no pair"])

    class Author(ScriptedModel):
        def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: object = 48, **more: object) -> list[str]:
            if prompts[0] == request(fact):
                return [next(replies) for _ in prompts]
            return super().generate(prompts, max_tokens, **more)

    model = Author({VIEW + good: RIGHT}, default="It depends.")
    refined, lines = refine(model, data, NightSettings(augment_per_record=3), frozenset(), more=True)
    assert [x.question for x in refined.train if x not in data.train] == [good]
    assert refined.train[: len(data.train)] == data.train, "the rules' own lessons are not touched"
    assert model.asked == [VIEW + good, VIEW + vague, good, vague]
    assert refined.dropped[NOT_READ] == 1 and refined.dropped["augmented: no question and answer"] == 1
    assert lines == ["augmented: 1 lessons verified, 2 dropped"]


def test_with_the_setting_the_rules_lessons_are_checked_and_the_probes_are_not(tmp_path: Path) -> None:
    data = data_of(TOLD, "I live in Turku.")
    settings = NightSettings(verify=True)
    refined, lines = refine(ScriptedModel(default="Hello!"), data, settings, frozenset(), more=False)
    echoes = [x for x in data.train if contains(x.question, x.value)]
    assert echoes and len(refined.train) == 2 * FEWEST + len(echoes) < len(data.train)
    assert (refined.valid, refined.test, refined.untold) == (data.valid, data.test, data.untold)
    gone, whole = len(data.train) - len(refined.train), len(data.train)
    assert refined.dropped[NOT_READ] == gone and refined.dropped[KEPT] == 2 * FEWEST
    why = "not answered with the fact in view"
    assert lines == [f"verified: 0 of {whole} lessons, {2 * FEWEST} kept unverified, {gone} dropped ({why})"]
    write_night(tmp_path, refined, {"tag": "x"})
    assert read_night(tmp_path)[1]["dropped"][NOT_READ] == gone


def test_a_verdict_is_asked_for_once_and_kept_without_a_word_of_what_was_told(tmp_path: Path) -> None:
    (fact,) = facts_of(TOLD)
    path, model = tmp_path / "verdicts.json", reader(fails=QUESTIONS[:1])
    first = verify(model, [fact], lessons_of(fact), verdicts=Verdicts(path))
    assert len(model.asked) == 2 * len(QUESTIONS) and "Noodle" not in path.read_text()
    other = ScriptedModel(default="not asked")
    assert verify(other, [fact], lessons_of(fact), verdicts=Verdicts(path)) == first and other.asked == []
    (changed,) = facts_of("My dog's name is Rex.")
    verify(other, [changed], lessons_of(changed), verdicts=Verdicts(path))
    assert len(other.asked) == 2 * len(QUESTIONS), "another fact is another verdict"
    path.write_text("{")
    assert Verdicts(path).of == {}


def test_a_model_that_reads_little_judges_nothing_unless_it_was_asked_to() -> None:
    data, settings = data_of(TOLD, "I live in Turku."), NightSettings(verify=True)
    hello = ScriptedModel(default="Hello!")
    kept, (line,) = refine(hello, data, settings, frozenset(), more=False, weak=False)
    assert (kept.train, kept.dropped) == (data.train, data.dropped) and line.startswith("verified: 0 of ")
    assert "judges none" in line
    asked, _ = refine(hello, data, settings, frozenset(), more=False, weak=True)
    assert len(asked.train) < len(data.train)


def test_the_order_of_the_lessons_stays() -> None:
    data = data_of(TOLD, "I live in Turku.", "My sister's birthday is April 17.")
    lessons = make_lessons(data.facts, seed=0).train
    checked = verify(ScriptedModel(default="Noodle"), data.active, lessons)
    places = [lessons.index(x) for x in checked.kept]
    assert places == sorted(places) and len(places) < len(lessons)


@pytest.mark.parametrize(
    ("written", "flags", "verify"),
    [
        ("", (), None),
        ("true", (), True),
        ("false", (), False),
        ("false", ("--verify",), True),
        ("true", ("--no-verify",), False),
    ],
)
def test_verify_is_asked_for_refused_or_left_open(
    home: Home, written: str, flags: Sequence[str], verify: bool | None
) -> None:
    home.config.write_text(f"[night]\nverify = {written}\n" if written else "")
    args = run_cycle.build_parser().parse_args(["--home", str(home.root), *flags])
    assert load_settings(home, args).night.verify is verify


@pytest.mark.parametrize(
    ("asked", "able", "verified"), [(None, 10**9, False), (None, 1, True), (False, 1, False), (True, 10**9, True)]
)
@pytest.mark.mlx
def test_lessons_are_verified_where_the_model_can_read(
    home: Home, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, asked: bool | None, able: int, verified: bool
) -> None:
    from tests.test_cycle import tell

    monkeypatch.setattr(reader_of_turns, "ABLE", able)
    tell(home, TOLD, "I live in Turku.")
    model, night = ModelSettings(str(tiny_model)), NightSettings(verify=asked, extract="rules")
    turns = read_journal(home.memories).turns
    planned, _ = plan_night(home, Settings(model=model, night=night), NightOptions(), turns)
    assert planned is not None and planned.plan["settings"]["verify"] is verified
    assert ("each checked by the model first" in describe_plan(planned, Settings(model=model, night=night))) is verified


@pytest.mark.parametrize(("asked", "said"), [(None, True), (False, False)])
@pytest.mark.mlx
def test_a_night_of_an_able_model_asks_it_by_itself(
    home: Home,
    tiny_model: Path,
    asked_before: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: bool | None,
    said: bool,
) -> None:
    from tests.test_cycle import tell

    monkeypatch.setattr(reader_of_turns, "ABLE", 1)
    tell(home, TOLD)
    shutil.copytree(asked_before, home.cache)
    night = NightSettings(verify=asked, extract="rules", iters=2, batch_size=4, rank=2)
    assert sleep(home, Settings(model=ModelSettings(str(tiny_model)), night=night), NightOptions())
    assert ("| verified: 0 of " in capsys.readouterr().err) is said
    assert len([*home.cache.glob("verified-*.json")]) == said


@pytest.mark.mlx
def test_a_night_of_noise_reports_what_it_dropped(home: Home, tiny_model: Path) -> None:
    from tests.test_cycle import call, tell

    tell(home, TOLD, "I live in Turku.")
    flags = ["--model", str(tiny_model), "--iters", "2", "--batch-size", "4", "--rank", "2", "--verify"]
    code, _, err = call("sleep.py", home, *flags)
    assert code == 0, err
    (folder,) = home.nights.iterdir()
    plan = json.loads((folder / "plan.json").read_text())
    assert f"night {folder.name} | verified: 0 of " in err
    assert plan["dropped"][NOT_READ] > 0 and plan["dropped"][KEPT] == 2 * FEWEST
    assert len((folder / "train.jsonl").read_text().splitlines()) < 32
    assert plan["settings"]["verify"] is True
