"""What was said in a conversation with an agent, and how long the user waited. Nothing here looks at a clock."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from operator import mul
from typing import Any

from ..protocol.models.agent_messages import (
    AgentV1AgentAudioDone,
    AgentV1AgentStartedSpeaking,
    AgentV1ConversationText,
    AgentV1LatencyReport,
    AgentV1UserStartedSpeaking,
)

KEPT = 10_000
"""Entries, and turns, that are kept: of more, the oldest are forgotten."""
LOUD = 0.01
"""Root mean square of a chunk of audio, from 0 to 1, from which it counts as speech."""


@dataclass(frozen=True)
class Said:
    """Something that was said; times in seconds since the settings were applied."""

    role: str
    """``user`` or ``assistant``."""
    text: str
    start: float
    """When the user began to speak, or when the agent's words came."""
    end: float | None = None
    """When the user's words came, or when the agent had sent all audio; None while it goes on."""
    interrupted: bool = False
    """The user began to speak while the agent was being heard."""


@dataclass(frozen=True)
class Turn:
    """A turn of the user and how soon the agent answered; seconds."""

    text: str
    """What the user said."""
    end_of_speech: float
    """When the user fell silent, since the settings were applied; for text, when it was sent."""
    first_audio: float | None = None
    """When the first audio of the answer arrived; None if none has."""
    measured: bool = False
    """The end of speech was heard in the audio that was sent. Otherwise it is when the user's words came back."""
    stt_latency: float | None = None
    """What the service says of speech recognition,"""
    ttt_latency: float | None = None
    """of the language model,"""
    tts_latency: float | None = None
    """of speech synthesis,"""
    total_latency: float | None = None
    """and of all from the user's words to the first audio."""

    @property
    def latency(self) -> float | None:
        """Seconds from the end of the user's speech to the first audio of the answer, as heard here."""
        return None if self.first_audio is None else self.first_audio - self.end_of_speech


class Record:
    """The transcript and the turns, as messages and audio make them."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque(maxlen=KEPT)
        self._turns: deque[Turn] = deque(maxlen=KEPT)
        self._began_speaking: float | None = None
        self._last_loud: float | None = None
        self._answering = False

    @property
    def said(self) -> Sequence[Said]:
        """What was said, the oldest first."""
        return list(self._said)

    @property
    def turns(self) -> Sequence[Turn]:
        """The user's turns, the oldest first."""
        return list(self._turns)

    def sends(self, audio: bytes, now: float) -> None:
        """Linear16 goes out: notice whether it is speech."""
        if level(audio) >= LOUD:
            self._last_loud = now

    def sends_text(self, now: float) -> None:
        """The user's words go out as text."""
        self._last_loud = None
        self._began_speaking = now

    def take(self, event: object, now: float, *, playing: bool = False) -> None:
        """Take note of a message or of audio; ``playing`` says whether the agent is being heard."""
        if isinstance(event, bytes):
            self._audio(now)
        elif isinstance(event, AgentV1ConversationText):
            self._text(event, now)
        elif isinstance(event, AgentV1UserStartedSpeaking):
            self._began_speaking = now
            self._end_answer(now, interrupted=playing)
        elif isinstance(event, AgentV1AgentAudioDone):
            self._end_answer(now)
        elif isinstance(event, AgentV1AgentStartedSpeaking | AgentV1LatencyReport):
            self._latencies(event)

    def _text(self, event: AgentV1ConversationText, now: float) -> None:
        if event.role == "user":
            start = now if self._began_speaking is None else self._began_speaking
            self._said.append(Said("user", str(event.content), start, now))
            heard = self._last_loud is not None and self._last_loud >= start
            spoken = self._last_loud if heard and self._last_loud is not None else None
            # Words that went out as text ended when they were sent.
            end = spoken if spoken is not None else start if self._last_loud is None else now
            self._turns.append(Turn(str(event.content), end, measured=heard))
            self._began_speaking = None
            self._answering = True
        else:
            self._said.append(Said(str(event.role), str(event.content), now))

    def _audio(self, now: float) -> None:
        if self._answering and self._turns:
            self._turns[-1] = replace(self._turns[-1], first_audio=now)
            self._answering = False

    def _end_answer(self, now: float, *, interrupted: bool = False) -> None:
        for index in range(len(self._said) - 1, -1, -1):
            said = self._said[index]
            if said.role == "user":
                break
            if said.end is None:
                self._said[index] = replace(said, end=now, interrupted=interrupted)
            elif interrupted and index == len(self._said) - 1:  # all was sent, but not heard to its end
                self._said[index] = replace(said, interrupted=True)

    def _latencies(self, event: AgentV1AgentStartedSpeaking | AgentV1LatencyReport) -> None:
        if not self._turns:
            return
        told: dict[str, Any] = {"total_latency": event.total_latency, "tts_latency": event.tts_latency}
        if isinstance(event, AgentV1LatencyReport):
            told |= {"stt_latency": event.stt_latency, "ttt_latency": event.ttt_text_latency}
        else:
            told["ttt_latency"] = event.ttt_latency
        known: dict[str, Any] = {name: value for name, value in told.items() if isinstance(value, int | float)}
        self._turns[-1] = replace(self._turns[-1], **known)


def level(audio: bytes) -> float:
    """Return how loud linear16 is: its root mean square, from 0 to 1."""
    samples = array("h", audio[: len(audio) // 2 * 2])
    return sqrt(sum(map(mul, samples, samples)) / len(samples)) / 32768 if samples else 0.0
