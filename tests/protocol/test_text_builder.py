"""Text with pauses and pronunciations: output and limits of 7.17.0, and the form of 6.1.1."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from deepgram.helpers import TextBuilder, add_pronunciation, ssml_to_deepgram, validate_ipa, validate_pause
from deepgram.helpers.text_builder import PAUSE_PATTERN, PRONUNCIATION_PATTERN

IPA = "ˌæzəˈθaɪəpriːn"
PRONOUNCED = r'\{"word": "azathioprine", "pronounce": "ˌæzəˈθaɪəpriːn"\}'


def test_a_text_is_put_together_step_by_step() -> None:
    builder = TextBuilder()
    assert builder.text("Take ") is builder
    assert builder.pronunciation("azathioprine", IPA) is builder
    assert builder.text(" daily.").build() == f"Take {PRONOUNCED} daily."
    assert builder.text(" Or not.").build() == f"Take {PRONOUNCED} daily. Or not."
    assert TextBuilder().text("One").pause(500).text("two").build() == r"One\{pause:500ms\}two"
    assert TextBuilder().from_ssml('<speak>One<break time="1s"/>two</speak>').build() == r"One\{pause:1000ms\}two"
    assert TextBuilder().build() == TextBuilder().text("").build() == ""


def test_the_form_of_older_releases_can_be_asked_for() -> None:
    text = TextBuilder(form="6.1").text("One ").pause(5000).pronunciation("two", "x").build()
    assert text == 'One {pause:5000}{"word": "two", "pronounce": "x"}'
    assert add_pronunciation("one two", "two", "x", form="6.1") == 'one {"word": "two", "pronounce": "x"}'
    assert ssml_to_deepgram('a<break time="0.55s"/>', form="6.1") == "a{pause:600}"
    assert ssml_to_deepgram('<break time="9s"/><break time="1ms"/>', form="6.1") == "{pause:5000}{pause:500}"
    with pytest.raises(ValueError, match="form"):
        TextBuilder(form="5")  # type: ignore[arg-type]


def test_what_is_written_is_what_the_patterns_find() -> None:
    word = 'a "quoted" \\ word'
    text = TextBuilder().pronunciation(word, "x").build()
    assert re.fullmatch(PRONUNCIATION_PATTERN, text)
    assert json.loads(text[1:-2] + "}") == {"word": word, "pronounce": "x"}
    found = re.fullmatch(PAUSE_PATTERN, TextBuilder().pause(700).build())
    assert found is not None
    assert found[1] == "700"


@pytest.mark.parametrize("ipa", ["", None, 5, 'a"b', "a\\b", "a\nb", "a\rb", "a\tb", "x" * 101])
def test_what_can_be_no_pronunciation(ipa: Any) -> None:
    valid, problem = validate_ipa(ipa)
    assert not valid
    assert problem
    with pytest.raises(ValueError, match=re.escape(problem)):
        TextBuilder().pronunciation("word", ipa)
    with pytest.raises(ValueError, match=re.escape(problem)):
        add_pronunciation("word", "word", ipa)


@pytest.mark.parametrize("ipa", [IPA, " ", "x" * 100, "it's", "{}", "<b>"])
def test_what_can_be_a_pronunciation(ipa: str) -> None:
    assert validate_ipa(ipa) == (True, "")


@pytest.mark.parametrize("pause", [0, 499, 550, 3001, 3100, -500, 500.0, "500", None, True])
def test_what_can_be_no_pause(pause: Any) -> None:
    valid, problem = validate_pause(pause)
    assert not valid
    with pytest.raises(ValueError, match=re.escape(problem)):
        TextBuilder().pause(pause)


def test_what_can_be_a_pause() -> None:
    assert all(validate_pause(pause) == (True, "") for pause in range(500, 3001, 100))
    assert all(validate_pause(pause, form="6.1") == (True, "") for pause in range(500, 5001, 100))
    assert not validate_pause(5100, form="6.1")[0]


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("cat concat cat", "cat", "* concat cat"),
        ("Cat cat", "cat", "Cat *"),
        ("a.b axb", "a.b", "* axb"),
        ("no such thing", "cat", "no such thing"),
        ("", "cat", ""),
        ("C++ is", "C++", "C++ is"),  # a mark is not the edge of a word
        ("日本 語", "日本", "* 語"),
        ("x_y x", "x", "x_y *"),
        ("cat " + "x" * 3000, "cat", "* " + "x" * 3000),
    ],
)
def test_the_first_whole_word_gets_a_pronunciation(text: str, word: str, expected: str) -> None:
    control = rf'\{{"word": "{word}", "pronounce": "x"\}}'
    assert add_pronunciation(text, word, "x") == expected.replace("*", control)


@pytest.mark.parametrize(
    ("ssml", "expected"),
    [
        ("<speak>Hello</speak>", "Hello"),
        ("lead <speak version='1'> a </speak> tail", "a"),
        ("<p>One</p><s>two</s> <emphasis level='strong'>three</emphasis>", "Onetwo three"),
        ("a &amp; b < c", "a &amp; b < c"),
        ("<break time='500ms'/>", r"\{pause:500ms\}"),
        ('a<break time="1.5s" />b', r"a\{pause:1500ms\}b"),
        ("<break/><break strength='x' time='1s'/>", ""),
        ('<phoneme alphabet="ipa" ph="x">w</phoneme>', r'\{"word": "w", "pronounce": "x"\}'),
        ("<phoneme ph='x'  alphabet = 'ipa'>w</phoneme>", r'\{"word": "w", "pronounce": "x"\}'),
        ('<phoneme alphabet="x-sampa" ph="x">w</phoneme>', "w"),
        ('<phoneme ph="x">w</phoneme>', "w"),
        ("", ""),
    ],
)
def test_ssml_becomes_text_with_controls(ssml: str, expected: str) -> None:
    assert ssml_to_deepgram(ssml) == expected


@pytest.mark.parametrize("time", ["5s", "50ms", "550ms", "0.55s", "3100ms", "1.0001s"])
def test_ssml_with_a_pause_that_is_not_possible_is_refused(time: str) -> None:
    with pytest.raises(ValueError, match="pause"):
        ssml_to_deepgram(f'<break time="{time}"/>')


def test_there_are_limits() -> None:
    assert TextBuilder().text("x" * 2000).pause(500).build()
    with pytest.raises(ValueError, match="2001 characters"):
        TextBuilder().text("x" * 2001).build()
    with pytest.raises(ValueError, match="2001 characters"):
        TextBuilder().text("x" * 1999).pronunciation("ww", "x").build()
    builder = TextBuilder()
    for _ in range(8):
        builder.pause(500)
    with pytest.raises(ValueError, match="8 are allowed"):
        builder.pause(500)
    with pytest.raises(ValueError, match="8 are allowed"):
        ssml_to_deepgram('<break time="500ms"/>' * 9)
    old = TextBuilder(form="6.1")
    for _ in range(50):
        old.pause(500)
    with pytest.raises(ValueError, match="50 are allowed"):
        old.pause(500)
    many = TextBuilder()
    for _ in range(500):
        many.pronunciation("w", "x")
    with pytest.raises(ValueError, match="500 are allowed"):
        many.pronunciation("w", "x")


def test_pauses_and_pronunciations_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="not both"):
        TextBuilder().pause(500).pronunciation("w", "x").build()
    with pytest.raises(ValueError, match="not both"):
        ssml_to_deepgram('<break time="1s"/><phoneme alphabet="ipa" ph="x">w</phoneme>')
    with pytest.raises(ValueError, match="not both"):
        add_pronunciation(r"a \{pause:500ms\} w", "w", "x")


def test_controls_inside_of_text_count() -> None:
    with pytest.raises(ValueError, match="8 are allowed"):
        TextBuilder().text(r"\{pause:500ms\}" * 9)
    with pytest.raises(ValueError, match="123"):
        TextBuilder().text(r"\{pause:123ms\}")
    assert TextBuilder().text("x" * 1990).text(r"\{pause:500ms\}").text("x" * 10).build()
