"""Every transport of the repository passes the kit; and the kit finds what is wrong with bad ones."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from examples.transports.in_memory import InMemory
from examples.transports.over_aiohttp import over
from examples.transports.recorded_file import Recorded, Recorder, to_line
from examples.transports.through_proxy import Through
from examples.transports.unix_socket import UnixSocket

from deepgram.runtime.websocket import Limits, connect, connect_async
from deepgram.testing.transport import (
    AsyncCheck,
    OverWebSockets,
    Say,
    Script,
    SyncCheck,
    SyncOverWebSockets,
    WebSocketPeer,
    async_checks,
    play,
    sync_checks,
)
from deepgram.transport_interface import AsyncTransport, SyncTransport
from deepgram.transports.picows import PicowsTransportFactory

from .proxy import Proxy

LIMITS = Limits(10.0, 16 * 1024 * 1024, None, None)

async_kit = pytest.mark.parametrize("check", async_checks(), ids=str)
sync_kit = pytest.mark.parametrize("check", sync_checks(), ids=str)


@pytest.fixture(scope="module")
def peer() -> Iterator[WebSocketPeer]:
    with WebSocketPeer() as running:
        yield running


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


@pytest.fixture(scope="module")
def unix_peer() -> Iterator[tuple[WebSocketPeer, Path]]:
    if sys.platform == "win32":
        pytest.skip("asyncio has no Unix sockets on Windows")
    with tempfile.TemporaryDirectory() as folder:  # the path of a Unix socket must be short
        path = Path(folder) / "peer"
        with WebSocketPeer(path) as running:
            yield running, path


@async_kit
async def test_the_default_transport_for_asyncio_passes(check: AsyncCheck, peer: WebSocketPeer) -> None:
    await check(OverWebSockets(partial(connect_async, limits=LIMITS), peer))


@sync_kit
def test_the_default_transport_for_threads_passes(check: SyncCheck, peer: WebSocketPeer) -> None:
    check(SyncOverWebSockets(partial(connect, limits=LIMITS), peer))


@async_kit
async def test_picows_passes(check: AsyncCheck, peer: WebSocketPeer) -> None:
    await check(OverWebSockets(PicowsTransportFactory(), peer))


@async_kit
async def test_aiohttp_passes(check: AsyncCheck, peer: WebSocketPeer) -> None:
    async with aiohttp.ClientSession() as session:
        await check(OverWebSockets(over(session), peer))


@async_kit
async def test_a_proxy_passes(check: AsyncCheck, peer: WebSocketPeer, proxy: Proxy) -> None:
    before = len(proxy.tunnels)
    await check(OverWebSockets(Through(proxy.url), peer))
    assert len(proxy.tunnels) == before + 1


@sync_kit
def test_a_proxy_passes_for_threads(check: SyncCheck, peer: WebSocketPeer, proxy: Proxy) -> None:
    check(SyncOverWebSockets(Through(proxy.url).sync, peer))


@async_kit
async def test_a_unix_socket_passes(check: AsyncCheck, unix_peer: tuple[WebSocketPeer, Path]) -> None:
    running, path = unix_peer
    await check(OverWebSockets(UnixSocket(path), running))


@sync_kit
def test_a_unix_socket_passes_for_threads(check: SyncCheck, unix_peer: tuple[WebSocketPeer, Path]) -> None:
    running, path = unix_peer
    check(SyncOverWebSockets(UnixSocket(path).sync, running))


class InMemoryHarness:
    @asynccontextmanager
    async def open(self, script: Script) -> AsyncGenerator[AsyncTransport, None]:
        transport = InMemory(partial(play, script))
        try:
            yield transport
        finally:
            await transport.close()


@async_kit
async def test_memory_passes(check: AsyncCheck) -> None:
    await check(InMemoryHarness())


class RecordedHarness:
    """What the peer would say is in a file; nobody hears what is sent."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "recorded.jsonl"

    @contextmanager
    def open(self, script: Script) -> Generator[SyncTransport, None, None]:
        said = [to_line(step.frame) for step in script.steps if isinstance(step, Say)]
        self._path.write_text("\n".join(said), encoding="utf-8")
        transport = Recorded(self._path)
        yield transport
        transport.close()


@pytest.mark.parametrize("check", sync_checks(without={"hear", "break"}), ids=str)
def test_a_recorded_file_passes_what_it_can(check: SyncCheck, tmp_path: Path) -> None:
    check(RecordedHarness(tmp_path))


@sync_kit
def test_recording_passes(check: SyncCheck, peer: WebSocketPeer, tmp_path: Path) -> None:
    def recorded(url: str, headers: dict[str, str]) -> SyncTransport:
        return Recorder(connect(url, headers, limits=LIMITS), tmp_path / "recorded.jsonl")

    check(SyncOverWebSockets(recorded, peer))


def test_what_was_recorded_is_played_back(peer: WebSocketPeer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    frames: list[str | bytes] = ['{"type": "Metadata"}', b"\0\1"]
    with SyncOverWebSockets(lambda url, headers: Recorder(connect(url, headers, limits=LIMITS), path), peer).open(
        Script((*map(Say, frames),))
    ) as transport:
        assert [transport.recv(), transport.recv()] == frames
    assert list(Recorded(path)) == frames


# --- The kit finds what is wrong --------------------------------------------------------------------------------------


class Wrapped:
    """The default transport; subclasses break one thing."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def send(self, data: Any, /) -> None:
        await self.inner.send(data)

    async def recv(self) -> Any:
        return await self.inner.recv()

    async def __aiter__(self) -> Any:
        async for frame in self.inner:
            yield frame

    async def close(self) -> None:
        await self.inner.close()


class TextOfEverything(Wrapped):
    async def __aiter__(self) -> Any:
        async for frame in self.inner:
            try:
                yield frame if isinstance(frame, str) else frame.decode()
            except UnicodeDecodeError:
                yield frame


class LosesWhatIsCancelled(Wrapped):
    """What nobody waits for any more still takes a frame."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.lock = asyncio.Lock()

    async def recv(self) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self.take()))

    async def take(self) -> Any:
        async with self.lock:
            return await self.inner.recv()


class SwallowsTheEnd(Wrapped):
    async def __aiter__(self) -> Any:
        try:
            async for frame in self.inner:
                yield frame
        except Exception:
            return


class SilentAfterClose(Wrapped):
    async def send(self, data: Any, /) -> None:
        try:
            await self.inner.send(data)
        except Exception:
            return


class WithoutRecv:
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def send(self, data: Any, /) -> None: ...
    async def __aiter__(self) -> Any:
        yield

    async def close(self) -> None:
        await self.inner.close()


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (TextOfEverything, "delivers_text_and_audio_in_order"),
        (LosesWhatIsCancelled, "a_cancelled_wait_loses_nothing"),
        (SwallowsTheEnd, "raises_when_the_connection_breaks"),
        (SwallowsTheEnd, "raises_when_the_peer_fails"),
        (SilentAfterClose, "sending_after_close_raises"),
        (WithoutRecv, "satisfies_the_protocol"),
    ],
)
async def test_the_kit_finds_what_is_wrong(
    broken: Callable[[Any], Any], check: str, peer: WebSocketPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepgram.testing.transport.PATIENCE", 1.0)

    async def factory(url: str, headers: dict[str, str]) -> Any:
        return broken(await connect_async(url, headers, LIMITS))

    [run] = [found for found in async_checks() if str(found) == check]
    made: Callable[[str, dict[str, str]], Awaitable[Any]] = factory
    with pytest.raises(AssertionError):
        await run(OverWebSockets(made, peer))
