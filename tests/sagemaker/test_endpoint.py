"""The endpoint by itself: HTTP/2, event stream and signatures, talked to with h2 and botocore. On every Python."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deepgram.local
from deepgram.local.sagemaker_events import Malformed, Messages, decode, encode, encode_header
from deepgram.local.sagemaker_signing import Denied, Key, Signatures
from deepgram.testing.transport import Close, Hear, Listen, Say, Script

from .endpoint import Faulty, Playing, serving

PATH = "/endpoints/my-endpoint/invocations-bidirectional-stream"
PATIENCE = 10
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Machines that do something else besides are slow."""


def signed(
    path: str = PATH, *, region: str = "us-west-2", secret: str = "local", token: str | None = None, host: str = "host"
) -> tuple[dict[str, str], str]:
    """Return the signed headers of a request, and the signature."""
    request = AWSRequest("POST", f"https://{host}{path}")
    request.headers["host"] = host
    request.headers["X-Amz-Content-SHA256"] = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
    SigV4Auth(Credentials("local", secret, token), "sagemaker", region).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return headers, headers["authorization"].rpartition("=")[2]


class Signer:
    """Signs events, each after the one before."""

    def __init__(self, first: str, secret: str = "local") -> None:
        self._auth = SigV4Auth(Credentials("local", secret), "sagemaker", "us-west-2")
        self._last = first

    def sign(self, payload: bytes) -> bytes:
        milliseconds = int(time.time() * 1000)
        request = AWSRequest("POST", "https://events")
        request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(milliseconds / 1000))
        date = encode_header(":date", milliseconds)
        to_sign = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                request.context["timestamp"],
                self._auth.credential_scope(request),
                self._last,
                sha256(date).hexdigest(),
                sha256(payload).hexdigest(),
            )
        )
        self._last = str(self._auth.signature(to_sign, request))
        moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
        return encode({":date": moment, ":chunk-signature": bytes.fromhex(self._last)}, payload)


def part(data: bytes, kind: str | None = None, state: str | None = None) -> bytes:
    marks = {name: value for name, value in (("DataType", kind), ("CompletionState", state)) if value}
    return encode({":message-type": "event", ":event-type": "PayloadPart", **marks}, data)


