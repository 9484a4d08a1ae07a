"""Amounts of money and percentages, for smart formatting (documentation: "Smart Formatting")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .phrases import word_set
from .spoken_numbers import Number, find
from .token import Edit, Token, edited, merged

_SIGNS = {"dollar": "$", "dollars": "$", "euro": "€", "euros": "€"}
_SCALES = word_set("million billion trillion")
_BARE = _SCALES | {"hundred", "thousand"}


def with_amounts(tokens: Sequence[Token]) -> list[Token]:
    """Write "twenty dollars and fifty cents" as $20.50 and "five percent" as 5%, in English."""
    return edited(tokens, _edits(tokens, find(tokens)))


def _edits(tokens: Sequence[Token], numbers: Sequence[Number]) -> Iterator[Edit]:
    starting = {number.start: number for number in numbers}

    def text(place: int) -> str:
        return tokens[place].text if place < len(tokens) else ""

    for number in numbers:
        # "a million dollars", "hundreds": without a number of their own, scales stay words.
        if number.value is None or number.ordinal or len(number.text) > 15 or text(number.start) in _BARE:
            continue
        end, scale = number.end, ""
        if "." in number.text and text(end) in _SCALES:
            scale, end = " " + text(end), end + 1
        sign = _SIGNS.get(text(end))
        if sign is not None:
            amount = _grouped(number.text, cents="00" if "." in number.text and not scale else "")
            end += 1
            cents = starting.get(end + 1 if text(end) == "and" else end)
            if (
                cents is not None
                and not scale
                and "." not in number.text
                and _is_cents(cents)
                and text(cents.end) in ("cent", "cents")
            ):
                amount, end = f"{amount}.{int(cents.text):02}", cents.end + 1
            yield Edit(number.start, end, [merged(tokens[number.start : end], sign + amount + scale)])
        elif text(end) == "percent" or (text(end) == "per" and text(end + 1) == "cent"):
            end += 1 if text(end) == "percent" else 2
            yield Edit(number.start, end, [merged(tokens[number.start : end], number.text + scale + "%")])


def _is_cents(number: Number) -> bool:
    return number.whole is not None and number.whole < 100


def _grouped(amount: str, cents: str) -> str:
    """Write an amount with thousands separators and, if it has decimals, at least two of them."""
    whole, dot, decimals = amount.partition(".")
    return f"{int(whole):,}" + (dot + decimals.ljust(len(cents), "0") if dot else "")
