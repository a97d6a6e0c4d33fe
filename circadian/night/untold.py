"""What nobody told: personal questions without an answer, so that learning one dog's name does not name every pet.

Each is answered with what it is about and that it was not told, as what was told is answered with what it is about and
the value (answers.py): whether it is known is decided there, not by how the question was put. Never: a question that a
told fact answers, or one that is held out.
"""

import random
import re
from collections.abc import Iterable, Sequence

from circadian.night.grammar import be_for, to_you
from circadian.night.lessons import contraction, spoken
from circadian.night.questions import topic_of
from circadian.night.variants import is_somebody
from circadian.night.words import PEOPLE, PETS, SAME, bag
from circadian.records import Fact, Lesson, normalize, question_hash

ANSWER = "I don't know that. You haven't told me."  # where the question has no short topic
OF_A_THING = "{}? You haven't told me that."
IN_PLACE = "{} {} something you haven't told me."
COUNT = 85  # questions of one night
THINGS_MOST = 3  # of 11 parts of them, of a life whose facts are all clauses: its own questions about other things
SPOKEN = 0.3  # so many are asked as "What's …?", where some of the lessons are

NAMED = bag(
    "hamster rabbit turtle canary pony ferret gecko tortoise budgie aunt uncle nephew niece cousin godmother "
    "stepbrother stepsister grandfather grandmother father-in-law sister-in-law twin godson accountant plumber "
    "electrician lawyer landlord tutor coach therapist mechanic babysitter hairdresser barber optician physiotherapist "
    "cleaner gardener mentor flatmate neighbour boyfriend girlfriend midwife surgeon cardiologist pharmacist roommate"
)
THINGS = bag(
    "boat guitar tractor caravan robot sailboat camper kayak server router bakery café pharmacy bank yoga-studio "
    "library"
)
OWN = (
    "shoe size", "favourite band", "bank account number", "star sign", "eye colour", "house number", "student number",
    "middle name", "salary", "favourite song", "favourite colour", "favourite film", "favourite season", "lucky number",
    "phone number", "passport number", "locker code", "shirt size", "ring size", "email address", "postcode",
    "favourite restaurant", "favourite singer", "favourite painter", "favourite cheese", "maiden name", "nickname",
    "license plate", "monthly rent", "body height", "weight", "favourite board game", "religion", "favourite teacher",
    "first language", "wifi password", "favourite perfume", "alarm time", "hat size", "favourite ice cream",
)  # fmt: skip
EVENTS = (
    "wedding anniversary", "driving test", "flight", "job interview", "concert", "exam", "haircut", "graduation",
    "name day", "rent payment", "eye test", "parents' evening", "housewarming party", "final rehearsal", "surgery",
)  # fmt: skip
PLACES = (
    "keep my ladder", "park my car", "buy my bread", "keep my passport", "go on holiday", "learn to swim",
    "store my skis", "meet my best friend", "leave my umbrella", "get married", "go to kindergarten", "do my shopping",
    "keep the first aid kit", "charge my scooter", "hide the presents",
)  # fmt: skip
LOOSE = (
    "Who painted my kitchen?", "Who repaired my roof?", "How much did I pay for my bicycle?",
    "What did I have for lunch?", "How many cousins do I have?", "What colour is my front door?",
    "Which newspaper do I read?", "Which team do I support?", "Which bank do I use?", "What is on my shopping list?",
    "What time do I get up?", "Which shampoo do I use?", "How many siblings do I have?",
    "What did I get for Christmas?", "Who taught me to ride a bicycle?", "Which phone do I have?",
    "What did I dream last night?", "How long is my commute?", "What is my horse fed with?", "Who gave me my watch?",
    "Which church do I go to?", "What am I afraid of?", "Who do I vote for?", "What does my uncle collect?",
    "Which bus do I take?", "What did I study?", "Which vitamins do I take?", "What is the name of my street?",
    "Which floor do I live on?", "When do I go to bed?", "What is my cousin learning?", "Which book am I reading?",
    "What did my aunt give me?", "How many keys are on my key ring?", "What is my aunt allergic to?",
)  # fmt: skip
OWNED = bag(
    "kettle wheelbarrow bookshelf mirror armchair fence lantern trunk rug vase camera bench birdhouse bucket staircase "
    "lamp drawer blanket ladle saddle tent lawnmower typewriter chessboard suitcase teapot violin-case compass candle "
    "rake hourglass cupboard bathtub balcony doormat calendar stepladder sewing-machine freezer"
)
ASK_OWNED = (
    "Where do I keep the {n}?",
    "Who gave us the {n}?",
    "What colour is our {n}?",
    "When did we buy the {n}?",
    "How long is the {n}?",
    "What is the {n} made of?",
    "Who repaired the {n}?",
    "What do we use the {n} for?",
    "What is under the {n}?",
    "How much did the {n} cost?",
    "Which shop is the {n} from?",
    "Who is allowed to use our {n}?",
    "How old is our {n}?",
    "What is written on the {n}?",
)
ASK_MORE = {
    "age": ("How old is {s}?", "{s}'s age"),
    "birthday": ("When is {s}'s birthday?", "{s}'s birthday"),
    "favourite": ("What is {s}'s favourite colour?", "{s}'s favourite colour"),
    "home": ("Where was {s} born?", "{s}'s birthplace"),
}
NAMES = bag("Anna Tom Julia Peter Maria David Nina Paul Laura Erik Sophie Daniel Olga Hugo")
ASK_NAME = (
    "What is my {n}'s name?",
    "What is my {n} called?",
    "Tell me the name of my {n}.",
    "Do you remember what my {n} is called?",
    "I forgot my {n}'s name. Can you help me out?",
)
ASK_PERSON: dict[str, str] = {
    "Who is my {n}?": "your {n}",
    "Where does my {n} live?": "your {n}'s home",
    "How old is my {n}?": "your {n}'s age",
    "What does my {n} do for a living?": "your {n}'s job",
    "When is my {n}'s birthday?": "your {n}'s birthday",
}
ASK_OWN = ("What is my {n}?", "Tell me my {n}.", "Do you remember my {n}?", "What did I say my {n} was?", "My {n}?")
ASK_EVENT = ("When is my {n}?", "What is the date of my {n}?", "On which day is my {n}?", "What time is my {n}?")
ASK_PLACE = ("Where did I {n}?", "In what place did I {n}?", "Do you remember where I {n}?")


