"""A text that is spoken while it is still being written: what to say to the service, and when it is over. No I/O.

::

    writing ---- ends() ----> ended          the last Flush is out, its audio is awaited
    writing, ended - stop() -> stopping      Clear (v1) or Interrupt (v2) is out, its confirmation is awaited
    ended, stopping - hears() -> over

Text goes out by whole sentences. v1 speaks what it has got when it is told to (Flush), which it takes 20 times within
60 s: the first sentence is flushed at once, so that speech begins early, later ones every few seconds, and the last.
v2 finds its pauses itself, and takes Flush for the end of a turn.

Source: developers.deepgram.com/docs/tts-ws-flush, developers.deepgram.com/docs/flux-tts/state
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .model import Model
from .models.speak import (
    SpeakV1Clear,
    SpeakV1Cleared,
    SpeakV1Flush,
    SpeakV1Flushed,
    SpeakV1Text,
    SpeakV2Error,
    SpeakV2Flush,
    SpeakV2Interrupt,
    SpeakV2InterruptPlaybackOffset,
    SpeakV2Speak,
    SpeakV2SpeechInterrupted,
    SpeakV2SpeechMetadata,
    SpeakV2Warning,
)
from .sentences import LONGEST, Sentences

Said = tuple[str, Model]
"""A command of the socket, and its message."""

AHEAD: Final = 4000
"""Characters that may be with the service and not spoken yet; then the writer waits."""
TURN: Final = 2000
"""Characters after which a Flush is due whatever the text: v1 keeps no more, and speech is confirmed by Flush only."""
MOST_TEXT: Final = 2000
"""Characters that one message may have."""


@dataclass
class Pace:
    """How often Flush may be sent in a conversation."""

    most: int = 20
    within: float = 60.0
    """Seconds in which the service takes so many."""
    apart: float = 4.0
    """Seconds between two that are not needed at once, so that some are left for those that are."""
    sent: deque[float] = field(default_factory=deque[float])

    def wait(self, now: float) -> float:
        """Return the seconds until the next may be sent."""
        while self.sent and now - self.sent[0] >= self.within:
            self.sent.popleft()
        return self.sent[0] + self.within - now if len(self.sent) >= self.most else 0.0

    def due(self, now: float) -> bool:
        """Tell whether it is time for one that could wait."""
        return self.wait(now) == 0 and (not self.sent or now - self.sent[-1] >= self.apart)


@dataclass(frozen=True)
class Dialect:
    """How one version of the API says it."""

    say: Callable[[str], Said]
    flush: Said
    stop: Callable[[int | None], Said]
    spoken: type[Model]
    """Confirms that all audio of a Flush has come."""
    stopped: type[Model]
    """Confirms that nothing of what was said before the stop will come any more."""
    flushes_early: bool
    """A Flush is no end of a turn, and makes the service begin."""


def _v1_stop(played_ms: int | None) -> Said:
    return "send_clear", SpeakV1Clear()


def _v2_stop(played_ms: int | None) -> Said:
    offset = None if played_ms is None else SpeakV2InterruptPlaybackOffset(value=played_ms)
    return "send_interrupt", SpeakV2Interrupt() if offset is None else SpeakV2Interrupt(playback_offset=offset)


V1: Final = Dialect(
    say=lambda text: ("send_text", SpeakV1Text(text=text)),
    flush=("send_flush", SpeakV1Flush()),
    stop=_v1_stop,
    spoken=SpeakV1Flushed,
    stopped=SpeakV1Cleared,
    flushes_early=True,
)
V2: Final = Dialect(
    say=lambda text: ("send_speak", SpeakV2Speak(text=text)),
    flush=("send_flush", SpeakV2Flush()),
    stop=_v2_stop,
    spoken=SpeakV2SpeechMetadata,
    stopped=SpeakV2SpeechInterrupted,
    flushes_early=False,
)


class SpokenText:
    """The state of one text that is spoken."""

    def __init__(self, dialect: Dialect, pace: Pace, *, longest: int = LONGEST) -> None:
        """Begin; ``longest`` is how many characters without an end of a sentence there may be.

        Raises ``ValueError`` if that is below 20 or above 2000.
        """
        if longest > MOST_TEXT:
            raise ValueError(f"longest is {longest}: the service takes {MOST_TEXT} characters in one message")
        self.state: Literal["writing", "ended", "stopping", "over"] = "writing"
        self.last: Model | None = None
        """The message that ended it."""
        self._dialect = dialect
        self._pace = pace
        self._sentences = Sentences(longest=longest)
        self._waiting: deque[str] = deque()
        """Sentences that are not said yet."""
        self._begun = False
        self._unflushed = 0
        """Characters said since the last Flush."""
        self._flushed: deque[int] = deque()
        """Characters of each Flush that is not confirmed."""

    @property
    def speaking(self) -> bool:
        """Something more may come."""
        return self.state != "over"

    # --- What is written ----------------------------------------------------------------------------------------------

    def writes(self, text: str) -> None:
        """More text has been written. What is to be said then: :meth:`says`."""
        self._waiting += (sentence for sentence in self._sentences.add(text) if sentence.strip())

    def ends(self) -> None:
        """The text has been written to its end."""
        self._waiting += (sentence for sentence in self._sentences.finish() if sentence.strip())

    def says(self, now: float, *, ended: bool) -> tuple[list[Said], float | None]:
        """Return what to say now, and how long to wait (s) before asking again: None, until more is written.

        Who waits is woken by whatever :meth:`hears` changes. ``ended``: no more text comes.
        """
        said: list[Said] = []
        while self.state == "writing":
            if self._flush_needed(ended):
                if wait := self._pace.wait(now) if self._dialect.flushes_early else 0.0:
                    return said, wait
                said.append(self._flush(now))
            elif self._too_far_ahead():
                return said, float("inf")
            elif self._waiting:
                said.append(self._say(self._waiting.popleft()))
                if (
                    self._dialect.flushes_early
                    and (not self._begun or self._pace.due(now))
                    and not self._pace.wait(now)
                ):
                    said.append(self._flush(now))
                self._begun = True
            elif ended:
                self.state = "ended"
                if not self._flushed:  # nothing is to be confirmed, and whoever waits for audio has to be told
                    said.append(self._stop(None))
            else:
                break
        return said, None

    def _flush_needed(self, ended: bool) -> bool:
        return bool(self._unflushed) and (self._unflushed >= TURN or (ended and not self._waiting))

    def _too_far_ahead(self) -> bool:
        if not self._waiting:
            return False
        if not self._dialect.flushes_early and self._flushed:
            return True  # one turn at a time: what is interrupted is always the one that is heard
        return self._unflushed + sum(self._flushed) >= AHEAD

    def _say(self, sentence: str) -> Said:
        self._unflushed += len(sentence)
        return self._dialect.say(sentence)

    def _flush(self, now: float) -> Said:
        self._pace.sent.append(now)
        self._flushed.append(self._unflushed)
        self._unflushed = 0
        return self._dialect.flush

    def stop(self, played_ms: int | None = None) -> list[Said]:
        """Somebody has interrupted: return what to say. ``played_ms`` is how much of the audio was heard (ms)."""
        if self.state not in ("writing", "ended"):
            return []
        self._waiting.clear()
        return [self._stop(played_ms)]

    def _stop(self, played_ms: int | None) -> Said:
        self.state = "stopping"
        return self._dialect.stop(played_ms)

    # --- What is heard ------------------------------------------------------------------------------------------------

    def hears(self, event: Any) -> None:
        """A message came that is no audio."""
        if isinstance(event, self._dialect.spoken):
            if self._flushed:
                self._flushed.popleft()
            if self.state == "ended" and not self._flushed:
                self._over(event)
        elif self.state == "stopping" and self._confirms_stop(event):
            self._over(event)

    def _confirms_stop(self, event: Any) -> bool:
        if isinstance(event, SpeakV2Warning):
            return event.code == "NO_ACTIVE_SPEECH"  # it was over when the Interrupt came
        return isinstance(event, self._dialect.stopped)

    def _over(self, event: Model) -> None:
        self.state, self.last = "over", event


def complaint(event: Any) -> dict[str, Any] | None:
    """Return what a message says went wrong for good; None if it says nothing of the kind."""
    return event.dict() if isinstance(event, SpeakV2Error) else None
