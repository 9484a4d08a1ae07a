"""Live text to speech: what can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import Unpack

from .channel import channel
from .models.speak_options import SpeakV1Options, SpeakV2Options
from .request import Call, RequestOptions

if TYPE_CHECKING:  # only type checkers read the annotations that name these
    from .speak_sockets import AsyncV1SocketClient, AsyncV2SocketClient, V1SocketClient, V2SocketClient


def _v1_sockets() -> tuple[type[V1SocketClient], type[AsyncV1SocketClient]]:
    from .speak_sockets import AsyncV1SocketClient, V1SocketClient

    return V1SocketClient, AsyncV1SocketClient


def _v2_sockets() -> tuple[type[V2SocketClient], type[AsyncV2SocketClient]]:
    from .speak_sockets import AsyncV2SocketClient, V2SocketClient

    return V2SocketClient, AsyncV2SocketClient


class V1:
    """Text to speech, first version, with Aura voices."""

    @channel("v1/speak", _v1_sockets)
    def connect(
        self,
        *,
        authorization: str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[SpeakV1Options],
    ) -> Call[None]:
        """Speak text as it is written.

        Args:
            authorization: Replaces the whole Authorization header.
            request_options: Additional headers and parameters; timeout (s) and retries of the handshake.
            **options: How to speak; each field of ``SpeakV1Options`` is documented there.

        Raises:
            ApiError: The service refused the conversation or could not be reached.

        Source: developers.deepgram.com/reference/text-to-speech/speak-streaming
        """
        return Call(query=options, headers={"Authorization": authorization} if authorization is not None else {})


class V2:
    """Text to speech turn by turn, with Flux voices, for conversations."""

    @channel("v2/speak", _v2_sockets)
    def connect(
        self,
        *,
        authorization: str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[SpeakV2Options],
    ) -> Call[None]:
        """Speak text as it is written, turn by turn.

        Args:
            authorization: Replaces the whole Authorization header.
            request_options: Additional headers and parameters; timeout (s) and retries of the handshake.
            **options: How to speak; each field of ``SpeakV2Options`` is documented there. ``model`` is required.

        Raises:
            ApiError: The service refused the conversation or could not be reached.

        Source: developers.deepgram.com/reference/text-to-speech/speak-flux
        """
        return Call(query=options, headers={"Authorization": authorization} if authorization is not None else {})
