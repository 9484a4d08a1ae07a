"""What telephone providers say, and what is no call."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from deepgram.telephony import Audio, CallStarted, CallStopped, Digit, Marked, MediaStream, TelephonyError
from deepgram.telephony import media_stream as media_streams
from deepgram.telephony.dialects import dialect_of

from .calls import DIALECTS, PAYLOAD, Frames


@pytest.mark.parametrize("provider", DIALECTS)
def test_each_dialect_is_told_apart_and_understood(provider: str) -> None:
    said = DIALECTS[provider]
    dialect = dialect_of(said.start)
    assert dialect.provider == provider
    call = dialect.read(said.start)
    assert call == CallStarted(provider, "stream-1", "call-1", "mulaw", 8000, {"room": "7"})
    assert dialect.read(said.media) == Audio(PAYLOAD, "inbound")
    assert dialect.read(said.dtmf) == Digit("5")
    assert dialect.read(said.played) == Marked("here")
    assert dialect.read(said.stop) == CallStopped()
    assert dialect.read({"event": "something new"}) is None
    assert dialect.play(PAYLOAD) == said.play
    assert dialect.mark("here") == said.mark
    assert dialect.clear() == said.clear


def test_what_is_heard_of_the_audio_suits_both_ways_of_listening() -> None:
    call = CallStarted("twilio", "s", "c", "mulaw", 8000)
    assert call.listen_options == {"encoding": "mulaw", "sample_rate": 8000}
    assert call.agent_audio["output"] == {"encoding": "mulaw", "sample_rate": 8000, "container": "none"}


@pytest.mark.parametrize("payload", [None, 3, "not base64!", "", "A"])
def test_a_damaged_packet_is_silence(payload: object) -> None:
    dialect = dialect_of(DIALECTS["twilio"].start)
    event = dialect.read({"event": "media", "media": {"payload": payload}})
    assert isinstance(event, Audio)
    assert event.data in (b"", b"\x9e\x8b^j\xc7\xac")


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ({"event": "start"}, "no dialect|in no dialect"),
        ({"event": "start", "start": 3}, "in no dialect"),
        ({"event": "start", "streamSid": "x", "start": {"mediaFormat": {"encoding": "AMR-WB"}}}, "amr-wb"),
        ({"event": "start", "streamSid": "x", "start": {"mediaFormat": {"sampleRate": "fast"}}}, "sample rate"),
        ({"event": "start", "streamSid": "x", "start": {"mediaFormat": {"sampleRate": float("inf")}}}, "sample rate"),
        ({"event": "start", "streamSid": "x", "start": {"mediaFormat": {"sampleRate": 10**9}}}, "sample rate"),
    ],
)
async def test_a_start_that_is_none_is_refused(start: dict[str, Any], why: str) -> None:
    frames = Frames([{"type": "websocket.connect"}, text(start)])
    with pytest.raises(TelephonyError, match=why):
        await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    assert frames.sent[-1]["type"] == "websocket.close"


async def test_a_provider_that_leaves_or_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Frames([{"type": "websocket.connect"}, {"type": "websocket.disconnect"}])
    with pytest.raises(TelephonyError, match="left"):
        await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    frames = Frames([{"type": "websocket.disconnect"}], broken=True)  # servers refuse to say more
    with pytest.raises(TelephonyError, match="left"):
        await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    monkeypatch.setattr(media_streams, "STARTING", 0.05)
    frames = Frames([{"type": "websocket.connect"}])
    with pytest.raises(TelephonyError, match="has not said"):
        await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    with pytest.raises(TelephonyError, match="plain request"):
        await MediaStream.accept({"type": "http"}, frames.receive, frames.send)


async def test_nonsense_in_a_call_is_left_out() -> None:
    said = DIALECTS["twilio"]
    nonsense: Sequence[dict[str, Any]] = [
        {"type": "websocket.receive", "text": "garbage"},
        {"type": "websocket.receive", "text": "[" * 10_000},
        {"type": "websocket.receive", "text": "3"},
        {"type": "websocket.receive", "bytes": b"\0"},
        {"type": "websocket.receive", "text": json.dumps({"event": "media", "media": "x" * 2_000_000})},
    ]
    connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    first = [{"type": "websocket.connect"}, text(connected), *nonsense, text(said.start)]
    frames = Frames([*first, *nonsense, text(said.media), text(said.stop)])
    stream = await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    assert [event async for event in stream] == [Audio(PAYLOAD), CallStopped()]


async def test_long_audio_is_played_in_pieces_and_nothing_after_the_end() -> None:
    frames = Frames([{"type": "websocket.connect"}, text(DIALECTS["twilio"].start), {"type": "websocket.disconnect"}])
    stream = await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    await stream.play(bytes(8000))
    played = [json.loads(frame["text"]) for frame in frames.sent if frame["type"] == "websocket.send"]
    assert [len(base64.b64decode(message["media"]["payload"])) for message in played] == [3200, 3200, 1600]
    assert [event async for event in stream] == [CallStopped()]
    await stream.play(bytes(8000))
    await stream.clear()
    await stream.close()
    assert len(frames.sent) == 4  # the answer to the handshake, and three pieces


async def test_a_call_that_has_ended_for_the_framework_ends_here_too() -> None:
    frames = Frames([{"type": "websocket.connect"}, text(DIALECTS["plivo"].start)])
    stream = await MediaStream.accept({"type": "websocket"}, frames.receive, frames.send)
    frames.broken = True
    await stream.play(PAYLOAD)
    assert await asyncio.wait_for(anext(aiter(stream), None), 5) is None


def text(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": json.dumps(message)}