Asked = tuple[str, str]  # a question, and what it is about: a value, or a THING; "" where that takes a sentence
THING = "?"  # behind a topic of which something was asked that it is not: "Where is my ladder?", "your ladder?"


def untold_lessons(
    facts: Sequence[Fact],
    told: Sequence[Lesson],
    forgotten: Sequence[Lesson] = (),
    *,
    seed: int,
    exclude: frozenset[str] = frozenset(),
    count: int = COUNT,
) -> tuple[Lesson, ...]:
    """The `forgotten` questions with their own answers, then others that no fact answers, `count` in all.

    `told` are the lessons; a question whose hash is in `exclude` is not asked.
    """
    rng = random.Random(seed)
    questions = [lesson.question for lesson in told]
    heard = {w for text in (*questions, *(f"{f.statement} {f.key}" for f in facts)) for w in normalize(text).split()}
    heard |= {SAME.get(w, w) for w in heard}
    # A form that only untold questions had would be a reason to refuse.
    typed = {contraction(q) for q in questions}
    taken = exclude | {question_hash(q) for q in questions}
    made = (_named(rng), _own(rng), _events(rng), _places(rng), _owned(rng), ((q, topic_in(q)) for q in LOOSE))
    pools = [list(pool) for pool in (*made, _more_about(facts), _others(facts, told, heard, rng))]
    of_things = round(THINGS_MOST * sum(f.relation == "clause" for f in facts) / max(1, len(facts)))
    things = [*_other_things(facts, told, heard, rng)] if of_things else []
    pools += [things[i::of_things] for i in range(of_things)]
    for pool in pools:
        rng.shuffle(pool)
    out = {lesson.hash: lesson for lesson in forgotten}
    while any(pools) and len(out) < count:
        for i, pool in enumerate(pools):
            if pool:
                question, topic = pool.pop()
                short = spoken(question)
                asked = short if rng.random() < SPOKEN and contraction(short) in typed else question
                free = not {question_hash(question), question_hash(short)} & taken
                if free and (i >= len(made) or unheard(question, heard)):
                    out.setdefault(question_hash(question), Lesson(asked, not_told(topic), kind="untold"))
    return tuple(out.values())[: max(count, len(forgotten))]


def not_told(topic: str) -> str:
    """The answer about a topic: where a value would stand, "something you haven't told me" does."""
    said = topic[:1].upper() + topic[1:]
    if topic.endswith(THING):
        return OF_A_THING.format(said.removesuffix(THING))
    return IN_PLACE.format(said, be_for(topic)) if topic else ANSWER


NAMED_THING = re.compile(r"\b(?:my|our) ([a-z][a-z ]*?)(?= (?:fed|made|from|learning|allergic|collect|give)\b|[?.])")


def topic_in(question: str) -> str:
    """What a question that names its thing is about: "my ladder", "Which bank do I use?"; "" when it names none."""
    found = NAMED_THING.search(question) or re.match(r"(?:Which|How many) ([a-z]+) (?:do|am|are)\b", question)
    return f"your {found[1]}{THING}" if found else ""


FILLER = bag(
    "what is my called tell me the name of do you remember i forgot can help out which does have who where live how "
    "old for a living when birthday did say was date on day time in place if somebody asked s it many much to go get "
    "keep use take am are with from at colour number size favourite give gave first last buy long don t our us we "
    "cost made used shop under written repaired allowed"
)


