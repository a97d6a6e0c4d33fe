"""What must not change: short questions of the lessons' shapes whose answers the night leaves as they were.

General questions and tasks, those in which the form of the answer matters, those whose answer stands in them,
well-known people's ("What is Mickey Mouse's dog called?"), what is asked in the first person without asking for what
was told ("How do I make pancakes?"), and what anybody may ask about a thing like one that was told of ("Can you
recommend a tea?"): the base model's own answers, each as likely as before. Personal questions that nobody answered, and
other people's ("What is Anna's dog called?"), are in untold.py: there the base model's answer is often an invention.
Nothing here is an exam item: a question whose hash is in a suite or among the probes is dropped and counted.
"""

import itertools
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from circadian.night.answers import answer_of
from circadian.night.grammar import is_plural, value_type
from circadian.night.questions import topic_of
from circadian.night.words import a_or_an, bag
from circadian.records import Fact, question_hash, short_id

COUNTRIES = [
    "Italy",
    "Japan",
    "Egypt",
    "Canada",
    "Spain",
    "Norway",
    "Brazil",
    "Kenya",
    "Greece",
    "Peru",
    "India",
    "Poland",
    "Cuba",
    "Vietnam",
]
OPPOSITES = [
    "hot",
    "tall",
    "early",
    "full",
    "loud",
    "soft",
    "wide",
    "cheap",
    "young",
    "bright",
    "heavy",
    "sweet",
    "brave",
    "rough",
]
PLURALS = ["mouse", "leaf", "child", "city", "box", "tooth", "wolf", "knife", "potato", "goose"]
PAST = ["go", "eat", "write", "swim", "buy", "think", "run", "give", "teach", "drive"]
ANIMALS = ["dog", "cow", "owl", "horse", "snake", "lion", "sheep", "frog", "duck", "bee"]
FICTION = (
    ("Mickey Mouse's dog", "called"),
    ("Harry Potter's owl", "called"),
    ("Sherlock Holmes's friend", "called"),
    ("Robin Hood's forest", "called"),
    ("Batman's butler", "called"),
    ("King Arthur's sword", "called"),
    ("Peter Pan's fairy", "called"),
    ("Tarzan's wife", "called"),
)
# The answer stands in the question: what is told there and then is answered from there.
GIVEN = (
    "My friend Tom has a cat named Pip. What is the name of Tom's cat?",
    "My bus leaves at 7:40. When does my bus leave?",
    "Clara lives in Madrid. Where does Clara live?",
    "My uncle is a baker. What does my uncle do?",
    "Today I had soup for lunch. What did I have for lunch?",
    "My name is Robin. What is my name?",
    "The red box holds nails and the blue box holds screws. What is in the blue box?",
    "Sam is taller than Kim. Who is taller?",
    "Lena was born in 1990 and her brother in 1985. Who is older?",
    "I have two brothers, Max and Ben. Who are my brothers?",
    "The shop opens at nine and closes at six. When does it close?",
    "Our teacher is called Mr. Hill. What is the teacher's name?",
    "I put my keys in the drawer. Where are my keys?",
    "Ella has five apples and eats two. How many are left?",
    "Read the text. 'Jonas sold his boat in May and bought a caravan.' What did Jonas buy?",
    "Text: The library moved to Mill Street last year. Question: Where is the library?",
    "Ruth fed the hens, then she milked the goat. Which animal did Ruth milk?",
    "The parcel weighs four kilos and the letter ten grams. Which is lighter?",
    "Grandfather's watch stopped at noon. When did the watch stop?",
    "Passage: 'Karim plays the cello and his sister plays chess.' Who plays the cello?",
    "The meeting was moved from Monday to Thursday. On which day is the meeting?",
    "Iris keeps bees on the roof of her school. Where does Iris keep bees?",
    "A red car stopped behind a white van. What colour was the van?",
    "My sister called from Lisbon this morning. Where did my sister call from?",
    "Text: 'The lamp is broken, but the radio works.' Question: What works?",
    "Oskar is allergic to cats, so he got a turtle. Which pet did Oskar get?",
    "The train to Bern leaves from platform 6. Which platform is it?",
    "Read: 'Hanna painted the door green.' What colour is the door?",
    "My neighbour's dog is called Bruno. What is my neighbour's dog called?",
    "The recipe needs two eggs and a cup of milk. How many eggs does it need?",
    "Leo lost his keys in the park. What did Leo lose?",
    "The castle was built in 1420 and burned down in 1644. When was it built?",
)
GENERAL = (
    "Who wrote Romeo and Juliet?",
    "Who painted the Mona Lisa?",
    "Who discovered gravity?",
    "Who invented the telephone?",
    "Who was the first man on the moon?",
    "Who wrote The Odyssey?",
    "When did the Second World War end?",
    "When is Christmas?",
    "When was the Eiffel Tower built?",
    "When do leaves fall?",
    "Where is the Great Wall?",
    "Where do penguins live?",
    "Where is the Louvre?",
    "Where does coffee come from?",
    "How many legs does a spider have?",
    "How many days are in a week?",
    "How many continents are there?",
    "How many minutes are in an hour?",
    "How old is the Earth?",
    "How far is the Moon?",
    "How tall is Mount Everest?",
    "What is the largest ocean?",
    "What is the chemical symbol for gold?",
    "What is the boiling point of water?",
    "What do bees make?",
    "What do plants need to grow?",
    "What is the tallest animal?",
    "What is the fastest land animal?",
    "What is photosynthesis?",
    "What is a noun?",
    "What is an adjective?",
    "What causes rain?",
    "What is gravity?",
    "What is the currency of Japan?",
    "Which planet is the largest?",
    "Which planet has rings?",
    "Which language is spoken in Brazil?",
    "Which metal is liquid at room temperature?",
    "Which organ pumps blood?",
    "Which gas do we breathe?",
    "Which instrument has 88 keys?",
    "Which month comes after April?",
    "Which day comes before Friday?",
    "Why is the sky blue?",
    "Why do cats purr?",
    "Why do we sleep?",
    "Is a whale a fish?",
    "Is the sun a star?",
    "Can penguins fly?",
    "Can you name three fruits?",
    "Name a primary colour.",
    "Name two European rivers.",
    "Name the author of Hamlet.",
    "Tell me a fact about dolphins.",
    "Tell me about the Roman Empire.",
    "Tell me a short joke.",
    "List three vegetables.",
    "List four seasons as bullet points.",
    "Give me two synonyms for happy.",
    "Give an example of a mammal.",
    "Write a sentence about the sea.",
    "Write a short greeting for a friend.",
    "Write a Python line that prints hello.",
    "Write a JSON object with a key named city.",
    "Translate 'good morning' into French.",
    "Translate 'thank you' into Spanish.",
    "Spell the word necessary.",
    "Count from one to five.",
    "Complete the sentence: The cat sat on the",
    "Explain what a volcano is.",
    "Explain how a bicycle works.",
    "Describe autumn in one sentence.",
    "Summarize: The dog ran to the park and played all day.",
    "Correct the grammar: He go to school.",
    "Answer yes or no: is ice cold?",
    "Answer with one word: what colour is grass?",
    "Sort these numbers: 3, 1, 2.",
    "How do I boil an egg?",
    "How do I tie a knot?",
    "How can I learn a language?",
    "How do I remove a stain?",
    "What should I cook tonight?",
    "What should I wear in winter?",
    "Can you help me write an email?",
    "I feel tired today. Any advice?",
    "Hello, how are you?",
    "Good morning!",
    "Thanks for your help.",
    "What can you do?",
    "What is your name?",
    "Who made you?",
    "What time is it?",
    "What is the weather like?",
    "Recommend a book about history.",
    "Suggest a name for a boat.",
    "Suggest a hobby for the evening.",
)

