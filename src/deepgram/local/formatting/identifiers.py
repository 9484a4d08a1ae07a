"""Telephone numbers, house numbers, codes, and addresses of mail and web, for smart formatting.

Only what announces itself is joined ("tracking number one z five seven ...", documentation: "Smart Formatting"):
counting to three stays counting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .phrases import word_set
from .spoken_numbers import DigitRun, digit_runs, find
from .token import Edit, Token, edited, merged

_NUMBER_CUES = word_set(
    "number numbers phone telephone cell mobile call fax code id account order tracking confirmation reference serial "
    "invoice ticket policy member membership extension pin zip route room flight suite apartment digits dial text"
)
_CODE_CUES = word_set("number code id tracking confirmation reference serial plate")
_MAIL_CUES = frozenset({"email", "e-mail", "mail", "address", "contact"})
_STREETS = word_set("street avenue road drive lane boulevard court place square highway terrace parkway")
_DOMAINS = word_set("com org net edu gov io ai co dev info")
# Words of context, before and after.
_REACH = 5


def with_identifiers(tokens: Sequence[Token]) -> list[Token]:
    """Join what is read out in pieces, in English."""
    tokens = edited(tokens, _codes(tokens))
    tokens = edited(tokens, _digits(tokens, digit_runs(tokens, find(tokens))))
    return edited(tokens, _addresses(tokens))


def _cued(tokens: Sequence[Token], start: int, cues: frozenset[str]) -> bool:
    return any(token.text in cues for token in tokens[max(0, start - _REACH) : start])


def _codes(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Find letters and digits that are spelt out after a word like "code"."""
    digits = {
        number.start: number.text for number in find(tokens) if len(number.text) == 1 and number.end == number.start + 1
    }
    place = 0
    while place < len(tokens):
        start, spelt = place, ""
        while place < len(tokens) and not tokens[place].fixed:
            text = tokens[place].text
            if place not in digits and not (len(text) == 1 and text.isalpha()):
                break
            spelt += digits.get(place, text.upper())
            place += 1
        if place == start:
            place += 1
            continue
        end = place
        # "... seven a day": the article is not part of the code.
        if spelt[-1] in "AI" and end < len(tokens):
            spelt, end = spelt[:-1], end - 1
        if len(spelt) >= 4 and not spelt.isdigit() and not spelt.isalpha() and _cued(tokens, start, _CODE_CUES):
            yield Edit(start, end, [merged(tokens[start:end], spelt.lower(), spelt)])


def _digits(tokens: Sequence[Token], runs: Sequence[DigitRun]) -> Iterator[Edit]:
    """Find digits that are read out one by one and belong together."""
    for run in runs:
        spelt = sum(number.spelt for number in run.numbers)
        other = [number for number in run.numbers if not number.spelt]
        # One pair of digits is said as a number by many: "four oh twelve". More are quantities: "one eight hundred".
        if len(run.digits) < 3 or run.end - run.start < 2 or not spelt or len(other) > 1:
            continue
        if any(number.whole is None or len(number.text.lstrip("0")) != 2 for number in other):
            continue
        cued = _cued(tokens, run.start, _NUMBER_CUES)
        in_address = any(token.text in _STREETS for token in tokens[run.end : run.end + _REACH])
        if not (cued or in_address or (len(run.digits) >= 4 and not _counting(run.digits))):
            continue
        yield Edit(run.start, run.end, [merged(tokens[run.start : run.end], _telephone(run.digits, cued=cued))])


def _counting(digits: str) -> bool:
    """Tell whether the digits count up or down, or repeat."""
    steps = {int(after) - int(before) for before, after in pairwise(digits)}
    return len(steps) == 1


def _telephone(digits: str, *, cued: bool) -> str:
    if len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    if len(digits) == 11 and digits[0] == "1":
        return f"1-{_telephone(digits[1:], cued=cued)}"
    return f"{digits[:3]}-{digits[3:]}" if len(digits) == 7 and cued else digits


def _addresses(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Find "example dot com", and what goes before it up to "at" where mail is spoken of."""
    for place, token in enumerate(tokens):
        if token.text not in _DOMAINS or place < 2 or tokens[place - 1].text != "dot":
            continue
        start = place - 2
        while start >= max(2, place - 2 * _REACH) and tokens[start - 1].text == "dot":
            start -= 2
        name = ".".join(part.text for part in tokens[start : place + 1 : 2])
        if start >= 2 and tokens[start - 1].text == "at" and _cued(tokens, start - 2, _MAIL_CUES):
            start -= 2
            name = f"{tokens[start].text}@{name}"
        yield Edit(start, place + 1, [merged(tokens[start : place + 1], name)])
