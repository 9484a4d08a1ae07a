"""eSpeak NG: formant synthesis in over a hundred languages, hundreds of times faster than real time.

The library comes with ``espeakng-loader`` and is called through ctypes, which lets go of the GIL while it works. It is
one machine for the whole process (voice, rate and callback are global), so one lock guards it; phrases are short, and
who waits for the lock waits milliseconds. It is under GPL-3: docs/decisions/0015-espeak.md.
"""

from __future__ import annotations

import ctypes
import math
import threading
import unicodedata
from functools import cache

from .synthesizer import Manner, Phrase, Pronounced, Sink, Synthesizer, SynthesizerError, SynthesizerInfo

CHUNK = 60
"""Milliseconds of audio in one piece: the first one comes when the first syllables are made."""

# From the library's header speak_lib.h.
_SYNCHRONOUS = 2  # the callback runs inside espeak_Synth, in the thread that calls it
_DONT_EXIT = 0x8000  # say by the result that the data is missing, instead of ending the process
_CHARACTERS = 1
_UTF8, _PHONEMES, _END_PAUSE = 0x1, 0x100, 0x1000
_IPA = 0x2
_RATE, _PITCH, _RANGE = 1, 3, 4
_WORDS_PER_MINUTE = 175

_VOICES = {
    "en-us": ("en-us", "en-us-nyc"),
    "en-gb": ("en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd"),
    "en-ie": ("en-gb-scotland",),
    "en-au": ("en-gb-x-gbcwmd",),
    "en-in": ("en-029",),
    "es-es": ("es",),
    "es": ("es-419",),
    "ja": ("ja",),
}
"""Language or family: the library's nearest accents. Others go by their primary tag."""
_FEMALE = ("f2", "Annie", "f5", "linda", "f4", "belinda", "f1", "steph", "Alicia", "f3", "anika", "Andrea")
_MALE = ("m3", "Alex", "m7", "Lee", "m1", "Denis", "m5", "Michael", "m8", "Hugo", "m2", "Marco", "m4", "Andy")
"""Timbres, each as unlike the one before it as can be."""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Machine:
    """The library, once for the process. Whoever calls a method holds ``lock``."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise SynthesizerError(
                "the engine espeak is not installed: pip install 'deepgram-sdk[local,espeak]'"
            ) from error
        try:
            library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        except OSError as error:
            raise SynthesizerError(f"the library of eSpeak NG cannot be loaded: {error}") from error
        self.lock = threading.Lock()
        self._library = library
        self._voice = ""
        self._parameters: dict[int, int] = {}
        self._sink: Sink | None = None
        self._failure: BaseException | None = None
        library.espeak_Info.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
            *(ctypes.c_void_p, ctypes.c_void_p),
        ]
        data = str(espeakng_loader.get_data_path()).encode()
        self.sample_rate = int(library.espeak_Initialize(_SYNCHRONOUS, CHUNK, data, _DONT_EXIT))
        if self.sample_rate <= 0:
            raise SynthesizerError("eSpeak NG has not found its data: reinstall espeakng-loader")
        self.version = (library.espeak_Info(None) or b"").decode()
        self._callback = _Callback(self._made)  # kept: the library only has its address
        library.espeak_SetSynthCallback(self._callback)

    def set_voice(self, voice: str) -> bool:
        """Choose a voice; tell whether there is one of that name."""
        if voice == self._voice:
            return True
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return False
        self._voice = voice
        self._parameters.clear()  # a voice brings its own
        return True

    def set_parameter(self, number: int, value: int) -> None:
        if self._parameters.get(number) != value:
            self._library.espeak_SetParameter(number, value, 0)
            self._parameters[number] = value

    def synthesize(self, text: bytes, flags: int, sink: Sink) -> None:
        """Hand the audio of ``text`` to ``sink``."""
        self._sink, self._failure = sink, None
        try:
            status = self._library.espeak_Synth(text, len(text) + 1, 0, _CHARACTERS, 0, flags, None, None)
        finally:
            self._sink = None
        if self._failure is not None:
            raise self._failure
        if status != 0:
            raise SynthesizerError(f"eSpeak NG failed with status {status}")

    def phonemes(self, text: str) -> str:
        """Return the IPA of ``text`` in the voice that is set."""
        buffer = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        found: list[str] = []
        while place.value:
            found.append(self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA).decode())
        return " ".join(found)

    def _made(self, samples: int | None, count: int, events: int | None) -> int:
        # An exception cannot pass through the library: it is kept, and raised when the library has returned.
        if not samples or count <= 0 or self._sink is None:
            return 0
        try:
            return 0 if self._sink(ctypes.string_at(samples, 2 * count)) else 1
        except BaseException as error:
            self._failure = error
            return 1


@cache
def _machine() -> _Machine:
    return _Machine()


class Espeak(Synthesizer):
    """The library with the timbres and accents it has."""

    def __init__(self) -> None:
        self._machine = machine = _machine()
        self.info = SynthesizerInfo(
            name="espeak",
            version=machine.version,
            languages=("en", "es", "de", "fr", "it", "nl", "ja", "pt", "ca", "sv", "da", "pl", "fi", "tr", "el", "ru"),
            sample_rate=machine.sample_rate,
        )

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        """Say a phrase; see :class:`Synthesizer`."""
        machine = self._machine
        with machine.lock:
            self._choose(manner)
            text = "".join(self._written(part, manner) for part in phrase)
            machine.set_parameter(_RATE, max(80, min(449, round(_WORDS_PER_MINUTE * manner.pace))))
            # One step of the parameter is close to a hundredth of an octave's half: measured, 1.2 % of the frequency.
            machine.set_parameter(_PITCH, max(0, min(99, 50 + round(math.log(manner.pitch) / math.log(1.012)))))
            machine.set_parameter(_RANGE, max(0, min(99, round(50 * manner.liveliness))))
            machine.synthesize(text.encode(), _UTF8 | _PHONEMES | (0 if last else _END_PAUSE), sink)

    def _choose(self, manner: Manner) -> None:
        timbres = _FEMALE if manner.female else _MALE
        timbre = timbres[manner.shade % len(timbres)]
        accent = _accent(manner)
        if not self._machine.set_voice(f"{accent}+{timbre}"):
            raise SynthesizerError(f"eSpeak NG has no voice for the language {manner.language}")

    def _written(self, part: str | Pronounced, manner: Manner) -> str:
        if isinstance(part, str):
            return part.replace("[[", "[ [")  # two brackets would begin phonemes
        mnemonics = _spelled(part.ipa, _accent(manner))
        return f"[[{mnemonics}]]" if mnemonics else part.word


def _accent(manner: Manner) -> str:
    language = manner.language.lower()
    primary = language.partition("-")[0]
    accents = _VOICES.get(language) or _VOICES.get(primary) or (primary,)
    return accents[manner.shade % len(accents)]


# --- The International Phonetic Alphabet ------------------------------------------------------------------------------

# The library has its own way of writing phonemes, and each language its own set. Which sound such a name stands for in
# the language that is set, the library tells itself; these are the names it is asked about.
_CONSONANTS = (
    "p b t d k g f v T D s z S Z h x X Q C B P c J tS dZ ts dz tS; m n N n^ l l^ L r r- R R2 * ** j w w# H ? n- l- m-"
)
_VOWELS = (
    "i i: I I2 I# e e: E E: a a: A A: A~ E~ O~ W~ O O: o o: 0 U U2 u u: y y: Y Y: W W: @ @2 @5 3 3: V V: V# a# aI aU "
    "OI eI oU @U i@ i@3 e@ U@ aI@ aI3 aU@ O@ o@ A@ EI eU ei ai au oi ou M M:"
)
_LIKE = {
    "g": "ɡ", "r": "ɹ", "ɾ": "ɹ", "ʁ": "ɹ", "ɻ": "ɹ", "ɑ": "ɑː", "ɔ": "ɔː", "ɒ": "ɑː", "a": "æ", "æ": "a", "i": "iː",
    "iː": "i", "u": "uː", "uː": "u", "ɜ": "ɜː", "ɝ": "ɜː", "ɜ˞": "ɜː", "ɚ": "ə", "e": "ɛ", "ɛ": "e",
    "o": "oʊ", "oʊ": "o",
    "ɐ": "ə", "ʌ": "ɐ", "ə": "ɐ", "ɪ": "i", "ʊ": "u", "θ": "s", "ð": "d", "ʒ": "ʃ", "h": "x", "x": "h", "ç": "ʃ",
    "ŋ": "n", "ɲ": "n", "ʎ": "l", "ɫ": "l", "ɬ": "l", "ʔ": "", "w": "u", "ɥ": "w", "y": "uː", "ø": "ɜː", "œ": "ɜː",
    "ɹ": "r", "v": "b", "β": "b", "ɣ": "ɡ", "χ": "x", "ʍ": "w", "ʏ": "y", "ɨ": "ɪ", "ʉ": "uː", "ɯ": "u", "ɕ": "ʃ",
    "ʑ": "ʒ", "q": "k", "ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "ɔː": "o", "ɑː": "a", "ɜː": "ə", "tʃ": "ʃ",
}  # fmt: skip
"""What comes closest to a sound that a language does not have."""


@cache
def _sounds(accent: str) -> dict[str, str]:
    """Return the library's names of sounds by their IPA, as it knows them for an accent that is set."""
    machine = _machine()

    def heard(written: str) -> str:
        return machine.phonemes(f"[[{written}]]").translate(_UNMARKED).strip()

    # Between vowels and under stress: elsewhere a language changes its sounds (German ends no word with a voiced one).
    vowel = heard("'a:")
    sounds: dict[str, str] = {}
    for name in _CONSONANTS.split():
        sounds.setdefault(heard(f"{name}|'a:").removesuffix(vowel), name)
    for name in _VOWELS.split():
        sounds.setdefault(heard(f"'{name}"), name)
    # Nothing: it is not known here; brackets: a switch to another language.
    return {sound: name for sound, name in sounds.items() if sound and "(" not in sound}


