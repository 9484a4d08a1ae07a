"""Messages out of the parts that a stream consists of: text or audio, whole or in pieces; no I/O.

SageMaker marks parts (``DataType``, ``CompletionState``); endpoints that came before the marks do not, and there text
must be told from audio that happens to be valid UTF-8.
"""

from __future__ import annotations

import json

from .errors import TOO_LARGE, ModelFailed

LARGEST = 16 * 1024 * 1024
"""Bytes of one message that is put together from parts."""


class Parts:
    """Puts the messages of one stream together."""

    def __init__(self, path: str, largest: int = LARGEST) -> None:
        """Take the path that was invoked: on those of listening, nothing but text comes back."""
        self._only_text = path.split("/")[-1] == "listen"
        self._largest = largest
        self._held = bytearray()
        self._held_type: str | None = None

    def add(self, data: bytes, data_type: str | None, completion_state: str | None) -> str | bytes | None:
        """Take a part in; return the message that it completes. Raises :class:`ModelFailed` if that is too large."""
        if len(self._held) + len(data) > self._largest:
            raise ModelFailed(f"the endpoint sent a message of more than {self._largest} bytes", code=TOO_LARGE)
        if not self._held and completion_state == "COMPLETE":  # nearly always
            return self._read(data, data_type, whole=True)
        self._held += data
        self._held_type = data_type or self._held_type
        if completion_state == "PARTIAL":
            return None
        joined = bytes(self._held)
        message = self._read(joined, self._held_type, whole=completion_state == "COMPLETE")
        if message is None:
            return None
        self._held.clear()
        self._held_type = None
        return message

    def _read(self, data: bytes, data_type: str | None, *, whole: bool) -> str | bytes | None:
        """Return the message in ``data``; None if it is only the beginning of one."""
        if data_type == "BINARY":
            return data
        if data_type == "UTF8" or self._only_text:
            try:
                text = data.decode()
            except UnicodeDecodeError as error:
                if not whole and error.reason == "unexpected end of data":
                    return None
                return data.decode("utf-8", "replace")
            # Not said to be whole: a message ends with the brace that it began with.
            return None if not whole and text.startswith("{") and not _is_message(text) else text
        # Nothing is said at all: a message is a JSON object. Audio is none, whatever letters it makes.
        if not data.startswith(b'{"'):
            return data
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        return text if _is_message(text) else data


def _is_message(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
