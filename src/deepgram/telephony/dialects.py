"""How telephone providers speak about a call over a WebSocket: JSON messages with audio in base64. Without I/O.

Sources: twilio.com/docs/voice/media-streams/websocket-messages;
developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket;
plivo.com/docs/voice/concepts/audio-streaming
"""

from __future__ import annotations

import base64
import binascii
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, Union


class TelephonyError(Exception):
    """The provider said something that no call begins with, or said nothing; the message says what to do."""


LOWEST_RATE, HIGHEST_RATE = 8000, 48_000
"""Hz."""

# --- What happens in a call -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CallStarted:
    """A call begins."""

    provider: str
    """``twilio``, ``telnyx`` or ``plivo``."""
    stream_id: str
    call_id: str
    encoding: str
    """That of the audio in both directions, by its name at Deepgram: ``mulaw``, ``alaw``, ``linear16``."""
    sample_rate: int
    """Hz."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the program gave the provider to pass on."""

    @property
    def listen_options(self) -> dict[str, Any]:
        """What ``listen.v1.connect`` and ``listen.v2.connect`` are to be told of the audio."""
        return {"encoding": self.encoding, "sample_rate": self.sample_rate}

    @property
    def agent_audio(self) -> dict[str, Any]:
        """The ``audio`` of the settings of an agent."""
        return {"input": self.listen_options, "output": {**self.listen_options, "container": "none"}}


@dataclass(frozen=True)
class Audio:
    """Audio of the call."""

    data: bytes
    track: str = "inbound"
    """``inbound`` is the caller; ``outbound`` what the caller hears."""


@dataclass(frozen=True)
class Digit:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True)
class Marked:
    """Everything that was sent before this mark has been played, or was cleared."""

    name: str


@dataclass(frozen=True)
class CallStopped:
    """The call, or its stream, is over."""


TelephoneEvent: TypeAlias = Union[CallStarted, Audio, Digit, Marked, CallStopped]

# --- The dialects -----------------------------------------------------------------------------------------------------

Message: TypeAlias = dict[str, Any]

_ENCODINGS = {
    "audio/x-mulaw": "mulaw",
    "pcmu": "mulaw",
    "mulaw": "mulaw",
    "audio/x-alaw": "alaw",
    "pcma": "alaw",
    "alaw": "alaw",
    "audio/x-l16": "linear16",
    "l16": "linear16",
    "linear16": "linear16",
}


class Dialect(ABC):
    """What one provider says, and how it is answered."""

    provider: ClassVar[str]

    def __init__(self) -> None:
        self.call: CallStarted | None = None

    def read(self, message: Message) -> TelephoneEvent | None:
        """Return what a message says; None for what does not matter, such as greetings and unknown events."""
        match message.get("event"):
            case "start":
                self.call = self._start(_part(message, "start"), message)
                return self.call
            case "media":
                media = _part(message, "media")
                return Audio(_decoded(media.get("payload")), str(media.get("track", "inbound")))
            case "dtmf":
                return Digit(str(_part(message, "dtmf").get("digit", "")))
            case "stop":
                return CallStopped()
            case _:
                return self._other(message)

    @abstractmethod
    def play(self, audio: bytes) -> Message:
        """Return the message that plays audio to the caller."""

    @abstractmethod
    def mark(self, name: str) -> Message:
        """Return the message that asks to be told when everything so far has been played."""

    @abstractmethod
    def clear(self) -> Message:
        """Return the message that drops what was sent and not yet played."""

    @abstractmethod
    def _start(self, start: Mapping[str, Any], message: Message) -> CallStarted: ...

    def _other(self, message: Message) -> TelephoneEvent | None:
        if message.get("event") == "mark":
            return Marked(str(_part(message, "mark").get("name", "")))
        return None

    @property
    def _stream(self) -> str:
        return "" if self.call is None else self.call.stream_id


class Twilio(Dialect):
    """Twilio: Media Streams (``<Connect><Stream>``)."""

    provider = "twilio"

    def play(self, audio: bytes) -> Message:
        """Return the message that plays audio to the caller."""
        return {"event": "media", "streamSid": self._stream, "media": {"payload": _encoded(audio)}}

    def mark(self, name: str) -> Message:
        """Return the message that asks to be told when everything so far has been played."""
        return {"event": "mark", "streamSid": self._stream, "mark": {"name": name}}

    def clear(self) -> Message:
        """Return the message that drops what was sent and not yet played."""
        return {"event": "clear", "streamSid": self._stream}

    def _start(self, start: Mapping[str, Any], message: Message) -> CallStarted:
        encoding, rate = _format(_part(start, "mediaFormat"))
        stream = str(start.get("streamSid") or message.get("streamSid"))
        return CallStarted(
            self.provider, stream, str(start.get("callSid", "")), encoding, rate, _part(start, "customParameters")
        )


