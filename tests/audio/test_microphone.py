"""The microphone, over a `sounddevice` whose thread the test plays."""

from __future__ import annotations

import asyncio
import threading
from array import array

import pytest

from deepgram.audio import DeviceError, Microphone

from .conftest import Library


def test_the_device_is_opened_as_asked_and_closed_at_the_end(library: Library) -> None:
    with Microphone(sample_rate=8000, channels=2, chunk_ms=20, device="Laptop"):
        options = library.stream.options
        wanted = {"samplerate": 8000, "channels": 2, "blocksize": 160, "device": "Laptop", "dtype": "int16"}
        assert wanted.items() <= options.items()
        assert library.stream.calls == ["start"]
    assert library.stream.calls == ["start", "abort", "close"]


def test_chunks_are_yielded_as_they_were_recorded_until_it_is_closed(library: Library) -> None:
    with Microphone() as microphone:
        library.stream.hear(b"one.")
        library.stream.hear(b"two.")
        chunks = iter(microphone)
        assert next(chunks) == b"one."
        microphone.close()
        library.stream.hear(b"late")
        assert list(chunks) == [b"two."]


def test_a_thread_that_waits_gets_the_next_chunk_and_the_end(library: Library) -> None:
    got: list[bytes] = []
    with Microphone() as microphone:
        listening = threading.Thread(target=lambda: got.extend(microphone))
        listening.start()
        library.stream.hear(b"word")
    listening.join(10)
    assert not listening.is_alive()
    assert got == [b"word"]


async def test_a_task_that_waits_gets_the_next_chunk_and_the_end(library: Library) -> None:
    async def collect(microphone: Microphone) -> list[bytes]:
        return [chunk async for chunk in microphone]

    with Microphone() as microphone:
        listening = asyncio.create_task(collect(microphone))
        await asyncio.sleep(0)  # it waits now
        await asyncio.to_thread(library.stream.hear, b"word")
        await asyncio.to_thread(library.stream.hear, b"more")
    assert await asyncio.wait_for(listening, 10) == [b"word", b"more"]


async def test_a_cancelled_task_leaves_nothing_behind(library: Library) -> None:
    with Microphone() as microphone:

        async def take() -> None:
            async for _ in microphone:
                pass

        listening = asyncio.create_task(take())
        await asyncio.sleep(0)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert not microphone._changes._tasks
        library.stream.hear(b"word")
        assert next(iter(microphone)) == b"word"


def test_the_oldest_chunks_are_dropped_and_counted_if_nobody_takes_them(library: Library) -> None:
    with Microphone(chunk_ms=50, buffer_seconds=0.1) as microphone:
        for chunk in (b"1.", b"2.", b"3.", b"4."):
            library.stream.hear(chunk)
        library.stream.hear(b"5.", overflow=True)
        assert microphone.dropped == 4  # three by us, one on the way to us
        microphone.close()
        assert list(microphone) == [b"4.", b"5."]


@pytest.mark.parametrize(
    ("samples", "level"), [([0, 0], 0.0), ([-32768, -32768], 1.0), ([16384, -16384, 16384, -16384], 0.5)]
)
def test_the_level_is_the_root_mean_square_of_the_last_chunk(
    library: Library, samples: list[int], level: float
) -> None:
    with Microphone() as microphone:
        assert microphone.level == 0.0
        library.stream.hear(array("h", samples).tobytes())
        assert microphone.level == pytest.approx(level)


def test_a_device_that_stops_by_itself_is_an_error_after_the_last_chunk(library: Library) -> None:
    with Microphone() as microphone:
        library.stream.hear(b"word")
        library.stream.vanish()
        chunks = iter(microphone)
        assert next(chunks) == b"word"
        with pytest.raises(DeviceError, match="has stopped"):
            next(chunks)


def test_a_device_that_delivers_nothing_is_an_error(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.audio.device.PATIENCE", 0.05)
    with Microphone() as microphone:
        with pytest.raises(DeviceError, match="has stopped"):
            next(iter(microphone))


async def test_a_device_that_delivers_nothing_is_an_error_in_an_event_loop_too(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepgram.audio.device.PATIENCE", 0.05)
    with Microphone() as microphone:
        with pytest.raises(DeviceError, match="has stopped"):
            await anext(aiter(microphone))


def test_it_can_be_opened_again_but_not_twice(library: Library) -> None:
    microphone = Microphone()
    with microphone:
        library.stream.hear(b"old.")
        with pytest.raises(RuntimeError, match="open already"):
            microphone.__enter__()
    with microphone:
        library.stream.hear(b"new.")
        assert next(iter(microphone)) == b"new."
    assert len(library.opened) == 2


@pytest.mark.parametrize("wrong", [{"sample_rate": 0}, {"channels": -1}, {"chunk_ms": 0}, {"buffer_seconds": 0}])
def test_impossible_values_are_refused_at_once(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Microphone(**wrong)
