"""Taking leave of a conversation at awkward moments: nothing hangs, nothing is lost, nothing stays behind."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.protocol.iteration import FrameError

from .conversing import RESULT, Held, Peer, converse, given, numbered, service, several_at_once

LAST = 20


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def hold_on(connection: ServerConnection) -> None:
    await connection.wait_closed()


def starts(messages: list[Any]) -> list[float]:
    return [message.start for message in messages]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_that_leaves_the_block_says_and_closes_nothing(mode: str) -> None:
    """The conversation is its parent's, where it goes on."""

    def fork() -> bool:
        """Return true in the child, which then has 10 s; in the parent false, once the child has ended well."""
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            return True
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return False

    def in_a_thread(url: str) -> list[Any]:
        with DeepgramClient(api_key="k", base_url=url) as client:
            manager = client.listen.v1.connect(model="nova-3")
            with manager as connection:
                if fork():
                    manager.__exit__(None, None, None)
                    os._exit(0)
                connection.send_media(b"audio")
            return list(connection)

    async def in_a_loop(url: str) -> list[Any]:
        async with AsyncDeepgramClient(api_key="k", base_url=url) as client:
            manager = client.listen.v1.connect(model="nova-3")
            async with manager as connection:
                if fork():
                    await manager.__aexit__(None, None, None)
                    os._exit(0)
                await connection.send_media(b"audio")
            return [message async for message in connection]

    behave, received = service()
    with Peer(behave) as peer:
        heard = in_a_thread(peer.url) if mode == "sync" else asyncio.run(in_a_loop(peer.url))
    assert received == [b"audio", '{"type": "CloseStream"}']
    assert [message.type for message in heard] == ["Results", "Metadata"]


def test_slow_handlers_get_every_message_in_order_while_the_block_is_left(mode: str) -> None:
    heard: list[float] = []

    async def talk(connection: Any) -> None:
        async def slowly(message: Any) -> None:
            await asyncio.sleep(0.01)
            heard.append(message.start)

        def slowly_in_a_thread(message: Any) -> None:
            time.sleep(0.01)
            heard.append(message.start)

        connection.on("message", slowly if mode == "async" else slowly_in_a_thread)
        connection.listen_in_background()

    with Peer(numbered(LAST)) as peer:
        converse(mode, peer, talk)
    assert heard == [float(number) for number in range(LAST)]


def test_a_handler_can_send(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        assert await connection.recv() == b"answer"
        await connection.send(json.dumps(RESULT))

    held = Held()

    async def talk(connection: Any) -> None:
        def answer(message: Any) -> Any:
            if len(held.heard) == 1:
                return connection.send_media(b"answer")
            return None

        connection.on("message", answer)
        await given(connection.start_listening())

    with Peer(behave) as peer:
        converse(mode, peer, talk, held)
    assert held.order == ["open", "message", "message", "close"]


def test_a_handler_can_take_leave(mode: str) -> None:
    """It reads what still comes itself: nobody else does."""

    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps({**RESULT, "start": -1.0}))
        await numbered(3)(connection)

    held = Held()

    def in_a_thread(url: str) -> None:
        manager = DeepgramClient(api_key="k", base_url=url).listen.v1.connect(model="nova-3")
        connection = manager.__enter__()
        held.attach(connection)

        def leave(message: Any) -> None:
            if message.start == -1:
                manager.__exit__(None, None, None)

        connection.on("message", leave)
        connection.start_listening()

    async def in_a_loop(url: str) -> None:
        async with AsyncDeepgramClient(api_key="k", base_url=url) as client:
            manager = client.listen.v1.connect(model="nova-3")
            connection = await manager.__aenter__()
            held.attach(connection)

            async def leave(message: Any) -> None:
                if message.start == -1:
                    await manager.__aexit__(None, None, None)

            connection.on("message", leave)
            await connection.start_listening()

    with Peer(behave) as peer:
        began = time.monotonic()
        in_a_thread(peer.url) if mode == "sync" else asyncio.run(in_a_loop(peer.url))
        assert time.monotonic() - began < 4, "it does not wait for itself"
    assert starts(held.heard) == [-1.0, 0.0, 1.0, 2.0]
    assert held.order[-1] == "close"


def test_two_listeners_share_the_messages(mode: str) -> None:
    held = Held()

    async def talk(connection: Any) -> None:
        connection.listen_in_background()
        connection.listen_in_background()
        await given(connection.send_close_stream())

    with Peer(numbered(1)) as peer:
        converse(mode, peer, talk, held)
    assert held.order.count("message") == 1
    assert held.order.count("close") == 2


