"""Flite: small recorded voices in American English, plain to understand, for people and recognisers alike.

It is a library of the system (Debian and Ubuntu: ``libflite1``; under a licence in the style of BSD), called through
ctypes, which lets go of the GIL while it works. A phrase is given out when it is done.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import unicodedata
from functools import cache
from typing import Any

from .recorded_pitch import at_pitch
from .synthesizer import Manner, Phrase, Pronounced, Sink, Synthesizer, SynthesizerError, SynthesizerInfo

_FEMALE = ("slt",)
_MALE = ("rms", "awb", "kal16")
_WITHOUT_PITCH = frozenset({"rms"})
"""Voices that do not care how high they are told to be: they are made so afterwards."""
_PARTS = ("flite", "flite_usenglish", "flite_cmulex")
"""The library itself and what its voices build on."""
CHUNK = 8000
"""Bytes that are given out at once."""


class _Wave(ctypes.Structure):
    """``cst_wave`` of the library's header cst_wave.h."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class _Voice(ctypes.Structure):
    """The beginning of ``cst_voice`` of the library's header cst_voice.h."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


def library_paths() -> dict[str, str]:
    """Return the libraries that are here, by name; empty if what is needed is not complete."""
    names = (*_PARTS, *(f"flite_cmu_us_{voice}" for voice in (*_FEMALE, *_MALE)))
    found = {name: path for name in names if (path := _find(name))}
    complete = all(name in found for name in _PARTS) and any(f"flite_cmu_us_{voice}" in found for voice in _FEMALE)
    return found if complete and any(f"flite_cmu_us_{voice}" in found for voice in _MALE) else {}


@cache
def _find(name: str) -> str | None:
    # Without tools for development, ctypes.util finds nothing on some systems, where the plain name still works.
    candidates = [ctypes.util.find_library(name)]
    if sys.platform.startswith("linux"):
        candidates += [f"lib{name}.so.1", f"lib{name}.so.2"]
    for candidate in filter(None, candidates):
        try:
            ctypes.CDLL(candidate, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return candidate
    return None


class Flite(Synthesizer):
    """The library with the voices that are installed."""

    def __init__(self) -> None:
        paths = library_paths()
        if not paths:
            raise SynthesizerError("the library flite is not complete (Debian and Ubuntu: apt install libflite1)")
        # What voices build on has to be seen by them: hence one name space for all.
        libraries = {name: ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL) for name, path in paths.items()}
        self._library = library = libraries["flite"]
        library.flite_init()
        library.flite_text_to_wave.restype = ctypes.POINTER(_Wave)
        library.flite_text_to_wave.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        library.flite_synth_phones.restype = ctypes.c_void_p
        library.flite_synth_phones.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        library.utt_wave.restype = ctypes.POINTER(_Wave)
        library.utt_wave.argtypes = [ctypes.c_void_p]
        library.delete_utterance.argtypes = [ctypes.c_void_p]
        library.delete_wave.argtypes = [ctypes.POINTER(_Wave)]
        library.feat_set_float.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float]
        self._voices = {
            voice: _registered(libraries[f"flite_cmu_us_{voice}"], voice)
            for voice in (*_FEMALE, *_MALE)
            if f"flite_cmu_us_{voice}" in libraries
        }
        self.info = SynthesizerInfo(
            name="flite", version="2", languages=("en",), sample_rate=16000, streams=False, spells_ipa=True
        )

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        """Say a phrase; see :class:`Synthesizer`."""
        names = [voice for voice in (_FEMALE if manner.female else _MALE) if voice in self._voices]
        name = names[manner.shade % len(names)]
        voice = self._voices[name]
        features = ctypes.cast(voice, ctypes.POINTER(_Voice)).contents.features
        by_rate = manner.pitch if name in _WITHOUT_PITCH else 1.0
        # The library keeps the address of a name: these are constants, which stay where they are.
        self._library.feat_set_float(features, b"duration_stretch", by_rate / manner.pace)
        self._library.feat_set_float(features, b"f0_shift", manner.pitch)
        sounding = at_pitch(sink, self.info.sample_rate, by_rate)
        for part in phrase:
            if isinstance(part, Pronounced) and (phones := _spelled(part.ipa)):
                wanted = self._say_phones(phones, voice, sounding.put)
            else:
                wanted = self._say_text(_ascii(part if isinstance(part, str) else part.word), voice, sounding.put)
            if not wanted:
                return
        sounding.finish()

    def _say_text(self, text: str, voice: int, sink: Sink) -> bool:
        if not any(sign.isalnum() for sign in text):
            return True
        wave = self._library.flite_text_to_wave(text.encode("ascii"), voice)
        if not wave:
            raise SynthesizerError("flite could not speak the text")
        try:
            return _hand_out(wave.contents, sink)
        finally:
            self._library.delete_wave(wave)

    def _say_phones(self, phones: str, voice: int, sink: Sink) -> bool:
        utterance = self._library.flite_synth_phones(f"pau {phones} pau".encode("ascii"), voice)
        if not utterance:
            raise SynthesizerError("flite could not speak a pronunciation")
        try:
            return _hand_out(self._library.utt_wave(utterance).contents, sink)
        finally:
            self._library.delete_utterance(utterance)


def _registered(library: Any, voice: str) -> int:
    register = getattr(library, f"register_cmu_us_{voice}")
    register.restype = ctypes.c_void_p
    register.argtypes = [ctypes.c_char_p]
    return int(register(None))


def _hand_out(wave: _Wave, sink: Sink) -> bool:
    pcm = ctypes.string_at(wave.samples, 2 * wave.num_samples)
    return all(sink(pcm[place : place + CHUNK]) for place in range(0, len(pcm), CHUNK))


_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": ", ", "…": "..."}
)


def _ascii(text: str) -> str:
    """Return a text in the signs that the library knows."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode().replace("\0", " ")


