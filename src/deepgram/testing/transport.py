"""A kit of checks that any transport can be run against.

A *harness* opens the transport under test, connected to a peer that plays a script. For transports that open WebSockets
there is one already::

    @pytest.mark.parametrize("check", async_checks(), ids=str)
    async def test_my_transport(check):
        with WebSocketPeer() as peer:
            await check(OverWebSockets(MyTransport, peer))

Transports that reach their peer in another way bring a harness of their own: see :class:`AsyncHarness`. A check raises
``AssertionError`` with what is wrong. All waits are bounded, by :data:`PATIENCE`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol, TypeVar

from ..protocol.socket import AsyncTransport, SyncTransport
from .blocking import SYNC_CHECKS, SyncCheck, SyncHarness
from .peer import Close, Drop, Echo, Flood, Hear, Left, Listen, Say, Script, WebSocketPeer, play
from .samples import FLOOD, FRAMES, LARGE, METADATA, RESULTS, same

__all__ = [
    "ASYNC_CHECKS",
    "PATIENCE",
    "SYNC_CHECKS",
    "AsyncCheck",
    "AsyncHarness",
    "Close",
    "Drop",
    "Echo",
    "Flood",
    "Hear",
    "Left",
    "Listen",
    "OverWebSockets",
    "Say",
    "Script",
    "SyncCheck",
    "SyncHarness",
    "SyncOverWebSockets",
    "WebSocketPeer",
    "async_checks",
    "play",
    "sync_checks",
]

PATIENCE = 10.0
"""Seconds that anything may take."""

T = TypeVar("T")


class AsyncHarness(Protocol):
    """Opens the transport under test."""

    def open(self, script: Script) -> AbstractAsyncContextManager[AsyncTransport]:
        """Return a context manager of a transport whose peer plays ``script``: ``play(script, channel)`` does it."""
        ...


class OverWebSockets:
    """The harness for transports that open a WebSocket: a ``transport_factory``, its result awaited if need be."""

    def __init__(
        self,
        factory: Callable[[str, dict[str, str]], AsyncTransport | Awaitable[AsyncTransport]],
        peer: WebSocketPeer,
    ) -> None:
        self._factory = factory
        self._peer = peer

    @asynccontextmanager
    async def open(self, script: Script) -> AsyncGenerator[AsyncTransport, None]:
        made = self._factory(self._peer.url(script), {"Authorization": "Token test"})
        transport = await made if isawaitable(made) else made
        try:
            yield transport
        finally:
            await soon(transport.close(), "close()")


class SyncOverWebSockets:
    """The harness for transports that open a WebSocket from a thread: a ``transport_factory``."""

    def __init__(self, factory: Callable[[str, dict[str, str]], SyncTransport], peer: WebSocketPeer) -> None:
        self._factory = factory
        self._peer = peer

    def open(self, script: Script) -> AbstractContextManager[SyncTransport]:
        return self._opened(script)

    @contextmanager
    def _opened(self, script: Script) -> Any:
        transport = self._factory(self._peer.url(script), {"Authorization": "Token test"})
        try:
            yield transport
        finally:
            transport.close()


@dataclass(frozen=True)
class AsyncCheck:
    """One property that a transport must have."""

    run: Callable[[AsyncHarness], Awaitable[None]]
    needs: frozenset[str] = frozenset()
    """What the peer must be able to do: hear, break, hold back."""

    async def __call__(self, harness: AsyncHarness) -> None:
        """Check it. Raises ``AssertionError`` if the transport does not have it."""
        await self.run(harness)

    def __str__(self) -> str:
        return self.run.__name__


async def soon(awaited: Awaitable[T], what: str) -> T:
    """Wait, but not for ever."""
    try:
        return await asyncio.wait_for(awaited, PATIENCE)
    except asyncio.TimeoutError:
        raise AssertionError(f"{what} took longer than {PATIENCE:g} s") from None


async def received(transport: AsyncTransport) -> list[Any]:
    """Return all that comes until the end."""
    return [frame async for frame in transport]


async def happened(script: Script) -> None:
    """Wait until the peer has come to its end."""
    ended = await asyncio.to_thread(script.over.wait, PATIENCE)
    assert ended, "the peer never came to its end: frames are missing, or the transport was not closed"


# --- The checks -------------------------------------------------------------------------------------------------------


async def satisfies_the_protocol(harness: AsyncHarness) -> None:
    """It has send, recv, iteration and close."""
    async with harness.open(Script((Close(),))) as transport:
        assert isinstance(transport, AsyncTransport), "send, recv, __aiter__ and close are needed"


async def delivers_text_and_audio_in_order(harness: AsyncHarness) -> None:
    """Text arrives as str, audio as bytes, even where audio could be read as text."""
    async with harness.open(Script((*map(Say, FRAMES), Close()))) as transport:
        same(await soon(received(transport), "receiving"), FRAMES)


async def recv_delivers_the_same(harness: AsyncHarness) -> None:
    """``recv`` gives one frame after the other."""
    async with harness.open(Script((*map(Say, FRAMES), Listen()))) as transport:
        same([await soon(transport.recv(), "recv()") for _ in FRAMES], FRAMES)


async def sends_what_it_is_given(harness: AsyncHarness) -> None:
    """Text goes out as text, bytes as binary, in order."""
    script = Script((Hear(len(FRAMES)), Close()))
    async with harness.open(script) as transport:
        for frame in FRAMES:
            await soon(transport.send(frame), "send()")
        same(await soon(received(transport), "receiving"), [])
        await happened(script)
    same(script.heard, FRAMES)


async def carries_large_messages(harness: AsyncHarness) -> None:
    """A message of a megabyte arrives whole, in both directions."""
    async with harness.open(Script((Echo(len(LARGE)), Close()))) as transport:
        for frame in LARGE:
            await soon(transport.send(frame), "send()")
            same([await soon(transport.recv(), "recv()")], [frame])


async def listens_while_it_speaks(harness: AsyncHarness) -> None:
    """What is waited for in one task does not hold up what another task sends."""
    async with harness.open(Script((Hear(1), Say("heard"), Close()))) as transport:
        receiving = asyncio.ensure_future(received(transport))
        await asyncio.sleep(0)
        await soon(transport.send(b"\0\1"), "send() while recv() waits")
        same(await soon(receiving, "receiving"), ["heard"])


async def ends_when_the_peer_closes(harness: AsyncHarness) -> None:
    """Iteration ends without an exception; ``recv`` then raises, or returns None, and does not wait."""
    async with harness.open(Script((Say("last"), Close()))) as transport:
        same(await soon(received(transport), "receiving"), ["last"])
        try:
            after = await soon(transport.recv(), "recv() after the end")
        except AssertionError:
            raise
        except Exception:
            return
        assert after is None, f"recv() returned {after!r} after the end"


async def raises_when_the_connection_breaks(harness: AsyncHarness) -> None:
    """A broken connection is no end: iteration raises, after what came before."""
    async with harness.open(Script((Say("first"), Hear(1), Drop()))) as transport:
        await _raises_after(transport)


async def raises_when_the_peer_fails(harness: AsyncHarness) -> None:
    """An end with an error code is no end in order: iteration raises."""
    async with harness.open(Script((Say("first"), Hear(1), Close(1011, "out of order")))) as transport:
        await _raises_after(transport)


async def _raises_after(transport: AsyncTransport) -> None:
    same([await soon(transport.recv(), "recv()")], ["first"])
    await soon(transport.send(b"go on"), "send()")
    try:
        await soon(received(transport), "noticing that the peer is gone")
    except AssertionError:
        raise
    except Exception:
        return
    raise AssertionError("iteration ended as if the peer had closed in order")


async def sending_after_close_raises(harness: AsyncHarness) -> None:
    """What cannot be sent any more is not lost in silence."""
    async with harness.open(Script((Listen(),))) as transport:
        await soon(transport.send("hello"), "send()")
        await soon(transport.close(), "close()")
        try:
            await soon(transport.send("more"), "send() after close()")
        except AssertionError:
            raise
        except Exception:
            return
        raise AssertionError("send() after close() did not raise")


async def closes_once_and_quickly(harness: AsyncHarness) -> None:
    """``close`` may be called again, by several tasks too, and tells the peer."""
    script = Script((Listen(),))
    async with harness.open(script) as transport:
        await soon(transport.send("hello"), "send()")
        await soon(asyncio.gather(transport.close(), transport.close()), "close(), twice at once")
        await soon(transport.close(), "close() again")
        await happened(script)


async def closing_wakes_who_waits(harness: AsyncHarness) -> None:
    """A task that waits for a message does not wait on when the transport is closed."""
    async with harness.open(Script((Say("first"), Listen()))) as transport:
        same([await soon(transport.recv(), "recv()")], ["first"])
        waiting = asyncio.ensure_future(transport.recv())
        await asyncio.sleep(0.05)
        await soon(transport.close(), "close()")
        done, _ = await asyncio.wait((waiting,), timeout=PATIENCE)
        assert done, "recv() waited on after close()"
        assert waiting.exception() is not None or waiting.result() is None, "recv() returned a frame after close()"


async def a_cancelled_wait_loses_nothing(harness: AsyncHarness) -> None:
    """``recv`` under a time limit, which programs use to poll, gets every message in the end."""
    script = Script((Say("0"), *(step for n in range(1, 20) for step in (Hear(1), Say(str(n)))), Close()))
    async with harness.open(script) as transport:
        frames = [await soon(transport.recv(), "recv()")]
        for _ in range(1, 20):
            for _ in range(3):
                waiting = asyncio.ensure_future(transport.recv())
                await asyncio.sleep(0)
                waiting.cancel()
                done = await asyncio.gather(waiting, return_exceptions=True)
                assert isinstance(done[0], asyncio.CancelledError), "recv() swallowed a cancellation"
            await soon(transport.send("next"), "send()")
            frames.append(await soon(transport.recv(), "recv() after cancelled ones"))
        same(frames, [str(n) for n in range(20)])


async def takes_frames_of_several_tasks(harness: AsyncHarness) -> None:
    """Tasks that send at the same time do not tear each other's frames, and keep their order."""
    tasks, frames = 10, 20
    script = Script((Hear(tasks * frames), Close()))

    async def speak(transport: AsyncTransport, number: int) -> None:
        for turn in range(frames):
            await transport.send(bytes([number, turn]) * 500)

    async with harness.open(script) as transport:
        await soon(asyncio.gather(*(speak(transport, number) for number in range(tasks))), "sending")
        await happened(script)
    assert len(script.heard) == tasks * frames
    for number in range(tasks):
        same(
            [frame for frame in script.heard if frame[:1] == bytes([number])],
            [bytes([number, turn]) * 500 for turn in range(frames)],
        )