def test_recv_in_one_thread_gets_what_comes_while_another_leaves() -> None:
    heard: list[Any] = []
    ended: list[BaseException] = []

    with Peer(numbered(LAST)) as peer, DeepgramClient(api_key="k", base_url=peer.url) as client:
        with client.listen.v1.connect(model="nova-3") as connection:

            def receive() -> None:
                try:
                    while True:
                        heard.append(connection.recv())
                except ConnectionClosed as error:
                    ended.append(error)

            thread = threading.Thread(target=receive)
            thread.start()
        thread.join(10)
    assert starts(heard) == [float(number) for number in range(LAST)]
    assert [type(error) for error in ended] == [ConnectionClosedOK]


async def test_a_task_that_read_before_does_not_hold_up_leaving() -> None:
    """Until Python 3.11 ``wait_for`` waits in a task of its own, which is no more when the program leaves."""
    with Peer(several_at_once(5)) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:
                await asyncio.sleep(0.3)  # so that all are at hand
                messages = aiter(connection)
                first = await asyncio.wait_for(anext(messages), 5)
                assert starts([first, *[await anext(messages) for _ in range(3)]]) == [-1, -2, -3, -4]
                began = time.monotonic()
            assert time.monotonic() - began < 3
    assert starts(list(connection._left)) == [-5, 0, 1, 2]


async def test_a_loop_that_was_handed_to_a_task_keeps_its_messages() -> None:
    heard: list[Any] = []
    handled: list[Any] = []

    with Peer(several_at_once(5)) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:
                connection.on(EventType.MESSAGE, handled.append)
                await asyncio.sleep(0.3)
                messages = aiter(connection)
                heard.append(await anext(messages))

                async def read() -> None:
                    async for message in messages:
                        heard.append(message)
                        await asyncio.sleep(0.02)

                task = asyncio.create_task(read())
                await asyncio.sleep(0.01)
            await asyncio.wait_for(task, 10)
    assert starts(heard) == [-1, -2, -3, -4, -5, 0, 1, 2]
    assert handled == []


class Stepped:
    """Drives a coroutine from callbacks, as frameworks do that know no tasks."""

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine
        self.ended = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(self.step, None)

    def step(self, _: object) -> None:
        try:
            awaited = self.coroutine.send(None)
        except StopIteration:
            self.ended.set_result(None)
        else:
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(self.step)


