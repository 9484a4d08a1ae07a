"""What live conversations cost a client. Runs on ours and on the official package, each beside bare ``websockets``.

``python -m bench.live {receive,send,latency,agent_send,agent_audio} ADDRESS`` prints seconds of the package and a bare
loop of the same ``websockets``, whose messages plain pydantic models read. Both take turns in one process, so they
meet the same machine. ``python -m bench.live {streams,memory} ADDRESS {package,bare}`` prints streams per core and
bytes per conversation. ADDRESS is that of ``live_peer.py``, whose time is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import statistics
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Annotated, Any, Literal, Optional, Union

from pydantic import BaseModel, Field, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import ClientConnection as SyncConnection
from websockets.sync.client import connect as connect_sync

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType

from .calls import environment, in_turns, read
from .live_peer import EVERY, FLOOD, allow_connections

CHUNK = bytes(640)
"""20 ms of linear16 at 16 kHz."""
SENT = 3000
"""Messages sent in a turn."""
STREAMS, SECONDS = 1000, 5.0
FRAME = bytes(3200)
"""100 ms of the same."""
FRAME_SECONDS = 0.1
CONNECTIONS = 500
TURNS = 5

# --- The bare side: plain models ------------------------------------------------------------------------------------


class Word(BaseModel):
    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: Optional[str] = None
    language: Optional[str] = None
    speaker: Optional[int] = None


class Alternative(BaseModel):
    transcript: str
    confidence: float
    words: list[Word]
    languages: Optional[list[str]] = None


class Channel(BaseModel):
    alternatives: list[Alternative]


class ModelInfo(BaseModel):
    name: str
    version: str
    arch: str


class From(BaseModel):
    request_id: str
    model_info: ModelInfo
    model_uuid: str


class Results(BaseModel):
    type: Literal["Results"]
    channel_index: list[int]
    duration: float
    start: float
    is_final: Optional[bool] = None
    speech_final: Optional[bool] = None
    channel: Channel
    metadata: From
    from_finalize: Optional[bool] = None


class Metadata(BaseModel):
    type: Literal["Metadata"]
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int


class UtteranceEnd(BaseModel):
    type: Literal["UtteranceEnd"]
    channel: list[int]
    last_word_end: float


class SpeechStarted(BaseModel):
    type: Literal["SpeechStarted"]
    channel: list[int]
    timestamp: float


Message = Annotated[Union[Results, Metadata, UtteranceEnd, SpeechStarted], Field(discriminator="type")]
_MESSAGES: TypeAdapter[Any] = TypeAdapter(Message)
decode = _MESSAGES.validate_json


def read_words(message: Any) -> None:
    """Read the transcript and every field of every word."""
    (best,) = message.channel.alternatives
    assert best.transcript
    read(best.words)


# --- Both sides alike: a conversation has ``send`` and yields messages ----------------------------------------------


class Bare:
    """A connection of ``websockets`` with the messages read by plain models."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.send = connection.send

    async def messages(self) -> AsyncIterator[Any]:
        async for frame in self.connection:
            yield frame if isinstance(frame, bytes) else decode(frame)


class BareSync:
    """The same for threads."""

    def __init__(self, connection: SyncConnection) -> None:
        self.connection = connection
        self.send = connection.send

    def messages(self) -> Iterator[Any]:
        for frame in self.connection:
            yield frame if isinstance(frame, bytes) else decode(frame)


class Package:
    """A conversation of the package."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.send = socket.send_media

    def messages(self) -> Any:
        return self.socket


SIDES = ("package", "bare")
Opener = Callable[[str], Any]
LISTEN, AGENT = "/v1/listen?model=nova-3", "/v1/agent/converse"


def connecting(client: Any, path: str) -> Any:
    """Return the package's connection for a path."""
    return client.agent.v1.connect() if path == AGENT else client.listen.v1.connect(model="nova-3")


