"""Dates and times of day, for smart formatting (documentation: "Smart Formatting": "November 2 2022", "8:37 PM")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .phrases import word_set
from .spoken_numbers import Number, find
from .token import Edit, Token, capitalized, edited, merged

MONTHS = word_set("january february march april may june july august september october november december")
DAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")
_AMBIGUOUS = frozenset({"march", "may", "august"})
# Words after which a month is a month, and a number after it a day.
_DATE_CUES = DAYS | word_set(
    "on of in since until till by from to through before after and between dated this last next"
)
_PM = {"am": "AM", "pm": "PM", "a.m.": "AM", "p.m.": "PM", "a.m": "AM", "p.m": "PM"}


def date_edits(tokens: Sequence[Token], numbers: Sequence[Number]) -> Iterator[Edit]:
    """Yield where dates are, with how they are written: month, day, and year if there is one."""
    starting = {number.start: number for number in numbers}
    ending = {number.end: number for number in numbers}
    for place, token in enumerate(tokens):
        if token.text not in MONTHS or token.fixed:
            continue
        before = tokens[place - 1].text if place else ""
        # "the second of november"
        ordinal = ending.get(place - 1) if before == "of" else None
        ordinal = ordinal if ordinal is not None and ordinal.ordinal and _is_day(ordinal) else None
        first = starting.get(place + 1)
        year = starting.get(first.end) if first is not None and _is_day(first) else first
        year = year if year is not None and _is_year(year) else None
        day = first if first is not None and first is not year and _is_day(first) else None
        certain = year is not None or before in _DATE_CUES
        month = merged([capitalized(token)], token.text, capitalized(token).written)
        if ordinal is not None:
            year = first if first is not None and _is_year(first) else None
            day_token = merged(tokens[ordinal.start : ordinal.end], ordinal.text)
            between = list(tokens[ordinal.end : place])
            yield Edit(
                ordinal.start, year.end if year else place + 1, [day_token, *between, month, *_written(tokens, year)]
            )
        elif day is not None and (certain or (day.ordinal and token.text not in _AMBIGUOUS)):
            number = merged(tokens[day.start : day.end], str(int(day.value or 0)))
            yield Edit(place, year.end if year else day.end, [month, number, *_written(tokens, year)])
        elif day is None and year is not None:
            yield Edit(place, year.end, [month, *_written(tokens, year)])


def _is_day(number: Number) -> bool:
    return number.value is not None and "." not in number.text and 1 <= number.value <= 31


def _is_year(number: Number) -> bool:
    return number.whole is not None and len(number.text) == 4 and 1100 <= number.whole <= 2999


def _written(tokens: Sequence[Token], year: Number | None) -> list[Token]:
    return [merged(tokens[year.start : year.end], year.text)] if year is not None else []


def time_edits(tokens: Sequence[Token], numbers: Sequence[Number]) -> Iterator[Edit]:
    """Yield where times of day are: an hour, perhaps minutes, and "am", "pm" or "o'clock"."""
    starting = {number.start: number for number in numbers}
    for number in numbers:
        if number.whole is None or not 1 <= number.whole <= 12:
            continue
        minutes = starting.get(number.end)
        if minutes is not None and not (minutes.whole is not None and len(minutes.text) == 2 and minutes.whole < 60):
            minutes = None
        end = minutes.end if minutes is not None else number.end
        if end < len(tokens) and tokens[end].text == "o'clock" and minutes is None:
            yield Edit(number.start, end, [merged(tokens[number.start : end], number.text)])
            continue
        half = _half_of_day(tokens, end, minutes is not None)
        if half is not None:
            text = f"{number.text}:{minutes.text}" if minutes is not None else number.text
            yield Edit(number.start, half[0], [merged(tokens[number.start : end], text), half[1]])


def _half_of_day(tokens: Sequence[Token], place: int, minutes: bool) -> tuple[int, Token] | None:
    """Return where "am" or "pm" ends that begins at ``place``, and how it is written."""
    text = tokens[place].text if place < len(tokens) else ""
    following = tokens[place + 1].text if place + 1 < len(tokens) else ""
    if text in ("a", "p") and following in ("m", "m."):
        written = text.upper() + "M"
        return place + 2, merged(tokens[place : place + 2], written.lower(), written)
    # "at eight am I right": a lone "am" before "I" is the verb.
    if text in _PM and not (text == "am" and following == "i" and not minutes):
        written = _PM[text]
        return place + 1, merged([tokens[place]], written.lower(), written)
    return None


def with_dates(tokens: Sequence[Token], language: str = "en") -> list[Token]:
    """Write English dates and times of day as numbers."""
    numbers = find(tokens, language)
    edits: Mapping[int, Edit] = {
        edit.start: edit for edit in (*time_edits(tokens, numbers), *date_edits(tokens, numbers))
    }
    return edited(tokens, (edits[start] for start in sorted(edits)))