READERS: dict[str, Callable[[Coroutine[Any, Any, None]], Awaitable[None]]] = {
    "a task": asyncio.ensure_future,
    "no task": lambda reading: Stepped(reading).ended,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
async def test_a_loop_gets_what_comes_while_another_task_leaves(reader: Any) -> None:
    heard: list[Any] = []

    with Peer(numbered(LAST)) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:

                async def read() -> None:
                    async for message in connection:
                        await asyncio.sleep(0.001)
                        heard.append(message)

                ended = reader(read())
                await asyncio.sleep(0)
            await asyncio.wait_for(ended, 10)
    assert starts(heard) == [float(number) for number in range(LAST)]


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_a_task_that_ends_within_a_loop_is_freed_at_once(how: str) -> None:
    """No cycle keeps it, and what the program has in it, until the collector comes by."""

    async def close(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        await connection.close(1011, "broken")

    class Held:
        pass

    freed: list[weakref.ref[Any]] = []
    with Peer(close if how == "closed" else hold_on) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            manager = client.listen.v1.connect(model="nova-3")
            connection = await manager.__aenter__()

            async def read() -> None:
                held = Held()
                freed.append(weakref.ref(held))
                async for _ in connection:
                    pass

            task = asyncio.create_task(read())
            await asyncio.sleep(0.1)
            gc.collect()
            gc.disable()
            try:
                if how == "cancelled":
                    task.cancel()
                await asyncio.wait({task}, timeout=10)
                assert task.cancelled() or isinstance(task.exception(), ConnectionClosed)
                freed.append(weakref.ref(task))
                del task
                await asyncio.sleep(0.05)
                assert [each() for each in freed] == [None, None]
            finally:
                gc.enable()
                await manager.__aexit__(None, None, None)


def test_an_iterator_that_is_kept_does_not_hold_up_leaving(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps({**RESULT, "start": -1.0}))
        await numbered(3)(connection)

    kept: list[Any] = []

    async def talk(connection: Any) -> Any:
        if mode == "sync":
            kept.append(iter(connection))
            assert next(kept[0]).start == -1
        else:
            kept.append(aiter(connection))
            assert (await anext(kept[0])).start == -1
        return connection

    with Peer(behave) as peer:
        began = time.monotonic()
        connection = converse(mode, peer, talk)
        assert time.monotonic() - began < 4
    assert starts(list(connection._left)) == [0.0, 1.0, 2.0]


def test_a_handler_that_blocks_for_ever_does_not_hold_up_leaving_for_ever(mode: str) -> None:
    release = threading.Event()

    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        await connection.wait_closed()

    async def talk(connection: Any) -> None:
        entered = threading.Event()

        async def blocks(message: Any) -> None:
            entered.set()
            await asyncio.Event().wait()

        def blocks_in_a_thread(message: Any) -> None:
            entered.set()
            release.wait(30)

        connection.on("message", blocks if mode == "async" else blocks_in_a_thread)
        connection.listen_in_background()
        while not entered.is_set():
            await asyncio.sleep(0.01)

    try:
        with Peer(behave) as peer:
            began = time.monotonic()
            converse(mode, peer, talk, drain_timeout=0.5)
            assert time.monotonic() - began < 0.5 + 2 + 2
    finally:
        release.set()


async def test_cancelling_the_entrance_leaves_nothing_behind() -> None:
    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with AsyncDeepgramClient(api_key="k", base_url=f"http://127.0.0.1:{port}") as client:
        before = asyncio.all_tasks()
        manager = client.listen.v1.connect(model="nova-3")
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(manager.__aenter__(), 0.2)
        rest = {task for task in asyncio.all_tasks() - before if "never" not in repr(task)}
        assert not rest
        serving = asyncio.all_tasks() - before
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
    server.close()
    await asyncio.sleep(0)


async def test_cancelling_the_exit_still_closes() -> None:
    gone = threading.Event()

    async def behave(connection: ServerConnection) -> None:
        async for _ in connection:
            pass
        gone.set()

    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            before = asyncio.all_tasks()
            manager = client.listen.v1.connect(model="nova-3")
            connection = await manager.__aenter__()
            connection.listen_in_background()
            began = time.monotonic()
            with pytest.raises((TimeoutError, asyncio.TimeoutError)):
                await asyncio.wait_for(manager.__aexit__(None, None, None), 0.2)
            assert time.monotonic() - began < 4
            assert await asyncio.to_thread(gone.wait, 5)
            await asyncio.sleep(0)
            assert asyncio.all_tasks() <= before


def noting(name: str, order: list[str], *, clumsy: bool) -> Callable[[Any], None]:
    def handle(_: Any) -> None:
        order.append(name)
        if clumsy:
            raise LookupError(name)

    return handle


@pytest.mark.parametrize(
    ("event", "order"),
    [("open", ["open"]), ("error", ["open", "message", "error", "close"]), ("close", ["open", "message", "close"])],
)
def test_exceptions_of_other_handlers_reach_the_program(mode: str, event: str, order: list[str]) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        if event == "error":
            await connection.close(1011, "sorry")

    async def talk(connection: Any) -> list[str]:
        seen: list[str] = []
        for name in ("open", "message", "error", "close"):
            connection.on(name, noting(name, seen, clumsy=name == event))
        with pytest.raises(LookupError, match=event):
            await given(connection.start_listening())
        return list(seen)

    with Peer(behave) as peer:
        assert converse(mode, peer, talk) == order


def test_a_frame_that_is_no_object_is_reported_and_left_out(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        for frame in ("null", "[]", "7", '"text"', json.dumps(RESULT)):
            await connection.send(frame)

    held = Held()

    async def talk(connection: Any) -> Any:
        return await given(connection.recv())

    with Peer(behave) as peer:
        assert converse(mode, peer, talk, held).start == 0
    assert [type(error) for error in held.errors] == [FrameError] * 4


def test_threads_that_send_at_the_same_time_mix_nothing_up() -> None:
    behave, received = service()
    with Peer(behave) as peer, DeepgramClient(api_key="k", base_url=peer.url) as client:
        with client.listen.v1.connect(model="nova-3") as connection:
            chunks = [bytes([number]) * 1000 for number in range(8)]

            def send(chunk: bytes) -> None:
                for _ in range(50):
                    connection.send_media(chunk)

            threads = [threading.Thread(target=send, args=(chunk,)) for chunk in chunks]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        assert connection.report().audio_bytes == 8 * 50 * 1000
    assert sorted(chunk for chunk in received if isinstance(chunk, bytes)) == sorted(chunks * 50)


PROGRAM = """
import sys
from deepgram import DeepgramClient
connection = DeepgramClient(api_key="k", base_url=sys.argv[1]).listen.v1.connect(model="nova-3").__enter__()
connection.listen_in_background()
connection.send_media(b"00")
"""


def test_a_program_can_end_with_a_conversation_open() -> None:
    with Peer(hold_on) as peer:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, peer.url], capture_output=True, text=True, timeout=30, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert time.monotonic() - began < 10
