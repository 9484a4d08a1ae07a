"""Joining a call with a conversation: what the caller says goes in, what comes back is played."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .dialects import Audio, CallStopped, TelephoneEvent
from .media_stream import MediaStream

if TYPE_CHECKING:
    from ..protocol.agent_sockets import AsyncV1SocketClient as AsyncAgentV1
    from ..protocol.listen_sockets import AsyncV1SocketClient as AsyncListenV1
    from ..protocol.listen_sockets import AsyncV2SocketClient as AsyncListenV2

LAST_WORDS = 10.0
"""Seconds that the last results may take after the caller has hung up."""
SPOKEN = "AgentAudioDone"
"""Name of the mark behind each answer of an agent."""


Conversation: TypeAlias = "AsyncListenV1 | AsyncListenV2 | AsyncAgentV1"
"""A socket of the async client."""

Told = Callable[[Any], object]
"""Called with a message; may be a coroutine function."""


async def bridge(
    stream: MediaStream,
    conversation: Conversation,
    *,
    on_message: Told | None = None,
    on_call_event: Callable[[TelephoneEvent], object] | None = None,
) -> None:
    """Join a call with a conversation until one of the two ends.

    What the caller says is sent to the conversation; audio that comes back is played; when an agent says that the user
    started speaking, what has not been played is cleared. Behind each answer a mark named ``AgentAudioDone`` is sent.
    When the caller hangs up a conversation that listens is asked for its last results, which may take 10 s.

    Args:
        stream: The call.
        conversation: A socket of the async client, its settings sent. Its audio is that of the call.
        on_message: Is given each message of the conversation that is not audio.
        on_call_event: Is given each event of the call that is not audio: digits, marks, the end.

    Raises:
        Exception: Whatever the conversation, or one of the functions, raises; the call is ended before.
    """
    listening = asyncio.ensure_future(_listen(stream, conversation, on_call_event))
    answering = asyncio.ensure_future(_answer(stream, conversation, on_message))
    try:
        await asyncio.wait((listening, answering), return_when=asyncio.FIRST_COMPLETED)
        if listening.done() and not listening.exception():
            finish = getattr(conversation, "send_close_stream", None)
            if finish is not None:
                await finish()
                await asyncio.wait((answering,), timeout=LAST_WORDS)
        for task in (listening, answering):
            if task.done():
                task.result()
    finally:
        for task in (listening, answering):
            task.cancel()
        await asyncio.gather(listening, answering, return_exceptions=True)
        await stream.close()


async def _listen(stream: MediaStream, conversation: Conversation, told: Told | None) -> None:
    async for event in stream:
        if not isinstance(event, Audio):
            await _tell(told, event)
        elif event.track.startswith("inbound"):
            await conversation.send_media(event.data)
        if isinstance(event, CallStopped):
            return


async def _answer(stream: MediaStream, conversation: Conversation, told: Told | None) -> None:
    async for message in conversation:
        if isinstance(message, bytes):
            await stream.play(message)
            continue
        kind = getattr(message, "type", None)
        if kind == "UserStartedSpeaking":
            await stream.clear()
        elif kind == "AgentAudioDone":
            await stream.mark(SPOKEN)
        await _tell(told, message)


async def _tell(told: Told | None, what: object) -> None:
    if told is not None:
        answer = told(what)
        if inspect.isawaitable(answer):
            await answer
