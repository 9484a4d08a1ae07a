"""How long a conversation lasts in which nobody says anything: the client and the embedded server."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

import deepgram.local
from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.local.handlers.turns import PATIENCE

AUDIO = bytes(range(256)) * 200
IDLE = 0.25
"""The server's limit for v1 here (s)."""
SILENT = 2 * IDLE * PATIENCE
"""Twice its limit for v2."""
V2: dict[str, Any] = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": 16000}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_silent_conversation_with_turns_stays_open_for_the_clients_pings(mode: str) -> None:
    def in_a_thread(client: DeepgramClient) -> list[Any]:
        with client, client.listen.v2.connect(**V2) as connection:
            time.sleep(SILENT)
            connection.send_media(AUDIO)
            connection.send_close_stream()
            return list(connection)

    async def in_a_loop(client: AsyncDeepgramClient) -> list[Any]:
        async with client, client.listen.v2.connect(**V2) as connection:
            await asyncio.sleep(SILENT)
            await connection.send_media(AUDIO)
            await connection.send_close_stream()
            return [message async for message in connection]

    with deepgram.local.running(engine="scripted", idle_timeout=IDLE) as server:
        keywords: dict[str, Any] = {"api_key": "k", "base_url": server.url}
        if mode == "sync":
            messages = in_a_thread(DeepgramClient(**keywords))
        else:
            messages = asyncio.run(in_a_loop(AsyncDeepgramClient(**keywords)))
    assert [messages[0].type, messages[-1].event] == ["Connected", "EndOfTurn"]
