"""What becomes of live messages: text in place on a terminal, lines, JSON or captions anywhere else."""

from __future__ import annotations

import json
from typing import IO, Literal, Protocol

from .answers import Json, Said, said
from .captions import Growing

LONGEST = 400
"""Characters after which a line ends, even if the speaker does not."""
CHANNELS = 64
"""Channels that are told apart."""
TAIL = 2000
"""Characters that are shown of what is not final yet."""


class Sink(Protocol):
    """Takes what the service says, as it comes."""

    def take(self, message: Json) -> None:
        """Take one message."""

    def finish(self) -> None:
        """No more come."""


class Messages:
    """Messages as JSON, one on a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def take(self, message: Json) -> None:
        self._file.write(json.dumps(message, ensure_ascii=False) + "\n")
        self._file.flush()

    def finish(self) -> None:
        pass


class Captions:
    """Captions, written as soon as nothing can change them."""

    def __init__(self, form: Literal["srt", "vtt"], file: IO[str]) -> None:
        self._file = file
        self._growing = Growing(form)
        self._reached = 0.0
        self._write(self._growing.head())

    def take(self, message: Json) -> None:
        heard = said(message)
        if heard is not None and heard.final:
            self._reached = max(self._reached, heard.reached)
            self._write(self._growing.add(heard.phrases, self._reached, ended=heard.ends))

    def finish(self) -> None:
        self._write(self._growing.add((), self._reached, ended=True))

    def _write(self, text: str) -> None:
        if text:
            self._file.write(text)
            self._file.flush()


class Line:
    """What one channel is saying: what is final of it, and what may still change."""

    def __init__(self) -> None:
        self.voice = ""
        self.settled = ""
        self.interim = ""

    def close(self) -> str:
        """Return the line, and begin a new one."""
        text, self.settled = self.settled, ""
        return f"{self.voice}: {text}" if self.voice and text else text


class Lines:
    """Joins what comes in pieces to lines: a line ends where the speaker does, or another one begins."""

    def __init__(self) -> None:
        self.current: dict[int, Line] = {}

    def add(self, heard: Said) -> list[str]:
        """Return the lines that have come to an end."""
        channel = heard.channel if len(self.current) < CHANNELS else 0
        line = self.current.setdefault(channel, Line())
        if not heard.final:
            line.interim = " ".join(text for _, text in heard.turns)
            return []
        line.interim = ""
        done: list[str] = []
        for voice, text in heard.turns:
            if voice != line.voice:
                done.append(line.close())
            line.voice = voice
            line.settled = f"{line.settled} {text}".strip()
        if heard.ends or len(line.settled) > LONGEST:
            done.append(line.close())
        return [text for text in done if text]

    def finish(self) -> list[str]:
        """Return what is left."""
        return [text for line in self.current.values() if (text := line.close())]


class Transcript:
    """Final text, a line at a time."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._lines = Lines()

    def take(self, message: Json) -> None:
        if heard := said(message):
            self._write(self._lines.add(heard))

    def finish(self) -> None:
        self._write(self._lines.finish())

    def _write(self, lines: list[str]) -> None:
        if lines:
            self._file.write("".join(f"{line}\n" for line in lines))
            self._file.flush()


class Screen:
    """A terminal: final text above, and in place below it what is being said."""

    def __init__(self, waiting: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._waiting = waiting
        """What is shown while nobody speaks."""
        self._console = Console(highlight=False)
        self._lines = Lines()
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        self._show()

    def take(self, message: Json) -> None:
        if heard := said(message):
            self._print(self._lines.add(heard))
            self._show()

    def finish(self) -> None:
        self._live.stop()  # what is in place goes away
        self._print(self._lines.finish())

    def _print(self, lines: list[str]) -> None:
        from rich.text import Text

        for line in lines:
            self._console.print(Text(line))

    def _show(self) -> None:
        from rich.text import Text

        shown: list[Text] = []
        for line in self._lines.current.values():
            if line.settled or line.interim:
                voice = f"{line.voice}: " if line.voice else ""
                text = Text(voice + line.settled)
                text.append(" " * bool(line.settled) + line.interim[-TAIL:], "dim")
                shown.append(text)
        whole = Text("\n").join(shown) if shown else Text(self._waiting, "dim")
        room = self._console.width * max(1, self._console.height - 2)
        self._live.update(whole[-room:], refresh=True)