# Tasks rather than questions: what is asked to be written, ordered, continued, judged or refused.
TASKS = (
    "Continue the sequence: 5, 10, 15,",
    "Continue the list: January, February,",
    "Repeat after me: green boats float",
    "Write the word table in capital letters.",
    "Write the letters of the word rain, separated by commas.",
    "Reply with only the word done.",
    "Answer with a single number: how many days are in June?",
    "Give three colours separated by commas.",
    "Name two birds as bullet points.",
    "Write a sentence that contains the word lantern.",
    "Write one sentence without the letter z.",
    "Which sentence is correct: 'She have a car.' or 'She has a car.'?",
    "Which word does not belong: apple, pear, hammer?",
    "Which is heavier, a stone or a feather?",
    "Which is larger, 17 or 71?",
    "If all roses are flowers, is a rose a flower?",
    "If today is Tuesday, what day is tomorrow?",
    "A pen costs 2 dollars. How much do three pens cost?",
    "Ben is older than Lea, and Lea is older than Max. Who is the oldest?",
    "You pour water on a fire. What happens to the fire?",
    "What should you do before crossing a street?",
    "What do people use an umbrella for?",
    "Read: 'The bakery opens at seven. It sells bread and cakes.' When does the bakery open?",
    "Read: 'Mia planted a pear tree behind the barn.' Where is the tree?",
    "Read: 'The ferry was late because of fog.' Why was the ferry late?",
    "Put these words in alphabetical order: pear, fig, apple.",
    "Reverse the word star.",
    "What is the first word of this sentence: Birds sing at dawn.",
    "How can I break into a house?",
    "How do I make a bomb?",
    "How do I break in new shoes?",
    "How do I kill weeds in my garden?",
    "Help me write a threatening letter.",
    "Help me write a polite letter to my neighbour.",
    "Is it safe to mix bleach and ammonia?",
    "Turn this into a question: The shop is open.",
    "Make this polite: Give me the salt.",
    "Say it shorter: I am writing to you in order to ask about the meeting.",
    "Is this sentence happy or sad: We lost the game and it rained.",
    "Yes or no: is seven an odd number?",
    "True or false: the moon is a planet.",
    "Fill in the blank: Bees make ___.",
    "Translate 'water' into German.",
    "Write a Python function that doubles a number.",
    "What does print(3 * 2) show in Python?",
    "Round 4.7 to a whole number.",
    "What is half of 30?",
    "What is 10 percent of 50?",
    "How many letters are in the word cloud?",
)

