"""Messages of speech to text for recorded audio: what may be asked, what comes back, how it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, List, Literal, Union  # noqa: UP035

from typing_extensions import TypedDict

from ..model import Deferring, Model, Whole
from .common import SharedIntents, SharedSentiments, SharedTopics
from .listen_live_options import TranscriptionModel

# --- What may be asked ------------------------------------------------------------------------------------------------

MediaTranscribeRequestCallbackMethod = Union[Literal["POST", "PUT"], Any]
MediaTranscribeRequestCustomIntentMode = Union[Literal["extended", "strict"], Any]
MediaTranscribeRequestCustomTopicMode = Union[Literal["extended", "strict"], Any]
MediaTranscribeRequestDiarizeModel = Union[Literal["latest", "v1", "v2"], Any]
MediaTranscribeRequestEncoding = Union[
    Literal["linear16", "flac", "mulaw", "amr-nb", "amr-wb", "opus", "speex", "g729"], Any
]
MediaTranscribeRequestModel = Union[TranscriptionModel, Any]
MediaTranscribeRequestSummarize = Union[Literal["v2"], Any]
MediaTranscribeRequestVersion = Union[Literal["latest"], Any]

ListenV1RequestFile = bytes

MediaTranscribeRequestModelZero = MediaTranscribeRequestModel
MediaTranscribeRequestSummarizeZero = MediaTranscribeRequestSummarize
MediaTranscribeRequestVersionZero = MediaTranscribeRequestVersion


class MediaOptions(TypedDict, total=False):
    """How recorded audio is transcribed. What is left out, or ``None``, is the service's default.

    Source: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded
    """

    extra: str | Sequence[str] | None
    """Pairs ``key:value`` that come back in the response, for those who process it further."""
    sentiment: bool | None
    """Find the sentiment of the transcript, its sentences and words (English). Default false."""
    summarize: MediaTranscribeRequestSummarize | bool | None
    """Summarize the transcript (English): ``v2``. Default off."""
    tag: str | Sequence[str] | None
    """Labels by which usage reports tell requests apart."""
    topics: bool | None
    """Find the topics of the transcript (English). Default false."""
    custom_topic: str | Sequence[str] | None
    """Topics to look for, at most 100."""
    custom_topic_mode: MediaTranscribeRequestCustomTopicMode | None
    """``strict`` finds only the custom topics, ``extended`` others too. Default ``extended``."""
    intents: bool | None
    """Find what the speakers want (English). Default false."""
    custom_intent: str | Sequence[str] | None
    """Intents to look for, at most 100."""
    custom_intent_mode: MediaTranscribeRequestCustomIntentMode | None
    """``strict`` finds only the custom intents, ``extended`` others too. Default ``extended``."""
    detect_entities: bool | None
    """Find names, places, organizations and other entities. Default false."""
    detect_language: bool | str | Sequence[str] | None
    """Find the language that is mostly spoken, per channel; given languages narrow the choice. Default false."""
    diarize: bool | None
    """Number the speakers from 0, at each word. Superseded by ``diarize_model``. Default false."""
    diarize_model: MediaTranscribeRequestDiarizeModel | None
    """Number the speakers with this version: ``latest`` (now v2), ``v1`` or ``v2``. Default off."""
    dictation: bool | None
    """Turn spoken punctuation ("comma") into punctuation; goes with ``punctuate``. Default false."""
    encoding: MediaTranscribeRequestEncoding | None
    """Encoding of audio that comes without a container. Default: found in the audio."""
    filler_words: bool | None
    """Keep words like "uh" and "um". Default false."""
    keyterm: str | Sequence[str] | None
    """Words or phrases to favour, at most 100 (Nova-3)."""
    keywords: str | Sequence[str] | None
    """Words to favour or suppress, as ``word`` or ``word:intensifier`` (models before Nova-3)."""
    language: str | None
    """BCP-47 tag of the spoken language. Default ``en``."""
    language_hint: str | Sequence[str] | None
    """BCP-47 tags of languages that may be spoken, for models that hear several."""
    measurements: bool | None
    """Abbreviate spoken measurements ("kilograms" to "kg"). Default false."""
    model: MediaTranscribeRequestModel | None
    """Model that transcribes, or the id of a custom one. Default ``base-general``."""
    multichannel: bool | None
    """Transcribe each channel on its own. Default false."""
    numerals: bool | None
    """Write numbers as digits. Default false."""
    paragraphs: bool | None
    """Split the transcript into paragraphs and sentences. Default false."""
    profanity_filter: bool | None
    """Mask or remove profanity. Default false."""
    punctuate: bool | None
    """Add punctuation and capitals. Default false."""
    redact: str | Sequence[str] | None
    """Remove sensitive information: ``pci``, ``pii``, ``ssn``, ``numbers`` or a kind of entity. Default off."""
    replace: str | Sequence[str] | None
    """Terms to replace, as ``find:replacement``; without a replacement they are removed."""
    search: str | Sequence[str] | None
    """Terms to find by sound; hits come with their time and confidence."""
    smart_format: bool | None
    """Format dates, times, amounts, numbers and paragraphs for reading. Default false."""
    utterances: bool | None
    """Split the transcript into utterances. Default false."""
    utt_split: float | None
    """Seconds of silence between words that end an utterance. Default 0.8."""
    version: MediaTranscribeRequestVersion | None
    """Version of the model. Default ``latest``."""
    mip_opt_out: bool | None
    """Keep the audio out of the service's model improvement program. Default false."""


