"""What the libraries cost without an SDK: httpx for the call, plain pydantic models for the answer.

``python bench/bare.py ADDRESS`` makes one call in a fresh process.
"""

from __future__ import annotations

import sys
from typing import Optional

import httpx
from pydantic import BaseModel

AUDIO = "https://example.com/speech.wav"
HEADERS = {"authorization": "Token bench"}


class Word(BaseModel):
    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: Optional[str] = None
    speaker: Optional[int] = None
    speaker_confidence: Optional[float] = None


class Sentence(BaseModel):
    text: str
    start: float
    end: float


class Paragraph(BaseModel):
    sentences: list[Sentence]
    start: float
    end: float
    num_words: float
    speaker: Optional[int] = None


class Paragraphs(BaseModel):
    transcript: str
    paragraphs: list[Paragraph]


class Alternative(BaseModel):
    transcript: str
    confidence: float
    words: list[Word]
    paragraphs: Optional[Paragraphs] = None


class Channel(BaseModel):
    alternatives: list[Alternative]


class Utterance(BaseModel):
    start: float
    end: float
    confidence: float
    channel: int
    transcript: str
    words: list[Word]
    speaker: Optional[int] = None
    id: str


class Results(BaseModel):
    channels: list[Channel]
    utterances: Optional[list[Utterance]] = None


class Metadata(BaseModel):
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: list[str]


class Answer(BaseModel):
    metadata: Metadata
    results: Results


def transcribe(client: httpx.Client, address: str) -> Answer:
    """Make the call that ``transcribe_url`` makes."""
    response = client.post(f"{address}/v1/listen", json={"url": AUDIO}, headers=HEADERS)
    return Answer.model_validate_json(response.content)


if __name__ == "__main__":
    with httpx.Client() as only:
        assert transcribe(only, sys.argv[1]).results.channels[0].alternatives[0].transcript
