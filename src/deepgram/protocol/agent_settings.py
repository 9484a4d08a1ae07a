"""What agents can be set to: what can be asked."""

from __future__ import annotations

from .endpoint import endpoint
from .models.agent_models import AgentThinkModelsV1Response
from .request import Call, RequestOptions


class ThinkModels:
    """Language models that an agent can think with."""

    @endpoint("GET", "v1/agent/settings/think/models", base="agent_rest")
    def list(self, *, request_options: RequestOptions | None = None) -> Call[AgentThinkModelsV1Response]:
        """List the language models that an agent can think with.

        The request goes to the agent's host (``DeepgramClientEnvironment.agent_rest``).

        Raises:
            ApiError: The service refused the request or could not be reached.

        Source: developers.deepgram.com/reference/voice-agent/think-models
        """
        return Call()
