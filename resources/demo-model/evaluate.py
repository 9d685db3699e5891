#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the demo model through a running server: how much of fresh, unseen dialogues it answers word for word.

With --questions it asks the committed questions instead, and fails unless each is answered exactly. With --format it
checks, against a llama-server, that the server renders and tokenises dialogues as the training did.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

import corpus
from chat_format import ANSWER_PROMPT, CALL_END, CALL_START, Dialogue, Turn, prompt, render
from client import GATEHOUSE, chat, post
from tokenizer import Tokenizer

SEED = 424242  # not the seed of the training
SHOWN_MISTAKES = 20
QUESTIONS = Path(__file__).with_name("questions.json")


# --- from the corpus's dialogues to the API's messages ---------------------------------------------------------------

def as_tool(signature: str) -> dict:
    name, arguments = signature.rstrip(")").split("(")
    properties = {argument: {"type": "string"} for argument in arguments.split(", ")}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": {
        "type": "object", "properties": properties, "required": list(properties)}}}


def as_message(turn: Turn) -> dict:
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": "call_1", "content": turn.text}
    if not turn.text.startswith(CALL_START):
        return {"role": turn.role, "content": turn.text}
    call = json.loads(turn.text[len(CALL_START):-len(CALL_END)])
    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    tool_calls = [{"id": "call_1", "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": tool_calls}


def as_request(dialogue: Dialogue) -> dict:
    system = [{"role": "system", "content": dialogue.system}] if dialogue.system else []
    return {"messages": system + [as_message(turn) for turn in dialogue.turns],
            "tools": [as_tool(signature) for signature in dialogue.tools]}


def said(message: dict) -> str | dict:
    """What a message says: its text, or the tool call it makes."""
    if not message.get("tool_calls"):
        return message["content"]
    function = message["tool_calls"][0]["function"]
    return {"tool_call": {"name": function["name"], "arguments": json.loads(function["arguments"])}}


# --- scores ----------------------------------------------------------------------------------------------------------

class Kind(NamedTuple):
    dialogues: int
    make: Callable[[random.Random], Dialogue]


def of_turns(subject: Callable[[random.Random], list[Turn]]) -> Callable[[random.Random], Dialogue]:
    return lambda rng: Dialogue(subject(rng))


KINDS = {
    "topics": Kind(200, of_turns(corpus.topic)),
    "unknown": Kind(60, of_turns(corpus.unknown)),
    "capitals": Kind(60, of_turns(corpus.capital)),
    "sums": Kind(100, of_turns(corpus.addition)),
    "counting": Kind(40, of_turns(corpus.counting)),
    "echo": Kind(60, of_turns(corpus.echo)),
    "names": Kind(60, of_turns(corpus.name)),
    "tools": Kind(60, corpus.tool_use),
    "mixed": Kind(60, corpus.dialogue),
    "long": Kind(20, corpus.long_dialogue),
}


def answers_wanted(dialogue: Dialogue) -> Iterator[tuple[Dialogue, Turn]]:
    """Each answer of a dialogue, with what stands before it."""
    for i, turn in enumerate(dialogue.turns):
        if turn.role == "assistant":
            yield dialogue._replace(turns=dialogue.turns[:i]), turn


def score(server: str) -> None:
    rng = random.Random(SEED)
    mistakes = []
    for name, kind in KINDS.items():
        right = asked = 0
        for _ in range(kind.dialogues):
            for before, wanted in answers_wanted(kind.make(rng)):
                answer = said(chat(server, **as_request(before))["message"])
                asked += 1
                if answer == said(as_message(wanted)):
                    right += 1
                else:
                    mistakes.append(f"{name}: {before.turns[-1].text!r} -> {answer!r}, not {wanted.text!r}")
        print(f"{name:10} {right:4} of {asked}", flush=True)
    rng.shuffle(mistakes)
    print(f"\n{len(mistakes)} mistakes, for example:", *mistakes[:SHOWN_MISTAKES], sep="\n  ")


# --- checks ----------------------------------------------------------------------------------------------------------

def check_questions(server: str) -> bool:
    """Prints beside each question how sure the model was of its least sure token.

    A low figure is a test that may break on another processor, where sums are rounded differently.
    """
    passed = True
    for case in json.loads(QUESTIONS.read_text()):
        choice = chat(server, case["messages"], case.get("tools"), logprobs=True)
        answer = said(choice["message"])
        right = answer == case["expect"]
        passed &= right
        log_probabilities = [token["logprob"] for token in (choice.get("logprobs") or {}).get("content") or []]
        surety = f"{math.exp(min(log_probabilities)):.2f}" if log_probabilities else "   -"
        print(f"{'pass' if right else 'FAIL'}  {surety}  {case['name']}" + ("" if right else f": {answer!r}"))
    return passed


def check_format(server: str, run: Path) -> bool:
    tokenizer = Tokenizer(json.loads((run / "tokenizer.json").read_text())["merges"])
    rng = random.Random(SEED)
    for _ in range(300):
        dialogue = corpus.dialogue(rng)
        dialogue = dialogue._replace(turns=dialogue.turns[:-1])  # a last answer would be one to continue
        text = prompt(dialogue)
        rendered = post(server + "/apply-template", as_request(dialogue))["prompt"]
        if rendered != text:
            print(f"rendered differently:\n{rendered}\n--- not ---\n{text}")
            return False
        tokens = post(server + "/tokenize", {"content": text, "parse_special": True})["tokens"]
        pieces = [piece.text for piece in render(dialogue)] + [ANSWER_PROMPT]  # the training tokenises piece by piece
        wanted = [token for piece in pieces for token in tokenizer.encode(piece)]
        if tokens != wanted:
            print(f"tokenised differently: {text!r}")
            return False
    print("300 dialogues rendered and tokenised alike")
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default=GATEHOUSE)
    parser.add_argument("--questions", action="store_true", help=f"ask {QUESTIONS.name}")
    parser.add_argument("--format", type=Path, metavar="RUN", help="compare with llama-server's template and tokenizer")
    options = parser.parse_args()
    if options.questions:
        sys.exit(not check_questions(options.server))
    if options.format:
        sys.exit(not check_format(options.server, options.format))
    score(options.server)


if __name__ == "__main__":
    main()
