"""Writes voices of Piper and Kokoro without training: an ONNX graph that gives each phoneme a tone of its own."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

FLOAT, INT64 = 1, 7
SAMPLES = 800
"""Samples of audio for each phoneme."""


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _value(name: str, kind: int, *shape: str | int) -> bytes:
    dims = b"".join(
        _bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size.encode())) for size in shape
    )
    tensor = _number(1, kind) + _bytes(2, dims)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _constant(name: str, kind: int, shape: tuple[int, ...], raw: bytes) -> bytes:
    dims = b"".join(_number(1, size) for size in shape)
    return dims + _number(2, kind) + _bytes(8, name.encode()) + _bytes(9, raw)


def _node(kind: str, inputs: str, output: str, *attributes: bytes) -> bytes:
    named = b"".join(_bytes(1, name.encode()) for name in inputs.split())
    return named + _bytes(2, output.encode()) + _bytes(4, kind.encode()) + b"".join(_bytes(5, a) for a in attributes)


def _model(tokens: str, others: list[bytes], shape: tuple[int, ...]) -> bytes:
    """Tokens [1, n] in, sin(token * time) for each token out, in ``shape``."""
    ramp = (np.arange(SAMPLES) * 0.004).astype("<f4").tobytes()
    to_float = _bytes(1, b"to") + _number(3, FLOAT) + _number(20, 2)
    nodes = [
        _node("Cast", tokens, "numbers", to_float),
        _node("Unsqueeze", "numbers axis", "column"),
        _node("Mul", "column ramp", "phase"),
        _node("Sin", "phase", "sound"),
        _node("Reshape", "sound shape", "output"),
    ]
    constants = [
        _constant("axis", INT64, (1,), struct.pack("<q", 2)),
        _constant("ramp", FLOAT, (SAMPLES,), ramp),
        _constant("shape", INT64, (len(shape),), struct.pack(f"<{len(shape)}q", *shape)),
    ]
    graph = (
        b"".join(_bytes(1, node) for node in nodes)
        + _bytes(2, b"tones")
        + b"".join(_bytes(5, constant) for constant in constants)
        + b"".join(_bytes(11, value) for value in [_value(tokens, INT64, 1, "n"), *others])
        + _bytes(12, _value("output", FLOAT, *("s" if size < 0 else size for size in shape)))
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 13))


def write_piper(folder: Path, name: str = "en_US-tiny", language: str = "en", speakers: int = 1) -> Path:
    """Write a voice of Piper; return its file."""
    others = [_value("input_lengths", INT64, 1), _value("scales", FLOAT, 3)]
    if speakers > 1:
        others.append(_value("sid", INT64, 1))
    file = folder / f"{name}.onnx"
    file.write_bytes(_model("input", others, (1, 1, -1)))
    signs = "_^$ abcdefghijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒˈˌːθ.,!?;:"
    config = {
        "audio": {"sample_rate": 16000},
        "espeak": {"voice": {"en": "en-us"}.get(language, language)},
        "language": {"family": language},
        "inference": {},
        "num_symbols": len(signs),
        "num_speakers": speakers,
        "phoneme_id_map": {sign: [place] for place, sign in enumerate(signs)},
    }
    Path(f"{file}.json").write_text(json.dumps(config), encoding="utf-8")
    return file


def write_kokoro(folder: Path, *voices: str) -> Path:
    """Write a model of Kokoro with voices of these names; return the folder."""
    others = [_value("style", FLOAT, 1, 256), _value("speed", FLOAT, 1)]
    (folder / "kokoro.onnx").write_bytes(_model("tokens", others, (-1,)))
    with (folder / "voices-tiny.bin").open("wb") as file:
        styles: dict[str, Any] = {name: np.zeros((510, 1, 256), np.float32) for name in voices}
        np.savez(file, **styles)
    return folder
