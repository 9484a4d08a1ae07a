"""Kokoro: neural voices in seven languages, for people who have its two files (``--voice-model``).

The library is under MIT, the weights under Apache 2.0: docs/decisions/0016-speaking-with-weights.md.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from .recorded_pitch import at_pitch
from .synthesizer import Manner, Phrase, Pronounced, Sink, Synthesizer, SynthesizerError, SynthesizerInfo

if TYPE_CHECKING:
    from kokoro_onnx import Kokoro as Library

SAMPLE_RATE = 24000
"""Hz; that of the model."""
# The first letter of a voice's name says its language, the second its sex: "af_heart". Source: the model's VOICES.md.
_LETTERS = dict(a="en-us", b="en-gb", e="es", f="fr-fr", h="hi", i="it", j="ja", p="pt-br", z="cmn")
_SLOWEST, _FASTEST = 0.5, 2.0
"""What the library takes."""


class Kokoro(Synthesizer):
    """The model with all its voices."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._voices: dict[tuple[str, bool], list[str]] = {}
        for name in library.get_voices():
            if name[:1] in _LETTERS and name[1:2] in ("f", "m"):
                self._voices.setdefault((_LETTERS[name[0]], name[1] == "f"), []).append(name)
        languages = dict.fromkeys(language.partition("-")[0] for language, _ in self._voices)
        if not languages:
            raise SynthesizerError("the file of voices has none that kokoro knows")
        self.info = SynthesizerInfo(
            name="kokoro",
            version=version("kokoro-onnx"),
            languages=tuple(languages),
            sample_rate=SAMPLE_RATE,
            streams=False,
        )

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        """Say a phrase; see :class:`Synthesizer`."""
        import numpy

        language, voice = self._voice(manner)
        speed = min(_FASTEST, max(_SLOWEST, manner.pace / manner.pitch))
        sounding = at_pitch(sink, SAMPLE_RATE, manner.pitch)
        for part in phrase:
            spelled = isinstance(part, Pronounced)
            text = part.ipa if isinstance(part, Pronounced) else part
            if not any(sign.isalnum() for sign in text):
                continue
            samples, _ = self._library.create(text, voice, speed, language, is_phonemes=spelled)
            pcm = (numpy.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
            if not sounding.put(pcm):
                return
        sounding.finish()

    def _voice(self, manner: Manner) -> tuple[str, str]:
        """Return the library's name of the language and of a voice that speaks it."""
        wanted = manner.language.lower()
        primary = wanted.partition("-")[0]
        candidates = sorted(self._voices, key=lambda known: (known[0] != wanted, known[1] != manner.female))
        for language, female in candidates:
            if language.partition("-")[0] == primary:
                names = self._voices[language, female]
                return language, names[manner.shade % len(names)]
        raise SynthesizerError(f"kokoro has no voice for the language {manner.language}")


def engine(weights: str | None) -> Synthesizer:
    """Return the engine with the two files in the folder ``weights``: ``*.onnx`` and ``voices*.bin`` (or ``.npz``)."""
    from kokoro_onnx import Kokoro as Library

    place = Path(weights) if weights is not None else None
    if place is None or not place.is_dir():
        raise SynthesizerError(
            "the engine kokoro needs a folder with its files *.onnx and voices*.bin: "
            "deepgram serve --voice-engine kokoro --voice-model FOLDER"
        )
    models = sorted(place.glob("*.onnx"))
    voices = sorted([*place.glob("voices*.bin"), *place.glob("voices*.npz")])
    if not models or not voices:
        raise SynthesizerError(f"in {weights} there must be a file *.onnx and a file voices*.bin")
    return Kokoro(Library(str(models[0]), str(voices[0])))
