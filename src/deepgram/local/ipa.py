"""What is odd in a pronunciation written in the International Phonetic Alphabet, by the service's codes.

Source: developers.deepgram.com/docs/tts-voice-controls ("Pronunciation warning codes").
"""

from __future__ import annotations

_VOWELS = frozenset("iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻ")
_CONSONANTS = frozenset("pbtdʈɖcɟkɡgqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟwʍɥʜʢʡɕʑɺɧʘǀǃǂǁɓɗʄɠʛʧʤʦʣʨʥɫ")
_MODIFIERS = frozenset("ːˑʰʲʷˠˤⁿˡ˞̩̥̬̃̈̽̚")
_STRESS = frozenset("ˈˌ'")
_TIES = frozenset("͜͡")
_BETWEEN = frozenset(" .‿|‖-")


def ipa_warnings(ipa: str, *, stress_before_vowels: bool = True) -> list[str]:
    """Return the service's codes for what is odd in a pronunciation; it is said all the same.

    ``stress_before_vowels``: Aura wants stress marks there, Flux takes them anywhere.
    """
    found: set[str] = set()
    for place, sign in enumerate(ipa):
        before, after = ipa[place - 1 : place], ipa[place + 1 : place + 2]
        if sign in _MODIFIERS:
            if not before:
                found.add("PRON-003")
            elif before not in _VOWELS | _CONSONANTS | _MODIFIERS:
                found.add("PRON-002")
        elif sign in _TIES:
            if not before:
                found.add("PRON-007")
            elif before not in _VOWELS | _CONSONANTS | _MODIFIERS:
                found.add("PRON-004")
            if not after:
                found.add("PRON-006")
            elif after not in _VOWELS | _CONSONANTS:
                found.add("PRON-005")
        elif sign in _STRESS:
            if not after:
                found.add("PRON-009")
            elif stress_before_vowels and after not in _VOWELS:
                found.add("PRON-008")
        elif sign not in _VOWELS and sign not in _CONSONANTS and sign not in _BETWEEN:
            found.add("PRON-001")
    return sorted(found)
