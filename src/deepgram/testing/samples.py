"""What is said in the checks of transports."""

from __future__ import annotations

from collections.abc import Sequence

from .peer import Flood, Frame

FRAMES: list[Frame] = [
    '{"type": "KeepAlive"}',
    b"\0\1\xfe\xff" * 160,
    '{"text": "Grüße, 你好, 🎙"}',
    b'{"audio": "that could be text"}',
    b"\x7b\x22 and no JSON",
    b"\x80",
]
LARGE: list[Frame] = ['{"long": "' + "é" * 500_000 + '"}', bytes(range(256)) * 4096]
FLOOD = Flood(1024, 64 * 1024)
"""More than any buffers on the way may hold: 64 MiB."""
RESULTS = (
    '{"type": "Results", "channel_index": [0, 1], "duration": 0.04, "start": 0.0, "is_final": true, '
    '"speech_final": false, "channel": {"alternatives": [{"transcript": "hello", "confidence": 1.0, "words": []}]}, '
    '"metadata": {"request_id": "r", "model_info": {"name": "n", "version": "v", "arch": "a"}, "model_uuid": "m"}}'
)
METADATA = (
    '{"type": "Metadata", "transaction_key": "deprecated", "request_id": "r", "sha256": "s", '
    '"created": "2026-01-01T00:00:00Z", "duration": 0.04, "channels": 1}'
)


def same(found: Sequence[object], wanted: Sequence[object]) -> None:
    """Raise ``AssertionError`` with the first difference, types included."""
    for place, (one, other) in enumerate(zip(found, wanted, strict=False)):
        assert type(one) is type(other), f"frame {place} is {type(one).__name__}, not {type(other).__name__}"
        assert one == other, f"frame {place} is {str(one)[:80]!r}, not {str(other)[:80]!r}"
    assert len(found) == len(wanted), f"{len(found)} frames came instead of {len(wanted)}"
