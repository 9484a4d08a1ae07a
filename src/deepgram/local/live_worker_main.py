"""What a worker process for live audio runs: several streams, a little of each in turn, until its input ends.

Messages are lines of JSON, as for the other workers; behind one with ``size`` follow so many bytes of audio.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from . import engines, live_wire, speech_detectors
from .audio import AudioError
from .engines import Recognizer
from .live_stream import Hearing
from .speech_detectors import Detectors
from .worker_pipes import own_input, own_output
from .worker_process import Message

Told = tuple[Message, bytes]
"""A message with what stood behind it."""


class Streams:
    """The streams that this process carries."""

    def __init__(self, recognizer: Recognizer, detectors: Detectors, tell: Callable[[Message], None]) -> None:
        self._recognizer = recognizer
        self._detectors = detectors
        self._tell = tell
        self._streams: dict[int, Hearing] = {}
        self._told: dict[int, tuple[int, int]] = {}  # bytes and orders that were said to be taken
        self._opening: list[int] = []  # streams that have not been said to be open
        self._inbox: queue.SimpleQueue[Told | None] = queue.SimpleQueue()

    def put(self, message: Told | None) -> None:
        """Take a message from the server, from any thread; ``None`` only says that there is something to do."""
        self._inbox.put(message)

    def run(self) -> None:
        """Hear, for as long as the process lives."""
        while True:
            self._take(self._inbox.get())
            self._catch_up()
            while self._hear_a_little():
                self._catch_up()

    def _catch_up(self) -> None:
        """Take all messages that wait."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(self._inbox.get_nowait())
        if self._opening:
            self._make_ready()

    def _make_ready(self) -> None:
        """Load what new streams need, and only then say that they are open: of several at once, none is late."""
        opening = [stream for stream in self._opening if stream in self._streams]
        self._opening.clear()
        try:
            self._recognizer.prepare(sum(hearing.voices for hearing in self._streams.values()))
        except Exception as error:
            for stream in opening:
                self._fail(stream, error)
            return
        for stream in opening:
            self._tell({"stream": stream, "opened": True})

    def _take(self, message: Told | None) -> None:
        if message is not None:
            self._obey(*message)

    def _obey(self, message: Message, data: bytes) -> None:
        stream = message["stream"]
        if message["do"] == "open":
            options = live_wire.read_options(message["options"])
            try:
                self._streams[stream] = Hearing(options, self._recognizer, self._detectors, lambda: self.put(None))
                self._opening.append(stream)
            except AudioError as error:
                self._fail(stream, error)
            return
        hearing = self._streams.get(stream)
        if hearing is None:
            return  # it failed a moment ago, and the server does not know yet
        if message["do"] == "audio":
            hearing.audio(data)
        elif message["do"] == "order":
            hearing.order(live_wire.read_order(message["order"]))
        elif message["do"] == "end":
            hearing.end()
        else:
            self._drop(stream)

    def _hear_a_little(self) -> bool:
        """Let each stream have its turn; say whether any had something to do."""
        busy = False
        for stream, hearing in list(self._streams.items()):
            try:
                said = hearing.step()
            except Exception as error:
                self._fail(stream, error)
                continue
            done = (hearing.taken, hearing.obeyed)
            if said or done != self._told.get(stream, (0, 0)):
                self._told[stream] = done
                happenings = [live_wire.pack_happening(happening) for happening in said or ()]
                report = {"taken": done[0], "obeyed": done[1], "seconds": hearing.seconds, "said": happenings}
                self._tell({"stream": stream, **report})
            busy = busy or said is not None
            if hearing.over:
                self._drop(stream)
        return busy

    def _fail(self, stream: int, error: Exception) -> None:
        self._drop(stream)
        if isinstance(error, AudioError):
            self._tell({"stream": stream, "error": "audio", "message": str(error), "parameter": error.parameter})
        else:
            self._tell({"stream": stream, "error": "engine", "message": f"{type(error).__name__}: {error}"})

    def _drop(self, stream: int) -> None:
        self._told.pop(stream, None)
        hearing = self._streams.pop(stream, None)
        if hearing is not None:
            with contextlib.suppress(Exception):  # of an engine that has failed already
                hearing.close()


def _listen(pipe: BinaryIO, put: Callable[[Told], None]) -> None:
    """Read messages, and end the process when the server has closed the pipe or died."""
    for line in pipe:
        message: Message = json.loads(line)
        put((message, pipe.read(message.get("size", 0))))
    os._exit(0)


def main() -> None:
    """Carry streams until the server closes the pipe, or is gone."""
    # Ctrl-C in a terminal reaches the workers too; it is the server that ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings: Message = json.loads(sys.argv[1])
    tell, pipe = own_output(), own_input()
    try:
        script = settings["script"]
        recognizer = engines.create(settings["engine"], settings["model"], Path(script) if script else None)
        detectors = speech_detectors.load(settings["voice_activity"], light=recognizer.info.light)
        if recognizer.info.streams and not recognizer.info.light:
            recognizer.stream(engines.Hints()).close()  # the first utterance should not wait for what this loads
    except Exception as error:
        tell({"error": "engine", "message": str(error)})
        return
    streams = Streams(recognizer, detectors, tell)
    threading.Thread(target=_listen, args=(pipe, streams.put), name="messages", daemon=True).start()
    tell({"info": dataclasses.asdict(recognizer.info)})
    streams.run()


if __name__ == "__main__":
    main()
