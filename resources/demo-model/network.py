# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: llama.cpp's architecture "llama" in PyTorch, with llama.cpp's names for the tensors.

The output layer is the embedding table again ("tied"), as llama.cpp assumes of a file without `output.weight`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import silu

NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0
MASKED = -1e9


class Shape(NamedTuple):
    vocabulary: int
    width: int = 128
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2  # grouped-query attention: two query heads share one key head
    feed_forward: int = 352

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def rms_norm(x: Tensor, gain: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPSILON) * gain


class Network:
    """Plain tensors and no nn.Module: `parameters` maps llama.cpp's tensor names, less ".weight", to the tensors."""

    def __init__(self, shape: Shape, longest: int):
        """`longest`: how many positions `forward` may be given."""
        self.shape = shape
        self.parameters = self._initial_parameters()
        frequencies = ROPE_BASE ** -(torch.arange(0, shape.head_width, 2).float() / shape.head_width)
        angles = torch.arange(longest).float()[:, None] * frequencies
        self._cos, self._sin = angles.cos()[:, None], angles.sin()[:, None]  # [position, 1 for the heads, pair]

    def _initial_parameters(self) -> dict[str, Tensor]:
        s = self.shape
        kv_width = s.head_width * s.kv_heads
        spread = s.width ** -.5
        damped = 1 / math.sqrt(2 * s.layers)  # each layer adds to the residual stream twice; keep the sum in bounds

        def matrix(rows: int, columns: int, deviation: float) -> Tensor:
            return torch.randn(rows, columns) * deviation

        out = {"token_embd": matrix(s.vocabulary, s.width, .05)}
        for layer in range(s.layers):
            block = f"blk.{layer}."
            out[block + "attn_norm"] = torch.ones(s.width)
            out[block + "attn_q"] = matrix(s.width, s.width, spread)
            out[block + "attn_k"] = matrix(kv_width, s.width, spread)
            out[block + "attn_v"] = matrix(kv_width, s.width, spread)
            out[block + "attn_output"] = matrix(s.width, s.width, spread * damped)
            out[block + "ffn_norm"] = torch.ones(s.width)
            out[block + "ffn_gate"] = matrix(s.feed_forward, s.width, spread)
            out[block + "ffn_up"] = matrix(s.feed_forward, s.width, spread)
            out[block + "ffn_down"] = matrix(s.width, s.feed_forward, s.feed_forward ** -.5 * damped)
        out["output_norm"] = torch.ones(s.width)
        return {name: tensor.requires_grad_() for name, tensor in out.items()}

    def _rotate(self, x: Tensor) -> Tensor:
        """Rotary positions on neighbouring pairs, the kind that llama.cpp applies to this architecture."""
        even, odd = x[..., 0::2], x[..., 1::2]
        cos, sin = self._cos[:x.shape[1]], self._sin[:x.shape[1]]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)

    def _attention(self, block: str, x: Tensor, mask: Tensor) -> Tensor:
        s, p = self.shape, self.parameters
        batch, length, _ = x.shape
        sharing = s.heads // s.kv_heads
        q = self._rotate((x @ p[block + "attn_q"].T).view(batch, length, s.heads, s.head_width)).transpose(1, 2)
        k = self._rotate((x @ p[block + "attn_k"].T).view(batch, length, s.kv_heads, s.head_width)).transpose(1, 2)
        v = (x @ p[block + "attn_v"].T).view(batch, length, s.kv_heads, s.head_width).transpose(1, 2)
        # The queries that share a key head stand in one row: one multiplication instead of a repeated key.
        q = q.reshape(batch, s.kv_heads, sharing * length, s.head_width)
        scores = q @ k.transpose(-1, -2) * s.head_width ** -.5 + mask.repeat(1, 1, sharing, 1)
        mixed = (scores.softmax(-1) @ v).view(batch, s.heads, length, s.head_width)
        return mixed.transpose(1, 2).reshape(batch, length, s.width) @ p[block + "attn_output"].T

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The last hidden states [batch, length, width].

        `ids` [batch, length] are tokens, `mask` [batch, 1, length, length] is added to the attention scores.
        """
        p = self.parameters
        x = p["token_embd"][ids]
        for layer in range(self.shape.layers):
            block = f"blk.{layer}."
            x = x + self._attention(block, rms_norm(x, p[block + "attn_norm"]), mask)
            h = rms_norm(x, p[block + "ffn_norm"])
            x = x + (silu(h @ p[block + "ffn_gate"].T) * (h @ p[block + "ffn_up"].T)) @ p[block + "ffn_down"].T
        return rms_norm(x, p["output_norm"])

    def logits(self, hidden: Tensor) -> Tensor:
        return hidden @ self.parameters["token_embd"].T
