"""What a channel of a live stream tells of what it hears."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgram.local import audio, engines
from deepgram.local.engines import Hints, Recognizer, Word
from deepgram.local.engines.recognizer import RecognizerStream
from deepgram.local.engines.scripted import Scripted
from deepgram.local.live import Ended, Happening, Heard, LiveOptions, SpeechBegan, Turn, TurnRules, UtteranceEnded
from deepgram.local.live_stream import Configure, EndTurn, Finalize, Hearing, Order
from deepgram.local.speech_detectors import WebRTC, load
from deepgram.local.utterance import Utterance
from tests.local.conftest import needs
from tests.local.test_turns import obeys_flux

RATE = 16000
Part = bytes | Order


def tone(seconds: float, level: int = 8000) -> bytes:
    times = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * 220 * times) * level).astype("<i2").tobytes()


def noise(seconds: float, seed: int = 0) -> bytes:
    """Loud, and each block of it another word."""
    return np.random.default_rng(seed).integers(-9000, 9000, round(seconds * RATE)).astype("<i2").tobytes()


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * 2)


def options(**given: object) -> LiveOptions:
    return LiveOptions(encoding="linear16", sample_rate=RATE, **given)  # type: ignore[arg-type]


def heard(options: LiveOptions, *parts: Part, chunk: int = 3200, engine: Recognizer | None = None) -> list[Happening]:
    """Let a stream hear audio and orders; return all that happens, up to its end."""
    engine = engine or Scripted()
    hearing = Hearing(options, engine, load("webrtc", light=engine.info.light), lambda: None)
    happenings: list[Happening] = []

    def step() -> None:
        while (said := hearing.step()) is not None:
            happenings.extend(said)

    for part in parts:
        if isinstance(part, bytes):
            for at in range(0, len(part), chunk):
                hearing.audio(part[at : at + chunk])
                step()
        else:
            hearing.order(part)
            step()
    hearing.end()
    step()
    assert hearing.over
    return happenings


def of(happenings: Sequence[Happening], kind: type[Heard]) -> list[Heard]:
    return [happening for happening in happenings if isinstance(happening, kind)]


def finals(happenings: Sequence[Happening]) -> list[Heard]:
    return [result for result in of(happenings, Heard) if result.is_final]


def follow_one_another(results: Sequence[Heard], duration: float) -> None:
    """Check that final results cover the audio without gap or overlap, and hold their words."""
    at = 0.0
    for result in results:
        assert result.start == pytest.approx(at, abs=1e-6)
        at = result.start + result.duration
        for word in result.words:
            assert result.start - 1e-3 <= word.start <= word.end <= at + 1e-3
    assert at == pytest.approx(duration, abs=1e-6)


def test_speech_becomes_final_at_the_endpoint_and_not_before() -> None:
    happenings = heard(options(endpointing_ms=500), silence(1), noise(2), silence(0.4), noise(1), silence(2))
    first, last = finals(happenings)
    assert first.speech_final
    assert first.start == 0
    assert first.start + first.duration == pytest.approx(1 + 2 + 0.4 + 1 + 0.5, abs=0.03)
    assert len(first.words) > 5
    assert 0.7 < first.words[0].start < 1.1
    assert (last.words, last.speech_final) == ((), False)


def test_the_default_endpoint_of_10_ms_does_not_fall_between_two_syllables() -> None:
    happenings = heard(options(endpointing_ms=10), noise(1), silence(0.1), noise(1), silence(1))
    assert [result.speech_final for result in finals(happenings)] == [True, False]


def test_without_endpointing_nothing_ends_speech_but_pauses_make_it_final() -> None:
    happenings = heard(options(endpointing_ms=None), noise(2), silence(4), noise(2), silence(1))
    assert not any(result.speech_final for result in finals(happenings))
    assert [bool(result.words) for result in finals(happenings)] == [True, True]


def test_an_endpoint_after_a_long_pause_is_told_when_it_comes() -> None:
    happenings = heard(options(endpointing_ms=4500), noise(2), silence(6))
    spoken, ended, _ = finals(happenings)
    assert (bool(spoken.words), spoken.speech_final) == (True, False)
    assert (ended.words, ended.speech_final) == ((), True)


def test_interim_results_come_twice_a_second_and_grow() -> None:
    happenings = heard(options(interim=True, endpointing_ms=300), noise(4), silence(1))
    interim = [result for result in of(happenings, Heard) if not result.is_final]
    assert 6 <= len(interim) <= 8
    lengths = [len(result.words) for result in interim]
    assert lengths == sorted(lengths)
    assert {result.start for result in interim} == {0.0}
    assert not [result for result in of(heard(options(), noise(4), silence(1)), Heard) if not result.is_final]


def test_the_beginning_of_speech_is_told_when_it_is_asked_for() -> None:
    parts = (silence(1), noise(1), silence(1), noise(1), silence(1))
    began = [happening for happening in heard(options(vad_events=True), *parts) if isinstance(happening, SpeechBegan)]
    assert [round(event.timestamp, 1) for event in began] == [1.0, 3.0]
    assert not [happening for happening in heard(options(), *parts) if isinstance(happening, SpeechBegan)]


def test_the_end_of_an_utterance_is_told_after_the_gap_and_once() -> None:
    happenings = heard(options(utterance_end_ms=1000), noise(2), silence(5), noise(1), silence(0.5))
    (ended,) = [happening for happening in happenings if isinstance(happening, UtteranceEnded)]
    before = happenings[: happenings.index(ended)]
    words = [word for result in finals(before) for word in result.words]
    assert ended.last_word_end == words[-1].end


class Deaf(Scripted):
    """Hears words in the first second of an utterance, and noise after it."""

    def told(self, length: float, loud: Sequence[Word], *, complete: bool) -> Sequence[Word]:
        return [word for word in super().told(length, loud, complete=complete) if word.end <= 1]


def test_noise_without_words_does_not_hide_the_end_of_an_utterance() -> None:
    happenings = heard(options(utterance_end_ms=1000, endpointing_ms=300), noise(4.5), engine=Deaf())
    ended = [happening for happening in happenings if isinstance(happening, UtteranceEnded)]
    assert [round(event.last_word_end, 1) for event in ended][:1] == [0.8]
    assert finals(happenings[: happenings.index(ended[0])])[0].words


def test_speech_that_has_just_begun_is_not_cut_for_a_gap_before_it() -> None:
    happenings = heard(options(utterance_end_ms=1000, endpointing_ms=200), noise(1), silence(0.9), noise(3), silence(2))
    assert len([result for result in finals(happenings) if result.words]) == 2


def test_finalize_tells_at_once_what_was_heard_and_hearing_goes_on() -> None:
    happenings = heard(options(), noise(1.6), Finalize(), noise(1.6), silence(1))
    told = finals(happenings)
    assert [result.from_finalize for result in told] == [True, False, False]
    assert told[0].start + told[0].duration == pytest.approx(1.6, abs=0.03)
    assert not told[0].speech_final
    assert told[1].words
    follow_one_another(told, 4.2)


def test_finalize_is_answered_in_silence_and_before_all_audio_too() -> None:
    happenings = heard(options(), Finalize(), silence(2), Finalize())
    assert [result.from_finalize for result in finals(happenings)] == [True, True, False]
    assert not any(result.words for result in finals(happenings))


def test_silence_is_told_now_and_then() -> None:
    assert 5 <= len(finals(heard(options(), silence(30)))) <= 7


def test_long_speech_is_cut_at_a_dip_or_at_the_quietest_place_and_nothing_is_lost() -> None:
    loud = (noise(1.0, seed) for seed in range(11))
    happenings = heard(options(endpointing_ms=500), *loud, silence(0.14), noise(4, 50), silence(1))
    first, second, _ = finals(happenings)
    assert first.duration == pytest.approx(11.1, abs=0.05)
    assert (first.speech_final, second.speech_final) == (False, True)

    steady = heard(options(), noise(12.5), tone(0.1, 800), noise(20), silence(1))
    follow_one_another(finals(steady), 33.6)
    assert finals(steady)[0].duration == pytest.approx(12.5, abs=0.25)
    assert max(result.duration for result in finals(steady)) <= 15.1
    words = [word for result in finals(steady) for word in result.words]
    gaps = [later.start - earlier.end for earlier, later in pairwise(words)]
    assert max(gaps) < 0.5, "a word is missing where speech was cut"
    assert min(gaps) >= 0


def test_channels_are_heard_each_for_itself() -> None:
    both = np.stack([np.frombuffer(noise(2) + silence(2), "<i2"), np.frombuffer(silence(2) + noise(2), "<i2")], axis=1)
    happenings = heard(options(channels=2, multichannel=True, endpointing_ms=300), both.tobytes())
    spoken = [result for result in finals(happenings) if result.words]
    assert [result.channel for result in spoken] == [0, 1]
    assert spoken[0].words[-1].end < 2.3
    assert spoken[1].words[0].start > 1.7
    assert isinstance(happenings[-1], Ended)
    assert (happenings[-1].channels, happenings[-1].duration) == (2, 4.0)


def test_the_end_names_what_was_fed() -> None:
    data = noise(1.5)
    assert heard(options(), data, chunk=777)[-1] == Ended(1.5, 1, hashlib.sha256(data).hexdigest())
    assert heard(options())[-1] == Ended(0.0, 1, hashlib.sha256(b"").hexdigest())


AUDIO = st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=8)


@settings(deadline=None, max_examples=25)
@given(AUDIO, st.integers(150, 9000), st.sampled_from([10, 300, 1000, None]))
def test_the_size_of_the_pieces_changes_nothing(parts: list[tuple[bool, int]], chunk: int, pause: int | None) -> None:
    spoken = b"".join(noise(tenths / 10, tenths) if loud else silence(tenths / 10) for loud, tenths in parts)
    asked = options(endpointing_ms=pause, interim=True, utterance_end_ms=1000, vad_events=True)
    happenings = heard(asked, spoken, chunk=3200)
    assert heard(asked, spoken, chunk=chunk) == happenings
    follow_one_another(finals(happenings), len(spoken) / 2 / RATE)


@settings(deadline=None, max_examples=25)
@given(AUDIO, st.lists(st.integers(0, 8), max_size=4), st.sampled_from([None, 0.3, 0.5]))
def test_turns_keep_the_order_of_flux(parts: list[tuple[bool, int]], forced: list[int], eager: float | None) -> None:
    asked = options(turns=TurnRules(eager_eot_threshold=eager))
    fed: list[Part] = [noise(tenths / 10, tenths) if loud else silence(tenths / 10) for loud, tenths in parts]
    for at in sorted(forced, reverse=True):
        fed.insert(at, EndTurn())
    happenings = heard(asked, *fed)
    turns = [happening for happening in happenings if isinstance(happening, Turn)]
    assert len(turns) == len(happenings) - 1
    obeys_flux(turns)
    if turns:
        assert turns[-1].event == "EndOfTurn"


def test_a_turn_is_forced_to_its_end_while_somebody_speaks() -> None:
    happenings = heard(options(turns=TurnRules()), noise(2), EndTurn(), noise(2, 1), silence(2))
    ended = [event for event in happenings if isinstance(event, Turn) and event.event == "EndOfTurn"]
    assert [event.trigger for event in ended] == ["manual", "model"]
    assert ended[0].end == pytest.approx(2.0, abs=0.03)
    assert ended[1].words[0].start >= ended[0].words[-1].end


def test_rules_change_while_a_turn_goes_on() -> None:
    fed = (noise(2), Configure(TurnRules(eot_threshold=1.0, eot_timeout_ms=3000)), silence(4))
    happenings = heard(options(turns=TurnRules()), *fed)
    assert [event.trigger for event in happenings if isinstance(event, Turn) and event.trigger] == ["timeout"]


def test_words_that_the_engine_takes_back_do_not_leave_a_turn_without_words() -> None:
    class Fickle(Scripted):
        def told(self, length: float, loud: Sequence[Word], *, complete: bool) -> Sequence[Word]:
            return () if complete else super().told(length, loud, complete=complete)

    happenings = heard(options(turns=TurnRules()), noise(1), silence(2), engine=Fickle())
    turns = [event for event in happenings if isinstance(event, Turn)]
    obeys_flux(turns)
    assert turns[-1].event == "EndOfTurn"
    assert turns[-1].words


@pytest.fixture(scope="module")
def read_speech(two_cities: Path) -> bytes:
    with two_cities.open("rb") as file:
        return b"".join(piece.pcm[0] for piece in audio.decode(file))


@pytest.fixture(scope="module")
def pocketsphinx() -> Recognizer:
    needs("pocketsphinx")
    return engines.create("pocketsphinx")


def spoken(happenings: Sequence[Happening]) -> str:
    return " ".join(word.text for result in finals(happenings) for word in result.words)


@given(
    st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=8),
)
@settings(deadline=None)
def test_words_that_are_told_again_stand_where_they_would_stand_anew(
    times: list[tuple[float, float]], looks: list[tuple[int, int]]
) -> None:
    """However many words the engine tells at a look, and whichever of them it tells differently."""
    words = [Word(f"w{index}", start, start + length, 0.5) for index, (start, length) in enumerate(times)]
    told: list[Word] = []

    class Mouth(RecognizerStream):
        def feed(self, pcm: bytes) -> None:
            """Tell whatever the test says."""

        def interim(self) -> Sequence[Word]:
            return list(told)

        finish = interim

    class Ears(Scripted):
        def stream(self, hints: Hints) -> RecognizerStream:
            return Mouth()

    def heard(seconds: int) -> Utterance:
        utterance = Utterance(Ears(), Hints(), start=RATE, keep_from=100 * RATE)
        utterance.feed(bytes(2 * RATE * seconds))
        return utterance

    growing = heard(0)
    for seconds, (count, changed) in enumerate(looks, 1):
        growing.feed(bytes(2 * RATE))
        told[:] = words[:count]
        if changed < len(told):
            words[changed] = told[changed] = Word("other", *times[changed], 0.7)
        assert growing.interim() == heard(seconds).interim()


def test_real_speech_is_understood_as_it_arrives(pocketsphinx: Recognizer, read_speech: bytes) -> None:
    happenings = heard(options(interim=True, endpointing_ms=300), read_speech[: 12 * 2 * RATE], engine=pocketsphinx)
    assert "it was the best of times it was the worst of times it was the age of wisdom" in spoken(happenings)
    follow_one_another(finals(happenings), 12.0)
    best = next(word for result in finals(happenings) for word in result.words if word.text == "best")
    assert 1.6 < best.start < best.end < 2.6
    assert any(
        not result.is_final and "best" in {word.text for word in result.words} for result in of(happenings, Heard)
    )


def test_real_speech_is_told_in_turns(pocketsphinx: Recognizer, read_speech: bytes) -> None:
    asked = options(turns=TurnRules(eager_eot_threshold=0.4))
    happenings = heard(asked, read_speech[: 9 * 2 * RATE], silence(1), engine=pocketsphinx)
    turns = [event for event in happenings if isinstance(event, Turn)]
    obeys_flux(turns)
    assert {"StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"} == {event.event for event in turns}
    ended = next(event for event in turns if event.event == "EndOfTurn")
    assert "it was the age of wisdom" in " ".join(word.text for word in ended.words)


def test_speakers_at_the_same_time_do_not_disturb_one_another(pocketsphinx: Recognizer, read_speech: bytes) -> None:
    asked = options(endpointing_ms=300)
    parts = read_speech[: 5 * 2 * RATE], read_speech[5 * 2 * RATE : 9 * 2 * RATE]
    alone = [heard(asked, part, engine=pocketsphinx) for part in parts]
    streams = [Hearing(asked, pocketsphinx, WebRTC, lambda: None) for _ in parts]
    together: list[list[Happening]] = [[], []]
    for at in range(0, len(parts[0]), 3200):
        for stream, part, said in zip(streams, parts, together, strict=True):
            if part[at : at + 3200]:
                stream.audio(part[at : at + 3200])
            while (some := stream.step()) is not None:
                said += some
    for stream, said in zip(streams, together, strict=True):
        stream.end()
        while (some := stream.step()) is not None:
            said += some
    assert together == alone


def test_a_stream_that_is_closed_within_a_word_gives_its_decoder_back(
    pocketsphinx: Recognizer, read_speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    make: Callable[..., object] = pocketsphinx._decoder  # type: ignore[attr-defined]

    def counted(**settings: object) -> object:
        made.append(settings)
        return make(**settings)

    monkeypatch.setattr(pocketsphinx, "_decoder", counted)
    for _ in range(3):
        stream = Hearing(options(), pocketsphinx, WebRTC, lambda: None)
        stream.audio(read_speech[2 * RATE : 3 * 2 * RATE])
        while stream.step() is not None:
            pass
        stream.close()
        assert stream.step() is None
    assert len(made) <= 1


def test_decoders_are_there_before_they_are_needed(pocketsphinx: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    pocketsphinx.prepare(2)
    monkeypatch.setattr(pocketsphinx, "_decoder", None)
    pocketsphinx.prepare(2)
    streams = [pocketsphinx.stream(Hints()) for _ in range(2)]
    for stream in streams:
        stream.close()


def test_key_terms_are_spotted_in_live_speech(pocketsphinx: Recognizer, read_speech: bytes) -> None:
    hints = engines.Hints(keyterms=("season of darkness", "xyzzy"))
    piece = read_speech[15 * 2 * RATE : 18 * 2 * RATE]
    assert "season of darkness" not in spoken(heard(options(), piece, engine=pocketsphinx))
    assert "season of darkness" in spoken(heard(options(hints=hints), piece, engine=pocketsphinx))
