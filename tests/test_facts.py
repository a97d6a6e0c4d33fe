"""What becomes a fact, what replaces what, and what never becomes one."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from circadian.night.answers import answer_of
from circadian.night.facts import FactSheet, gather
from circadian.night.grammar import value_type
from circadian.night.kept import covers
from circadian.night.plan import plan_data
from circadian.records import Fact, Forgotten, Message, Turn
from circadian.settings import NightSettings

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"


PEOPLE = (
    "Mart Hann Jul Rit Karl Just Paul Mari Luc Andre Stef Roman Fabi Emil Dam Seb Vale Rom Flor Pet Dan Mel Iv Nin Al"
).split()
NOTHING: set[tuple[str, str]] = set()


def turn(text: str, at: int = 0, tags: tuple[str, ...] = ()) -> Turn:
    return Turn((Message("user", text), Message("assistant", "My cat is called Wrong.")), f"t{at}", tags=tags)


def told(*texts: str) -> FactSheet:
    return gather([turn(text, i) for i, text in enumerate(texts)])


def active(*texts: str) -> list[Fact]:
    return [f for f in told(*texts).facts if f.status == "active"]


@pytest.mark.parametrize(
    ("text", "key", "value", "statement"),
    [
        ("My dog's name is Noodle.", "dog|name", "Noodle", "Your dog's name is Noodle."),
        ("We got a puppy yesterday and named her Pickle.", "dog|name", "Pickle", "Your puppy's name is Pickle."),
        ("I have a cat called Miso", "cat|name", "Miso", "Your cat's name is Miso."),
        ("My birthday is December 2.", "i|birthday", "December 2", "Your birthday is December 2."),
        ("I was born on August 8.", "i|birthday", "August 8", "Your birthday is August 8."),
        ("We live in Graz now.", "i|home", "Graz", "You live in Graz."),
        ("Ana moved to Oslo.", "ana|home", "Oslo", "Ana moved to Oslo."),
        ("My manager is Tomasz Bielak.", "manager|name", "Tomasz Bielak", "Your manager is Tomasz Bielak."),
        ("I report to Ingrid Solberg these days.", "manager|name", "Ingrid Solberg", "You report to Ingrid Solberg."),
        ("We took him to Pawhaven, that's our vet.", "vet|name", "Pawhaven", "Your vet is Pawhaven."),
        ("The report is due on June 30.", "report|due", "June 30", "The report is due on June 30."),
        ("Please remember that I can't eat celery.", "i|avoid", "celery", "You can't eat celery."),
        ("The new library opens in May.", "new library|open in", "May", "The new library opens in May."),
        ("We finally named the project: Osprey", "project|name", "Osprey", "The project's name is Osprey."),
        ("Dune is my favourite novel.", "i|favourite book", "Dune", "Your favourite novel is Dune."),
        ("my dog is called rex", "dog|name", "rex", "Your dog's name is rex."),
    ],
)  # fmt: skip
def test_common_statements(text: str, key: str, value: str, statement: str) -> None:
    (fact,) = active(text)
    assert (fact.key, fact.value, fact.statement) == (key, value, statement)
    assert fact.turn_ids == ("t0",) and fact.details["count"] == "1"


@pytest.mark.parametrize(
    "text",
    [
        "Is my dog called Rex?",
        "Tell me about a dog called Rex.",
        "If I had a dog I would call him Rex.",
        "Maybe my dog is called Rex.",
        "I don't have a dog.",
        "My dog isn't called Max.",
        "My dog is called Mussolini, just kidding!",
        "My dog's name is Caesar the Great. (joke)",
        "I have twelve wives. That was a joke!",
        "My boss is Darth Vader (/s)",
        "My boss is Darth Vader.\n/j",
        "He said: my dog is called Rex.",
        "> My dog is called Rex.",
        '"My dog is called Rex."',
        "```\nMy dog is called Rex.\n```",
        "https://example.com/my-dog-is-called-Rex",
        'Traceback (most recent call last):\n  File "x.py", line 3\nValueError: My dog is called Rex',
        "I'm tired today.",
        "I'm going to the shop.",
        "Thanks, that helps!",
        "Translate 'my dog is called Rex' into German.",
        "x" * 5000,
        "",
    ],
)
def test_never_a_fact(text: str) -> None:
    assert told(text).facts == ()


def test_only_the_user_speaks_and_no_train_is_not_read() -> None:
    assert told("Good morning.").facts == ()
    sheet = gather([turn("My dog's name is Rex.", tags=("no-train",))])
    assert sheet.facts == () and sheet.dropped == {"no-train": 1}


def test_told_again_differently_the_newer_wins_and_remembers_the_older() -> None:
    sheet = told("My dog's name is Noodle.", "Update: my puppy is called Biscuit.", "We named the dog Ziggy.")
    assert [(f.value, f.status) for f in sheet.facts] == [
        ("Noodle", "superseded"),
        ("Biscuit", "superseded"),
        ("Ziggy", "active"),
    ]
    newest = sheet.facts[-1]
    assert all(f.superseded_by == newest.id for f in sheet.facts[:2])
    assert newest.details["stale"] == "Noodle|Biscuit"
    assert any("Biscuit" in note for note in sheet.notes)


def test_what_was_told_in_two_ways_on_one_day_is_news_until_it_is_studied() -> None:
    def on(day: int, text: str) -> Turn:
        return replace(turn(text, day), time=f"2026-11-{day:02d}T10:00:00+01:00")

    turns = [on(1, "I live in Graz."), replace(on(1, "We moved to Utrecht."), id="later")]
    older, newer = gather(turns).facts
    assert [(f.value, f.status) for f in (older, newer)] == [("Graz", "superseded"), ("Utrecht", "active")]
    note = "told twice on one day, the later counts: You moved to Utrecht. (before: You live in Graz.)"
    assert gather(turns).notes == (note,) and note in plan_data(turns, NightSettings(), frozenset()).notes
    assert gather(turns, taught=frozenset({newer.id})).notes == ()
    assert plan_data(turns, NightSettings(), frozenset(), frozenset({newer.id})).notes == ()
    assert gather([turns[0], on(2, "We moved to Utrecht.")]).notes == ()  # moved overnight: no contradiction
    third = [*turns, on(3, "We moved to Oslo.")]
    assert gather(third, taught=frozenset({gather(third).facts[-1].id})).notes == ()  # only what counts is taught


def test_more_facts_than_a_night_studies_are_cut_to_the_untaught_the_often_told_and_the_newest() -> None:
    texts = [f"My friend {a}{b} lives in Bonn." for a in PEOPLE for b in ("a", "o", "ie", "us")]
    turns = [turn(text, i) for i, text in enumerate([*texts, texts[0], texts[0]])]
    told = plan_data(turns, NightSettings(facts=500), frozenset()).active
    data = plan_data(turns, NightSettings(facts=30), frozenset())
    left = len(told) - 30
    assert left >= 70 and len(data.active) == 30 and data.dropped["facts over the budget"] == left
    assert f"{left} facts wait: a night studies 30 (night.facts)" in data.notes
    often = [f for f in told if len(f.turn_ids) > 1]
    assert often and {f.id for f in often} <= {f.id for f in data.active}
    assert [f.id for f in data.active if f not in often] == [f.id for f in told if f not in often][-30 + len(often) :]
    rest = plan_data(turns, NightSettings(facts=30), frozenset(), frozenset(f.id for f in data.active))
    assert not {f.id for f in rest.active} & {f.id for f in data.active}


def test_told_the_same_again_counts() -> None:
    (fact,) = active("I live in Graz.", "We live in Graz now.")
    assert fact.turn_ids == ("t0", "t1") and fact.details["count"] == "2"


def test_several_of_a_kind_stay_unless_marked_as_a_change() -> None:
    assert [f.value for f in active("I play the cello.", "I play the harp.")] == ["cello", "harp"]
    assert [f.value for f in active("I play the cello.", "Correction: I play the harp.")] == ["harp"]


def test_a_marked_change_in_other_words_finds_its_fact() -> None:
    facts = active("My bike was stolen in Antwerp.", "I live in Graz.", "Correction: I lost my bicycle in Bologna.")
    assert [f.value for f in facts] == ["Graz", "Bologna"]
    assert facts[-1].details["stale"] == "Antwerp"


def test_one_sentence_with_two_facts() -> None:
    facts = {(f.key, f.value) for f in active("My sister Ana is a dentist and lives in Oslo.")}
    assert facts == {("sister|name", "Ana"), ("ana|job", "dentist"), ("ana|home", "Oslo")}
    facts = {(f.key, f.value) for f in active("My cat Priya turned eleven today.")}
    assert facts == {("cat|name", "Priya"), ("priya|age", "eleven")}


def test_two_sisters_are_not_one_renamed() -> None:
    facts = active("My sister Ana lives in Oslo.", "My sister Eva lives in Bonn.")
    assert [(f.key, f.value) for f in facts] == [("sister|name", "Ana"), ("ana|home", "Oslo"), ("eva|home", "Bonn")]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Our cat, Pumpernickel, is asleep on the printer.", "cat|name", "Pumpernickel"),
        ("My dog is Brisket.", "dog|name", "Brisket"),
        ("My cat is Siamese.", "cat|name", "Siamese"),
    ],
)
def test_a_pet_is_its_name_and_not_its_breed(text: str, key: str, value: str) -> None:
    (fact,) = active(text)
    assert (fact.key, fact.value) == (key, value)
    assert fact.relation == ("attribute" if value == "Siamese" else "name")


def test_what_a_pet_or_person_has_been_since_breakfast_is_of_the_day() -> None:
    assert active("Our cat has been asleep on the printer.") == active("My brother has been ill in bed.") == []
    assert [f.value for f in active("Our cat has been spayed by Dr Fenn.")] == ["Dr Fenn"]


@pytest.mark.parametrize(
    ("told", "then"),
    [
        ("I live in Bonn.", "Last year I lived in Rome."),
        ("I live in Bonn.", "I lived in Rome last year."),
        ("I'm a nurse.", "As a developer, I want an API so that I can sync."),
        ("My sister lives in Bonn.", "Two years ago my sister lived in Rome."),
        ("My boss is called Ada.", "As a young driver, my boss is careful."),
    ],
)
def test_what_was_or_is_only_supposed_replaces_nothing(told: str, then: str) -> None:
    (now,) = active(told)
    assert (now.key, now.value) in {(f.key, f.value) for f in active(told, then)}


def test_a_pronoun_is_who_was_named_before_it() -> None:
    facts = active("I have a brother. He lives in Rome.")
    assert ("brother|home", "Rome") in {(f.key, f.value) for f in facts}
    assert told("He lives in Rome.").facts == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Meine Schwester heißt Ana.", "Ana"),
        ("Мою собаку зовут Шарик.", "Шарик"),
        ("私の犬の名前はポチです。", "ポチ"),
        ("ჩემი ძაღლის სახელია ბობი.", "ბობი"),
        ("Իմ շան անունը Ռեքս է։", "Ռեքս"),
        ("আমার কুকুরের নাম টমি।", "টমি"),
        ("मेरी बहन का नाम सीमा है।", "सीमा"),
        ("என் நாயின் பெயர் டோமி.", "டோமி"),
        ("میری بہن کا نام ثنا ہے۔", "ثنا"),
        ("Ana se mudó a Oslo.", "Oslo"),
        ("Peter wohnt jetzt in Bonn.", "Bonn"),
        ("Мария работает в Газпроме.", "Газпроме"),
    ],
)
def test_other_languages_are_kept_word_for_word(text: str, value: str) -> None:
    (fact,) = active(text)
    assert (fact.relation, fact.statement, fact.value) == ("statement", text, value)


@pytest.mark.parametrize(
    "text",
    [
        "میرا نام کیا ہے؟",
        "मेरा नाम क्या है",
        "Իմ անունը ի՞նչ է։",
        "சென்னை என்பது ஒரு நகரம்.",
        "చైనా పెద్ద దేశం.",
        "Հիմա անձրև է։",
        "उस आदमी का नाम राम है।",
        "القاهرة أكبر من الإسكندرية.",
        "کشمیری چائے مشہور ہے۔",
        "Berlin ist die Hauptstadt von Deutschland.",
        "Der Zug nach Bonn fährt um acht.",
        "Wie geht es dir, Anna?",
        "Sehr gut. Peter wohnt jetzt in Bonn, oder?",
        "Someone named Bob emailed me.",
    ],
)
def test_questions_and_what_is_nobodys_own_are_no_facts_in_other_scripts(text: str) -> None:
    assert active(text) == []


def test_a_mark_covers_what_an_older_program_read_with_another_end_mark() -> None:
    (now,) = active("मेरी बहन का नाम सीमा है।")
    said = f"{now.details['said'].rstrip('।')}।."
    before = replace(now, id="old", value="है।", key="x|statement", subject="x", details={**now.details, "said": said})
    mark = Forgotten("old", ("old",), before.key, said, "है।", (before,), now.turn_ids, "2026-11-01")
    assert covers(mark, now)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("My sister Ines is visiting on Friday, what should I cook?", ["Ines"]),
        ("I ride a Brompton, suggest a flat route.", ["Brompton"]),
        ("Since I'm lactose intolerant, what can I put in my coffee?", ["lactose intolerant"]),
        ("How do I tell my boss Ricardo that I quit?", ["Ricardo"]),
        ("Find a gift for my dad, he turns 70 in May.", ["70"]),
        ("We use Cerner at work and honestly it drives me up the wall.", ["Cerner"]),
        ("No wait, my appointment isn't on the 4th, it's on the 11th of March.", ["11th of March"]),
        ("Actually we moved the wedding to June 12.", ["June 12"]),
        ("We changed the cat's name from Luna to Lumi.", ["Lumi"]),
        ("My roommate his name is Marek.", ["Marek"]),
        ("I am on holiday from 7 to 28 July.", ["7 to 28 July"]),
        ("I am Lucía.", ["Lucía"]),
        ("My wife Marta is Spanish.", ["Marta", "Spanish"]),
    ],
)
def test_a_statement_is_told_from_what_surrounds_it(text: str, values: list[str]) -> None:
    assert [f.value for f in active(text)] == values


@pytest.mark.parametrize(
    "text",
    [
        "Zebra finches learn their song from their father.",
        "Anyone who puts cream in carbonara deserves prison.",
        "The buyer pays the seller within thirty days.",
        "The Prime Minister lives at 10 Downing Street.",
        "The payment arrived on 19 April.",
        "Action items: Tom sends the contract, Priya books the venue, I call the client.",
        "My daughter keeps mentioning it.",
        "My accountant wants the receipts by Friday.",
        "I do everything else.",
        "My ping is 300 today.",
        "My son is out for six weeks.",
        "Imagine my dog Rex could talk.",
        "Write a story about my sister Ana the pirate.",
        "My cellar is damp, is it?",
    ],
)
def test_what_does_not_stand_alone_or_last_is_no_fact(text: str) -> None:
    assert [f.statement for f in active(text)] == []


@pytest.mark.parametrize("text", ["I am Danish.", "My boyfriend is DJ.", "My boss is Catholic.", "I'm left-handed."])
def test_what_somebody_is_is_no_name(text: str) -> None:
    assert not [f for f in active(text) if f.relation in ("name", "role") or f.key.endswith("|name")]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        # Whose name it is, when something of theirs is told.
        ("My wife Julia's car is a Volvo.", {("wife|name", "Julia"), ("wife julia car|name", "Volvo")}),
        ("My boss Karen's son just started at Leeds University.",
         {("manager|name", "Karen"), ("manager karen son|start at", "Leeds University")}),
        # The year of a thing is no date.
        ("I drive a 2014 Honda Civic.", {("i|vehicle", "2014 Honda Civic")}),
        ("My car is a 2014 Honda Civic.", {("car|name", "2014 Honda Civic")}),
        ("My daughter was born in 2014.", {("daughter|was born in", "2014")}),
        # Comparisons, possessives without their noun, measures that no word names.
        ("My daughter Emma is two years older than her brother Finn.", {("daughter|name", "Emma")}),
        ("My sister is older than Tom.", NOTHING),
        ("My brother's is a Fender.", NOTHING),
        ("my wife's is a MacBook", NOTHING),
        ("My son is 6 foot 2.", NOTHING),
        # Lists stay whole, second halves keep their verb.
        ("My mother speaks Polish and a bit of Russian.", {("mother|speaks", "Polish and a bit of Russian")}),
        ("I speak French and German.", {("i|speaks", "French and German")}),
        ("My wife speaks French, German and Dutch.", {("wife|speaks", "French, German and Dutch")}),
        ("My son plays the guitar and a little piano.", {("son|instrument", "guitar and a little piano")}),
        ("My niece plays the harp and the tuba in the youth band.", {("niece|instrument", "harp and the tuba")}),
        ("My wife is vegan and allergic to soy.", {("wife|diet", "vegan"), ("wife|avoid", "soy")}),
        ("I was born in Porto but raised in Paris.", {("i|birthplace", "Porto"), ("i|childhood", "Paris")}),
        ("I was born in Cork and grew up in Leeds.", {("i|birthplace", "Cork"), ("i|childhood", "Leeds")}),
        # What was given, and to whom.
        ("I owe Sarah 40 pounds.", {("i|owe sarah", "40 pounds")}),
        ("My mum taught me Italian.", {("mother|teach me", "Italian")}),
        ("My husband gave me a Rolex.", {("husband|give me", "Rolex")}),
        ("We named the new kitten Biscuit after my grandfather.", {("new cat|name", "Biscuit")}),
        ("I hid the spare key under the blue flowerpot.", {("i|hide spare key under", "blue flowerpot")}),
        ("For breakfast I always have porridge.", {("i|eats", "porridge")}),
        ("I go to bed at half past ten.", {("i|go to bed at", "half past ten")}),
        ("I met a friend at half past ten.", set()),
        ("My desk is on the fourth floor.", {("desk|be on", "fourth floor")}),
        ("My phone is on the table.", set()),
        ("The tortoise is 42 years old.", {("tortoise|age", "42")}),
        ("I was in the navy for six years.", {("i|be in for six years", "navy")}),
        ("I was in the army museum.", set()),
        ("I use Firefox for everything.", {("i|use for everything", "Firefox")}),
        ("I named the canary after Verdi.", {("i|name canary after", "Verdi")}),
        ("My daughter was born on 3 March 2019 in Lille.",
         {("daughter|birthday", "3 March 2019"), ("daughter|birthplace", "Lille")}),
        ("My ex-husband kept the dog, Rufus.", {("dog|name", "Rufus")}),
        # What the other half of the sentence is about.
        ("I've changed dentists, and the new one is called Dr Quastow.", {("dentist|name", "Dr Quastow")}),
        ("My old address was Kirkgate 4; the new one is Harbour Row 17.",
         {("old address|name", "Kirkgate 4"), ("address|name", "Harbour Row 17")}),
        ("We got a hamster and the kids named her Toffee.", {("hamster|name", "Toffee")}),
        ("We dropped our daughter off at Quillmere, that's her school.", {("daughter school|name", "Quillmere")}),
        ("If you ask me, taleggio beats them all, it's my favourite cheese.", {("i|favourite cheese", "taleggio")}),
        ("We have two rabbits, Juno and Mabel.", {("two rabbits|name", "Juno and Mabel")}),
        ("I've got a hamster, he's called Peanut.", {("hamster|name", "Peanut")}),
        # What was given up for what.
        ("I switched from tea to coffee.", {("i|switch to", "coffee")}),
        ("We swapped Slack for Zulip at the office and there's no going back.",
         {("i|switch to at the office", "Zulip")}),
        ("I left Kessler & Roth, I'm at Novaterra now.", {("i|employer", "Novaterra")}),
        # How it came about is not the value; what is kept somewhere is.
        ("After years of taking the bus I now drive a Borgward.", {("i|vehicle", "Borgward")}),
        ("The spare key lives under the blue flowerpot.", {("spare key|live under", "blue flowerpot")}),
        ("My sister is over the moon, she's now officially a luthier.", {("sister|job", "luthier")}),
        ("My dog's name is Rex, right?", set()),
        ("From the novel: 'I was born in Bombay, and my father was a clerk.'", set()),
        ("We never really settled on a name for the boat.", set()),
    ],
)  # fmt: skip
def test_the_right_value_of_the_right_owner(text: str, facts: set[tuple[str, str]]) -> None:
    assert {(f.key, f.value) for f in active(text)} == facts


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("My aunt had a baby. They named him Oscar.", "aunt|name"),
        ("My mum was out, so I called her Friday.", "mother|name"),
        ("I called the plumber Thursday.", "plumber|name"),
        ("dad jokes are my thing", "father|name"),
        ("ms word is my editor", "editor|name"),
        ("My boyfriend, Swedish, cooks.", "boyfriend|name"),
        ("We have two exams, Maths and Physics.", "two exams|name"),
        ("I sold my car, a Toyota.", "car|name"),
        ("I quit my job, a Deliveroo gig.", "job|name"),
        ("My boss replaced me with an AI.", "manager|switch to"),
        ("We exchanged vows by the sea.", "i|switch to"),
        ("My dog is not allowed on the sofa.", "dog|avoid"),
        ("Hell is what we call the kitchen.", "kitchen|name"),
        ("Being a kid, I never understood that.", "i|be"),
        ("Shoe size matters.", "shoe size|is"),
        ("I left the car at home, now I am at Heathrow.", "i|employer"),
        ("I can't eat anything with a fork today.", "i|avoid"),
        ("I replaced the hamster. The new one is called Peanut.", "the|name"),
        ("My day starts with a Red Bull.", "day|employer"),
        ("My sofa takes up the whole room.", "sofa|take up"),
        ("My sister studies in Leeds, that's her dream.", "sister dream|name"),
        ("Netflix has been my friend for weeks.", "friend|name"),
        ("My favourite film? Depends on the mood.", "i|favourite film"),
        ("There is a fly in my soup.", "soup|there is"),
        ("The vase was smashed by my son.", "vase|was smashed by"),
        ("The river runs through the city.", "river|run through"),
        ("I'm building a fire.", "i|am building"),
        ("I sit in a cafe.", "i|sit in"),
        ("My project is on track.", "project|be on"),
        ("The cat is a liar.", "cat|be"),
        ("Apparently my boss moved to Berlin.", "manager|home"),
    ],
)
def test_what_only_looks_like_a_telling_is_none(text: str, key: str) -> None:
    assert key not in {f.key for f in active(text)}


def test_a_quote_in_front_leaves_what_follows_it() -> None:
    facts = active('"Home is where the heart is, they say", my sister lives in Oslo.')
    assert [(f.key, f.value) for f in facts] == [("sister|home", "Oslo")]


def test_a_second_half_keeps_its_voice() -> None:
    said = [f.statement for f in active("I was born in Porto but raised in Paris.")]
    assert said == ["You were born in Porto.", "You were raised in Paris."]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2014 Honda Civic", "name"),
        ("a 1930 house", "name"),
        ("2014", "date"),
        ("2014 or 2015", "date"),
        ("half past ten", "time"),
        ("a quarter to seven in the morning", "time"),
        ("six o'clock", "time"),
        ("ten to twelve people", "number"),
        ("five to ten years", "number"),
        ("2000 bricks", "number"),
        ("3 March 2019", "date"),
    ],
)
def test_years_times_and_numbers_are_told_apart(text: str, kind: str) -> None:
    assert value_type(text) == kind


def test_a_fact_is_one_statement() -> None:
    texts = [json.loads(x)["user"] for x in (DATA / "stranger_turns.jsonl").read_text(encoding="utf-8").splitlines()]
    for text in texts:
        for fact in active(text):
            assert not re.search(r",? (?:and|but|so) (?:he|she|it|they) [a-z]", fact.statement), fact.statement


@pytest.mark.parametrize(
    ("sentence", "relation", "statement"),
    [
        ("I'm a vegetarian.", "diet", "You are a vegetarian."),
        ("I mostly program in Rust.", "tool", "You mostly program in Rust."),
        ("I am a librarian.", "job", "You are a librarian."),
    ],
)
def test_what_ends_like_a_job_or_is_typed_into_an_editor_is_not_always_one(
    sentence: str, relation: str, statement: str
) -> None:
    (fact,) = told(sentence).facts
    assert (fact.relation, fact.statement) == (relation, statement)
    assert "editor" not in answer_of(fact)
