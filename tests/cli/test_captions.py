"""Captions: what is made of words, and that a reader of the formats reads the same back."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgram.cli.captions import LINE, LINES, LONGEST, Cue, Growing, Phrase, Spoken, cues, srt, vtt


def spoken(text: str, start: float = 0.0, each: float = 0.4, pause: float = 0.0) -> tuple[Spoken, ...]:
    """Return the words of ``text``, evenly spoken."""
    step = each + pause
    return tuple(Spoken(word, start + n * step, start + n * step + each) for n, word in enumerate(text.split()))


def said(made: Sequence[Cue]) -> list[str]:
    return [" ".join(cue.lines) for cue in made]


Read = tuple[int, int, str]


def milliseconds(clock: str) -> int:
    match = re.fullmatch(r"(\d{2,}):([0-5]\d):([0-5]\d)[.,](\d{3})", clock)
    assert match, clock
    hours, minutes, seconds, rest = map(int, match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def read_srt(text: str) -> list[Read]:
    """Read SubRip as players do: a number, a time line, text up to an empty line."""
    found: list[Read] = []
    for number, block in enumerate(text.split("\n\n") if text else [], start=1):
        first, times, *lines = block.strip("\n").split("\n")
        assert first == str(number)
        assert lines
        assert all(line.strip() for line in lines)
        start, arrow, end = times.partition(" --> ")
        assert arrow
        assert "," in start
        found.append((milliseconds(start), milliseconds(end), "\n".join(lines)))
    return found


def read_vtt(text: str) -> list[tuple[int, int, str, str]]:
    """Read WebVTT by the rules of its standard: header, cues, voice spans, character references."""
    head, *blocks = text.split("\n\n")
    assert head.strip("\n") == "WEBVTT"
    found: list[tuple[int, int, str, str]] = []
    for block in blocks:
        times, *lines = block.strip("\n").split("\n")
        start, arrow, end = times.partition(" --> ")
        assert arrow
        assert "." in start
        payload = "\n".join(lines)
        assert payload
        assert "-->" not in payload
        voice = re.match(r"<v ([^>\n]+)>", payload)
        rest = payload[voice.end() :] if voice else payload
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", rest)
        found.append((milliseconds(start), milliseconds(end), html.unescape(rest), voice[1] if voice else ""))
    return found


def test_a_short_sentence_is_one_cue_with_its_own_times() -> None:
    made = cues([Phrase(spoken("Hello there.", start=1.5))])
    assert made == [Cue(1500, 2500, ("Hello there.",))]  # 0.8 s of speech, held for a second


def test_a_cue_is_held_only_until_the_next_one() -> None:
    made = cues([Phrase((Spoken("Yes.", 0.0, 0.2),)), Phrase((Spoken("No.", 0.5, 0.7),))])
    assert [(cue.start, cue.end) for cue in made] == [(0, 500), (500, 1500)]


def test_a_long_line_is_broken_into_even_lines_after_punctuation() -> None:
    (cue,) = cues([Phrase(spoken("It was the best of times, it was the worst of times."))])
    assert cue.lines == ("It was the best of times,", "it was the worst of times.")


def test_a_cue_ends_at_the_end_of_a_sentence_rather_than_where_it_is_full() -> None:
    text = (
        "The tide was coming in fast. Nobody on the beach had noticed it until the children began to shout at us all."
    )
    made = cues([Phrase(spoken(text, each=0.25))])
    assert said(made)[0] == "The tide was coming in fast."


def test_a_cue_ends_at_a_clause_where_no_sentence_ends() -> None:
    text = (
        "when the tide had come in over the sand bank, nobody on the long beach had noticed it until children shouted"
    )
    assert said(cues([Phrase(spoken(text, each=0.3))]))[0].endswith("sand bank,")


def test_text_without_punctuation_is_divided_evenly_instead_of_leaving_an_orphan() -> None:
    made = cues([Phrase(spoken(" ".join(["mountain"] * 10), each=0.3))])
    assert [len(cue.split()) for cue in said(made)] == [5, 5]


def test_text_without_punctuation_is_divided_where_the_voice_rests() -> None:
    words = [*spoken(" ".join(["mountain"] * 7), each=0.3)]
    words += spoken(" ".join(["valley"] * 20), start=words[-1].end + 0.6, each=0.3)
    assert said(cues([Phrase(tuple(words))]))[0] == " ".join(["mountain"] * 7)


def test_a_silence_begins_a_new_cue() -> None:
    words = (*spoken("one two"), *spoken("three four", start=4.0))
    assert said(cues([Phrase(words)])) == ["one two", "three four"]


def test_no_cue_stays_longer_than_seven_seconds() -> None:
    made = cues([Phrase((*spoken("slow " * 12, each=1.0), Spoken("sooooo", 12.0, 40.0)))])
    assert max(cue.end - cue.start for cue in made) <= LONGEST * 1000


def test_words_longer_than_a_line_are_divided_and_keep_their_text() -> None:
    address = "https://example.com/" + "a" * 120
    made = cues([Phrase((Spoken(address, 0.0, 4.0),))])
    assert "".join(line for cue in made for line in cue.lines) == address
    assert max(len(line) for cue in made for line in cue.lines) <= LINE


def test_cues_of_several_voices_are_ordered_by_time() -> None:
    made = cues(
        [
            Phrase(spoken("first and third"), "Channel 0"),
            Phrase(spoken("later", start=9.0), "Channel 0"),
            Phrase(spoken("second", start=0.5), "Channel 1"),
        ]
    )
    assert [cue.voice for cue in made] == ["Channel 0", "Channel 1", "Channel 0"]


def test_subrip_names_a_voice_where_it_begins_and_webvtt_marks_it_always() -> None:
    made = [
        Cue(0, 1000, ("a",), "Speaker 0"),
        Cue(1000, 2000, ("b",), "Speaker 0"),
        Cue(2000, 3000, ("c",), "Speaker 1"),
    ]
    assert [text for _, _, text in read_srt(srt(made))] == ["Speaker 0: a", "b", "Speaker 1: c"]
    assert [(voice, text) for _, _, text, voice in read_vtt(vtt(made))] == [
        ("Speaker 0", "a"),
        ("Speaker 0", "b"),
        ("Speaker 1", "c"),
    ]


def test_the_name_of_a_voice_fits_into_the_first_line() -> None:
    text = "the quick brown fox jumps over the lazy dog and runs away " * 3
    made = cues([Phrase(spoken(text, each=0.2), "Channel 10 Speaker 12")])
    assert all(len(line) <= LINE for _, _, block in read_srt(srt(made)) for line in block.split("\n"))


def test_times_reach_over_an_hour_and_over_a_hundred() -> None:
    made = [Cue(3_600_000 + 61_001, 3_600_000 + 62_000, ("late",)), Cue(360_000_000, 360_000_999, ("very late",))]
    assert "01:01:01,001 --> 01:01:02,000" in srt(made)
    assert "100:00:00.000 --> 100:00:00.999" in vtt(made)


def test_markup_in_the_text_is_escaped_in_webvtt() -> None:
    made = [Cue(0, 1000, ("a < b & c --> d <i>", "&amp; <00:00:01.000>"))]
    ((_, _, text, _),) = read_vtt(vtt(made))
    assert text == "a < b & c --> d <i>\n&amp; <00:00:01.000>"


def test_subrip_holds_nothing_that_players_take_for_a_time_line_or_a_tag() -> None:
    text = srt([Cue(0, 1000, ("go --> there & <b>bold</b>", "{\\an8}up and 1 < 2"))])
    ((_, _, block),) = read_srt(text)
    assert text.count("-->") == 1
    assert not re.search(r"<[a-z/]|\{\\", block)
    assert "1 < 2" in block
    assert "&" in block


def test_no_words_make_empty_but_valid_files() -> None:
    assert cues([]) == cues([Phrase(())]) == cues([Phrase((Spoken("\x00 ", 0, 1),))]) == []
    assert srt([]) == ""
    assert read_vtt(vtt([])) == []


def test_control_characters_and_line_ends_do_not_reach_the_file() -> None:
    made = cues([Phrase((Spoken("a\r\n\r\nb\x1b[31m", 0.0, 1.0),))])
    assert said(made) == ["a b[31m"]


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.0), (5.0, 4.0), (0.0004, 0.0005)])
def test_a_cue_ends_after_it_starts_whatever_the_times_say(start: float, end: float) -> None:
    made = cues([Phrase((Spoken("word", start, end),))])
    assert all(cue.end > cue.start >= 0 for cue in made)


def lasting(text: str, start: float, length: float) -> Spoken:
    return Spoken(text, start, start + length)


words = st.builds(
    lasting,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.floats(0, 5000),
    st.floats(0, 12),
)
phrase = st.builds(
    Phrase, st.lists(words, max_size=30).map(tuple), st.sampled_from(["", "Speaker 0", "Channel 1 Speaker 3"])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(phrase, max_size=4))
def test_whatever_is_said_gives_readable_cues_and_loses_no_letter(phrases: list[Phrase]) -> None:
    made = cues(phrases)
    assert [cue.start for cue in made] == sorted(cue.start for cue in made)
    for cue in made:
        assert 0 < cue.end - cue.start <= LONGEST * 1000 + 1
        assert 1 <= len(cue.lines) <= LINES
        indent = len(cue.voice) + 2 if cue.voice else 0
        assert all(0 < len(line) + (0 if at else indent) <= LINE for at, line in enumerate(cue.lines))

    def letters(texts: Sequence[str]) -> list[str]:
        return sorted(letter for text in texts for letter in text if letter.isalnum())

    assert letters(said(made)) == letters([word.text for phrase in phrases for word in phrase.words])
    assert [(start, end) for start, end, _ in read_srt(srt(made))] == [(cue.start, cue.end) for cue in made]
    assert [(start, end, text, voice) for start, end, text, voice in read_vtt(vtt(made))] == [
        (cue.start, cue.end, "\n".join(cue.lines), cue.voice) for cue in made
    ]


# -------------------------------------------------------------------------------------- captions while speech goes on


def test_a_cue_is_handed_out_once_nothing_can_change_it() -> None:
    growing = Growing("srt")
    assert growing.add([Phrase(spoken("One two"))], 0.8) == ""  # more words may fit
    assert growing.add([], 1.5) == ""
    assert growing.add([], 2.0) == "1\n00:00:00,000 --> 00:00:01,000\nOne two\n"  # a pause: nothing joins it now
    assert growing.add([Phrase(spoken("Three.", 3.0))], 3.4) == ""
    assert growing.add([], 3.4, ended=True) == "\n2\n00:00:03,000 --> 00:00:03,400\nThree.\n"
    assert growing.add([], 9.0, ended=True) == ""


def test_long_speech_without_a_pause_does_not_wait_for_its_end() -> None:
    growing = Growing("vtt")
    assert growing.head() == "WEBVTT\n"
    text = growing.head()
    for number in range(100):
        text += growing.add([Phrase(spoken("blah", number / 2, 0.5))], number / 2 + 0.5)
        assert sum(map(len, growing._left.values())) < 20
    shown = read_vtt(text)
    assert len(shown) > 5
    assert all(end <= following for (_, end, *_), (following, *_) in pairwise(shown))


def test_a_voice_is_named_where_it_begins_to_speak_in_growing_captions_too() -> None:
    growing = Growing("srt")
    text = growing.add([Phrase(spoken("Hi."), "Speaker 0"), Phrase(spoken("Yes?", 0.5), "Speaker 1")], 1.0, ended=True)
    text += growing.add([Phrase(spoken("It is me.", 3.0), "Speaker 1")], 6.0, ended=True)
    assert [said for _, _, said in read_srt(text)] == ["Speaker 0: Hi.", "Speaker 1: Yes?", "It is me."]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(phrase, st.floats(0, 5000), st.booleans()), max_size=6),
    st.sampled_from(["srt", "vtt"]),
)
def test_growing_captions_lose_no_letter_and_hold_little(
    steps: list[tuple[Phrase, float, bool]], form: Literal["srt", "vtt"]
) -> None:
    growing = Growing(form)
    text = growing.head()
    for said_now, reached, ended in steps:
        text += growing.add([said_now], reached, ended=ended)
        assert all(len(left) <= 2 * LINE for left in growing._left.values())
    text += growing.add([], 5000.0, ended=True)
    assert not growing._left
    shown = [said for _, _, said in read_srt(text)] if form == "srt" else [said for _, _, said, _ in read_vtt(text)]
    words_in = "".join(word.text for said_now, _, _ in steps for word in said_now.words)
    named = sum(len(voice) for voice in ("Speaker0", "Channel1Speaker3")) * len(shown)
    letters_in = [letter for letter in words_in if letter.isalnum()]
    letters_out = [letter for said in shown for letter in said if letter.isalnum()]
    assert len(letters_in) <= len(letters_out) <= len(letters_in) + named