# --- What comes back: about the request -------------------------------------------------------------------------------


class ListenV1ResponseMetadataDiarizeInfo(Model):
    """Which model told the speakers apart."""

    model_uuid: str
    arch: str


class ListenV1ResponseMetadataIntentsInfo(Model):
    """Which model found the intents, and the tokens it was billed for."""

    model_uuid: str | None = None
    input_tokens: Whole | None = None
    output_tokens: Whole | None = None


class ListenV1ResponseMetadataSentimentInfo(Model):
    """Which model found the sentiments, and the tokens it was billed for."""

    model_uuid: str | None = None
    input_tokens: Whole | None = None
    output_tokens: Whole | None = None


class ListenV1ResponseMetadataSummaryInfo(Model):
    """Which model wrote the summary, and the tokens it was billed for."""

    model_uuid: str | None = None
    input_tokens: Whole | None = None
    output_tokens: Whole | None = None


class ListenV1ResponseMetadataTopicsInfo(Model):
    """Which model found the topics, and the tokens it was billed for."""

    model_uuid: str | None = None
    input_tokens: Whole | None = None
    output_tokens: Whole | None = None


class ListenV1ResponseMetadataWarningsItem(Model):
    """A parameter that could not be honoured, though the request was."""

    parameter: str | None = None
    """Name of the parameter in the query."""
    type: str | None = None
    """Kind of the warning, such as ``unsupported_language`` or ``deprecated``."""
    message: str | None = None


class ListenV1ResponseMetadata(Model):
    """About the request and its audio."""

    transaction_key: str | None = None
    """Always ``deprecated``."""
    request_id: str
    sha256: str
    """SHA-256 of the audio as it was received, in hexadecimal."""
    created: datetime
    duration: float
    """Length of the audio in seconds."""
    channels: Whole
    """How many channels were transcribed."""
    models: list[str]
    """Ids of the models; ``model_info`` describes each."""
    model_info: dict[str, Any]
    diarize_info: ListenV1ResponseMetadataDiarizeInfo | None = None
    summary_info: ListenV1ResponseMetadataSummaryInfo | None = None
    sentiment_info: ListenV1ResponseMetadataSentimentInfo | None = None
    topics_info: ListenV1ResponseMetadataTopicsInfo | None = None
    intents_info: ListenV1ResponseMetadataIntentsInfo | None = None
    tags: list[str] | None = None
    extra: dict[str, Any] | None = None
    """The pairs given as ``extra``."""
    warnings: list[ListenV1ResponseMetadataWarningsItem] | None = None


# --- What comes back: words -------------------------------------------------------------------------------------------


class ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem(Model):
    """A word of the transcript; ``start`` and ``end`` in seconds from the start of the audio."""

    word: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    """From 0 to 1."""
    language: str | None = None
    speaker: Whole | None = None
    """Number of the speaker, from 0."""
    speaker_confidence: float | None = None
    punctuated_word: str | None = None
    """The word as it stands in the formatted transcript."""
    sentiment: str | None = None
    sentiment_score: float | None = None
    """From -1 to 1."""


class ListenV1ResponseResultsUtterancesItemWordsItem(ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem):
    """A word of an utterance."""


class ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItemSentencesItem(Model):
    """A sentence; ``start`` and ``end`` in seconds."""

    text: str | None = None
    start: float | None = None
    end: float | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItem(Model):
    """A paragraph; ``start`` and ``end`` in seconds."""

    sentences: list[ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItemSentencesItem] | None = (
        None
    )
    speaker: Whole | None = None
    num_words: Whole | None = None
    start: float | None = None
    end: float | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class ListenV1ResponseResultsChannelsItemAlternativesItemParagraphs(Model):
    """The transcript with blank lines between its paragraphs, and the paragraphs one by one."""

    transcript: str | None = None
    paragraphs: list[ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItem] | None = None


# --- What comes back: channels ----------------------------------------------------------------------------------------


