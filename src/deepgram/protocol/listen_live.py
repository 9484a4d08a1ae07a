"""Live speech to text: what can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import Unpack

from .channel import channel
from .models.listen_live_options import ListenV1Options, ListenV2Options
from .request import Call, RequestOptions

if TYPE_CHECKING:  # only type checkers read the annotations that name these
    from .listen_sockets import AsyncV1SocketClient, AsyncV2SocketClient, V1SocketClient, V2SocketClient


def _v1_sockets() -> tuple[type[V1SocketClient], type[AsyncV1SocketClient]]:
    from .listen_sockets import AsyncV1SocketClient, V1SocketClient

    return V1SocketClient, AsyncV1SocketClient


def _v2_sockets() -> tuple[type[V2SocketClient], type[AsyncV2SocketClient]]:
    from .listen_sockets import AsyncV2SocketClient, V2SocketClient

    return V2SocketClient, AsyncV2SocketClient


class V1:
    """Speech to text, first version."""

    @channel("v1/listen", _v1_sockets)
    def connect(
        self,
        *,
        authorization: str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[ListenV1Options],
    ) -> Call[None]:
        """Transcribe live audio.

        Args:
            authorization: Replaces the whole Authorization header.
            request_options: Additional headers and parameters; timeout (s) and retries of the handshake.
            **options: How to transcribe; each field of ``ListenV1Options`` is documented there. ``model`` is required.

        Raises:
            ApiError: The service refused the conversation or could not be reached.

        Source: developers.deepgram.com/reference/speech-to-text/listen-streaming
        """
        return Call(query=options, headers={"Authorization": authorization} if authorization is not None else {})


class V2:
    """Speech to text with turns, for conversations."""

    @channel("v2/listen", _v2_sockets)
    def connect(
        self,
        *,
        authorization: str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[ListenV2Options],
    ) -> Call[None]:
        """Transcribe live audio and tell when a speaker has finished.

        Args:
            authorization: Replaces the whole Authorization header.
            request_options: Additional headers and parameters; timeout (s) and retries of the handshake.
            **options: How to transcribe; each field of ``ListenV2Options`` is documented there. ``model`` is required.

        Raises:
            ApiError: The service refused the conversation or could not be reached.

        Source: developers.deepgram.com/reference/speech-to-text/listen-flux
        """
        return Call(query=options, headers={"Authorization": authorization} if authorization is not None else {})
