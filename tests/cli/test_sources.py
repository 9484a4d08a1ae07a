"""Where live audio comes from, and how fast it goes out."""

from __future__ import annotations

import asyncio
import io
import os
import struct
import sys
import threading
import time
import wave
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
import pytest

from deepgram.cli import sources
from deepgram.cli.mp4 import index_comes_late
from deepgram.cli.sources import AHEAD, AT_MOST, GUESSED, Recording, bytes_per_second, from_file


def wav(path: Path, rate: int = 8000, channels: int = 1, seconds: int = 1) -> Path:
    with wave.open(str(path), "wb") as made:
        made.setnchannels(channels)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(bytes(2 * rate * channels * seconds))
    return path


def mulaw_wav(path: Path) -> Path:
    """A WAV file that the module `wave` cannot read, with a chunk before the format."""
    form = struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8)
    body = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", 16) + form + b"data"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body + struct.pack("<I", 0))
    return path


def test_wav_files_tell_their_rate_in_the_header(tmp_path: Path) -> None:
    assert bytes_per_second(wav(tmp_path / "a.wav", 44_100, 2), {}) == 176_400
    assert bytes_per_second(mulaw_wav(tmp_path / "b.wav"), {}) == 8000


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({"encoding": "linear16", "sample_rate": "16000"}, 32_000),
        ({"encoding": "mulaw", "sample_rate": 8000, "channels": "2"}, 16_000),
        ({"encoding": "linear16"}, None),
        ({"encoding": "linear16", "sample_rate": "fast"}, None),
        ({"encoding": "linear16", "sample_rate": "-1"}, None),
        ({"encoding": "opus", "sample_rate": 48_000}, None),
    ],
)
def test_raw_audio_tells_its_rate_in_the_options(
    tmp_path: Path, options: dict[str, object], rate: float | None
) -> None:
    assert bytes_per_second(wav(tmp_path / "a.wav"), options) == rate


