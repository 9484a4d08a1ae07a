"""The owner of the engine that speaks: audio as it is made, no more of it than is taken, and an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from deepgram.local import speech as module
from deepgram.local.engines.synthesizer import Manner, Phrase, Sink, Synthesizer, SynthesizerError, SynthesizerInfo
from deepgram.local.speech import AHEAD, LONGEST_PIECE, Speech, UnknownVoice
from deepgram.local.speech_text import BadControl, read
from deepgram.local.speech_text import phrases as cut

from .sounding import longest_silence, loudness, nothing, samples_of

LONG = "The quick brown fox jumps over the lazy dog. " * 44
RATE = 24000


@pytest.fixture
async def speech() -> AsyncIterator[Speech]:
    speech = Speech()
    await speech.start()
    yield speech
    await speech.stop()


async def said(speech: Speech, text: str, model: str = "aura-2-thalia-en", speed: float = 1.0) -> bytes:
    audio = speech.say(text, speech.voice(model), speed=speed, sample_rate=RATE)
    return b"".join([piece async for piece in audio])


class Counting(Synthesizer):
    """Makes a second of audio for each phrase, in ten pieces, and remembers what it was asked for."""

    info = SynthesizerInfo("counting", "1", ("en",), RATE)

    def __init__(self) -> None:
        self.phrases: list[Phrase] = []
        self.last: list[bool] = []
        self.stopped = 0
        self.blocked = threading.Event()
        self.blocked.set()

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        self.phrases.append(phrase)
        self.last.append(last)
        for _ in range(10):
            assert self.blocked.wait(10)
            if not sink(bytes(2 * RATE // 10)):
                self.stopped += 1
                return


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    engine = Counting()

    def making(*_: object) -> Counting:
        return engine

    monkeypatch.setattr(module, "create", making)
    return engine


async def test_text_becomes_speech(speech: Speech) -> None:
    samples = samples_of(await said(speech, "Good morning to all of you."))
    assert 1.0 < len(samples) / RATE < 3.0
    assert loudness(samples) > 0.02


async def test_audio_comes_before_the_text_is_spoken_to_its_end(counting: Counting) -> None:
    speech = Speech()
    await speech.start()
    async with aclosing(speech.say(LONG, speech.voice("aura-2-thalia-en"))) as audio:
        assert await audio.__anext__()
        assert len(counting.phrases) < 9
    await speech.stop()


async def test_pieces_are_no_longer_than_promised(speech: Speech) -> None:
    async with aclosing(speech.say(LONG, speech.voice("aura-2-thalia-en"), sample_rate=RATE)) as audio:
        async for piece in audio:
            assert 0 < len(piece) <= 2 * RATE * LONGEST_PIECE
            assert len(piece) % 2 == 0
            await asyncio.sleep(0)


async def test_who_does_not_listen_costs_no_more_than_a_few_seconds_of_audio(counting: Counting) -> None:
    speech = Speech()
    await speech.start()
    voice = speech.voice("aura-2-thalia-en")
    deaf = speech.say(LONG, voice, sample_rate=RATE)
    await deaf.__anext__()
    while len(counting.phrases) < AHEAD:
        await asyncio.sleep(0.001)
    before = len(counting.phrases)
    other = await said(speech, "Others are served meanwhile.")  # in the same thread, so it comes after what was queued
    assert other
    assert before - 1 <= len(counting.phrases) - 1 <= AHEAD + 1
    rest = b"".join([piece async for piece in deaf])  # taken up again, it goes on where it was
    phrases = len([*cut(read(LONG))])
    assert len(counting.phrases) == phrases + 1
    assert len(rest) > (phrases - 2) * 2 * RATE
    await speech.stop()


async def test_who_leaves_stops_the_engine(counting: Counting) -> None:
    speech = Speech()
    await speech.start()
    counting.blocked.clear()
    audio = speech.say(LONG, speech.voice("aura-2-thalia-en"))
    first = asyncio.ensure_future(audio.__anext__())
    while not counting.phrases:
        await asyncio.sleep(0.001)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    counting.blocked.set()
    await speech.stop()
    assert counting.stopped == 1
    assert len(counting.phrases) == 1


async def test_the_end_of_the_server_ends_what_is_spoken(counting: Counting) -> None:
    speech = Speech()
    await speech.start()
    audio = speech.say(LONG, speech.voice("aura-2-thalia-en"))
    await audio.__anext__()
    await asyncio.wait_for(speech.stop(), 10)
    with pytest.raises(SynthesizerError):
        await said(speech, "Nobody is there.")
    async with aclosing(audio):
        with pytest.raises(SynthesizerError, match="stopped"):
            while True:
                await asyncio.wait_for(audio.__anext__(), 10)


async def test_only_the_last_phrase_has_no_pause_after_it(counting: Counting) -> None:
    speech = Speech()
    await speech.start()
    await said(speech, LONG)
    assert counting.last == [False] * (len(counting.last) - 1) + [True]
    counting.last.clear()
    audio = speech.say("More follows.", speech.voice("aura-2-thalia-en"), more=True)
    assert [piece async for piece in audio]
    assert counting.last == [False]
    await speech.stop()


async def test_a_failing_engine_is_heard_of(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SynthesizerError("hoarse")

    speech = Speech()
    await speech.start()
    monkeypatch.setattr(counting, "speak", fail)
    with pytest.raises(SynthesizerError, match="hoarse"):
        await said(speech, "Hello.")
    await speech.stop()


async def test_speed_changes_the_length(speech: Speech) -> None:
    text = "It takes less time to say this fast."
    usual = len(await said(speech, text))
    assert len(await said(speech, text, speed=1.5)) == pytest.approx(usual / 1.5, rel=0.1)
    assert len(await said(speech, text, speed=0.7)) == pytest.approx(usual / 0.7, rel=0.1)


async def test_a_pause_is_as_long_as_it_is_written(speech: Speech) -> None:
    with_pause = samples_of(await said(speech, r"One. \{pause:2s\} Two."))
    assert longest_silence(with_pause, RATE) == pytest.approx(2.0, abs=0.15)
    without = samples_of(await said(speech, "One. Two."))
    assert longest_silence(without, RATE) < 0.8


async def test_every_rate_gives_audio_of_one_length(speech: Speech) -> None:
    voice = speech.voice("aura-2-thalia-en")
    lengths: list[float] = []
    for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000):
        audio = speech.say("One two three four.", voice, sample_rate=rate)
        lengths.append(sum([len(piece) async for piece in audio]) / 2 / rate)
    assert max(lengths) - min(lengths) < 0.01


async def test_many_speak_at_once_and_each_says_his_own(speech: Speech) -> None:
    texts = ["One.", "One two three.", "One two three four five six."]
    alone = [len(await said(speech, text)) for text in texts]
    together = await asyncio.gather(*(said(speech, text) for text in texts * 10))
    assert [len(audio) for audio in together] == pytest.approx(alone * 10, rel=0.02)


async def test_controls_that_mean_nothing_are_told(speech: Speech) -> None:
    with pytest.raises(BadControl):
        await said(speech, r"One \{pause:1ms\} two")


def test_an_unknown_voice_is_told() -> None:
    with pytest.raises(UnknownVoice):
        Speech().voice("aura-2-nobody-en")


async def test_an_engine_that_was_asked_for_and_is_not_there_is_told() -> None:
    with pytest.raises(SynthesizerError, match="parrot"):
        await Speech("parrot").start()


async def test_without_an_engine_the_server_starts_and_says_why_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "chosen", nothing)
    speech = Speech()
    await speech.start()
    with pytest.raises(SynthesizerError, match="pip install"):
        await said(speech, "Hello.")
    await speech.stop()
