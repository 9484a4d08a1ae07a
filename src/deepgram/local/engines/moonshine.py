"""Moonshine: small models made for live speech on a CPU. The wheel of moonshine-voice does not bring their weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import moonshine_voice
import numpy as np
from moonshine_voice.transcriber import Transcriber

from .recognizer import EngineError, EngineInfo, Hints, Recognizer, RecognizerStream, Word

RATE = 16000
_CONFIDENCE = 0.5
"""Of words whose model tells none."""
_ONLY_WHEN_ASKED = 3600.0
"""Seconds of audio after which a stream updates by itself. It does so when interim words are asked for."""
_ARCHITECTURES = tuple(moonshine_voice.model_arch_to_string(arch) for arch in moonshine_voice.ModelArch)


class Moonshine(Recognizer):
    """A transcriber of the library, with a model from a folder, from the library's cache, or fetched at first use."""

    def __init__(self, model: str | None = None) -> None:
        folder, architecture, language = _weights(model)
        self._streaming = "streaming" in moonshine_voice.model_arch_to_string(architecture)
        options = {"return_audio_data": "false"}
        if self._streaming or (folder / "decoder_with_attention.ort").is_file():
            options["word_timestamps"] = "true"
        try:
            self._transcriber = Transcriber(folder, architecture, options=options)
        except moonshine_voice.MoonshineError as error:
            raise EngineError(f"the Moonshine model in {folder} could not be loaded: {error}. {_REMEDY}") from error
        self.info = EngineInfo(
            name="moonshine",
            version=version("moonshine-voice"),
            model=f"{moonshine_voice.model_arch_to_string(architecture)}-{language}",
            languages=(language,),
            punctuates=True,
        )

    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        """Return the words of a segment."""
        self._favour(hints)
        return words(self._transcriber.transcribe_without_streaming(_samples(pcm), RATE).lines)

    def stream(self, hints: Hints) -> RecognizerStream:
        """Begin an utterance."""
        self._favour(hints)
        return _Stream(self._transcriber)

    def _favour(self, hints: Hints) -> None:
        if self._streaming:  # the other models cannot be steered
            self._transcriber.set_keyterms([term.replace(",", " ") for term in hints.keyterms])

    def close(self) -> None:
        """Free the model."""
        self._transcriber.close()


class _Stream(RecognizerStream):
    def __init__(self, transcriber: Transcriber) -> None:
        self._stream = transcriber.create_stream(update_interval=_ONLY_WHEN_ASKED)
        self._stream.start()

    def feed(self, pcm: bytes) -> None:
        self._stream.add_audio(_samples(pcm), RATE)

    def interim(self) -> Sequence[Word]:
        return words(self._stream.update_transcription().lines)

    def finish(self) -> Sequence[Word]:
        try:
            transcript = self._stream.stop()
        finally:
            self._stream.close()
        if transcript is None:  # the library keeps the error to itself
            raise EngineError("Moonshine could not finish the utterance")
        return words(transcript.lines)


def words(lines: Iterable[moonshine_voice.TranscriptLine]) -> list[Word]:
    """Return the words of the lines of a transcript; those of a model without times are spread over their line."""
    result: list[Word] = []
    for line in lines:
        timed = line.words or []
        if timed:
            result += [
                Word(
                    word.word.strip(),
                    max(0.0, word.start),
                    max(0.0, word.start, word.end),
                    _probability(word.confidence),
                )
                for word in timed
                if word.word.strip()
            ]
            continue
        texts = line.text.split()
        share = line.duration / max(1, len(texts))
        result += [
            Word(text, line.start_time + index * share, line.start_time + (index + 1) * share, _CONFIDENCE)
            for index, text in enumerate(texts)
        ]
    return result


def _probability(confidence: float) -> float:
    return min(1.0, max(0.0, float(confidence)))


def _samples(pcm: bytes) -> list[float]:
    samples: list[float] = (np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)).tolist()
    return samples


_REMEDY = (
    "Fetch one where there is a network with: python -m moonshine_voice.download --stt --language en; "
    "then give its folder with --model, or nothing if it is in the library's cache"
)


def _weights(model: str | None) -> tuple[Path, moonshine_voice.ModelArch, str]:
    """Return folder, architecture and language of a model: a folder, or a name such as ``tiny-en``."""
    if model is not None and Path(model).is_dir():
        name = next((part for part in reversed(Path(model).resolve().parts) if _named(part)), None)
        if name is None:
            raise EngineError(
                f"which Moonshine model is in {model}? A folder on its path must be named as the model is, "
                f"for example tiny-en; architectures are {', '.join(_ARCHITECTURES)}"
            )
        architecture, language = _split(name)
        return Path(model), moonshine_voice.string_to_model_arch(architecture), language
    if model is not None and not _named(model):
        raise EngineError(f"there is no folder and no Moonshine model {model!r}; a name is for example tiny-en")
    architecture, language = _split(model or "-en")
    try:
        if architecture:
            wanted = moonshine_voice.string_to_model_arch(architecture)
            folder, arch = moonshine_voice.get_model_for_language(language, wanted, include_word_timestamps=True)
        else:
            folder, arch = moonshine_voice.get_model_for_language(language, include_word_timestamps=True)
    except Exception as error:
        raise EngineError(
            f"the Moonshine model {model or 'for en'} could not be fetched: {error}. {_REMEDY}"
        ) from error
    return Path(folder), arch, language


def _split(name: str) -> tuple[str, str]:
    architecture, _, language = name.rpartition("-")
    return architecture, language


def _named(name: str) -> bool:
    return _split(name)[0] in _ARCHITECTURES


def engine(model: str | None, script: Path | None) -> Recognizer:
    """Make the engine."""
    return Moonshine(model)