def openers(address: str, path: str = LISTEN) -> tuple[Opener, Opener]:
    """Return how the package and the bare side open a conversation with what a peer does."""
    clients: dict[str, AsyncDeepgramClient] = {}

    @asynccontextmanager
    async def package(does: str) -> AsyncGenerator[Package]:
        if does not in clients:
            clients[does] = AsyncDeepgramClient(api_key="bench", environment=environment(f"{address}/{does}"))
        async with connecting(clients[does], path) as socket:
            yield Package(socket)

    @asynccontextmanager
    async def bare(does: str) -> AsyncGenerator[Bare]:
        async with connect(f"{address}/{does}{path}", compression=None) as connection:
            yield Bare(connection)

    return package, bare


def sync_openers(address: str, path: str = LISTEN) -> tuple[Opener, Opener]:
    """Do what :func:`openers` does, for threads."""

    @contextmanager
    def package(does: str) -> Generator[Package]:
        client = DeepgramClient(api_key="bench", environment=environment(f"{address}/{does}"))
        with connecting(client, path) as socket:
            yield Package(socket)

    @contextmanager
    def bare(does: str) -> Generator[BareSync]:
        with connect_sync(f"{address}/{does}{path}", compression=None) as connection:
            yield BareSync(connection)

    return package, bare


Figures = dict[str, dict[str, Any]]


def both(
    address: str, one: Callable[[Opener], Awaitable[float]], sync: Callable[[Opener], float], path: str = LISTEN
) -> Figures:
    """Return the median of each side, with an event loop and with threads."""

    async def turns() -> list[list[float]]:
        sides = openers(address, path)
        return [[await one(side) for side in sides] for _ in range(TURNS + 1)]

    measured = list(zip(*asyncio.run(turns())[1:], strict=True))
    threads = in_turns(TURNS, *(partial(sync, side) for side in sync_openers(address, path)))
    return {
        side: {"async": statistics.median(measured[index]), "sync": statistics.median(threads[index])}
        for index, side in enumerate(SIDES)
    }


# --- What is measured -----------------------------------------------------------------------------------------------


def receive(address: str) -> Figures:
    """CPU seconds to receive a message and read its words. They come as fast as they are read."""

    async def one(opened: Opener) -> float:
        async with opened("flood") as conversation:
            gc.collect()
            began, count = process_time(), 0
            await conversation.send(CHUNK)
            async for message in conversation.messages():
                read_words(message)
                count += 1
            took = process_time() - began
        assert count == FLOOD
        return took / FLOOD

    def sync(opened: Opener) -> float:
        with opened("flood") as conversation:
            gc.collect()
            began, count = process_time(), 0
            conversation.send(CHUNK)
            for message in conversation.messages():
                read_words(message)
                count += 1
            took = process_time() - began
        assert count == FLOOD
        return took / FLOOD

    return both(address, one, sync)


def send(address: str, path: str = LISTEN) -> Figures:
    """CPU seconds to send 640 bytes of audio, as fast as it goes."""

    async def one(opened: Opener) -> float:
        async with opened("swallow") as conversation:
            gc.collect()
            began = process_time()
            for _ in range(SENT):
                await conversation.send(CHUNK)
            return (process_time() - began) / SENT

    def sync(opened: Opener) -> float:
        with opened("swallow") as conversation:
            gc.collect()
            began = process_time()
            for _ in range(SENT):
                conversation.send(CHUNK)
            return (process_time() - began) / SENT

    return both(address, one, sync, path)


def audio(address: str) -> Figures:
    """CPU seconds to receive 640 bytes of an agent's audio. They come as fast as they are read."""

    async def one(opened: Opener) -> float:
        async with opened("audio") as conversation:
            gc.collect()
            began, count = process_time(), 0
            await conversation.send(CHUNK)
            async for frame in conversation.messages():
                count += len(frame)
            took = process_time() - began
        assert count == FLOOD * len(CHUNK)
        return took / FLOOD

    def sync(opened: Opener) -> float:
        with opened("audio") as conversation:
            gc.collect()
            began, count = process_time(), 0
            conversation.send(CHUNK)
            for frame in conversation.messages():
                count += len(frame)
            took = process_time() - began
        assert count == FLOOD * len(CHUNK)
        return took / FLOOD

    return both(address, one, sync, AGENT)


