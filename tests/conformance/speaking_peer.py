"""A peer that speaks: audio is the text itself, so that a test can read what was spoken."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.server import ServerConnection

from .conversing import Peer

METADATA = {"type": "Metadata", "request_id": "r-1", "model_name": "n", "model_version": "v", "model_uuid": "u"}
CONNECTED = {"type": "Connected", "request_id": "r-1", "model_name": "n", "model_version": "v", "model_uuids": ["u"]}
COUNTS = {"pronunciations_applied": 0, "breaks_applied": 0, "pronunciation_warnings": 0}


def told(**fields: Any) -> str:
    return json.dumps(fields)


class Speaker:
    """Speaks as v1 or v2 do, a few characters at a time, and keeps what it was told."""

    def __init__(self, version: int, pause: float = 0.0) -> None:
        self.version = version
        self.pause = pause
        """Seconds between two pieces of audio."""
        self.told: list[dict[str, Any]] = []
        self.spoken = ""

    def peer(self) -> Peer:
        return Peer(self.serve)

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.told]

    async def serve(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps(METADATA if self.version == 1 else CONNECTED))
        await (self._v1(connection) if self.version == 1 else self._v2(connection))

    async def _v1(self, connection: ServerConnection) -> None:
        text, flushes, sequence = "", 0, 0
        speaking: list[asyncio.Task[None]] = []
        async for frame in connection:
            message = json.loads(frame)
            self.told.append(message)
            match message["type"]:
                case "Speak":
                    text += message["text"]
                case "Flush":
                    text, said = "", text
                    earlier = [*speaking]

                    async def speak(said: str = said, number: int = flushes, earlier: Any = earlier) -> None:
                        await asyncio.gather(*earlier)
                        await self._say(connection, said)
                        await connection.send(told(type="Flushed", sequence_id=number))

                    speaking.append(asyncio.create_task(speak()))
                    flushes += 1
                case "Clear":
                    text = ""
                    await self._stop(*speaking)
                    speaking = []
                    await connection.send(told(type="Cleared", sequence_id=sequence))
                    sequence += 1
                case _:
                    await asyncio.gather(*speaking)
                    return

    async def _v2(self, connection: ServerConnection) -> None:
        turns = 0
        text = ""
        speaking: asyncio.Task[None] | None = None
        async for frame in connection:
            message = json.loads(frame)
            self.told.append(message)
            match message["type"]:
                case "Speak":
                    if not text:
                        await connection.send(told(type="SpeechStarted", speech_id=f"dg_sp_{turns}"))
                    text += message["text"]
                case "Flush":
                    said, text = text, ""
                    await connection.send(told(type="Flushed", speech_id=f"dg_sp_{turns}"))
                    speaking = asyncio.create_task(self._turn(connection, said, f"dg_sp_{turns}"))
                    turns += 1
                case "Interrupt":
                    active = bool(text) or (speaking is not None and not speaking.done())
                    text = ""
                    await self._stop(*([speaking] if speaking is not None else []))
                    if not active:
                        await connection.send(told(type="Warning", code="NO_ACTIVE_SPEECH", description="nothing"))
                        continue
                    played = (message.get("playback_offset") or {}).get("value", 0)
                    about = {"speech_id": "dg_sp_0", "audio_duration_ms": 1, "input_character_count": 1}
                    about |= {"billable_character_count": 1, "controls_applied": COUNTS}
                    await connection.send(
                        told(type="SpeechInterrupted", audio_played_ms=played, text_spoken="so far", metadata=about)
                    )
                case "Configure":
                    if message["speed"] > 2:
                        await connection.send(
                            told(
                                type="ConfigureFailure",
                                code="SPEED_OUT_OF_RANGE",
                                field="speed",
                                value=9,
                                description="no",
                            )
                        )
                    else:
                        await connection.send(told(type="ConfigureSuccess", applied={"speed": message["speed"]}))
                case _:
                    if speaking is not None:
                        await speaking
                    await connection.send(
                        told(
                            type="SessionMetadata",
                            total_audio_duration_ms=1,
                            total_input_character_count=2,
                            total_billable_character_count=2,
                        )
                    )
                    return

    async def _turn(self, connection: ServerConnection, said: str, speech_id: str) -> None:
        await self._say(connection, said)
        about = {"audio_duration_ms": 1, "input_character_count": len(said), "billable_character_count": len(said)}
        await connection.send(told(type="SpeechMetadata", speech_id=speech_id, controls_applied=COUNTS, **about))

    async def _say(self, connection: ServerConnection, said: str) -> None:
        for start in range(0, len(said), 8):
            self.spoken += said[start : start + 8]
            await connection.send(said[start : start + 8].encode())
            await asyncio.sleep(self.pause)

    async def _stop(self, *speaking: asyncio.Task[None]) -> None:
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
