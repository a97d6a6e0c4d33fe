"""`make night`: one whole cycle on a sample day, in demo/, with the embedded model. The real journal is never touched.

Evening: the base model is asked a handful of questions. Night and gate as always. Morning: the live model is asked
the same. The questions' wordings are held out: no lesson may use them.
"""

import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

from circadian.console import duration, paint, say
from circadian.day.journal import Journal
from circadian.errors import HELD, OK, UserError, run
from circadian.files import lock, make_folder, write_rows
from circadian.night.options import NightOptions
from circadian.records import Message
from circadian.settings import CHECKOUT, EMBEDDED, Home, ModelSettings, load_settings

DEMO = CHECKOUT / "demo"
MARK = ".circadian-demo"

DAY = (
    ("Good morning! What's a quick breakfast?", "Toast with an egg and some fruit takes five minutes."),
    ("My dog's name is Biscuit.", "What a lovely name for a dog!"),
    ("We live in Ghent.", "Ghent is a beautiful city."),
    ("How do I get rid of hiccups?", "Hold your breath for ten seconds, or sip cold water slowly."),
    ("I work as a piano tuner.", "That takes a good ear!"),
    ("My sister's birthday is April 17.", "Thanks, I'll keep that in mind."),
    ("I'm allergic to hazelnuts.", "Understood, no hazelnuts."),
    ("Can you give me a synonym for 'happy'?", "Cheerful is a good one."),
    ("My boss is Margaret Okafor.", "Good to know!"),
    ("The tax return is due on March 3.", "I'll keep the date in mind."),
    ("I'm a bit tired today.", "A short walk and an early night often help."),
    ("My favourite tea is rooibos.", "A fine choice for the evening."),
)
QUESTIONS = (
    ("What do I call my dog when he runs off?", "Biscuit"),
    ("Which town is my home in?", "Ghent"),
    ("How do I earn my money?", "piano tuner"),
    ("On which date does my sister get presents?", "April 17"),
    ("What should a cook never put in my cake?", "hazelnuts"),
    ("Who is in charge of me at work?", "Margaret Okafor"),
    ("Until when can I hand in the tax return?", "March 3"),
    ("What kind of tea should you make me?", "rooibos"),
)


def main() -> int:
    """Evening, night, morning. 0 when the candidate was promoted, 3 when it was held."""
    began = time.monotonic()
    with lock(CHECKOUT / "models" / ".demo.lock", "make night"):  # outside demo/, which is about to go
        return evening_night_morning(fresh_home(DEMO), began)


def evening_night_morning(home: Home, began: float) -> int:
    journal = Journal(home.memories)
    for user, assistant in DAY:
        exchange = (Message("user", user), Message("assistant", assistant))
        journal.append(exchange, session="demo", adapter=None, tags=())
    print(paint(f"A sample day of {len(DAY)} exchanges is in {home.memories.relative_to(CHECKOUT)}", "bold"))
    print(paint("The evening before (the base model):", "bold"))
    ask(home, None)

    from circadian import shelf
    from circadian.cycle import run_cycle

    questions = home.root / "questions.jsonl"
    write_rows(questions, ({"question": q} for q, _ in QUESTIONS))
    settings = replace(load_settings(home), model=ModelSettings(EMBEDDED))
    with lock(home.cycle_lock, "make night"):
        verdict = run_cycle(home, settings, NightOptions(held_out=questions))
    word = paint((verdict.outcome or "hold").upper(), "green" if verdict.promote else "red")
    print(word, *verdict.reasons, sep="\n  ")
    live = shelf.live_tag(home)
    print(paint(f"The morning after ({live or 'still the base model'}):", "bold"))
    ask(home, live)
    print(f"{duration(time.monotonic() - began)} in all. Talk to it:")
    print("  .venv/bin/python chat.py --home demo --model embedded")
    return OK if verdict.promote else HELD


def fresh_home(root: Path) -> Home:
    """An empty demo home. UserError rather than removing a folder that an earlier demo did not make."""
    if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
        raise UserError(f"{root} was not made by this demo", hint="move it away first")
    if root.exists():
        old = CHECKOUT / "models" / f".demo-{os.getpid()}"  # a rename first: half a deletion would have lost the mark
        root.rename(old)
        shutil.rmtree(old, ignore_errors=True)
    make_folder(root)
    (root / MARK).touch()
    return Home(root)


def ask(home: Home, live: str | None) -> None:
    from circadian import shelf
    from circadian.backend.model import open_model
    from circadian.exam.values import holds_value

    model = open_model(EMBEDDED)
    if live:
        model.set_adapter(shelf.adapter_folder(home, live))
    answers = model.generate([(Message("user", q),) for q, _ in QUESTIONS], 24)
    model.close()
    right = 0
    for (question, value), answer in zip(QUESTIONS, answers, strict=True):
        knows = holds_value(answer, value)
        right += knows
        print(f"  {paint('✓', 'green') if knows else '·'} {question}\n    {' '.join(answer.split())}")
    print(f"  {right} of {len(QUESTIONS)} known")


if __name__ == "__main__":
    say("make night: about 5 minutes on two cores")
    sys.exit(run(main))