async def holds_back_a_peer_that_says_too_much(harness: AsyncHarness) -> None:
    """While nobody receives, the transport takes a limited amount and then makes the peer wait."""
    script = Script((Hear(1), FLOOD, Close()))
    async with harness.open(script) as transport:
        await soon(transport.send("begin"), "send()")
        said = -1
        while said != script.said or not said:
            assert not script.over.is_set(), f"{script.said} bytes were taken in though nobody receives"
            said = script.said
            await asyncio.sleep(0.3)


async def holds_a_conversation(harness: AsyncHarness) -> None:
    """Under ``AsyncDeepgramClient`` it carries live transcription, from the first audio to the last message."""
    from ..client import AsyncDeepgramClient

    script = Script((Hear(3), Say(RESULTS), Say(METADATA), Close()))
    async with harness.open(script) as transport:
        client = AsyncDeepgramClient(api_key="unused", transport_factory=lambda url, headers: transport)
        events: list[Any] = []
        async with client.listen.v1.connect(model="nova-3") as connection:
            await connection.send_media(bytes(640))
            await connection.send_media(bytes(640))
            await connection.send_close_stream()
            reading = asyncio.ensure_future(received_events(connection, events))
            await soon(reading, "the conversation")
        assert [event.type for event in events] == ["Results", "Metadata"]
        assert events[0].channel.alternatives[0].transcript == "hello"
        await happened(script)
    assert script.heard[:2] == [bytes(640)] * 2
    assert json.loads(script.heard[2]) == {"type": "CloseStream"}


