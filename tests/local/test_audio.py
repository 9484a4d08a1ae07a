"""Any codec and container to linear16, and what happens with audio that is none."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepgram.local import audio
from deepgram.local.audio import AudioError, Piece

MakeWav = Callable[..., bytes]


def decoded(data: bytes, **settings: object) -> list[Piece]:
    return list(audio.decode(io.BytesIO(data), **settings))  # type: ignore[arg-type]


def samples(pieces: list[Piece], channel: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.frombuffer(b"".join(piece.pcm[channel] for piece in pieces), "<i2")


def seconds(pieces: list[Piece]) -> float:
    return len(samples(pieces)) / audio.SAMPLE_RATE


def pitch(pieces: list[Piece], channel: int = 0) -> float:
    """Hz of the loudest tone."""
    heard = samples(pieces, channel).astype(np.float64)
    return float(np.argmax(np.abs(np.fft.rfft(heard))) * audio.SAMPLE_RATE / len(heard))


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp3", "libmp3lame"),
        ("flac", "flac"),
        ("ogg", "libopus"),
        ("webm", "libopus"),
        ("mp4", "aac"),
        ("adts", "aac"),
        ("aiff", "pcm_s16be"),
        ("w64", "pcm_s16le"),
        ("matroska", "flac"),
        ("mpegts", "mp2"),
        ("caf", "pcm_s16be"),
        ("au", "pcm_mulaw"),
    ],
)
def test_codecs_and_containers_are_recognised_from_the_bytes(
    encoded: Callable[..., bytes], container: str, codec: str
) -> None:
    pieces = decoded(encoded(container, codec))
    assert seconds(pieces) == pytest.approx(2.0, abs=0.1)
    assert pitch(pieces) == pytest.approx(200, abs=2)
    assert pieces[0].channels == 1


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_every_sample_rate_becomes_16_kHz(wav: MakeWav, rate: int) -> None:
    pieces = decoded(wav(3.0, rate))
    assert seconds(pieces) == pytest.approx(3.0, abs=0.001)
    assert pitch(pieces) == pytest.approx(200, abs=1)


@pytest.mark.parametrize(
    "codec", ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "adpcm_ms"]
)
def test_sample_formats_keep_their_loudness(encoded: Callable[..., bytes], codec: str) -> None:
    heard = samples(decoded(encoded("wav", codec, rate=16000)))
    assert int(np.abs(heard.astype(int)).max()) == pytest.approx(12000, rel=0.05)


def test_channels_come_each_for_itself_or_mixed(wav: MakeWav) -> None:
    data = wav(1.0, 44100, channels=3)
    each = decoded(data, multichannel=True)
    assert [round(pitch(each, channel)) for channel in range(3)] == [200, 400, 600]
    mixed = decoded(data)
    assert {len(piece.pcm) for piece in mixed} == {1}
    assert {piece.channels for piece in mixed} == {3}


def test_nine_channels_are_mixed_and_can_be_told_apart(wav: MakeWav) -> None:
    data = wav(0.5, 16000, channels=9)
    assert seconds(decoded(data)) == pytest.approx(0.5)
    assert len(decoded(data, multichannel=True)[0].pcm) == 9


def test_more_channels_than_the_service_transcribes_are_refused(wav: MakeWav) -> None:
    with pytest.raises(AudioError, match="21 channels") as caught:
        decoded(wav(0.1, 16000, channels=21), multichannel=True)
    assert caught.value.parameter == "multichannel"


@pytest.mark.parametrize(
    ("encoding", "dtype", "scale"), [("linear16", "<i2", 32767), ("linear32", "<f4", 1.0)], ids=["linear16", "linear32"]
)
def test_raw_samples_need_their_description(encoding: str, dtype: str, scale: float) -> None:
    times = np.arange(8000 * 2) / 8000
    stereo = np.stack([np.sin(2 * np.pi * 300 * times), np.sin(2 * np.pi * 500 * times)], axis=1) * 0.5 * scale
    data = stereo.astype(dtype).tobytes()
    pieces = decoded(data, encoding=encoding, sample_rate=8000, channels=2, multichannel=True)
    assert seconds(pieces) == pytest.approx(2.0, abs=0.001)
    assert [round(pitch(pieces, channel)) for channel in range(2)] == [300, 500]
    with pytest.raises(AudioError, match="sample_rate") as caught:
        decoded(data, encoding=encoding)
    assert caught.value.parameter == "sample_rate"
    with pytest.raises(AudioError, match="encoding and sample_rate"):
        decoded(data)


@pytest.mark.parametrize(("encoding", "codec", "name"), [("mulaw", "pcm_mulaw", "mulaw"), ("alaw", "pcm_alaw", "alaw")])
def test_telephone_codecs_are_read_without_a_header(
    encoded: Callable[..., bytes], encoding: str, codec: str, name: str
) -> None:
    pieces = decoded(encoded(name, codec, rate=8000), encoding=encoding, sample_rate=8000)
    assert seconds(pieces) == pytest.approx(2.0, abs=0.001)
    assert pitch(pieces) == pytest.approx(200, abs=1)


def test_amr_is_read_with_and_without_its_header() -> None:
    frame = b"\x3c" + bytes(31)  # one frame of 20 ms at 12.2 kbit/s
    assert seconds(decoded(frame * 50, encoding="amr-nb", sample_rate=8000)) == pytest.approx(1.0, abs=0.05)
    assert seconds(decoded(b"#!AMR\n" + frame * 50)) == pytest.approx(1.0, abs=0.05)
    with pytest.raises(AudioError, match="8000 Hz, not 16000"):
        decoded(frame * 50, encoding="amr-nb", sample_rate=16000)


def test_g729_is_read() -> None:
    assert seconds(decoded(bytes(range(10)) * 100, encoding="g729", sample_rate=8000)) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("adts", "aac")])
def test_encoding_is_ignored_where_the_bytes_describe_themselves(
    encoded: Callable[..., bytes], container: str, codec: str
) -> None:
    data = encoded(container, codec)
    if container == "mp3":
        data = data[data.index(b"\xff\xfb") :]  # without the tag, from the first frame on
    pieces = decoded(data, encoding="linear16", sample_rate=8000)
    assert seconds(pieces) == pytest.approx(2.0, abs=0.1)
    assert pitch(pieces) == pytest.approx(200, abs=2)


def test_raw_noise_that_begins_like_an_mp3_frame_is_still_raw() -> None:
    noise = np.random.default_rng(7).integers(-3000, 3000, 16000, dtype=np.int16).astype("<i2").tobytes()
    assert seconds(decoded(b"\xff\xfb\x90\x00" + noise, encoding="linear16", sample_rate=16000)) == pytest.approx(
        1, abs=0.01
    )


@pytest.mark.parametrize("encoding", ["opus", "ogg-opus", "speex"])
def test_packets_without_a_container_are_refused_with_the_way_out(encoding: str) -> None:
    with pytest.raises(AudioError, match="send them in Ogg") as caught:
        decoded(b"\x01\x02\x03" * 99, encoding=encoding, sample_rate=16000)
    assert caught.value.parameter == "encoding"


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        ({"encoding": "mp5", "sample_rate": 16000}, "encoding"),
        ({"encoding": "linear16", "sample_rate": 0}, "sample_rate"),
        ({"encoding": "linear16", "sample_rate": -8000}, "sample_rate"),
        ({"encoding": "linear16", "sample_rate": 10**9}, "sample_rate"),
        ({"encoding": "linear16", "sample_rate": 16000, "channels": 0}, "channels"),
        ({"encoding": "linear16", "sample_rate": 16000, "channels": 10**6}, "channels"),
    ],
)
def test_nonsense_in_the_description_names_its_parameter(settings: dict[str, object], parameter: str) -> None:
    with pytest.raises(AudioError) as caught:
        decoded(bytes(64), **settings)
    assert caught.value.parameter == parameter


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(AudioError, match="empty"):
        decoded(b"")


def test_a_wav_without_samples_is_refused(wav: MakeWav) -> None:
    with pytest.raises(AudioError, match="no samples"):
        decoded(wav(0.0))


@pytest.mark.parametrize(
    "text",
    [
        b"It was the best of times, it was the worst of times.\n" * 200,
        b"x",
        b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        bytes(100_000),
    ],
    ids=["prose", "a letter", "hls", "concat", "sdp", "dash", "zeros"],
)
def test_what_is_no_audio_is_refused_and_opens_nothing(text: bytes) -> None:
    with pytest.raises(AudioError, match="not audio in a form that can be decoded"):
        decoded(text)


def test_a_picture_is_no_audio() -> None:
    with pytest.raises(AudioError):
        decoded(b"\x89PNG\r\n\x1a\n" + bytes(200))


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_of_a_torn_mp3_what_is_there_is_heard(encoded: Callable[..., bytes], kept: float) -> None:
    data = encoded("mp3", "libmp3lame", seconds=4)
    pieces = decoded(data[: int(len(data) * kept)])
    assert seconds(pieces) == pytest.approx(4 * kept, abs=0.3)


def test_a_damaged_middle_costs_only_itself(encoded: Callable[..., bytes]) -> None:
    data = bytearray(encoded("mp3", "libmp3lame", seconds=4))
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    assert seconds(decoded(bytes(data))) == pytest.approx(4, abs=0.5)


def test_a_torn_mp4_is_refused_if_its_index_is_lost(encoded: Callable[..., bytes]) -> None:
    data = encoded("mp4", "aac")
    with pytest.raises(AudioError):
        decoded(data[: len(data) // 2])


@pytest.mark.parametrize("said", [0, 2**31, 2**32 - 1], ids=["nothing", "2 GiB", "a stream"])
def test_a_wav_that_lies_about_its_length_is_heard_as_far_as_it_goes(wav: MakeWav, said: int) -> None:
    data = bytearray(wav(1.0))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", said)
    assert seconds(decoded(bytes(data))) == pytest.approx(1.0, abs=0.01)


def test_a_wav_of_0_Hz_is_refused_with_the_reason(wav: MakeWav) -> None:
    data = bytearray(wav(1.0))
    at = data.index(b"fmt ") + 12
    data[at : at + 4] = bytes(4)
    with pytest.raises(AudioError, match="0 Hz"):
        decoded(bytes(data))


def test_a_wav_of_1_Hz_does_not_become_hours(wav: MakeWav) -> None:
    data = bytearray(wav(1.0))
    at = data.index(b"fmt ") + 12
    data[at : at + 4] = struct.pack("<I", 1)
    with pytest.raises(AudioError, match="1 Hz"):
        decoded(bytes(data))


def test_a_wav_of_0_channels_is_refused(wav: MakeWav) -> None:
    data = bytearray(wav(1.0))
    at = data.index(b"fmt ") + 10
    data[at : at + 2] = bytes(2)
    with pytest.raises(AudioError, match="channels"):
        decoded(bytes(data))


def test_longer_audio_than_allowed_is_refused(encoded: Callable[..., bytes]) -> None:
    with pytest.raises(AudioError, match="longer than 3 seconds"):
        decoded(encoded("flac", "flac", seconds=5), max_seconds=3)


def test_more_decoded_audio_than_allowed_is_refused(encoded: Callable[..., bytes]) -> None:
    with pytest.raises(AudioError, match="larger than 100000 bytes"):
        decoded(encoded("flac", "flac", seconds=5), max_bytes=100_000)


def test_a_file_that_unpacks_to_much_is_stopped_at_the_limit_in_little_memory(tmp_path: Path) -> None:
    silence = tmp_path / "silence.flac"
    import av

    with av.open(str(silence), "w") as out:
        stream = out.add_stream("flac", rate=16000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 160_000), np.int16), "s16", "mono")
        frame.sample_rate = 16000
        for _ in range(60):  # ten minutes
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert silence.stat().st_size < 200_000
    tracemalloc.start()
    try:
        with silence.open("rb") as file, pytest.raises(AudioError, match="longer than 300"):
            for _ in audio.decode(file, max_seconds=300):
                pass
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_heard_or_refused(encoded: Callable[..., bytes], wav: MakeWav, seed: int) -> None:
    random = np.random.default_rng(seed)
    container, codec = [("mp3", "libmp3lame"), ("ogg", "libopus"), ("mp4", "aac"), ("wav", "pcm_s16le")][seed % 4]
    data = bytearray(encoded(container, codec, seconds=0.5))
    for at in random.integers(0, len(data), 30):
        data[at] = int(random.integers(0, 256))
    try:
        heard = decoded(bytes(data[: int(random.integers(1, len(data)))]), max_seconds=60)
    except AudioError as error:
        assert str(error)
    else:
        assert seconds(heard) > 0


def test_a_real_recording_keeps_its_length(two_cities: Path) -> None:
    with two_cities.open("rb") as file:
        assert seconds(list(audio.decode(file))) == pytest.approx(44.374, abs=0.001)