class Client:
    """One request over HTTP/2."""

    def __init__(self, endpoint: Faulty) -> None:
        self._endpoint = endpoint
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.ended = False
        self.reset: int | None = None

    async def open(self, headers: dict[str, str], path: str = PATH) -> None:
        context = ssl.create_default_context(cafile=str(self._endpoint.ca_bundle))
        context.set_alpn_protocols(["h2"])
        port = int(self._endpoint.url.rpartition(":")[2])
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        self._h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(2**24)
        pseudo = {":method": "POST", ":scheme": "https", ":authority": headers.get("host", "host"), ":path": path}
        self._h2.send_headers(
            1, [*pseudo.items(), *((name, value) for name, value in headers.items() if name != "host")]
        )
        self._flush()

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())

    def send(self, data: bytes, *, end: bool = False) -> None:
        for start in range(0, len(data), 16384):
            self._h2.send_data(1, data[start : start + 16384])
        if end:
            self._h2.end_stream(1)
        self._flush()

    async def read_until(self, condition: Any) -> None:
        while not condition():
            data = await asyncio.wait_for(self._reader.read(65536), PATIENCE)
            if not data:
                self.ended = True
                return
            for event in self._h2.receive_data(data):
                if isinstance(event, ResponseReceived):
                    self.headers = {str(name): str(value) for name, value in event.headers or ()}
                    self.status = int(self.headers[":status"])
                elif isinstance(event, DataReceived):
                    self.body += event.data or b""
                    self._h2.acknowledge_received_data(event.flow_controlled_length or 0, 1)
                elif isinstance(event, StreamEnded):
                    self.ended = True
                elif isinstance(event, StreamReset):
                    self.reset = int(event.error_code or 0)
                    self.ended = True
            self._flush()

    async def whole(self) -> None:
        await self.read_until(lambda: self.ended)

    def messages(self) -> list[Any]:
        return list(Messages(2**24).feed(bytes(self.body)))

    def close(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def asking(endpoint: Faulty, headers: dict[str, str], path: str = PATH) -> AsyncGenerator[Client, None]:
    client = Client(endpoint)
    await client.open(headers, path)
    try:
        yield client
    finally:
        client.close()


# --- Conversations ----------------------------------------------------------------------------------------------------


async def test_a_conversation_is_held_over_signed_events() -> None:
    script = Script((Hear(3), Say('{"type": "Results"}'), Say(b"\0\1"), Close()))
    model = Playing(script)
    async with serving(model) as endpoint:
        headers, signature = signed()
        headers["x-amzn-sagemaker-model-invocation-path"] = "v1/listen"
        headers["x-amzn-sagemaker-model-query-string"] = "model=nova-3"
        async with asking(endpoint, headers) as client:
            signer = Signer(signature)
            client.send(signer.sign(part(b"\0\1\2")))
            client.send(signer.sign(part(b'{"type": "KeepAlive"}', "UTF8")))
            client.send(signer.sign(part("Grü".encode()[:-1], "UTF8", "PARTIAL")))
            client.send(signer.sign(part("ü".encode()[1:], "UTF8", "COMPLETE")))
            await client.whole()
    assert client.status == 200 and client.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert client.headers["x-amzn-requestid"]
    assert script.heard == [b"\0\1\2", '{"type": "KeepAlive"}', "Grü"]
    said = [(message.headers["DataType"], message.payload) for message in client.messages()]
    assert said == [("UTF8", b'{"type": "Results"}'), ("BINARY", b"\0\1")]
    assert model.scopes[0]["path"] == "/v1/listen" and model.scopes[0]["query_string"] == b"model=nova-3"


@pytest.mark.parametrize("signed_end", [True, False])
async def test_the_end_of_the_input_is_the_clients_leaving(signed_end: bool) -> None:
    script = Script((Listen(),))
    async with serving(Playing(script)) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            signer = Signer(signature)
            client.send(signer.sign(part(b"\0")) + (signer.sign(b"") if signed_end else b""), end=True)
            await client.whole()
            assert script.over.wait(0) and script.heard == [b"\0"]


async def test_more_may_be_sent_after_the_answer_has_ended() -> None:
    """The rest is thrown away; the request is reset without a complaint, and the connection goes on."""
    async with serving(Playing(Script((Close(),)))) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            signer = Signer(signature)
            await client.whole()
            client.send(signer.sign(part(bytes(100_000))))
            await client.read_until(lambda: client.reset is not None)
            assert client.reset == 0


async def test_a_client_that_does_not_read_holds_the_model_back() -> None:
    script = Script((*(Say(bytes(4096)) for _ in range(100)), Close()))
    async with serving(Playing(script)) as endpoint:
        headers, _ = signed()
        async with asking(endpoint, headers):
            said = -1
            while said != script.said or not said:
                said = script.said
                await asyncio.sleep(0.2)
            assert not script.over.is_set()


async def test_a_client_that_breaks_off_ends_the_conversation() -> None:
    script = Script((Listen(),))
    async with serving(Playing(script)) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            client.send(Signer(signature).sign(part(b"\0")))
            await client.read_until(lambda: client.status)
            client.close()
            assert await asyncio.to_thread(script.over.wait, PATIENCE)


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"authorization": ""}, 403, "IncompleteSignatureException"),
        ({"authorization": "AWS4-HMAC-SHA256 nonsense"}, 403, "IncompleteSignatureException"),
        ({"x-amz-date": "yesterday"}, 403, "IncompleteSignatureException"),
        ({"x-amz-date": "20200101T000000Z"}, 403, "InvalidSignatureException"),
        ({"x-amz-date": "20990101T000000Z"}, 403, "InvalidSignatureException"),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, 403, "InvalidSignatureException"),
        ({"x-amz-security-token": "stolen"}, 403, "UnrecognizedClientException"),
    ],
)
async def test_a_request_that_was_changed_is_refused(change: dict[str, str], status: int, error: str) -> None:
    async with serving(Playing(Script(()))) as endpoint:
        headers, _ = signed()
        async with asking(endpoint, {**headers, **change}) as client:
            await client.whole()
    assert (client.status, client.headers["x-amzn-errortype"]) == (status, error)
    assert client.headers["x-amzn-requestid"] and json.loads(client.body)["message"]


@pytest.mark.parametrize(
    ("signing", "error"),
    [
        ({"region": "eu-west-1"}, "InvalidSignatureException"),
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"token": "unknown"}, "UnrecognizedClientException"),
    ],
)
async def test_a_request_signed_by_somebody_else_is_refused(signing: dict[str, Any], error: str) -> None:
    async with serving(Playing(Script(()))) as endpoint:
        headers, _ = signed(**signing)
        async with asking(endpoint, headers) as client:
            await client.whole()
    assert (client.status, client.headers["x-amzn-errortype"]) == (403, error)


async def test_a_request_without_a_signature_is_refused() -> None:
    async with serving(Playing(Script(()))) as endpoint, asking(endpoint, {"host": "host"}) as client:
        await client.whole()
    assert (client.status, client.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/endpoints/another/invocations-bidirectional-stream", 400), ("/endpoints/x/invocations", 404)],
)
async def test_what_is_not_there_is_told(path: str, status: int) -> None:
    async with serving(Playing(Script(())), name="my-endpoint") as endpoint:
        headers, _ = signed(path)
        async with asking(endpoint, headers, path) as client:
            await client.whole()
    assert client.status == status


