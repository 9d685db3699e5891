# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that it takes to talk to Gatehouse, or to any server with OpenAI's API."""

import json
from typing import Any
from urllib.request import Request, urlopen

GATEHOUSE = "http://127.0.0.1:8000"
TIMEOUT_SECONDS = 60


def post(url: str, body: dict) -> dict:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        return json.load(answer)


def chat(server: str, messages: list[dict], tools: list[dict] | None = None, **options: Any) -> dict:
    """The first choice of the answer, always the most likely one (temperature 0)."""
    body = {"messages": messages, "temperature": 0, "max_tokens": 120, **options}
    if tools:
        body["tools"] = tools
    return post(server + "/v1/chat/completions", body)["choices"][0]