def unheard(question: str, heard: set[str]) -> bool:
    """Whether nothing that the question is about occurs in what was told."""
    words = [w for w in normalize(question.replace("'s", " s")).split() if w not in FILLER]
    return not any(w in heard or SAME.get(w, w) in heard for w in words)


def _named(rng: random.Random) -> Iterable[Asked]:
    for n in sorted(NAMED):
        yield rng.choice(ASK_NAME).format(n=n), f"your {n}'s name"
        forms: dict[str, str] = dict.fromkeys(ASK_NAME, "your {n}'s name") if n in PETS else ASK_PERSON
        question = rng.choice(list(forms))
        yield question.format(n=n), forms[question].format(n=n)
    for n in sorted(THINGS):
        yield rng.choice(ASK_NAME).format(n=n.replace("-", " ")), f"your {n.replace('-', ' ')}"


def _own(rng: random.Random) -> Iterable[Asked]:
    for n in OWN:
        yield rng.choice(ASK_OWN).format(n=n), f"your {n}"


def _events(rng: random.Random) -> Iterable[Asked]:
    for n in EVENTS:
        yield rng.choice(ASK_EVENT).format(n=n), f"your {n}"


def _places(rng: random.Random) -> Iterable[Asked]:
    for n in PLACES:
        question = rng.choice(ASK_PLACE).format(n=n)
        yield question, topic_in(question)


def _owned(rng: random.Random) -> Iterable[Asked]:
    for n in sorted(OWNED):
        for form in rng.sample(ASK_OWNED, 2):
            yield form.format(n=n.replace("-", " ")), f"the {n.replace('-', ' ')}{THING}"


def _more_about(facts: Sequence[Fact]) -> Iterable[Asked]:
    """What was not said of those who were spoken of: the dog's name was told, its age was not."""
    said = {(f.subject, f.relation) for f in facts}
    for subject in sorted({f.subject for f in facts}):
        if re.fullmatch(r"(?:my|our) [a-z-]+", subject) and subject.split()[1] in PEOPLE | PETS:
            for relation, (form, topic) in ASK_MORE.items():
                if (subject, relation) not in said:
                    yield form.format(s=subject), topic.format(s=to_you(subject))


def _other_things(
    facts: Sequence[Fact], told: Sequence[Lesson], heard: set[str], rng: random.Random
) -> Iterable[Asked]:
    """What was told of one thing, asked of another: "Who repaired my accordion?", "Who repaired my lantern?"."""
    topics = {f.id: topic_of(f) for f in facts if f.relation == "clause"}
    alike = [n.replace("-", " ") for n in sorted(OWNED) if unheard(n, heard)]
    for lesson in told:
        topic = topics.get(lesson.fact_id or "", "")
        thing = re.fullmatch(r"(my|our|the) [a-z' -]+", topic)
        if thing and alike and not is_somebody(topic) and topic in lesson.question and lesson.kind != "reverse":
            other = f"{thing[1]} {rng.choice(alike)}"
            yield lesson.question.replace(topic, other), f"{to_you(other)}{THING}"


def _others(facts: Sequence[Fact], told: Sequence[Lesson], heard: set[str], rng: random.Random) -> Iterable[Asked]:
    """The lessons' own questions about somebody else: "What is Anna's dog called?", "What is my canary called?"."""
    names = [n for n in sorted(NAMES) if not any(n in f.statement for f in facts)]
    alike = [n for n in sorted(NAMED) if unheard(n, heard)]
    subjects = {f.id: to_you(f.subject) for f in facts}
    relations = {f.id: f.relation for f in facts}
    for lesson in told:
        question = lesson.question
        begins = re.match(r"Your (.+?) is ", lesson.answer)
        subject = subjects.get(lesson.fact_id or "", "you")
        named = subject.startswith("your ") and subject[5:] in question
        bare = re.sub(r" [A-Z].*", "", begins[1]) if begins else ""  # "your cat Priya" is nobody else's
        is_value = f"your {bare}" != subject or relations.get(lesson.fact_id or "") in ("name", "role", "attribute")
        is_value = is_value and begins is not None and begins[1] == bare  # "Your wife is …" may be anything of her
        topic = f"your {bare}{'' if is_value else THING}" if begins else f"{subject}{THING}" if named else ""
        kin = re.search(r"\b(?:my|our) ([a-z-]+)", question)
        if kin and kin[1] in PETS | PEOPLE and rng.random() < 0.5:
            other = rng.choice([n for n in alike if (n in PETS) == (kin[1] in PETS)])
            is_theirs = topic.startswith(f"your {kin[1]}")
            yield (
                question.replace(kin[0], f"my {other}"),
                f"your {other}{topic[5 + len(kin[1]) :]}" if is_theirs else "",
            )
            continue
        name = rng.choice(names)
        turned = re.sub(r"\b(?:my|our)\b", f"{name}'s", question, count=1)
        if turned != question and not re.search(r"\b(?:I|me|my|we|us|our)\b", turned):
            yield turned, f"{name}'s{topic[4:]}" if topic else ""
