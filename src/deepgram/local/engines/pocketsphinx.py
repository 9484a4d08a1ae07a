"""CMU PocketSphinx: the engine that brings its own model. For wiring, tests and demos, not for accuracy.

It holds the GIL while it decodes, so audio goes in by half seconds: between two of them the worker's other threads run.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pocketsphinx

from .recognizer import EngineError, EngineInfo, Hints, Recognizer, RecognizerStream, Word

RATE = 16000
FRAMES_PER_SECOND = 100
STEP = RATE  # bytes: half a second
LIVE: dict[str, object] = {"fwdflat": False, "bestpath": True, "maxwpf": 10}
"""Settings for live audio. The second pass over the words (fwdflat) would make the speaker wait at the end of each
utterance; more words per frame cost more than they bring. Measured on read and on spontaneous speech: 0.15 of real time
and at most 36 ms for the final words, where the library's defaults took 0.28 and 0.45 and up to 800 ms; word error
rates 0.24 for 0.23 and 0.92 for 0.98."""
SPOTTING_THRESHOLD = 1e-10
"""Found 8 of 9 phrases in read speech with one false alarm; a higher one finds less, a lower one invents more."""
MAX_HYPOTHESES = 5000
"""Models that are followed in each frame. The library's 30,000 understand read speech no better (word error rate 0.235
both) and take 18 % longer, and 50 % longer where nothing fits and all are followed."""
_VARIANT = re.compile(r"\(\d+\)$")


class PocketSphinx(Recognizer):
    """A decoder with a language model, one that only spots phrases, one for live audio: each made when first needed."""

    def __init__(self, model: str | None = None) -> None:
        self._files = _model_files(model)
        self._batch = self._decoder()
        self._unheard = self._batch.get_cmn(False)
        self._spotter: Any = None
        self._live: list[Any] = []  # decoders and spotters for live audio that are free
        self._live_count = 0  # decoders for live audio, free or not
        self._live_spotters: list[Any] = []
        self.info = EngineInfo(
            name="pocketsphinx",
            version=version("pocketsphinx"),
            model="en-us" if model is None else Path(model).name,
            languages=("en",) if model in (None, "en-us") else ("*",),
        )

    def _decoder(self, **settings: object) -> Any:
        return pocketsphinx.Decoder(loglevel="FATAL", samprate=RATE, maxhmmpf=MAX_HYPOTHESES, **self._files, **settings)

    def _new_live(self) -> Any:
        self._live_count += 1
        return self._decoder(**LIVE)

    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        """Return the words of a segment; key terms spotted in it take the place of what was understood there."""
        self._begin(self._batch)
        _feed(self._batch, pcm)
        words = _ended(self._batch)
        return favoured(words, self.find(pcm, hints.keyterms)) if hints.keyterms else words

    def find(self, pcm: bytes, terms: Sequence[str]) -> Sequence[Word]:
        """Return where phrases are spoken. A phrase with a word that the dictionary lacks is never found."""
        known = self._known(terms)
        if not known:
            return ()
        if self._spotter is None:
            self._spotter = self._new_spotter()
        _listen_for(self._spotter, known)
        self._hear(self._spotter, pcm)
        return _spotted(self._spotter, known)

    def _new_spotter(self) -> Any:
        # The acoustic model only: without a language model the decoder takes a list of phrases.
        return self._decoder(lm=None)

    def _known(self, terms: Sequence[str]) -> dict[str, str]:
        """Return the terms that can be spotted, by the phrase that the decoder reports."""
        known = {" ".join(term.lower().split()): term for term in terms}
        return {phrase: term for phrase, term in known.items() if phrase and self._in_dictionary(phrase)}

    def _hear(self, decoder: Any, pcm: bytes) -> None:
        self._begin(decoder)
        _feed(decoder, pcm)
        decoder.end_utt()

    def _begin(self, decoder: Any) -> None:
        # What came before (another recording, another segment) must not steer this one: the noise level is forgotten,
        # and the cepstral mean is that of the model. A mean taken from the first 15 s of the recording was worse in
        # both recordings it was tried on (word error rate 0.31 for 0.21, 0.90 for 0.87).
        decoder.reinit_feat()
        decoder.set_cmn(self._unheard)
        decoder.start_utt()

    def _in_dictionary(self, phrase: str) -> bool:
        return all(self._batch.lookup_word(word) is not None for word in phrase.split())

    def stream(self, hints: Hints) -> RecognizerStream:
        """Begin an utterance. Each that is spoken at the same time has a decoder of its own; they are used again."""
        return _Stream(self, self._known(hints.keyterms))

    def prepare(self, streams: int) -> None:
        """Make decoders until there is one for each stream. One takes a third of a second and 90 MB."""
        while self._live_count < streams:
            self._live.append(self._new_live())


class _Stream(RecognizerStream):
    def __init__(self, engine: PocketSphinx, known: dict[str, str]) -> None:
        self._engine = engine
        self._known = known
        self._decoder = engine._live.pop() if engine._live else engine._new_live()
        engine._begin(self._decoder)
        self._spotter: Any = None
        if known:
            self._spotter = engine._live_spotters.pop() if engine._live_spotters else engine._new_spotter()
            _listen_for(self._spotter, known)
            engine._begin(self._spotter)

    def feed(self, pcm: bytes) -> None:
        _feed(self._decoder, pcm)
        if self._known:
            _feed(self._spotter, pcm)

    def interim(self) -> Sequence[Word]:
        return self._words()

    def finish(self) -> Sequence[Word]:
        words: Sequence[Word] = _ended(self._decoder)
        if self._known:
            self._spotter.end_utt()
            words = favoured(words, _spotted(self._spotter, self._known))
        self._give_back()
        return words

    def close(self) -> None:
        self._decoder.end_utt()
        if self._known:
            self._spotter.end_utt()
        self._give_back()

    def _words(self) -> Sequence[Word]:
        words = _words(self._decoder)
        return favoured(words, _spotted(self._spotter, self._known)) if self._known else words

    def _give_back(self) -> None:
        self._engine._live.append(self._decoder)
        if self._known:
            self._engine._live_spotters.append(self._spotter)


def _listen_for(spotter: Any, phrases: Iterable[str]) -> None:
    """Have a spotter look for these phrases, instead of those before."""
    with tempfile.TemporaryDirectory(prefix="deepgram-") as folder:
        listed = Path(folder) / "phrases"  # the library reads phrases from files only
        listed.write_text("".join(f"{phrase} /{SPOTTING_THRESHOLD:g}/\n" for phrase in phrases), "utf-8")
        spotter.add_kws("phrases", str(listed))
    spotter.activate_search("phrases")


def _spotted(spotter: Any, known: dict[str, str]) -> Sequence[Word]:
    found = [
        Word(known[phrase], start, end, confidence)
        for phrase, start, end, confidence in _segments(spotter)
        if phrase in known
    ]
    return sorted(found, key=lambda word: word.start)


def favoured(words: Sequence[Word], spotted: Sequence[Word]) -> Sequence[Word]:
    """Put spotted terms in the place of the words that were understood in the same time."""
    result = list(words)
    for term in spotted:
        kept = [word for word in result if not term.start <= (word.start + word.end) / 2 <= term.end]
        parts = term.text.split()
        share = (term.end - term.start) / len(parts)
        replaced = [
            Word(part, term.start + index * share, term.start + (index + 1) * share, term.confidence)
            for index, part in enumerate(parts)
        ]
        result = sorted([*kept, *replaced], key=lambda word: word.start)
    return result


def _feed(decoder: Any, pcm: bytes) -> None:
    for at in range(0, len(pcm), STEP):
        decoder.process_raw(pcm[at : at + STEP])


def _segments(decoder: Any) -> Iterable[tuple[str, float, float, float]]:
    """Yield text, start (s), end (s) and posterior of what the decoder heard, in its own terms."""
    for segment in decoder.seg() or ():  # None if there was nothing to hear
        start, end = segment.start_frame / FRAMES_PER_SECOND, (segment.end_frame + 1) / FRAMES_PER_SECOND
        # Phrases end in a space. A posterior is a float here and can exceed 1 by rounding.
        yield segment.word.strip(), start, end, min(1.0, max(0.0, float(segment.prob)))


def _ended(decoder: Any) -> list[Word]:
    """End an utterance and return its words.

    The best path may end in nothing, where audio is cut within a word; then what was understood until then stands. A
    single word does not: that is what noise is taken for, and the best path rightly drops it.
    """
    heard = _words(decoder)
    decoder.end_utt()
    return _words(decoder) or (heard if len(heard) > 1 else [])


def _words(decoder: Any) -> list[Word]:
    """Return the words without silence (``<sil>``, ``<s>``), noise (``[NOISE]``) and numbers of variants (``(2)``)."""
    return [
        Word(_VARIANT.sub("", text), start, end, confidence)
        for text, start, end, confidence in _segments(decoder)
        if text[:1] not in "<[+"
    ]


def _model_files(model: str | None) -> dict[str, str]:
    """Return the settings that name the parts of a model: the one in the wheel, or a folder of the same shape."""
    if model in (None, "en-us"):
        return {}
    folder = Path(model or "")
    parts = {
        "hmm": next((path.parent for path in sorted(folder.rglob("mdef*"))), None),
        "dict": next(iter(sorted(folder.rglob("*.dict")) + sorted(folder.rglob("*.dic"))), None),
        "lm": next((path for path in _language_models(folder) if "phone" not in path.name), None),
    }
    lacking = [name for name, path in parts.items() if path is None]
    if lacking:
        raise EngineError(
            f"{model} is no model of pocketsphinx: {', '.join(lacking)} not found in it. "
            "Give a folder with an acoustic model (mdef), a dictionary (.dict) and a language model (.lm.bin)"
        )
    return {name: str(path) for name, path in parts.items()}


def _language_models(folder: Path) -> list[Path]:
    """List the language models in a folder; one of phones is for phonetic search only."""
    return sorted(folder.rglob("*.lm.bin")) + sorted(folder.rglob("*.lm"))


def engine(model: str | None, script: Path | None) -> Recognizer:
    """Make the engine."""
    return PocketSphinx(model)
