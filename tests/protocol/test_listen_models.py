"""The messages of recorded audio, complete and odd ones."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import ValidationError

from deepgram.protocol.model import Model, ShapeError, decode, decode_json
from deepgram.protocol.models import common, listen
from deepgram.protocol.models.common import SharedIntents, SharedSentiments, SharedTopics
from deepgram.protocol.models.listen import (
    ErrorResponse,
    ErrorResponseLegacyError,
    ErrorResponseModernError,
    ListenV1AcceptedResponse,
    ListenV1Response,
    ListenV1ResponseMetadata,
    ListenV1ResponseResults,
    MediaOptions,
    MediaTranscribeResponse,
)

WORD = {
    "word": "hello",
    "start": 0.16,
    "end": 0.48,
    "confidence": 0.99,
    "language": "en",
    "speaker": 0,
    "speaker_confidence": 0.8,
    "punctuated_word": "Hello,",
    "sentiment": "neutral",
    "sentiment_score": 0.1,
}
SPAN = {"start": 0.16, "end": 0.48, "sentiment": "neutral", "sentiment_score": 0.1}
TOKENS = {"model_uuid": "u", "input_tokens": 10, "output_tokens": 2}
SEGMENT = {"text": "hello", "start_word": 0.0, "end_word": 1.0}
ANSWER: dict[str, Any] = {
    "metadata": {
        "transaction_key": "deprecated",
        "request_id": "r",
        "sha256": "5" * 64,
        "created": "2026-01-02T03:04:05Z",
        "duration": 25.9,
        "channels": 1,
        "models": ["m"],
        "model_info": {"m": {"name": "general", "version": "1", "arch": "nova-3"}},
        "diarize_info": {"model_uuid": "u", "arch": "v2"},
        "summary_info": TOKENS,
        "sentiment_info": TOKENS,
        "topics_info": TOKENS,
        "intents_info": TOKENS,
        "tags": ["t"],
        "extra": {"key": "value"},
        "warnings": [{"parameter": "diarize", "type": "unsupported_language", "message": "no"}],
    },
    "results": {
        "channels": [
            {
                "search": [
                    {"query": "q", "hits": [{"confidence": 0.9, "start": 0.1, "end": 0.2, "snippet": "hello"}]},
                ],
                "alternatives": [
                    {
                        "transcript": "Hello,",
                        "confidence": 0.99,
                        "languages": ["en"],
                        "languages_hinted": ["en"],
                        "words": [WORD],
                        "paragraphs": {
                            "transcript": "Hello,",
                            "paragraphs": [
                                {"sentences": [{"text": "Hello,", **SPAN}], "speaker": 0, "num_words": 1, **SPAN},
                            ],
                        },
                        "entities": [
                            {
                                "label": "NAME",
                                "value": "Bo",
                                "raw_value": "bo",
                                "confidence": 0.9,
                                "start_word": 0.0,
                                "end_word": 1.0,
                            },
                        ],
                        "summaries": [{"summary": "greeting", "start_word": 0.0, "end_word": 1.0}],
                        "topics": [{**SEGMENT, "topics": ["greeting"]}],
                    },
                ],
                "detected_language": "en",
                "language_confidence": 0.9,
            },
        ],
        "utterances": [
            {
                **SPAN,
                "confidence": 0.9,
                "channel": 0,
                "transcript": "Hello,",
                "languages": ["en"],
                "words": [WORD],
                "speaker": 0,
                "id": "i",
            },
        ],
        "summary": {"result": "success", "short": "A greeting."},
        "topics": {"segments": [{**SEGMENT, "topics": [{"topic": "greeting", "confidence_score": 0.5}]}]},
        "intents": {"segments": [{**SEGMENT, "intents": [{"intent": "greet", "confidence_score": 0.5}]}]},
        "sentiments": {
            "segments": [{**SEGMENT, "sentiment": "positive", "sentiment_score": 0.5}],
            "average": {"sentiment": "positive", "sentiment_score": 0.5},
        },
    },
}


def unknown_fields(message: object) -> list[str]:
    """Return the fields, anywhere inside, that the models do not know."""
    if isinstance(message, Model):
        inside = [name for field in type(message).model_fields for name in unknown_fields(getattr(message, field))]
        return [*(message.model_extra or {}), *inside]
    return [name for item in message for name in unknown_fields(item)] if isinstance(message, list) else []


def test_every_field_the_service_sends_is_known_and_comes_back_in_dumps() -> None:
    read: ListenV1Response = decode_json(MediaTranscribeResponse, json.dumps(ANSWER))
    assert type(read) is ListenV1Response
    assert unknown_fields(read) == []
    assert json.loads(read.json()) == ANSWER
    assert read.metadata.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_what_the_service_sends_can_be_built_with_checks() -> None:
    assert ListenV1Response.model_validate(ANSWER) == decode(MediaTranscribeResponse, ANSWER)
    with pytest.raises(ValidationError, match="sha256"):
        ListenV1ResponseMetadata(request_id="r")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="channels"):
        ListenV1ResponseResults()  # type: ignore[call-arg]


def test_parts_of_an_answer_have_their_classes() -> None:
    read: ListenV1Response = decode_json(MediaTranscribeResponse, json.dumps(ANSWER))
    alternative = (read.results.channels[0].alternatives or [])[0]
    assert isinstance((alternative.words or [])[0], listen.ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem)
    words = (read.results.utterances or [])[0].words or []
    assert type(words[0]) is listen.ListenV1ResponseResultsUtterancesItemWordsItem
    assert words[0].dict() == WORD
    assert isinstance((read.metadata.warnings or [])[0], listen.ListenV1ResponseMetadataWarningsItem)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"request_id": "r"}, ListenV1AcceptedResponse),
        ({"request_id": "r", "later": 1}, ListenV1AcceptedResponse),
        ({"request_id": "r", "results": {}}, ListenV1Response),
        ({"request_id": "r", "metadata": {}}, ListenV1Response),
        ({"request_id": "r", "metadata": None, "results": None}, ListenV1Response),
        ({"metadata": [1], "results": "x"}, ListenV1Response),
        ({"later": {"a": 1}}, ListenV1Response),
        ({}, ListenV1Response),
    ],
)
def test_a_receipt_has_a_request_id_and_neither_metadata_nor_results(sent: dict[str, Any], kind: type[Model]) -> None:
    read = decode_json(MediaTranscribeResponse, json.dumps(sent))
    assert type(read) is kind
    assert read.dict() == sent


def test_d30_an_answer_of_the_wrong_shape_is_said_to_be_one() -> None:
    for raw in (b"[]", b'"text"', b"1", b"true"):
        with pytest.raises(ShapeError, match="expected an object"):
            decode_json(MediaTranscribeResponse, raw)


def with_word(**fields: Any) -> dict[str, Any]:
    return {"results": {"channels": [{"alternatives": [{"words": [fields]}]}]}}


SAME: dict[str, Any] = {}
AWKWARD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"metadata": None, "results": None}, SAME),
    ({"metadata": {"channels": "2", "duration": "1.5"}}, {"metadata": {"channels": 2, "duration": "1.5"}}),
    ({"metadata": {"channels": 2.0}}, {"metadata": {"channels": 2}}),
    ({"metadata": {"channels": 0.5}}, SAME),
    ({"metadata": {"channels": "two", "created": "yesterday", "models": "m", "model_info": 1}}, SAME),
    (
        {"metadata": {"summary_info": {"input_tokens": "7", "output_tokens": 1.5}}},
        {"metadata": {"summary_info": {"input_tokens": 7, "output_tokens": 1.5}}},
    ),
    ({"results": {"channels": "none", "utterances": {"a": 1}, "topics": "x", "intents": [], "sentiments": 1}}, SAME),
    ({"results": {"channels": [None, "x", {"alternatives": [None, 5, {"words": [None, "w", [1], {}]}]}]}}, SAME),
    (
        with_word(word=1, start="0.1", end=1, speaker="3"),
        with_word(word=1, start=0.1, end=1.0, speaker=3),
    ),
    (with_word(start="early", speaker="bob", new={"a": 1}), SAME),
    (
        {"results": {"channels": [], "utterances": [{"channel": 1.0, "speaker": 0.5, "words": None}]}},
        {"results": {"channels": [], "utterances": [{"channel": 1, "speaker": 0.5, "words": None}]}},
    ),
]


@pytest.mark.parametrize(("sent", "read"), AWKWARD)
def test_awkward_answers_are_read_and_nothing_is_lost(sent: dict[str, Any], read: dict[str, Any]) -> None:
    assert decode_json(MediaTranscribeResponse, json.dumps(sent)).dict() == (read or sent)
    assert decode(MediaTranscribeResponse, sent).dict() == (read or sent)


@pytest.mark.parametrize(
    ("shape", "name", "item"), [(SharedTopics, "topics", "topic"), (SharedIntents, "intents", "intent")]
)
def test_both_forms_of_topics_and_intents_can_be_read_whichever_came(shape: Any, name: str, item: str) -> None:
    segments = [{"text": "t", name: [{item: "x"}]}]
    forms: list[dict[str, Any]] = [{"segments": segments}, {"results": {name: {"segments": segments}}}]
    for form in forms:
        for read in (decode(shape, form), shape(**form), shape.model_construct(**form)):
            assert getattr(read.segments[0], name)[0].dict() == {item: "x"}
            assert getattr(read.results, name).segments == read.segments
            assert read.dict() == form
            assert json.loads(read.json()) == form
    assert shape(**forms[0]) == shape(**forms[1])
    assert decode(shape, {}).dict() == {}
    assert decode(shape, {"results": "x"}).segments is None
    assert decode(shape, {"segments": "x"}).dict() == {"segments": "x"}


def test_sentiments_can_be_read() -> None:
    read = decode(SharedSentiments, {"average": {"sentiment_score": 1}})
    assert read.average.sentiment_score == 1.0


def test_refusals_are_told_apart_by_their_fields() -> None:
    assert type(decode(ErrorResponse, {"err_code": "c", "err_msg": "m", "request_id": "r"})) is ErrorResponseLegacyError
    assert type(decode(ErrorResponse, {"category": "c", "message": "m"})) is ErrorResponseModernError
    assert decode(ErrorResponse, "text") == "text"


def test_names_of_all_recorded_releases_are_there() -> None:
    assert listen.MediaTranscribeRequestModelZero is listen.MediaTranscribeRequestModel
    assert listen.MediaTranscribeRequestSummarizeZero is listen.MediaTranscribeRequestSummarize
    assert listen.MediaTranscribeRequestVersionZero is listen.MediaTranscribeRequestVersion
    assert common.SharedTopicsResultsTopicsSegmentsItem is common.SharedTopicsSegmentsItem
    assert common.SharedIntentsResultsIntentsSegmentsItem is common.SharedIntentsSegmentsItem


def test_options_are_open_sets_and_all_may_be_none() -> None:
    options = get_type_hints(MediaOptions)
    assert len(options) == 36
    assert list(options)[:3] == ["extra", "sentiment", "summarize"]
    assert not MediaOptions.__required_keys__
    assert not {"callback", "callback_method"} & options.keys()
    assert all(type(None) in get_args(option) for option in options.values())
    assert Any in get_args(options["model"])
    assert options["keyterm"] == options["tag"]
