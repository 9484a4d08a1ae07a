"""Writes a Whisper model of random weights in the format of CTranslate2: some 200 kB, made in 0.1 s."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 16
SPECIAL = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>"),
    *("<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)


def write_model(folder: Path) -> Path:
    """Write ``model.bin``, its vocabulary and a tokenizer."""
    import tokenizers
    from ctranslate2.specs.whisper_spec import WhisperSpec

    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    words = [f"Ġ{word}" for word in ("it", "was", "the", "best", "of", "times", "worst", "age", "wisdom")]
    times = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    vocabulary = [*letters, *words, *SPECIAL, *times]

    byte_pairs = tokenizers.models.BPE(vocab={token: index for index, token in enumerate(letters + words)}, merges=[])
    tokenizer = tokenizers.Tokenizer(byte_pairs)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([*SPECIAL, *times])
    tokenizer.save(str(folder / "tokenizer.json"))

    spec: Any = WhisperSpec(1, 2, 1, 2)
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (random.standard_normal(shape) * 0.5).astype(np.float32)

    def linear(layer: Any, outputs: int, inputs: int) -> None:
        layer.weight, layer.bias = weights(outputs, inputs), weights(outputs)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(layer: Any, *sizes: int) -> None:
        norm(layer.layer_norm)
        for part, size in zip(layer.linear, sizes, strict=True):
            linear(part, size * WIDTH, WIDTH)

    def feed_forward(layer: Any) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, 4 * WIDTH, WIDTH)
        linear(layer.linear_1, WIDTH, 4 * WIDTH)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weights(WIDTH, 80, 3), weights(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = weights(WIDTH, WIDTH, 3), weights(WIDTH)
    encoder.position_encodings.encodings = weights(1500, WIDTH)
    attention(encoder.layer[0].self_attention, 3, 1)
    feed_forward(encoder.layer[0].ffn)
    norm(encoder.layer_norm)

    embeddings = weights(len(vocabulary), WIDTH)
    # Words must win over the 1501 marks of time together, and over letters, or there would be nothing to read.
    embeddings[len(letters) : len(letters) + len(words)] *= 8
    embeddings[len(letters) + len(words) :] *= 0.02
    decoder.embeddings.weight = decoder.projection.weight = embeddings
    decoder.position_encodings.encodings = weights(448, WIDTH)
    attention(decoder.layer[0].self_attention, 3, 1)
    attention(decoder.layer[0].attention, 1, 2, 1)
    feed_forward(decoder.layer[0].ffn)
    norm(decoder.layer_norm)

    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [vocabulary.index("<|endoftext|>")]
    spec.config.lang_ids = [vocabulary.index("<|en|>")]
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    spec.validate()
    spec.save(str(folder))
    return folder
