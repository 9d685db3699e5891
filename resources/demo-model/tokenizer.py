# SPDX-License-Identifier: GPL-3.0-or-later
"""Byte-level byte-pair encoding as GPT-2 does it: llama.cpp's tokenizer model "gpt2" with pre-tokenizer "gpt-2"."""

import re
from collections import Counter
from typing import Iterable

from chat_format import SPECIAL_TOKENS

# llama.cpp's gpt-2 splitting, in the words of Python's `re`, which has no \p{L} and \p{N}.
WORD = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
SPECIAL = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for each byte: itself where it is visible, else a letter from U+0100 on."""
    visible = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(256 + hidden.index(byte)) for byte in range(256)]


BYTE_SYMBOLS = byte_symbols()


def symbols(word: str) -> tuple[str, ...]:
    return tuple(BYTE_SYMBOLS[byte] for byte in word.encode())


def merged(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """`word` with every occurrence of `pair` made one symbol, from the left."""
    out, i = [], 0
    while i < len(word):
        if word[i:i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


class Tokenizer:
    """Token ids: 0–255 the bytes, then what the merges make, in their order, then the special tokens."""

    def __init__(self, merges: list[str]):
        self.merges = merges
        # Two merges can make the same token ("a bc" and "ab c"), which has one id all the same.
        made = dict.fromkeys(merge.replace(" ", "") for merge in merges)
        self.tokens = BYTE_SYMBOLS + list(made) + SPECIAL_TOKENS
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self._rank = {tuple(merge.split(" ")): i for i, merge in enumerate(merges)}
        self._known_words: dict[str, list[int]] = {}

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> "Tokenizer":
        """Learns merges, the most frequent pair first, until there are `size` tokens."""
        counts = Counter(symbols(word) for text in texts for part in SPECIAL.split(text) if part not in SPECIAL_TOKENS
                         for word in WORD.findall(part))
        merges: list[str] = []
        made: set[str] = set()
        while len(BYTE_SYMBOLS) + len(made) + len(SPECIAL_TOKENS) < size:
            pairs: Counter = Counter()
            for word, count in counts.items():
                for pair in zip(word, word[1:]):
                    pairs[pair] += count
            best = min(pairs, key=lambda pair: (-pairs[pair], pair))  # ties by text, so that every run learns the same
            merges.append(" ".join(best))
            made.add("".join(best))
            regrouped: Counter = Counter()
            for word, count in counts.items():
                regrouped[merged(word, best) if best[0] in word else word] += count
            counts = regrouped
        return cls(merges)

    def _encode_word(self, word: str) -> list[int]:
        parts = symbols(word)
        while len(parts) > 1:
            pair = min(zip(parts, parts[1:]), key=lambda pair: self._rank.get(pair, len(self._rank)))
            if pair not in self._rank:
                break
            parts = merged(parts, pair)
        return [self.ids[part] for part in parts]

    def encode(self, text: str) -> list[int]:
        out = []
        for part in SPECIAL.split(text):
            if part in SPECIAL_TOKENS:
                out.append(self.ids[part])
                continue
            for word in WORD.findall(part):
                if word not in self._known_words:
                    self._known_words[word] = self._encode_word(word)
                out += self._known_words[word]
        return out

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; special tokens as written."""
        byte_of = {symbol: byte for byte, symbol in enumerate(BYTE_SYMBOLS)}
        parts = [self.tokens[i] for i in ids]
        return b"".join(part.encode() if part in SPECIAL_TOKENS else bytes(byte_of[s] for s in part)
                        for part in parts).decode(errors="replace")
