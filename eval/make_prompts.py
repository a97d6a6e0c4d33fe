#!/usr/bin/env python
"""Write eval/prompts.jsonl: the starter suite, by seed. Items were never picked by what a model answered; where a
category was all right or all wrong for the embedded model, the kind of question was made harder or easier.

    python eval/make_prompts.py > eval/prompts.jsonl

Every pool holds more than is kept, so that another split can be drawn with the rest. Nothing here asks about the user:
what a night teaches must not be on the exam.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from circadian.errors import run
from circadian.exam.scorers import cheap_trick
from circadian.records import Item

Row = dict[str, Any]
PER_CATEGORY = 18
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]


def arithmetic(rng: random.Random) -> Iterator[Row]:
    """Two in three are generated, with small numbers; the rest are chosen by likelihood among near misses."""
    for n in range(48):
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        prompt, right = [
            (f"What is {a} + {b}?", a + b),
            (f"What is {a + b} - {a}?", b),
            (f"What is {a} times {b % 4 + 2}?", a * (b % 4 + 2)),
            (f"What is {a * 10} plus {b * 10}?", (a + b) * 10),
        ][n % 4]
        if n % 3:
            yield number(prompt, right)
        else:
            near = [right + step for step in rng.sample([-3, -2, -1, 1, 2, 10], 3)]
            yield pick(rng, prompt, str(right), [str(x) for x in (right, *near)], "The answer is {}.")


def number(prompt: str, target: float, tokens: int = 24) -> Row:
    reference = f"The answer is {target}."
    return {"prompt": prompt, "scorer": "numeric", "target": target, "max_tokens": tokens, "reference": reference}


def words(prompt: str, target: str | list[str], tokens: int = 16) -> Row:
    return {"prompt": prompt, "scorer": "contains", "target": target, "max_tokens": tokens}


KNOWLEDGE = """
Which planet is known as the Red Planet?|Mars
What is the largest ocean on Earth?|Pacific
Which gas do plants take in from the air to make food?|carbon dioxide
In which country is the city of Nairobi?|Kenya
What is the chemical formula of water?|H2O
Which metal has the symbol Au?|gold
What is the capital of Portugal?|Lisbon
Which animal is the tallest on land?|giraffe
How many minutes are in an hour?|60;sixty
Who painted the Mona Lisa?|Leonardo;da Vinci
Which language is spoken in Brazil?|Portuguese
What is the capital of Norway?|Oslo
Which organ pumps blood through the body?|heart
In which continent is Egypt?|Africa
What is the hardest natural substance?|diamond
How many sides does a hexagon have?|six;6
Which planet is closest to the Sun?|Mercury
What is frozen water called?|ice
Which country is famous for the Eiffel Tower?|France
What is the currency of Japan?|yen
Who wrote the play Romeo and Juliet?|Shakespeare
What is the capital of Canada?|Ottawa
Which bird is a symbol of peace?|dove
What do caterpillars turn into?|butterflies;butterfly;moth;moths
Which instrument has 88 keys?|piano
What is the longest river in Africa?|Nile
How many strings does a violin have?|four;4
Which month has the fewest days?|February
What is the capital of Turkey?|Ankara
Which blood cells fight infection?|white
What is the boiling point of water in degrees Celsius?|100;one hundred
Which ocean lies between Europe and America?|Atlantic
Who was the first person to walk on the Moon?|Armstrong
What is the main ingredient of bread?|flour;wheat
"""

WORDS = """
What is the opposite of "cheap"?|expensive;costly;pricey
What is the opposite of "ancient"?|modern;new;recent
What is the opposite of "to arrive"?|depart;leave;departure;to leave
What is the opposite of "generous"?|stingy;mean;selfish;greedy;miserly
What is the opposite of "shallow"?|deep
What is the opposite of "to win"?|lose;loss;to lose;defeat
What is the opposite of "noisy"?|quiet;silent;calm
What is the opposite of "rough"?|smooth;soft;gentle
What is the plural of "child"?|children
What is the plural of "goose"?|geese
What is the plural of "knife"?|knives
What is the plural of "tooth"?|teeth
What is the plural of "leaf"?|leaves
What is the plural of "city"?|cities
What is the past tense of "go"?|went
What is the past tense of "bring"?|brought
What is the past tense of "swim"?|swam
What is the past tense of "write"?|wrote
What is the past tense of "teach"?|taught
What is the past tense of "sing"?|sang
Give one word that means the same as "large".|big;huge;enormous;vast;massive;giant;great
Give one word that means the same as "quick".|fast;rapid;swift;speedy
Give one word that means the same as "begin".|start;commence;initiate
Give one word that means the same as "unhappy".|sad;miserable;dissatisfied;discontented;depressed;sorrowful;gloomy
What do you call a young dog?|puppy;pup
What do you call a young cat?|kitten
What do you call a young cow?|calf
What do you call a person who bakes bread?|baker
What do you call a person who flies an airplane?|pilot;aviator
What do you call the place where books are lent?|library
"""


def table(text: str, tokens: int) -> Iterator[Row]:
    for line in text.strip().splitlines():
        question, _, answers = line.partition("|")
        yield words(question, answers.split(";"), tokens)


PEOPLE = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ivy", "Jack"]
PLACES = [
    "the harbor",
    "the museum",
    "the bakery",
    "the station",
    "the library",
    "the market",
    "the school",
    "the park",
]
THINGS = ["a red kite", "a silver key", "an old map", "a blue umbrella", "a wooden box", "a green scarf"]
JOBS = ["baker", "nurse", "farmer", "painter", "teacher", "carpenter", "pilot", "gardener"]


def reading(rng: random.Random) -> Iterator[Row]:
    """Half written, half chosen after two sentences in which each kind of answer occurs twice."""
    for n in range(48):
        one, two = rng.sample(PEOPLE, 2)
        here, there = rng.sample([p.removeprefix("the ") for p in PLACES], 2)
        job, work = rng.sample(JOBS, 2)
        thing, lost, third = rng.sample([t.split(" ", 1)[1] for t in THINGS], 3)
        if n % 2:
            story = f"{one} found a {thing} near the {here}. {two} lost a {lost} at the {there}."
            question, right, slip, outside = [
                (f"Where did {two} lose something?", f"at the {there}", f"at the {here}", "at the hospital"),
                (f"What did {one} find?", f"a {thing}", f"a {lost}", f"a {third}"),
                ("Who lost something?", two, one, "Oliver"),
            ][n // 2 % 3]
            yield pick(rng, f"{story} {question}", right, [right, slip, outside], "{}")
        else:
            question, right, slip, reference = [
                (f"What is {one}'s job?", job, work, f"{one} is a {job}."),
                (f"Who is the {work}?", two, one, f"{two} is the {work}."),
                (f"Where does {one} live?", here, work, f"{one} lives near the {here}."),
            ][n // 2 % 3]
            yield {
                "prompt": f"{one} is a {job} and lives near the {here}. {two} is a {work}. {question}",
                "scorer": "regex",
                "target": f"(?is)^(?!.*[?])(?!.*\\b{slip}\\b).*\\b{right}\\b",
                "max_tokens": 16,
                "reference": reference,
            }


def sequences(rng: random.Random) -> Iterator[Row]:
    """By likelihood: the next number, letter, day or month among near misses."""
    for n in range(48):
        at, step = rng.randint(1, 12), rng.randint(1, 6)
        if n % 4 == 0:
            row, form = [str(at + step * i) for i in range(-3, 8)], "Next comes {}."
        elif n % 4 == 1:
            first = rng.randint(0, 14)
            row, form = [chr(65 + first + i) for i in range(11)], "Next comes {}."
        else:
            names = DAYS if n % 4 == 2 else MONTHS
            first = rng.randrange(len(names))
            row, form = [names[(first + i) % len(names)] for i in range(11)], "Next comes {}."
        shown, right = row[3:6], row[6]
        options = [right, *(x for x in dict.fromkeys([row[7], row[2], row[8], row[1]]) if x not in (right, *shown))][:4]
        yield pick(rng, f"Continue: {', '.join(shown)}", right, options, form)


def copying(rng: random.Random) -> Iterator[Row]:
    """Words of the prompt, all, in an order, or in capitals: chosen among slips, or written."""
    pool = ["river", "candle", "window", "garden", "silver", "button", "pepper", "castle", "rocket", "violin", "marble"]
    for n in range(48):
        one, two, three = rng.sample(pool, 3)
        if n % 6 == 0:
            right, slips = f"{three}, {two}, {one}", [f"{one}, {two}, {three}", f"{three}, {one}, {two}"]
            yield pick(rng, f"Write these words in reverse order: {one}, {two}, {three}", right, [right, *slips], "{}")
        elif n % 6 == 1:
            yield pick(rng, f"Say the last word of this list: {one}, {two}, {three}", three, [one, two, three], "{}")
        elif n % 6 == 2:
            yield pick(rng, f"Say the first word of this list: {one}, {two}, {three}", one, [one, two, three], "{}")
        elif n % 6 == 3:
            right, slips = f"{one} {two} {three}", [f"{one} {three} {two}", f"{two} {one} {three}", f"{one} {two}"]
            yield pick(rng, f"Repeat exactly: {right}", right, [right, *slips], "{}")
        elif n % 6 == 4:
            target = f"\\b{one.upper()}\\b"
            prompt = f"Write the word {one} in capital letters."
            reference = one.upper()
            yield {"prompt": prompt, "scorer": "regex", "target": target, "max_tokens": 16, "reference": reference}
        else:
            target = f"(?i)\\b{one}\\b.*\\b{one}\\b.*\\b{one}\\b"
            yield {
                "prompt": f"Write the word {one} three times.",
                "scorer": "regex",
                "target": target,
                "max_tokens": 16,
                "reference": f"{one} {one} {one}",
            }


LISTS = {
    "fruits": ["Apple", "Pear", "Plum", "Cherry"],
    "colors": ["Red", "Blue", "Green", "Yellow"],
    "animals": ["Dog", "Cat", "Horse", "Cow"],
    "vegetables": ["Carrot", "Onion", "Potato", "Cabbage"],
    "kitchen tools": ["Knife", "Spoon", "Fork", "Pan"],
    "countries": ["France", "Spain", "Japan", "Peru"],
    "sports": ["Football", "Tennis", "Swimming", "Running"],
    "trees": ["Oak", "Pine", "Maple", "Birch"],
    "drinks": ["Water", "Tea", "Coffee", "Milk"],
}


def instructions(rng: random.Random) -> Iterator[Row]:
    things = list(LISTS)
    cities = ["Rome", "Berlin", "Madrid", "Vienna", "Athens", "Dublin", "Prague", "Lisbon"]
    for n in range(40):
        thing, city, count = rng.choice(things), rng.choice(cities), rng.randint(2, 4)
        age, name = rng.randint(20, 70), rng.choice(PEOPLE)
        if n % 4 == 0:
            reference = "\n".join(f"- {one}" for one in LISTS[thing][:count])
            yield {"prompt": f"List exactly {count} {thing} as bullet points.", "scorer": "bullets", "target": count,
                   "max_tokens": 28, "reference": reference}  # fmt: skip
        elif n % 4 == 1:
            target = {"name": name, "age": age}
            yield {"prompt": f'Write a JSON object with the keys "name" and "age" for {name}, aged {age}.',
                   "scorer": "json_keys", "target": target, "max_tokens": 32,
                   "reference": json.dumps(target)}  # fmt: skip
        elif n % 4 == 2:
            yield {"prompt": f"Which of these is a city: bread, {city} or music? Answer with one word only.",
                   "scorer": "regex", "target": f"(?i)^{city}\\W*$", "max_tokens": 8, "reference": city}  # fmt: skip
        else:
            yield {"prompt": f'Write one short sentence about {thing} that ends with the word "today".',
                   "scorer": "regex", "target": "(?i)\\w+ \\w+ today\\W*$", "max_tokens": 32,
                   "reference": f"We talked about {thing} today."}  # fmt: skip


GRAMMAR = """
Between you and me, the food was bad.|Between you and I, the food was bad.
The old dog is lying on the floor.|The old dog is laying on the floor.
She could have come earlier.|She could of come earlier.
The dog hurt its paw.|The dog hurt it's paw.
Each of the boys has a ticket.|Each of the boys have a ticket.
The list of names was long.|The list of names were long.
The number of visitors is growing.|The number of visitors are growing.
A number of visitors are waiting.|A number of visitors is waiting.
Not only did he sing, but he also danced.|Not only he sang, but he also danced.
Hardly had we arrived when it rained.|Hardly we had arrived when it rained.
She suggested that he go home.|She suggested that he goes home.
The friends of the manager that the clerks like are here.|The friends of the manager that the clerks like is here.
The movies the author likes are good.|The movies the author likes is good.
The bottles near the window were green.|The bottles near the window was green.
The nurse that helps the children hurt herself.|The nurse that helps the children hurt themselves.
The skaters said that the coach praised himself.|The skaters said that the coach praised themselves.
The boys that the teacher hates hurt themselves.|The boys that the teacher hates hurt himself.
No student that the teachers know has ever lied.|The student that no teachers know has ever lied.
Whom did you invite to dinner?|Who did you invited to dinner?
There were fewer people than last year.|There were less people than last year.
He plays the guitar well.|He plays the guitar good.
I have never seen anything like it.|I have never seen nothing like it.
The farmer that the pilots admire is tall.|The farmer that the pilots admire are tall.
The senators that the lawyer helps vote often.|The senators that the lawyer helps votes often.
Neither of the answers is correct.|Neither of the answers are correct.
The effect of the storm was small.|The affect of the storm was small.
Who do you think will win?|Who do you think that will win?
He and I went to the market.|Him and me went to the market.
The news from the villages is bad.|The news from the villages are bad.
The team that won the games was proud.|The team that won the games were proud.
It is I who am late.|It is I who is late.
The books that the girl near the doors reads are old.|The books that the girl near the doors reads is old.
If he were here, we would start.|If he was here, we would start.
Some of the water has leaked.|Some of the water have leaked.
The data on the disk need two checks each.|The data on the disk needs two check each.
The chairs behind the table wobble.|The chairs behind the table wobbles.
"""


def grammar(rng: random.Random) -> Iterator[Row]:
    """Likelihood of a sentence against the same with one slip, many with a noun between that misleads."""
    for line in GRAMMAR.strip().splitlines():
        good, bad = line.split("|")
        choices = [good, bad]
        rng.shuffle(choices)
        prompt = "Write one sentence in correct English."
        yield {"prompt": prompt, "scorer": "choice", "target": good, "choices": choices}


COMMONSENSE = """
What should you wear when it is very cold outside?|A warm coat.|Sunglasses.|A swimsuit.|Sandals.
Where do people usually keep milk so that it stays fresh?|In the refrigerator.|In the oven.|Under the bed.|In the car.
What happens to a glass that falls on a stone floor?|It breaks.|It floats.|It sings.|It grows.
What do you use to cut paper?|Scissors.|A spoon.|A pillow.|A candle.
What do you do before crossing a road?|Look both ways.|Close your eyes.|Lie down.|Take off your shoes.
What do you need to open a locked door?|A key.|A fork.|A towel.|A banana.
Where would you look for a fish?|In a lake.|In a tree.|In a drawer.|In a cloud.
What do people do when they are tired?|They sleep.|They melt.|They freeze.|They fly.
What does a dry plant need?|Water.|A hat.|Money.|A phone.
Why do people carry umbrellas?|To stay dry in the rain.|To see at night.|To cook food.|To listen to music.
What would you use to write a letter?|A pen.|A hammer.|A plate.|A rope.
What do you put on a bed?|Sheets.|Tires.|Nails.|Gravel.
What happens when ice is left in the sun?|It melts.|It burns.|It grows.|It barks.
Where do you go to borrow a book?|To the library.|To the gas station.|To the dentist.|To the beach.
What is used to light a dark room?|A lamp.|A carpet.|A spoon.|A shoe.
Who do you call when a house is on fire?|The fire department.|The barber.|The librarian.|The tailor.
What do you do with dirty clothes?|Wash them.|Eat them.|Plant them.|Read them.
What makes bread rise?|Yeast.|Sand.|Ink.|Wool.
What would a thirsty person want?|A glass of water.|A blanket.|A ladder.|A newspaper.
How do you keep soup warm?|Put it on low heat.|Put it in the freezer.|Pour it on the floor.|Blow on it.
What do you use to dry your hands?|A towel.|A knife.|A bucket.|A mirror.
What should a driver do at a red light?|Stop.|Speed up.|Get out.|Honk.
What do you need to ride a bicycle safely?|A helmet.|A teapot.|A necktie.|A pillow.
Where do birds lay their eggs?|In a nest.|In a mailbox.|In a shoe.|In a river.
What do you do when a phone's battery is empty?|Charge it.|Wash it.|Feed it.|Paint it.
What is a good way to put out a candle?|Blow on it.|Add more wax.|Light it again.|Shake the table.
What do you use to eat soup?|A spoon.|A comb.|A pencil.|A brush.
What would you do if you cut your finger?|Put a bandage on it.|Put salt on it.|Clap your hands.|Paint it.
What tells you what time it is?|A clock.|A scale.|A ruler.|A compass.
What do you do if you are late for a train?|Hurry.|Take a nap.|Read a novel.|Bake a cake.
"""


def commonsense(rng: random.Random) -> Iterator[Row]:
    for line in COMMONSENSE.strip().splitlines():
        prompt, right, *others = line.split("|")
        choices = [right, *others]
        rng.shuffle(choices)
        yield {"prompt": prompt, "scorer": "choice", "target": right, "choices": choices}


def reasoning(rng: random.Random) -> Iterator[Row]:
    """Two steps each: order three by two comparisons, follow a move, count what is left."""
    traits = [("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest")]
    for n in range(40):
        a, b, c = rng.sample(PEOPLE, 3)
        more, most, least = rng.choice(traits)
        here, there = rng.sample(PLACES, 2)
        thing = rng.choice(THINGS).split(" ", 1)[1]
        if n % 3 == 0:
            end, right = (most, a) if rng.random() < 0.5 else (least, c)
            facts = [f"{a} is {more} than {b}.", f"{b} is {more} than {c}."]
            rng.shuffle(facts)
            yield pick(rng, f"{' '.join(facts)} Who is the {end}?", right, [a, b, c], "{} is the " + end + ".")
        elif n % 3 == 1:
            prompt = f"{a} took the {thing} from {here} to {there} and left it there. Where is the {thing} now?"
            yield pick(rng, prompt, there, rng.sample([here, there], 2), "It is at {}.")
        else:
            total, gone = rng.randint(6, 12), rng.randint(2, 5)
            prompt = f"{a} has {total} apples. {b} has {gone} fewer. How many apples does {b} have?"
            options = [str(total - gone), str(total + gone), str(total), str(gone)]
            yield pick(rng, prompt, options[0], list(dict.fromkeys(options)), "{} apples.")


def pick(rng: random.Random, prompt: str, right: str, options: list[str], form: str) -> Row:
    rng.shuffle(options)
    choices = [form.format(o) for o in options]
    return {"prompt": prompt, "scorer": "choice", "target": form.format(right), "choices": choices}


CATEGORIES: dict[str, Callable[[random.Random], Iterator[Row]]] = {
    "arithmetic": arithmetic,
    "knowledge": lambda _: table(KNOWLEDGE, 16),
    "words": lambda _: table(WORDS, 16),
    "reading": reading,
    "sequences": sequences,
    "copying": copying,
    "instructions": instructions,
    "grammar": grammar,
    "commonsense": commonsense,
    "reasoning": reasoning,
}


def items(seed: int, per_category: int) -> Iterator[Row]:
    for name, make in CATEGORIES.items():
        rng = random.Random(f"{seed} {name}")
        pool = list({json.dumps([r["prompt"], r["target"]]): r for r in make(rng) if sound(r)}.values())
        rng.shuffle(pool)
        if per_category > len(pool):
            raise ValueError(f"{name} has only {len(pool)} items")
        for n, row in enumerate(pool[:per_category], 1):
            yield {"id": f"{name}-{n:02d}", "category": name, "split": "heldout", **row}


def sound(row: Row) -> bool:
    """Drawn numbers may make the answer the question's last word; the suite would be refused for it."""
    item = Item("", "", row["prompt"], row["scorer"], row["target"], extra={"choices": row.get("choices")})
    return not cheap_trick(item)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the starter suite to stdout.")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other items (default: 0)")
    parser.add_argument("--per-category", type=int, default=PER_CATEGORY, help=f"default: {PER_CATEGORY}")
    args = parser.parse_args(argv)
    for row in items(args.seed, args.per_category):
        print(json.dumps(row, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
