"""Piper: neural voices in many languages, for people who have the files of some (``--voice-model``).

Its library is under GPL-3 and its voices have licences of their own: docs/decisions/0016-speaking-with-weights.md.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from .recorded_pitch import at_pitch
from .synthesizer import Manner, Phrase, Pronounced, Sink, Synthesizer, SynthesizerError, SynthesizerInfo

if TYPE_CHECKING:
    from piper import PiperVoice


class Piper(Synthesizer):
    """The voices of a folder, or a single one. Each is loaded when it is first spoken with, and stays."""

    def __init__(self, files: list[Path]) -> None:
        self._files: dict[str, list[Path]] = {}
        rates: set[int] = set()
        for file in sorted(files):
            language, rate = _described(file)
            self._files.setdefault(language, []).append(file)
            rates.add(rate)
        if len(rates) != 1:
            found = ", ".join(map(str, sorted(rates)))
            raise SynthesizerError(f"the voices of piper must have one sample rate, and these have {found} Hz")
        self._loaded: dict[Path, PiperVoice] = {}
        self.info = SynthesizerInfo(
            name="piper",
            version=version("piper-tts"),
            languages=tuple(self._files),
            sample_rate=rates.pop(),
            streams=False,
        )

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        """Say a phrase; see :class:`Synthesizer`."""
        from piper import SynthesisConfig

        voice = self._voice(manner)
        speakers = max(1, voice.config.num_speakers)
        # Played faster, a voice is higher; made longer by as much, it still takes its time.
        config = SynthesisConfig(
            speaker_id=manner.shade % speakers if speakers > 1 else None,
            length_scale=voice.config.length_scale * manner.pitch / manner.pace,
        )
        text = "".join(_written(part) for part in phrase)
        sounding = at_pitch(sink, voice.config.sample_rate, manner.pitch)
        for chunk in voice.synthesize(text, config):
            if not sounding.put(chunk.audio_int16_bytes):
                return
        sounding.finish()

    def _voice(self, manner: Manner) -> PiperVoice:
        from piper import PiperVoice

        files = self._files.get(manner.language.lower().partition("-")[0])
        if not files:
            raise SynthesizerError(f"there is no voice of piper here for the language {manner.language}")
        file = files[manner.shade % len(files)]
        if file not in self._loaded:
            self._loaded[file] = PiperVoice.load(file)
        return self._loaded[file]


def _described(file: Path) -> tuple[str, int]:
    """Return language and sample rate (Hz) of a voice, from the file beside it."""
    try:
        config = json.loads(Path(f"{file}.json").read_text(encoding="utf-8"))
        voice = config.get("language", {}).get("family") or config["espeak"]["voice"]
        return str(voice).lower().replace("_", "-").partition("-")[0], int(config["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"the voice {file.name} of piper needs its {file.name}.json beside it: {error}"
        raise SynthesizerError(message) from None


def _written(part: str | Pronounced) -> str:
    # The library takes IPA between brackets; brackets of a text must not be taken for them.
    return f"[[ {part.ipa} ]]" if isinstance(part, Pronounced) else part.replace("[[", "[ [")


def engine(weights: str | None) -> Synthesizer:
    """Return the engine with the voices at ``weights``: a file ``*.onnx`` or a folder with some."""
    if weights is None:
        raise SynthesizerError(
            "the engine piper needs a voice: deepgram serve --voice-engine piper --voice-model FILE.onnx (or a folder)"
        )
    place = Path(weights)
    files = sorted(place.glob("*.onnx")) if place.is_dir() else [place]
    if not files or not all(file.is_file() for file in files):
        raise SynthesizerError(f"there is no voice of piper at {weights}: a file *.onnx, or a folder with some")
    return Piper(files)
