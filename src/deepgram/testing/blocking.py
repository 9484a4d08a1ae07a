"""The kit's checks of transports for threads: those of ``deepgram.testing.transport``, without a loop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from ..protocol.socket import SyncTransport
from .peer import Close, Drop, Echo, Hear, Listen, Say, Script
from .samples import FRAMES, LARGE, METADATA, RESULTS, same

PATIENCE = 10.0
"""Seconds that anything may take."""

T = TypeVar("T")


class SyncHarness(Protocol):
    """Opens the transport under test."""

    def open(self, script: Script) -> AbstractContextManager[SyncTransport]:
        """Return a context manager of a transport whose peer plays ``script``."""
        ...


@dataclass(frozen=True)
class SyncCheck:
    """One property that a transport must have."""

    run: Callable[[SyncHarness], None]
    needs: frozenset[str] = frozenset()
    """What the peer must be able to do: hear, break."""

    def __call__(self, harness: SyncHarness) -> None:
        """Check it. Raises ``AssertionError`` if the transport does not have it."""
        self.run(harness)

    def __str__(self) -> str:
        return self.run.__name__


class Beside:
    """Something done in a thread, so that waiting for it has an end."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._result: Any = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:
            self.error = error

    def result(self, what: str) -> Any:
        """Return what came of it, or raise it."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"{what} took longer than {PATIENCE:g} s"
        if self.error is not None:
            raise self.error
        return self._result


def soon(work: Callable[[], T], what: str) -> T:
    """Do something, but not for ever."""
    result: T = Beside(work).result(what)
    return result


def happened(script: Script) -> None:
    """Wait until the peer has come to its end."""
    assert script.over.wait(PATIENCE), "the peer never came to its end: frames are missing, or close() did not tell it"


def satisfies_the_protocol(harness: SyncHarness) -> None:
    """It has send, recv, iteration and close."""
    with harness.open(Script((Close(),))) as transport:
        assert isinstance(transport, SyncTransport), "send, recv, __iter__ and close are needed"


def delivers_text_and_audio_in_order(harness: SyncHarness) -> None:
    """Text arrives as str, audio as bytes, even where audio could be read as text."""
    with harness.open(Script((*map(Say, FRAMES), Close()))) as transport:
        same(soon(lambda: list(transport), "receiving"), FRAMES)


def recv_delivers_the_same(harness: SyncHarness) -> None:
    """``recv`` gives one frame after the other."""
    with harness.open(Script((*map(Say, FRAMES), Listen()))) as transport:
        same([soon(transport.recv, "recv()") for _ in FRAMES], FRAMES)


def sends_what_it_is_given(harness: SyncHarness) -> None:
    """Text goes out as text, bytes as binary, in order."""
    script = Script((Hear(len(FRAMES)), Close()))
    with harness.open(script) as transport:
        for frame in FRAMES:
            soon(partial(transport.send, frame), "send()")
        same(soon(lambda: list(transport), "receiving"), [])
        happened(script)
    same(script.heard, FRAMES)


def carries_large_messages(harness: SyncHarness) -> None:
    """A message of a megabyte arrives whole, in both directions."""
    with harness.open(Script((Echo(len(LARGE)), Close()))) as transport:
        for frame in LARGE:
            sending = Beside(partial(transport.send, frame))
            same([soon(transport.recv, "recv()")], [frame])
            sending.result("send()")


def listens_while_it_speaks(harness: SyncHarness) -> None:
    """What one thread waits for does not hold up what another sends."""
    with harness.open(Script((Hear(1), Say("heard"), Close()))) as transport:
        receiving = Beside(lambda: list(transport))
        soon(lambda: transport.send(b"\0\1"), "send() while recv() waits")
        same(receiving.result("receiving"), ["heard"])


def ends_when_the_peer_closes(harness: SyncHarness) -> None:
    """Iteration ends without an exception; ``recv`` then raises, or returns None, and does not wait."""
    with harness.open(Script((Say("last"), Close()))) as transport:
        same(soon(lambda: list(transport), "receiving"), ["last"])
        try:
            after: Any = soon(transport.recv, "recv() after the end")
        except AssertionError:
            raise
        except Exception:
            return
        assert after is None, f"recv() returned {after!r} after the end"


def raises_when_the_connection_breaks(harness: SyncHarness) -> None:
    """A broken connection is no end: iteration raises, after what came before."""
    with harness.open(Script((Say("first"), Hear(1), Drop()))) as transport:
        _raises_after(transport)


def raises_when_the_peer_fails(harness: SyncHarness) -> None:
    """An end with an error code is no end in order: iteration raises."""
    with harness.open(Script((Say("first"), Hear(1), Close(1011, "out of order")))) as transport:
        _raises_after(transport)


def _raises_after(transport: SyncTransport) -> None:
    same([soon(transport.recv, "recv()")], ["first"])
    soon(lambda: transport.send(b"go on"), "send()")
    try:
        soon(lambda: list(transport), "noticing that the peer is gone")
    except AssertionError:
        raise
    except Exception:
        return
    raise AssertionError("iteration ended as if the peer had closed in order")


def sending_after_close_raises(harness: SyncHarness) -> None:
    """What cannot be sent any more is not lost in silence."""
    with harness.open(Script((Listen(),))) as transport:
        soon(lambda: transport.send("hello"), "send()")
        soon(transport.close, "close()")
        try:
            soon(lambda: transport.send("more"), "send() after close()")
        except AssertionError:
            raise
        except Exception:
            return
        raise AssertionError("send() after close() did not raise")


def closes_once_and_quickly(harness: SyncHarness) -> None:
    """``close`` may be called again, and tells the peer."""
    script = Script((Listen(),))
    with harness.open(script) as transport:
        soon(lambda: transport.send("hello"), "send()")
        soon(transport.close, "close()")
        soon(transport.close, "close() again")
        happened(script)


def closing_wakes_who_waits(harness: SyncHarness) -> None:
    """A thread that waits for a message does not wait on when the transport is closed."""
    with harness.open(Script((Say("first"), Listen()))) as transport:
        same([soon(transport.recv, "recv()")], ["first"])
        waiting = Beside(transport.recv)
        soon(transport.close, "close()")
        try:
            after: Any = waiting.result("recv() after close()")
        except AssertionError:
            raise
        except Exception:
            return
        assert after is None, f"recv() returned {after!r} after close()"


def holds_a_conversation(harness: SyncHarness) -> None:
    """Under ``DeepgramClient`` it carries live transcription, from the first audio to the last message."""
    from ..client import DeepgramClient

    script = Script((Hear(3), Say(RESULTS), Say(METADATA), Close()))
    with harness.open(script) as transport:
        client = DeepgramClient(api_key="unused", transport_factory=lambda url, headers: transport)
        with client.listen.v1.connect(model="nova-3") as connection:
            connection.send_media(bytes(640))
            connection.send_media(bytes(640))
            connection.send_close_stream()
            events: list[Any] = soon(lambda: list(connection), "the conversation")
        assert [event.type for event in events] == ["Results", "Metadata"]
        assert events[0].channel.alternatives[0].transcript == "hello"
        happened(script)
    assert script.heard[:2] == [bytes(640)] * 2
    assert json.loads(script.heard[2]) == {"type": "CloseStream"}


HEARS = frozenset({"hear"})
SYNC_CHECKS = (
    SyncCheck(satisfies_the_protocol),
    SyncCheck(delivers_text_and_audio_in_order),
    SyncCheck(recv_delivers_the_same),
    SyncCheck(sends_what_it_is_given, HEARS),
    SyncCheck(carries_large_messages, HEARS),
    SyncCheck(listens_while_it_speaks, HEARS),
    SyncCheck(ends_when_the_peer_closes),
    SyncCheck(raises_when_the_connection_breaks, HEARS | {"break"}),
    SyncCheck(raises_when_the_peer_fails, HEARS | {"break"}),
    SyncCheck(sending_after_close_raises),
    SyncCheck(closes_once_and_quickly, HEARS),
    SyncCheck(closing_wakes_who_waits),
    SyncCheck(holds_a_conversation, HEARS),
)
