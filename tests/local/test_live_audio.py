"""Audio that is decoded while it arrives, whatever it is and however it is cut."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepgram.local.audio import AudioError, Piece, decode
from deepgram.local.live import LiveOptions
from deepgram.local.live_audio import AHEAD_SECONDS, End, Intake, _OnThread, check, plain

Encode = Callable[..., bytes]
PATIENCE = 10.0
OPEN: list[Stream] = []
"""Streams of the test."""


class Stream:
    """An intake, and what came out of it."""

    def __init__(self, options: LiveOptions, *, containers: bool = True) -> None:
        self.ready = threading.Event()
        self.intake: Intake[str] = Intake(options, self.ready.set, containers=containers)
        self.out: list[Piece | str] = []
        self.ended = False
        OPEN.append(self)

    def take(self) -> None:
        """Take all that is there now."""
        while not self.ended and (item := self.intake.take()) is not None:
            if isinstance(item, End):
                self.ended = True
            else:
                self.out.append(item)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            self.ready.clear()
            self.take()
            if condition():
                return
            assert self.ready.wait(deadline - time.monotonic()), "nothing more came"

    def end(self) -> bytes:
        self.intake.end()
        self.until(lambda: self.ended)
        return self.pcm

    @property
    def pcm(self) -> bytes:
        return b"".join(item.pcm[0] for item in self.out if isinstance(item, Piece))


def live(data: bytes, chunk: int = 1000, **options: object) -> bytes:
    """Decode ``data`` as it arrives in chunks."""
    stream = Stream(LiveOptions(**options))  # type: ignore[arg-type]
    for at in range(0, len(data), chunk):
        stream.intake.put_audio(data[at : at + chunk])
        stream.take()
    return stream.end()


def alike(one: bytes, other: bytes, *, seconds: float = 0.05, level: float = 0.02) -> None:
    """Check that both are the same sound: as long, and nearly as loud all over."""
    first, second = (np.frombuffer(pcm, "<i2").astype(float) / 32768 for pcm in (one, other))
    assert abs(len(first) - len(second)) <= seconds * 16000
    short = min(len(first), len(second))
    assert np.sqrt(np.mean((first[:short] - second[:short]) ** 2)) < level


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "live audio"}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    yield
    while OPEN:
        OPEN.pop().intake.close()
    deadline = time.monotonic() + PATIENCE
    for thread in threads():
        thread.join(deadline - time.monotonic())
    assert not threads()


def tone(rate: int, seconds: float = 1.0, channels: int = 1) -> NDArray[np.float64]:
    times = np.arange(int(rate * seconds)) / rate
    return np.stack([np.sin(2 * np.pi * 200 * (index + 1) * times) * 0.4 for index in range(channels)], axis=1)


def pcm16(samples: NDArray[np.float64]) -> bytes:
    return bytes((samples * 32767).round().astype("<i2"))


def raw(encoding: str, data: bytes, rate: int) -> bytes:
    """Encode linear16 in a raw encoding."""
    if encoding == "linear16":
        return data
    if encoding == "linear32":
        return (np.frombuffer(data, "<i2").astype("<f4") / 32768).tobytes()
    codec = av.CodecContext.create({"mulaw": "pcm_mulaw", "alaw": "pcm_alaw"}[encoding], "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.format, codec.layout = rate, av.AudioFormat("s16"), av.AudioLayout("mono")
    frame = av.AudioFrame.from_ndarray(np.frombuffer(data, "<i2").reshape(1, -1), "s16", "mono")
    frame.sample_rate = rate
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("encoding", ["linear16", "linear32", "mulaw", "alaw"])
@pytest.mark.parametrize("chunk", [7, 3200, 10**6])
def test_pcm_is_heard_whatever_its_form_and_its_cuts(encoding: str, rate: int, chunk: int) -> None:
    sound = raw(encoding, pcm16(tone(rate)), rate)
    alike(live(sound, chunk, encoding=encoding, sample_rate=rate), pcm16(tone(16000)))


@given(st.binary(max_size=600), st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_linear16_at_the_rate_of_the_engine_comes_out_as_it_went_in(data: bytes, chunk: int) -> None:
    stream = Stream(LiveOptions(encoding="linear16", sample_rate=16000), containers=False)
    for at in range(0, len(data), chunk):
        stream.intake.put_audio(data[at : at + chunk])
    assert stream.end() == data[: len(data) // 2 * 2]


def test_every_byte_of_mulaw_and_alaw_is_the_sample_of_the_standard() -> None:
    every = bytes(range(256)) * 2
    for encoding in ("mulaw", "alaw"):
        codec = av.CodecContext.create(f"pcm_{encoding}", "r")
        assert isinstance(codec, av.AudioCodecContext)
        codec.sample_rate, codec.layout = 16000, av.AudioLayout("mono")
        (frame,) = codec.decode(av.Packet(every))
        stream = Stream(LiveOptions(encoding=encoding, sample_rate=16000), containers=False)
        stream.intake.put_audio(every)
        assert stream.end() == frame.to_ndarray().astype("<i2").tobytes()


def test_channels_are_mixed_or_kept_apart() -> None:
    both = pcm16(tone(16000, channels=2))
    mixed = live(both, 999, encoding="linear16", sample_rate=16000, channels=2)
    alike(mixed, pcm16(tone(16000, channels=2).mean(axis=1, keepdims=True)))
    stream = Stream(LiveOptions(encoding="linear16", sample_rate=16000, channels=2, multichannel=True))
    stream.intake.put_audio(both)
    stream.end()
    (piece,) = stream.out
    assert isinstance(piece, Piece)
    assert (piece.channels, len(piece.pcm)) == (2, 2)
    for index in (0, 1):
        alike(piece.pcm[index], pcm16(tone(16000, channels=2)[:, index : index + 1]), level=0.001)


FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "250000"}


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> bytes:
    """Six seconds of speech, linear16 at 48 kHz."""
    with av.open(str(two_cities)) as source:
        frames = [frame.to_ndarray() for frame in source.decode(audio=0)]
    return np.concatenate(frames, axis=1).astype("<i2").tobytes()[: 6 * 96000]


def contained(speech: bytes, container: str, codec: str, rate: int = 48000, **options: str) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container, container_options=options) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(speech, "<i2").reshape(1, -1), "s16", "mono")
        frame.sample_rate = 48000
        for converted in av.AudioResampler(stream.format.name, "mono", rate).resample(frame):
            out.mux(stream.encode(converted))
        out.mux(stream.encode(None))
    return target.getvalue()


AMR = base64.b64decode(
    "IyFBTVIKBFQRQHhDWnrqoKRK4gT4JrGzG9q1xLxcg8oEjzM/xQvmZD9/G7RkBDwez9N7DoB1ViqPoASOM2P1SLEH9qoX5OIEoEKg8XtHlV/Q"
    "8gTKBDzmyzNugnqS9ZbxnASObMbGMy8rqCMEi64EjhH88SOyW+3wjsjuBNkyxPVaWwV/R92iYgSON/zzC/80+/mU80gEjuaUc2uXBaDgaSl8"
    "BPgRufM2SgfN3yVLTAQ8bNjGE6abTPk6VaAEkRPZwVSHqswzjmryBID4m+Gu9vuXozLzRgQe5ctluLaDbu7Fe4IEPruStruazigsPZj+BJXl"
    "lsaWhlarsycaHASVbJHoOU8qn5CcsP4EVBSUxRuw9ChdTFCqBDQt+/dSjDVnCoS02gSRFBf4XEUjh5ODBRQEleuzAzZLN6cJtw1eBNMvwQmD"
    "pDqGagH+ZgQ+qJKWaJv3BSiUdZoEHS2KinjZdKu7LRuMBB1Jgq2oHxNKqUo5AgSujYeHtEJo6/Al20wElSqY6optGhy45OESBB4npAM0Uxjz"
    "2PqCgARVU4s3NvFbRSLTi54EjhmDBzRiCenqd3myBJZTFwiAKEyiwd1TtAS13IT4VDFIeN7VfUwEtZ6G6jSYOTN2lbu2BLXwoxU2wqeMGMQ0"
    "5ARUCbDGyKt6sEF3JtgEtfCbdgPUm/n50/G4BJFzzLMGdcb1MzaUygSPGdsCMxb77GiVLwIE/+mRMX6/y2vUzrFoBCpueL3zAx9xoem2MgRn"
    "8JytsjgUdFiUVE4EZ/COWpf3wT8jiVgkBGBfgXvmk1foGp1+qgRb8HSMlVKjIU7UbgYEPLtoybMVK7tIbH74BJYCa4OLRvc5VAwXqAQZs/c5"
    "NBi58MvKk5QEVerwuDc0tPHL+zJ2BCtKyCE52/kOL683+gShbC8zFPBDHNkLsK4E+Bk3FzbERfBvYgxkBDwo3QhYGkp8hUJCrAT4Qpd4LtxL"
    "4/QwqQIEgHNb+YTwKO++ltIuBCXIP/g88eOmk2JlMgQqwVKnpIOp4SyGk4QEHkJPdVexVTywGH0wBNNChXAHC2Q/5BFVmA=="
)
"""1.2 s of speech as an AMR-NB file: wheels of PyAV from 19 on decode AMR and cannot write it."""

CONTAINERS = [
    ("wav", "pcm_s16le", 48000, {}),
    ("wav", "pcm_mulaw", 8000, {}),
    ("webm", "libopus", 48000, {"cluster_time_limit": "250"}),
    ("ogg", "libopus", 48000, {}),
    ("flac", "flac", 48000, {}),
    ("mp3", "libmp3lame", 44100, {}),
    ("adts", "aac", 44100, {}),
    ("mp4", "aac", 44100, FRAGMENTED),
    ("mpegts", "aac", 44100, {}),
]


@pytest.mark.parametrize(("container", "codec", "rate", "options"), CONTAINERS)
def test_containers_are_recognised_and_decoded_as_they_arrive(
    speech: bytes, container: str, codec: str, rate: int, options: dict[str, str]
) -> None:
    data = contained(speech, container, codec, rate, **options)
    whole = b"".join(piece.pcm[0] for piece in decode(io.BytesIO(data)))
    stream = Stream(LiveOptions())
    half = len(data) // 2
    for at in range(0, half, 500):
        stream.intake.put_audio(data[at : min(at + 500, half)])
    # Three seconds are there, of which a page of Ogg may be missing.
    stream.until(lambda: len(stream.pcm) >= 32000)
    stream.intake.put_audio(data[half:])
    alike(stream.end(), whole)


def test_a_container_is_recognised_byte_by_byte_and_whatever_encoding_was_said(speech: bytes) -> None:
    for container, codec in (("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("ogg", "libopus")):
        data = contained(speech[: 2 * 96000], container, codec)
        whole = b"".join(piece.pcm[0] for piece in decode(io.BytesIO(data)))
        alike(live(data[:20_000], 1), live(data[:20_000]))
        if container != "mp3":
            alike(live(data, encoding="linear16", sample_rate=8000), whole)


def test_wav_without_lengths_as_programs_pipe_it_is_heard(speech: bytes) -> None:
    data = bytearray(contained(speech, "wav", "pcm_s16le"))
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    alike(live(bytes(data)), live(speech, encoding="linear16", sample_rate=48000))


WAV = ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"]


@pytest.mark.parametrize("codec", [*WAV, "adpcm_ms"])
def test_every_form_of_wav_is_heard_and_its_samples_without_waiting(speech: bytes, codec: str) -> None:
    data = contained(speech, "wav", codec, 16000)
    whole = b"".join(piece.pcm[0] for piece in decode(io.BytesIO(data)))
    stream = Stream(LiveOptions())
    stream.intake.put_audio(data[:2000])
    stream.take()
    assert bool(stream.pcm) == (codec in WAV)
    stream.intake.put_audio(data[2000:])
    alike(stream.end(), whole, level=0.001)


def test_wav_in_the_server_is_read_without_a_codec(speech: bytes) -> None:
    data = contained(speech[:96000], "wav", "pcm_s16le")
    stream = Stream(LiveOptions(encoding="linear16", sample_rate=8000), containers=False)
    stream.intake.put_audio(data + b"LIST of nothing")
    stream.take()
    alike(stream.end(), live(speech[:96000], encoding="linear16", sample_rate=48000))


@given(st.binary(max_size=200), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_a_wav_header_may_say_what_it_wants(nonsense: bytes, chunk: int) -> None:
    data = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + nonsense + b"data\xff\xff\xff\xff" + bytes(400)
    stream = Stream(LiveOptions(encoding="linear16", sample_rate=16000), containers=False)
    try:
        for at in range(0, len(data), chunk):
            stream.intake.put_audio(data[at : at + chunk])
            stream.take()
        stream.end()
    except AudioError:
        pass


def test_codecs_without_a_container_are_heard_by_their_name(speech: bytes) -> None:
    heard = live(speech, encoding="linear16", sample_rate=48000)
    flac = contained(speech, "flac", "flac")
    alike(live(flac, encoding="flac", sample_rate=48000), heard)
    amr = b"".join(piece.pcm[0] for piece in decode(io.BytesIO(AMR)))
    assert len(amr) > 2 * 16000
    alike(live(AMR, 100), amr)
    for data in (AMR, AMR[6:]):  # with the header "#!AMR" and without it
        alike(live(data, 320, encoding="amr-nb", sample_rate=8000), amr)


def test_opus_packets_are_heard_one_to_a_message(speech: bytes) -> None:
    with av.open(io.BytesIO(contained(speech, "webm", "libopus"))) as source:
        packets = [bytes(packet) for packet in source.demux(audio=0) if packet.size]
    stream = Stream(LiveOptions(encoding="opus", sample_rate=48000))
    for number, packet in enumerate(packets):
        stream.intake.put_audio(packet)
        if number == 50:
            stream.intake.put_audio(b"\xff")  # damaged
    alike(stream.end(), live(speech, encoding="linear16", sample_rate=48000), level=0.1)
    alike(live(contained(speech, "ogg", "libopus"), encoding="opus"), stream.pcm, level=0.1)
    alike(live(contained(speech, "ogg", "libopus"), encoding="ogg-opus"), stream.pcm, level=0.1)


SPEEX = (
    "EE+IKoDu7gTASczbkGZmEE+IXnw76+KLdwzM+D3cEE+IXnw+6+WZ9xuPOCfcEE+IXnxu4+D3dw76+fZoEE+IXnz7PuCfdw+4+WfcEE+I"
    "Xnw+6+X3dw+4+D1mEE+IXnxu7uWfdw+6+X3eEE+IXnw+M+CZ9w+6+X3cEE+IXnw+4+d3dw+7uF3cEE+IXnwz6+WfdxuM+d3cEE+IXnw+"
    "7uD3dw76+XdoEE+IXnzu7uF3dw+7uCfcEE+IXnym6+G3fw+4+D3cEE+IXnw+6+X3dw+4+F3cEE+IXnw+7uWfdw+6+X3cEE+IXnw+7OCf"
    "dwzM+WfcEE+IXnw+6+WZ9wzM+L3cEE+IXnxu7uD19xu4eCZ8EE+IXnzbO+X3dxuM+CZ8EE+IXnw+7uTZ9zj6+X3cEE+IXnw+M+WfdwzM"
    "+C3cEE+IXnxu4eCZ9w+6+X3cEE+IXnw+4+Wfdw+6+X3IEE+IXny+4+Cfdw+4+WfcEE+IXnwz6+Wfdw+7uKvcEE+IXnw+4+Wfdw+6+X3I"
)
"""Half a second of a tone of 300 Hz in 26 narrowband packets of 15 bytes, for which no encoder is at hand."""


def test_speex_packets_are_heard_one_to_a_message() -> None:
    stream = Stream(LiveOptions(encoding="speex", sample_rate=8000))
    packets = base64.b64decode(SPEEX)
    for at in range(0, len(packets), 15):
        stream.intake.put_audio(packets[at : at + 15])
    samples = np.frombuffer(stream.end(), "<i2")[2000:8000].astype(float)
    assert len(stream.pcm) / 32000 == pytest.approx(0.52, abs=0.01)
    assert np.argmax(np.abs(np.fft.rfft(samples))[1:]) + 1 == pytest.approx(300 * 6000 / 16000, abs=1)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (b"Hello, this is text and no audio." * 50, {}),
        (b"<html>" * 500, {}),
        (json.dumps({"type": "KeepAlive"}).encode(), {}),
        (bytes(range(256)) * 40, {}),
        (b"\x00" * 5000, {}),
        (b"\xff\xfb" + b"\x00" * 9000, {}),
        (b"x", {}),
        (b"RIFF....WAVEfmt " + b"\x00" * 3000, {}),
        (b"OggS" + b"\x17" * 90000, {}),
        (b"\x1a\x45\xdf\xa3" + b"\xab" * 90000, {}),
        (b"fLaC" + b"\x00" * 90000, {}),
        (b"\x00\x00\x00\x18ftypM4A " + b"\x11" * 90000, {}),
        (b"hello " * 3000, {"encoding": "flac"}),
        (b"hello " * 3000, {"encoding": "ogg-opus"}),
    ],
)
def test_what_is_no_audio_is_refused_and_nothing_waits_for_it(data: bytes, options: dict[str, str]) -> None:
    stream = Stream(LiveOptions(**options))  # type: ignore[arg-type]
    stream.intake.put_audio(data)
    stream.intake.end()
    with pytest.raises(AudioError):
        stream.until(lambda: stream.ended)
    stream.intake.close()


def test_garbage_is_refused_at_once_and_not_when_it_ends() -> None:
    stream = Stream(LiveOptions())
    stream.intake.put_audio(b"good morning")
    with pytest.raises(AudioError, match="encoding and sample_rate"):
        stream.take()


def test_messages_that_are_no_packets_are_refused_after_a_few() -> None:
    stream = Stream(LiveOptions(encoding="opus"))
    with pytest.raises(AudioError, match="packets"):
        for _ in range(20):
            stream.intake.put_audio(b"\xff" * 20)
            stream.take()


def test_an_mp4_file_with_its_index_at_the_end_is_refused_with_what_to_do(speech: bytes) -> None:
    stream = Stream(LiveOptions())
    stream.intake.put_audio(contained(speech, "mp4", "aac"))
    stream.intake.end()
    with pytest.raises(AudioError, match="faststart"):
        stream.until(lambda: stream.ended)


def test_bytes_are_reported_as_taken_while_there_is_nothing_to_hear(speech: bytes) -> None:
    """Whoever sends waits for that: an index, or a picture, may be longer than what may wait."""
    stream = Stream(LiveOptions())
    data = contained(speech, "mov", "pcm_s16le")  # its index stands at the end
    for at in range(0, len(data), 8192):
        sent = min(at + 8192, len(data))
        stream.intake.put_audio(data[at:sent])
        stream.ready.clear()
        while stream.intake.taken < sent:
            assert stream.ready.wait(PATIENCE), f"{stream.intake.taken} of {sent} bytes are taken, and nobody was told"
            stream.ready.clear()


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        (LiveOptions(encoding="linear61", sample_rate=16000), "encoding"),
        (LiveOptions(encoding="linear16"), "sample_rate"),
        (LiveOptions(encoding="mulaw", sample_rate=0), "sample_rate"),
        (LiveOptions(encoding="linear16", sample_rate=10**9), "sample_rate"),
        (LiveOptions(encoding="amr-nb", sample_rate=16000), "sample_rate"),
        (LiveOptions(encoding="linear16", sample_rate=16000, channels=0), "channels"),
        (LiveOptions(encoding="linear16", sample_rate=16000, channels=40, multichannel=True), "channels"),
        (LiveOptions(encoding="opus", channels=100), "channels"),
    ],
)
def test_options_that_no_audio_can_have_are_refused_before_any(options: LiveOptions, parameter: str) -> None:
    with pytest.raises(AudioError) as refused:
        check(options)
    assert refused.value.parameter == parameter


def test_orders_come_out_in_their_place(speech: bytes) -> None:
    data = contained(speech, "webm", "libopus", cluster_time_limit="250")
    for options, audio in (
        (LiveOptions(), data),
        (LiveOptions(encoding="linear16", sample_rate=48000), speech),
    ):
        stream = Stream(options)
        stream.intake.put("first")
        stream.take()
        assert stream.out == ["first"]
        half = len(audio) // 2
        stream.intake.put_audio(audio[:half])
        stream.intake.put("middle")
        stream.until(lambda stream=stream: "middle" in stream.out)  # type: ignore[misc]
        assert len(stream.pcm) / 32000 == pytest.approx(3.0, abs=0.6)
        stream.intake.put_audio(audio[half:])
        stream.intake.put("last")
        stream.end()
        assert (
            stream.out[-1] == "last" or len(b"".join(p.pcm[0] for p in stream.out[-2:] if isinstance(p, Piece))) < 9000
        )


def test_decoding_waits_while_nobody_takes_and_ends_when_it_is_closed(speech: bytes) -> None:
    data = contained(speech * 5, "flac", "flac")
    stream = Stream(LiveOptions())
    for at in range(0, len(data), 4096):
        stream.intake.put_audio(data[at : at + 4096])
    source = stream.intake._source
    assert isinstance(source, _OnThread)
    while source._ahead < AHEAD_SECONDS * 16000:
        assert stream.ready.wait(PATIENCE)
        stream.ready.clear()
    assert stream.intake.taken < len(data) / 2
    assert len(threads()) == 1
    stream.intake.close()
    assert stream.intake.take() is None


def test_a_stream_that_is_closed_in_the_middle_of_anything_leaves_no_thread(speech: bytes) -> None:
    data = contained(speech, "ogg", "libopus")
    for length in (0, 3, 30, 300, 3000, len(data)):
        stream = Stream(LiveOptions())
        stream.intake.put_audio(data[:length])
        stream.intake.close()
        stream.intake.put_audio(b"late")


def test_what_stands_behind_the_end_of_a_file_is_not_heard(speech: bytes) -> None:
    data = contained(speech[: 2 * 96000], "wav", "pcm_s16le")
    stream = Stream(LiveOptions())
    stream.intake.put_audio(data)
    for _ in range(40):
        stream.intake.put_audio(b"\x7f" * 5000)
    stream.intake.put("order")
    alike(stream.end(), live(data))
    assert stream.intake.taken == len(data) + 200_000


def test_only_samples_are_plain() -> None:
    pcm = LiveOptions(encoding="linear16", sample_rate=16000)
    assert plain(pcm)
    assert not plain(LiveOptions())
    assert not plain(replace(pcm, encoding="opus"))