def latency(address: str) -> Figures:
    """Seconds from the peer's write to the handler that has read the words, the median. One message at a time."""

    async def one(opened: Opener) -> float:
        late: list[float] = []

        def handle(message: Any) -> None:
            late.append(perf_counter() - message.start)

        async with opened("paced") as conversation:
            await conversation.send(CHUNK)
            if isinstance(conversation, Package):
                conversation.socket.on(EventType.MESSAGE, handle)
                await conversation.socket.start_listening()
            else:
                async for message in conversation.messages():
                    handle(message)
        return statistics.median(late)

    def sync(opened: Opener) -> float:
        late: list[float] = []

        def handle(message: Any) -> None:
            late.append(perf_counter() - message.start)

        with opened("paced") as conversation:
            conversation.send(CHUNK)
            if isinstance(conversation, Package):
                conversation.socket.on(EventType.MESSAGE, handle)
                conversation.socket.start_listening()
            else:
                for message in conversation.messages():
                    handle(message)
        return statistics.median(late)

    return both(address, one, sync)


async def real_time(opened: Opener) -> dict[str, float]:
    """Return how many streams of 100 ms frames, with a message for each three of them, a core carries."""
    late = 0.0

    async def speak(conversation: Any, due: float, end: float) -> None:
        nonlocal late
        while due < end:
            if (wait := due - monotonic()) > 0:
                await asyncio.sleep(wait)
            else:
                late = max(late, -wait)
            await conversation.send(FRAME)
            due += FRAME_SECONDS

    async def hear(conversation: Any) -> None:
        async for message in conversation.messages():
            read_words(message)

    allow_connections(STREAMS)
    async with AsyncExitStack() as stack:
        conversations = [await stack.enter_async_context(opened("every")) for _ in range(STREAMS)]
        hearing = [asyncio.create_task(hear(each)) for each in conversations]
        gc.collect()
        begin, cpu, kernel = monotonic(), process_time(), in_the_kernel()
        await asyncio.gather(
            *(
                speak(each, begin + FRAME_SECONDS * index / STREAMS, begin + SECONDS)
                for index, each in enumerate(conversations)
            )
        )
        took, kernel = process_time() - cpu, in_the_kernel() - kernel
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
    return {"per_core": STREAMS * SECONDS / took, "late": late, "kernel": kernel / (STREAMS * SECONDS)}


def in_the_kernel() -> float:
    """Return the CPU seconds of this process that the kernel had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime


def resident() -> int:
    """Return the memory of this process (bytes), as Linux counts it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def held(opened: Opener) -> float:
    """Return the bytes by which the process grows with each conversation that was used."""

    async def use(conversation: Any) -> None:
        for _ in range(EVERY):
            await conversation.send(CHUNK)
        async for message in conversation.messages():
            read_words(message)
            break

    async with AsyncExitStack() as stack:

        async def more(count: int) -> int:
            for _ in range(count):
                await use(await stack.enter_async_context(opened("every")))
            gc.collect()
            return resident()

        before = await more(50)
        return (await more(CONNECTIONS) - before) / CONNECTIONS


KINDS: dict[str, Callable[[str], Figures]] = {
    "receive": receive,
    "send": send,
    "latency": latency,
    "agent_send": partial(send, path=AGENT),
    "agent_audio": audio,
}


def alone(kind: str, opened: Opener) -> dict[str, float]:
    """Measure one side in a process of its own: what the other has left free would be used again."""
    return asyncio.run(real_time(opened)) if kind == "streams" else {"bytes": asyncio.run(held(opened))}


def main() -> None:
    """Measure and print."""
    kind, address, *side = sys.argv[1:]
    if side:
        print(json.dumps(alone(kind, openers(address)[SIDES.index(side[0])])))
    else:
        print(json.dumps(KINDS[kind](address)))


if __name__ == "__main__":
    main()
