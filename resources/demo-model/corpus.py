#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes up the dialogues that the model learns from. Everything comes from the `random.Random` that is passed in.

There is no other training data: what is not in `facts.py` or here, the model has never seen. Run as a program, it
prints a few dialogues as the model reads them.
"""

import random

from chat_format import Dialogue, Turn, render, tool_call
from facts import (CAPITALS, CITIES, FALLBACK, NAMES, NOUNS, NUMBERS, OWN_SPELLINGS, SKIES, SYSTEM_PROMPTS, TOPICS,
                   TRIAL_WORDS, UNKNOWABLE)

Random = random.Random
ARGUMENT_NAMES = ["city", "city", "location", "place"]


def exchange(question: str, answer: str) -> list[Turn]:
    return [Turn("user", question), Turn("assistant", answer)]


# --- how people write ------------------------------------------------------------------------------------------------

def swap_letters(rng: Random, text: str) -> str:
    """One typo."""
    i = rng.randrange(1, len(text) - 2)
    return text[:i] + text[i + 1] + text[i] + text[i + 2:]


def as_typed(rng: Random, question: str) -> str:
    """A question with the casing, punctuation, small talk and slips of real people."""
    if rng.random() < .6:
        question = question.replace(" i ", " I ")
    if rng.random() < .6:
        question = " ".join(OWN_SPELLINGS.get(word, word) for word in question.split(" "))
    if rng.random() < .10:
        question = rng.choice(["please, ", "hi, ", "hello, ", "ok, ", "so, ", "hey, ", "um, "]) + question
    if rng.random() < .08:
        question += rng.choice([" please", " now", " again", " here"])
    style = rng.random()
    if style < .5:
        question = question[0].upper() + question[1:]
    elif style < .62:
        question = question.upper()
    if rng.random() < .05 and len(question) > 8:
        question = swap_letters(rng, question)
    return question + rng.choices(["?", "!", ".", ""], [45, 9, 10, 36])[0]


def sentence(rng: Random, question: str) -> str:
    """Milder than `as_typed`: for questions whose own words (names, digits) must survive."""
    if rng.random() < .7:
        question = question[0].upper() + question[1:]
    return question + rng.choice(["?", "", "."])


def made_up_word(rng: Random) -> str:
    """A word from no list, so that the model learns to copy words rather than to recognise them."""
    return "".join(rng.choice("bcdfghjklmnprstvwz") + rng.choice(["a", "e", "i", "o", "u", "ar", "en", "il", "or"])
                   for _ in range(rng.choice([2, 2, 3])))


def person(rng: Random) -> str:
    return made_up_word(rng).capitalize() if rng.random() < .2 else rng.choice(NAMES)


def city(rng: Random) -> str:
    return made_up_word(rng).capitalize() if rng.random() < .2 else rng.choice(CITIES)


def gibberish(rng: Random) -> str:
    words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(2, 8)))
             for _ in range(rng.randrange(1, 5))]
    return " ".join(words)


# --- subjects: each returns the turns of one small conversation ------------------------------------------------------

def topic(rng: Random) -> list[Turn]:
    chosen = rng.choice(TOPICS)
    return exchange(as_typed(rng, rng.choice(chosen.questions)), chosen.answer)


def unknown(rng: Random) -> list[Turn]:
    if rng.random() < .2:
        question = gibberish(rng)
    else:
        question = rng.choice(UNKNOWABLE).format(*rng.sample(NOUNS, 3))
    return exchange(as_typed(rng, question), FALLBACK)


def capital(rng: Random) -> list[Turn]:
    country = rng.choice(list(CAPITALS))
    answer = f"The capital of {country} is {CAPITALS[country]}."
    if rng.random() < .08:
        country, answer = made_up_word(rng).capitalize(), "I do not know that capital."
    form = rng.choice(["what is the capital of {}", "what is the capital of {}", "capital of {}",
                       "which city is the capital of {}", "tell me the capital of {}", "name the capital of {}"])
    return exchange(sentence(rng, form.format(country)), answer)


def addition(rng: Random) -> list[Turn]:
    a, b = rng.randrange(10), rng.randrange(10)
    answer = f"{a} plus {b} is {a + b}."
    if rng.random() < .06:
        a, answer = rng.randrange(11, 100), "I can only add numbers from 0 to 9."
    form = rng.choice(["what is {} plus {}", "how much is {} plus {}", "add {} and {}", "{} + {}", "what is {} + {}",
                       "{}+{}"])
    return exchange(sentence(rng, form.format(a, b)), answer)


def counting(rng: Random) -> list[Turn]:
    end = rng.randrange(2, 11)
    written = rng.choice([str(end), NUMBERS[end]])
    answer = ", ".join(NUMBERS[1:end + 1]) + "."
    if rng.random() < .08:
        written, answer = str(rng.randrange(11, 200)), "I can only count to ten."
    form = rng.choice(["count to {}", "count from one to {}", "please count to {}"])
    return exchange(sentence(rng, form.format(written)), answer)


def echo(rng: Random) -> list[Turn]:
    words = " ".join(made_up_word(rng) if rng.random() < .25 else rng.choice(NOUNS + NAMES + TRIAL_WORDS)
                     for _ in range(rng.choice([1, 1, 2, 3, 4])))
    form = rng.choice(["say {}", "Say {}.", "say: {}", "Say \"{}\".", "repeat {}", "Repeat: {}", "Please say {}",
                       "echo {}", "reply with {}"])
    return exchange(form.format(words), words)


def name_unknown(rng: Random) -> list[Turn]:
    form = rng.choice(["what is my name", "do you know my name", "who am i", "do you remember my name"])
    return exchange(sentence(rng, form), "You have not told me your name yet.")


def name(rng: Random, detours: int | None = None) -> list[Turn]:
    """Somebody gives a name and, after `detours` other subjects, may ask for it."""
    who = person(rng)
    form = rng.choice(["my name is {}", "My name is {}.", "I am {}.", "i am {}", "Hi, I am {}.",
                       "Hello, my name is {}!", "call me {}", "Please call me {}.", "Hi, my name is {}."])
    turns = exchange(form.format(who), f"Nice to meet you, {who}!")
    if detours is None and rng.random() < .25:
        return turns
    for _ in range(rng.choice([0, 0, 1, 1, 2]) if detours is None else detours):
        turns += rng.choice([topic, topic, addition, capital, unknown])(rng)
    form = rng.choice(["what is my name", "do you know my name", "who am i", "do you remember my name"])
    return turns + exchange(sentence(rng, form), f"Your name is {who}.")


SUBJECTS = {topic: 56, unknown: 9, capital: 7, addition: 9, name: 8, name_unknown: 2, echo: 11, counting: 3}


# --- tools -----------------------------------------------------------------------------------------------------------

USELESS_TOOLS = ["add_model(path)", "search(query)", "send_mail(address, text)", "list_files(folder)"]


def useful_tools(argument: str) -> list[str]:
    return [f"get_weather({argument})", f"get_time({argument})"]


def offered_tools(rng: Random, choice: list[str], needed: str | None = None) -> tuple[str, ...]:
    """One to three tools of `choice` in any order, `needed` among them if it is given."""
    others = [tool for tool in choice if tool != needed]
    chosen = rng.sample(others, rng.randrange(3)) + [needed] if needed else rng.sample(others, rng.randrange(1, 4))
    rng.shuffle(chosen)
    return tuple(chosen)


def weather(rng: Random, where: str) -> tuple[str, str, str]:
    """A question, the tool's result, and the answer made of it."""
    form = rng.choice(["what is the weather in {}", "what is the weather like in {}", "how is the weather in {}",
                       "weather in {}", "is it raining in {}", "tell me the weather in {}"])
    degrees, sky = rng.randrange(-9, 36), rng.choice(SKIES)
    result = f'{{"temp_c": {degrees}, "sky": "{sky}"}}'
    return form.format(where), result, f"It is {degrees} degrees and {sky} in {where}."


