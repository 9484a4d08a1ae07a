"""Transcripts are analysed by their sentences, and a failure leaves the transcript as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from deepgram.local import transcript
from deepgram.local.analysis.wanted import Wanted
from deepgram.local.analysis.workers import Analysts
from deepgram.local.engines.recognizer import EngineInfo, Word
from deepgram.local.options import ListenOptions
from deepgram.local.transcript_analysis import analysed
from deepgram.protocol.models.listen import ListenV1ResponseResultsSummary

PLAIN = EngineInfo("scripted", "1", "en", ("en",))
WANTED = Wanted(sentiment=True, topics=True, summary=True)


def said(text: str) -> list[Word]:
    """Speak a text; ``|`` is a pause of a second."""
    words: list[Word] = []
    start = 0.0
    for word in text.split():
        start += 1.0 if word == "|" else 0.25
        if word != "|":
            words.append(Word(word, start - 0.25, start, 0.9))
    return words


@pytest_asyncio.fixture
async def analysts() -> AsyncIterator[Analysts]:
    made = Analysts()
    yield made
    await made.stop()


async def test_speech_without_punctuation_is_divided_by_its_pauses(analysts: Analysts) -> None:
    options = ListenOptions()
    channels = transcript.formatted_channels([said("i love this phone | the bill was awful | okay")], options, PLAIN)
    found = await analysed(channels, options, PLAIN, WANTED, analysts)
    assert [segment["text"] for segment in found.found["sentiments"].segments] == [
        "I love this phone.",
        "The bill was awful.",
        "Okay.",
    ]
    assert [token.sentiment for token in found.channels[0]] == [0.6369] * 4 + [-0.4588] * 4 + [0.2263]
    assert [token.text for token in found.channels[0]] == [token.text for token in channels[0]]


async def test_channels_are_analysed_one_after_the_other(analysts: Analysts) -> None:
    options = ListenOptions(multichannel=True, punctuate=True)
    channels = transcript.formatted_channels([said("i love it"), [], said("this is awful")], options, PLAIN)
    found = await analysed(channels, options, PLAIN, WANTED, analysts)
    assert [(one["start_word"], one["end_word"]) for one in found.found["sentiments"].segments] == [(0, 2), (3, 5)]
    assert [len(channel) for channel in found.channels] == [3, 0, 3]
    results = transcript.assembled(found.channels, [[], [], []], [], options, PLAIN)
    labels = [word.sentiment for channel in results.channels for word in (channel.alternatives or [])[0].words or ()]
    assert labels == ["positive"] * 3 + ["negative"] * 3


async def test_silence_has_an_analysis_too(analysts: Analysts) -> None:
    found = await analysed([[]], ListenOptions(), PLAIN, WANTED, analysts)
    assert found.found["summary"] == ListenV1ResponseResultsSummary(result="success", short="")
    assert found.found["sentiments"].average.sentiment == "neutral"


async def test_words_that_were_written_as_one_count_as_one(analysts: Analysts) -> None:
    options = ListenOptions(smart_format=True)
    channels = transcript.formatted_channels([said("i paid twenty five dollars | it was awful")], options, PLAIN)
    found = await analysed(channels, options, PLAIN, WANTED, analysts)
    assert found.found["sentiments"].segments[-1]["end_word"] == len(channels[0]) - 1


async def test_a_failure_is_said_and_costs_nothing_else() -> None:
    analysts = Analysts(timeout=0.0)
    try:
        channels = transcript.formatted_channels([said("i love it")], ListenOptions(), PLAIN)
        found = await analysed(channels, ListenOptions(), PLAIN, WANTED, analysts)
    finally:
        await analysts.stop()
    assert found.channels == channels
    assert found.found == {"summary": ListenV1ResponseResultsSummary(result="failure")}
    assert [warning.parameter for warning in found.warnings] == ["sentiment", "topics", "summarize"]
    assert found.infos == {}
