"""Audio decoded while it arrives: bytes go in as they come, linear16 pieces come out, in bounded memory.

PCM and packets that come one to a message are decoded in place. Everything in a container, and codecs whose frames must
first be found, go through FFmpeg, which asks for bytes when it wants them: it runs on a thread of its own, which ends
when the audio ends or is closed.
"""

from __future__ import annotations

import contextlib
import io
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Generic, Protocol, TypeVar, cast

from . import audio
from .audio import SAMPLE_RATE, AudioError, Piece
from .live import LiveOptions
from .live_codecs import PACKETS, PCM, Form, Packets, Pcm, wav_form

T = TypeVar("T")

AHEAD_SECONDS = 1.0
"""Decoded audio that may wait to be taken; then decoding waits."""
_BLOCK_SECONDS = 0.1
_WAV_HEADER = 64
"""Bytes in which a WAV header can be judged."""
_MAGIC_BYTES = 12
_SEARCHED_BYTES = 4096
"""Bytes within which MP3, ADTS or MPEG-TS frames must follow one another, for these have no mark at their start."""
_QUICK = {"probesize": "2048", "analyzeduration": "0"}
"""FFmpeg looks at 5 MB or 5 s otherwise before it lets anything be heard."""


@dataclass(frozen=True)
class End:
    """The audio has ended: nothing follows."""


END: Final = End()


class Intake(Generic[T]):
    """A stream's audio, and orders of type ``T`` in their place between it.

    One thread puts in and one takes out. ``ready`` is called, from any thread, when there is something to take.
    Without ``containers`` raw audio is what the options say even if it begins like a file, WAV excepted.
    """

    def __init__(self, options: LiveOptions, ready: Callable[[], None], *, containers: bool = True) -> None:
        check(options)
        self._options = options
        self._containers = containers
        self._ready = ready
        self._source: _Source[T] | None = None  # known when the first bytes are
        self._head = bytearray()
        self._first: deque[bytes] = deque()  # what came before that
        self._held = 0  # bytes of it
        self._early: deque[T] = deque()  # orders that came before any audio could be heard
        self._empty = False  # it ended without a byte
        self._closed = False

    @property
    def taken(self) -> int:
        """Bytes that the decoder has taken in; all others still wait."""
        # What is held until its kind is known does not wait for anybody but the caller.
        return self._source.taken if self._source else self._held

    def put_audio(self, data: bytes) -> None:
        """Add bytes: a message of its own where the encoding has packets."""
        if not data or self._closed:
            return
        if self._source is not None:
            self._source.put(data)
        else:
            self._first.append(data)
            self._held += len(data)
            self._head += data[: _SEARCHED_BYTES - len(self._head)]
            self._choose(complete=False)
        self._ready()

    def put(self, order: T) -> None:
        """Add an order: it comes out when the audio before it has."""
        if self._source is not None:
            self._source.put(order)
        else:
            self._early.append(order)
        self._ready()

    def end(self) -> None:
        """Say that no more follows."""
        if self._source is None and self._head:
            self._choose(complete=True)
        if self._source is not None:
            self._source.end()
        else:
            self._empty = True
        self._ready()

    def take(self) -> Piece | T | End | None:
        """Return what comes next; ``None`` if there is nothing yet. Raises :class:`AudioError`."""
        if self._early:
            return self._early.popleft()
        if self._source is not None:
            return self._source.take()
        return END if self._empty else None

    def close(self) -> None:
        """Give everything back, at once. A thread that decodes ends by itself, soon."""
        self._closed = True
        self._first.clear()
        self._early.clear()
        if self._source is not None:
            self._source.close()

    def _choose(self, complete: bool) -> None:
        """Find out what the audio is, once enough bytes are there or all."""
        source = self._found(bytes(self._head), complete)
        if source is None:
            return
        self._source = source
        for item in self._first:
            source.put(item)
        self._first.clear()

    def _found(self, head: bytes, complete: bool) -> _Source[T] | None:
        """Return the source of audio that begins with ``head``; ``None`` if more of it must be seen."""
        options = self._options
        if len(head) < _MAGIC_BYTES and not complete:
            return None
        if head.startswith((b"RIFF", b"RF64")):
            if len(head) < _SEARCHED_BYTES and b"data" not in head[:-4] and not complete:
                return None
            if (form := wav_form(head)) is not None:
                return _InPlace(Pcm(form, options.multichannel))
        name = (options.encoding or "").lower()
        if not (self._containers and audio.has_magic(head)):
            if name in PCM:
                return _InPlace(Pcm(Form.of(options), options.multichannel))
            if name in PACKETS:
                return _InPlace(Packets(options))
            if name:
                return _OnThread(options, name, head, self._ready)
            if not audio.has_header(head):
                if head[0] in (0x47, 0xFF) and len(head) < _SEARCHED_BYTES and not complete:
                    return None
                return _Refused(
                    AudioError(
                        "the bytes are not audio in a form that can be decoded; raw audio needs the parameters "
                        "encoding and sample_rate"
                    )
                )
        return _OnThread(options, None, head, self._ready)


def plain(options: LiveOptions) -> bool:
    """Say whether these options describe PCM, which needs no codec."""
    return (options.encoding or "").lower() in PCM


def check(options: LiveOptions) -> None:
    """Raise :class:`AudioError` for options that no audio can have."""
    if options.encoding is None:
        return
    if (name := options.encoding.lower()) == "ogg-opus":
        return  # only in a container, and then it says all itself
    if name not in PACKETS:
        audio._raw(options.encoding, options.sample_rate, options.channels)
    most = audio.MAX_CHANNELS if options.multichannel else audio.MAX_MIXED_CHANNELS
    if not 1 <= options.channels <= most:
        raise AudioError(f"{options.channels} channels cannot be used; give 1 to {most}", "channels")


