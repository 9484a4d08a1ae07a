"""The messages of three providers, and an ASGI server made of lists."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PAYLOAD = bytes(range(160))
"""20 ms of telephone audio."""
ENCODED = base64.b64encode(PAYLOAD).decode()
Message = dict[str, Any]


@dataclass(frozen=True)
class Sayings:
    """What a provider says, and what it is told."""

    start: Message
    media: Message
    dtmf: Message
    played: Message
    stop: Message
    play: Message
    mark: Message
    clear: Message


DIALECTS = {
    "twilio": Sayings(
        start={
            "event": "start",
            "sequenceNumber": "1",
            "start": {
                "accountSid": "account",
                "streamSid": "stream-1",
                "callSid": "call-1",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"room": "7"},
            },
            "streamSid": "stream-1",
        },
        media={
            "event": "media",
            "sequenceNumber": "3",
            "media": {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": ENCODED},
            "streamSid": "stream-1",
        },
        dtmf={"event": "dtmf", "streamSid": "stream-1", "dtmf": {"track": "inbound_track", "digit": "5"}},
        played={"event": "mark", "streamSid": "stream-1", "mark": {"name": "here"}},
        stop={"event": "stop", "streamSid": "stream-1", "stop": {"accountSid": "account", "callSid": "call-1"}},
        play={"event": "media", "streamSid": "stream-1", "media": {"payload": ENCODED}},
        mark={"event": "mark", "streamSid": "stream-1", "mark": {"name": "here"}},
        clear={"event": "clear", "streamSid": "stream-1"},
    ),
    "telnyx": Sayings(
        start={
            "event": "start",
            "sequence_number": "1",
            "start": {
                "user_id": "user",
                "call_control_id": "call-1",
                "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
                "custom_parameters": {"room": "7"},
            },
            "stream_id": "stream-1",
        },
        media={
            "event": "media",
            "sequence_number": "4",
            "media": {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": ENCODED},
            "stream_id": "stream-1",
        },
        dtmf={"event": "dtmf", "stream_id": "stream-1", "sequence_number": "5", "dtmf": {"digit": "5"}},
        played={"event": "mark", "stream_id": "stream-1", "mark": {"name": "here"}},
        stop={"event": "stop", "stream_id": "stream-1", "stop": {"call_control_id": "call-1"}},
        play={"event": "media", "media": {"payload": ENCODED}},
        mark={"event": "mark", "mark": {"name": "here"}},
        clear={"event": "clear"},
    ),
    "plivo": Sayings(
        start={
            "event": "start",
            "sequenceNumber": 0,
            "start": {
                "callId": "call-1",
                "streamId": "stream-1",
                "accountId": "account",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
            },
            "extra_headers": '{"room": "7"}',
        },
        media={
            "event": "media",
            "sequenceNumber": 1,
            "streamId": "stream-1",
            "media": {"track": "inbound", "timestamp": "1", "chunk": 1, "payload": ENCODED},
        },
        dtmf={"event": "dtmf", "streamId": "stream-1", "dtmf": {"track": "inbound", "digit": "5"}},
        played={"event": "playedStream", "streamId": "stream-1", "name": "here"},
        stop={"event": "stop", "streamId": "stream-1"},
        play={
            "event": "playAudio",
            "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": ENCODED},
        },
        mark={"event": "checkpoint", "streamId": "stream-1", "name": "here"},
        clear={"event": "clearAudio", "streamId": "stream-1"},
    ),
}


@dataclass
class Frames:
    """What a server hands to an ASGI application, and what it is handed."""

    coming: Sequence[Message]
    sent: list[MutableMapping[str, Any]] = field(default_factory=list[MutableMapping[str, Any]])
    broken: bool = False

    def __post_init__(self) -> None:
        self._left = list(self.coming)

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._left:
            await asyncio.Event().wait()
        return self._left.pop(0)

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if self.broken:
            raise RuntimeError("the connection is closed")
        self.sent.append(message)
