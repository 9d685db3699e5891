#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a running server one thing after the other, as one conversation.

    ./ask.py "My name is Anna." "What is my name?"
"""

import argparse

from client import GATEHOUSE, chat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("say", nargs="+", help="what to say, a turn each")
    parser.add_argument("--server", default=GATEHOUSE)
    options = parser.parse_args()
    messages: list[dict] = []
    for text in options.say:
        messages.append({"role": "user", "content": text})
        messages.append(chat(options.server, messages)["message"])
        print(f"> {text}\n{messages[-1]['content']}")


if __name__ == "__main__":
    main()
