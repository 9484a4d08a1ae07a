"""Messages about usage: what may be asked, what comes back."""

from __future__ import annotations

from typing import Any, Literal, Union

from typing_extensions import TypedDict

from ..model import Model

# --- What may be asked ------------------------------------------------------------------------------------------------

UsageGetRequestDeployment = Union[Literal["hosted", "beta", "self-hosted"], Any]
UsageGetRequestEndpoint = Union[Literal["listen", "read", "speak", "agent"], Any]
UsageGetRequestMethod = Union[Literal["sync", "async", "streaming"], Any]
BreakdownGetRequestDeployment = UsageGetRequestDeployment
BreakdownGetRequestEndpoint = UsageGetRequestEndpoint
BreakdownGetRequestMethod = UsageGetRequestMethod
BreakdownGetRequestGrouping = Union[
    Literal["accessor", "endpoint", "feature_set", "models", "method", "tags", "deployment"], Any
]


class UsageOptions(TypedDict, total=False):
    """Which requests are counted; all if nothing is given.

    The flags are named after parameters of requests: true counts those requests that used the parameter,
    false those that did not.

    Source: developers.deepgram.com/reference/manage/usage/get
    """

    accessor: str | None
    """Id of the key that was used."""
    alternatives: bool | None
    callback_method: bool | None
    callback: bool | None
    channels: bool | None
    custom_intent_mode: bool | None
    custom_intent: bool | None
    custom_topic_mode: bool | None
    custom_topic: bool | None
    deployment: UsageGetRequestDeployment | None
    """Where it was served: ``hosted``, ``beta`` or ``self-hosted``."""
    detect_entities: bool | None
    detect_language: bool | None
    diarize: bool | None
    dictation: bool | None
    encoding: bool | None
    endpoint: UsageGetRequestEndpoint | None
    """What was asked: ``listen``, ``read``, ``speak`` or ``agent``."""
    extra: bool | None
    filler_words: bool | None
    intents: bool | None
    keyterm: bool | None
    keywords: bool | None
    language: bool | None
    measurements: bool | None
    method: UsageGetRequestMethod | None
    """How it was asked: ``sync`` (request and answer), ``async`` (with a callback) or ``streaming``."""
    model: str | None
    """Id of the model that was used."""
    multichannel: bool | None
    numerals: bool | None
    paragraphs: bool | None
    profanity_filter: bool | None
    punctuate: bool | None
    redact: bool | None
    replace: bool | None
    sample_rate: bool | None
    search: bool | None
    sentiment: bool | None
    smart_format: bool | None
    summarize: bool | None
    tag: str | None
    """Label of the request."""
    topics: bool | None
    utt_split: bool | None
    utterances: bool | None
    version: bool | None


# --- What comes back: the sum -----------------------------------------------------------------------------------------


class UsageV1ResponseResolution(Model):
    """How long each part of the period is: ``amount`` ``units``, such as 1 day."""

    units: str | None = None
    amount: float | None = None


class UsageV1Response(Model):
    """Usage in a period; days as ``YYYY-MM-DD``."""

    start: str | None = None
    end: str | None = None
    resolution: UsageV1ResponseResolution | None = None


# --- What comes back: the breakdown -----------------------------------------------------------------------------------


class UsageBreakdownV1ResponseResolution(Model):
    """How long each part of the period is: ``amount`` ``units``, such as 1 day."""

    units: str
    amount: float


class UsageBreakdownV1ResponseResultsItemGrouping(Model):
    """What a part of the usage is about; what was not grouped by is ``None``."""

    start: str | None = None
    """First day, as ``YYYY-MM-DD``."""
    end: str | None = None
    """Last day, as ``YYYY-MM-DD``."""
    accessor: str | None = None
    """Id of the key."""
    endpoint: str | None = None
    feature_set: str | None = None
    models: list[str | None] | str | None = None
    """Ids; one as plain text is what releases 6.0 had."""
    method: str | None = None
    tags: list[str] | str | None = None
    """Labels; one as plain text is what releases 6 had."""
    deployment: str | None = None


class UsageBreakdownV1ResponseResultsItem(Model):
    """A part of the usage."""

    hours: float
    """Hours of audio."""
    total_hours: float
    """Hours of audio, each channel counted."""
    agent_hours: float
    """Hours of conversations with agents."""
    tokens_in: float
    tokens_out: float
    tts_characters: float
    """Characters that were spoken."""
    requests: float
    grouping: UsageBreakdownV1ResponseResultsItemGrouping


class UsageBreakdownV1Response(Model):
    """Usage in a period, part by part; days as ``YYYY-MM-DD``."""

    start: str
    end: str
    resolution: UsageBreakdownV1ResponseResolution
    results: list[UsageBreakdownV1ResponseResultsItem]


# --- What comes back: fields ------------------------------------------------------------------------------------------


class UsageFieldsV1ResponseModelsItem(Model):
    """A model that was used."""

    name: str | None = None
    language: str | None = None
    """BCP-47 tag."""
    version: str | None = None
    """Date and revision."""
    model_id: str | None = None


class UsageFieldsV1Response(Model):
    """What usage in a period can be filtered and grouped by."""

    tags: list[str] | None = None
    models: list[UsageFieldsV1ResponseModelsItem] | None = None
    processing_methods: list[str] | None = None
    """``sync``, ``async``, ``streaming``."""
    features: list[str] | None = None
    """Parameters of requests, such as ``diarize``."""