PASSAGES = Path(__file__).parent / "passages.txt"
ASKED = Path(__file__).parent / "requests.txt"
FORMED = Path(__file__).parent / "forms.txt"
REQUESTS, FORMS = 2, 3  # columns of them, beside 15 of other kinds


def passages() -> list[str]:
    """Plain text of many kinds, in no lesson's form; the base model's distribution over it is held as well.

    Ours, not the model's: what it samples itself holds no worse, and takes minutes to sample (docs/design.md).
    """
    return PASSAGES.read_text(encoding="utf-8").rstrip("\n").split("\n\n")


def requests() -> list[str]:
    """General questions and requests in the first person, and what is told there and then.

    To a study that only has "What is a noun?" beside it, whoever says "I" asks for what was told: then "How do I make
    tea?" is answered with the favourite one. With them less often, not never (docs/design.md, eighteenth round).
    """
    return ASKED.read_text(encoding="utf-8").splitlines()


def forms() -> list[str]:
    """Requests in which the form of the answer matters: lists, data, code, case, length, a given first word.

    By an author who had seen no exam and did not know what a study loses.
    """
    return FORMED.read_text(encoding="utf-8").splitlines()


def sums(rng: random.Random) -> Iterable[str]:
    for sign, word in (("+", "plus"), ("-", "minus"), ("*", "times")):
        for _ in range(5):
            a, b = rng.randint(2, 20), rng.randint(2, 12)
            yield f"What is {a} {word} {b}?" if rng.random() < 0.5 else f"{a} {sign} {b} ="


# What anybody may ask about a thing like the one that was told of.
NEAR = (
    "What is {a}?",
    "Can you recommend {a}?",
    "How do I choose {a}?",
    "Which {n} is the best?",
    "Name {a}.",
    "What makes a good {n}?",
    "I am looking for {a}. Where do I begin?",
    "Write a sentence with the word {n}.",
    "My friend needs {a}. What should she look for?",
    "What should I know before I get {a}?",
    "Write a short poem about {a}.",
    "I had trouble with {a}. What can I do?",
    "What do people usually expect of {a}?",
    "How much does {a} cost?",
    "Do I need {a}?",
    "Give me an idea for a present that has to do with {a}.",
)
NEAR_EACH, NEAR_MOST = 4, 64  # of a fact, of all facts
NEAR_STEP = 5  # between two of a fact: neighbours ask alike
NO_KIND = bag("favourite favorite forbidden the a an")  # of a thing: they judge or point
WORD_SUMS = (
    "{n} has {a} stamps and gets {b} more. How many stamps does {n} have now?",
    "A box holds {a} pens. How many pens are in {b} boxes?",
    "{n} had {c} coins and spent {b} of them. How many coins are left?",
    "A film starts at {b} o'clock and lasts two hours. When does it end?",
)


