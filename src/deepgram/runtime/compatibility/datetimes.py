"""Moments as text: ``deepgram.core.datetime_utils``."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from ..encoding import timestamp


def serialize_datetime(v: datetime) -> str:
    """Return ``v`` in ISO 8601, Z for UTC; without a zone it is taken as local time."""
    return timestamp(v)


def parse_rfc2822_datetime(v: Any) -> datetime:
    """Return the moment that a text in RFC 2822 or ISO 8601 names; a datetime as it is.

    Raises ``ValueError`` for anything else.
    """
    if isinstance(v, datetime):
        return v
    if not isinstance(v, str):
        raise ValueError(f"Expected str or datetime, got {type(v)}")
    try:
        return parsedate_to_datetime(v)
    except (TypeError, ValueError):
        # fromisoformat understands Z since Python 3.11
        return datetime.fromisoformat(v[:-1] + "+00:00" if v.endswith("Z") else v)


class Rfc2822DateTime(datetime):
    """The type of a field that is read with :func:`parse_rfc2822_datetime`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(parse_rfc2822_datetime, core_schema.datetime_schema())
