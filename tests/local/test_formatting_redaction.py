"""Redaction of sensitive numbers."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgram.local.engines.recognizer import EngineInfo, Word
from deepgram.local.formatting import formatted
from deepgram.local.formatting.token import joined
from deepgram.local.options import ListenOptions

PLAIN = EngineInfo("scripted", "1", "en", ("en",))
PUNCTUATING = EngineInfo("whisper", "1", "tiny", ("*",), punctuates=True)

# The example of the service's documentation, page "Redaction".
PURCHASE = (
    "my credit card number is four four four four nine nine nine nine three three three three two two two two with "
    "an expiration date of one twenty three and the cvv code is one one one i live at one two three main street "
    "dallas texas seven five two zero one my phone number is five five five two one two nine three three three my "
    "date of birth is july twelfth nineteen seventy six"
)

# The machine may be busy: no example is refused for its time.
PROPERTIES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def redacted(text: str, *kinds: str, info: EngineInfo = PLAIN, pause: float = 0.05) -> str:
    words = [Word(word, i * (0.25 + pause), i * (0.25 + pause) + 0.25, 0.9) for i, word in enumerate(text.split())]
    options = ListenOptions(redact=kinds, punctuate=info.punctuates)
    return joined(formatted(words, options, info), punctuated=options.punctuated)


def test_social_security_numbers_are_counted() -> None:
    heard = (
        "my social security number is five five five two two one one one one and his is six six six two two one three "
        "three three"
    )
    assert redacted(heard, "ssn") == "my social security number is [SSN_1] and his is [SSN_2]"


def test_card_number_expiration_and_cvv_are_pci_and_nothing_else_is() -> None:
    assert redacted(PURCHASE, "pci") == (
        "my credit card number is [CREDIT_CARD_1] with an expiration date of [CREDIT_CARD_EXPIRATION_1] and the cvv"
        " code is [CVV_1] i live at one two three main street dallas texas seven five two zero one my phone number "
        "is five five five two one two nine three three three my date of birth is july twelfth nineteen seventy six"
    )


def test_numbers_redacts_whatever_has_three_digits_and_dates() -> None:
    assert redacted(PURCHASE, "numbers") == (
        "my credit card number is [CREDIT_CARD_1] with an expiration date of [CREDIT_CARD_EXPIRATION_1] and the cvv"
        " code is [CVV_1] i live at [NUMERICAL_PII_1] main street dallas texas [NUMERICAL_PII_2] my phone number is"
        " [PHONE_NUMBER_1] my date of birth is [DATE_1]"
    )


def test_numbers_leaves_small_numbers_that_aggressive_numbers_takes() -> None:
    heard = "she has two cats and one dog and twelve hens and no one helps"
    assert redacted(heard, "numbers") == heard
    assert redacted(heard, "aggressive_numbers") == (
        "she has [NUMERICAL_PII_1] cats and one dog and [NUMERICAL_PII_2] hens and no one helps"
    )


@pytest.mark.parametrize(
    "heard",
    [
        "forty four forty four ninety nine ninety nine thirty three thirty three twenty two twenty two",
        "double four double four nine nine nine nine triple three three two two two two",
        "four four four four dash nine nine nine nine dash three three three three dash two two two two",
        "4444 9999 3333 2222",
        "4444-9999-3333-2222",
        "four four four four nine nine nine nine three three three three two two oh two",
    ],
)
@pytest.mark.parametrize("pause", [0.0, 1.5], ids=["fluent", "halting"])
def test_card_numbers_are_found_however_they_are_read_out(heard: str, pause: float) -> None:
    assert redacted(f"it is {heard} okay", "pci", pause=pause) == "it is [CREDIT_CARD_1] okay"


def test_digits_an_engine_wrote_itself_are_redacted_with_their_punctuation_kept() -> None:
    heard = "My SSN is 555-22-1111, and the card is 4444 9999 3333 2222."
    assert redacted(heard, "ssn", "pci", info=PUNCTUATING) == "My SSN is [SSN_1], and the card is [CREDIT_CARD_1]."


def test_a_placeholder_spans_all_it_replaces() -> None:
    words = [Word(word, i * 1.0, i + 0.5, 0.5) for i, word in enumerate(("is " + "nine " * 9 + "now").split())]
    placeholder = formatted(words, ListenOptions(redact=("ssn",)), PLAIN)[1]
    assert (placeholder.text, placeholder.start, placeholder.end) == ("[SSN_1]", 1.0, 9.5)


def test_kinds_that_cannot_be_told_redact_nothing() -> None:
    assert redacted(PURCHASE, "pii", "location_city") == PURCHASE


def test_later_steps_do_not_touch_placeholders() -> None:
    words = [Word("nine", float(i), i + 0.5, 0.9) for i in range(9)]
    options = ListenOptions(
        redact=("ssn",), smart_format=True, numerals=True, measurements=True, profanity_filter=True, keyterm=("SSN",)
    )
    assert joined(formatted(words, options, PLAIN), punctuated=True) == "[SSN_1]."


DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@settings(PROPERTIES)
@given(st.lists(st.sampled_from(DIGITS), min_size=13, max_size=19), st.sampled_from(["", "my card is", "so"]))
def test_no_digit_of_a_card_number_survives(digits: list[str], before: str) -> None:
    shown = redacted(f"{before} {' '.join(digits)} thanks", "pci")
    assert shown.split() == [*before.split(), "[CREDIT_CARD_1]", "thanks"]