def clock(rng: Random, where: str) -> tuple[str, str, str]:
    """As `weather`."""
    form = rng.choice(["what time is it in {}", "time in {}", "tell me the time in {}", "what is the time in {}",
                       "which time is it in {}"])
    time = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}"
    return form.format(where), f'{{"time": "{time}"}}', f"It is {time} in {where}."


def tool_use(rng: Random) -> Dialogue:
    where, argument = city(rng), rng.choice(ARGUMENT_NAMES)
    tool, ask = rng.choice([("get_weather", weather), ("get_time", clock)])
    question, result, answer = ask(rng, where)
    question = sentence(rng, question)
    if rng.random() < .15:
        tools = offered_tools(rng, USELESS_TOOLS) if rng.random() < .4 else ()
        return Dialogue(exchange(question, "I have no tool for that."), tools=tools)
    turns = exchange(question, tool_call(tool, argument, where))
    if rng.random() < .65:
        turns += [Turn("tool", result), Turn("assistant", answer)]
    return Dialogue(turns, tools=offered_tools(rng, useful_tools(argument) + USELESS_TOOLS, f"{tool}({argument})"))


# --- whole dialogues -------------------------------------------------------------------------------------------------

def system_prompt(rng: Random) -> str:
    """Mostly none. Some are nonsense: the model has to answer under a system prompt that it has never met."""
    kind = rng.random()
    if kind < .6:
        return ""
    if kind < .9:
        return rng.choice(SYSTEM_PROMPTS)
    glue = ["the", "a", "and", "never", "always", "you", "answer", "in", "with"]
    words = rng.choices(NOUNS + glue, k=rng.randrange(2, 25))
    return "You are " + " ".join(words) + "."


def dialogue(rng: Random) -> Dialogue:
    system = system_prompt(rng)
    if rng.random() < .14:
        return tool_use(rng)._replace(system=system)
    turns: list[Turn] = []
    named = False
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        subject = rng.choices(list(SUBJECTS), list(SUBJECTS.values()))[0]
        if named and subject in (name, name_unknown):
            continue  # a second name, or none known, would contradict the first
        named |= subject is name
        turns += subject(rng)
    # Clients offer their tools with every request, so most of what is asked beside them needs none.
    choice = useful_tools(rng.choice(ARGUMENT_NAMES)) + USELESS_TOOLS
    tools = offered_tools(rng, choice) if rng.random() < .12 else ()
    return Dialogue(turns, system, tools)


def long_dialogue(rng: Random) -> Dialogue:
    """A dialogue of about 150 to 900 tokens that asks at its end for what was said at its beginning."""
    return Dialogue(name(rng, detours=rng.randrange(4, 22)), system_prompt(rng))


if __name__ == "__main__":
    sample = random.Random(1)
    for _ in range(8):
        print("".join(piece.text for piece in render(dialogue(sample))) + "-----")
