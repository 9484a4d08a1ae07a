"""The answer to a transcription: channels, alternatives, words, paragraphs, utterances and search hits.

Forms are those of the service's recorded answers and of its documentation, pages "Utterances", "Paragraphs", "Search",
"Multichannel". Times are seconds, to the millisecond.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from statistics import fmean, median_high
from typing import Any, TypeVar

from ..protocol.models.listen import (
    ListenV1ResponseResults,
    ListenV1ResponseResultsChannelsItem,
    ListenV1ResponseResultsChannelsItemAlternativesItem,
    ListenV1ResponseResultsChannelsItemAlternativesItemParagraphs,
    ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItem,
    ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItemSentencesItem,
    ListenV1ResponseResultsChannelsItemSearchItem,
    ListenV1ResponseResultsChannelsItemSearchItemHitsItem,
    ListenV1ResponseResultsUtterancesItem,
)
from ..protocol.models.listen import (
    ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem as _ChannelWord,
)
from ..protocol.models.listen import (
    ListenV1ResponseResultsUtterancesItemWordsItem as _UtteranceWord,
)
from ..protocol.models.listen_live import (
    ListenV1ResultsChannelAlternativesItem,
)
from ..protocol.models.listen_live import (
    ListenV1ResultsChannelAlternativesItemWordsItem as _LiveWord,
)
from .analysis.moods import label
from .capabilities import Warning_ as Warning_
from .capabilities import language_supported as language_supported
from .capabilities import unsupported as unsupported
from .capabilities import warnings as warnings
from .engines.recognizer import EngineInfo, Word
from .formatting import formatted
from .formatting.paragraphs import paragraphs_of
from .formatting.search import Transcript, search, snippet
from .formatting.token import Token, joined, tokens_of
from .formatting.utterances import utterances_of
from .options import ListenOptions

_WordT = TypeVar("_WordT", _ChannelWord, _UtteranceWord, _LiveWord)


def results(
    words: Sequence[Sequence[Word]], found: Sequence[Sequence[Word]], options: ListenOptions, info: EngineInfo
) -> ListenV1ResponseResults:
    """Return the transcripts of all channels.

    ``words`` and ``found`` are what each channel's engine recognised and spotted; ``found`` may be shorter.
    """
    return assembled(formatted_channels(words, options, info), words, found, options, info)


def formatted_channels(words: Sequence[Sequence[Word]], options: ListenOptions, info: EngineInfo) -> list[list[Token]]:
    """Return the words of all channels as they are to be written."""
    return [formatted(heard, options, info) for heard in words]


def assembled(
    channels: Sequence[Sequence[Token]],
    words: Sequence[Sequence[Word]],
    found: Sequence[Sequence[Word]],
    options: ListenOptions,
    info: EngineInfo,
) -> ListenV1ResponseResults:
    """Return the transcripts of all channels, whose words have been formatted."""
    answer: list[ListenV1ResponseResultsChannelsItem] = []
    for index, tokens in enumerate(channels):
        alternatives = [_alternative(tokens, options)]
        if options.search:
            spotted = found[index] if index < len(found) else ()
            hits = hits_of(words[index], spotted, tokens, options, info)
            answer.append(ListenV1ResponseResultsChannelsItem(search=hits, alternatives=alternatives))
        else:
            answer.append(ListenV1ResponseResultsChannelsItem(alternatives=alternatives))
    if not options.utterances:
        return ListenV1ResponseResults(channels=answer)
    return ListenV1ResponseResults(channels=answer, utterances=_utterances(channels, options))


def _alternative(
    tokens: Sequence[Token], options: ListenOptions
) -> ListenV1ResponseResultsChannelsItemAlternativesItem:
    transcript, confidence = joined(tokens, punctuated=options.punctuated), _median(tokens)
    words = [_word(_ChannelWord, token, punctuated=options.punctuated) for token in tokens]
    if not options.in_paragraphs:
        return ListenV1ResponseResultsChannelsItemAlternativesItem(
            transcript=transcript, confidence=confidence, words=words
        )
    return ListenV1ResponseResultsChannelsItemAlternativesItem(
        transcript=transcript, confidence=confidence, words=words, paragraphs=_paragraphs(tokens)
    )


def live_alternative(tokens: Sequence[Token], options: ListenOptions) -> ListenV1ResultsChannelAlternativesItem:
    """Return the transcript of a stretch of live audio."""
    return ListenV1ResultsChannelAlternativesItem(
        transcript=joined(tokens, punctuated=options.punctuated),
        confidence=_median(tokens),
        words=[_word(_LiveWord, token, punctuated=options.punctuated) for token in tokens],
    )


def _median(tokens: Sequence[Token]) -> float:
    # The service gives a transcript the median of its words (seen in recorded answers), and 0 where nothing was said.
    return _certainty(median_high(token.confidence for token in tokens)) if tokens else 0.0


def _word(kind: type[_WordT], token: Token, *, punctuated: bool) -> _WordT:
    start, end, confidence = _time(token.start), _time(token.end), _certainty(token.confidence)
    felt = _felt([token])
    if not punctuated:
        return kind(word=token.text, start=start, end=end, confidence=confidence, **felt)
    return kind(word=token.text, start=start, end=end, confidence=confidence, punctuated_word=token.punctuated, **felt)


def _felt(tokens: Sequence[Token]) -> dict[str, Any]:
    """Return the sentiment of words, the mean of theirs, as fields; nothing unless it was asked for."""
    scores = [token.sentiment for token in tokens if token.sentiment is not None]
    if not scores:
        return {}
    score = round(fmean(scores), 6)
    return {"sentiment": label(score), "sentiment_score": score}


def _paragraphs(tokens: Sequence[Token]) -> ListenV1ResponseResultsChannelsItemAlternativesItemParagraphs:
    texts: list[str] = []
    items: list[ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItem] = []
    for sentences in paragraphs_of(tokens):
        sentence_texts = [joined(sentence, punctuated=True) for sentence in sentences]
        texts.append(" ".join(sentence_texts))
        items.append(
            ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItem(
                sentences=[
                    ListenV1ResponseResultsChannelsItemAlternativesItemParagraphsParagraphsItemSentencesItem(
                        text=text, start=_time(sentence[0].start), end=_time(sentence[-1].end), **_felt(sentence)
                    )
                    for text, sentence in zip(sentence_texts, sentences, strict=True)
                ],
                num_words=sum(len(sentence) for sentence in sentences),
                start=_time(sentences[0][0].start),
                end=_time(sentences[-1][-1].end),
                **_felt([token for sentence in sentences for token in sentence]),
            )
        )
    return ListenV1ResponseResultsChannelsItemAlternativesItemParagraphs(
        transcript="\n" + "\n\n".join(texts), paragraphs=items
    )


def _utterances(
    channels: Sequence[Sequence[Token]], options: ListenOptions
) -> list[ListenV1ResponseResultsUtterancesItem]:
    """Return the utterances of all channels in the order in which they begin."""
    said = [
        (utterance[0].start, channel, utterance)
        for channel, tokens in enumerate(channels)
        for utterance in utterances_of(tokens, options.utt_split)
    ]
    said.sort(key=lambda one: one[:2])
    return [
        ListenV1ResponseResultsUtterancesItem(
            start=_time(start),
            end=_time(tokens[-1].end),
            confidence=_certainty(fmean(token.confidence for token in tokens)),
            channel=channel,
            transcript=joined(tokens, punctuated=options.punctuated),
            words=[_word(_UtteranceWord, token, punctuated=options.punctuated) for token in tokens],
            id=str(uuid.uuid4()),
            **_felt(tokens),
        )
        for start, channel, tokens in said
    ]


def hits_of(
    words: Sequence[Word], spotted: Sequence[Word], tokens: Sequence[Token], options: ListenOptions, info: EngineInfo
) -> list[ListenV1ResponseResultsChannelsItemSearchItem]:
    """Search the words as they were heard. Snippets show the words of the answer: they reveal nothing redacted."""
    transcript = Transcript(tokens_of(words, punctuated=info.punctuates))
    starts = [token.start for token in tokens]
    return [
        ListenV1ResponseResultsChannelsItemSearchItem(
            query=term,
            hits=[
                ListenV1ResponseResultsChannelsItemSearchItemHitsItem(
                    confidence=_certainty(hit.confidence),
                    start=_time(hit.start),
                    end=_time(hit.end),
                    snippet=snippet(tokens, starts, hit),
                )
                for hit in search(term, transcript, spotted)
            ],
        )
        for term in options.search
    ]


def _time(seconds: float) -> float:
    return round(seconds, 3)


def _certainty(confidence: float) -> float:
    return round(min(max(confidence, 0.0), 1.0), 6)