class _Source(Protocol[T]):
    taken: int

    def put(self, item: bytes | T) -> None: ...
    def end(self) -> None: ...
    def take(self) -> Piece | T | End | None: ...
    def close(self) -> None: ...


class _Refused:
    """Bytes that are no audio."""

    def __init__(self, error: AudioError) -> None:
        self.taken = 0
        self._error = error

    def put(self, item: object) -> None:
        if isinstance(item, bytes):
            self.taken += len(item)

    def end(self) -> None: ...
    def close(self) -> None: ...

    def take(self) -> None:
        raise self._error


# --- decoded in place -------------------------------------------------------------------------------------------------


class _Decoder(Protocol):
    def decode(self, data: bytes) -> Iterator[Piece]: ...
    def finish(self) -> Iterator[Piece]: ...


class _InPlace(Generic[T]):
    """Decodes when something is taken."""

    def __init__(self, decoder: _Decoder) -> None:
        self.taken = 0
        self._decoder = decoder
        self._waiting: deque[bytes | T | End] = deque()
        self._decoded: deque[Piece] = deque()

    def put(self, item: bytes | T) -> None:
        self._waiting.append(item)

    def end(self) -> None:
        self._waiting.append(END)

    def take(self) -> Piece | T | End | None:
        while not self._decoded:
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            if isinstance(item, bytes):
                self.taken += len(item)
                self._decoded += self._decoder.decode(item)
            elif isinstance(item, End):
                self._decoded += self._decoder.finish()
                if not self._decoded:
                    return END
                self._waiting.append(END)
                self._decoder = _Nothing()
            else:
                return item
        return self._decoded.popleft()

    def close(self) -> None:
        self._waiting.clear()
        self._decoded.clear()


class _Nothing:
    """A decoder after its end."""

    def decode(self, data: bytes) -> Iterator[Piece]:
        return iter(())

    def finish(self) -> Iterator[Piece]:
        return iter(())


# --- decoded on a thread ----------------------------------------------------------------------------------------------


class _Closed(Exception):
    """Nobody wants the audio any more."""


class _OnThread(Generic[T]):
    """Decodes what FFmpeg must take apart."""

    def __init__(self, options: LiveOptions, encoding: str | None, head: bytes, ready: Callable[[], None]) -> None:
        self.taken = 0
        self._options = options
        self._encoding = encoding
        self._head = head
        self._ready = ready
        self._changed = threading.Condition()
        self._waiting: deque[bytes | T] = deque()
        self._decoded: deque[Piece | T | End | AudioError] = deque()
        self._ahead = 0  # samples in _decoded
        self._ended = self._closed = False
        threading.Thread(target=self._run, name="live audio", daemon=True).start()

    def put(self, item: bytes | T) -> None:
        with self._changed:
            self._waiting.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self) -> Piece | T | End | None:
        with self._changed:
            if not self._decoded:
                return None
            item = self._decoded.popleft()
            if isinstance(item, Piece):
                self._ahead -= len(item.pcm[0]) // 2
                self._changed.notify_all()
        if isinstance(item, AudioError):
            raise item
        return item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._decoded.clear()
            self._changed.notify_all()

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, as soon as there are any; none at the end. Orders on the way are let through."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended or self._closed)
                if self._closed or not self._waiting:
                    return b""
                item = self._waiting.popleft()
                if isinstance(item, bytes):
                    if len(item) > size:
                        self._waiting.appendleft(item[size:])
                        item = item[:size]
                    self.taken += len(item)
            if isinstance(item, bytes):
                self._ready()  # who sends waits for what is taken, even while there is nothing to hear yet
                return item
            self._offer(item)

    def _run(self) -> None:
        with contextlib.suppress(_Closed):
            try:
                self._decode()
                last: AudioError | End = END
            except AudioError as error:
                last = error
            except Exception as error:  # an owner that is not told would wait for ever
                last = AudioError(f"the audio cannot be decoded ({type(error).__name__})")
            if last is END:
                while self.read(1 << 16):  # what stands behind the end of a file is not heard
                    pass
            self._offer(last)

    def _decode(self) -> None:
        options = self._options
        heard = False
        try:
            container = audio._open(
                cast("BinaryIO", _Pipe(self.read)),
                self._head if len(self._head) >= _WAV_HEADER else b"",
                self._encoding,
                options.sample_rate,
                options.channels,
                **_QUICK,
            )
            with contextlib.closing(container):
                for piece in audio._resampled(audio._blocks(container, _BLOCK_SECONDS), options.multichannel):
                    heard = heard or bool(piece.pcm[0])
                    self._offer(piece)
        except AudioError:
            if heard or self._head[4:8] != b"ftyp":
                raise
        if heard or self._closed:
            return
        if self._head[4:8] == b"ftyp":
            raise AudioError("an MP4 with its index at the end cannot be heard live; make it faststart or fragmented")
        raise AudioError("the audio has no samples: it is empty, or its only content is damaged")

    def _offer(self, item: Piece | T | End | AudioError) -> None:
        """Hand on what was decoded; wait while nobody takes it."""
        with self._changed:
            self._changed.wait_for(lambda: self._ahead < AHEAD_SECONDS * SAMPLE_RATE or self._closed)
            if self._closed:
                raise _Closed
            if isinstance(item, Piece):
                self._ahead += len(item.pcm[0]) // 2
            self._decoded.append(item)
        self._ready()


class _Pipe(io.RawIOBase):
    """What FFmpeg sees: bytes that come once."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.read = read  # type: ignore[assignment, method-assign]

    def seekable(self) -> bool:
        return False