def test_other_containers_tell_their_rate_by_their_duration(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        for _ in range(10):
            frame = av.AudioFrame(format="s16", layout="mono", samples=1600)
            frame.sample_rate = 8000
            frame.planes[0].update(os.urandom(3200))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert bytes_per_second(path, {}) == pytest.approx(path.stat().st_size / 2)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"RIFF", b"RIFF....WAVE", b"RIFF....WAVEfmt ", b"RIFF....WAVE" + b"LIST\0\0\0\0" * 9]
)
def test_a_file_that_tells_nothing_is_paced_by_a_guess_and_that_is_said(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    assert bytes_per_second(path, {}) is None
    source = from_file(path, 2.0, {})
    assert isinstance(source, Recording)
    assert source._rate == 2 * GUESSED
    said = capsys.readouterr().err
    assert "odd.bin does not tell how long it is" in said
    assert "pip install" not in said, "PyAV is there"
    from_file(path, 0, {})
    assert capsys.readouterr().err == ""


def test_a_file_that_tells_nothing_is_paced_by_a_guess_without_pyav_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3 and so on")
    assert bytes_per_second(path, {}) is None


async def test_pieces_leave_no_faster_than_they_were_spoken(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav")
    source = from_file(path, 4.0, {})
    began = time.monotonic()
    pieces = [piece async for piece in source.pieces()]
    source.close()
    assert time.monotonic() - began >= 0.24  # a second of audio, less the piece that leaves at once
    assert b"".join(pieces) == path.read_bytes()
    assert len(pieces[0]) == 1280


@pytest.mark.parametrize("rate", [1, 7, 44_100.0 * 4, 1e9])
def test_pieces_are_whole_samples_of_bounded_size(rate: float) -> None:
    size = sources._size(rate)
    assert 0 < size <= AT_MOST
    assert size % 8 == 0


class Watched(io.BytesIO):
    """Audio without end that counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return b"x" * (size or 0)


async def test_only_a_little_is_read_ahead_and_the_thread_ends_with_the_source() -> None:
    audio = Watched()
    source = Recording(lambda: nullcontext(audio), 8, rate=None)
    pieces = source.pieces()
    assert await anext(pieces) == b"x" * 8
    (reading,) = [thread for thread in threading.enumerate() if thread.name == "deepgram-reading"]
    await asyncio.to_thread(reading.join, 0.1)
    assert audio.reads <= AHEAD + 1
    source.close()
    await asyncio.to_thread(reading.join, 10)
    assert not reading.is_alive()
    await pieces.aclose()


async def test_an_error_of_reading_is_raised_where_the_audio_is_taken(tmp_path: Path) -> None:
    source = Recording(lambda: (tmp_path / "gone.wav").open("rb"), 8, rate=None)
    with pytest.raises(FileNotFoundError):
        await anext(source.pieces())


def mp4(path: Path, options: Mapping[str, str] = MappingProxyType({}), *, video: bool = False) -> Path:
    """A tone in AAC; with its index at the end, unless the options say otherwise."""
    with av.open(str(path), "w", format="mp4", container_options=dict(options)) as made:
        picture = made.add_stream("mpeg4", rate=5, width=64, height=64) if video else None
        sound = made.add_stream("aac", rate=16000, layout="mono")
        assert isinstance(sound, av.AudioStream)
        for at in range(100):  # 20 s
            if isinstance(picture, av.VideoStream):
                made.mux(picture.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), at, np.uint8))))
            tone = np.sin(np.arange(at * 3200, (at + 1) * 3200) * 0.1) * 9000
            frame = av.AudioFrame.from_ndarray(tone.astype("<i2").reshape(1, -1), "s16", "mono")
            frame.sample_rate = 16000
            for converted in av.AudioResampler("fltp", "mono", 16000).resample(frame):
                converted.pts = at * 3200
                made.mux(sound.encode(converted))
        for stream in (picture, sound):
            if stream is not None:
                made.mux(stream.encode(None))
    return path


async def sent_of(path: Path) -> bytes:
    source = from_file(path, 0, {})
    sent = b"".join([piece async for piece in source.pieces()])
    source.close()
    return sent


@pytest.mark.parametrize("video", [False, True])
async def test_an_mp4_with_its_index_at_the_end_is_sent_so_that_it_is_understood(tmp_path: Path, video: bool) -> None:
    path = mp4(tmp_path / "talk.m4a", video=video)
    assert index_comes_late(path)
    sent = await sent_of(path)
    assert sent.index(b"moov") < sent.index(b"mdat")
    with av.open(io.BytesIO(sent)) as heard:
        assert not heard.streams.video
        assert sum(frame.samples for frame in heard.decode(audio=0)) == pytest.approx(20 * 16000, abs=4000)
    paced = from_file(path, 1.0, {})
    assert isinstance(paced, Recording) and paced._rate is not None
    assert paced._rate * 20 == pytest.approx(len(sent), rel=0.25), "of the sound alone, whatever the picture weighs"


@pytest.mark.parametrize("options", [{"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov"}])
async def test_other_mp4_files_are_sent_as_they_are(tmp_path: Path, options: dict[str, str]) -> None:
    path = mp4(tmp_path / "talk.m4a", options)
    assert not index_comes_late(path)
    assert await sent_of(path) == path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"....ftyp",
        b"\0\0\0\x08ftyp\0\0\0\x02moov",
        b"\0\0\0\x08ftyp" + b"\0\0\0\x08free" * 2000,
        b"\0\0\0\x08ftyp\0\0\0\x01wide" + b"\xff" * 8 + b"mdat",
        b"\0\0\0\x08ftyp\0\0\0\x08mdat and no more",
    ],
)
async def test_mp4_files_that_are_none_are_sent_as_they_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    assert await sent_of(path) == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_looked_at_for_it_can_be_read_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not index_comes_late(tmp_path / "pipe")


async def test_an_mp4_is_sent_as_it_is_where_nothing_can_take_it_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = mp4(tmp_path / "talk.m4a")
    monkeypatch.setitem(sys.modules, "av", None)
    assert await sent_of(path) == path.read_bytes()
    from_file(path, 1.0, {})
    assert 'pip install "deepgram-sdk[local]"' in capsys.readouterr().err
