"""What tests ask of audio: how long, how loud, how high, and how bright it is."""

from __future__ import annotations

import io
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from deepgram.local.engines.synthesizer import Manner, Phrase, Synthesizer

Samples = npt.NDArray[np.float64]


def spoken(engine: Synthesizer, phrase: Phrase, manner: Manner) -> bytes:
    """Return what an engine makes of a phrase."""
    pieces: list[bytes] = []

    def take(pcm: bytes) -> bool:
        pieces.append(pcm)
        return True

    engine.speak(phrase, manner, take)
    return b"".join(pieces)


def samples_of(pcm: bytes) -> Samples:
    """Return linear16 as numbers from -1 to 1."""
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def decoded(audio: bytes, *, raw: str | None = None, rate: int = 24000) -> tuple[Samples, int]:
    """Return the samples of a file, and their rate, as PyAV reads them; ``raw`` names the codec of headerless audio."""
    options = {} if raw is None else {"ar": str(rate)}
    with av.open(io.BytesIO(audio), "r", format=raw, options=options) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("s16", "mono", stream.rate)
        pieces: list[Samples] = []
        for frame in [*container.decode(stream), None]:
            pieces += [piece.to_ndarray().ravel().astype(np.float64) for piece in resampler.resample(frame)]
        return np.concatenate(pieces) / 32768, stream.rate


def second_opinion(audio: bytes, ending: str, folder: Path, *arguments: str) -> tuple[str, Samples]:
    """Return what sox reads from a file or, where it does not know the format or is not here, ffmpeg: at 16 kHz.

    Beside the name of who read it. Raises ``FileNotFoundError`` if neither is here.
    """
    file = folder / f"audio.{ending}"
    file.write_bytes(audio)
    sox, ffmpeg = shutil.which("sox"), shutil.which("ffmpeg")
    if sox is not None:
        to = ("-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1", "-")
        done = subprocess.run([sox, *arguments, file, *to], capture_output=True, timeout=60, check=False)
        if done.returncode == 0 and done.stdout:
            return "sox", samples_of(done.stdout)
    if ffmpeg is None:
        raise FileNotFoundError("neither sox nor ffmpeg is here")
    command = [ffmpeg, "-v", "error", "-i", str(file), "-f", "s16le", "-ar", "16000", "-ac", "1", "-"]
    if arguments:  # headerless: what sox is told in its words
        given = dict(zip(arguments[::2], arguments[1::2], strict=False))
        kind = {"signed": "s16le", "mu-law": "mulaw", "a-law": "alaw"}[given["-e"]]
        command[3:3] = ["-f", kind, "-ar", given["-r"]]
    return "ffmpeg", samples_of(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)


def nothing(*_: object) -> None:
    """Stand in for what looks for something, and find nothing."""


def loudness(samples: Samples) -> float:
    """Return the effective value, from 0 to 1."""
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def pitch(samples: Samples, rate: int) -> float:
    """Return the median height of a voice (Hz) where it is voiced."""
    window = int(rate * 0.04)
    found: list[float] = []
    for start in range(0, len(samples) - window, window // 2):
        piece = samples[start : start + window]
        piece = piece - piece.mean()
        if loudness(piece) < 0.02:
            continue
        likeness = np.correlate(piece, piece, "full")[window - 1 :]
        lowest, highest = int(rate / 400), int(rate / 60)
        period = lowest + int(np.argmax(likeness[lowest:highest]))
        if likeness[period] > 0.5 * likeness[0]:
            before, at, after = likeness[period - 1 : period + 2]
            between = 0.5 * (before - after) / (before - 2 * at + after)  # the top of the parabola through the three
            found.append(rate / (period + float(np.clip(between, -0.5, 0.5))))
    return float(np.median(found)) if found else 0.0


def timbre(samples: Samples, rate: int) -> Samples:
    """Return how loud a voice is in each of a dozen bands from 200 Hz to 6 kHz (dB, whatever its loudness)."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    edges = np.geomspace(200, 6000, 13)
    bands = [power[(frequencies >= low) & (frequencies < high)].sum() for low, high in pairwise(edges)]
    levels = 10 * np.log10(np.array(bands) + 1e-9)
    difference: Samples = levels - levels.mean()
    return difference


def longest_silence(samples: Samples, rate: int) -> float:
    """Return the seconds of the longest quiet stretch between sounds."""
    step = rate // 100
    loud = [loudness(samples[start : start + step]) > 0.004 for start in range(0, len(samples), step)]
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    longest = current = 0
    for sounds in loud[first:last]:
        current = 0 if sounds else current + 1
        longest = max(longest, current)
    return longest / 100
