"""A conversation without I/O: what is said by itself, when the peer counts as gone, how to take leave.

States, and what changes them::

    open ----- leave() -----> leaving          input has ended, the last results are awaited
    open, leaving - lose() -> lost             with the reason

A session never waits and never looks at a clock: whoever drives it says what was sent and received and what time it
is (``now``, seconds on a clock that only goes forward), and does what :meth:`Session.tick` returns::

    session.sends(frame, now)    before a frame goes out, session.sent() once it has
    session.messages_received    is counted up after each frame that came in
    session.tick(now)            every TICK seconds -> effects: Transmit, Ping, Fail
    session.leave(now)           at the end -> the frames that end the input

Both drivers and the server's tests use it. Reconnection belongs here too: what must be replayed is known from what was
sent (``sends``) and what has been finalised (``Report.finalized``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Union

Frame = Union[str, bytes]

TICK = 0.5
"""Seconds between two calls of :meth:`Session.tick`."""

MOST_PATIENCE = 24
"""How many times longer a peer may be silent at the most, because it has much to read: about a minute in all."""


@dataclass(frozen=True)
class Conduct:
    """How conversations of one channel are kept alive and ended."""

    keep_alive: str | None = None
    """Text frame that keeps a silent conversation open. None: the service of this channel needs none."""
    keep_alive_after: float = 4.0
    """Seconds without audio or keep-alive after which it is sent. The service closes after about 10 s."""
    goodbye: str | None = None
    """Text frame that ends the input; the service answers with its last results and closes."""
    longest_rest: float = 0.0
    """Seconds that may pass until the service closes, where what is left is audio and so may be long: then it is the
    pause between two messages that has a limit. 0: there is one limit for all of it."""
    silence: float = 1.0
    """Seconds without a frame from the peer after which it is pinged."""
    patience: int = 5
    """Ticks of silence after a ping until the peer counts as gone. They are counted, not timed: a program that blocks
    its own thread or event loop must not blame the peer."""
    backlog: int = 256 * 1024
    """Bytes that a peer may still have to read before it comes to the ping. For each further amount of this size it
    gets as much time again: who sends faster than the peer reads must not take it for gone."""
    stuck: float = 4.0
    """Seconds that one frame may take to leave before the peer counts as gone: it has stopped reading."""


@dataclass(frozen=True)
class Transmit:
    """Send this text frame."""

    frame: str


@dataclass(frozen=True)
class Ping:
    """Ask the peer for a sign of life."""


@dataclass(frozen=True)
class Fail:
    """Break the connection off: the peer is gone."""

    reason: str


Effect = Union[Transmit, Ping, Fail]


@dataclass(frozen=True)
class Report:
    """What has happened in a conversation so far."""

    audio_bytes: int = 0
    """Bytes of audio that were sent."""
    messages_sent: int = 0
    """Messages that were sent, keep-alives included."""
    messages_received: int = 0
    """Messages that came in, audio included."""
    keep_alives: int = 0
    """Keep-alives that were sent without the program asking."""
    finalized: float = 0.0
    """Seconds of audio whose results are final."""
    words: int = 0
    """Words in final results."""
    misread: int = 0
    """Text frames that were no JSON, and were left out."""
    handler_errors: int = 0
    """Times that a handler of the program raised."""


@dataclass
class Session:
    """The state of one conversation."""

    conduct: Conduct = field(default_factory=Conduct)
    pings: bool = False
    """The transport can ping. Without it a silent peer is never taken for gone."""
    state: Literal["open", "leaving", "lost"] = "open"
    reason: str | None = None
    """Why the conversation was lost, in words for people."""
    report: Report = field(default_factory=Report)
    said_goodbye: bool = False
    owed: bool = False
    """The peer has something to say, though no goodbye asks for it: an agent that is answering."""

    _began: float | None = None
    _asked_for_rest: bool = False
    """The program said goodbye itself, so it wants what is left."""
    _rest: tuple[int, float, float] | None = None
    """Messages received, when the last of them came, and when what is left was first waited for."""
    _last_input: float = 0.0
    _last_life: float = 0.0
    _heard: int = 0
    """Messages that had come in by the last tick."""
    _sending: int = 0
    _sending_since: float = 0.0
    _left: bool = False
    """A frame has left since: senders that take turns make progress."""
    _unanswered: int = 0
    """Ticks of silence with a ping outstanding."""
    _pinged: bool = False
    _sent_before_ping: int = 0
    _read: int = 0
    """Bytes of audio that the peer has certainly read."""
    # Counted on the way of each message, so as plain numbers; a report is made of them when somebody asks.
    audio_bytes: int = 0
    messages_sent: int = 0
    messages_received: int = 0
    finalized: float = 0.0
    words: int = 0

    def begin(self, now: float) -> None:
        """The conversation is open."""
        self._began = self._last_input = self._last_life = now

    # --- What the program does ----------------------------------------------------------------------------------------

    def sends(self, frame: Frame, now: float) -> None:
        """A frame is about to go out. Pair with :meth:`sent`."""
        self.messages_sent += 1
        if not isinstance(frame, str):
            self.audio_bytes += len(frame)
            self._last_input = now
        elif frame == self.conduct.keep_alive:
            self._last_input = now
        elif frame == self.conduct.goodbye:
            self.said_goodbye = True
        if not self._sending:
            self._sending_since, self._left = now, False
        self._sending += 1

    def sent(self) -> None:
        """The frame has left, or could not."""
        self._sending -= 1
        self._left = True

    def leave(self) -> list[str]:
        """The program takes leave: return the frames that end the input, if they were not sent."""
        if self.state != "open":
            return []
        self.state, self._asked_for_rest = "leaving", self.said_goodbye
        if self.conduct.goodbye is None or self.said_goodbye:
            return []
        return [self.conduct.goodbye]

    @property
    def awaits_results(self) -> bool:
        """After leaving, something still comes: the peer answers the goodbye and closes, or finishes what it owes."""
        return self.state == "leaving" and (self.said_goodbye or self.owed)

    def drains(self, *, listened: bool) -> bool:
        """Tell whether to wait for what still comes; ``listened``: somebody takes messages.

        Results are few and worth it. Audio that the program walked away from is not: it would take its time.
        """
        return self.awaits_results and (listened or self._asked_for_rest or not self.conduct.longest_rest)

    def rest_until(self, now: float, timeout: float) -> float:
        """Return until when (s) to wait for what is left: ``timeout`` from now, or from the last message of audio."""
        received = self.messages_received
        if self._rest is None:
            self._rest = received, now, now
        elif self._rest[0] != received:
            self._rest = received, now, self._rest[2]
        _, last, began = self._rest
        longest = self.conduct.longest_rest
        return min(last + timeout, began + longest) if longest else began + timeout

    # --- What the peer does -------------------------------------------------------------------------------------------

    def lives(self, now: float) -> None:
        """The peer answered a ping: it has read all that was sent before."""
        self._last_life = now
        self._unanswered = 0
        self._pinged, self._read = False, self._sent_before_ping

    def behind(self, now: float) -> None:
        """Messages of the peer wait until the program reads them: it is not the peer that is silent."""
        self._last_life = now
        self._unanswered = 0

    def ping_failed(self) -> None:
        """The ping could not go out, because the peer reads too slowly or not at all: it is due again."""
        self._pinged = False
        self._unanswered = max(self._unanswered, 1)

    # --- What time does -----------------------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Effect]:
        """Return what is to be done now."""
        if self._began is None or self.state == "lost":
            return []
        if self.messages_received != self._heard:  # looked at here, so that no message pays for a look at the clock
            self._heard, self._last_life, self._unanswered = self.messages_received, now, 0
        if self._sending:
            # Nothing else can leave while a frame is on its way; the peer either reads it or is gone.
            if self._left:
                self._sending_since, self._left = now, False
            if now - self._sending_since < self.conduct.stuck:
                return []
            return [self.lose(f"the peer has not read anything for {self.conduct.stuck:g} s")]
        effects: list[Effect] = []
        if self.pings:
            # Life is noticed at ticks, so this compares ticks with each other: half of one is their tolerance.
            silent = now - self._last_life >= self.conduct.silence - TICK / 2
            if silent and (self._pinged or self._unanswered):
                self._unanswered += 1
                unread = min((self._sent_before_ping - self._read) // self.conduct.backlog, MOST_PATIENCE)
                if self._unanswered > self.conduct.patience * (1 + unread):
                    return [self.lose(f"the peer has not answered for {now - self._last_life:.0f} s")]
            if not self._pinged and (silent or self.audio_bytes - self._read > self.conduct.backlog):
                self._pinged, self._sent_before_ping = True, self.audio_bytes
                effects.append(Ping())
        keep_alive = self.conduct.keep_alive
        due = now - self._last_input >= self.conduct.keep_alive_after
        if keep_alive and due and self.state == "open" and not self.said_goodbye:
            self.report = replace(self.report, keep_alives=self.report.keep_alives + 1)
            effects.append(Transmit(keep_alive))
        return effects

    def lose(self, reason: str) -> Fail:
        """The peer is gone: return what is to be done."""
        self.state, self.reason = "lost", reason
        return Fail(reason)

    # --- What can be asked --------------------------------------------------------------------------------------------

    def note_final(self, until: float, words: int) -> None:
        """Results for the audio up to ``until`` (s) are final, with so many words."""
        if until > self.finalized:
            self.finalized = until
        self.words += words

    def note_misread(self) -> None:
        """A text frame was no JSON."""
        self.report = replace(self.report, misread=self.report.misread + 1)

    def note_handler_error(self) -> None:
        """A handler of the program raised."""
        self.report = replace(self.report, handler_errors=self.report.handler_errors + 1)

    def reported(self) -> Report:
        """Return what has happened so far."""
        return replace(
            self.report,
            audio_bytes=self.audio_bytes,
            messages_sent=self.messages_sent,
            messages_received=self.messages_received,
            finalized=self.finalized,
            words=self.words,
        )