async def test_an_expired_token_is_refused() -> None:
    keys = {"local": Key("local", token="token", expires=time.time() - 1)}
    async with serving(Playing(Script(())), keys=keys) as endpoint:
        headers, _ = signed(token="token")
        async with asking(endpoint, headers) as client:
            await client.whole()
    assert (client.status, client.headers["x-amzn-errortype"]) == (403, "ExpiredTokenException")


async def test_a_model_that_refuses_the_handshake_is_a_model_error() -> None:
    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"too ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"many"})

    async with serving(refusing) as endpoint:
        headers, _ = signed()
        async with asking(endpoint, headers) as client:
            await client.whole()
    assert (client.status, client.headers["x-amzn-errortype"]) == (424, "ModelError")
    body = json.loads(client.body)
    assert (body["OriginalStatusCode"], body["OriginalMessage"]) == (429, "too many")


@pytest.mark.parametrize("accepts", [True, False])
async def test_a_model_that_fails_is_told(accepts: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if accepts:
            await send({"type": "websocket.accept"})
        raise LookupError("a bug")

    async with serving(failing) as endpoint:
        headers, _ = signed()
        async with asking(endpoint, headers) as client:
            await client.whole()
    assert client.status == (200 if accepts else 500)
    assert "a bug" in caplog.text


def events(client: Client) -> list[tuple[Any, Any]]:
    return [
        (message.headers[":message-type"], message.headers.get(":error-code") or message.headers.get(":exception-type"))
        for message in client.messages()
    ]


async def test_a_bad_close_code_is_an_exception_of_the_stream() -> None:
    async with serving(Playing(Script((Hear(1), Close(1011, "out of order"))))) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            client.send(Signer(signature).sign(part(b"\0")))
            await client.whole()
    assert events(client) == [("exception", "ModelStreamError")]
    assert "1011: out of order" in json.loads(client.messages()[0].payload)["Message"]


Bad = Callable[[Signer], bytes]
NO_EVENTS: list[tuple[Bad, str]] = [
    (lambda signer: part(b"unsigned"), "IncompleteSignatureException"),
    (lambda signer: signer.sign(part(b"\0"))[:-8] + bytes(8), "ValidationException"),
    (lambda signer: signer.sign(encode({":event-type": "Other"}, b"")), "ValidationException"),
    (lambda signer: signer.sign(part(b"\xff\xfe", "UTF8")), "ValidationException"),
    (lambda signer: signer.sign(b"no event"), "ValidationException"),
    (lambda signer: b"\x7f\xff\xff\xff" + bytes(100), "ValidationException"),
    (lambda signer: b"\0\0\0\1" + bytes(100), "ValidationException"),
    (lambda signer: Signer("0" * 64).sign(part(b"\0")), "InvalidSignatureException"),
    (lambda signer: [signer.sign(part(b"\0")), signer.sign(part(b"\1"))][1], "InvalidSignatureException"),
]


@pytest.mark.parametrize(("bad", "error"), NO_EVENTS)
async def test_what_is_no_signed_event_ends_the_stream_with_the_reason(bad: Bad, error: str) -> None:
    script = Script((Listen(),))
    async with serving(Playing(script)) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            await client.read_until(lambda: client.status)
            client.send(bad(Signer(signature)))
            await client.whole()
        assert script.over.wait(0)
    assert events(client) == [("error", error)]


async def test_a_message_that_is_too_large_ends_the_stream_with_the_reason() -> None:
    async with serving(Playing(Script((Listen(),))), max_message_bytes=50_000) as endpoint:
        headers, signature = signed()
        async with asking(endpoint, headers) as client:
            signer = Signer(signature)
            await client.read_until(lambda: client.status)
            client.send(signer.sign(part(bytes(30_000), None, "PARTIAL")))
            client.send(signer.sign(part(bytes(30_000))))
            await client.whole()
    assert events(client) == [("error", "ValidationException")]


async def test_what_is_no_http2_is_cut_off() -> None:
    async with serving(Playing(Script(()))) as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        context = ssl.create_default_context(cafile=str(endpoint.ca_bundle))
        for protocols, greeting in ((["h2"], b"GET / HTTP/1.1\r\n\r\n"), ([], b"GET / HTTP/1.1\r\n\r\n")):
            if protocols:
                context.set_alpn_protocols(protocols)
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            try:
                writer.write(greeting)
                await asyncio.wait_for(reader.read(), PATIENCE)
            except (ConnectionError, ssl.SSLError):
                pass
            finally:
                writer.transport.abort()


# --- Signatures and events by themselves ------------------------------------------------------------------------------


def test_each_signature_is_checked_against_the_clock_region_and_key() -> None:
    headers, _ = signed()
    pairs = list(headers.items())
    Signatures({"local": Key("local")}, "us-west-2").check("POST", PATH, pairs)
    for signatures in (
        Signatures({"local": Key("local")}, "us-west-2", lambda: time.time() + 301),
        Signatures({"local": Key("local")}, "us-west-2", lambda: time.time() - 301),
        Signatures({"local": Key("local")}, "us-east-1"),
        Signatures({"local": Key("other")}, "us-west-2"),
        Signatures({}, "us-west-2"),
    ):
        with pytest.raises(Denied):
            signatures.check("POST", PATH, pairs)
    with pytest.raises(Denied):
        Signatures({"local": Key("local")}, "us-west-2").check("POST", PATH + "/more", pairs)


def test_keys_are_not_shown() -> None:
    assert "hidden" not in repr(Key("hidden", token="hidden"))


@unhurried
@given(
    st.dictionaries(st.text("abc:-", min_size=1, max_size=5), st.text(max_size=5) | st.binary(max_size=5), max_size=3),
    st.binary(max_size=50),
    st.integers(1, 60),
)
def test_events_read_as_they_were_written_however_they_come(
    headers: dict[str, str | bytes], payload: bytes, step: int
) -> None:
    whole = encode(headers, payload) * 2
    messages = Messages(100)
    found = [message for start in range(0, len(whole), step) for message in messages.feed(whole[start : start + step])]
    assert [(dict(message.headers), message.payload) for message in found] == [(headers, payload)] * 2


@unhurried
@given(st.binary(max_size=200))
def test_what_is_no_event_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for read in (lambda: decode(data), lambda: list(Messages(100).feed(data))):
        with suppress(Malformed):
            read()


@unhurried
@given(st.integers(0, 200), st.integers(1, 255))
def test_a_byte_that_was_changed_is_noticed(place: int, change: int) -> None:
    whole = bytearray(encode({":event-type": "PayloadPart", "DataType": "UTF8"}, b"some payload"))
    whole[place % len(whole)] ^= change
    with pytest.raises(Malformed):
        decode(bytes(whole))


# --- As part of the server --------------------------------------------------------------------------------------------


def test_the_server_has_one_if_it_is_asked_for() -> None:
    with deepgram.local.running(engine="scripted") as server:
        assert server.sagemaker is None
    with deepgram.local.running(engine="scripted", sagemaker=0, sagemaker_region="eu-west-1") as server:
        assert server.sagemaker is not None
        variables = server.sagemaker.environment
        bundle = server.sagemaker.ca_bundle
        assert variables["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2"] == server.sagemaker.url
        assert variables["AWS_REGION"] == "eu-west-1" and variables["AWS_CA_BUNDLE"] == str(bundle)
        assert bundle is not None and b"CERTIFICATE" in bundle.read_bytes()
    assert not bundle.exists(), "what was made at the start is gone at the end"


def test_a_certificate_can_be_given(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "endpoint.pem"
    pem.write_bytes(authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes())
    with deepgram.local.running(engine="scripted", sagemaker=0, sagemaker_certificate=pem) as server:
        assert server.sagemaker is not None and server.sagemaker.ca_bundle is None
        context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        port = int(server.sagemaker.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            context.wrap_socket(connection, server_hostname="127.0.0.1").close()


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    pem = tmp_path / "endpoint.pem"
    pem.write_text("no certificate")
    with pytest.raises(RuntimeError, match=r"endpoint\.pem"):
        deepgram.local.running(engine="scripted", sagemaker=0, sagemaker_certificate=pem).start()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"port {port}"):
            deepgram.local.running(engine="scripted", sagemaker=port).start()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_command_serves_it_and_says_how_to_use_it(tmp_path: Path) -> None:
    source = str(Path(deepgram.__file__).parent.parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    command = [sys.executable, "-m", "deepgram.cli", "serve", "--port", "0", "--engine", "scripted", "--sagemaker", "0"]
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, "--sagemaker-region", "eu-west-1"],
            env={**kept, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        patience = threading.Timer(60, process.kill)
        patience.start()
        try:
            said: list[str] = []
            while not any("AWS_ACCESS_KEY_ID=local" in line for line in said):
                said.append(process.stdout.readline())
                assert said[-1], (tmp_path / "log").read_text()
            found = re.search(r"SageMaker endpoint: https://127\.0\.0\.1:(\d+)", "".join(said))
            assert found and "AWS_REGION=eu-west-1" in said[-1] and "AWS_CA_BUNDLE=" in said[-1]
            with socket.create_connection(("127.0.0.1", int(found[1])), PATIENCE):
                pass
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            assert "Traceback" not in (tmp_path / "log").read_text()
        finally:
            patience.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
