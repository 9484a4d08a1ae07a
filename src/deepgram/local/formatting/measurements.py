"""Measurements: "thirty three grams" becomes "33 g" (documentation: "Measurements", its list of units).

A unit is abbreviated where a number goes before it; "the meter is running" is left alone. The number is written in
digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .spoken_numbers import Number, find
from .token import Edit, Token, edited, merged

_ABBREVIATIONS = {
    "milligram": "mg",
    "centigram": "cg",
    "gram": "g",
    "kilogram": "kg",
    "milliliter": "ml",
    "centiliter": "cl",
    "liter": "l",
    "kiloliter": "kl",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "kilometer": "km",
}
_UNITS = {
    spelling + plural: short
    for unit, short in _ABBREVIATIONS.items()
    # British engines write "metre" and "litre".
    for spelling in dict.fromkeys((unit, unit.replace("liter", "litre").replace("meter", "metre")))
    for plural in ("", "s")
}


def with_measurements(tokens: Sequence[Token]) -> list[Token]:
    """Abbreviate the units of English measurements."""
    return edited(tokens, _edits(tokens, find(tokens)))


def _edits(tokens: Sequence[Token], numbers: Sequence[Number]) -> Iterator[Edit]:
    for number in numbers:
        unit = tokens[number.end] if number.end < len(tokens) else None
        short = _UNITS.get(unit.text) if unit is not None and not number.ordinal else None
        if unit is not None and short is not None:
            amount = merged(tokens[number.start : number.end], number.text)
            yield Edit(number.start, number.end + 1, [amount, merged([unit], short)])