_UNMARKED = {ord(mark): None for mark in "ˈˌ\u200d\u031e\u0308ᵝ"}
_STRESS = {"ˈ": "'", "ˌ": ",", "'": "'"}
_IGNORED = frozenset(".‿|‖-/[]()͜͡ \u200d")


def _spelled(ipa: str, accent: str) -> str:
    """Return the library's way of writing ``ipa``; what it cannot say at all is left out."""
    sounds = _sounds(accent)
    longest = max(map(len, sounds), default=1)
    ipa = "".join(sign for sign in unicodedata.normalize("NFC", ipa) if sign not in _IGNORED)
    written: list[str] = []
    place = 0
    while place < len(ipa):
        if ipa[place] in _STRESS:
            written.append(_STRESS[ipa[place]])
            place += 1
            continue
        for length in range(min(longest, len(ipa) - place), 0, -1):
            if (name := _name_of(ipa[place : place + length], sounds)) is not None:
                break
        else:
            length, name = 1, ""
        # The names run into each other unless they are kept apart: "t" and "S" are not "tS".
        written.append(name + "|" if name else "")
        place += length
    return "".join(written).removesuffix("|")


def _name_of(sound: str, sounds: dict[str, str]) -> str | None:
    seen: set[str] = set()
    while sound not in seen:
        if sound in sounds:
            return sounds[sound]
        seen.add(sound)
        sound = _LIKE.get(sound, sound)
    return None


def engine() -> Synthesizer:
    """Return the engine; raises :class:`SynthesizerError` when its library is not there."""
    return Espeak()
