"""How live conversations begin: credentials, ids, refusals, places."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response

from .hearing import RAW, SECOND, Ears, said, serving, tell, until, v1, v2

KEY = "a-key-of-the-test"


async def refused(handshake: connect) -> tuple[Response, dict[str, Any]]:
    """Return the answer to a handshake that fails, and its body."""
    with pytest.raises(InvalidStatus) as failed:
        async with handshake:
            pass
    response = failed.value.response
    body: dict[str, Any] = json.loads(response.body or b"")
    assert body["request_id"] == response.headers["dg-request-id"]
    assert body["err_msg"].startswith(response.headers["dg-error"][:40])
    return response, body


async def test_a_handshake_without_the_right_key_is_refused_in_the_form_of_the_service() -> None:
    ears = Ears()
    async with serving(ears, api_key=KEY) as local:
        for headers in ({}, {"Authorization": "Token wrong"}, {"Authorization": f"Basic {KEY}"}):
            response, body = await refused(v1(local, additional_headers=headers))
            assert response.status_code == 401
            assert body["err_code"] == "INVALID_AUTH"
    assert not ears.streams


async def test_the_scheme_may_be_written_in_any_case() -> None:
    async with serving(Ears(), api_key=KEY) as local:
        for scheme in ("Token", "token", "TOKEN", "bearer", "Bearer"):
            async with v2(local, additional_headers={"Authorization": f"{scheme} {KEY}"}) as socket:
                assert (await said(socket))["type"] == "Connected"


async def test_a_browser_sends_its_key_as_a_subprotocol_and_gets_the_scheme_back() -> None:
    async with serving(Ears(), api_key=KEY) as local:
        for scheme in ("token", "bearer", "Token"):
            async with v1(local, subprotocols=[scheme, KEY]) as socket:
                assert socket.subprotocol == scheme
            response, _ = await refused(v1(local, subprotocols=[scheme, "wrong"]))
            assert response.status_code == 401


async def test_without_a_key_of_its_own_the_server_takes_any_and_still_answers_the_subprotocol() -> None:
    async with serving(Ears()) as local:
        async with v1(local, subprotocols=["token", "anything"]) as socket:
            assert socket.subprotocol == "token"
        async with v1(local) as socket:
            assert socket.subprotocol is None


async def test_the_id_of_the_answer_is_that_of_the_messages_and_nothing_is_compressed() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        assert socket.response is not None
        assert (await said(socket))["request_id"] == socket.response.headers["dg-request-id"]
    async with serving(Ears()) as local, connect(f"{local.url}/v2/listen?model=flux-general-en&{RAW}") as socket:
        assert socket.response is not None
        assert "sec-websocket-extensions" not in socket.response.headers


async def test_an_address_without_conversations_is_not_found() -> None:
    async with serving(Ears()) as local:
        response, body = await refused(connect(f"{local.url}/v3/listen"))
    assert (response.status_code, body["err_code"]) == (404, "NOT_FOUND")


V1_NONSENSE = {
    "endpointing=soon": "endpointing",
    "endpointing=-5": "endpointing",
    "utterance_end_ms=-1": "utterance_end_ms",
    "interim_results=perhaps": "interim_results",
    "sample_rate=fast": "sample_rate",
    "channels=0": "channels",
    "replace=:x": "replace",
    "callback_method=PATCH": "callback_method",
    "model=flux-general-en": "/v2/listen",
    "encoding=nonsense": "encoding",
    "language=tlh": "language",
    "callback=http://127.0.0.1:8080/": "callback",
    "keyterm=" + "&keyterm=".join(f"term{n}" for n in range(101)): "keyterm",
}


async def test_nonsense_in_the_query_of_v1_is_refused_with_the_name_of_the_parameter() -> None:
    ears = Ears()
    async with serving(ears) as local:
        for query, named in V1_NONSENSE.items():
            response, body = await refused(v1(local, query))
            assert response.status_code == 400, query
            assert named in body["err_msg"], query
    assert ears.taken == 0


V2_NONSENSE = {
    "eot_threshold=0.4": "eot_threshold is a number from 0.5 to 0.9",
    "eot_threshold=0.95": "eot_threshold is a number from 0.5 to 0.9",
    "eot_threshold=high": "eot_threshold",
    "eot_threshold=nan": "eot_threshold",
    "eager_eot_threshold=0.95": "eager_eot_threshold",
    "eager_eot_threshold=0.8&eot_threshold=0.7": "at most eot_threshold",
    "eot_timeout_ms=100": "eot_timeout_ms",
    "eot_timeout_ms=61000": "eot_timeout_ms",
    "model=nova-3": "model",
}


async def test_nonsense_in_the_query_of_v2_is_refused_with_the_name_of_the_parameter() -> None:
    async with serving(Ears()) as local:
        for query, named in V2_NONSENSE.items():
            response, body = await refused(v2(local, query))
            assert response.status_code == 400, query
            assert named in body["err_msg"], query


async def test_a_conversation_with_turns_needs_a_model() -> None:
    async with serving(Ears()) as local:
        response, body = await refused(connect(f"{local.url}/v2/listen"))
    assert (response.status_code, body["err_code"]) == (400, "INVALID_QUERY_PARAMETER")


async def test_what_is_switched_off_or_unknown_is_not_refused() -> None:
    query = (
        "no_delay=true&detect_language=false&diarize=false&mip_opt_out=false&numerals=false&multichannel=False"
        "&channels=1&endpointing=false&smart_format=True&vad_events=0&tag=a&extra=k:v&interim_results=1&filler_words="
    )
    ears = Ears()
    async with serving(ears) as local, v1(local, query):
        assert ears.streams[0].options.endpointing_ms is None
        assert ears.streams[0].options.interim


async def test_endpointing_is_milliseconds_or_a_switch() -> None:
    ears = Ears()
    expected = {"": 10, "endpointing=true": 10, "endpointing=25": 25, "endpointing=False": None}
    async with serving(ears) as local:
        for query in expected:
            async with v1(local, query):
                pass
    assert [stream.options.endpointing_ms for stream in ears.streams] == list(expected.values())


async def test_thresholds_arrive_as_text() -> None:
    ears = Ears()
    query = "eot_threshold=0.8&eager_eot_threshold=0.4&eot_timeout_ms=6000&keyterm=bax&keyterm=box"
    async with serving(ears) as local, v2(local, query) as socket:
        await said(socket)
    options = ears.streams[0].options
    assert options.turns is not None
    assert (options.turns.eot_threshold, options.turns.eager_eot_threshold) == (0.8, 0.4)
    assert (options.turns.eot_timeout_ms, options.hints.keyterms) == (6000, ("bax", "box"))


async def test_a_strict_server_refuses_what_its_engine_cannot_do() -> None:
    async with serving(Ears(), strict=True) as local:
        response, body = await refused(v1(local, "diarize=true"))
    assert (response.status_code, body["err_code"]) == (400, "UNSUPPORTED_PARAMETER")
    assert "tell speakers apart" in body["err_msg"]


async def test_who_finds_no_place_is_told_to_come_back_and_finds_one_when_another_has_left() -> None:
    ears = Ears(places=1)
    async with serving(ears, max_streams=1) as local:
        async with v1(local):
            response, body = await refused(v2(local))
            assert (response.status_code, body["err_code"]) == (429, "TOO_MANY_REQUESTS")
            assert int(response.headers["retry-after"]) >= 1
        await until(lambda: ears.taken == 0)
        async with v2(local) as socket:
            assert (await said(socket))["type"] == "Connected"


async def test_a_failure_before_the_answer_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Ears):
        async def open(self, options: object) -> Any:
            raise ZeroDivisionError

    async with serving(Broken()) as local:
        response, body = await refused(v1(local))
    assert (response.status_code, body["err_code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert "ZeroDivisionError" in caplog.text


async def test_the_log_has_a_line_for_each_end_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(Ears()) as local:
        async with v1(local, "keyterm=secret") as socket:
            await tell(socket, "CloseStream")
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(_read_on(socket), 5)
        async with v1(local, "keyterm=secret"):
            pass
        await until(lambda: "WS /v1/listen left with 1000" in caplog.text)
        await refused(v1(local, "keyterm=secret&channels=none"))
    assert "WS /v1/listen 101" in caplog.text
    assert "WS /v1/listen closed with 1000" in caplog.text
    assert "WS /v1/listen 400" in caplog.text
    assert "secret" not in caplog.text


async def _read_on(socket: Any) -> None:
    while True:
        await socket.recv()


async def test_a_server_that_stops_says_so_to_everybody_and_frees_their_places() -> None:
    ears = Ears()
    async with serving(ears) as local:
        first, second = await v1(local), await v2(local)
        await first.send(bytes(SECOND))
        await said(first)
    for socket in (first, second):
        await asyncio.wait_for(socket.wait_closed(), 5)
        assert socket.close_code in (1001, 1012)
    assert ears.taken == 0
