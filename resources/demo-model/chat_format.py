# SPDX-License-Identifier: GPL-3.0-or-later
"""How a conversation becomes the text that the model reads.

Said twice: `render` is what the model is trained on, `CHAT_TEMPLATE` (jinja, embedded in the GGUF) is what a server
applies. They must agree to the last byte; `evaluate.py --format` compares them.
"""

from typing import NamedTuple

END_OF_TEXT, TURN_START, TURN_END, PAD = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"
CALL_START, CALL_END = "<tool_call>", "</tool_call>"
CONTROL_TOKENS = [END_OF_TEXT, TURN_START, TURN_END, PAD]
# These two are part of what the model says, so a server must not hide them as it hides control tokens.
VISIBLE_TOKENS = [CALL_START, CALL_END]
SPECIAL_TOKENS = CONTROL_TOKENS + VISIBLE_TOKENS
ANSWER_PROMPT = f"{TURN_START}assistant\n"


class Turn(NamedTuple):
    role: str  # "user", "assistant" or "tool"
    text: str


class Dialogue(NamedTuple):
    turns: list[Turn]
    system: str = ""
    tools: tuple[str, ...] = ()  # signatures, such as "get_weather(city)"


class Piece(NamedTuple):
    text: str
    learned: bool  # whether the model has to produce this text; the rest is given to it


def tool_call(name: str, argument: str, value: str) -> str:
    return f'{CALL_START}{{"name": "{name}", "arguments": {{"{argument}": "{value}"}}}}{CALL_END}'


def render(dialogue: Dialogue) -> list[Piece]:
    pieces = []
    header = [dialogue.system] if dialogue.system else []
    if dialogue.tools:
        header.append("Tools: " + ", ".join(dialogue.tools))
    if header:
        text = "\n".join(header)
        pieces.append(Piece(f"{TURN_START}system\n{text}{TURN_END}\n", False))
    for role, text in dialogue.turns:
        if role == "assistant":
            pieces += [Piece(ANSWER_PROMPT, False), Piece(text + TURN_END, True), Piece("\n", False)]
        else:
            pieces.append(Piece(f"{TURN_START}{role}\n{text}{TURN_END}\n", False))
    return pieces


def prompt(dialogue: Dialogue) -> str:
    """The whole dialogue, and the invitation to answer it."""
    return "".join(piece.text for piece in render(dialogue)) + ANSWER_PROMPT


# System and developer messages are gathered at the top wherever they stand, because that is the only place where the
# model has met them. Only plain constructs: llama.cpp learns the form of a tool call by rendering the template with
# samples, and gives up on some filters (`default` on an object throws).
CHAT_TEMPLATE = """\
{%- set ns = namespace(header='') -%}
{%- for message in messages -%}
{%- if message['role'] == 'system' or message['role'] == 'developer' -%}
{%- set ns.header = ns.header + ('\\n' if ns.header else '') + message['content'] -%}
{%- endif -%}
{%- endfor -%}
{%- if ns.header or tools -%}
{{- '<|im_start|>system\\n' + ns.header -}}
{%- if tools -%}
{{- ('\\n' if ns.header else '') + 'Tools: ' -}}
{%- for tool in tools -%}
{{- tool['function']['name'] + '(' -}}
{%- if tool['function']['parameters'] and tool['function']['parameters']['properties'] -%}
{%- for name in tool['function']['parameters']['properties'] -%}
{{- name -}}{%- if not loop.last -%}{{- ', ' -}}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- ')' -}}{%- if not loop.last -%}{{- ', ' -}}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message['role'] == 'assistant' -%}
{{- '<|im_start|>assistant\\n' + (message['content'] or '') -}}
{%- if message.tool_calls -%}
{%- for call in message.tool_calls -%}
{{- '<tool_call>{"name": "' + call['function']['name'] + '", "arguments": ' -}}
{{- (call['function']['arguments'] | tojson) + '}</tool_call>' -}}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- elif message['role'] == 'user' or message['role'] == 'tool' -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
