"""A made-up person's conversations, without any model: facts of one consistent life, and small talk between them.

The same seed gives the same person and the same conversations on every machine.
"""

import random
from collections.abc import Iterator, Sequence

from circadian.synthetic import people
from circadian.synthetic.check import Exchange

FACTS_OF_TEN = 6  # so many of ten turns tell a fact; the others are small talk
ACKNOWLEDGED = ("Noted: {0}.", "Thanks for telling me. {0}.", "Good to know: {0}.", "Got it. {0}.")


def second_person(text: str) -> str:
    """The user's sentence said back: "I live in York" → "you live in York". For the templates below only."""
    swaps = {"I": "you", "my": "your", "My": "your", "I'm": "you're", "am": "are", "me": "you", "our": "your"}
    return " ".join(swaps.get(word, word) for word in text.rstrip(".").split(" "))


def told(rng: random.Random, *wordings: str) -> Exchange:
    """A fact in one of its wordings, acknowledged by saying it back."""
    said = rng.choice(wordings)
    template = rng.choice(ACKNOWLEDGED)
    back = second_person(said)
    if not template.startswith(("Noted", "Good")):
        back = back[0].upper() + back[1:]
    return Exchange(said, template.format(back))


def date(rng: random.Random) -> str:
    return f"{rng.choice(people.MONTHS)} {rng.randint(1, 28)}"


def own_facts(rng: random.Random, names: Iterator[str]) -> list[Exchange]:
    """What the person tells of themselves: name, home, work, tastes."""
    pick = rng.choice
    name, city, job = next(names), pick(people.CITIES), pick(people.JOBS)
    food, drink, hobby = pick(people.FOODS), pick(people.DRINKS), pick(people.HOBBIES)
    return [
        told(rng, f"My name is {name}.", f"I'm called {name}, by the way."),
        told(rng, f"I live in {city}.", f"I moved to {city} last year and I live there now."),
        told(rng, f"I work as a {job}.", f"My job is {job}."),
        told(rng, f"My birthday is {date(rng)}."),
        told(rng, f"My favourite food is {food}.", f"My favourite meal is {food}."),
        told(rng, f"My favourite drink is {drink}."),
        told(rng, f"My favourite colour is {pick(people.COLOURS)}."),
        told(rng, f"My hobby is {hobby}.", f"My favourite hobby is {hobby}."),
        told(rng, f"I play the {pick(people.INSTRUMENTS)}.", f"I'm learning the {pick(people.INSTRUMENTS)}."),
        told(rng, f"I drive a {pick(people.CARS)}.", f"My car is a {pick(people.CARS)}."),
        told(rng, f"I'm allergic to {pick(people.ALLERGIES)}."),
        told(rng, f"My day off is {pick(people.DAYS)}."),
        told(rng, f"My shoe size is {rng.randint(36, 46)}."),
        told(rng, f"My bus to work is the number {rng.randint(2, 99)}."),
        told(rng, f"My wedding anniversary is {date(rng)}."),
        told(rng, f"I grew up in {pick([c for c in people.CITIES if c != city])}."),
    ]


def pet_facts(rng: random.Random) -> list[Exchange]:
    facts: list[Exchange] = []
    names = rng.sample(people.PET_NAMES, 3)
    for kind, name in zip(rng.sample(people.PETS, 3), names, strict=True):
        facts += [
            told(rng, f"My {kind} is called {name}.", f"My {kind}'s name is {name}."),
            told(rng, f"{name} is {rng.randint(2, 12)} years old."),
            told(rng, f"{name} loves {rng.choice(people.INGREDIENTS)}."),
        ]
    return facts


def diary_facts(rng: random.Random) -> list[Exchange]:
    """Where things are and when things happen."""
    spots = rng.sample(people.SPOTS, len(people.THINGS))
    facts = [
        told(rng, f"My {thing} is {spot}.", f"I keep my {thing} {spot}.")
        for thing, spot in zip(people.THINGS, spots, strict=True)
    ]
    facts += [
        told(rng, f"My {what} is on {date(rng)}.", f"I have my {what} on {date(rng)}.") for what in people.APPOINTMENTS
    ]
    return facts


def person_facts(rng: random.Random, role: str, name: str) -> list[Exchange]:
    """What the person tells of someone they know."""
    pick = rng.choice
    return [
        told(rng, f"My {role} is called {name}.", f"My {role}'s name is {name}."),
        told(rng, f"My {role} lives in {pick(people.CITIES)}."),
        told(rng, f"My {role} {name} works as a {pick(people.JOBS)}.", f"{name} is a {pick(people.JOBS)}."),
        told(rng, f"{name}'s birthday is {date(rng)}.", f"My {role} {name} has a birthday on {date(rng)}."),
        told(rng, f"{name}'s favourite food is {pick(people.FOODS)}."),
        told(rng, f"{name}'s favourite colour is {pick(people.COLOURS)}."),
        told(
            rng, f"{name}'s hobby is {pick(people.HOBBIES)}.", f"{name} spends every weekend on {pick(people.HOBBIES)}."
        ),
        told(rng, f"{name} is allergic to {pick(people.ALLERGIES)}."),
        told(rng, f"{name} drives a {pick(people.CARS)}."),
        told(rng, f"{name} plays the {pick(people.INSTRUMENTS)}."),
        told(rng, f"I meet {name} every {pick(people.DAYS)}.", f"I call {name} every {pick(people.DAYS)}."),
        told(rng, f"{name} moved house in {pick(people.MONTHS)}."),
        told(rng, f"{name} gave me a book about {pick(people.HOBBIES)}."),
        told(rng, f"I borrowed {rng.randint(2, 90)} euros from {name}."),
    ]


