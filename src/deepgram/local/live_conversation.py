"""Holding a live conversation: audio goes to a stream, what happens there goes back, and everything ends in time.

Three tasks move messages: from the socket, to the stream, and back; whoever runs the conversation looks after them.
While the recogniser is behind, or the client does not read, a little is read ahead (so that pings are answered and a
client that leaves is noticed); then the socket is not read any more, and TCP slows the client down.
The protocols (``handlers.live``, ``handlers.turns``) say what messages mean.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from datetime import datetime, timezone
from typing import Any, ClassVar, TypeGuard

from .audio import AudioError
from .conversation import Conversation, Ending, Gone
from .engines.recognizer import EngineError
from .live import Busy, Ended, Happening, Heard, LiveOptions, LiveStream, Turn
from .live_options import LiveRequest
from .model_ids import recorded
from .refusals import Refusal, bad_request, too_many_streams
from .services import Services, log
from .state import StateError
from .workers import WorkerLost

OPENING = 30.0
"""Seconds that the handshake waits for a recogniser."""
BEHIND = 60.0
"""Seconds that a recogniser may take for one message of audio, or for the last words, until it is given up."""
READ_AHEAD = 4 * 1024 * 1024
"""Bytes that are read and not yet heard, before the client is made to wait."""
MESSAGE = 100
"""Bytes that a message takes in memory beside its content."""
TICK = 1.0
"""Seconds between two looks at the conversation, at most."""
LONGEST_MESSAGE = 64 * 1024
"""Characters of a message that are looked at; audio is not text."""
DATA_0000 = "DATA-0000"
"""The service's code for audio that cannot be decoded."""


async def open_stream(services: Services, hearing: LiveOptions) -> LiveStream:
    """Return a stream for a handshake; refuse it when all places are taken, or no audio can be like that."""
    info = services.live.info
    if not info.streams:
        raise bad_request(f"The engine {info.name} does not hear live audio. Others: deepgram serve --engine.")
    try:
        return await asyncio.wait_for(services.live.open(hearing), OPENING)
    except Busy:
        raise too_many_streams(services.settings.max_streams) from None
    except AudioError as error:
        raise bad_request(f"Bad Request: {error}", "INVALID_QUERY_PARAMETER") from None
    except (EngineError, WorkerLost, asyncio.TimeoutError) as error:
        log.error("a live stream could not be opened: %s", error or "nothing answered")
        message = "The recogniser is not ready; try again shortly."
        raise Refusal(503, "SERVICE_UNAVAILABLE", message, {"retry-after": "1"}) from None