# The phones of CMU's dictionary, in the order in which they are looked for.
_PHONES = {
    "tʃ": "ch", "dʒ": "jh", "aɪ": "ay", "aʊ": "aw", "eɪ": "ey", "oʊ": "ow", "əʊ": "ow", "ɔɪ": "oy", "ɜːɹ": "er",
    "ɝ": "er", "ɚ": "er", "ɜ": "er", "əɹ": "er", "iː": "iy", "uː": "uw", "ɑː": "aa", "ɔː": "ao", "i": "iy", "u": "uw",
    "ɪ": "ih", "ᵻ": "ih", "ɨ": "ih", "e": "eh", "ɛ": "eh", "æ": "ae", "a": "aa", "ɑ": "aa", "ɒ": "aa", "ɔ": "ao",
    "o": "ow", "ʊ": "uh", "ʌ": "ah", "ə": "ax", "ɐ": "ax", "ø": "er", "œ": "er", "y": "uw",
    "p": "p", "b": "b", "t": "t", "d": "d",
    "k": "k", "g": "g", "ɡ": "g", "f": "f", "v": "v", "θ": "th", "ð": "dh", "s": "s", "z": "z", "ʃ": "sh", "ʒ": "zh",
    "h": "hh", "x": "k", "ç": "sh", "m": "m", "n": "n", "ŋ": "ng", "ɲ": "n", "l": "l", "ɫ": "l", "ɹ": "r", "r": "r",
    "ɾ": "d", "ʁ": "r", "ɻ": "r", "w": "w", "ʍ": "w", "j": "y", "β": "b", "ɣ": "g", "q": "k", "ʧ": "ch", "ʤ": "jh",
}  # fmt: skip
_LONGEST = max(map(len, _PHONES))


def _spelled(ipa: str) -> str:
    """Return the library's phones for ``ipa``; what it cannot say is left out."""
    ipa = "".join(sign for sign in unicodedata.normalize("NFC", ipa) if sign not in "ˈˌ'.‿ ͜͡-")
    phones: list[str] = []
    place = 0
    while place < len(ipa):
        for length in range(min(_LONGEST, len(ipa) - place), 0, -1):
            if phone := _PHONES.get(ipa[place : place + length]):
                phones.append(phone)
                break
        else:
            length = 1
        place += length
    return " ".join(phones)


def engine() -> Synthesizer:
    """Return the engine; raises :class:`SynthesizerError` when its library is not there."""
    return Flite()
