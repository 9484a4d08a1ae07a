"""How long the parts of an answer take. Without I/O; the clock is an argument."""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.models.agent_messages import AgentV1AgentStartedSpeaking, AgentV1LatencyReport
from ..thinking.thinker import Call, Idea, Text, Thought


class Latency:
    """The moments of one answer, in seconds on a clock."""

    def __init__(self, clock: Callable[[], float], spoke_until: float) -> None:
        """``spoke_until``: when the user said the last word."""
        self._clock = clock
        self._spoke_until = spoke_until
        self._heard = clock()
        self._asked: float | None = None
        self._first: dict[str, float] = {}

    def asked(self) -> None:
        """The model is asked; of several times the first one counts."""
        if self._asked is None:
            self._asked = self._clock()

    def thought(self, idea: Idea) -> None:
        """Something came from the model."""
        now = self._clock()
        self._first.setdefault("token", now)
        match idea:
            case Text():
                self._first.setdefault("text", now)
            case Call():
                self._first.setdefault("tool", now)
            case Thought():
                self._first.setdefault("thinking", now)

    def confirmed(self, spoke_until: float) -> None:
        """The user has ended after all; what was thought before cost no time."""
        self._spoke_until = spoke_until
        self._heard = self._clock()

    def began(self) -> tuple[AgentV1AgentStartedSpeaking, AgentV1LatencyReport]:
        """Return the reports of an answer whose audio begins now."""
        now = self._clock()
        text = self._first.get("text")
        think = 0.0 if text is None or self._asked is None else max(0.0, text - max(self._asked, self._heard))
        speak = max(0.0, now - max(text if text is not None else self._heard, self._heard))
        total = max(0.0, now - self._spoke_until)
        started = AgentV1AgentStartedSpeaking(
            total_latency=round(total, 4), tts_latency=round(speak, 4), ttt_latency=round(think, 4)
        )
        report = AgentV1LatencyReport(
            stt_latency=round(max(0.0, self._heard - self._spoke_until), 4),
            ttt_token_latency=self._since_asked("token"),
            ttt_text_latency=self._since_asked("text"),
            ttt_tool_latency=self._since_asked("tool"),
            ttt_thinking_latency=self._since_asked("thinking"),
            tts_latency=round(speak, 4),
            total_latency=round(total, 4),
        )
        return started, report

    def _since_asked(self, what: str) -> float | None:
        first = self._first.get(what)
        return None if first is None or self._asked is None else round(first - self._asked, 4)
