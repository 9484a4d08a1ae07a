"""Live streams in worker processes: what they cost, what they may not cost others, and what is left of them."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
import time
import wave
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from deepgram.local import audio, engines, live_in_worker, live_wire, live_workers
from deepgram.local.audio import AudioError
from deepgram.local.engines import EngineError, EngineInfo, Hints
from deepgram.local.engines.scripted import Scripted
from deepgram.local.live import Busy, Ended, Happening, Heard, LiveOptions, LiveStream, Turn, TurnRules
from deepgram.local.live_in_worker import InWorker
from deepgram.local.live_said import MOST_UNREAD
from deepgram.local.live_worker_main import Streams
from deepgram.local.live_workers import LivePool
from deepgram.local.speech_detectors import load
from deepgram.local.workers import WorkerLost
from tests.local.conftest import needs
from tests.local.test_live_audio import contained
from tests.local.test_live_listeners import finals, follow_one_another, noise, options, silence

PATIENCE = 30.0
SCRIPTED = engines.create("scripted").info
POCKETSPHINX = EngineInfo("pocketsphinx", "5", "en-us", ("en",))
IN_SERVER = options(endpointing_ms=300)
IN_WORKER = LiveOptions(endpointing_ms=300)
"""A container: its codec is kept out of the server, and so is the stream."""


def wav(pcm: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(pcm)
    return buffer.getvalue()


@asynccontextmanager
async def running(
    engine: str = "scripted", info: EngineInfo = SCRIPTED, *, workers: int = 1, max_streams: int = 16
) -> AsyncGenerator[LivePool, None]:
    before = set(threading.enumerate()), open_files()
    pool = LivePool(engine, info=info, workers=workers, max_streams=max_streams)
    await pool.start()
    try:
        yield pool
    finally:
        await asyncio.wait_for(pool.stop(), PATIENCE)
    await until(lambda: not processes())
    assert not {thread for thread in set(threading.enumerate()) - before[0] if "live" in thread.name}
    assert open_files() <= before[1]
    assert len(asyncio.all_tasks()) == 1


def open_files() -> int:
    return psutil.Process().num_fds()


OTHERS: set[int] = set()
"""Processes of a server that other tests left running for those to come."""


@pytest.fixture(autouse=True)
def others() -> None:
    OTHERS.clear()
    OTHERS.update(child.pid for child in processes())


def processes() -> list[psutil.Process]:
    mine = [child for child in psutil.Process().children() if child.pid not in OTHERS]
    return [child for child in mine if "deepgram.local.live_worker_main" in " ".join(child.cmdline())]


async def until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), PATIENCE)


async def feed(stream: LiveStream, data: bytes, chunk: int = 3200) -> None:
    for at in range(0, len(data), chunk):
        await stream.feed(data[at : at + chunk])
    await stream.finish()


async def conversation(pool: LivePool, asked: LiveOptions, data: bytes, chunk: int = 3200) -> list[Happening]:
    """Have ``data`` heard and return all that is said."""
    stream = await pool.open(asked)
    feeding = asyncio.create_task(feed(stream, data, chunk))
    try:
        happenings = [happening async for happening in stream]
        await feeding
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await stream.close()
    return happenings


async def next_of(stream: LiveStream) -> Happening:
    return await asyncio.wait_for(anext(aiter(stream)), PATIENCE)


def text(happenings: Sequence[Happening]) -> str:
    return " ".join(word.text for result in finals(happenings) for word in result.words)


async def test_a_worker_says_the_same_as_the_server() -> None:
    pcm = silence(0.5) + noise(2) + silence(1) + noise(1, 1) + silence(1)
    async with running() as pool:
        here = await asyncio.wait_for(conversation(pool, IN_SERVER, pcm), PATIENCE)
        assert not processes()
        there = await asyncio.wait_for(conversation(pool, IN_WORKER, wav(pcm)), PATIENCE)
        assert len(processes()) == 1
    assert here[:-1] == there[:-1]
    assert isinstance(there[-1], Ended)
    assert there[-1].duration == 5.5
    assert len(finals(here)) == 3
    follow_one_another(finals(there), 5.5)


async def test_orders_reach_a_worker() -> None:
    async with running() as pool:
        stream = await pool.open(IN_WORKER)
        await stream.feed(wav(noise(2)))
        await stream.finalize()
        said = await next_of(stream)
        assert isinstance(said, Heard)
        assert said.from_finalize
        assert said.words
        await stream.close()

        stream = await pool.open(LiveOptions(turns=TurnRules(eot_threshold=1.0, eot_timeout_ms=60_000)))
        await stream.feed(wav(noise(2) + silence(3)))
        await stream.end_turn()
        ended = await asyncio.wait_for(turn_end(stream), PATIENCE)
        assert ended.trigger == "manual"
        await stream.configure(rules=TurnRules(eot_threshold=0.5), hints=Hints(("paris",), "fr"))
        await stream.close()


async def turn_end(stream: LiveStream) -> Turn:
    async for happening in stream:
        if isinstance(happening, Turn) and happening.event == "EndOfTurn":
            return happening
    raise AssertionError("the turn did not end")


async def test_past_the_last_place_a_stream_finds_none_until_one_is_closed() -> None:
    async with running(max_streams=2) as pool:
        first, second = await pool.open(IN_SERVER), await pool.open(IN_WORKER)
        for asked in (IN_SERVER, IN_WORKER):
            with pytest.raises(Busy):
                await pool.open(asked)
        await first.close()
        await first.close()
        third = await pool.open(IN_SERVER)
        with pytest.raises(Busy):
            await pool.open(IN_SERVER)
        await asyncio.gather(second.close(), third.close())
        assert text(await conversation(pool, IN_SERVER, noise(1)))


async def test_options_that_no_audio_can_have_take_no_place() -> None:
    async with running(max_streams=1) as pool:
        for asked in (LiveOptions(encoding="linear16"), LiveOptions(encoding="g711"), options(channels=0)):
            with pytest.raises(AudioError):
                await pool.open(asked)
        await (await pool.open(IN_SERVER)).close()


async def test_an_engine_that_does_not_stream_says_which_do() -> None:
    info = EngineInfo("whisper", "1", "base", ("en",), streams=False)
    async with running("whisper", info) as pool:
        with pytest.raises(EngineError, match="pocketsphinx"):
            await pool.open(IN_SERVER)


async def test_an_engine_that_cannot_be_started_is_an_error_of_each_stream_that_wants_it() -> None:
    async with running("nonsense", POCKETSPHINX) as pool:
        opened = await asyncio.gather(*(pool.open(IN_WORKER) for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in opened] == [EngineError] * 3
        assert "no engine 'nonsense'" in str(opened[0])


async def test_a_worker_that_dies_ends_its_streams_and_no_others() -> None:
    async with running(workers=2, max_streams=20) as pool:
        streams = [await pool.open(IN_WORKER) for _ in range(5)]
        bystander = await pool.open(IN_SERVER)
        first, second = processes()
        os.kill(first.pid, signal.SIGKILL)
        for stream in streams[:4]:
            with pytest.raises(WorkerLost):
                await next_of(stream)
            with pytest.raises(WorkerLost):
                await stream.feed(b"RIFF")
        for stream, data in ((streams[4], wav(noise(1))), (bystander, noise(1))):
            await feed(stream, data)
            assert text([happening async for happening in stream])
        for stream in (*streams, bystander):
            await stream.close()
        assert text(await conversation(pool, IN_WORKER, wav(noise(1))))
        again = [await pool.open(IN_WORKER) for _ in range(5)]
        assert len(processes()) == 2
        assert first.pid not in {worker.pid for worker in processes()}
        assert second.pid in {worker.pid for worker in processes()}
        for stream in again:
            await stream.close()


@pytest.mark.parametrize("enough", [True, False])
def test_streams_that_begin_at_once_are_open_when_there_is_enough_for_each(enough: bool) -> None:
    """What they need takes time, in which none of them should be sending."""
    prepared: list[int] = []

    class Slow(Scripted):
        def prepare(self, streams: int) -> None:
            prepared.append(streams)
            if not enough:
                raise MemoryError("90 MB each")

    told: list[dict[str, Any]] = []
    streams = Streams(Slow(), load("webrtc", light=True), told.append)
    for number, asked in enumerate((options(), options(channels=2, multichannel=True), options(channels=2))):
        streams.put(({"do": "open", "stream": number, "options": live_wire.pack_options(asked)}, b""))
    streams.put(({"do": "close", "stream": 0}, b""))
    streams._catch_up()
    assert prepared == [3]
    assert [message["stream"] for message in told] == [1, 2]
    said = [message.get("opened", message.get("message")) for message in told]
    assert said == [True if enough else "MemoryError: 90 MB each"] * 2


async def test_a_stream_that_cannot_be_opened_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def opened(stream: InWorker) -> None:
        stream.lost(EngineError("no memory"))
        stream._going_on()

    async with running(max_streams=1) as pool:
        with monkeypatch.context() as patched:
            patched.setattr(InWorker, "opened", opened)
            with pytest.raises(EngineError, match="no memory"):
                await pool.open(IN_WORKER)
        await (await pool.open(IN_WORKER)).close()


async def test_a_worker_that_hangs_is_ended_and_its_streams_learn_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_workers, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(live_in_worker, "STALLED_SECONDS", 0.3)
    async with running() as pool:
        stream, idle = await pool.open(IN_WORKER), await pool.open(IN_WORKER)
        (worker,) = processes()
        worker.suspend()
        with pytest.raises(WorkerLost):
            await asyncio.wait_for(stream.feed(wav(noise(60))), PATIENCE)
        with pytest.raises(WorkerLost):
            await next_of(idle)
        await asyncio.gather(stream.close(), idle.close())


async def test_a_stream_that_waits_for_audio_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_workers, "WATCH_SECONDS", 0.02)
    monkeypatch.setattr(live_in_worker, "STALLED_SECONDS", 0.1)
    async with running() as pool:
        stream = await pool.open(IN_WORKER)
        data = wav(noise(1))
        for at in (0, 5, 2000):  # too little to know what it is, a header, all
            await stream.feed(data[at : {0: 5, 5: 2000}.get(at, len(data))])
            await stream.finalize()
            await asyncio.sleep(0.3)
        await stream.finish()
        assert text([happening async for happening in stream])
        await stream.close()


async def test_feeding_waits_while_the_worker_is_behind_and_memory_does_not_grow() -> None:
    async with running() as pool:
        stream = await pool.open(IN_WORKER)
        (worker,) = processes()
        worker.suspend()
        data = wav(noise(0.1) * 600)
        feeding = asyncio.create_task(feed(stream, data, len(data)))  # in one message
        done, _ = await asyncio.wait({feeding}, timeout=0.3)
        assert not done
        # Other streams go on.
        assert text(await conversation(pool, IN_SERVER, noise(1)))
        worker.resume()
        happenings = [happening async for happening in stream]
        await feeding
        await stream.close()
        follow_one_another(finals(happenings), 60.0)


async def test_closing_frees_who_waits_to_feed() -> None:
    async with running() as pool:
        stream = await pool.open(IN_WORKER)
        (worker,) = processes()
        worker.suspend()
        reading = asyncio.create_task(next_of(stream))
        feeding = asyncio.create_task(stream.feed(wav(noise(60))))
        await asyncio.sleep(0.1)
        await stream.close()
        await asyncio.wait_for(feeding, PATIENCE)
        await asyncio.wait({reading}, timeout=PATIENCE)
        assert isinstance(reading.exception(), (StopAsyncIteration, RuntimeError))
        await stream.feed(b"late")
        await stream.finalize()
        await stream.finish()
        worker.resume()


@pytest.mark.parametrize("asked", [IN_SERVER, IN_WORKER])
async def test_who_says_much_and_is_not_read_is_not_heard_further(asked: LiveOptions) -> None:
    async with running() as pool:
        stream = await pool.open(asked)
        await stream.feed(noise(0.1) if asked is IN_SERVER else wav(noise(0.1)))

        async def shout() -> None:
            while True:
                await stream.finalize()
                await asyncio.sleep(0)

        shouting = asyncio.create_task(shout())
        reads = stream._unread  # type: ignore[attr-defined]
        await until(lambda: len(reads) >= MOST_UNREAD)
        await asyncio.sleep(0.1)
        assert len(reads) < 3 * MOST_UNREAD
        shouting.cancel()
        await asyncio.gather(shouting, return_exceptions=True)
        await stream.close()
        await stream.close()
        assert text(await conversation(pool, IN_SERVER, noise(1)))


@pytest.mark.parametrize("data", [b"Dear Sir or Madam" * 100, b"OggS" + bytes(90_000), b"\xff\xfb" + bytes(20_000)])
async def test_audio_that_is_none_ends_its_stream_only(data: bytes) -> None:
    async with running() as pool:
        other = await pool.open(IN_WORKER)
        stream = await pool.open(IN_WORKER)
        feeding = asyncio.gather(feed(stream, data), return_exceptions=True)
        with pytest.raises(AudioError):
            await next_of(stream)
        await feeding
        with pytest.raises(AudioError):
            await stream.feed(b"more")
        await feed(other, wav(noise(1)))
        assert text([happening async for happening in other])
        await asyncio.gather(stream.close(), other.close())


async def test_a_file_that_begins_with_much_that_is_no_sound_does_not_stop_its_stream() -> None:
    """The worker says what its decoder has taken, whatever there is to hear: or the server would send no more."""
    index_at_the_end = contained(noise(8), "mov", "pcm_s16le")
    assert len(index_at_the_end) > 3 * live_in_worker.FIRST_BEHIND
    async with running() as pool:
        for _ in range(5):
            with pytest.raises(AudioError, match="faststart"):
                await asyncio.wait_for(conversation(pool, IN_WORKER, index_at_the_end, 8000), PATIENCE)


async def test_a_packet_that_cannot_be_one_is_refused() -> None:
    async with running() as pool:
        stream = await pool.open(LiveOptions(encoding="opus"))
        with pytest.raises(AudioError, match="packet"):
            await stream.feed(bytes(10**6))
        await stream.close()


async def test_streams_that_vanish_in_the_middle_leave_nothing() -> None:
    async with running(max_streams=60) as pool:
        data = noise(2)
        for asked in [IN_SERVER, IN_WORKER] * 20:
            stream = await pool.open(asked)
            await stream.feed(data if asked is IN_SERVER else wav(data))
            await stream.close()
        assert text(await conversation(pool, IN_WORKER, wav(data)))
        (worker,) = processes()
        await until(lambda: worker.num_threads() <= 4)


async def test_stopping_ends_streams_that_are_waited_for() -> None:
    async with running() as pool:
        streams = [await pool.open(IN_SERVER), await pool.open(IN_WORKER)]
        reading = [asyncio.create_task(next_of(stream)) for stream in streams]
        await asyncio.sleep(0)
        opening = asyncio.create_task(pool.open(IN_WORKER))
        await pool.stop()
        for task in reading:
            with pytest.raises(WorkerLost):
                await task
        await asyncio.gather(opening, return_exceptions=True)
        for stream in streams:
            await stream.close()


async def test_stopping_while_a_worker_starts_leaves_none() -> None:
    async with running() as pool:
        opening = asyncio.create_task(pool.open(IN_WORKER))
        await until(lambda: bool(processes()))
        await pool.stop()
        with pytest.raises(WorkerLost):
            await opening


async def test_a_hundred_streams_at_once_are_heard_in_the_server() -> None:
    async with running(max_streams=100) as pool:
        pcm = silence(0.2) + noise(2) + silence(1)
        all_of_them = await asyncio.gather(*(conversation(pool, IN_SERVER, pcm) for _ in range(100)))
        assert all(happenings == all_of_them[0] for happenings in all_of_them)
        assert not processes()


@pytest.fixture(scope="module")
def read_speech(two_cities: Path) -> bytes:
    with two_cities.open("rb") as file:
        return b"".join(piece.pcm[0] for piece in audio.decode(file))


async def test_several_real_speakers_share_a_worker_and_each_is_understood(read_speech: bytes) -> None:
    needs("pocketsphinx")
    parts = [read_speech[at * 32000 : (at + 7) * 32000] for at in (1, 5, 29)]
    asked = options(endpointing_ms=300, interim=True)
    async with running("pocketsphinx", POCKETSPHINX, workers=2) as pool:
        began = time.monotonic()
        said = await asyncio.wait_for(asyncio.gather(*(conversation(pool, asked, part) for part in parts)), PATIENCE)
        assert time.monotonic() - began < PATIENCE
        assert len(processes()) == 1
    for happenings in said:
        follow_one_another(finals(happenings), 7.0)
        assert any(isinstance(happening, Heard) and not happening.is_final for happening in happenings)
    first, second, third = map(text, said)
    assert "best of times it was the worst of times" in first
    assert "it was the age of foolishness" in second
    assert "so far like the present period" in third
