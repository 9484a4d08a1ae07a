"""Live speech to text: what can be said in a conversation, and the sockets that hold it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .command import command
from .models.listen_live import (
    ListenV1CloseStream,
    ListenV1Configure,
    ListenV1Finalize,
    ListenV1KeepAlive,
    ListenV1Results,
    ListenV2CloseStream,
    ListenV2Configure,
    ListenV2ForceEndTurn,
    ListenV2TurnInfo,
    V1SocketClientResponse,
    V2SocketClientResponse,
)
from .session import Conduct, Session
from .socket import AsyncSocket, Media, SyncSocket

Dict = dict[str, Any]
"""A message written as a dict: accepted wherever a model is."""

DRIFTED = (AttributeError, IndexError, TypeError)
"""What a message raises whose fields are not as documented: it is delivered, though not counted."""

GOODBYE = '{"type": "CloseStream"}'


class V1Socket:
    """Live audio, first version: what may be said."""

    # The service closes after 10 s without audio or KeepAlive: developers.deepgram.com/docs/audio-keep-alive
    conduct = Conduct(keep_alive='{"type": "KeepAlive"}', goodbye=GOODBYE)
    _session: Session

    @command
    def send_media(self, message: Media) -> Media:
        """Send audio: bytes in the encoding of the conversation, or in any container."""
        return message

    @command
    def send_finalize(self, message: ListenV1Finalize | Dict | None = None) -> ListenV1Finalize | Dict:
        """Ask for the results of all audio sent so far."""
        return message or ListenV1Finalize()

    @command
    def send_close_stream(self, message: ListenV1CloseStream | Dict | None = None) -> ListenV1CloseStream | Dict:
        """Say that no more audio follows; the last results come, then the service closes."""
        return message or ListenV1CloseStream()

    @command
    def send_keep_alive(self, message: ListenV1KeepAlive | Dict | None = None) -> ListenV1KeepAlive | Dict:
        """Keep a silent conversation open. It is sent by itself after 4 s without audio."""
        return message or ListenV1KeepAlive()

    @command
    def send_configure(self, message: ListenV1Configure | Dict) -> ListenV1Configure | Dict:
        """Change settings while the conversation goes on."""
        return message

    def _note(self, event: Any) -> None:
        if isinstance(event, ListenV1Results) and event.is_final:
            try:
                alternatives = event.channel.alternatives
                words = len(alternatives[0].words) if alternatives else 0
                self._session.note_final(event.start + event.duration, words)
            except DRIFTED:
                pass


class V1SocketClient(V1Socket, SyncSocket[V1SocketClientResponse]):
    """Live audio, from a thread."""


class AsyncV1SocketClient(V1Socket, AsyncSocket[V1SocketClientResponse]):
    """Live audio, from an event loop."""


class V2Socket:
    """Live audio with turns: what may be said."""

    # No message keeps this channel open: pings do, which the transport answers for.
    conduct = Conduct(goodbye=GOODBYE)
    _session: Session

    @command
    def send_media(self, message: Media) -> Media:
        """Send audio: bytes in the encoding of the conversation, or in a container; 80 ms at a time suit it best."""
        return message

    @command
    def send_close_stream(self, message: ListenV2CloseStream | Dict | None = None) -> ListenV2CloseStream | Dict:
        """Say that no more audio follows; the last results come, then the service closes."""
        return message or ListenV2CloseStream()

    @command
    def send_force_end_turn(self, message: ListenV2ForceEndTurn | Dict | None = None) -> ListenV2ForceEndTurn | Dict:
        """End the turn now, whatever the confidence."""
        return message or ListenV2ForceEndTurn()

    @command
    def send_configure(self, message: ListenV2Configure | Dict) -> ListenV2Configure | Dict:
        """Change thresholds, keyterms or language hints while the conversation goes on."""
        return message

    def _note(self, event: Any) -> None:
        if isinstance(event, ListenV2TurnInfo) and event.event == "EndOfTurn":
            with suppress(*DRIFTED):
                self._session.note_final(event.audio_window_end, len(event.words))


class V2SocketClient(V2Socket, SyncSocket[V2SocketClientResponse]):
    """Live audio with turns, from a thread."""


class AsyncV2SocketClient(V2Socket, AsyncSocket[V2SocketClientResponse]):
    """Live audio with turns, from an event loop."""
