"""The voice agent: ``WS /v1/agent/converse``."""

from __future__ import annotations

from ...protocol.agent import V1
from ..agent.conversation import AgentConversation
from ..conversation import Conversation
from ..router import Router


def register(router: Router) -> None:
    """Add the handler of this file."""
    router.converses(V1.connect)(converse)


async def converse(conversation: Conversation) -> None:
    """Hold one conversation."""
    await AgentConversation(conversation).run()
