"""Making voices that have no control for it higher or lower, by the rate at which their audio is taken."""

from __future__ import annotations

from .synthesizer import Sink


class AtPitch:
    """Audio on its way to a sink, at another pitch and, by as much, another pace."""

    def __init__(self, sink: Sink, sample_rate: int, pitch: float) -> None:
        """``pitch``: 2.0 is an octave higher and half as long."""
        self._sink = sink
        self._stream = None
        if pitch != 1.0:
            import soxr

            self._stream = soxr.ResampleStream(sample_rate * pitch, sample_rate, 1, dtype="int16", quality="MQ")

    def put(self, pcm: bytes) -> bool:
        """Take linear16; tell whether more is wanted."""
        if self._stream is None:
            return self._sink(pcm)
        import numpy

        return self._sink(self._stream.resample_chunk(numpy.frombuffer(pcm, numpy.int16)).tobytes())

    def finish(self) -> None:
        """Give out the rest."""
        if self._stream is not None:
            import numpy

            self._sink(self._stream.resample_chunk(numpy.empty(0, numpy.int16), last=True).tobytes())


def at_pitch(sink: Sink, sample_rate: int, pitch: float) -> AtPitch:
    """Return what changes the pitch of audio at ``sample_rate`` (Hz) on its way to ``sink``."""
    return AtPitch(sink, sample_rate, pitch)
