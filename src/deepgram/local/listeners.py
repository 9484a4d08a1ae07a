"""What hears one channel of a live stream: speech is found, recognised utterance by utterance, and told.

``ResultsListener`` tells it as listen v1 does, ``TurnsListener`` as listen v2 does. Neither does I/O or knows the time:
both count samples, so the same audio in pieces of any size gives the same happenings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from .audio import SAMPLE_RATE
from .engines.recognizer import Hints, Recognizer, Word
from .live import Happening, Heard, LiveOptions, SpeechBegan, Turn, TurnRules, UtteranceEnded
from .speech_detectors import FRAME, SpeechDetector
from .turns import ONSET_OF, UPDATE_SECONDS, Speech, TurnDetector, UtteranceEnd
from .utterance import Utterance

Words: TypeAlias = Sequence[Word]

PADDING = SAMPLE_RATE // 4
"""Samples before the first voice that belong to an utterance: many words begin without voice."""
SHORTEST_PAUSE = SAMPLE_RATE // 5
"""Samples of silence that are a pause at all. Stop consonants are shorter ones, and the service's default of 10 ms
would end an utterance within its words."""
LONGEST_PAUSE = 3 * SAMPLE_RATE
"""Samples of silence after which what was heard becomes final, whatever counts as an endpoint."""
TURN_PAUSE = SAMPLE_RATE
"""The same within a turn."""
INTERIM = SAMPLE_RATE // 2
"""Samples between two interim results."""
UPDATE = int(UPDATE_SECONDS * SAMPLE_RATE)
"""The same within a turn."""
SILENCE_TOLD = 5 * SAMPLE_RATE
"""Samples of silence that are told as a final result without words: a caller knows up to where all was heard."""
LONG = 10 * SAMPLE_RATE
"""Samples of speech after which a short dip is enough for what was heard to become final ..."""
DIP = SAMPLE_RATE // 10
"""... if it has so many samples."""
LONGEST = 15 * SAMPLE_RATE
"""Samples of speech after which it becomes final at the quietest place since ``LONG``."""
FIRST_WORD = PADDING + SAMPLE_RATE
"""Samples within which an utterance with words has its first one."""
_UNSURE = PADDING + ONSET_OF * FRAME
"""Samples of silence that the next utterance may still claim."""


class Listener(ABC):
    """Hears one channel."""

    def __init__(self, channel: int, options: LiveOptions, recognizer: Recognizer, detector: SpeechDetector) -> None:
        self._channel = channel
        self._recognizer = recognizer
        self._hints = options.hints
        self._detector = detector
        self._speech = Speech(FRAME)
        self._utterance: Utterance | None = None
        self._rest = b""  # less than a frame
        self._unheard = bytearray()  # audio that the utterance has yet to hear
        self._recent: deque[bytes] = deque(maxlen=_UNSURE // FRAME)
        self._looked = 0  # sample at which the words were last looked at
        self._longest = int(min(LONGEST, recognizer.info.longest_piece * SAMPLE_RATE))

    def hear(self, pcm: bytes) -> Iterator[Happening]:
        """Hear more audio (linear16) and yield what happens in it."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % (2 * FRAME)
        self._rest = data[whole:]
        for index, voiced in enumerate(self._detector.judge(data[:whole])):
            frame = data[index * 2 * FRAME : (index + 1) * 2 * FRAME]
            began = self._speech.frame(voiced)
            if self._utterance is not None:
                self._unheard += frame
            else:
                self._recent.append(frame)
                if began:
                    self._begin()
            yield from self._frame(began)
        self._catch_up()

    def finish(self) -> Iterator[Happening]:
        """Yield what is to be said at the end of the audio."""
        if self._utterance is not None:
            self._unheard += self._rest[: len(self._rest) // 2 * 2]
        yield from self._finish()
        self.close()

    def configure(self, rules: TurnRules | None, hints: Hints | None) -> None:
        """Change the rules from here on, and the hints from the next utterance on."""
        if hints is not None:
            self._hints = hints

    def finalize(self) -> Iterator[Happening]:
        """Yield what was heard so far as final."""
        return iter(())

    def end_turn(self) -> Iterator[Happening]:
        """Yield the end of the turn."""
        return iter(())

    def close(self) -> None:
        """Give the recogniser's stream back."""
        utterance, self._utterance = self._utterance, None
        if utterance is not None:
            utterance.close()

    @abstractmethod
    def _frame(self, began: bool) -> Iterable[Happening]:
        """Return what happens with the frame that was just judged; ``began``: speech began with it."""

    @abstractmethod
    def _finish(self) -> Iterator[Happening]:
        """Yield the last happenings."""

    def _begin(self) -> None:
        """Begin an utterance, with the padding before the first voice."""
        frames = min(len(self._recent), (self._speech.position - self._speech.began + PADDING) // FRAME)
        self._open(self._speech.position - frames * FRAME)
        for frame in list(self._recent)[len(self._recent) - frames :]:
            self._unheard += frame
        self._recent.clear()

    def _open(self, start: int) -> None:
        self._utterance = Utterance(self._recognizer, self._hints, start, keep_from=start + LONG)
        self._looked = self._speech.position

    def _catch_up(self) -> None:
        if self._utterance is not None and self._unheard:
            self._utterance.feed(bytes(self._unheard))
            self._unheard.clear()

    def _due(self, interval: int) -> bool:
        """Say whether it is time to look at the words again."""
        if self._speech.position - self._looked < interval:
            return False
        self._looked = self._speech.position
        return True

    def _interim(self) -> tuple[Word, ...]:
        assert self._utterance is not None
        self._catch_up()
        return self._utterance.interim()

    def _settle(self) -> tuple[Word, ...]:
        """End the utterance and return its words. If somebody still speaks the next one begins here."""
        assert self._utterance is not None
        self._catch_up()
        words = self._utterance.finish()
        self._utterance = None
        if self._speech.silence < DIP and self._speech.speaking:
            self._open(self._speech.position)
        else:
            self._speech.rest()
        return words

    def _too_long(self) -> tuple[tuple[Word, ...], int] | None:
        """End an utterance that has become long: its words, and the sample up to which they were heard."""
        assert self._utterance is not None
        now = self._speech.position
        length = now - self._utterance.start
        if length < self._longest:
            if length < LONG or self._speech.silence < DIP:
                return None
            self._catch_up()
            words = self._utterance.finish()
            self._open(now)
            return words, now
        self._catch_up()
        words, at, carried = self._utterance.cut(FRAME)
        self._open(at)
        self._unheard += carried
        return words, at


class ResultsListener(Listener):
    """Says results: what was heard since the last final one, interim and final."""

    def __init__(self, channel: int, options: LiveOptions, recognizer: Recognizer, detector: SpeechDetector) -> None:
        super().__init__(channel, options, recognizer, detector)
        self._options = options
        endpointing = options.endpointing_ms
        self._endpoint = None if endpointing is None else max(SHORTEST_PAUSE, endpointing * SAMPLE_RATE // 1000)
        self._ending = False  # what was heard is final, and the endpoint has yet to come
        self._gap = None if options.utterance_end_ms is None else UtteranceEnd(options.utterance_end_ms / 1000)
        self._told = 0  # sample up to which results are final

    def finalize(self) -> Iterator[Happening]:
        """Yield what was heard so far as final."""
        if self._utterance is None:
            yield self._final((), self._quiet_until(), from_finalize=True)
        else:
            yield self._final(self._settle(), self._speech.position, from_finalize=True)

    def _finish(self) -> Iterator[Happening]:
        end = self._speech.position + len(self._rest) // 2
        if self._utterance is not None:
            self._speech.rest()
            yield self._final(self._settle(), end, speech_final=self._endpoint is not None)
        elif end > self._told:
            yield self._final((), end)

    def _frame(self, began: bool) -> Iterator[Happening]:
        now, silence = self._speech.position, self._speech.silence
        if began:
            self._ending = False
            if self._options.vad_events:
                yield SpeechBegan(self._channel, self._speech.began / SAMPLE_RATE)
        if self._utterance is None:
            if self._ending and self._endpoint is not None and silence >= self._endpoint:
                yield self._final((), self._quiet_until(), speech_final=True)
            elif self._quiet_until() - self._told >= SILENCE_TOLD:
                yield self._final((), self._quiet_until())
        elif self._endpoint is not None and silence >= self._endpoint:
            yield self._final(self._settle(), now, speech_final=True)
        elif silence >= LONGEST_PAUSE:
            self._ending = True
            yield self._final(self._settle(), now)
        elif (long := self._too_long()) is not None:
            yield self._final(*long)
        elif (self._options.interim or self._gap) and self._due(INTERIM):
            yield from self._look()
        if self._gap is not None:
            yield from self._utterance_end(self._gap)

    def _look(self) -> Iterator[Happening]:
        words = self._interim()
        if self._gap is not None:
            self._gap.heard(words)
        if self._options.interim and words:
            start, now = self._told / SAMPLE_RATE, self._speech.position / SAMPLE_RATE
            yield Heard(self._channel, start, now - start, words, is_final=False)

    def _utterance_end(self, gap: UtteranceEnd) -> Iterator[Happening]:
        now = self._speech.position
        if not gap.due(now / SAMPLE_RATE):
            return
        if self._utterance is not None:
            gap.heard(self._interim())
            # An utterance that has just begun may be a word that the engine does not know yet.
            if not gap.due(now / SAMPLE_RATE) or now - self._utterance.start < FIRST_WORD:
                return
            # Noise goes on without words: the gap is one between final words.
            words = self._settle()
            self._ending = not self._speech.speaking
            gap.heard(words)
            yield self._final(words, now)
        last = gap.ended(now / SAMPLE_RATE)
        if last is not None:
            yield UtteranceEnded(self._channel, last)

    def _quiet_until(self) -> int:
        """Return the sample up to which there is silence that no utterance to come can claim."""
        return max(self._told, self._speech.position - _UNSURE)

    def _final(self, words: Words, end: int, *, speech_final: bool = False, from_finalize: bool = False) -> Heard:
        start, self._told = self._told, end
        self._ending = self._ending and not speech_final
        if self._gap is not None:
            self._gap.heard(words)
        return Heard(
            self._channel,
            start / SAMPLE_RATE,
            (end - start) / SAMPLE_RATE,
            tuple(words),
            is_final=True,
            speech_final=speech_final,
            from_finalize=from_finalize,
        )


class TurnsListener(Listener):
    """Says turns. Their words are those of the utterances since the last one, with the interim words of the newest."""

    def __init__(self, channel: int, options: LiveOptions, recognizer: Recognizer, detector: SpeechDetector) -> None:
        super().__init__(channel, options, recognizer, detector)
        self._vad_events = options.vad_events
        self._turns = TurnDetector(options.turns or TurnRules())
        self._final: tuple[Word, ...] = ()
        self._words: tuple[Word, ...] = ()  # with the interim ones

    def configure(self, rules: TurnRules | None, hints: Hints | None) -> None:
        """Change the rules from here on, and the hints from the next utterance on."""
        super().configure(rules, hints)
        if rules is not None:
            self._turns.rules = rules

    def end_turn(self) -> Iterator[Happening]:
        """Yield the end of the turn; nothing if there is none."""
        if self._utterance is not None:
            self._settled(self._settle())
        yield from self._told(self._turns.end(self._now, self._silence, self._words))

    def _finish(self) -> Iterator[Happening]:
        self._speech.rest()
        return self.end_turn()

    @property
    def _now(self) -> float:
        return self._speech.position / SAMPLE_RATE

    @property
    def _silence(self) -> float:
        return self._speech.silence / SAMPLE_RATE

    def _frame(self, began: bool) -> Iterable[Happening]:
        if self._utterance is not None:
            if self._due(UPDATE) and (words := self._interim()):
                self._words = (*self._final, *words)
            if self._speech.silence >= TURN_PAUSE or self._turns.ending(self._silence, self._words):
                self._settled(self._settle())
            elif (long := self._too_long()) is not None:
                self._settled(long[0])
        events = self._turns.advance(self._now, self._silence, self._words)
        if began and self._vad_events:
            return (SpeechBegan(self._channel, self._speech.began / SAMPLE_RATE), *self._told(events))
        return self._told(events) if events else ()

    def _settled(self, words: tuple[Word, ...]) -> None:
        """Take the words of an utterance for final. Those that began a turn stay if the engine takes them all back."""
        self._final = (*self._final, *words) or self._words
        self._words = self._final

    def _told(self, events: Iterable[Turn]) -> Iterator[Happening]:
        for event in events:
            if event.event == "EndOfTurn":
                self._final = self._words = ()
            yield event
