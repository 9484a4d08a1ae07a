"""What a transcription says: its text, its remarks and its phrases, read from the service's JSON.

Reading is tolerant: whatever is missing or of another type than documented is passed over, never raised.
Source of the forms: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded, and listen-streaming and
listen-flux beside it for live messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from .captions import Phrase, Spoken
from .tolerance import Json as Json
from .tolerance import nested, number_of, objects, readable, text_of


def text(answer: Json) -> str:
    """Return the transcript to be read: with names if several voices speak, in paragraphs if there are any."""
    voiced = phrases(answer)
    if any(phrase.voice for phrase in voiced):
        return readable("\n".join(f"{voice or 'Somebody'}: {said}" for voice, said in _turns(voiced)))
    said = [_transcript(_first_alternative(channel)) for channel in objects(_results(answer), "channels")]
    if len(said) == 1:
        return said[0]
    return "\n".join(f"Channel {number}: {transcript}" for number, transcript in enumerate(said) if transcript)


def remarks(answer: Json) -> list[str]:
    """Return what the service says that it did not do, one text per warning."""
    warnings = objects(nested(answer, "metadata"), "warnings")
    told = [[text_of(warning.get("parameter")), text_of(warning.get("message"))] for warning in warnings]
    return [readable(": ".join(part for part in parts if part)) for parts in told if any(parts)]


def phrases(answer: Json) -> list[Phrase]:
    """Return who says what and when: from the utterances if they were asked for, otherwise from the words."""
    results = _results(answer)
    channels = objects(results, "channels")
    utterances = objects(results, "utterances")
    spoken: list[tuple[object, object, list[Json]]] = []  # channel, speaker, words
    for utterance in utterances:
        words = objects(utterance, "words") or list(_spread(utterance))
        spoken.append((_first(utterance.get("channel")), utterance.get("speaker"), words))
    if not utterances:
        for number, heard in enumerate(channels):
            words = objects(_first_alternative(heard), "words")
            spoken += [
                (number, speaker, list(said)) for speaker, said in groupby(words, key=lambda word: word.get("speaker"))
            ]
    several_channels = len({str(channel) for channel, _, _ in spoken}) > 1
    several_speakers = len({(str(channel), str(speaker)) for channel, speaker, _ in spoken if speaker is not None}) > 1
    found: list[Phrase] = []
    for channel, speaker, words in spoken:
        names: list[str] = []
        if several_channels and channel is not None:
            names.append(f"Channel {_name(channel)}")
        if several_speakers and speaker is not None:
            names.append(f"Speaker {_name(speaker)}")
        found.append(Phrase(tuple(_words(words)), " ".join(names)))
    return [phrase for phrase in found if phrase.words]


@dataclass(frozen=True)
class Said:
    """What a live message says."""

    channel: int
    turns: tuple[tuple[str, str], ...]
    """Voice and text, in order. The voice is empty if there is only one."""
    phrases: tuple[Phrase, ...]
    """The same with times."""
    final: bool
    """It will not change any more. Otherwise the next message for this channel replaces it."""
    ends: bool
    """The speaker has come to an end."""
    reached: float
    """Seconds of audio that this and all messages before it account for."""


def said(message: Json) -> Said | None:
    """Return what a live message says (v1 or v2); None for one that is not about speech."""
    match message.get("type"):
        case "Results":
            return _said_in_results(message)
        case "UtteranceEnd":
            channel = round(number_of(_first(message.get("channel")), 0))
            return Said(channel, (), (), True, True, number_of(message.get("last_word_end"), 0.0))
        case "TurnInfo":
            return _said_in_turn(message)
        case _:
            return None


def _said_in_results(message: Json) -> Said:
    index = message.get("channel_index")
    several = isinstance(index, list) and number_of(cast("list[object]", index[1:] or [1])[0], 1) > 1
    number = round(number_of(_first(index), 0))
    name = f"Channel {number}" if several else ""
    alternative = _first_alternative(nested(message, "channel"))
    start = number_of(message.get("start"), 0.0)
    reached = start + number_of(message.get("duration"), 0.0)
    transcript = _transcript(alternative)
    words = objects(alternative, "words") or list(_spread({"transcript": transcript, "start": start, "end": reached}))
    phrases: list[Phrase] = []
    for speaker, group in groupby(words, key=lambda word: word.get("speaker")):
        voice = " ".join(part for part in (name, "" if speaker is None else f"Speaker {_name(speaker)}") if part)
        phrases.append(Phrase(tuple(_words(list(group))), voice))
    turns = tuple(_turns([phrase for phrase in phrases if phrase.words]))
    if {phrase.voice for phrase in phrases} <= {name}:  # nobody is told apart: the text as it was formatted
        turns = ((name, transcript),) if transcript else ()
    ends = message.get("speech_final") is True or message.get("from_finalize") is True
    return Said(number, turns, tuple(phrases), message.get("is_final") is True, ends, reached)


def _said_in_turn(message: Json) -> Said:
    transcript = readable(text_of(message.get("transcript"))).strip()
    start, end = (number_of(message.get(f"audio_window_{side}"), 0.0) for side in ("start", "end"))
    words = objects(message, "words")
    if not all("start" in word for word in words) or not words:  # older answers have no times here
        words = list(_spread({"transcript": transcript, "start": start, "end": end}))
    over = message.get("event") == "EndOfTurn"
    turns = (("", transcript),) if transcript else ()
    return Said(0, turns, (Phrase(tuple(_words(words))),), over, over, end)


def _transcript(alternative: Json) -> str:
    in_paragraphs = text_of(nested(alternative, "paragraphs").get("transcript"))
    return readable(in_paragraphs or text_of(alternative.get("transcript"))).strip()


def _turns(voiced: Sequence[Phrase]) -> Iterator[tuple[str, str]]:
    """Join what one voice says in a row."""
    ordered = sorted(voiced, key=lambda phrase: phrase.words[0].start)
    for voice, said in groupby(ordered, key=lambda phrase: phrase.voice):
        yield voice, " ".join(word.text for phrase in said for word in phrase.words)


def _words(words: Sequence[Json]) -> Iterator[Spoken]:
    reached = 0.0
    for word in words:
        said = text_of(word.get("punctuated_word")) or text_of(word.get("word"))
        if not said.strip():
            continue
        start = number_of(word.get("start"), reached)
        reached = max(start, number_of(word.get("end"), start))
        yield Spoken(said, start, reached)


def _spread(utterance: Json) -> Iterator[Json]:
    """Spread the text of an utterance that came without words evenly over its time."""
    words = text_of(utterance.get("transcript")).split()
    start = number_of(utterance.get("start"), 0.0)
    share = (max(start, number_of(utterance.get("end"), start)) - start) / (len(words) or 1)
    for position, word in enumerate(words):
        yield {"word": word, "start": start + position * share, "end": start + (position + 1) * share}


def _results(answer: Json) -> Json:
    return nested(answer, "results")


def _first_alternative(channel: Json) -> Json:
    alternatives = objects(channel, "alternatives")
    return alternatives[0] if alternatives else {}


def _first(value: object) -> object:
    """Return the first of a list: in utterances ``channel`` is documented as a number, and has come as ``[0, 2]``."""
    return cast("list[object]", value)[0] if isinstance(value, list) and value else value


def _name(value: object) -> str:
    return readable(str(value)).strip()[:8]
