"""The analyses that were asked for, of one text, in the form in which the service answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import moods, sentiment
from .document import Sentence, tokens_in
from .findings import Passage
from .intents import intents_of
from .phrases import phrases_in
from .summary import SHORTEST, summary_of
from .tagging import Tagger
from .topics import topics_of
from .wanted import Wanted

Answer = dict[str, Any]


def analyzed(sentences: Sequence[Sentence], wanted: Wanted) -> Answer:
    """Return what was found, by the names of the service: ``sentiments``, ``topics``, ``intents``, ``summary``.

    ``infos`` are the tokens of each, ``scores`` the sentiment of each sentence, ``lengths`` its number of words.
    """
    length = sum(tokens_in(sentence.text) for sentence in sentences)
    answer: Answer = {"infos": {}}
    if wanted.sentiment:
        scores = sentiment.scores(sentences)
        answer["scores"] = [_rounded(score) for score in scores]
        answer["lengths"] = [len(sentence.words) for sentence in sentences]
        answer["sentiments"] = _sentiments(sentences, scores)
        answer["infos"]["sentiment_info"] = (length, length)
    if wanted.tags_words:
        tagger = Tagger()
        tagged = [tagger.tagged(sentence.words) for sentence in sentences]
        if wanted.topics:
            phrases = [phrases_in(words) for words in tagged]
            strict = wanted.custom_topic_mode == "strict"
            topics = topics_of(sentences, phrases, wanted.custom_topic, strict=strict)
            answer["topics"] = {"segments": [_segment(passage, "topics", "topic") for passage in topics]}
            answer["infos"]["topics_info"] = (length, _tokens(topics))
        if wanted.intents:
            strict = wanted.custom_intent_mode == "strict"
            intents = intents_of(sentences, tagged, wanted.custom_intent, strict=strict)
            answer["intents"] = {"segments": [_segment(passage, "intents", "intent") for passage in intents]}
            answer["infos"]["intents_info"] = (length, _tokens(intents))
    if wanted.summary:
        answer["summary"] = text = summary_of(sentences)
        # A text that is returned as it is costs nothing (the service's page "Summarization").
        short = sum(len(sentence.words) for sentence in sentences) <= SHORTEST
        answer["infos"]["summary_info"] = (0, 0) if short else (length, tokens_in(text))
    return answer


def _sentiments(sentences: Sequence[Sentence], scores: Sequence[float]) -> Answer:
    average = _rounded(moods.mean(zip(sentences, scores, strict=True)))
    return {
        "segments": [
            {
                "text": " ".join(sentence.text for sentence in mood.sentences),
                "start_word": mood.sentences[0].start,
                "end_word": mood.sentences[-1].end,
                "sentiment": moods.label(mood.score),
                "sentiment_score": _rounded(mood.score),
            }
            for mood in moods.moods(sentences, scores)
        ],
        "average": {"sentiment": moods.label(average), "sentiment_score": average},
    }


def _segment(passage: Passage, several: str, one: str) -> Answer:
    return {
        "text": passage.text,
        "start_word": passage.sentences[0].start,
        "end_word": passage.sentences[-1].end,
        several: [{one: finding.name, "confidence_score": finding.confidence} for finding in passage.findings],
    }


def _tokens(passages: Sequence[Passage]) -> int:
    return sum(tokens_in(finding.name) for passage in passages for finding in passage.findings)


def _rounded(score: float) -> float:
    return round(score, 6)
