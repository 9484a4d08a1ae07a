"""The voice agent: what can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .channel import channel
from .functions import Functions
from .request import Call, RequestOptions

if TYPE_CHECKING:  # only type checkers read the annotations that name these
    from .agent_sockets import AsyncV1SocketClient, V1SocketClient


def _sockets() -> tuple[type[V1SocketClient], type[AsyncV1SocketClient]]:
    from .agent_sockets import AsyncV1SocketClient, V1SocketClient

    return V1SocketClient, AsyncV1SocketClient


class V1:
    """Voice agents."""

    @channel("v1/agent/converse", _sockets, base="agent")
    def connect(
        self,
        *,
        authorization: str | None = None,
        functions: Functions | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[None]:
        """Talk with an agent. The first message to send are its settings.

        Args:
            authorization: Replaces the whole Authorization header.
            functions: What the agent may call of this program. They are added to the settings, run beside the
                conversation, and answered.
            request_options: Additional headers and parameters; timeout (s) and retries of the handshake.

        Raises:
            ApiError: The service refused the conversation or could not be reached.

        Source: developers.deepgram.com/reference/voice-agent/voice-agent
        """
        return Call(
            headers={"Authorization": authorization} if authorization is not None else {},
            socket={"functions": functions} if functions is not None else {},
        )