class Telnyx(Dialect):
    """Telnyx: media streaming, bidirectional (``stream_bidirectional_mode: rtp``)."""

    provider = "telnyx"

    def play(self, audio: bytes) -> Message:
        """Return the message that plays audio to the caller."""
        return {"event": "media", "media": {"payload": _encoded(audio)}}

    def mark(self, name: str) -> Message:
        """Return the message that asks to be told when everything so far has been played."""
        return {"event": "mark", "mark": {"name": name}}

    def clear(self) -> Message:
        """Return the message that drops what was sent and not yet played."""
        return {"event": "clear"}

    def _start(self, start: Mapping[str, Any], message: Message) -> CallStarted:
        encoding, rate = _format(_part(start, "media_format"))
        call = str(start.get("call_control_id", ""))
        stream = str(message.get("stream_id") or start.get("stream_id"))
        return CallStarted(self.provider, stream, call, encoding, rate, _part(start, "custom_parameters"))


class Plivo(Dialect):
    """Plivo: audio streaming (``<Stream bidirectional="true">``)."""

    provider = "plivo"

    def play(self, audio: bytes) -> Message:
        """Return the message that plays audio to the caller."""
        call = self.call
        kind = "audio/x-l16" if call is not None and call.encoding == "linear16" else "audio/x-mulaw"
        rate = 8000 if call is None else call.sample_rate
        media = {"contentType": kind, "sampleRate": rate, "payload": _encoded(audio)}
        return {"event": "playAudio", "media": media}

    def mark(self, name: str) -> Message:
        """Return the message that asks to be told when everything so far has been played."""
        return {"event": "checkpoint", "streamId": self._stream, "name": name}

    def clear(self) -> Message:
        """Return the message that drops what was sent and not yet played."""
        return {"event": "clearAudio", "streamId": self._stream}

    def _start(self, start: Mapping[str, Any], message: Message) -> CallStarted:
        encoding, rate = _format(_part(start, "mediaFormat"))
        headers = message.get("extra_headers")
        if isinstance(headers, str):
            try:
                headers = json.loads(headers)
            except (ValueError, RecursionError):
                headers = {"extra_headers": headers}
        parameters = headers if isinstance(headers, dict) else {}
        stream = str(start.get("streamId") or message.get("streamId"))
        return CallStarted(self.provider, stream, str(start.get("callId", "")), encoding, rate, parameters)

    def _other(self, message: Message) -> TelephoneEvent | None:
        if message.get("event") == "playedStream":
            return Marked(str(message.get("name", "")))
        return None


def dialect_of(message: Message) -> Dialect:
    """Return the dialect of a ``start`` message: each provider names the stream differently.

    Raises :class:`TelephonyError` for one that no provider says.
    """
    start = _part(message, "start")
    for name, dialect in (("streamSid", Twilio), ("stream_id", Telnyx), ("streamId", Plivo)):
        if name in message or name in start:
            return dialect()
    raise TelephonyError("The start of the call is in no dialect known here: Twilio, Telnyx, Plivo.")


def _format(given: Mapping[str, Any]) -> tuple[str, int]:
    name = str(given.get("encoding", "audio/x-mulaw")).lower()
    encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise TelephonyError(f"The call comes as {name[:40]}; let the provider stream PCMU (mulaw), PCMA or L16.")
    try:
        rate = int(given.get("sampleRate") or given.get("sample_rate") or 8000)
    except (TypeError, ValueError, OverflowError):
        rate = 0
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise TelephonyError(f"The sample rate of the call is no number from {LOWEST_RATE} to {HIGHEST_RATE}.")
    return encoding, rate


def _part(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = message.get(name)
    return part if isinstance(part, dict) else {}


def _encoded(audio: bytes) -> str:
    return base64.b64encode(audio).decode("ascii")


def _decoded(payload: object) -> bytes:
    if not isinstance(payload, str):
        return b""
    try:
        return base64.b64decode(payload)
    except (binascii.Error, ValueError):
        return b""  # a damaged packet, as telephones have them