class LiveConversation(ABC):
    """One live conversation. Subclasses are the protocols."""

    path: ClassVar[str]
    outlives_client = False
    """Results have somewhere to go when the client has left."""

    def __init__(self, conversation: Conversation, stream: LiveStream, request: LiveRequest) -> None:
        self.conversation = conversation
        self.stream = stream
        self.hearing = request.hearing
        self.text = request.text
        self.created = datetime.now(timezone.utc)
        self.ending = Ending(1000)
        """How the conversation ends once everything has been said."""
        self._clock = asyncio.get_running_loop().time
        self._duration = 0.0
        self._active_at = self._clock()
        self._unheard: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self._ahead = 0
        self._room = asyncio.Event()
        self._feeding_since: float | None = None
        self._finishing_since: float | None = None

    # --- What a protocol says -----------------------------------------------------------------------------------------

    @abstractmethod
    async def tell(self, happening: Happening) -> None:
        """Say what happened."""

    @abstractmethod
    async def obey(self, message: dict[str, Any]) -> None:
        """Do what the client says."""

    @abstractmethod
    async def misunderstand(self, frame: str, why: str) -> None:
        """The client said something that is no message."""

    @abstractmethod
    def idles(self, now: float) -> Ending | None:
        """Return how the conversation is to end if the client has been silent for too long."""

    async def begin(self) -> None:  # noqa: B027  # v1 says nothing
        """Say what is said first."""

    async def complain(self, ending: Ending) -> None:  # noqa: B027  # v1 leaves it to the close frame
        """Say that the conversation ends badly."""

    async def hear_nothing(self) -> None:  # noqa: B027  # v2 takes it for no audio
        """The client sent an empty message."""

    # --- The conversation ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hold the conversation, from the handshake to the end."""
        ending: Ending | None
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.conversation.accept()
            await self.begin()
            tasks = [asyncio.create_task(work) for work in (self._tell(), self._hear(), self._read())]
            await self._watch(*tasks)
            ending = self.ending
        except Gone:
            ending = None
        except Exception as error:
            ending = _ending_of(error)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.stream.close()
        self._record()
        if ending is not None:
            if ending.code != 1000 and self.conversation.saying_since is None:
                await self._say_if_possible(ending)
            await self.conversation.close(ending.code, ending.reason)

    async def finish(self) -> None:
        """Take no more audio; the last words come, then the end."""
        if self._finishing_since is None:
            self._finishing_since = self._clock()
            self._room.set()
            await self.stream.finish()

    @property
    def silent_since(self) -> float:
        """Since when nothing came from the client (s on the clock of the event loop)."""
        return self._active_at

    async def _watch(self, telling: asyncio.Task[None], *others: asyncio.Task[None]) -> None:
        """Return when everything is said; raise what went wrong, or how it is to end."""
        waiting = {telling, *others}
        tick = min(TICK, self.conversation.services.settings.idle_timeout / 4)
        while not telling.done():
            done, waiting = await asyncio.wait(waiting, timeout=tick, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await self._look(self._clock())

    async def _look(self, now: float) -> None:
        """End what takes too long."""
        patience = self.conversation.services.settings.send_timeout
        unread, feeding, finishing = self.conversation.saying_since, self._feeding_since, self._finishing_since
        if unread is not None and now - unread > patience:
            raise Ending(1008, f"The client has not read its messages for {patience:g} s.")
        if (feeding and now - feeding > BEHIND) or (finishing and now - finishing > BEHIND):
            raise Ending(1011, "The recogniser does not keep up.")
        if not feeding and not finishing and (ending := self.idles(now)) is not None:
            self.ending = ending
            await self._finish_in_time()

    async def _finish_in_time(self) -> None:
        try:
            await asyncio.wait_for(self.finish(), OPENING)
        except asyncio.TimeoutError:
            raise Ending(1011, "The recogniser does not keep up.") from None

    async def _read(self) -> None:
        """Take messages from the socket, a little ahead of what is heard."""
        try:
            while True:
                message = await self.conversation.receive()
                self._active_at = self._clock()
                if self._finishing_since is not None:
                    continue  # what comes after the end is not heard; that the client leaves, is
                if not self._ahead and self._hears_now(message):
                    await self.stream.feed(message)
                    continue
                self._ahead += len(message) + MESSAGE
                self._unheard.put_nowait(message)
                if self._ahead > READ_AHEAD:
                    self._room.clear()
                    await self._room.wait()
        except Gone as gone:
            if not self.outlives_client or gone.code == 1012:  # the server stops
                raise
            self._unheard.put_nowait(None)

    async def _hear(self) -> None:
        """Do what the messages say, one after the other."""
        while self._finishing_since is None:
            message = await self._unheard.get()
            self._feeding_since = self._clock()
            await self.conversation.until_read()
            if message is None:
                await self.finish()
            elif isinstance(message, str):
                await self._obey(message)
            elif message:
                await self.stream.feed(message)
            else:
                await self.hear_nothing()
            self._feeding_since = None
            self._active_at = self._clock()  # while it was not read, a client could not be active
            self._ahead -= len(message or b"") + MESSAGE
            if self._ahead <= READ_AHEAD:
                self._room.set()

    def _hears_now(self, message: bytes | str) -> TypeGuard[bytes]:
        """Say whether a message is audio that is heard without waiting: it needs no queue, if nothing is before it."""
        if not isinstance(message, bytes) or not message or self.conversation.saying_since is not None:
            return False
        return self.stream.takes(len(message))

    async def _obey(self, frame: str) -> None:
        if len(frame) > LONGEST_MESSAGE:
            await self.misunderstand(frame, f"more than {LONGEST_MESSAGE} characters")
            return
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError) as error:
            await self.misunderstand(frame, str(error))
            return
        if isinstance(message, dict):
            await self.obey(message)
        else:
            await self.misunderstand(frame, "expected an object")

    async def _tell(self) -> None:
        async for happening in self.stream:
            if isinstance(happening, Heard):
                self._duration = max(self._duration, happening.start + happening.duration)
            elif isinstance(happening, Turn):
                self._duration = max(self._duration, happening.end)
            elif isinstance(happening, Ended):
                self._duration = happening.duration
            await self.tell(happening)

    async def _say_if_possible(self, ending: Ending) -> None:
        try:
            await asyncio.wait_for(self.complain(ending), 1.0)
        except (Gone, StateError, asyncio.TimeoutError):
            return  # the close frame says it as well

    def _record(self) -> None:
        """Say what was heard; usage is counted from the records of conversations."""
        record, info = self.conversation.record, self.conversation.services.live.info
        record.duration = round(self._duration, 6)
        record.channels = self.hearing.channels if self.hearing.multichannel else 1
        for name, value in recorded(info).items():
            setattr(record, name, value)


def _ending_of(error: Exception) -> Ending:
    """Return how a conversation ends in which this was raised."""
    if isinstance(error, Ending):
        return error
    if isinstance(error, AudioError):
        return Ending(1008, f"{DATA_0000}: {error}", DATA_0000)
    if isinstance(error, WorkerLost | EngineError):
        log.error("a live stream was lost: %s", error)
        return Ending(1011, "The recogniser failed.")
    log.error("a live conversation failed", exc_info=error)
    return Ending(1011, "The server failed; its log says why.")
