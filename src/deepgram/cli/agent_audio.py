"""What the user of `deepgram agent` sounds like, and where the agent's voice goes: files and devices."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .failures import WrongUse

if TYPE_CHECKING:
    from ..conversation.playback import Player

PIECE = 0.08
"""Seconds of audio in a message."""
VOICE_RATE = 24_000
"""Hz of the agent's voice."""


class Spoken:
    """A recording, sent as fast as it was spoken; then the line stays open: silence, until it is closed."""

    def __init__(self, samples: bytes, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.ended = asyncio.Event()
        """All of it has been sent."""
        self._samples = samples

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        size = round(self.sample_rate * PIECE) * 2
        began, sent = loop.time(), 0
        while True:
            await asyncio.sleep(began + sent * PIECE - loop.time())
            piece = self._samples[sent * size : (sent + 1) * size]
            if not piece:
                self.ended.set()
            yield piece.ljust(size, b"\0")
            sent += 1


def spoken(path: Path) -> Spoken:
    """Return the speech in a file: 16-bit mono WAV as it is, anything else at 16 kHz (extra ``local``)."""
    with suppress(wave.Error, EOFError), wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) == (1, 2):
            return Spoken(file.readframes(file.getnframes()), file.getframerate())
    try:
        from ..local.audio import SAMPLE_RATE, AudioError, decode
    except ModuleNotFoundError as missing:
        raise WrongUse(
            f'{path.name} is no 16-bit mono WAV, and nothing here reads others: pip install "deepgram-sdk[local]".'
        ) from missing
    try:
        with path.open("rb") as audio:
            return Spoken(b"".join(piece.pcm[0] for piece in decode(audio)), SAMPLE_RATE)
    except AudioError as error:
        raise WrongUse(f"{path.name}: {error}.") from error


class VoiceFile:
    """The agent's voice as a WAV file."""

    waiting = 0.0

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._file = stack.enter_context(wave.open(str(path), "wb"))  # noqa: SIM115 - the stack closes it
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(VOICE_RATE)
        self.sample_rate = VOICE_RATE

    async def play_async(self, audio: bytes, /) -> None:
        self._file.writeframes(audio)

    async def wait_async(self) -> None:
        """Nothing is to be waited for."""

    def clear(self) -> None:
        """What was said stays said."""


class Voices:
    """Several players at once, the device among them first."""

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = players
        self.sample_rate = VOICE_RATE

    @property
    def waiting(self) -> float:
        return max(player.waiting for player in self._players)

    async def play_async(self, audio: bytes, /) -> None:
        for player in reversed(self._players):
            await player.play_async(audio)

    async def wait_async(self) -> None:
        for player in self._players:
            await player.wait_async()

    def clear(self) -> None:
        for player in self._players:
            player.clear()
