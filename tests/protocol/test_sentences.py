"""Cutting a stream of text into sentences."""

from __future__ import annotations

import random
import unicodedata

import pytest

from deepgram.protocol.sentences import Sentences


def cut(text: str, size: int = 0, longest: int = 400) -> list[str]:
    """Return the sentences of ``text``, given in pieces of ``size`` characters, or as a whole."""
    sentences = Sentences(longest=longest)
    found: list[str] = []
    for start in range(0, len(text), size or len(text) or 1):
        found += sentences.add(text[start : start + (size or len(text))])
    return found + sentences.finish()


CASES = {
    "plain": ["Hello there. ", "How are you? ", "Fine!"],
    "titles": ["Dr. Smith met Mr. and Mrs. J. R. Jones. ", "They talked."],
    "dates and numbers": ["It cost $3.14 on Jan. 5 at No. 7, see Fig. 2. ", "Version 2.0. ", "Next."],
    "a word that is an abbreviation elsewhere": ["He said no. ", "She sat. ", "Then they left."],
    "small letters go on": ["It was e.g. this, i.e. that etc. and so on. ", "Wait... what? ", "Yes."],
    "initials": ["The U.S. Senate met in D.C. today. ", "And I. ", "Then you."],
    "quotes and brackets": ['He said "Stop!" and left. ', '"Really?" she asked. ', "(Yes.) ", "Done."],
    "lists": ["1. Milk\n", "2. Eggs\n\n", "a) Bread\n", "That is all."],
    "addresses": ["See www.example.com or mail a.b@c.de. ", "Or call."],
    "marks together": ["What?! ", "No... ", "Yes!!! ", "Oh."],
    "ellipsis": ["Well… maybe. ", "Or not… ", "Who knows?"],
    "Chinese and Japanese": ["今日は晴れです。", "明日は雨でしょう！", "「本当？」", "はい。"],
    "Hindi": ["नमस्ते। ", "आप कैसे हैं? ", "ठीक हूँ।"],
    "Arabic": ["كيف حالك؟ ", "أنا بخير. ", "شكرا!"],
    "Urdu": ["یہ ایک جملہ ہے۔ ", "دوسرا جملہ۔"],
    "Armenian": ["Բարև։ ", "Ինչպես ես։"],
    "Amharic": ["ሰላም። ", "እንዴት ነህ።"],
    "Spanish": ["¿Qué tal? ", "¡Bien! ", "El Sr. López llegó."],
    "German": ["Das ist z.B. Herr Dr. Maier, Nr. 5. ", "Gut."],
    "controls": [r'Take \{"word": "Dr. No. A", "pronounce": "x. y"\} now. ', "Good."],
    "blank lines first": ["\n\n Hello. ", "You."],
    "no space after it": ["Well.Then go on. ", "Yes."],
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_sentences_end_where_people_end_them(name: str, size: int) -> None:
    assert cut("".join(CASES[name]), size) == CASES[name]


def test_a_sentence_is_given_out_as_soon_as_the_next_word_begins() -> None:
    sentences = Sentences()
    assert sentences.add("Hello there.") == []
    assert sentences.add(" ") == []
    assert sentences.add("H") == ["Hello there. "]
    assert sentences.add("ow are you?\n") == []
    assert sentences.finish() == ["How are you?\n"]
    assert sentences.finish() == []


def test_text_without_an_end_is_cut_after_a_clause_or_word_all_the_same() -> None:
    assert cut("one, two, three four five six seven eight", longest=20) == [
        "one, two, three ",
        "four five six seven ",
        "eight",
    ]
    assert cut("a" * 45, longest=20) == ["a" * 20, "a" * 20, "a" * 5]
    assert cut("one two three, four five six", longest=20) == ["one two three, ", "four five six"]
    assert [len(piece) for piece in cut("word " * 200)] == [400, 400, 200]


def test_a_cut_leaves_characters_whole() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    for text in ("e\u0301" * 300, family * 60, "\U0001f44d\U0001f3fd" * 60):
        for piece in cut(text, longest=21):
            assert unicodedata.combining(piece[0]) == 0
            assert piece[0] not in "\u200d\U0001f3fd"
            assert not piece.endswith("\u200d")


def test_a_control_is_not_cut() -> None:
    control = r'\{"word": "azathioprine", "pronounce": "x"\}'
    assert cut("say it now " + control + " or never", longest=50) == ["say it now ", control + " or ", "never"]


def test_however_it_comes_and_whatever_it_is_the_text_comes_out_again() -> None:
    source = random.Random(4)
    parts = [
        "Hello",
        "world",
        ".",
        ". ",
        "! ",
        "?",
        "…",
        " ",
        "\n",
        "Dr.",
        "3.14",
        "。",
        "「",
        "」",
        '"',
        "'",
        "a",
        "A",
    ]
    parts += [
        r"\{",
        r"\}",
        "e\u0301",
        "\U0001f469\u200d\U0001f467",
        "x" * 30,
        ",",
        ", ",
        "\u037e ",
        "।",
        "\0",
        "\ud83d",
    ]
    for _ in range(1500):
        text = "".join(source.choice(parts) for _ in range(source.randint(0, 60)))
        longest = source.choice([20, 21, 40, 400])
        found = cut(text, 0, longest)
        assert "".join(found) == text
        assert all(0 < len(piece) <= longest for piece in found)
        assert cut(text, 1, longest) == cut(text, source.randint(2, 9), longest) == found


def test_a_book_at_once_is_no_harder_than_in_pieces() -> None:
    book = "This is a sentence of a book. " * 50_000
    assert len(cut(book)) == 50_000


def test_a_limit_that_no_sentence_fits_into_is_refused() -> None:
    with pytest.raises(ValueError, match="20"):
        Sentences(longest=19)
