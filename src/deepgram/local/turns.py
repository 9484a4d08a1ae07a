"""When somebody speaks, when they have come to an end, and whose turn it is. Without I/O; time is counted in samples.

What is decided here is decided from two things only: which 20 ms frames had a voice in them, and which words were heard
so far. The same frames and words always give the same decisions.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from .engines.recognizer import Word
from .live import Turn, TurnRules

ONSET, ONSET_OF = 4, 6
"""Voiced frames among the last ones with which speech begins: a click is no speech."""
UPDATE_SECONDS = 0.25
"""Audio between two updates of a turn (https://developers.deepgram.com/docs/flux/state)."""

_SETTLING = 0.5
"""Seconds of silence in which the confidence that a turn has ended rises from 0 to 0.63, and to 0.7 in 0.6 s."""
_HESITANT = 3.0
"""Times longer that this takes after a word with which nobody ends."""
_PUNCTUATED = 0.6
"""Times that this takes after a full stop or a question mark, from engines that write them."""
_MOST = 0.99
"""Highest confidence: a threshold of 1 is never reached, which is how callers say that they end turns themselves
(https://developers.deepgram.com/docs/flux/own-turn-detection)."""
_CARRY_ON = frozenset(
    {
        *(
            "a",
            "an",
            "the",
            "my",
            "your",
            "our",
            "their",
            "and",
            "but",
            "or",
            "because",
            "if",
            "than",
            "at",
            "by",
            "for",
        ),
        *(
            "from",
            "into",
            "of",
            "to",
            "with",
            "i'm",
            "you're",
            "we're",
            "they're",
            "um",
            "uh",
            "uhm",
            "er",
            "erm",
            "hmm",
        ),
    }
)
"""Words with which nobody ends."""


class Speech:
    """Whether somebody speaks: begins after a few voiced frames, and ends when the owner says so."""

    def __init__(self, frame: int) -> None:
        self._size = frame
        self.position = 0
        """Samples judged."""
        self.speaking = False
        self.began = 0
        """Sample at which the speech began that goes on, or went on last."""
        self.voice_end = 0
        """Sample after the last voiced frame of speech."""
        self._recent: deque[bool] = deque(maxlen=ONSET_OF)

    @property
    def silence(self) -> int:
        """Samples since the last voice."""
        return self.position - self.voice_end

    def frame(self, voiced: bool) -> bool:
        """Judge the next frame; say whether speech begins with it."""
        self.position += self._size
        if self.speaking:
            if voiced:
                self.voice_end = self.position
            return False
        self._recent.append(voiced)
        if sum(self._recent) < ONSET:
            return False
        first = list(self._recent).index(True)
        self.began = self.position - (len(self._recent) - first) * self._size
        self.voice_end = self.position
        self.speaking = True
        self._recent.clear()
        return True

    def rest(self) -> None:
        """Take the speech for ended."""
        self.speaking = False


class UtteranceEnd:
    """Notices when no new word came for a while: a gap in the words, which noise does not fill as it fills silence.

    https://developers.deepgram.com/docs/utterance-end
    """

    def __init__(self, gap: float) -> None:
        self.gap = gap
        """Seconds."""
        self._last: float | None = None

    def heard(self, words: Sequence[Word]) -> None:
        """Take note of words, final or not."""
        if words:
            self._last = words[-1].end

    def due(self, now: float) -> bool:
        """Say whether the gap has been reached at ``now`` (s)."""
        return self._last is not None and now - self._last >= self.gap

    def ended(self, now: float) -> float | None:
        """Return the end of the last word (s) if the gap has been reached at ``now``; once for each gap."""
        if not self.due(now):
            return None
        last, self._last = self._last, None
        return last


def end_of_turn_confidence(silence: float, words: Sequence[Word]) -> float:
    """Return how sure it is, from 0 to 0.99, that a turn has ended after ``silence`` seconds.

    A model of one line, no more: certainty grows with silence (0.4 after 0.26 s, 0.7 after 0.6 s, 0.9 after 1.2 s),
    three times slower after words with which sentences go on (*and*, *the*, *um*), faster after a full stop. It knows
    nothing of tone or meaning, as the service's model does.
    """
    if not words or silence <= 0:
        return 0.0
    last = words[-1].text
    pace = _SETTLING
    if last.lower().rstrip(",") in _CARRY_ON:
        pace *= _HESITANT
    elif last[-1:] in ".?!":
        pace *= _PUNCTUATED
    return _MOST * (1 - math.exp(-silence / pace))


class TurnDetector:
    """The turns of a stream, as events in the order that Flux keeps (https://developers.deepgram.com/docs/flux/state).

    A turn begins with one ``StartOfTurn`` and ends with one ``EndOfTurn``, after which the index counts on. Between
    them come ``Update`` and, with an eager threshold, ``EagerEndOfTurn``, which comes again only after ``TurnResumed``.
    Its words are those of the ``EndOfTurn`` unless ``TurnResumed`` came between. Whoever calls holds the words: before
    anything is said to end (:meth:`ending`) they must be final.
    """

    def __init__(self, rules: TurnRules) -> None:
        self.rules = rules
        self.index = 0
        self._start = 0.0  # where the audio of the turn begins: where the last one ended
        self._open = False
        self._eager: Sequence[Word] | None = None  # what was said to end soon
        self._told = 0.0  # up to where audio was heard at the last event
        self._seen: Sequence[Word] = ()  # the words of the last time

    def ending(self, silence: float, words: Sequence[Word]) -> bool:
        """Say whether :meth:`advance` would tell an end, eager or not: the words should be made final before."""
        return bool(words) and self._verdict(silence, words) is not None

    def advance(self, now: float, silence: float, words: Sequence[Word]) -> Iterable[Turn]:
        """Return the events at ``now`` (s), when ``silence`` seconds passed since the last voice.

        ``words`` are all words of the turn so far, the same object while they do not change. Without any there is no
        turn.
        """
        if not words and not self._open:
            return ()
        if words is self._seen and self._open and silence <= 0 and not self._update_due(now):
            return ()  # somebody speaks on: so it is with most frames
        self._seen = words
        return self._events(now, silence, words)

    def _events(self, now: float, silence: float, words: Sequence[Word]) -> Iterator[Turn]:
        changed = False
        for event in self._begin(now, silence, words):
            changed = True
            yield event
        verdict = self._verdict(silence, words)
        if verdict is not None:
            if self.rules.eager_eot_threshold is not None and self._eager is None and verdict != "timeout":
                changed = True
                self._eager = tuple(words)
                yield self._turn("EagerEndOfTurn", now, silence, words)
            if verdict != "eager":
                yield self._end(now, silence, words, verdict)
                return
        if not changed and self._update_due(now):
            yield self._turn("Update", now, silence, words)

    def end(self, now: float, silence: float, words: Sequence[Word]) -> Iterator[Turn]:
        """Yield what ends the turn now, as the caller wants. Without a turn, or words for one, this is nothing."""
        if words or self._open:
            yield from self._begin(now, silence, words)
            yield self._end(now, silence, words, "manual")

    def _begin(self, now: float, silence: float, words: Sequence[Word]) -> Iterator[Turn]:
        """Yield the event with which these words begin or resume the turn."""
        if not self._open:
            self._open = True
            yield self._turn("StartOfTurn", now, silence, words)
        elif self._eager is not None and [word.text for word in self._eager] != [word.text for word in words]:
            self._eager = None
            yield self._turn("TurnResumed", now, silence, words)

    def _update_due(self, now: float) -> bool:
        return now - self._told >= UPDATE_SECONDS - 1e-9

    def _verdict(self, silence: float, words: Sequence[Word]) -> Literal["timeout", "model", "eager"] | None:
        if silence <= 0:
            return None  # nobody has ended who speaks
        confidence = end_of_turn_confidence(silence, words)
        eager = self.rules.eager_eot_threshold
        if confidence >= self.rules.eot_threshold:
            return "model"
        if silence * 1000 >= self.rules.eot_timeout_ms:
            return "timeout"
        if eager is not None and self._eager is None and confidence >= eager:
            return "eager"
        return None

    def _end(self, now: float, silence: float, words: Sequence[Word], trigger: str) -> Turn:
        event = self._turn("EndOfTurn", now, silence, words, trigger)
        self.index += 1
        self._start, self._open, self._eager = now, False, None
        return event

    def _turn(
        self,
        event: Literal["StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"],
        now: float,
        silence: float,
        words: Sequence[Word],
        trigger: str | None = None,
    ) -> Turn:
        self._told = now
        confidence = round(end_of_turn_confidence(silence, words), 4)
        return Turn(event, self.index, self._start, now, tuple(words), confidence, trigger)
