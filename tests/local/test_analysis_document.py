"""Texts become sentences with numbered words; none is lost, none is endless."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgram.local.analysis.document import (
    LONGEST_SENTENCE,
    LONGEST_STRETCH,
    cleaned,
    numbered,
    sentences_of,
    tokens_in,
)

PROPERTIES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def split(text: str) -> list[str]:
    return [sentence.text for sentence in sentences_of(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        (
            "Dr. Alan Reed met Mr. J. Smith at 10 a.m. on Monday.",
            ["Dr. Alan Reed met Mr. J. Smith at 10 a.m. on Monday."],
        ),
        ("We met at 10 a.m. Then we left.", ["We met at 10 a.m.", "Then we left."]),
        ("It costs 3.50 in the U.S. today. Fine.", ["It costs 3.50 in the U.S. today.", "Fine."]),
        ('"What?" he asked. No.', ['"What?" he asked.', "No."]),
        ("hello there. how are you. fine", ["hello there.", "how are you.", "fine"]),
        ("Wait... what? No", ["Wait... what?", "No"]),
        ("A Heading\n\nSome text\nwhich goes on.", ["A Heading", "Some text which goes on."]),
        ("Agent: hello\nCustomer: hi there\nAgent: bye", ["Agent: hello", "Customer: hi there", "Agent: bye"]),
        ("Buy:\n- milk\n- bread", ["Buy:", "- milk", "- bread"]),
        ("  spaced \t out\u00a0text ", ["spaced out text"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


def test_words_are_counted_from_0_through_the_text() -> None:
    first, second = sentences_of("Hi. Thank you for calling.")
    assert (first.start, first.end, second.start, second.end) == (0, 0, 1, 4)


def test_a_stretch_without_an_end_is_cut() -> None:
    sentences = sentences_of("word " * (2 * LONGEST_STRETCH + 1))
    assert [len(sentence.words) for sentence in sentences] == [20, 20, 20, 21]
    assert sentences[-1].start == 60


def test_long_sentences_are_cut_at_commas_and_speech_before_conjunctions() -> None:
    assert split(f"{'a ' * 50}b, {'c ' * 50}d.") == [f"{'a ' * 50}b,", f"{'c ' * 50}d."]
    assert split(f"{'a ' * 25}because {'b ' * 25}")[:2] == [("a " * 25).strip(), f"because {'b ' * 25}".strip()]


def test_what_cannot_be_shown_is_left_out() -> None:
    assert cleaned("a\0b\x1bc\ufeff d\ud800e\udfff\n") == "a b c  d\ufffde\ufffd\n"
    cleaned("\ud800").encode()


def test_long_words_count_as_several_tokens() -> None:
    assert tokens_in("Hello, world!") == 4
    assert tokens_in("a" * 1200) == 100


@PROPERTIES
@given(st.text())
def test_no_word_is_lost(text: str) -> None:
    text = cleaned(text)
    sentences = sentences_of(text)
    assert [word for sentence in sentences for word in sentence.words] == text.split()
    assert numbered(sentence.words for sentence in sentences) == sentences
    reached = 0
    for sentence in sentences:
        assert sentence.start == reached
        assert 1 <= len(sentence.words) <= LONGEST_SENTENCE
        reached = sentence.end + 1
