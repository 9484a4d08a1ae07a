"""Punctuation, dictation, fillers, profanity and replacement."""

from __future__ import annotations

import pytest

from deepgram.local.engines.recognizer import EngineInfo, Word
from deepgram.local.formatting import formatted
from deepgram.local.formatting.token import joined
from deepgram.local.options import ListenOptions

PLAIN = EngineInfo("scripted", "1", "en", ("en",))
PUNCTUATING = EngineInfo("whisper", "1", "tiny", ("*",), punctuates=True)


def said(text: str) -> list[Word]:
    """Speak a text; ``|`` is a pause of a second."""
    words: list[Word] = []
    now = 0.0
    for word in text.split():
        if word == "|":
            now += 1.0
        else:
            words.append(Word(word, now, now + 0.25, 0.9))
            now += 0.3
    return words


def written(text: str, info: EngineInfo = PLAIN, **options: str | list[str]) -> str:
    query = {name: value if isinstance(value, list) else [value] for name, value in options.items()}
    read = ListenOptions.read(query)
    return joined(formatted(said(text), read, info), punctuated=read.punctuated)


# --- Punctuation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        (
            "it was the best of times | it was the worst of times",
            "It was the best of times. It was the worst of times.",
        ),
        (
            "where are you going | i think i'm going home on monday",
            "Where are you going? I think I'm going home on Monday.",
        ),
        ("do you know why | when i was young we lived there", "Do you know why? When I was young we lived there."),
        ("what a lovely day | do it now please", "What a lovely day. Do it now please."),
        ("how many people came to the | house", "How many people came to the house?"),
        ("yes | we can", "Yes we can."),
        ("in may he may leave", "In May he may leave."),
    ],
)
def test_sentences_end_where_the_speaker_pauses(heard: str, shown: str) -> None:
    assert written(heard, punctuate="true") == shown


def test_an_engine_that_punctuates_is_believed() -> None:
    heard = 'Well, "Dr. Smith" left the U.S. Army | in 1984; why?'
    assert written(heard, PUNCTUATING, punctuate="true") == 'Well, "Dr. Smith" left the U.S. Army in 1984; why?'


def test_without_punctuate_the_punctuation_of_the_engine_is_taken_off() -> None:
    assert written('Well, "Dr. Smith" left - the U.S. Army?', PUNCTUATING) == "well dr smith left - the u.s. army"


def test_key_terms_are_spelt_as_the_caller_spells_them() -> None:
    heard = "we ship deepgram with new york pizza and tretinoin"
    shown = written(heard, punctuate="true", keyterm=["Deepgram", "New York", "tretinoin"], keywords=["PIZZA:2"])
    assert shown == "We ship Deepgram with New York PIZZA and tretinoin."


# --- Dictation --------------------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_is_dictated() -> None:
    heard = (
        "patient presents with a headache comma nausea comma and vomiting period they report the headache started "
        "two days ago period vital signs are within normal limits period"
    )
    assert written(heard, dictation="true", punctuate="true") == (
        "Patient presents with a headache, nausea, and vomiting. They report the headache started two days ago. "
        "Vital signs are within normal limits."
    )


def test_lines_and_paragraphs_are_dictated_and_pauses_no_longer_punctuate() -> None:
    heard = "dear | sir | or madam colon new line how are you | today question mark new paragraph yours"
    assert written(heard, dictation="true", punctuate="true") == ("Dear sir or madam:\nhow are you today?\n\nYours")


def test_a_noun_is_not_a_command() -> None:
    heard = "the colonial era was a period of growth and the comma matters"
    assert "period" in written(heard, dictation="true", punctuate="true")
    assert "comma" in written(heard, dictation="true", punctuate="true")


def test_dictation_needs_punctuation() -> None:
    assert written("hello comma world", dictation="true") == "hello comma world"


# --- Fillers ----------------------------------------------------------------------------------------------------------


def test_uh_and_um_are_left_out_unless_asked_for() -> None:
    heard = "uh-huh or you'd want something where uh so let's say um yes mhmm"
    assert written(heard) == "uh-huh or you'd want something where so let's say yes mhmm"
    assert written(heard, filler_words="true") == heard


def test_a_sentence_without_its_fillers_still_begins_and_ends() -> None:
    heard = "Um, uh, so we went home, um. And, uh, slept."
    assert written(heard, PUNCTUATING, punctuate="true") == "So we went home. And, slept."


# --- Profanity --------------------------------------------------------------------------------------------------------


def test_profanity_becomes_as_many_asterisks_as_it_has_letters() -> None:
    assert (
        written("you fucking bastard said bull shit", profanity_filter="true") == "you ******* ******* said **** ****"
    )
    assert written("Oh, shit! He left.", PUNCTUATING, profanity_filter="true", punctuate="true") == "Oh, ****! He left."


def test_words_of_medicine_history_and_the_bible_are_not_profane() -> None:
    heard = (
        "god knows hitler killed while she had a stroke and her uterus and a sexual abuse case of a stupid drunk seaman"
    )
    assert written(heard, profanity_filter="true") == heard


# --- Replacement ------------------------------------------------------------------------------------------------------


def test_one_word_becomes_three_that_share_its_time() -> None:
    words = formatted(
        [Word("kpis", 14.2, 14.8, 0.99)], ListenOptions(replace=(("kpis", "Key Performance Indicators"),)), PLAIN
    )
    assert [word.text for word in words] == ["Key", "Performance", "Indicators"]
    assert [word.start for word in words] == pytest.approx([14.2, 14.4, 14.6])
    assert [word.end for word in words] == pytest.approx([14.4, 14.6, 14.8])


def test_phrases_are_replaced_and_terms_without_a_replacement_removed() -> None:
    shown = written(
        "so monika jon met hailee there | and left", replace=["monika jon:Monica John", "hailee"], punctuate="true"
    )
    assert shown == "So Monica John met there. And left."


def test_the_longest_term_wins_and_what_was_put_in_is_not_searched_again() -> None:
    assert written("new york city", replace=["new york:York", "new york city:new york", "york:no"]) == "new york"


def test_a_term_with_a_capital_goes_before_and_one_in_lower_case_fits_all() -> None:
    heard = "It came | and we ran from it"
    both = written(heard, PUNCTUATING, punctuate="true", replace=["It:The monster", "it:the monster"])
    assert both == "The monster came and we ran from the monster"
    assert written(heard, PUNCTUATING, punctuate="true", replace="It:X") == "X came and we ran from it"
    assert written(heard, PUNCTUATING, punctuate="true", replace="it:x") == "x came and we ran from x"


def test_terms_are_literal_words_and_never_patterns() -> None:
    hostile = ["(a+)+$:x", ".*:y", "[:z", "a|b:w", "\\w+:v"]
    assert written("aaaa .* b", replace=hostile) == "aaaa y b"


def test_removing_the_end_of_a_sentence_keeps_its_full_stop() -> None:
    assert written("We saw it, Hailee. Then home.", PUNCTUATING, punctuate="true", replace="hailee") == (
        "We saw it, Then home."
    )
    assert written("We saw Hailee. Then home.", PUNCTUATING, punctuate="true", replace="hailee") == "We saw. Then home."


def test_everything_can_be_removed() -> None:
    assert written("monika monika", replace="monika") == ""
