"""Topics, intents and sentiments: what the analyses of speech and of text have in common."""

from __future__ import annotations

from typing import Any

from ..model import Model

# --- Topics -----------------------------------------------------------------------------------------------------------


class SharedTopicsSegmentsItemTopicsItem(Model):
    """A topic, with the confidence (0 to 1) that it is meant."""

    topic: str | None = None
    confidence_score: float | None = None


class SharedTopicsSegmentsItem(Model):
    """A passage with its topics; ``start_word`` and ``end_word`` count words from 0."""

    text: str | None = None
    start_word: float | None = None
    end_word: float | None = None
    topics: list[SharedTopicsSegmentsItemTopicsItem] | None = None


class SharedTopicsResultsTopics(Model):
    segments: list[SharedTopicsSegmentsItem] | None = None


class SharedTopicsResults(Model):
    topics: SharedTopicsResultsTopics | None = None


class SharedTopics(Model):
    """The topics of a transcript or text.

    The service sends ``segments``; its description says ``results.topics.segments``. Whichever came,
    both can be read; dumps for the wire have what came.
    """

    segments: list[SharedTopicsSegmentsItem] | None = None
    results: SharedTopicsResults | None = None

    def model_post_init(self, context: Any, /) -> None:
        if self.segments is not None and self.results is None:
            self._also(results=SharedTopicsResults.model_construct(topics={"segments": self.segments}))
        elif self.segments is None and self.results is not None:
            self._also(segments=getattr(getattr(self.results, "topics", None), "segments", None))


SharedTopicsResultsTopicsSegmentsItem = SharedTopicsSegmentsItem
SharedTopicsResultsTopicsSegmentsItemTopicsItem = SharedTopicsSegmentsItemTopicsItem

# --- Intents ----------------------------------------------------------------------------------------------------------


class SharedIntentsSegmentsItemIntentsItem(Model):
    """What a speaker wants, with the confidence (0 to 1) that it is meant."""

    intent: str | None = None
    confidence_score: float | None = None


class SharedIntentsSegmentsItem(Model):
    """A passage with its intents; ``start_word`` and ``end_word`` count words from 0."""

    text: str | None = None
    start_word: float | None = None
    end_word: float | None = None
    intents: list[SharedIntentsSegmentsItemIntentsItem] | None = None


class SharedIntentsResultsIntents(Model):
    segments: list[SharedIntentsSegmentsItem] | None = None


class SharedIntentsResults(Model):
    intents: SharedIntentsResultsIntents | None = None


class SharedIntents(Model):
    """The intents of a transcript or text, in both forms: see :class:`SharedTopics`."""

    segments: list[SharedIntentsSegmentsItem] | None = None
    results: SharedIntentsResults | None = None

    def model_post_init(self, context: Any, /) -> None:
        if self.segments is not None and self.results is None:
            self._also(results=SharedIntentsResults.model_construct(intents={"segments": self.segments}))
        elif self.segments is None and self.results is not None:
            self._also(segments=getattr(getattr(self.results, "intents", None), "segments", None))


SharedIntentsResultsIntentsSegmentsItem = SharedIntentsSegmentsItem
SharedIntentsResultsIntentsSegmentsItemIntentsItem = SharedIntentsSegmentsItemIntentsItem

# --- Sentiments -------------------------------------------------------------------------------------------------------


class SharedSentimentsSegmentsItem(Model):
    """A passage with its sentiment; ``start_word`` and ``end_word`` count words from 0."""

    text: str | None = None
    start_word: float | None = None
    end_word: float | None = None
    sentiment: str | None = None
    """``positive``, ``negative`` or ``neutral``."""
    sentiment_score: float | None = None
    """From -1 to 1; neutral lies within a third of 0."""


class SharedSentimentsAverage(Model):
    """The sentiment of the whole."""

    sentiment: str | None = None
    sentiment_score: float | None = None


class SharedSentiments(Model):
    """The sentiments of a transcript or text."""

    segments: list[SharedSentimentsSegmentsItem] | None = None
    average: SharedSentimentsAverage | None = None
