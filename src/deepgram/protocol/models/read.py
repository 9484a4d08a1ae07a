"""Messages of text analysis: what may be asked, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Union

from typing_extensions import TypedDict

from ..model import Model, Whole
from .common import SharedIntents, SharedSentiments, SharedTopics

# --- What may be asked ------------------------------------------------------------------------------------------------

TextAnalyzeRequestCallbackMethod = Union[Literal["POST", "PUT"], Any]
TextAnalyzeRequestCustomIntentMode = Union[Literal["extended", "strict"], Any]
TextAnalyzeRequestCustomTopicMode = Union[Literal["extended", "strict"], Any]
TextAnalyzeRequestSummarize = Union[Literal["v2"], Any]
TextAnalyzeRequestSummarizeZero = TextAnalyzeRequestSummarize


class ReadV1RequestText(Model):
    """Text to analyze."""

    text: str


class ReadV1RequestUrl(Model):
    """Text to analyze, fetched by the service."""

    url: str
    """Address of the text (http or https), reachable by the service."""


ReadV1Request = Union[ReadV1RequestText, ReadV1RequestUrl]


class ReadV1RequestTextParams(TypedDict):
    """Text to analyze."""

    text: str


class ReadV1RequestUrlParams(TypedDict):
    """Text to analyze, fetched by the service."""

    url: str
    """Address of the text (http or https), reachable by the service."""


ReadV1RequestParams = Union[ReadV1RequestTextParams, ReadV1RequestUrlParams]


class TextOptions(TypedDict, total=False):
    """How text is analyzed. What is left out, or ``None``, is the service's default.

    Source: developers.deepgram.com/reference/text-intelligence/analyze-text
    """

    sentiment: bool | None
    """Find the sentiment of the text and of its parts (English). Default false."""
    summarize: TextAnalyzeRequestSummarize | bool | None
    """Summarize the text (English): true or ``v2``. Default off."""
    tag: str | Sequence[str] | None
    """Labels by which usage reports tell requests apart."""
    topics: bool | None
    """Find the topics of the text (English). Default false."""
    custom_topic: str | Sequence[str] | None
    """Topics to look for, at most 100."""
    custom_topic_mode: TextAnalyzeRequestCustomTopicMode | None
    """``strict`` finds only the custom topics, ``extended`` others too. Default ``extended``."""
    intents: bool | None
    """Find what the writer wants (English). Default false."""
    custom_intent: str | Sequence[str] | None
    """Intents to look for, at most 100."""
    custom_intent_mode: TextAnalyzeRequestCustomIntentMode | None
    """``strict`` finds only the custom intents, ``extended`` others too. Default ``extended``."""
    language: str | None
    """BCP-47 tag of the text's language. Default ``en``; the service wants it to be given."""


# --- What comes back --------------------------------------------------------------------------------------------------


class ReadV1ResponseMetadataMetadataSummaryInfo(Model):
    """Which model wrote the summary, and the tokens it was billed for."""

    model_uuid: str | None = None
    input_tokens: Whole | None = None
    output_tokens: Whole | None = None


class ReadV1ResponseMetadataMetadataSentimentInfo(ReadV1ResponseMetadataMetadataSummaryInfo):
    """Which model found the sentiments, and the tokens it was billed for."""


class ReadV1ResponseMetadataMetadataTopicsInfo(ReadV1ResponseMetadataMetadataSummaryInfo):
    """Which model found the topics, and the tokens it was billed for."""


class ReadV1ResponseMetadataMetadataIntentsInfo(ReadV1ResponseMetadataMetadataSummaryInfo):
    """Which model found the intents, and the tokens it was billed for."""


class ReadV1ResponseMetadataMetadata(Model):
    """About the request; it stands here if the service nests it."""

    request_id: str | None = None
    created: datetime | None = None
    language: str | None = None
    summary_info: ReadV1ResponseMetadataMetadataSummaryInfo | None = None
    sentiment_info: ReadV1ResponseMetadataMetadataSentimentInfo | None = None
    topics_info: ReadV1ResponseMetadataMetadataTopicsInfo | None = None
    intents_info: ReadV1ResponseMetadataMetadataIntentsInfo | None = None


class ReadV1ResponseMetadata(ReadV1ResponseMetadataMetadata):
    """About the request.

    The service sends the fields right here; its description says that they are in a further ``metadata``. Whichever
    came, both can be read; dumps for the wire have what came.
    """

    metadata: ReadV1ResponseMetadataMetadata | None = None

    def model_post_init(self, context: Any, /) -> None:
        sent = self.model_fields_set
        if isinstance(self.metadata, ReadV1ResponseMetadataMetadata):
            self._also(**{name: value for name, value in vars(self.metadata).items() if name not in sent})
        elif sent & ReadV1ResponseMetadataMetadata.model_fields.keys():
            here = {name: vars(self)[name] for name in sent if name in ReadV1ResponseMetadataMetadata.model_fields}
            self._also(metadata=ReadV1ResponseMetadataMetadata.model_construct(**here))


class ReadV1ResponseResultsSummaryResultsSummary(Model):
    text: str | None = None


class ReadV1ResponseResultsSummaryResults(Model):
    summary: ReadV1ResponseResultsSummaryResultsSummary | None = None


class ReadV1ResponseResultsSummary(Model):
    """The summary of the text.

    The service sends ``text`` right here; its description says ``results.summary.text``. Whichever came, both can
    be read; dumps for the wire have what came.
    """

    results: ReadV1ResponseResultsSummaryResults | None = None
    text: str | None = None

    def model_post_init(self, context: Any, /) -> None:
        if self.text is None:
            self._also(text=getattr(getattr(self.results, "summary", None), "text", None))
        elif self.results is None:
            self._also(results=ReadV1ResponseResultsSummaryResults.model_construct(summary={"text": self.text}))


class ReadV1ResponseResults(Model):
    """What was found: that which was asked for."""

    summary: ReadV1ResponseResultsSummary | None = None
    topics: SharedTopics | None = None
    intents: SharedIntents | None = None
    sentiments: SharedSentiments | None = None


class ReadV1Response(Model):
    """The analysis of a text."""

    metadata: ReadV1ResponseMetadata
    results: ReadV1ResponseResults