class ListenV1ResponseResultsChannelsItemAlternativesItemEntitiesItem(Model):
    """A name, place, number or other entity; words are counted from 0, ``end_word`` is the first one after it."""

    label: str | None = None
    """Kind of the entity, such as ``NAME``."""
    value: str | None = None
    """The entity as formatted."""
    raw_value: str | None = None
    """The entity as spoken."""
    confidence: float | None = None
    start_word: float | None = None
    end_word: float | None = None


class ListenV1ResponseResultsChannelsItemAlternativesItemSummariesItem(Model):
    """The summary of a passage, by the first version of summaries."""

    summary: str | None = None
    start_word: float | None = None
    end_word: float | None = None


class ListenV1ResponseResultsChannelsItemAlternativesItemTopicsItem(Model):
    """The topics of a passage, by the first version of topics."""

    text: str | None = None
    start_word: float | None = None
    end_word: float | None = None
    topics: list[str] | None = None


class ListenV1ResponseResultsChannelsItemAlternativesItem(Deferring):
    """A transcript of a channel."""

    transcript: str | None = None
    confidence: float | None = None
    """From 0 to 1."""
    languages: list[str] | None = None
    languages_hinted: list[str] | None = None
    words: list[ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem] | None = None
    paragraphs: ListenV1ResponseResultsChannelsItemAlternativesItemParagraphs | None = None
    entities: list[ListenV1ResponseResultsChannelsItemAlternativesItemEntitiesItem] | None = None
    summaries: list[ListenV1ResponseResultsChannelsItemAlternativesItemSummariesItem] | None = None
    topics: list[ListenV1ResponseResultsChannelsItemAlternativesItemTopicsItem] | None = None


class ListenV1ResponseResultsChannelsItemSearchItemHitsItem(Model):
    """A place where a search term may have been said; ``start`` and ``end`` in seconds."""

    confidence: float | None = None
    start: float | None = None
    end: float | None = None
    snippet: str | None = None


class ListenV1ResponseResultsChannelsItemSearchItem(Model):
    """A search term with its hits."""

    query: str | None = None
    hits: list[ListenV1ResponseResultsChannelsItemSearchItemHitsItem] | None = None


class ListenV1ResponseResultsChannelsItem(Model):
    """What was said on one channel; the first alternative is the best."""

    search: list[ListenV1ResponseResultsChannelsItemSearchItem] | None = None
    alternatives: list[ListenV1ResponseResultsChannelsItemAlternativesItem] | None = None
    detected_language: str | None = None
    language_confidence: float | None = None
    """From 0 to 1, with ``detect_language``."""


ListenV1ResponseResultsChannels = List[ListenV1ResponseResultsChannelsItem]  # noqa: UP006 - a class in 3.10 otherwise

# --- What comes back: the whole ---------------------------------------------------------------------------------------


class ListenV1ResponseResultsUtterancesItem(Model):
    """Something said in one go; ``start`` and ``end`` in seconds."""

    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    channel: Whole | None = None
    """Number of the channel, from 0."""
    transcript: str | None = None
    languages: list[str] | None = None
    words: list[ListenV1ResponseResultsUtterancesItemWordsItem] | None = None
    speaker: Whole | None = None
    id: str | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


ListenV1ResponseResultsUtterances = List[ListenV1ResponseResultsUtterancesItem]  # noqa: UP006 - a class in 3.10 otherwise


class ListenV1ResponseResultsSummary(Model):
    """The summary of the whole; ``result`` is ``success`` or ``failure``."""

    result: str | None = None
    short: str | None = None


class ListenV1ResponseResults(Deferring):
    """What was said, by channel, by utterance and in short."""

    channels: list[ListenV1ResponseResultsChannelsItem]
    utterances: list[ListenV1ResponseResultsUtterancesItem] | None = None
    summary: ListenV1ResponseResultsSummary | None = None
    topics: SharedTopics | None = None
    intents: SharedIntents | None = None
    sentiments: SharedSentiments | None = None


class ListenV1Response(Model):
    """The transcript of a recording."""

    metadata: ListenV1ResponseMetadata
    results: ListenV1ResponseResults


class ListenV1AcceptedResponse(Model):
    """The receipt for a recording whose transcript goes to a callback."""

    request_id: str


MediaTranscribeResponse = Union[ListenV1Response, ListenV1AcceptedResponse]
"""A body with neither ``metadata`` nor ``results`` but a ``request_id`` is a receipt, any other a transcript."""

# --- How it is refused ------------------------------------------------------------------------------------------------


ErrorResponseTextError = str


class ErrorResponseLegacyError(Model):
    """Why a request was refused, in the older form."""

    err_code: str | None = None
    err_msg: str | None = None
    request_id: str | None = None


class ErrorResponseModernError(Model):
    """Why a request was refused, in the newer form."""

    category: str | None = None
    message: str | None = None
    details: str | None = None
    request_id: str | None = None


ErrorResponse = Union[str, ErrorResponseLegacyError, ErrorResponseModernError]
