#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a trained run as a GGUF file that llama.cpp loads, and its checksum beside it.

GGUF_PY names the folder gguf-py of a llama.cpp source tree; its package `gguf` does the writing.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

from chat_format import CHAT_TEMPLATE, CONTROL_TOKENS, END_OF_TEXT, PAD, TURN_END, VISIBLE_TOKENS
from network import NORM_EPSILON, ROPE_BASE, Shape
from tokenizer import Tokenizer

sys.path.insert(0, os.environ.get("GGUF_PY", ""))
import gguf  # noqa: E402  it is found only now

NAME = "gatehouse-demo"
DESCRIPTION = "A tiny model that answers questions about Gatehouse, so that a fresh installation has something to say."
CONTEXT = 1024  # as long as the longest row of the training
FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}


def add_identity(writer: gguf.GGUFWriter, parameters: int, file_type: str) -> None:
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("GPL-3.0-or-later")
    writer.add_size_label(f"{parameters / 1e6:.1f}M")
    writer.add_file_type(FILE_TYPES[file_type])


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(ROPE_BASE)


def token_type(token: str) -> gguf.TokenType:
    if token in CONTROL_TOKENS:
        return gguf.TokenType.CONTROL
    return gguf.TokenType.USER_DEFINED if token in VISIBLE_TOKENS else gguf.TokenType.NORMAL


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokenizer.tokens)
    writer.add_token_types([token_type(token) for token in tokenizer.tokens])
    writer.add_token_merges(tokenizer.merges)
    writer.add_bos_token_id(tokenizer.ids[END_OF_TEXT])
    writer.add_eos_token_id(tokenizer.ids[TURN_END])
    writer.add_pad_token_id(tokenizer.ids[PAD])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_tensor(writer: gguf.GGUFWriter, name: str, values: np.ndarray, file_type: str) -> None:
    if values.ndim == 1 or file_type == "f32":  # llama.cpp wants the norms in f32
        writer.add_tensor(name, values)
    elif file_type == "f16":
        writer.add_tensor(name, values.astype(np.float16))
    else:
        q8_0 = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(values, q8_0), raw_dtype=q8_0)


def export(run: Path, target: Path, file_type: str) -> None:
    tokenizer = Tokenizer(json.loads((run / "tokenizer.json").read_text())["merges"])
    shape = Shape(**json.loads((run / "shape.json").read_text()))
    weights = np.load(run / "weights.npz")
    writer = gguf.GGUFWriter(target, "llama")
    add_identity(writer, sum(weights[name].size for name in weights.files), file_type)
    add_shape(writer, shape)
    add_tokenizer(writer, tokenizer)
    for name in weights.files:
        add_tensor(writer, name + ".weight", weights[name], file_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder that train.py wrote")
    parser.add_argument("target", type=Path, help="the .gguf file to write")
    parser.add_argument("--type", choices=FILE_TYPES, default="q8_0")
    options = parser.parse_args()
    export(options.run, options.target, options.type)
    digest = hashlib.sha256(options.target.read_bytes()).hexdigest()
    options.target.with_name(options.target.name + ".sha256").write_text(f"{digest}  {options.target.name}\n")


if __name__ == "__main__":
    main()
