"""The forms of spoken audio: what goes together, and that what is made can be read by others."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from deepgram.local.speech_formats import (
    UNKNOWN_LENGTH,
    BadFormat,
    BadValue,
    Encoder,
    SpeechFormat,
    Version,
    companded,
)

from .sounding import Samples, decoded, loudness, second_opinion


def tone(rate: int, seconds: float = 2.0) -> bytes:
    """A tone of 440 Hz that swells and fades."""
    times = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * 440 * times) * np.sin(np.pi * times / seconds) * 16000).astype("<i2").tobytes()


def encoded(form: SpeechFormat, pcm: bytes, step: int = 2000) -> list[bytes]:
    encoder = Encoder(form)
    return [*(encoder.encode(pcm[place : place + step]) for place in range(0, len(pcm), step)), encoder.finish()]


def query(**values: str) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items()}


@pytest.mark.parametrize(
    ("asked", "container", "rate", "bit_rate", "content_type"),
    [
        ({}, "none", 22050, 48000, "audio/mpeg"),
        ({"encoding": "linear16"}, "wav", 24000, None, "audio/wav"),
        ({"encoding": "linear16", "container": "none"}, "none", 24000, None, "audio/l16;rate=24000;channels=1"),
        ({"encoding": "linear16", "sample_rate": "48000.0"}, "wav", 48000, None, "audio/wav"),
        ({"encoding": "mulaw"}, "wav", 8000, None, "audio/wav"),
        ({"encoding": "mulaw", "container": "none", "sample_rate": "16000"}, "none", 16000, None, "audio/mulaw"),
        ({"encoding": "alaw", "container": "none"}, "none", 8000, None, "audio/alaw"),
        ({"encoding": "opus"}, "ogg", 48000, 12000, "audio/ogg;codecs=opus"),
        ({"encoding": "opus", "bit_rate": "650000"}, "ogg", 48000, 650000, "audio/ogg;codecs=opus"),
        ({"encoding": "flac"}, "none", 22050, None, "audio/flac"),
        ({"encoding": "aac", "bit_rate": "4000"}, "none", 22050, 4000, "audio/aac"),
        ({"encoding": "mp3", "bit_rate": "32000.0", "sample_rate": "22050"}, "none", 22050, 32000, "audio/mpeg"),
        ({"encoding": " MP3 ", "container": ""}, "none", 22050, 48000, "audio/mpeg"),
    ],
)
def test_defaults_are_those_of_the_service(
    asked: dict[str, str], container: str, rate: int, bit_rate: int | None, content_type: str
) -> None:
    form = SpeechFormat.read(query(**asked))
    assert (form.container, form.sample_rate, form.bit_rate) == (container, rate, bit_rate)
    assert form.content_type == content_type


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"encoding": "mp3", "container": "wav"}, "`container` is not applicable when `encoding=mp3`"),
        ({"encoding": "opus", "container": "none"}, "`container=none` is invalid when `encoding=opus`"),
        ({"encoding": "linear16", "container": "ogg"}, "`container=ogg` is invalid when `encoding=linear16`"),
        ({"encoding": "mp3", "sample_rate": "24000"}, "`sample_rate` is not applicable when `encoding=mp3`"),
        ({"encoding": "opus", "sample_rate": "24000"}, "`sample_rate` is not applicable when `encoding=opus`"),
        ({"encoding": "mulaw", "sample_rate": "24000"}, "`sample_rate` must be 8000 or 16000 when `encoding=mulaw`"),
        (
            {"encoding": "linear16", "sample_rate": "44100"},
            "`sample_rate` must be 8000, 16000, 24000, 32000 or 48000 when `encoding=linear16`",
        ),
        ({"encoding": "linear16", "bit_rate": "48000"}, "`bit_rate` is not applicable when `encoding=linear16`"),
        ({"encoding": "mp3", "bit_rate": "64000"}, "`bit_rate` must be 32000 or 48000 when `encoding=mp3`"),
        ({"encoding": "aac", "bit_rate": "3999"}, "`bit_rate` must be from 4000 to 192000 when `encoding=aac`"),
    ],
)
def test_what_does_not_go_together_is_refused_in_the_words_of_the_service(asked: dict[str, str], says: str) -> None:
    with pytest.raises(BadFormat) as refused:
        SpeechFormat.read(query(**asked))
    assert str(refused.value) == says


@pytest.mark.parametrize(
    "asked",
    [
        {"encoding": "vorbis"},
        {"encoding": "linear16", "container": "mp4"},
        {"encoding": "linear16", "sample_rate": "many"},
        {"encoding": "linear16", "sample_rate": "nan"},
        {"encoding": "linear16", "sample_rate": "1e999"},
        {"encoding": "mp3", "bit_rate": "48000.5"},
    ],
)
def test_what_is_no_value_is_told(asked: dict[str, str]) -> None:
    with pytest.raises(BadValue):
        SpeechFormat.read(query(**asked))


def test_the_second_version_has_more_rates() -> None:
    assert SpeechFormat.read(query(encoding="linear16", sample_rate="44100"), "v2").sample_rate == 44100
    assert SpeechFormat.read(query(bit_rate="8000"), "v2").bit_rate == 8000


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_live_audio_has_neither_container_nor_compression(version: Version) -> None:
    assert SpeechFormat.read_live({}, version) == SpeechFormat("linear16", "none", 24000, None)
    assert SpeechFormat.read_live(query(encoding="mulaw", container="none"), version).sample_rate == 8000
    with pytest.raises(BadValue):
        SpeechFormat.read_live(query(encoding="mp3"), version)
    with pytest.raises(BadFormat):
        SpeechFormat.read_live(query(container="wav"), version)


EVERY = [
    SpeechFormat("linear16", "wav", 24000, None),
    SpeechFormat("linear16", "wav", 44100, None),
    SpeechFormat("linear16", "none", 8000, None),
    SpeechFormat("mulaw", "wav", 8000, None),
    SpeechFormat("mulaw", "none", 16000, None),
    SpeechFormat("alaw", "wav", 16000, None),
    SpeechFormat("alaw", "none", 8000, None),
    SpeechFormat("mp3", "none", 22050, 48000),
    SpeechFormat("mp3", "none", 22050, 8000),
    SpeechFormat("opus", "ogg", 48000, 12000),
    SpeechFormat("opus", "ogg", 48000, 650000),
    SpeechFormat("flac", "none", 22050, None),
    SpeechFormat("flac", "none", 48000, None),
    SpeechFormat("aac", "none", 22050, 48000),
    SpeechFormat("aac", "none", 22050, 192000),
]
RAW = {"linear16": "s16le", "mulaw": "mulaw", "alaw": "alaw"}
SOX = {"linear16": ("signed", "16"), "mulaw": ("mu-law", "8"), "alaw": ("a-law", "8")}
ENDINGS = {"mp3": "mp3", "opus": "ogg", "flac": "flac", "aac": "aac"}


def check(samples: Samples, rate: int) -> None:
    """The tone is there: its length, its loudness, its height."""
    assert len(samples) / rate == pytest.approx(2.0, abs=0.12)
    assert loudness(samples) == pytest.approx(0.244, rel=0.15)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.fft.rfftfreq(len(samples), 1 / rate)[int(np.argmax(spectrum))] == pytest.approx(440, abs=3)


@pytest.mark.parametrize("form", EVERY, ids=str)
def test_two_decoders_read_every_form(form: SpeechFormat, tmp_path: Path) -> None:
    audio = b"".join(encoded(form, tone(form.sample_rate)))
    headerless = form.container == "none" and form.encoding in RAW
    samples, rate = decoded(audio, raw=RAW[form.encoding] if headerless else None, rate=form.sample_rate)
    assert rate == form.sample_rate
    check(samples, rate)
    told: tuple[str, ...] = ()
    if headerless:
        encoding, bits = SOX[form.encoding]
        told = ("-t", "raw", "-e", encoding, "-b", bits, "-r", str(form.sample_rate), "-c", "1")
    ending = "wav" if form.container == "wav" else ENDINGS.get(form.encoding, "raw")
    try:
        _, again = second_opinion(audio, ending, tmp_path, *told)
    except FileNotFoundError:
        pytest.skip("neither sox nor ffmpeg is installed, for a second opinion")
    check(again, 16000)


@pytest.mark.parametrize("form", EVERY, ids=str)
def test_audio_goes_out_while_it_comes_in(form: SpeechFormat) -> None:
    pieces = encoded(form, tone(form.sample_rate))
    early = pieces[: len(pieces) // 4]
    assert len(b"".join(early)) > 0.1 * len(b"".join(pieces))


def test_a_wav_whose_length_is_not_known_says_so() -> None:
    audio = b"".join(encoded(EVERY[0], tone(24000)))
    assert audio[:4] == b"RIFF"
    assert audio[4:8] == audio[40:44] == UNKNOWN_LENGTH.to_bytes(4, "little")
    assert len(audio) == 44 + 2 * 48000


def test_no_audio_is_no_failure() -> None:
    for form in EVERY:
        encoded(form, b"")


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_companded_audio_is_as_close_as_the_standard_allows(encoding: str) -> None:
    every = np.arange(-32768, 32768).astype("<i2")
    codec = av.CodecContext.create(f"pcm_{encoding}", "r")
    codec.sample_rate, codec.layout = 8000, "mono"  # type: ignore[attr-defined]
    frames = codec.decode(av.Packet(companded(every.tobytes(), encoding)))  # type: ignore[attr-defined]
    back = np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(int)
    size = np.abs(every.astype(int))
    assert np.all(np.abs(back - every) <= np.maximum(16, size / 28 + 40))
    assert np.all(np.diff(back) >= 0), "the louder the sample, the louder what comes out"
