#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the demo model on one processor core.

Writes tokenizer.json, shape.json and weights.npz into a folder, which export_gguf.py reads.
"""

import argparse
import json
import random
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

import corpus
from chat_format import PAD, Dialogue, render
from network import MASKED, Network, Shape
from tokenizer import Tokenizer

VOCABULARY = 1024
TOKENIZER_DIALOGUES = 4000
SHORT_ROW, LONG_ROW = 128, 1024  # tokens
ROW_END = 24  # a row with fewer free tokens than this is full
LONG_EVERY = 8  # one step in so many sees long rows: they cost more, and only they teach to look far back


# --- batches ---------------------------------------------------------------------------------------------------------

class Batch(NamedTuple):
    inputs: Tensor  # [rows, length] token ids
    targets: Tensor  # [rows, length] the id that follows each input
    learned: Tensor  # [rows, length] whether that id is part of an answer
    mask: Tensor  # [rows, 1, length, length] additive: each token sees its own dialogue up to itself


class BatchMaker:
    """Packs as many dialogues as fit into each row of a batch; the last one is cut off at the row's end."""

    def __init__(self, tokenizer: Tokenizer, rng: random.Random, short_rows: int):
        self._tokenizer, self._rng, self._short_rows = tokenizer, rng, short_rows

    def make(self, step: int) -> Batch:
        long = step % LONG_EVERY == LONG_EVERY - 1
        length = LONG_ROW if long else SHORT_ROW
        rows = self._short_rows * SHORT_ROW // length
        ids = np.full((rows, length + 1), self._tokenizer.ids[PAD])
        owner = np.zeros((rows, length + 1), int)  # which dialogue of the row a token belongs to; 0: padding
        learned = np.zeros((rows, length + 1), bool)
        for row in range(rows):
            self._fill(ids[row], owner[row], learned[row], long)
        return self._batch(*map(torch.from_numpy, (ids, owner, learned)))

    def _fill(self, ids: np.ndarray, owner: np.ndarray, learned: np.ndarray, long: bool) -> None:
        used, number = 0, 0
        while used < len(ids) - ROW_END:
            number += 1
            make_up = corpus.long_dialogue if long and number == 1 else corpus.dialogue
            tokens = self._encode(make_up(self._rng))[:len(ids) - used]
            end = used + len(tokens)
            ids[used:end], learned[used:end] = zip(*tokens)
            owner[used:end] = number
            used = end

    def _encode(self, dialogue: Dialogue) -> list[tuple[int, bool]]:
        return [(token, learned) for text, learned in render(dialogue) for token in self._tokenizer.encode(text)]

    @staticmethod
    def _batch(ids: Tensor, owner: Tensor, learned: Tensor) -> Batch:
        length = ids.shape[1] - 1
        same = owner[:, :-1, None] == owner[:, None, :-1]
        visible = same & torch.ones(length, length, dtype=torch.bool).tril()
        return Batch(ids[:, :-1], ids[:, 1:], learned[:, 1:] & (owner[:, 1:] == owner[:, :-1]),
                     torch.where(visible, 0., MASKED)[:, None])


# --- optimiser -------------------------------------------------------------------------------------------------------

class Muon:
    """Momentum whose matrices are made orthogonal before each step (Keller Jordan, "Muon", 2024).

    Matrices of one shape are stacked, since at this size the number of calls costs more than the arithmetic.
    """

    MOMENTUM, DECAY = .95, .05
    NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)

    def __init__(self, matrices: list[Tensor], rate: float):
        self._rate = rate
        self._by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for matrix in matrices:
            self._by_shape.setdefault(matrix.shape, []).append((matrix, torch.zeros_like(matrix)))

    @torch.no_grad()
    def step(self, factor: float) -> None:
        rate = self._rate * factor
        for (rows, columns), group in self._by_shape.items():
            for matrix, momentum in group:
                momentum.mul_(self.MOMENTUM).add_(matrix.grad)
            updates = torch.stack([matrix.grad + self.MOMENTUM * momentum for matrix, momentum in group])
            for (matrix, _), update in zip(group, self._orthogonal(updates)):
                matrix.mul_(1 - rate * self.DECAY).add_(update, alpha=-rate * max(1, rows / columns) ** .5)
                matrix.grad = None

    def _orthogonal(self, x: Tensor) -> Tensor:
        a, b, c = self.NEWTON_SCHULZ
        tall = x.shape[1] > x.shape[2]
        if tall:
            x = x.transpose(1, 2)
        x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
        for _ in range(5):
            square = x @ x.transpose(1, 2)
            x = a * x + (b * square + c * square @ square) @ x
        return x.transpose(1, 2) if tall else x


