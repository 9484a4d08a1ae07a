"""Whisper models through faster-whisper, from a folder or by name. It hears windows of 30 s, so it does not stream."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import faster_whisper
import numpy as np

from .recognizer import EngineError, EngineInfo, Hints, Recognizer, Word

RATE = 16000
DEFAULT_MODEL = "base.en"
_NEEDED = ("model.bin", "tokenizer.json")


class Whisper(Recognizer):
    """A model in the format of CTranslate2."""

    def __init__(self, model: str | None = None) -> None:
        chosen = model or DEFAULT_MODEL
        if Path(chosen).is_dir():
            lacking = [name for name in _NEEDED if not (Path(chosen) / name).is_file()]
            if lacking:
                raise EngineError(
                    f"{chosen} is no Whisper model of CTranslate2: {' and '.join(lacking)} not found in it. "
                    "Convert one with ct2-transformers-converter --copy_files tokenizer.json preprocessor_config.json"
                )
        elif "/" not in chosen and chosen not in faster_whisper.available_models():
            known = ", ".join(faster_whisper.available_models())
            raise EngineError(f"there is no Whisper model {chosen!r}; give a folder or one of {known}")
        try:
            self._model = faster_whisper.WhisperModel(chosen, device="auto", compute_type="auto")
        except Exception as error:
            raise EngineError(
                f"the Whisper model {chosen} could not be loaded ({type(error).__name__}: {error}). Its weights are "
                "fetched at first use; without a network give a folder that has them with --model"
            ) from error
        self._languages: tuple[str, ...] = tuple(self._model.supported_languages)
        self.info = EngineInfo(
            name="whisper",
            version=version("faster-whisper"),
            model=Path(chosen).name,
            languages=self._languages,
            punctuates=True,
            streams=False,
            longest_piece=28.0,
        )

    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        """Return the words of a piece of audio."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        language = hints.language.split("-")[0].lower()
        segments, _ = self._model.transcribe(
            samples,
            language=language if language in self._languages else None,
            word_timestamps=True,
            # Pieces come in any order, and an error would be handed on.
            condition_on_previous_text=False,
            hotwords=", ".join(hints.keyterms) or None,
        )
        length = len(samples) / RATE
        return [
            clamped(word.word, word.start, word.end, word.probability, length)
            for segment in segments
            for word in segment.words or ()
            if word.word.strip()
        ]


def clamped(text: str, start: float, end: float, probability: float, length: float) -> Word:
    """Make a word within ``length`` seconds: the model counts to the end of its window, in numpy's types."""
    begin = min(max(float(start), 0.0), length)
    return Word(text.strip(), begin, min(max(float(end), begin), length), min(max(float(probability), 0.0), 1.0))


def engine(model: str | None, script: Path | None) -> Recognizer:
    """Make the engine."""
    return Whisper(model)
