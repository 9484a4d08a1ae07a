"""The tree of errors: what they carry, how they read, how they travel."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import httpx
import pytest

from deepgram.runtime.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailed,
    ConversationClosed,
    ForbiddenError,
    NotFoundError,
    ParsingError,
    PayloadTooLargeError,
    RateLimitError,
    RequestTimedOut,
    ServerError,
    UnauthorizedError,
    combine,
    error_from,
)
from deepgram.runtime.http import translate

SECRET = "5f3c9a7e11d2b4c68"
REQUEST = httpx.Request("POST", "https://h/v1/listen", headers={"Authorization": f"Token {SECRET}", "a": "b"})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ApiError),
        (400, BadRequestError),
        (401, UnauthorizedError),
        (402, ApiError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (413, PayloadTooLargeError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[ApiError]) -> None:
    error = error_from(status, {"dg-request-id": "r"}, {"err_msg": "no"})
    assert type(error) is kind
    assert (error.status_code, error.body, error.request_id) == (status, {"err_msg": "no"}, "r")


def test_a_bad_request_that_is_not_json_is_a_plain_error() -> None:
    assert type(error_from(400, {}, "<html>", is_json=False)) is ApiError


def test_errors_read_as_they_always_did() -> None:
    assert str(ApiError(headers={"a": "b"}, status_code=418, body={"x": 1})) == (
        "headers: {'a': 'b'}, status_code: 418, body: {'x': 1}"
    )
    assert str(ApiError(body="only")) == "headers: None, status_code: None, body: only"
    assert ApiError().args == ()
    assert BadRequestError({"x": 1}, {"a": "b"}).headers == {"a": "b"}
    assert str(UnauthorizedError(status_code=401)).startswith("headers: None, status_code: 401, body: None (check")
    assert str(ParsingError(status_code=200, body=[], cause=ValueError("list"))).endswith("body: [], cause: list")


@pytest.mark.parametrize("name", ["dg-request-id", "x-dg-request-id", "x-request-id"])
def test_the_request_id_is_found_in_the_body_or_the_headers(name: str) -> None:
    assert ApiError(headers={name: "of-header"}).request_id == "of-header"
    assert ApiError(headers={name: "of-header"}, body={"request_id": "of-body"}).request_id == "of-body"
    assert ApiError(headers={name: "of-header"}, body={"request_id": 7}).request_id == "of-header"
    assert ApiError().request_id is None


def test_a_refusal_for_too_many_requests_says_how_long_to_wait() -> None:
    assert RateLimitError(headers={"retry-after": "1.5"}).retry_after == 1.5
    assert RateLimitError(headers={}).retry_after is None
    assert RateLimitError().retry_after is None


def test_d45_headers_of_an_error_keep_the_scheme_and_not_the_key() -> None:
    headers = {"Authorization": f"Token {SECRET}", "sec-websocket-protocol": f"token, {SECRET}", "set-cookie": SECRET}
    for error in (ApiError(headers=headers), ParsingError(headers=headers), BadRequestError("b", headers)):
        assert error.headers is not None
        assert error.headers["Authorization"] == "Token [REDACTED]"
        assert SECRET not in str(error)
        assert SECRET.encode() not in pickle.dumps(error)
    assert headers["Authorization"] == f"Token {SECRET}"
    assert ApiError(headers={"authorization": SECRET}).headers == {"authorization": "[REDACTED]"}


COPIES: list[Callable[[ApiError], ApiError]] = [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy]


@pytest.mark.parametrize("again", COPIES)
@pytest.mark.parametrize(
    "error",
    [
        ApiError(headers={"a": "b"}, status_code=500, body="x"),
        BadRequestError({"x": 1}, {"a": "b"}),
        RateLimitError(headers={"retry-after": "3"}, status_code=429),
        ParsingError(status_code=200, body=[1], cause=ValueError("v")),
    ],
)
def test_errors_travel_between_processes(error: ApiError, again: Callable[[ApiError], ApiError]) -> None:
    other = again(error)
    assert type(other) is type(error)
    assert (str(other), other.args) == (str(error), error.args)


KINDS: list[tuple[httpx.RequestError, type[ApiError], bool]] = [
    (httpx.ConnectError("refused"), ConnectionFailed, True),
    (httpx.RemoteProtocolError("gone"), ConnectionFailed, True),
    (httpx.ReadError(""), ConnectionFailed, False),
    (httpx.WriteError("x"), ConnectionFailed, False),
    (httpx.ProxyError("407"), ConnectionFailed, False),
    (httpx.TooManyRedirects("x"), ConnectionFailed, False),
    (httpx.DecodingError("x"), ConnectionFailed, False),
    (httpx.ConnectTimeout("x"), RequestTimedOut, False),
    (httpx.ReadTimeout("x"), RequestTimedOut, False),
    (httpx.WriteTimeout("x"), RequestTimedOut, False),
    (httpx.PoolTimeout("x"), RequestTimedOut, False),
]


@pytest.mark.parametrize(("raised", "kind", "again"), KINDS)
def test_d24_a_transport_error_is_of_our_family_and_of_httpx(
    raised: httpx.RequestError, kind: type[ApiError], again: bool
) -> None:
    error = translate(raised, REQUEST)
    assert isinstance(error, kind)
    assert isinstance(error, type(raised))
    assert isinstance(error, ApiError)
    assert isinstance(error, TimeoutError) is (kind is RequestTimedOut)
    assert (error.transient, error.status_code, error.headers) == (again, None, None)
    assert error.request.url == "https://h/v1/listen"
    assert error.__cause__ is raised
    assert str(error) == error.args[0] == error.body
    assert "https://h" in str(error) or isinstance(raised, httpx.ProxyError)
    assert type(translate(type(raised)("other"), REQUEST)) is type(error)


@pytest.mark.parametrize(("raised", "kind", "again"), KINDS)
def test_d45_a_transport_error_holds_no_key(raised: httpx.RequestError, kind: type[ApiError], again: bool) -> None:
    error = translate(raised, REQUEST)
    assert SECRET not in str(error) + repr(error) + repr(error.request.headers.raw)
    assert SECRET not in repr(raised.request.headers.raw)
    stored = pickle.dumps(error)
    assert SECRET.encode() not in stored
    other = pickle.loads(stored)
    assert type(other) is type(error)
    assert (other.body, other.args) == (error.body, error.args)
    with pytest.raises(RuntimeError):
        _ = other.request
    assert copy.copy(error).body == error.body


def test_a_timeout_says_what_took_how_long_and_what_to_do() -> None:
    request = httpx.Request("GET", "https://h/x", extensions={"timeout": {"read": 7.0}})
    assert str(translate(httpx.ReadTimeout("x"), request)) == (
        "The next part of the answer took more than 7.0 s (https://h): raise timeout= of the client or 'timeout' in "
        "request_options"
    )


def test_an_error_of_the_operating_system_keeps_its_number() -> None:
    error = combine(ConnectionFailed, ConnectionRefusedError(111, "refused"), "no connection")
    assert isinstance(error, ConnectionRefusedError)
    assert (error.errno, error.strerror, str(error)) == (111, "refused", "no connection")
    assert type(combine(RequestTimedOut, TimeoutError(), "late")) is RequestTimedOut
    assert type(pickle.loads(pickle.dumps(combine(RequestTimedOut, TimeoutError(), "late")))) is RequestTimedOut


def test_the_end_of_a_conversation_is_of_our_family_and_of_websockets() -> None:
    from websockets.exceptions import ConnectionClosed, ConnectionClosedError

    error = combine(ConversationClosed, ConnectionClosedError(None, None), "it broke")
    error.code, error.reason = 1006, "lost"
    assert isinstance(error, ConnectionClosed)
    other = pickle.loads(pickle.dumps(error))
    assert (type(other), other.code, other.reason, str(other)) == (type(error), 1006, "lost", "it broke")