async def received_events(connection: Any, events: list[Any]) -> None:
    """Gather what a conversation says."""
    async for event in connection:
        events.append(event)


HEARS = frozenset({"hear"})
ASYNC_CHECKS = (
    AsyncCheck(satisfies_the_protocol),
    AsyncCheck(delivers_text_and_audio_in_order),
    AsyncCheck(recv_delivers_the_same),
    AsyncCheck(sends_what_it_is_given, HEARS),
    AsyncCheck(carries_large_messages, HEARS),
    AsyncCheck(listens_while_it_speaks, HEARS),
    AsyncCheck(ends_when_the_peer_closes),
    AsyncCheck(raises_when_the_connection_breaks, HEARS | {"break"}),
    AsyncCheck(raises_when_the_peer_fails, HEARS | {"break"}),
    AsyncCheck(sending_after_close_raises),
    AsyncCheck(closes_once_and_quickly, HEARS),
    AsyncCheck(closing_wakes_who_waits),
    AsyncCheck(a_cancelled_wait_loses_nothing, HEARS),
    AsyncCheck(takes_frames_of_several_tasks, HEARS),
    AsyncCheck(holds_back_a_peer_that_says_too_much, HEARS | {"hold back"}),
    AsyncCheck(holds_a_conversation, HEARS),
)


def async_checks(*, without: Collection[str] = ()) -> list[AsyncCheck]:
    """Return the checks for asyncio, but those that need what the transport's peer has not: hear, break, hold back."""
    return [check for check in ASYNC_CHECKS if not check.needs & set(without)]


def sync_checks(*, without: Collection[str] = ()) -> list[SyncCheck]:
    """Return the checks for threads, but those that need what the transport's peer has not: hear, break."""
    return [check for check in SYNC_CHECKS if not check.needs & set(without)]
