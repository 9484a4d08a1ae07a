"""Speaking a text while it is being written, from a thread or in an event loop: ``deepgram.speech``.

What to say and when it is over is decided in ``protocol/spoken_text.py``. A thread (or a task) takes the text from
whoever writes it, and sends it; whoever iterates reads the audio. In a thread, a second one watches over the end: a
service that never finishes must not keep the program waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any

from typing_extensions import Self

from ..protocol.model import Model
from ..protocol.sentences import LONGEST
from ..protocol.speak_sockets import V1Socket, V1SocketClient, V2SocketClient
from ..protocol.spoken_text import V1, V2, Dialect, Pace, Said, SpokenText, complaint
from .errors import ApiError, ConversationClosed

PATIENCE = 30.0
"""Seconds without a message, while nothing but the end is awaited, after which the service is given up."""
CLOSING = 5.0
"""Seconds that it gets to confirm an interruption once nobody wants audio any more."""
TICK = 0.5
"""Seconds between two looks at it."""

BROKEN_OFF = "The conversation ended before the text was spoken to its end"


def dialect_of(connection: object) -> Dialect:
    """Return how the version of the API that ``connection`` belongs to says it."""
    return V1 if isinstance(connection, V1Socket) else V2


def pace_of(connection: Any) -> Pace:
    """Return how often ``connection`` may flush: it counts over all texts that it speaks."""
    pace: Pace = connection.__dict__.setdefault("_pace", Pace())
    return pace


def gave_up(patience: float) -> ConversationClosed:
    """Return the error for a service that does not come to an end."""
    return ConversationClosed(body=f"The service sent nothing for {patience:g} s though the text was not spoken yet")


def broken_off(error: Exception) -> Exception:
    """Return what it means that the conversation ended: never that the speech is complete."""
    if isinstance(error, ApiError):
        return error
    closed = ConversationClosed(body=BROKEN_OFF)
    received = getattr(error, "rcvd", None)
    closed.code, closed.reason = getattr(received, "code", 1006), getattr(received, "reason", "")
    closed.__cause__ = error
    return closed


class Speech(Iterator[bytes]):
    """A text, spoken while it is written: iterate over it for the audio.

    Text that goes out is whole sentences. To interrupt, call :meth:`interrupt` (from any thread), or leave the
    ``with`` block: what was not spoken yet is forgotten, here and by the service, and the connection is free for the
    next text::

        with client.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=24000) as connection:
            with Speech(connection, tokens_of_the_model) as speech:
                for audio in speech:
                    speaker.write(audio)

    The connection is read by this object alone: messages that are no audio go to its handlers of MESSAGE.
    """

    def __init__(
        self,
        connection: V1SocketClient | V2SocketClient,
        text: str | Iterable[str],
        *,
        longest: int = LONGEST,
        patience: float = PATIENCE,
    ) -> None:
        """Begin nothing yet: speech begins with the first audio that is asked for, or the ``with`` block.

        Args:
            connection: An open conversation, ``speak.v1`` or ``speak.v2``.
            text: The text, whole or in pieces as they are written: tokens of a language model. It is taken from a
                thread of its own.
            longest: Characters without the end of a sentence after which text is spoken all the same, 20 to 2000.
            patience: Seconds that the service may be silent once only its audio is missing.
        """
        self._connection = connection
        self._text = (text,) if isinstance(text, str) else text
        self._spoken = SpokenText(dialect_of(connection), pace_of(connection), longest=longest)
        self._patience = patience
        self._changed = threading.Condition()
        """Held while the state is looked at or changed."""
        self._order = threading.Lock()
        """Held from deciding what to say until it is said: nothing may be said after the interruption."""
        self._begun = False
        self._interrupted = False
        self._reading_since: float | None = None
        self._reader: int | None = None
        """The thread that waits for messages."""
        self._watched = False
        self._failure: Exception | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the text was interrupted before it was spoken to its end."""
        return self._interrupted

    @property
    def last(self) -> Model | None:
        """The message that ended it: Flushed or SpeechMetadata; Cleared or SpeechInterrupted."""
        return self._spoken.last

    # --- The text -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        earlier: Speech | None = self._connection.__dict__.get("_speech")
        if earlier is not None:
            earlier.close()  # its audio must not be taken for ours
        self._connection.__dict__["_speech"] = self
        threading.Thread(target=self._write, name="deepgram-speech", daemon=True).start()

    def _write(self) -> None:
        text = iter(self._text)
        try:
            for piece in text:
                with self._changed:
                    self._spoken.writes(piece)
                if not self._say(ended=False):
                    break
            else:
                with self._changed:
                    self._spoken.ends()
                self._say(ended=True)
        except Exception as error:
            self._fail(error)
        finally:
            with suppress(Exception):
                getattr(text, "close", _nothing)()  # a generator that was left half-way
        self._watch_once()

    def _say(self, *, ended: bool) -> bool:
        """Say what is due; wait where that is too much at once. Return whether there is a point in writing more."""
        while True:
            with self._order:
                with self._changed:
                    said, wait = self._spoken.says(time.monotonic(), ended=ended)
                self._send(said)
            if wait is None:
                break
            with self._changed:
                self._changed.wait(min(wait, TICK))
        return self._spoken.state == "writing"

    def _send(self, said: list[Said]) -> None:
        for command, message in said:
            try:
                getattr(self._connection, command)(message)
            except Exception as error:
                raise broken_off(error) from error.__cause__

    def _fail(self, error: Exception) -> None:
        """The text cannot be had, or not be sent: whoever reads gets the error once what is under way has ended."""
        self._failure = self._failure or error
        try:
            self._stop(None)
        except Exception:
            self._break_off()

    def _watch_once(self, *, beside: bool = False) -> None:
        """Watch over the end, in this thread or in one of its own, unless that is done already."""
        with self._changed:
            watched, self._watched = self._watched, True
        if beside and not watched:
            threading.Thread(target=self._watch, name="deepgram-speech-end", daemon=True).start()
        elif not watched:
            self._watch()

    def _watch(self) -> None:
        """Wait until it is over, and break off if the service says nothing for too long."""
        with self._changed:
            while self._spoken.speaking:
                self._changed.wait(TICK)
                since = self._reading_since
                if since is not None and time.monotonic() - since > self._patience:
                    break
        if self._spoken.speaking:
            self._failure = self._failure or gave_up(self._patience)
            self._break_off()

    def _break_off(self) -> None:
        with suppress(Exception):
            self._connection._websocket.close()

    # --- The audio ----------------------------------------------------------------------------------------------------

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Wait for the next audio. Raises ``ApiError`` if the conversation ends before the text is spoken."""
        self._begin()
        while self._spoken.speaking:
            audio = self._read()
            if audio is not None and self._spoken.state != "stopping":
                return audio
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    def _read(self) -> bytes | None:
        """Take the next message; return it if it is audio."""
        self._reader, self._reading_since = threading.get_ident(), time.monotonic()
        try:
            event: Any = self._connection.recv()
        except Exception as error:
            self._ended_early(self._failure or broken_off(error))
            return None
        finally:
            self._reader = self._reading_since = None
        if isinstance(event, bytes):
            return event
        with self._changed:
            self._spoken.hears(event)
            self._changed.notify_all()
        if (said := complaint(event)) is not None:
            self._ended_early(ApiError(body=said))
        self._connection._deliver(event)
        return None

    def _ended_early(self, error: Exception) -> None:
        with self._changed:
            self._failure = error
            self._spoken.state = "over"
            self._changed.notify_all()

    # --- The end ------------------------------------------------------------------------------------------------------

    def interrupt(self, *, played_ms: int | None = None) -> None:
        """Stop: the service forgets what it has not sent, and audio that still comes is not handed out.

        Whoever iterates comes to the end. ``played_ms`` is how much of the audio was heard (ms): ``speak.v2`` then
        says in :attr:`last` which text that was. May be called from any thread; once it is over it does nothing.
        """
        if self._begun and self._spoken.state in ("writing", "ended"):
            self._interrupted = True
            self._stop(played_ms)
            self._watch_once(beside=True)  # the writer may wait for text for a long time yet

    def _stop(self, played_ms: int | None) -> None:
        with self._order:
            with self._changed:
                said = self._spoken.stop(played_ms)
                self._changed.notify_all()
            self._send(said)

    def close(self) -> None:
        """Interrupt, unless it is over, and wait until the service has confirmed it."""
        if not self._begun:
            self._ended_early(RuntimeError("This speech was closed before it began"))
            self._begun = True
        with suppress(Exception):
            self.interrupt()
        self._patience = min(self._patience, CLOSING)
        if self._reader not in (None, threading.get_ident()):
            with self._changed:  # another thread reads: it will meet the confirmation
                self._changed.wait_for(lambda: not self._spoken.speaking, self._patience + TICK)
            return
        while self._spoken.speaking:
            self._read()

    def __enter__(self) -> Self:
        """Begin to speak."""
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _nothing() -> None:
    """Do nothing."""
