"""Live audio from the socket to the engine and back: real worker processes, real speech, real nonsense."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deepgram.local import running

from .conftest import needs
from .hearing import RAW, all_said, tell

SILENCE = bytes(32_000)


@pytest.fixture(scope="module")
def scripted() -> Iterator[str]:
    with running(engine="scripted") as server:
        yield server.url.replace("http", "ws")


async def heard(address: str, *frames: bytes) -> tuple[list[dict[str, Any]], ClientConnection]:
    """Say something and return everything that is said back."""
    async with connect(address, compression=None) as socket:
        listening = asyncio.create_task(all_said(socket))
        try:
            for frame in frames:
                await socket.send(frame)
            await tell(socket, "CloseStream")
        except ConnectionClosed:
            pass  # it was refused before it was all said
        return await asyncio.wait_for(listening, 60), socket


@pytest.mark.parametrize("path", ["/v1/listen?model=nova-3", "/v2/listen?model=flux-general-en"])
async def test_bytes_that_are_no_audio_end_the_conversation_whatever_they_claim_to_be(scripted: str, path: str) -> None:
    for query, frames in (
        ("", [os.urandom(5000)] * 40),
        ("", [b"this is text and no audio"] * 400),
        ("&encoding=opus&sample_rate=48000", [b"no packet of opus"] * 20),
    ):
        messages, socket = await heard(scripted + path + query, *frames)
        assert socket.close_code == 1008, query
        assert (socket.close_reason or "").startswith("DATA-0000")
        assert [message["type"] for message in messages] == (["Connected", "Error"] if "v2" in path else [])


async def test_half_a_sample_is_no_reason_to_stop(scripted: str) -> None:
    messages, socket = await heard(f"{scripted}/v1/listen?model=nova-3&{RAW}", *[SILENCE[:3201]] * 10)
    assert socket.close_code == 1000
    assert messages[-1]["duration"] == pytest.approx(1.0, abs=0.01)


async def test_a_large_message_and_audio_far_faster_than_speech_are_heard_to_the_end(scripted: str) -> None:
    messages, socket = await heard(
        f"{scripted}/v1/listen?model=nova-3&{RAW}&interim_results=true", bytes(8_000_000), *[SILENCE[:640]] * 500
    )
    assert socket.close_code == 1000
    assert messages[-1]["duration"] == 260.0


async def test_a_conversation_without_audio_ends_well(scripted: str) -> None:
    (metadata,), socket = await heard(f"{scripted}/v1/listen?model=nova-3")
    assert (metadata["duration"], socket.close_code) == (0.0, 1000)


async def test_a_recording_of_speech_is_heard_while_it_arrives_in_both_protocols(two_cities: Path) -> None:
    needs("pocketsphinx")
    recording = two_cities.read_bytes()[: 48_000 * 2 * 9]
    frames = [recording[at : at + 9600] for at in range(0, len(recording), 9600)]
    with running(engine="pocketsphinx") as server:
        address = server.url.replace("http", "ws")
        (messages, first), (turns, second) = await asyncio.gather(
            heard(f"{address}/v1/listen?model=nova-3&interim_results=true&smart_format=true&endpointing=300", *frames),
            heard(f"{address}/v2/listen?model=flux-general-en", *frames),
        )
    assert (first.close_code, second.close_code) == (1000, 1000)
    results = [message for message in messages if message["type"] == "Results"]
    final = " ".join(result["channel"]["alternatives"][0]["transcript"] for result in results if result["is_final"])
    assert "best of times" in final
    assert any(not result["is_final"] for result in results)
    assert any(result["speech_final"] for result in results)
    ends = [result["start"] + result["duration"] for result in results if result["is_final"]]
    assert messages[-1]["type"] == "Metadata"
    assert messages[-1]["duration"] == pytest.approx(ends[-1], abs=0.01) == pytest.approx(9.0, abs=0.01)
    events = [message["event"] for message in turns if message["type"] == "TurnInfo"]
    assert events[0] == "StartOfTurn"
    assert events[-1] == "EndOfTurn"
    spoken = " ".join(message["transcript"] for message in turns if message.get("event") == "EndOfTurn")
    assert "best of times" in spoken
