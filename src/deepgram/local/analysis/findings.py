"""What topics and intents have in common: findings in passages of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .document import Sentence


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic or an intent."""

    name: str
    confidence: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences in a row, and what was found in them."""

    sentences: tuple[Sentence, ...]
    findings: tuple[Finding, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


LONGEST_PASSAGE = 5
"""Sentences that are joined at most."""


def joined(passages: Sequence[Passage]) -> list[Passage]:
    """Join neighbours in which the same was found."""
    result: list[Passage] = []
    for passage in passages:
        last = result[-1] if result else None
        if (
            last
            and last.sentences[-1].end + 1 == passage.sentences[0].start
            and len(last.sentences) < LONGEST_PASSAGE
            and [one.name for one in last.findings] == [one.name for one in passage.findings]
        ):
            surest = tuple(
                max(pair, key=lambda one: one.confidence) for pair in zip(last.findings, passage.findings, strict=True)
            )
            result[-1] = Passage((*last.sentences, *passage.sentences), surest)
        else:
            result.append(passage)
    return result
