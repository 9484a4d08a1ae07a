"""A conversation with a voice agent: microphone in, speaker out, with a transcript and the latency of each turn."""

from .record import Said, Turn
from .talk import AgentError, Conversation

__all__ = ["AgentError", "Conversation", "Said", "Turn"]
