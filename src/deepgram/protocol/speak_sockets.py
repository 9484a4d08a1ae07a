"""Live text to speech: what can be said in a conversation, and the sockets that hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, Union

from .command import command
from .models.speak import (
    SpeakV1Clear,
    SpeakV1Cleared,
    SpeakV1Close,
    SpeakV1Flush,
    SpeakV1Flushed,
    SpeakV1Metadata,
    SpeakV1Text,
    SpeakV1Warning,
    SpeakV2Close,
    SpeakV2Configure,
    SpeakV2ConfigureFailure,
    SpeakV2ConfigureSuccess,
    SpeakV2Connected,
    SpeakV2Error,
    SpeakV2Flush,
    SpeakV2Flushed,
    SpeakV2Interrupt,
    SpeakV2SessionMetadata,
    SpeakV2Speak,
    SpeakV2SpeechInterrupted,
    SpeakV2SpeechMetadata,
    SpeakV2SpeechStarted,
    SpeakV2Warning,
)
from .session import Conduct, Session
from .socket import AfterGoodbye, AsyncSocket, SyncSocket

Dict = dict[str, Any]
"""A message written as a dict: accepted wherever a model is."""

GOODBYE = '{"type": "Close"}'

V1SocketClientResponse = Union[bytes, SpeakV1Metadata, SpeakV1Flushed, SpeakV1Cleared, SpeakV1Warning]
V2SocketClientResponse = Union[
    bytes,
    SpeakV2Connected,
    SpeakV2SpeechStarted,
    SpeakV2SpeechMetadata,
    SpeakV2SpeechInterrupted,
    SpeakV2Flushed,
    SpeakV2SessionMetadata,
    SpeakV2ConfigureSuccess,
    SpeakV2ConfigureFailure,
    SpeakV2Warning,
    SpeakV2Error,
]


CONDUCT = Conduct(goodbye=GOODBYE, longest_rest=120.0)
"""The service needs no keep-alive. What is left after the goodbye is audio, of minutes at the most."""

M = TypeVar("M")


class Speaking:
    """What both versions check before they say something."""

    _session: Session
    _explain: Callable[[Exception], Exception]

    def _before_goodbye(self, message: M) -> M:
        """Return ``message`` if it would be heard. Raises ``ConversationClosed`` if it comes after the goodbye."""
        if self._session.said_goodbye:
            raise self._explain(AfterGoodbye("Close was sent already: the service does not hear what comes after it"))
        return message

    def _sayable(self, message: M) -> M:
        """Return ``message`` if its text can be sent. Raises ``ApiError`` for half a character."""
        text: object = message.get("text") if isinstance(message, dict) else getattr(message, "text", None)  # pyright: ignore
        if isinstance(text, str):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise self._explain(error) from None
        return self._before_goodbye(message)


class V1Socket(Speaking):
    """Live speech, first version: what may be said."""

    conduct = CONDUCT

    @command
    def send_text(self, message: SpeakV1Text | Dict) -> SpeakV1Text | Dict:
        """Give text to speak: a word, a sentence, 2000 characters at the most."""
        return self._sayable(message)

    @command
    def send_flush(self, message: SpeakV1Flush | Dict | None = None) -> SpeakV1Flush | Dict:
        """Have all text spoken that was sent so far; Flushed follows its audio. 20 within 60 s are allowed."""
        return self._before_goodbye(message or SpeakV1Flush())

    @command
    def send_clear(self, message: SpeakV1Clear | Dict | None = None) -> SpeakV1Clear | Dict:
        """Have all text and audio forgotten that was not sent yet; Cleared confirms it."""
        return self._before_goodbye(message or SpeakV1Clear())

    @command
    def send_close(self, message: SpeakV1Close | Dict | None = None) -> SpeakV1Close | Dict:
        """Say that no more text follows; the service closes."""
        return message or SpeakV1Close()


class V1SocketClient(V1Socket, SyncSocket[V1SocketClientResponse]):
    """Live speech, from a thread."""


class AsyncV1SocketClient(V1Socket, AsyncSocket[V1SocketClientResponse]):
    """Live speech, from an event loop."""


class V2Socket(Speaking):
    """Live speech turn by turn: what may be said."""

    conduct = CONDUCT

    @command
    def send_speak(self, message: SpeakV2Speak | Dict) -> SpeakV2Speak | Dict:
        """Give text to speak in the turn under way: a token, a sentence, a paragraph."""
        return self._sayable(message)

    @command
    def send_flush(self, message: SpeakV2Flush | Dict | None = None) -> SpeakV2Flush | Dict:
        """Say that the text of this turn is complete; SpeechMetadata follows its audio."""
        return self._before_goodbye(message or SpeakV2Flush())

    @command
    def send_interrupt(self, message: SpeakV2Interrupt | Dict | None = None) -> SpeakV2Interrupt | Dict:
        """Stop the turn under way; SpeechInterrupted says what was spoken, if the message says what was heard."""
        return self._before_goodbye(message or SpeakV2Interrupt())

    @command
    def send_configure(self, message: SpeakV2Configure | Dict) -> SpeakV2Configure | Dict:
        """Change the speed while the conversation goes on."""
        return self._before_goodbye(message)

    @command
    def send_close(self, message: SpeakV2Close | Dict | None = None) -> SpeakV2Close | Dict:
        """Say that no more text follows; the turns are spoken to their end, then the service closes."""
        return message or SpeakV2Close()


class V2SocketClient(V2Socket, SyncSocket[V2SocketClientResponse]):
    """Live speech turn by turn, from a thread."""


class AsyncV2SocketClient(V2Socket, AsyncSocket[V2SocketClientResponse]):
    """Live speech turn by turn, from an event loop."""
