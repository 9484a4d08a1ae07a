"""Texts that are to be spoken: their controls, by the rules of the service, and where they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgram.local.engines.synthesizer import Pronounced
from deepgram.local.ipa import ipa_warnings
from deepgram.local.speech_text import LONGEST_PHRASE, BadControl, Pause, phrases, read


def test_a_pronunciation_is_told_from_text() -> None:
    spoken = read(r'Take \{"word": "SQL", "pronounce": "siːkwəl"\} now')
    assert spoken.parts == ("Take ", Pronounced("SQL", "siːkwəl"), " now")
    assert spoken.pronunciations == 1
    assert spoken.characters == len("Take SQL now"), "the word is billed, its IPA is not"


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        (r"\{pause:500\}", 500),
        (r"\{pause:500ms\}", 500),
        (r"\{pause:1.5s\}", 1500),
        (r"\{pause:3s\}", 3000),
        ("{pause:{duration_ms:700}}", 700),
        ('{ "pause": ', None),
    ],
)
def test_a_pause_is_told_from_text(written: str, milliseconds: int | None) -> None:
    spoken = read(f"One. {written} Two.", strict=True)
    if milliseconds is None:
        assert spoken.pauses == 0
    else:
        assert spoken.parts == ("One. ", Pause(milliseconds), " Two.")
        assert spoken.characters == len("One.  Two.")


def test_what_the_helpers_of_version_6_wrote_is_understood() -> None:
    spoken = read('One {"word": "a", "pronounce": "eɪ"} {pause:4500} two')
    assert spoken.parts == ("One ", Pronounced("a", "eɪ"), " ", Pause(4500), " two")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"a \{pause:400ms\} b", "BREAK_OUT_OF_RANGE"),
        (r"a \{pause:3100ms\} b", "BREAK_OUT_OF_RANGE"),
        (r"a \{pause:550ms\} b", "BREAK_INCREMENT_INVALID"),
        (r"a \{pause:0.5555s\} b", "BREAK_INCREMENT_INVALID"),
        (r"a {pause:800ms} b", "BREAK_SYNTAX_INVALID"),
        (r"a \{pause:{duration_ms:500}\} b", "BREAK_SYNTAX_INVALID"),
        (r"a \{pause:soon\} b", "BREAK_SYNTAX_INVALID"),
        (r"a \{pause:1s\} \{pause:1s\} b", "BREAKS_LIMIT_EXCEEDED"),
        (r"a \{pause:1s\} " * 9, "BREAKS_LIMIT_EXCEEDED"),
        (r'a \{pause:1s\} \{"word": "b", "pronounce": "b"\}', "CONTROL_COMBINATION_INVALID"),
        (r'\{"word": "", "pronounce": "b"\}', "pronunciation_invalid"),
        (r'\{"word": "b", "pronounce": "\ud800"\}', "pronunciation_invalid"),
        (r'\{"word": "b", "pronounce": "' + "b" * 16 + r'"\}', "PRONUNCIATION_TOO_LONG"),
        (r'\{"word": "' + "b" * 40 + r'", "pronounce": "' + "b" * 129 + r'"\}', "PRONUNCIATION_TOO_LONG"),
        (r'\{"word": "b", "pronounce": "b"\} ' * 501, "PRONUNCIATIONS_LIMIT_EXCEEDED"),
    ],
)
def test_a_control_against_the_rules_is_refused_with_the_code_of_the_service(text: str, code: str) -> None:
    with pytest.raises(BadControl) as refused:
        read(text, strict=True)
    assert refused.value.code == code


def test_braces_that_are_no_control_are_text() -> None:
    text = r'a {b} \{c\} {"d": 1} { e'
    assert read(text).parts == (text,)


def test_signs_that_nobody_says_become_spaces() -> None:
    assert read("a\0b\x7fc\ufeffd").parts == ("a b c d",)


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        read("a\ud800b")


@pytest.mark.parametrize(
    ("ipa", "codes"),
    [
        ("duːpˈɪljuːmæb", []),
        ("duːˈpɪljuːmæb", ["PRON-008"]),
        ("sql1", ["PRON-001"]),
        ("1ː", ["PRON-001", "PRON-002"]),
        ("ːa", ["PRON-003"]),
        ("t͡ʃɪp", []),
        ("1͡a", ["PRON-001", "PRON-004"]),
        ("t͡1", ["PRON-001", "PRON-005"]),
        ("t͡", ["PRON-006"]),
        ("͡t", ["PRON-007"]),
        ("aˈ", ["PRON-009"]),
    ],
)
def test_odd_ipa_has_the_codes_of_the_service(ipa: str, codes: list[str]) -> None:
    assert ipa_warnings(ipa) == codes


def test_flux_takes_stress_marks_before_consonants_too() -> None:
    assert read(r'\{"word": "dupilumab", "pronounce": "duːˈpɪljuːmæb"\}', strict=True).warnings == ()


def test_a_text_is_cut_at_the_ends_of_sentences() -> None:
    text = "It was told to Mr. Smith. " * 30
    cut = ["".join(map(str, phrase)) for phrase in phrases(read(text)) if isinstance(phrase, tuple)]
    assert len(cut) > 3
    assert all(phrase.rstrip().endswith("Smith.") for phrase in cut)
    assert "".join(cut).rstrip() == text.rstrip()


@given(st.text(max_size=1200), st.integers(20, LONGEST_PHRASE))
def test_cutting_loses_nothing_but_spaces_and_makes_no_long_phrase(text: str, first: int) -> None:
    try:
        spoken = read(text)
    except BadControl:
        return
    said: list[str] = []
    for phrase in phrases(spoken, first=first):
        assert isinstance(phrase, tuple)
        words = [part if isinstance(part, str) else part.word for part in phrase]
        assert sum(map(len, words)) <= LONGEST_PHRASE + 1
        said += words
    whole = "".join(part for part in spoken.parts if isinstance(part, str))
    assert "".join("".join(said).split()) == "".join(whole.split())
