"""Numerals, measurements, dates, amounts and identifiers: what is written in digits, and what is not."""

from __future__ import annotations

import pytest

from deepgram.local.engines.recognizer import EngineInfo, Word
from deepgram.local.formatting import formatted
from deepgram.local.formatting.token import Token, joined
from deepgram.local.options import ListenOptions

PLAIN = EngineInfo("scripted", "1", "en", ("en",))
PUNCTUATING = EngineInfo("whisper", "1", "tiny", ("*",), punctuates=True)


def said(text: str) -> list[Word]:
    return [Word(word, index * 0.3, index * 0.3 + 0.25, 0.9) for index, word in enumerate(text.split())]


def tokens(text: str, info: EngineInfo = PLAIN, **options: str) -> list[Token]:
    return formatted(said(text), ListenOptions.read({name: [value] for name, value in options.items()}), info)


def numerals(text: str) -> str:
    return joined(tokens(text, numerals="true"), punctuated=False)


def smart(text: str) -> str:
    return joined(tokens(text, smart_format="true"), punctuated=True)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("nine hundred", "900"),
        ("the nine hundredth time", "the 900th time"),
        (
            "my account number is nine two eight four seven three seven three nine two three seven",
            "my account number is 9 2 8 4 7 3 7 3 9 2 3 7",
        ),
        (
            "my customer id code is five one y w capital k capital p capital o six four one five lowercase d as in dog",
            "my customer id code is 5 1 y w capital k capital p capital o 6 4 1 5 lowercase d as in dog",
        ),
        (
            "i live at five five five main street new york new york one zero zero zero five",
            "i live at 5 5 5 main street new york new york 1 0 0 0 5",
        ),
        ("there were twenty three people", "there were 23 people"),
        ("two thousand and one a space odyssey", "2001 a space odyssey"),
        ("nine hundred ninety nine thousand nine hundred ninety nine", "999999"),
        ("zero point five", "0.5"),
        ("he wrote nineteen eighty four", "he wrote 1984"),
        ("born in nineteen oh five", "born in 1905"),
        ("the year twenty twenty five", "the year 2025"),
        ("a hundred and five of them", "105 of them"),
        ("a thirty second clock", "a 30 second clock"),
    ],
)
def test_numbers_become_digits(heard: str, written: str) -> None:
    assert numerals(heard) == written


@pytest.mark.parametrize(
    "heard",
    [
        "it was one of the best of times",
        "no one knows the one and only",
        "for the first time second to none wait a second",
        "a hundred times and half a million more",
        "two thirds of them and a third of us",
        "the nineteen eighties were loud",
        "o captain my captain oh dear",
        "the point is that they came to the point",
        "it was the best of times it was the worst of times it was the age of wisdom",
    ],
)
def test_ordinary_prose_is_left_alone(heard: str) -> None:
    assert numerals(heard) == heard


def test_a_number_spans_the_words_it_was_said_with() -> None:
    heard = said("exactly twenty three people")
    number = formatted(heard, ListenOptions(numerals=True), PLAIN)[1]
    assert (number.text, number.start, number.end) == ("23", heard[1].start, heard[2].end)
    assert number.confidence == pytest.approx(0.9)


def test_numbers_on_both_sides_of_a_silence_are_two() -> None:
    heard = [Word("twenty", 0.0, 0.5, 0.9), Word("three", 4.0, 4.5, 0.9)]
    assert [token.text for token in formatted(heard, ListenOptions(numerals=True), PLAIN)] == ["20", "3"]


def test_numbers_of_an_engine_that_punctuates_keep_their_punctuation() -> None:
    words = tokens("Twenty-three, and then seventy five.", PUNCTUATING, numerals="true", punctuate="true")
    assert joined(words, punctuated=True) == "23, and then 75."


def test_a_number_does_not_reach_over_a_full_stop() -> None:
    words = tokens("There were twenty. Three came back.", PUNCTUATING, numerals="true", punctuate="true")
    assert joined(words, punctuated=True) == "There were 20. 3 came back."


