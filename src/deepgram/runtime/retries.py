"""When a request is sent again, and how long to wait before: pure functions of the answer."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

MAX_RETRIES = 2
RETRIED = frozenset({408, 409, 429})
LONGEST_WAIT = 60.0  # s
FIRST_WAIT = 1.0  # s


def worth_retrying(status_code: int) -> bool:
    return status_code in RETRIED or status_code >= 500


def backoff(headers: Mapping[str, str], attempt: int) -> float:
    """Return the seconds to wait before retry number ``attempt``, which counts from 0.

    The server's word first (``retry-after-ms``, ``Retry-After``, ``X-RateLimit-Reset``), else exponential. What is
    not said to the second is spread, so that many clients do not come back together.
    """
    if (asked := retry_after(headers)) is not None and asked > 0:
        return min(asked, LONGEST_WAIT)
    if (until := _number(headers.get("x-ratelimit-reset"))) is not None and (left := until - time.time()) > 0:
        return min(left, LONGEST_WAIT) * random.uniform(1.0, 1.2)
    return min(FIRST_WAIT * 2.0 ** min(attempt, 10), LONGEST_WAIT) * random.uniform(0.9, 1.1)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the server asks to wait, None if it does not say; a past date is 0."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    if (seconds := _number(text)) is not None:
        return seconds
    return _seconds_until(text) if text else None


def _number(text: str | None) -> float | None:
    """Return ``text`` as a finite number that is not negative."""
    try:
        number = float(text) if text and text.isascii() else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def _seconds_until(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
