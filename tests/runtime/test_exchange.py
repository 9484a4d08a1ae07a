"""Exchanges step by step: no socket, no thread, no event loop."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from deepgram.environment import DeepgramClientEnvironment
from deepgram.protocol.model import Model
from deepgram.protocol.request import Call, Request, RequestOptions
from deepgram.runtime.config import Config, Credential
from deepgram.runtime.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailed,
    ParsingError,
    RequestTimedOut,
    ServerError,
    UnauthorizedError,
    combine,
)
from deepgram.runtime.exchange import (
    DOCUMENT_LIMIT,
    ERROR_LIMIT,
    Answer,
    Begin,
    Begun,
    Read,
    Send,
    Sleep,
    document,
    encode_headers,
    exchange,
    join,
    prepare,
)
from deepgram.runtime.logging import Logger, create_logger
from deepgram.runtime.uploads import upload

SECRET = "5f3c9a7e11d2b4c68"
SILENT = create_logger()


class Document(Model):
    request_id: str | None = None


def config(**settings: Any) -> Config:
    return Config(credential=Credential("Token", SECRET, "test"), session_id="s", **settings)


def request(
    method: str = "POST", path: str = "v1/listen", options: RequestOptions | None = None, **call: Any
) -> Request[Document]:
    return Request(method, path, Call(**call), options or {}, Document)


def headers_of(send: Send) -> dict[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in send.headers}


def refused() -> ConnectionFailed:
    lost = combine(ConnectionFailed, httpx.ConnectError("refused"), "no connection")
    lost.transient = True
    return lost


def drive(steps: Any, *answers: Any) -> list[Any]:
    """Return the steps of an exchange that is given these answers, and its end."""
    taken: list[Any] = [next(steps)]
    try:
        for answer in answers:
            taken.append(steps.send(answer))  # a generator must not let StopIteration out
    except StopIteration as end:
        return [*taken, end.value]
    return taken


def test_success_is_read_and_returned() -> None:
    ok = httpx.Response(200)
    steps = drive(exchange(request(json={"url": "u"}), config(), SILENT), ok, b'{"request_id":"r"}')
    assert isinstance(steps[0], Send)
    assert steps[0].body == b'{"url":"u"}'
    assert steps[1:] == [Read(ok, DOCUMENT_LIMIT), Answer(ok, b'{"request_id":"r"}')]


def test_of_a_stream_only_the_first_piece_is_waited_for_here() -> None:
    ok, begun = httpx.Response(206), Begun(b"RIFF", iter(()))
    steps = drive(exchange(request(options={"chunk_size": 4}), config(), SILENT, stream=True), ok, begun)
    assert steps[1:] == [Begin(ok, 4), Answer(ok, b"", begun)]


def test_a_stream_that_brought_nothing_is_asked_for_again() -> None:
    steps = exchange(request(options={"max_retries": 3}), config(), SILENT, stream=True)
    ok, begun = httpx.Response(200), Begun(b"RIFF", iter(()))
    taken = drive(
        steps, httpx.Response(503), b"", None, refused(), None, httpx.Response(200), refused(), None, ok, begun
    )
    assert [type(step) for step in taken] == [
        *(Send, Read, Sleep),  # refused
        *(Send, Sleep),  # not reached
        *(Send, Begin, Sleep),  # broken off before the first piece
        *(Send, Begin, Answer),
    ]


@pytest.mark.parametrize(
    ("options", "of_client", "attempts"),
    [
        ({}, None, 3),
        ({"max_retries": 0}, None, 1),
        ({"max_retries": 4}, 1, 5),
        ({}, 1, 2),
        ({"max_retries": None}, None, 3),  # D29
        ({"max_retries": None}, 0, 1),
    ],
)
def test_d29_a_refusal_is_tried_again_so_often(options: RequestOptions, of_client: int | None, attempts: int) -> None:
    steps = exchange(request(options=options), config(max_retries=of_client), SILENT)
    step = next(steps)
    sent: list[Send] = []
    with pytest.raises(ServerError) as caught:
        while True:
            match step:
                case Send():
                    sent.append(step)
                    step = steps.send(httpx.Response(503, headers={"retry-after": "3", "dg-request-id": "r"}))
                case Read():
                    assert step.limit == ERROR_LIMIT
                    step = steps.send(b'{"err_msg":"busy"}')
                case Sleep():
                    assert step.seconds == 3
                    step = next(steps)
                case _:
                    pytest.fail("nothing is streamed here")
    assert len(sent) == attempts
    assert all(again is sent[0] for again in sent)
    assert (caught.value.status_code, caught.value.body, caught.value.request_id) == (503, {"err_msg": "busy"}, "r")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 425])
def test_what_is_wrong_stays_wrong(status: int) -> None:
    with pytest.raises(ApiError) as caught:
        drive(exchange(request(), config(), SILENT), httpx.Response(status), b'{"err_code":"X"}')
    assert (caught.value.status_code, caught.value.body) == (status, {"err_code": "X"})


def test_a_bad_request_has_its_error_only_if_it_is_json() -> None:
    with pytest.raises(BadRequestError):
        drive(exchange(request(), config(), SILENT), httpx.Response(400), b'{"err_msg":"x"}')
    with pytest.raises(ApiError) as caught:
        drive(exchange(request(), config(), SILENT), httpx.Response(400), b"<html>")
    assert (type(caught.value), caught.value.body) == (ApiError, "<html>")


def test_lost_connections_are_tried_again_and_raised_at_the_end() -> None:
    steps = exchange(request(), config(max_retries=1), SILENT)
    last = refused()
    with pytest.raises(ConnectionFailed) as caught:
        drive(steps, refused(), None, last)
    assert caught.value is last


def test_a_connection_lost_while_the_answer_is_read_is_tried_again() -> None:
    steps = drive(
        exchange(request(), config(), SILENT), httpx.Response(200), refused(), None, httpx.Response(200), b"{}"
    )
    assert [type(step) for step in steps] == [Send, Read, Sleep, Send, Read, Answer]


def test_a_refusal_whose_text_is_lost_is_still_a_refusal() -> None:
    with pytest.raises(UnauthorizedError) as caught:
        drive(exchange(request(), config(), SILENT), httpx.Response(401), refused())
    assert caught.value.body == ""


def test_timeouts_are_not_tried_again() -> None:
    with pytest.raises(RequestTimedOut):
        drive(exchange(request(), config(), SILENT), combine(RequestTimedOut, httpx.ReadTimeout(""), "late"))


def test_d20_what_can_be_read_only_once_is_not_sent_again() -> None:
    body = upload(iter([b"a"]))
    with pytest.raises(ServerError):
        drive(exchange(request(options={"max_retries": 5}), config(), SILENT, body), httpx.Response(503), b"")
    with pytest.raises(ConnectionFailed):
        drive(exchange(request(), config(), SILENT, upload(iter([b"a"]))), refused())


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_the_weakest_header_gives_way() -> None:
    options: RequestOptions = {"additional_headers": {"authorization": "Token other", "X-A": "call", "X-Number": 7}}
    call = request(json={}, headers={"X-A": "endpoint", "X-B": "endpoint"}, options=options)
    send = prepare(call, config(headers={"X-A": "client", "X-B": "client", "X-C": "client"}), None)
    sent = headers_of(send)
    assert {name: sent[name] for name in ("x-a", "x-b", "x-c")} == {"x-a": "call", "x-b": "endpoint", "x-c": "client"}
    assert (sent["authorization"], sent["content-type"], sent["x-number"]) == ("Token other", "application/json", "7")
    assert len(send.headers) == len(sent)


def test_none_takes_out_even_a_default_header() -> None:
    send = prepare(request(options={"additional_headers": {"User-Agent": None, "accept": None}}), config(), None)
    assert "user-agent" not in headers_of(send)
    assert send.without == {"user-agent", "accept"}


def test_headers_are_put_together_once_for_calls_that_add_none() -> None:
    settings = config()
    first, second = (prepare(request(json={"n": n}), settings, None).headers for n in (1, 2))
    assert first is second
    assert headers_of(prepare(request(), settings, None)).get("content-type") is None
    body = upload(b"x")
    assert headers_of(prepare(request(), settings, body))["content-type"] == "application/octet-stream"
    assert (
        headers_of(prepare(request(headers={"Content-Type": "audio/wav"}), settings, body))["content-type"]
        == "audio/wav"
    )


@pytest.mark.parametrize("value", [f"Token {SECRET}\r\nx: y", f"Token {SECRET}\u2019", f"{SECRET}\0"])
def test_d45_a_header_that_cannot_be_sent_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(ApiError, match="Authorization") as caught:
        prepare(request(options={"additional_headers": {"Authorization": value}}), config(), None)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("path", ["v1/projects/p/keys/", "v1/projects//keys"])
def test_an_empty_id_sends_nothing(path: str) -> None:
    with pytest.raises(ApiError, match="id is empty") as caught:
        prepare(request("DELETE", path), config(), None)
    assert caught.value.status_code is None


def test_headers_travel_as_bytes_without_space_around_them() -> None:
    assert encode_headers({"a": " b ", "c": b"\xe4", "d": "\xe4"}) == ((b"a", b"b"), (b"c", b"\xe4"), (b"d", b"\xe4"))
    with pytest.raises(ApiError, match="latin-1"):
        encode_headers({"n\u00e4me": "x"})


@pytest.mark.parametrize(
    ("base", "path", "query", "url"),
    [
        ("https://h", "v1/x", "", "https://h/v1/x"),
        ("https://h/", "/v1/x", "a=b", "https://h/v1/x?a=b"),
        ("https://h/prefix/", "v1/x", "", "https://h/prefix/v1/x"),
    ],
)
def test_slashes_meet_in_one(base: str, path: str, query: str, url: str) -> None:
    assert join(base, path, query) == url


def test_requests_go_to_the_address_they_belong_to() -> None:
    environment = DeepgramClientEnvironment(base="https://b", production="wss://p", agent="wss://a")
    settings = config(environment=environment)
    assert prepare(request(query={"q": True}), settings, None).url == "https://b/v1/listen?q=true"
    other = Request("GET", "v1/x", Call[Document](), {}, Document, base="agent_rest")
    assert prepare(other, settings, None).url == "https://a/v1/x"


def test_d36_parameters_newer_than_this_version_pass_through() -> None:
    options: RequestOptions = {
        "additional_query_parameters": {"brand_new": ["x", "y"], "model": "b"},
        "additional_body_parameters": {"field": 1},
    }
    send = prepare(request(query={"model": "a"}, json={"url": "u"}, options=options), config(), None)
    assert send.url.endswith("?model=b&brand_new=x&brand_new=y")
    assert send.body == b'{"url":"u","field":1}'
    assert prepare(request("GET", options={"additional_body_parameters": {"a": 1}}), config(), None).body == b'{"a":1}'


def test_a_json_body_may_be_absent_null_or_empty() -> None:
    assert prepare(request(), config(), None).body is None
    assert prepare(request(json=None), config(), None).body == b"null"
    assert prepare(request(json={}), config(), None).body == b"{}"


@pytest.mark.parametrize(
    ("options", "of_client", "expected"),
    [
        ({}, None, None),
        ({}, 5.0, 5.0),
        ({"timeout_in_seconds": 3}, 5.0, 3),
        ({"timeout": 2.5, "timeout_in_seconds": 3}, 5.0, 2.5),
        ({"timeout": None, "timeout_in_seconds": None}, 5.0, 5.0),
        ({"timeout": 0.0}, 5.0, 0.0),
    ],
)
def test_the_nearest_timeout_counts(options: RequestOptions, of_client: float | None, expected: float | None) -> None:
    assert prepare(request(options=options), config(timeout=of_client), None).timeout == expected


def test_d45_a_step_does_not_show_the_key() -> None:
    send = prepare(request(), config(), None)
    assert repr(send) == "Send('POST', 'https://api.deepgram.com/v1/listen')"


# --- What comes back --------------------------------------------------------------------------------------------------


def answer(content: bytes, status: int = 200) -> Answer:
    return Answer(httpx.Response(status, headers={"dg-request-id": "r"}), content)


def test_a_document_becomes_a_model() -> None:
    assert document(Document, answer(b'{"request_id":"r","new":1}'), config()) == Document(request_id="r", new=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert document(Document, answer(b"null"), config()) is None


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"7", b"true"])
def test_d30_json_of_the_wrong_kind_is_a_parsing_error(content: bytes) -> None:
    with pytest.raises(ParsingError) as caught:
        document(Document, answer(content), config())
    error = caught.value
    assert (error.status_code, error.body, error.request_id) == (200, json.loads(content), "r")
    assert isinstance(error.cause, ValueError)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>hello</html>", "not JSON"),
        (b'{"results": {"chan', "not JSON"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_that_is_not_json_is_an_error_with_its_text(content: bytes, said: str, status: int) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        document(Document, answer(content, status), config())
    error = caught.value
    assert (type(error), error.status_code, error.request_id) == (ApiError, status, "r")
    assert error.body == content[:ERROR_LIMIT].decode("utf-8", "replace")


def test_an_error_keeps_only_the_beginning_of_a_long_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError) as caught:
        document(Document, answer(b"x" * 1_000_000), config())
    assert len(caught.value.body) == ERROR_LIMIT
    with pytest.raises(ParsingError) as other:
        document(Document, answer(b"[" + b"1," * 100_000 + b"1]"), config())
    assert len(other.value.body) == ERROR_LIMIT
    monkeypatch.setattr("deepgram.runtime.exchange.DOCUMENT_LIMIT", 10)
    with pytest.raises(ApiError, match="longer than 10 bytes"):
        document(Document, answer(b"{}" + b" " * 20), config())


def test_d45_an_answer_that_echoes_the_request_does_not_bring_the_key_into_an_error() -> None:
    echo = json.dumps({"request": {"authorization": f"Token {SECRET}"}}).encode()
    with pytest.raises(ApiError) as caught:
        drive(exchange(request(), config(), SILENT), httpx.Response(404), echo)
    assert SECRET not in str(caught.value)
    assert caught.value.body == {"request": {"authorization": "Token [REDACTED]"}}


# --- What is logged ---------------------------------------------------------------------------------------------------


class Sink:
    def __init__(self) -> None:
        self.records: list[tuple[str, str, dict[str, Any]]] = []

    def debug(self, message: str, **kwargs: Any) -> None:
        self.records.append(("debug", message, kwargs))

    def info(self, message: str, **kwargs: Any) -> None:
        self.records.append(("info", message, kwargs))

    def warn(self, message: str, **kwargs: Any) -> None:
        self.records.append(("warn", message, kwargs))

    def error(self, message: str, **kwargs: Any) -> None:
        self.records.append(("error", message, kwargs))


def test_d45_requests_are_logged_without_secrets() -> None:
    sink = Sink()
    log = Logger(level="debug", logger=sink, silent=False)
    options: RequestOptions = {"additional_headers": {"Cookie": SECRET, "X-Api-Key": SECRET, "X-Other": "seen"}}
    call = request(query={"callback": f"https://u:{SECRET}@h"}, json={"url": SECRET}, options=options)
    drive(exchange(call, config(), log), httpx.Response(200), b"{}")
    assert [(level, sorted(details)) for level, _, details in sink.records] == [
        ("debug", ["has_body", "headers", "method", "url"]),
        ("debug", ["method", "status_code", "url"]),
    ]
    details = sink.records[0][2]
    assert (details["method"], details["url"], details["has_body"]) == (
        "POST",
        "https://api.deepgram.com/v1/listen",
        True,
    )
    hidden = {name: details["headers"][name] for name in ("Authorization", "Cookie", "X-Api-Key", "X-Other")}
    assert hidden == {
        "Authorization": "[REDACTED]",
        "Cookie": "[REDACTED]",
        "X-Api-Key": "[REDACTED]",
        "X-Other": "seen",
    }
    assert SECRET not in repr(sink.records)


def test_refusals_are_logged_as_errors_and_little_else_without_debug() -> None:
    sink = Sink()
    log = Logger(level="info", logger=sink, silent=False)
    drive(exchange(request(), config(), log), httpx.Response(200), b"{}")
    assert sink.records == []
    with pytest.raises(ApiError):
        drive(exchange(request(), config(), log), httpx.Response(404), b"{}")
    assert [(level, details["status_code"]) for level, _, details in sink.records] == [("error", 404)]
