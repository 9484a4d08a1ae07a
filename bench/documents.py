"""Answers to measure with, the same in every run: an hour of speech, the same drifted, a sentence."""

from __future__ import annotations

from typing import Any

WORDS = 9_000  # an hour at 150 words a minute
SENTENCE, PARAGRAPH = 10, 30  # words
VOCABULARY = "in the beginning people spoke slowly about weather bread and distant ships".split()  # noqa: SIM905


def hour_document() -> dict[str, Any]:
    """Return the answer for an hour of speech: words, utterances and paragraphs, 2.4 MB as compact JSON."""
    return answer([word(index) for index in range(WORDS)])


def drifted_document() -> dict[str, Any]:
    """Return an hour of speech from a service some releases ahead, as large as the other.

    A required field is gone, and in every word a known field has given way to one nobody has heard of.
    """
    words = [word(index) for index in range(WORDS)]
    for each in words:
        each["certainty"] = each.pop("confidence")
    document = answer(words)
    del document["metadata"]["sha256"]
    return document


def small_document() -> dict[str, Any]:
    """Return the answer for one sentence."""
    return answer([word(index) for index in range(SENTENCE)])


def answer(words: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer whose words these are."""
    transcript = text_of(words)
    paragraphs = [paragraph(words[start : start + PARAGRAPH]) for start in range(0, len(words), PARAGRAPH)]
    utterances = [utterance(words[start : start + SENTENCE], start) for start in range(0, len(words), SENTENCE)]
    alternative = {
        "transcript": transcript,
        "confidence": 0.99072266,
        "words": words,
        "paragraphs": {"transcript": transcript.replace(". ", ".\n\n"), "paragraphs": paragraphs},
    }
    model = "1abfe86b-e047-4eed-858a-35e5625b41ee"
    metadata: dict[str, Any] = {
        "transaction_key": "deprecated",
        "request_id": "3f1c0b9e-7a52-4d0f-9d1e-5f0a4c2b7e11",
        "sha256": "5324da68ede209a16ac69a38e8cd29cee4d754434a041166cda3a1f5e0b24566",
        "created": "2026-03-04T05:06:07.089Z",
        "duration": len(words) * 0.4,
        "channels": 1,
        "models": [model],
        "model_info": {model: {"name": "general", "version": "2026-01-01.0", "arch": "nova-3"}},
    }
    return {
        "metadata": metadata,
        "results": {"channels": [{"alternatives": [alternative]}], "utterances": utterances},
    }


def word(index: int) -> dict[str, Any]:
    """Return the word at ``index``; speakers take turns by paragraphs."""
    spoken = VOCABULARY[index % len(VOCABULARY)]
    ends_sentence = index % SENTENCE == SENTENCE - 1
    return {
        "word": spoken,
        "start": round(index * 0.4 + 0.16, 3),
        "end": round(index * 0.4 + 0.47, 3),
        "confidence": round(0.9 + index * 7919 % 100_000 / 1_000_001, 8),
        "speaker": index // PARAGRAPH % 2,
        "punctuated_word": spoken.capitalize() + "." if ends_sentence else spoken,
    }


def utterance(words: list[dict[str, Any]], index: int) -> dict[str, Any]:
    """Return the utterance of these words, the first of which is the one at ``index``."""
    return {
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "confidence": 0.97,
        "channel": 0,
        "transcript": text_of(words),
        "words": words,
        "speaker": words[0]["speaker"],
        "id": f"00000000-0000-4000-8000-{index:012x}",
    }


def paragraph(words: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the paragraph of these words."""
    sentences = [words[start : start + SENTENCE] for start in range(0, len(words), SENTENCE)]
    return {
        "sentences": [{"text": text_of(s), "start": s[0]["start"], "end": s[-1]["end"]} for s in sentences],
        "speaker": words[0]["speaker"],
        "num_words": len(words),
        "start": words[0]["start"],
        "end": words[-1]["end"],
    }


def text_of(words: list[dict[str, Any]]) -> str:
    """Return the words as they stand in a transcript."""
    return " ".join(word["punctuated_word"] for word in words)
