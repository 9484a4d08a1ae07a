"""A live stream as it is heard: audio and orders in, happenings out. It blocks while the engine works, and no longer.

Each channel has a listener, which finds speech, has it recognised utterance by utterance, and says what it heard as
results (listen v1) or as turns (listen v2). Where an utterance is cut the audio goes on in the next one.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Union

from .audio import SAMPLE_RATE, Piece
from .engines.recognizer import Hints, Recognizer
from .listeners import Listener, ResultsListener, TurnsListener
from .live import Ended, Happening, LiveOptions, TurnRules
from .live_audio import End, Intake
from .speech_detectors import Audible, Detectors, SpeechDetector

SLICE = SAMPLE_RATE // 5
"""Samples that are heard at once; then it is the turn of other streams."""


@dataclass(frozen=True)
class Finalize:
    """Say what was heard so far as final."""


@dataclass(frozen=True)
class EndTurn:
    """End the turn now."""


@dataclass(frozen=True)
class Configure:
    """Change the rules; what is None stays."""

    rules: TurnRules | None = None
    hints: Hints | None = None


Order = Union[Finalize, EndTurn, Configure]


class Hearing:
    """A stream. One thread puts in, one calls :meth:`step`; ``ready`` is called when there is something to do."""

    def __init__(
        self,
        options: LiveOptions,
        recognizer: Recognizer,
        detectors: Detectors,
        ready: Callable[[], None],
        *,
        containers: bool = True,
    ) -> None:
        self._options = options
        self._recognizer = recognizer
        self._detectors = detectors
        self._intake: Intake[Order] = Intake(options, ready, containers=containers)
        self._digest = hashlib.sha256()
        self._listeners: list[Listener] = []
        self._channels = options.channels
        self._heard = 0  # samples
        self._pieces: deque[Sequence[bytes | memoryview]] = deque()
        self.obeyed = 0
        """Orders that were carried out."""
        self.over = False
        """Whether everything has been said."""

    @property
    def voices(self) -> int:
        """Utterances that can be spoken in it at the same time: one in each channel that is heard for itself."""
        return self._options.channels if self._options.multichannel else 1

    @property
    def taken(self) -> int:
        """Bytes that no longer wait."""
        return self._intake.taken

    @property
    def seconds(self) -> float:
        """Audio heard so far."""
        return self._heard / SAMPLE_RATE

    def audio(self, data: bytes) -> None:
        """Add audio."""
        self._digest.update(data)
        self._intake.put_audio(data)

    def order(self, order: Order) -> None:
        """Add an order, which is carried out when the audio before it was heard."""
        self._intake.put(order)

    def end(self) -> None:
        """Say that no more audio follows."""
        self._intake.end()

    def step(self) -> Sequence[Happening] | None:
        """Hear a little and return what happened; ``None`` if there is nothing to do now.

        Raises ``AudioError`` and whatever the engine raises.
        """
        if self.over:
            return None
        if self._pieces:
            return list(self._hear(self._pieces.popleft()))
        item = self._intake.take()
        if item is None:
            return None
        if isinstance(item, Piece):
            self._channels = item.channels
            self._slice(item)
            return list(self._hear(self._pieces.popleft())) if self._pieces else []
        if isinstance(item, End):
            self.over = True
            said = [happening for listener in self._listeners for happening in listener.finish()]
            return [*said, Ended(self.seconds, self._channels, self._digest.hexdigest())]
        self.obeyed += 1
        return list(self._obey(item))

    def close(self) -> None:
        """Give everything back."""
        self.over = True
        self._intake.close()
        self._pieces.clear()
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    def _slice(self, piece: Piece) -> None:
        if 0 < len(piece.pcm[0]) <= SLICE * 2:
            self._pieces.append(piece.pcm)
            return
        channels = [memoryview(pcm) for pcm in piece.pcm]
        for at in range(0, len(channels[0]), SLICE * 2):
            self._pieces.append(tuple(pcm[at : at + SLICE * 2] for pcm in channels))

    def _hear(self, slices: Sequence[bytes | memoryview]) -> Iterator[Happening]:
        if not self._listeners:
            self._listeners = self._listen(len(slices))
        self._heard += len(slices[0]) // 2
        for listener, pcm in zip(self._listeners, slices, strict=True):
            yield from listener.hear(bytes(pcm))

    def _listen(self, channels: int) -> list[Listener]:
        if self._options.turns is None:
            return [self._listener(ResultsListener, channel, self._detectors()) for channel in range(channels)]
        return [self._listener(TurnsListener, channel, Audible(self._detectors())) for channel in range(channels)]

    def _listener(self, kind: type[Listener], channel: int, detector: SpeechDetector) -> Listener:
        return kind(channel, self._options, self._recognizer, detector)

    def _obey(self, order: Order) -> Iterator[Happening]:
        if isinstance(order, Configure):
            if order.rules is not None:
                self._options = replace(self._options, turns=order.rules)
            if order.hints is not None:
                self._options = replace(self._options, hints=order.hints)
        listeners = self._listeners
        if not listeners and isinstance(order, Finalize):  # before any audio: there is silence of no length to tell
            listeners = self._listen(self._options.channels if self._options.multichannel else 1)
        for listener in listeners:
            if isinstance(order, Configure):
                listener.configure(order.rules, order.hints)
            elif isinstance(order, EndTurn):
                yield from listener.end_turn()
            else:
                yield from listener.finalize()
