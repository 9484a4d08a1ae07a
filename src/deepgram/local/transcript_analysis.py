"""The analysis of a transcript: its sentences are analysed as a text, and their sentiment goes back to the words.

All channels are one text, one after the other, and their words are counted through.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Any

from ..protocol.models.listen import ListenV1ResponseResults, ListenV1ResponseResultsSummary
from .analysis.answers import findings_of, infos_of
from .analysis.wanted import Wanted
from .analysis.workers import AnalysisError, Analysts
from .capabilities import Warning_, failed_analyses
from .engines.recognizer import EngineInfo
from .formatting.paragraphs import sentences_of
from .formatting.punctuation import punctuated_by_rules
from .formatting.token import Token
from .options import ListenOptions

log = logging.getLogger(__name__)

Channels = Sequence[Sequence[Token]]


@dataclass(frozen=True)
class Analysed:
    """Words with their sentiment, and what else was found."""

    channels: Channels
    found: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the results."""
    infos: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the metadata."""
    warnings: Sequence[Warning_] = ()

    def into(self, results: ListenV1ResponseResults) -> ListenV1ResponseResults:
        """Return the results with what was found."""
        return results.model_copy(update=self.found) if self.found else results


async def analysed(
    channels: Channels, options: ListenOptions, info: EngineInfo, wanted: Wanted, analysts: Analysts
) -> Analysed:
    """Analyse a transcript. If that fails, the transcript is as good as before, and the failure a warning."""
    sentences = [sentence for tokens in channels for sentence in _sentences(tokens, options, info)]
    found: dict[str, Any] = {}
    try:
        answer = await analysts.sentences([[token.punctuated for token in sentence] for sentence in sentences], wanted)
    except AnalysisError as error:
        log.error("a transcript could not be analysed: %s", error)
        if wanted.summary:
            found["summary"] = ListenV1ResponseResultsSummary(result="failure")
        return Analysed(channels, found, warnings=failed_analyses(wanted.names))
    if wanted.summary:
        found["summary"] = ListenV1ResponseResultsSummary(result="success", short=answer["summary"])
    found.update(findings_of(answer))
    if wanted.sentiment:
        channels = _felt(channels, answer["scores"], answer["lengths"])
    return Analysed(channels, found, infos_of(answer["infos"]))


def _sentences(tokens: Sequence[Token], options: ListenOptions, info: EngineInfo) -> list[list[Token]]:
    """Return the sentences of a channel: by its punctuation or, if it has none, by its pauses."""
    if not (options.punctuated or info.punctuates):
        tokens = punctuated_by_rules(tokens)
    return sentences_of(tokens)


def _felt(channels: Channels, scores: Sequence[float], lengths: Sequence[int]) -> Channels:
    """Give each word the sentiment of its sentence."""
    each = chain.from_iterable(repeat(score, length) for score, length in zip(scores, lengths, strict=True))
    return [[replace(token, sentiment=next(each)) for token in tokens] for tokens in channels]
