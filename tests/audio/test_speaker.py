"""The speaker, over a `sounddevice` whose thread the test plays."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deepgram.audio import DeviceError, Speaker

from .conftest import Library

SILENCE = bytes(4)


@pytest.fixture
def speaker() -> Speaker:
    """A speaker that has room for four samples."""
    return Speaker(sample_rate=4, buffer_seconds=1)


def test_audio_is_played_in_order_and_silence_when_there_is_none(library: Library, speaker: Speaker) -> None:
    with speaker:
        assert library.stream.take(4) == SILENCE
        speaker.play(b"ab")
        speaker.play(bytearray(b"cd"))
        assert speaker.waiting == 0.5
        assert library.stream.take(6) == b"abcd\0\0"
        assert (speaker.played, speaker.waiting) == (0.5, 0.0)
    assert library.stream.calls == ["start", "abort", "close"]


def test_pieces_may_end_within_a_sample(library: Library) -> None:
    with Speaker(channels=2) as speaker:
        speaker.play(b"abc")
        assert library.stream.take(4) == SILENCE
        speaker.play(b"de")
        assert library.stream.take(8) == b"abcd" + SILENCE
        speaker.clear()


def test_playing_waits_while_the_buffer_is_full(library: Library, speaker: Speaker) -> None:
    with speaker, ThreadPoolExecutor() as pool:
        speaker.play(b"12345678")
        playing = pool.submit(speaker.play, b"abcdefgh" * 2)
        assert library.stream.take(8) == b"12345678"
        heard = b""
        while len(heard) < 16:
            heard += library.stream.take(2).strip(b"\0")
            assert len(speaker._waiting) <= 8
        playing.result(10)
        assert heard == b"abcdefgh" * 2


async def test_playing_waits_in_an_event_loop_too(library: Library, speaker: Speaker) -> None:
    with speaker:
        playing = asyncio.create_task(speaker.play_async(memoryview(b"abcdefghij")))
        await asyncio.sleep(0)
        assert not playing.done()
        assert await asyncio.to_thread(library.stream.take, 4) == b"abcd"
        await asyncio.wait_for(playing, 10)
        assert library.stream.take(6) == b"efghij"
        await asyncio.wait_for(speaker.wait_async(), 10)


def test_clear_falls_silent_with_the_next_buffer_and_frees_whoever_plays(library: Library, speaker: Speaker) -> None:
    with speaker, ThreadPoolExecutor() as pool:
        speaker.play(b"12345678")
        playing = pool.submit(speaker.play, b"too late")
        while not speaker._changes.lock._waiters:  # type: ignore[attr-defined]
            assert not playing.done()
        speaker.clear()
        playing.result(10)
        assert library.stream.take(8) == bytes(8)
        speaker.play(b"new.")
        assert library.stream.take(4) == b"new."


async def test_clear_frees_a_task_that_plays(library: Library, speaker: Speaker) -> None:
    with speaker:
        playing = asyncio.create_task(speaker.play_async(b"12345678 and more"))
        await asyncio.sleep(0)
        speaker.clear()
        await asyncio.wait_for(playing, 10)
        assert speaker.waiting == 0


def test_leaving_the_block_waits_until_all_is_played(library: Library, speaker: Speaker) -> None:
    heard: list[bytes] = []

    def device() -> None:
        heard.append(library.stream.take(8))

    taking = threading.Timer(0.05, device)
    with speaker:
        speaker.play(b"12345678")
        taking.start()
    taking.join(10)
    assert heard == [b"12345678"]
    assert library.stream.calls == ["start", "abort", "close"]


def test_an_exception_stops_it_at_once(library: Library, speaker: Speaker) -> None:
    def program() -> None:
        with speaker:
            speaker.play(b"12345678")
            raise KeyError

    with pytest.raises(KeyError):
        program()
    assert library.stream.calls == ["start", "abort", "close"]


def test_a_device_that_takes_nothing_is_an_error(
    library: Library, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepgram.audio.device.PATIENCE", 0.05)
    with speaker:
        speaker.play(b"12345678")
        with pytest.raises(DeviceError, match="has stopped"):
            speaker.play(b"more")
        with pytest.raises(DeviceError, match="has stopped"):
            speaker.wait()
        speaker.clear()


def test_a_device_that_stops_by_itself_is_an_error(library: Library, speaker: Speaker) -> None:
    with speaker:
        library.stream.vanish()
        with pytest.raises(DeviceError, match="has stopped"):
            speaker.play(b"word")


def test_a_speaker_that_is_not_open_says_so(library: Library, speaker: Speaker) -> None:
    with pytest.raises(DeviceError, match="not open"):
        speaker.play(b"word")
    with speaker:
        speaker.close()
        with pytest.raises(DeviceError, match="not open"):
            speaker.play(b"word")


def test_impossible_values_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Speaker(sample_rate=0)