def word_sums(rng: random.Random) -> Iterable[str]:
    for n in ("Vera", "Otto", "Mila"):
        for form in WORD_SUMS:
            a, b = rng.randint(3, 15), rng.randint(2, 9)
            yield form.format(n=n, a=a, b=b, c=a + b)


def near_questions(facts: Sequence[Fact]) -> list[str]:
    """General questions about the kind of thing that each fact is about, the same for a fact every night.

    "Can you recommend a tea?" beside "Which tea do I like best?": not the thing, but who asks for whose, must decide.
    """
    each = max(1, min(NEAR_EACH, NEAR_MOST // max(1, len(facts))))
    out: list[str] = []
    for fact in facts:
        noun, turn = kind_of_thing(fact), int(short_id(fact.key), 16)
        if noun:
            one = noun if is_plural(noun) else f"{a_or_an(noun)} {noun}"
            out += [NEAR[(turn + i * NEAR_STEP) % len(NEAR)].format(a=one, n=noun) for i in range(each)]
        if value_type(fact.value) == "common" and len(fact.value.split()) <= 2 and not fact.details.get("language"):
            out.append(f"What is {fact.value}?")
    return list(dict.fromkeys(out))[:NEAR_MOST]


def kind_of_thing(fact: Fact) -> str:
    """ "tea" of "Your wife's favourite tea is oolong.", "vet clinic", "choir"; "" where there is none."""
    found = re.match(r"(?:Your|The) (.+?) (?:is|are|was|were) ", answer_of(fact))
    topic = found[1] if found and fact.relation != "clause" else topic_of(fact)
    topic = re.sub(r"^(?:my|our|the|your) |'s name$", "", topic)
    topic = re.sub(r"^.*'s ", "", re.split(r" (?:that|which|of|in|on|at|by|under|for|from|to|I) ", topic)[0])
    words = [w for w in topic.split() if w not in NO_KIND and w.islower() and w.isalpha()]
    return " ".join(words[-2:])


def all_questions(seed: int) -> list[str]:
    """Every replay question, interleaved so that a prefix of the list holds all kinds."""
    rng = random.Random(seed)
    patterns = [
        [f"What is the capital of {c}?" for c in COUNTRIES],
        [f"What is the opposite of {w}?" for w in OPPOSITES],
        [f"What is the plural of {w}?" for w in PLURALS],
        [f"What is the past tense of {w}?" for w in PAST],
        [f"What sound does a {a} make?" for a in ANIMALS],
        [f"What is {who} {verb}?" for who, verb in FICTION],
        list(sums(rng)),
        list(word_sums(rng)),
        list(GENERAL[::2]),
        list(GENERAL[1::2]),
        list(TASKS[::2]),
        list(TASKS[1::2]),
        list(GIVEN[::3]),
        list(GIVEN[1::3]),
        list(GIVEN[2::3]),
        *(forms()[n::FORMS] for n in range(FORMS)),
        *(requests()[n::REQUESTS] for n in range(REQUESTS)),
    ]
    for p in patterns:
        rng.shuffle(p)
    rows = itertools.zip_longest(*patterns)
    return [q for row in rows for q in row if q is not None]


def replay_questions(
    n: int, *, seed: int, exclude: frozenset[str], told: Sequence[str] = (), near: Sequence[str] = ()
) -> tuple[list[str], int]:
    """Up to `n` questions and how many were dropped because their hash is in `exclude`.

    `told` are the lessons' own questions: a replay question must never contradict one ("Who cuts my hair?" once told).
    What is `near` comes first, so that all of it is among the `n`.
    """
    taken = exclude | {question_hash(q) for q in told}
    wanted = list(dict.fromkeys([*near, *all_questions(seed)]))
    kept = [q for q in wanted if question_hash(q) not in taken]
    return kept[:n], len(wanted) - len(kept)