def shuffled(rng: random.Random, items: Sequence[Exchange]) -> list[Exchange]:
    return rng.sample(list(items), len(items))


def life(seed: int) -> list[Exchange]:
    """Every fact of one made-up person, their own first, then of the people they know."""
    rng = random.Random(f"life {seed}")
    names = iter(rng.sample(people.NAMES, len(people.NAMES)))
    facts = shuffled(rng, own_facts(rng, names) + pet_facts(rng) + diary_facts(rng))
    for group in (people.RELATIVES, people.FRIENDS):
        facts += shuffled(rng, [fact for role in group for fact in person_facts(rng, role, next(names))])
    return facts


def small_talk(seed: int) -> list[Exchange]:
    """Questions and remarks that tell nothing about the person, with short answers."""
    rng = random.Random(f"talk {seed}")
    pick = rng.choice
    talk = [Exchange(said, answer) for said, answer in GREETINGS]
    for what in people.ACTIVITIES:
        talk += [Exchange(ask.format(what), answer or pick(people.TIPS)) for ask, answer in ACTIVITY_QUESTIONS]
    for what in people.INGREDIENTS:
        talk += [Exchange(ask.format(what), f"You could make {pick(people.DISHES)}.") for ask in INGREDIENT_QUESTIONS]
        talk.append(Exchange(f"Does rice go well with {what}?", f"Yes, rice and {what} taste good with some lemon."))
    for mood in people.MOODS:
        talk += [Exchange(ask.format(mood), answer) for ask, answer in MOOD_REMARKS]
    for kind in people.PETS:
        for colour in people.COLOURS:
            asked = f"What would you call a toy {kind} in {colour}?"
            talk.append(Exchange(asked, f"How about {pick(people.PET_NAMES)}?"))
    return shuffled(rng, talk)


GREETINGS = (
    ("Hello!", "Hello! What is on your mind?"),
    ("Good morning.", "Good morning! I hope you slept well."),
    ("Good night, see you tomorrow.", "Good night! Sleep well."),
    ("Thanks, that helps.", "You're welcome."),
    ("Are you there?", "Yes, I'm here."),
    ("Tell me something nice.", "Someone is probably smiling about something you once said."),
    ("What can you do?", "I can chat, answer questions, and remember what you teach me."),
    ("Can you keep your answers short?", "Yes, I will."),
    ("It has been raining all day.", "A good day for tea and a book, then."),
    ("What should I do on a rainy Sunday?", "Read something, bake something, or take a walk with a good coat."),
    ("I can't decide between tea and coffee.", "Take tea now and coffee after lunch."),
    ("How long should I boil an egg?", "About six minutes for a soft one and ten for a hard one."),
)
ACTIVITY_QUESTIONS = (  # an empty answer is one of the tips
    ("Any tips for {}?", ""),
    ("What is the best first step for {}?", ""),
    ("I keep putting off {}. What helps?", "Set a fixed time, start with ten minutes, and see how far you get."),
    ("Is {} harder than it looks?", "A little, but it gets easier with practice."),
    ("Is {} worth the effort?", "For most people, yes. Try it for two weeks and then decide."),
    ("Who could help me with {}?", "Someone who has done it before; ask around among your friends."),
)
INGREDIENT_QUESTIONS = (
    "What can I cook with {}?",
    "What is a quick dinner with {}?",
    "There was a big bag of {} at the market. Ideas?",
)
MOOD_REMARKS = (
    ("I feel {} today.", "Thanks for saying so. Do you know what brought it on?"),
    ("What should I do when I feel {}?", "Take a short walk first, then decide."),
    ("Is it normal to feel {} on a Monday?", "Yes, many people do."),
    ("Everyone at work seemed {} today.", "Moods are catching. How was your own day?"),
)


def from_templates(seed: int) -> Iterator[Exchange]:
    """Facts and small talk, mixed 6 to 4, until one of them runs out; then the rest of the other."""
    rng = random.Random(f"mix {seed}")
    facts, talk = life(seed), small_talk(seed)
    while facts or talk:
        tell = bool(facts) and (not talk or rng.randrange(10) < FACTS_OF_TEN)
        yield (facts if tell else talk).pop(0)
