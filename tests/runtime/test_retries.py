"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from deepgram.runtime.retries import backoff, retry_after, worth_retrying


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 599])
def test_what_passes_is_tried_again(status: int) -> None:
    assert worth_retrying(status)


@pytest.mark.parametrize("status", [300, 400, 401, 403, 404, 413, 422, 425])
def test_what_stays_is_not_tried_again(status: int) -> None:
    assert not worth_retrying(status)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "3600"}, 60.0),
        ({"retry-after-ms": "3600000"}, 60.0),
        ({"retry-after-ms": "nonsense", "retry-after": "2"}, 2.0),
    ],
)
def test_d28_the_server_says_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert backoff(headers, 0) == seconds


def test_the_server_may_name_a_date() -> None:
    assert 25 < backoff({"retry-after": formatdate(time.time() + 30, usegmt=True)}, 0) <= 30
    assert retry_after({"retry-after": formatdate(time.time() - 30, usegmt=True)}) == 0


@pytest.mark.parametrize("attempt", range(12))
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "0"},
        {"retry-after": "-5"},
        {"retry-after": "inf"},
        {"retry-after": "nan"},
        {"retry-after": "\u0661"},
        {"retry-after": "soon"},
        {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"retry-after": "Thu, 99 Foo 99999999999999 00:00:00 GMT"},
        {"x-ratelimit-reset": "1"},
        {"x-ratelimit-reset": "later"},
    ],
)
def test_otherwise_the_wait_grows(headers: dict[str, str], attempt: int) -> None:
    expected = min(2.0**attempt, 60.0)
    assert 0.9 * expected <= backoff(headers, attempt) <= 1.1 * expected


def test_the_reset_of_a_rate_limit_is_waited_for() -> None:
    assert 8 < backoff({"x-ratelimit-reset": str(time.time() + 10)}, 0) <= 12
    assert 60 <= backoff({"x-ratelimit-reset": str(time.time() + 1000)}, 0) <= 72
