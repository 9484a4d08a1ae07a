"""AWS event stream messages (``application/vnd.amazon.eventstream``), as SageMaker's streams consist of them.

A message is a prelude (total length, length of the headers, CRC), headers, a payload and a CRC. Read by botocore;
written here, for botocore only reads. Format: smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from datetime import datetime
from zlib import crc32

from botocore.eventstream import EventStreamBuffer, EventStreamMessage, ParserError

FRAMING = 16
"""Bytes of prelude and checksums."""
LARGEST_HEADERS = 128 * 1024
"""Bytes of headers that a message may have (the format's limit)."""
STRING, BYTES, TIMESTAMP = 7, 6, 8


class Malformed(Exception):
    """These bytes are no event stream, or hold a message that is too large."""


def encode(headers: Mapping[str, str | bytes | datetime], payload: bytes = b"") -> bytes:
    """Return a message."""
    described = b"".join(encode_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", FRAMING + len(described) + len(payload), len(described))
    message = b"".join((prelude, struct.pack("!I", crc32(prelude)), described, payload))
    return message + struct.pack("!I", crc32(message))


def encode_header(name: str, value: str | bytes | datetime | int) -> bytes:
    """Return one header; a number is a time in milliseconds since 1970."""
    if isinstance(value, str):
        text = value.encode()
        kind, encoded = STRING, struct.pack("!H", len(text)) + text
    elif isinstance(value, bytes):
        kind, encoded = BYTES, struct.pack("!H", len(value)) + value
    else:
        milliseconds = value if isinstance(value, int) else int(value.timestamp() * 1000)
        kind, encoded = TIMESTAMP, struct.pack("!q", milliseconds)
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!B", kind) + encoded


class Messages:
    """Cuts a stream of bytes into messages. Holds one incomplete message at the most."""

    def __init__(self, largest: int) -> None:
        """Take the largest payload (bytes) that is accepted."""
        self._largest = largest + LARGEST_HEADERS + FRAMING
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[EventStreamMessage]:
        """Take bytes in; yield the messages that are complete. Raises :class:`Malformed`."""
        self._data += data
        while len(self._data) >= 4:
            (length,) = struct.unpack_from("!I", self._data)
            if not FRAMING <= length <= self._largest:
                raise Malformed(f"a message of {length} bytes; {self._largest} are accepted")
            if len(self._data) < length:
                return
            message = bytes(self._data[:length])
            del self._data[:length]
            yield decode(message)


def decode(message: bytes) -> EventStreamMessage:
    """Return what is in one whole message. Raises :class:`Malformed`."""
    buffer = EventStreamBuffer()
    buffer.add_data(message)
    try:
        return next(buffer)
    # What botocore raises for headers that make no sense is whatever unpacking them meets.
    except (ParserError, struct.error, KeyError, ValueError, IndexError, StopIteration) as error:
        raise Malformed(f"no message of an event stream: {error}") from error
