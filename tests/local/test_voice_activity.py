"""Where speech is found, and where it is cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from deepgram.local import audio
from deepgram.local.speech_detectors import WebRTC
from deepgram.local.voice_activity import Segment, VoiceActivity

RATE = 16000


def heard(pcm: bytes, size: int | None = None, **settings: float) -> list[Segment]:
    detector = VoiceActivity(WebRTC(), **settings)
    size = size or max(1, len(pcm))
    found = [segment for at in range(0, len(pcm), size) for segment in detector.feed(pcm[at : at + size])]
    return found + detector.finish()


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> bytes:
    with two_cities.open("rb") as file:
        return b"".join(piece.pcm[0] for piece in audio.decode(file))


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * RATE) * 2)


def test_silence_and_nothing_have_no_speech() -> None:
    assert heard(silence(10)) == []
    assert heard(b"") == []


def test_segments_are_in_order_apart_and_within_the_audio(speech: bytes) -> None:
    segments = heard(speech)
    assert len(segments) >= 5
    assert all(first.end <= second.start for first, second in pairwise(segments))
    assert segments[0].start >= 0
    assert segments[-1].end <= len(speech) // 2
    covered = sum(segment.end - segment.start for segment in segments) / (len(speech) // 2)
    assert 0.8 < covered <= 1.0


def test_the_same_segments_are_found_whatever_the_pieces(speech: bytes) -> None:
    assert heard(speech, 2 * 777) == heard(speech, 2 * 16000) == heard(speech)


def test_a_pause_divides_and_is_left_out(speech: bytes) -> None:
    part = speech[: 4 * RATE * 2]
    segments = heard(part + silence(3) + part, pause=1.0)
    assert len(segments) >= 2
    assert not any(segment.start < 5.5 * RATE < segment.end for segment in segments)


def test_long_speech_is_cut_where_it_is_quiet(speech: bytes) -> None:
    segments = heard(speech, pause=5.0, longest=6.0)
    assert len(segments) >= 7
    assert all(segment.end - segment.start <= 6 * RATE for segment in segments)
    assert all(first.end == second.start for first, second in pairwise(segments))
    samples = np.frombuffer(speech, "<i2").astype(np.float64)
    around = [float(np.abs(samples[cut.end - 800 : cut.end + 800]).mean()) for cut in segments[:-1]]
    assert np.median(around) < 0.5 * np.abs(samples).mean()


def test_speech_that_never_pauses_is_cut_in_time_and_little_is_kept(speech: bytes) -> None:
    detector = VoiceActivity(WebRTC(), pause=1000.0, longest=4.0)
    for _ in range(3):
        for at in range(0, len(speech), 32000):
            detector.feed(speech[at : at + 32000])
            assert len(detector._levels) <= 200


def test_a_live_stream_knows_whether_somebody_speaks(speech: bytes) -> None:
    detector = VoiceActivity(WebRTC())
    detector.feed(speech[: 3 * RATE * 2])
    assert detector.speaking
    detector.feed(silence(2))
    assert not detector.speaking
    assert detector.silence >= 1.0


def test_the_end_of_the_audio_ends_the_last_segment(speech: bytes) -> None:
    cut = speech[: int(3.333 * RATE) * 2]
    assert heard(cut)[-1].end == len(cut) // 2