class Optimiser:
    """Muon for the matrices inside the layers, AdamW for the embedding table and the norms."""

    CLIP = 1.0

    def __init__(self, parameters: dict[str, Tensor], muon_rate: float, adam_rate: float):
        self._all = list(parameters.values())
        self._adam_rate = adam_rate
        gains = [tensor for tensor in self._all if tensor.dim() == 1]
        inner = [tensor for name, tensor in parameters.items() if tensor.dim() == 2 and name != "token_embd"]
        self._muon = Muon(inner, muon_rate)
        self._adam = torch.optim.AdamW([{"params": [parameters["token_embd"]], "weight_decay": .05},
                                        {"params": gains, "weight_decay": 0.}], lr=adam_rate, betas=(.9, .98), eps=1e-9)

    def step(self, loss: Tensor, factor: float) -> None:
        for group in self._adam.param_groups:
            group["lr"] = self._adam_rate * factor
        self._adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._all, self.CLIP)
        self._adam.step()
        self._muon.step(factor)


def rate_factor(step: int, steps: int) -> float:
    """Warm-up over 60 steps, then flat, then down in a line over the last 45 % of the steps."""
    warm_up = min(1., (step + 1) / 60)
    return warm_up * min(1., max(.02, (steps - step) / (steps * .45)))


# --- the run ---------------------------------------------------------------------------------------------------------

def train_tokenizer() -> Tokenizer:
    rng = random.Random(12345)
    texts = (piece.text for _ in range(TOKENIZER_DIALOGUES) for piece in render(corpus.dialogue(rng)))
    return Tokenizer.train(texts, VOCABULARY)


def train(options: argparse.Namespace, tokenizer: Tokenizer) -> Network:
    network = Network(Shape(len(tokenizer.tokens)), LONG_ROW)
    batches = BatchMaker(tokenizer, random.Random(options.seed), options.rows)
    optimiser = Optimiser(network.parameters, muon_rate=.02, adam_rate=4e-3)
    smooth = 0.
    for step in range(options.steps):
        batch = batches.make(step)
        # Logits are computed only where there is something to learn.
        hidden = network.forward(batch.inputs, batch.mask)[batch.learned]
        loss = cross_entropy(network.logits(hidden), batch.targets[batch.learned])
        optimiser.step(loss, rate_factor(step, options.steps))
        smooth = loss.item() if step == 0 else .95 * smooth + .05 * loss.item()
        if step % 50 == 0 or step == options.steps - 1:
            print(f"step {step}  loss {smooth:.4f}  {time.process_time():.0f} s of processor time", flush=True)
    return network


def save(folder: Path, tokenizer: Tokenizer, network: Network) -> None:
    (folder / "tokenizer.json").write_text(json.dumps({"merges": tokenizer.merges}))
    (folder / "shape.json").write_text(json.dumps(network.shape._asdict()))
    np.savez(folder / "weights.npz", **{name: tensor.detach().numpy() for name, tensor in network.parameters.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the run")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=24, help=f"rows of {SHORT_ROW} tokens in a batch")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    tokenizer = train_tokenizer()
    save(options.folder, tokenizer, train(options, tokenizer))


if __name__ == "__main__":
    main()
