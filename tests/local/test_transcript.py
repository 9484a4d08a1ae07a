"""The answer to a transcription as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgram.local import transcript
from deepgram.local.engines.recognizer import EngineInfo, Word
from deepgram.local.options import ListenOptions
from deepgram.protocol.models.listen import (
    ListenV1ResponseResults,
    ListenV1ResponseResultsChannelsItemAlternativesItem,
    ListenV1ResponseResultsUtterancesItem,
)

PLAIN = EngineInfo("scripted", "1", "en", ("en",))

# The opening of "A Tale of Two Cities" and of the Gettysburg Address.
TWO_CITIES = (
    "it was the best of times | it was the worst of times | it was the age of wisdom | it was the age of "
    "foolishness | it was the epoch of belief | it was the epoch of incredulity | it was the season of light"
)
GETTYSBURG = (
    "four score and seven years ago our fathers brought forth on this continent a new nation conceived in liberty"
)

# The machine may be busy: no example is refused for its time.
PROPERTIES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def said(text: str, start: float = 0.0) -> list[Word]:
    """Speak a text; ``|`` is a pause of a second."""
    words: list[Word] = []
    for word in text.split():
        if word == "|":
            start += 1.0
        else:
            words.append(Word(word, start, start + 0.25, 0.5 + len(words) % 5 / 10))
            start += 0.25
    return words


def results(*channels: Sequence[Word], **query: str | list[str]) -> ListenV1ResponseResults:
    read = ListenOptions.read({name: value if isinstance(value, list) else [value] for name, value in query.items()})
    return transcript.results(channels, [], read, PLAIN)


def only(answer: ListenV1ResponseResults) -> ListenV1ResponseResultsChannelsItemAlternativesItem:
    (channel,) = answer.channels
    assert channel.alternatives is not None
    (alternative,) = channel.alternatives
    return alternative


def utterances(answer: ListenV1ResponseResults) -> list[ListenV1ResponseResultsUtterancesItem]:
    assert answer.utterances is not None
    return answer.utterances


def test_without_options_the_words_are_given_as_they_were_heard() -> None:
    alternative = only(results(said(GETTYSBURG)))
    assert alternative.transcript == GETTYSBURG
    assert alternative.model_dump(exclude_none=True)["words"][0] == {
        "word": "four",
        "start": 0.0,
        "end": 0.25,
        "confidence": 0.5,
    }
    assert alternative.confidence == 0.7, "the median"


def test_punctuated_words_come_with_punctuate_and_paragraphs_with_smart_format() -> None:
    plain = only(results(said("hello there"), punctuate="true")).model_dump(exclude_none=True)
    assert [word["punctuated_word"] for word in plain["words"]] == ["Hello", "there."]
    assert [word["word"] for word in plain["words"]] == ["hello", "there"]
    assert "paragraphs" not in plain
    assert "paragraphs" in only(results(said("hello there"), smart_format="true")).model_dump(exclude_none=True)


def test_silence_gives_an_empty_transcript_without_confidence() -> None:
    answer = results([], smart_format="true", utterances="true", search="anything", redact="true")
    assert answer.model_dump(exclude_none=True) == {
        "channels": [
            {
                "search": [{"query": "anything", "hits": []}],
                "alternatives": [
                    {
                        "transcript": "",
                        "confidence": 0.0,
                        "words": [],
                        "paragraphs": {"transcript": "\n", "paragraphs": []},
                    }
                ],
            }
        ],
        "utterances": [],
    }


def test_paragraphs_hold_sentences_and_start_the_transcript_with_a_line_break() -> None:
    alternative = only(results(said(TWO_CITIES), paragraphs="true"))
    assert alternative.paragraphs is not None
    assert alternative.paragraphs.transcript == (
        "\nIt was the best of times. It was the worst of times. It was the age of wisdom. It was the age of "
        "foolishness. It was the epoch of belief.\n\nIt was the epoch of incredulity. It was the season of light."
    )
    first, second = alternative.paragraphs.paragraphs or []
    assert first.num_words == 30
    assert second.num_words == 12
    assert first.sentences is not None
    assert first.sentences[1].model_dump(exclude_none=True) == {
        "text": "It was the worst of times.",
        "start": 2.5,
        "end": 4.0,
    }
    assert (first.start, first.end) == (0.0, 11.5)


def test_a_long_pause_starts_a_paragraph() -> None:
    alternative = only(results(said("this is the end | | | and this is the beginning"), paragraphs="true"))
    assert alternative.paragraphs is not None
    assert alternative.paragraphs.transcript == "\nThis is the end.\n\nAnd this is the beginning."


def test_utterances_end_at_pauses_of_utt_split() -> None:
    answer = results(said(TWO_CITIES), utterances="true")
    found = utterances(answer)
    assert len(found) == 7
    first = found[0]
    assert (first.transcript, first.channel, first.start, first.end) == ("it was the best of times", 0, 0.0, 1.5)
    assert first.confidence == pytest.approx(sum([0.5, 0.6, 0.7, 0.8, 0.9, 0.5]) / 6)
    assert first.words is not None
    assert len(first.words) == 6
    assert len({str(uuid.UUID(one.id)) for one in found}) == 7
    assert len(utterances(results(said(TWO_CITIES), utterances="true", utt_split="1.1"))) == 1


def test_utterances_of_several_channels_are_in_the_order_they_begin() -> None:
    answer = results(
        said("thank you for calling | may i have your name please"),
        said("hello i'd like to order flowers", start=1.1),
        utterances="true",
        punctuate="true",
        multichannel="true",
    )
    assert [(one.channel, one.transcript) for one in utterances(answer)] == [
        (0, "Thank you for calling."),
        (1, "Hello I'd like to order flowers."),
        (0, "May I have your name please?"),
    ]
    assert len(answer.channels) == 2


# --- Search -----------------------------------------------------------------------------------------------------------


def test_search_reads_the_transcript_and_hears_what_the_engine_spotted() -> None:
    words = said("hello this is a professor of social epi and epistemology matters")
    spotted = [
        Word("epistemology", 1.6, 1.9, 0.4),
        Word("epistemology", 2.3, 2.4, 0.99),  # the one that was read: counts once
        Word("warwick", 0.0, 0.2, 0.1),
    ]
    options = ListenOptions(search=("Epistemology", "warwick", "not there"))
    (channel,) = transcript.results([words], [spotted], options, PLAIN).channels
    assert [item.model_dump() for item in channel.search or []] == [
        {
            "query": "Epistemology",
            "hits": [
                {"confidence": 0.9, "start": 2.25, "end": 2.5, "snippet": "epistemology"},
                {"confidence": 0.4, "start": 1.6, "end": 1.9, "snippet": "social epi"},
            ],
        },
        {"query": "warwick", "hits": [{"confidence": 0.1, "start": 0.0, "end": 0.2, "snippet": "hello"}]},
        {"query": "not there", "hits": []},
    ]


def test_search_finds_whole_words_and_phrases_only() -> None:
    (channel,) = results(said(TWO_CITIES), search=["the  age of", "age", "ag", "times it"]).channels
    assert [(item.query, len(item.hits or [])) for item in channel.search or []] == [
        ("the  age of", 2),
        ("age", 2),
        ("ag", 0),
        ("times it", 2),
    ]


def test_snippets_do_not_reveal_what_is_redacted() -> None:
    words = said("social security number is nine nine nine one one two two two two thanks")
    answer = results(words, search="nine nine nine", redact="ssn")
    assert "nine" not in answer.model_dump_json(exclude_none=True).replace('"query":"nine nine nine"', "")


# --- Properties -------------------------------------------------------------------------------------------------------

VOCABULARY = [
    *[
        "it",
        "was",
        "the",
        "best",
        "of",
        "times",
        "no",
        "one",
        "knows",
        "second",
        "to",
        "none",
        "first",
        "may",
        "march",
        "november",
        "monday",
    ],
    *[
        "zero",
        "one",
        "two",
        "five",
        "nine",
        "ten",
        "twenty",
        "thirty",
        "hundred",
        "thousand",
        "million",
        "point",
        "oh",
        "second",
        "third",
        "and",
        "a",
        "i",
        "am",
        "pm",
    ],
    *[
        "dollars",
        "cents",
        "percent",
        "grams",
        "meters",
        "number",
        "code",
        "email",
        "at",
        "dot",
        "com",
        "dash",
        "double",
        "card",
        "social",
        "expiration",
        "cvv",
    ],
    *[
        "period",
        "comma",
        "new",
        "line",
        "paragraph",
        "question",
        "mark",
        "uh",
        "um",
        "shit",
        "what",
        "do",
        "you",
        "4444",
        "$20",
        "c",
        "v",
    ],
]
EVERYTHING = (
    *("punctuate", "smart_format", "numerals", "measurements", "dictation", "profanity_filter", "filler_words"),
    *("paragraphs", "utterances"),
)


@st.composite
def speech(draw: st.DrawFn, vocabulary: Sequence[str] = tuple(VOCABULARY)) -> list[Word]:
    words: list[Word] = []
    now = 0.0
    for text in draw(st.lists(st.sampled_from(vocabulary), max_size=30)):
        now += draw(st.sampled_from([0.0, 0.0, 0.02, 0.8, 2.0, 4.0]))
        words.append(Word(text, now, now + 0.2, draw(st.floats(0, 1))))
        now += 0.2
    return words


@settings(PROPERTIES)
@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8)))
def test_with_everything_off_any_words_come_back_as_they_are(texts: list[str]) -> None:
    words = [Word(text, float(place), place + 0.5, 0.5) for place, text in enumerate(texts)]
    assert only(results(words, filler_words="true")).transcript == " ".join(texts)


@settings(PROPERTIES, max_examples=100)
@given(
    speech(), st.sets(st.sampled_from(EVERYTHING)), st.sets(st.sampled_from(["numbers", "aggressive_numbers", "pci"]))
)
def test_whatever_is_switched_on_times_rise_and_the_answer_is_valid(
    words: list[Word], switches: set[str], redact: set[str]
) -> None:
    answer = results(
        words,
        **dict.fromkeys(switches, "true"),
        redact=sorted(redact),
        replace=["it was:This Is", "the", "best:x y z"],
        search=["it was", "nine"],
        keyterm=["Best Of Times"],
    )
    assert ListenV1ResponseResults.model_validate_json(answer.model_dump_json()) == answer
    alternative = only(answer)
    assert alternative.words is not None
    times = [(word.start or 0.0, word.end or 0.0) for word in alternative.words]
    assert all(start <= end for start, end in times)
    assert all(before[0] <= after[0] and before[1] <= after[1] for before, after in pairwise(times))
    if alternative.paragraphs is not None:
        assert sum(one.num_words or 0 for one in alternative.paragraphs.paragraphs or []) == len(times)
    if answer.utterances is not None:
        assert sum(len(one.words or []) for one in answer.utterances) == len(times)


@settings(PROPERTIES, max_examples=100)
@given(speech())
def test_no_word_is_lost_to_formatting(words: list[Word]) -> None:
    alternative = only(
        results(words, smart_format="true", numerals="true", measurements="true", redact="true", filler_words="true")
    )
    spans = [(word.start or 0.0, word.end or 0.0) for word in alternative.words or []]
    for word in words:
        assert any(start <= word.start + 0.002 and end >= word.end - 0.002 for start, end in spans), word


def test_half_an_hour_of_speech_with_everything_on_keeps_its_words() -> None:
    words = said(f"{TWO_CITIES} | " * 100)
    answer = results(
        words,
        **dict.fromkeys(EVERYTHING, "true"),
        redact="numbers",
        replace=[f"{'was ' * count}:x" for count in range(1, 50)],
        search=["best of times", "a a a a", "it was " * 20],
    )
    assert len(only(answer).words or []) == len(words)
