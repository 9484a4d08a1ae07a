"""What management requests bring along: values of the query and of a JSON body, each checked and of its type."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .refusals import InvalidJson, Refusal, bad_request, slow_upload

if TYPE_CHECKING:
    from .router import Asked

LONGEST_TEXT = 1000
"""Characters of a name, a comment, a tag."""
MOST = 100
"""Entries of a list."""


class Query:
    """The query of a request. What has the wrong type is refused (400); unknown parameters are nobody's business."""

    def __init__(self, asked: Asked) -> None:
        self._values = asked.query

    def text(self, name: str) -> str | None:
        """Return text, or None if the parameter was not given or is empty."""
        return next((value for value in self._values.get(name, ()) if value), None)

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """Return one of the allowed values."""
        value = self.text(name)
        return None if value is None else _allowed(name, value, allowed)

    def choices(self, name: str, allowed: Collection[str]) -> list[str]:
        """Return the values of a parameter that can be given several times."""
        return [_allowed(name, value, allowed) for value in dict.fromkeys(self._values.get(name, ())) if value]

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number within limits; ``10.0`` is one."""
        value = self.text(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not number.is_integer() or not low <= number <= high:
            raise _wrong(name, f"{value[:40]!r} is no whole number from {low} to {high}.")
        return int(number)

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        value = self.text(name)
        return None if value is None else _allowed(name, value.lower(), ("true", "false")) == "true"

    def day(self, name: str) -> date | None:
        """Return a day (``YYYY-MM-DD``; of a time, its day in UTC)."""
        moment = self.moment(name)
        return None if moment is None else moment.date()

    def moment(self, name: str, *, whole_day: bool = False) -> datetime | None:
        """Return a time (ISO 8601; UTC without a zone). With ``whole_day`` a day alone means the start of the next."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = instant(value)
            return moment + timedelta(days=1) if whole_day and len(value) == 10 else moment
        except (ValueError, OverflowError):
            raise _wrong(
                name, f"{value[:40]!r} is no time: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or YYYY-MM-DDTHH:MM:SS+HH:MM."
            ) from None


class Body:
    """A JSON object. What is missing or has the wrong type is refused (400); unknown fields are nobody's business."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def value(self, name: str) -> Any:
        """Return any value, null too; refuse a missing one."""
        if name not in self._fields:
            raise InvalidJson(f"missing field `{name}`")
        return self._fields[name]

    def text(self, name: str, *, longest: int = LONGEST_TEXT) -> str:
        """Return text that must be there, and not empty."""
        value = self.optional_text(name, longest=longest)
        if value is None:
            raise InvalidJson(f"missing field `{name}`")
        if not value.strip():
            raise InvalidJson(f"`{name}` is empty")
        return value

    def optional_text(self, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
        """Return text, or None."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidJson(f"`{name}` must be text")
        if value is not None and len(value) > longest:
            raise InvalidJson(f"`{name}` is longer than {longest} characters")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of text; an empty one if it was not given."""
        value = self._fields.get(name)
        value = [] if value is None else value
        if not isinstance(value, list) or not all(isinstance(one, str) and len(one) <= LONGEST_TEXT for one in value):
            raise InvalidJson(f"`{name}` must be a list of text, each of at most {LONGEST_TEXT} characters")
        if len(value) > MOST:
            raise InvalidJson(f"`{name}` has more than {MOST} entries")
        return list(dict.fromkeys(value))

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a number within limits, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InvalidJson(f"`{name}` must be a number from {low:g} to {high:g}")
        return value

    def labels(self, name: str) -> dict[str, str] | None:
        """Return an object with text as values, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise InvalidJson(f"`{name}` must be an object with text as values")
        if len(value) > MOST or any(len(text) > LONGEST_TEXT for pair in value.items() for text in pair):
            raise InvalidJson(f"`{name}` has more than {MOST} entries or one longer than {LONGEST_TEXT} characters")
        return value

    def moment(self, name: str) -> datetime | None:
        """Return a time (ISO 8601; UTC without a zone), or None."""
        value = self.optional_text(name)
        try:
            return None if value is None else instant(value)
        except (ValueError, OverflowError):
            raise InvalidJson(f"`{name}` must be a time such as 2030-01-31T00:00:00Z") from None


async def body_of(asked: Asked) -> Body:
    """Return the JSON object of a request; nothing at all is an empty one."""
    patience = asked.services.settings.receive_timeout
    try:
        content = await asyncio.wait_for(asked.body(), patience)
    except asyncio.TimeoutError:
        raise slow_upload(patience) from None
    try:
        fields = json.loads(content) if content.strip() else {}
        # What cannot be said in JSON and UTF-8 cannot be kept either: NaN, half of a surrogate pair.
        json.dumps(fields, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidJson(str(error)[:200]) from None
    if not isinstance(fields, dict):
        raise InvalidJson("expected an object")
    return Body(fields)


def instant(text: str) -> datetime:
    """Return a time (ISO 8601), in UTC if it has no zone; raise ``ValueError``."""
    # A plus that was not quoted in a query arrives as a space; and Python 3.10 does not know Z.
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace(" ", "+"))
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def _allowed(name: str, value: str, allowed: Collection[str]) -> str:
    if value not in allowed:
        known = ", ".join(f"`{one}`" for one in allowed)
        raise _wrong(name, f"unknown variant `{value[:40]}`, expected one of {known}")
    return value


def _wrong(name: str, why: str) -> Refusal:
    return bad_request(f"Failed to deserialize query parameters: {name}: {why}", "INVALID_QUERY_PARAMETER")