def test_numerals_are_known_in_other_languages_than_english() -> None:
    words = tokens("vingt trois personnes", numerals="true", language="fr")
    assert joined(words, punctuated=False) == "23 personnes"


def test_numerals_in_a_language_nobody_taught_them_change_nothing() -> None:
    assert joined(tokens("kaksi kolme", numerals="true", language="fi"), punctuated=False) == "kaksi kolme"


def test_measurements_are_abbreviated_after_numbers_only() -> None:
    heard = "i just ate thirty three grams of pasta and drank fifty five milliliters of water"
    assert joined(tokens(heard, measurements="true"), punctuated=False) == (
        "i just ate 33 g of pasta and drank 55 ml of water"
    )
    unmeasured = "the meter is running and every gram counts"
    assert joined(tokens(unmeasured, measurements="true"), punctuated=False) == unmeasured


def test_the_example_of_the_documentation_is_formatted_smartly() -> None:
    heard = (
        "i'm recording this at eight thirty seven pm on wednesday it's november second twenty twenty two i just ate"
        " thirty three grams of pasta and then drank fifty five milliliters of water at three hundred main street "
        "then i walked down to one two three southeast main street to get my package with tracking number one z "
        "five seven a two b"
    )
    # The service also knows sentences and street names; rules do not.
    assert smart(heard) == (
        "I'm recording this at 8:37 PM on Wednesday it's November 2 2022 I just ate 33 grams of pasta and then "
        "drank 55 milliliters of water at 300 main street then I walked down to 123 southeast main street to get my"
        " package with tracking number 1Z57A2B."
    )


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("it costs twenty dollars and fifty cents", "It costs $20.50."),
        ("they paid one point five million dollars", "They paid $1.5 million."),
        ("three hundred thousand euros", "€300,000."),
        ("twenty five percent of two point five per cent", "25% of 2.5%."),
        ("he may march in may", "He may march in May."),
        ("the second of november nineteen eighty four", "The 2nd of November 1984."),
        ("on may fifth at seven a m", "On May 5 at 7 AM."),
        ("we met at nine o'clock", "We met at 9 o'clock."),
        ("my phone number is five five five two one two nine three three three", "My phone number is 555-212-9333."),
        ("call me at five five five one two one two", "Call me at 555-1212."),
        ("my zip code is one oh oh one two", "My zip code is 10012."),
        ("room number four oh twelve", "Room number 4012."),
        ("one two three go", "1 2 3 go."),
        ("my email is jane at mail dot example dot com", "My email is jane@mail.example.com."),
        ("look at example dot org", "Look at example.org."),
        ("take number five seven a day", "Take number 5 7 a day."),
        ("a million dollars is not two", "A million dollars is not two."),
        ("where he was at eight am i sure", "Where he was at 8 am I sure."),
    ],
)
def test_smart_formatting(heard: str, written: str) -> None:
    assert smart(heard) == written


@pytest.mark.parametrize("text", ["zero", "zero dollars", "million", "nine", "one point", "may second twenty", "p m"])
def test_endless_repetition_is_formatted_like_anything_else(text: str) -> None:
    heard = " ".join([text] * 1500)
    assert tokens(heard, smart_format="true", measurements="true", redact="numbers", paragraphs="true")
    assert tokens(heard, smart_format="true", measurements="true", numerals="true")


def test_a_formatted_amount_is_one_word_in_time() -> None:
    heard = said("exactly twenty dollars and fifty cents please")
    words = formatted(heard, ListenOptions(smart_format=True), PLAIN)
    assert [word.text for word in words] == ["exactly", "$20.50", "please"]
    assert (words[1].start, words[1].end) == (heard[1].start, heard[5].end)


def test_half_of_day_is_a_word_of_its_own() -> None:
    words = tokens("at eight thirty seven p m", smart_format="true")
    assert [(word.text, word.punctuated) for word in words[1:]] == [("8:37", "8:37"), ("pm", "PM.")]
