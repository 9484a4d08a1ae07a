"""The transport, AWS's own client and the endpoint of the embedded server, together.

The endpoint checks every signature as AWS does, and the client checks the endpoint's certificate.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import os
import sys
import time
import wave
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
from deepgram import AsyncDeepgramClient
from deepgram.local import Server
from deepgram.local.sagemaker_signing import Key
from deepgram.runtime.errors import ApiError, ForbiddenError, NotFoundError, RateLimitError
from deepgram.testing.transport import AsyncCheck, Close, Hear, Listen, Say, Script, async_checks
from deepgram.transport_interface import AsyncTransport
from deepgram.transports.sagemaker import (
    AccessDenied,
    EndpointNotFound,
    EndpointUnreachable,
    ModelFailed,
    SageMakerConfig,
    SageMakerError,
    SageMakerTransport,
    SageMakerTransportFactory,
    Throttled,
    TimedOut,
)

from .endpoint import Faulty, Playing, breaks, never_answers, refuses, serving

if sys.version_info < (3, 12):
    pytest.skip("AWS's client for SageMaker's streams needs Python 3.12 or newer", allow_module_level=True)
assert importlib.util.find_spec("aws_sdk_sagemaker_runtime_http2"), "the extra dev brings AWS's client"

URL = "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
PATIENCE = 20


def factory(endpoint: Any, **fields: Any) -> SageMakerTransportFactory:
    """Return a factory for an endpoint, which waits little."""
    quick: dict[str, Any] = {"initial_backoff": 0.01, "max_backoff": 0.02, "retry_budget": 5.0}
    config = SageMakerConfig("my-deepgram-endpoint", endpoint_url=endpoint.url, ca_bundle=endpoint.ca_bundle)
    return SageMakerTransportFactory(config=SageMakerConfig(**{**vars(config), **quick, **fields}))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")


@asynccontextmanager
async def conversing(endpoint: Faulty, url: str = URL, **fields: Any) -> AsyncGenerator[SageMakerTransport, None]:
    transport = factory(endpoint, **fields)(url, {})
    try:
        yield transport
    finally:
        await asyncio.wait_for(transport.close(), PATIENCE)


async def failure_of(endpoint: Faulty, **fields: Any) -> SageMakerError:
    """Return what sending raises."""
    async with conversing(endpoint, **fields) as transport:
        with pytest.raises(SageMakerError) as raised:
            await asyncio.wait_for(transport.recv(), PATIENCE)
        return raised.value


# --- The kit ----------------------------------------------------------------------------------------------------------


class SageMakerHarness:
    """The peer is the model behind an endpoint."""

    @asynccontextmanager
    async def open(self, script: Script) -> AsyncGenerator[AsyncTransport, None]:
        async with (
            serving(Playing(script)) as endpoint,
            conversing(endpoint, "wss://api.deepgram.com/v1/speak", max_retries=0) as transport,
        ):
            yield transport


def windows() -> bool:
    """Tell whether this release of awscrt lets the reader hold the peer back."""
    http: Any = importlib.import_module("awscrt.http")
    return "manual_window_management" in inspect.signature(http.Http2ClientConnection.new).parameters


@pytest.mark.parametrize("check", async_checks(), ids=str)
async def test_sagemaker_passes_the_kit(check: AsyncCheck) -> None:
    if "hold back" in check.needs and not windows():
        pytest.skip("awscrt before 0.29 takes in all that comes")
    await check(SageMakerHarness())


# --- With the embedded server -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted", sagemaker=0, sagemaker_endpoint="my-deepgram-endpoint") as running:
        yield running


SAGEMAKER = """
from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.transports.sagemaker import SageMakerTransportFactory

factory = SageMakerTransportFactory(
    endpoint_name="my-deepgram-endpoint",
    region="us-west-2",
)

# SageMaker uses AWS credentials (not Deepgram API keys)
client = AsyncDeepgramClient(api_key="unused", transport_factory=factory)

async def main():
    async with client.listen.v1.connect(model="nova-3") as connection:
        connection.on(EventType.MESSAGE, on_message)
        await connection.start_listening()
"""


async def test_the_described_block_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As written there but for ``async with`` at the top level, and for the name of the handler."""
    heard: list[Any] = []
    script = Script((Say('{"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.5}'), Close()))
    async with serving(Playing(script), name="my-deepgram-endpoint") as endpoint:
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        before = dict(os.environ)
        names: dict[str, Any] = {"on_message": heard.append}
        exec(compile(SAGEMAKER, "the described block", "exec"), names)
        await asyncio.wait_for(names["main"](), PATIENCE)
        assert dict(os.environ) == before, "the environment of the process is left alone"
    assert [message.type for message in heard] == ["UtteranceEnd"]


def spoken(path: Path) -> tuple[list[bytes], int]:
    """Return a recording in frames of 20 ms."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        data = file.readframes(file.getnframes())
    size = rate // 50 * 2
    return [data[start : start + size] for start in range(0, len(data), size)], rate


async def transcribed(client: AsyncDeepgramClient, path: Path) -> str:
    frames, rate = spoken(path)
    async with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=rate) as connection:
        words: list[str] = []

        async def read() -> None:
            async for message in connection:
                if message.type == "Results" and message.is_final:
                    words.append(message.channel.alternatives[0].transcript)

        reading = asyncio.ensure_future(read())
        for frame in frames:
            await connection.send_media(frame)
        await connection.send_close_stream()
        await asyncio.wait_for(reading, 100)
    return " ".join(filter(None, words))


async def test_a_real_recording_reads_word_for_word_as_over_a_websocket(clip: Path) -> None:
    async with deepgram.local.running(engine="pocketsphinx", sagemaker=0) as running:
        assert running.sagemaker is not None
        over_sagemaker = AsyncDeepgramClient(api_key="unused", transport_factory=factory(running.sagemaker))
        heard = await transcribed(over_sagemaker, clip)
        assert heard == await transcribed(running.async_client(), clip)
    assert len(heard.split()) > 8


async def test_turns_are_detected_over_it_too(server: Server) -> None:
    client = AsyncDeepgramClient(api_key="unused", transport_factory=factory(server.sagemaker))
    async with client.listen.v2.connect(model="flux-general-en", encoding="linear16", sample_rate=16000) as connection:
        first: Any = await asyncio.wait_for(connection.recv(), PATIENCE)
        assert first.type == "Connected"
        await connection.send_media(bytes(32000))


async def test_speech_comes_over_it_too() -> None:
    audio = bytes(range(256)) * 10
    flushed = '{"type": "Flushed", "sequence_id": 0}'
    model = Playing(Script((Hear(2), Say(audio), Say(flushed), Listen())))
    async with serving(model) as endpoint:
        client = AsyncDeepgramClient(api_key="unused", transport_factory=factory(endpoint))
        async with client.speak.v1.connect(model="aura-2-asteria-en", encoding="linear16") as connection:
            await connection.send_text({"type": "Speak", "text": "hello"})
            await connection.send_flush()
            assert await asyncio.wait_for(connection.recv(), PATIENCE) == audio
            last: Any = await asyncio.wait_for(connection.recv(), PATIENCE)
            assert last.type == "Flushed"
    assert model.scopes[0]["path"] == "/v1/speak"


async def test_an_agent_is_talked_with_over_it_too() -> None:
    welcome, applied = '{"type": "Welcome", "request_id": "r"}', '{"type": "SettingsApplied"}'
    model = Playing(Script((Say(welcome), Hear(1), Say(applied), Hear(1), Say(bytes(640)), Listen())))
    async with serving(model) as endpoint:
        client = AsyncDeepgramClient(api_key="unused", transport_factory=factory(endpoint))
        async with client.agent.v1.connect() as connection:
            messages: list[Any] = [await asyncio.wait_for(connection.recv(), PATIENCE)]
            await connection.send_settings({"type": "Settings", "audio": {}, "agent": {}})
            messages.append(await asyncio.wait_for(connection.recv(), PATIENCE))
            await connection.send_media(bytes(640))
            assert await asyncio.wait_for(connection.recv(), PATIENCE) == bytes(640)
    assert [message.type for message in messages] == ["Welcome", "SettingsApplied"]
    assert model.scopes[0]["path"] == "/v1/agent/converse"


async def test_two_factories_live_in_one_process(server: Server) -> None:
    """And a client without one: each has its own way."""
    audio = bytes(3200)
    async with deepgram.local.running(engine="scripted", sagemaker=0, sagemaker_endpoint="other") as other:
        one = AsyncDeepgramClient(api_key="unused", transport_factory=factory(server.sagemaker))
        two = AsyncDeepgramClient(api_key="unused", transport_factory=factory(other.sagemaker, endpoint_name="other"))
        three = server.async_client()
        heard: list[list[Any]] = []
        for client in (one, two, three, one):
            async with client.listen.v1.connect(model="m", encoding="linear16", sample_rate=16000) as connection:
                await connection.send_media(audio)
                await connection.send_close_stream()
                heard.append([message async for message in connection])
        assert [messages[-1].type for messages in heard] == ["Metadata"] * 4


async def test_a_refused_parameter_is_told_with_the_models_words(server: Server) -> None:
    client = AsyncDeepgramClient(api_key="unused", transport_factory=factory(server.sagemaker))
    async with client.listen.v1.connect(model="m", encoding="nonsense") as connection:
        with pytest.raises(ModelFailed) as raised:
            await connection.send_media(bytes(640))
    error = raised.value
    assert (error.status_code, error.original_status) == (424, 400)
    assert "nonsense" in str(error)
    assert error.request_id and error.request_id in str(error)


# --- Opening ----------------------------------------------------------------------------------------------------------


async def test_path_and_query_reach_the_model_and_headers_do_not() -> None:
    model = Playing(Script((Say("hello"), Close())))
    async with serving(model) as endpoint:
        transport = factory(endpoint)(
            "wss://api.deepgram.com/v2/listen?model=flux&keyterm=a%20b", {"Authorization": "secret"}
        )
        assert (transport.invocation_path, transport.query_string) == ("v2/listen", "model=flux&keyterm=a%20b")
        assert endpoint.requests == 0, "nothing is opened before it is used"
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "hello"
        assert await asyncio.wait_for(transport.recv(), PATIENCE) is None
        await transport.close()
    [scope] = model.scopes
    assert (scope["path"], scope["query_string"]) == ("/v2/listen", b"model=flux&keyterm=a%20b")
    assert "secret" not in str(scope)


async def test_it_opens_once_however_many_begin_at_the_same_time() -> None:
    script = Script((Hear(3), Say("done"), Close()))
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        receiving = asyncio.ensure_future(transport.recv())
        await asyncio.gather(*(transport.send(bytes([number])) for number in range(3)))
        assert await asyncio.wait_for(receiving, PATIENCE) == "done"
        assert endpoint.requests == 1
    assert script.heard == [b"\0", b"\1", b"\2"]


async def test_leaving_without_a_word_opens_nothing() -> None:
    async with serving(Playing(Script(()))) as endpoint:
        client = AsyncDeepgramClient(api_key="unused", transport_factory=factory(endpoint))
        async with client.listen.v1.connect(model="m"):
            pass
        assert endpoint.requests == 0


async def test_an_endpoint_that_is_not_there_is_told() -> None:
    async with serving(Playing(Script(())), name="another") as endpoint:
        error = await failure_of(endpoint)
    assert isinstance(error, EndpointNotFound) and isinstance(error, NotFoundError)
    assert "my-deepgram-endpoint" in str(error) and error.request_id


async def test_an_endpoint_whose_certificate_is_not_trusted_is_told_soon() -> None:
    async with serving(Playing(Script(()))) as endpoint:
        error = await failure_of(endpoint, ca_bundle=None, max_retries=0)
    assert isinstance(error, EndpointUnreachable) and isinstance(error, ConnectionError)
    assert "AWS_CA_BUNDLE" in str(error) and "certificate" in str(error)


async def test_nobody_listening_is_told(tmp_path: Path) -> None:
    async with serving(Playing(Script(()))) as endpoint:
        assert endpoint.ca_bundle is not None
        bundle = tmp_path / "ca.pem"
        bundle.write_bytes(endpoint.ca_bundle.read_bytes())
    error = await failure_of(endpoint, max_retries=1, ca_bundle=bundle)
    assert isinstance(error, EndpointUnreachable)


async def test_a_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with serving(Playing(Script(()))) as endpoint:
        error = await failure_of(endpoint, max_retries=0, ca_bundle=tmp_path / "missing.pem")
    assert isinstance(error, EndpointUnreachable) and "missing.pem" in str(error)


async def test_an_endpoint_that_never_answers_is_given_up() -> None:
    async with serving(Playing(Script(()))) as endpoint:
        endpoint.faults = [never_answers]
        error = await failure_of(endpoint, subscription_timeout=0.3, max_retries=0)
    assert isinstance(error, TimedOut) and isinstance(error, TimeoutError)


async def test_more_streams_than_allowed_wait_for_a_place() -> None:
    async with serving(Playing(Script((Say("hello"), Listen())))) as endpoint:
        made = factory(endpoint, max_concurrency=1, connection_acquire_timeout=0.2, max_retries=0)
        one, two, three = (made(URL, {}) for _ in range(3))
        assert await asyncio.wait_for(one.recv(), PATIENCE) == "hello"
        with pytest.raises(TimedOut, match="in use"):
            await asyncio.wait_for(two.recv(), PATIENCE)
        await one.close()
        assert await asyncio.wait_for(three.recv(), PATIENCE) == "hello"
        await three.close()
        await two.close()


# --- Credentials ------------------------------------------------------------------------------------------------------


async def test_the_wrong_region_is_told_with_awss_request_id() -> None:
    async with serving(Playing(Script(())), region="eu-west-1") as endpoint:
        error = await failure_of(endpoint)
    assert isinstance(error, AccessDenied) and isinstance(error, ForbiddenError) and isinstance(error, ApiError)
    assert "us-west-2" in str(error) and "region" in str(error)
    assert error.code == "InvalidSignatureException" and error.request_id and error.request_id in str(error)
    assert endpoint.requests == 1, "what is wrong with the request is not tried again"


@pytest.mark.parametrize("skew", [600, -600])
async def test_a_clock_that_is_wrong_is_told(skew: float) -> None:
    async with serving(Playing(Script(())), clock=lambda: time.time() + skew) as endpoint:
        error = await failure_of(endpoint)
    assert isinstance(error, AccessDenied)
    assert "Signature" in str(error) and "clock" in str(error) and error.request_id


async def test_a_wrong_secret_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret")
    async with serving(Playing(Script(()))) as endpoint:
        error = await failure_of(endpoint)
    assert isinstance(error, AccessDenied)
    assert "wrong-and-secret" not in f"{error} {error!r} {error.headers} {error.body}"


async def test_a_token_that_expires_in_mid_stream_ends_it_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = 0.0
    keys = {"local": Key("local", token="token", expires=time.time() + 100)}
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    script = Script((Hear(1), Say("heard"), Listen()))
    async with (
        serving(Playing(script), keys=keys, clock=lambda: time.time() + ahead) as endpoint,
        conversing(endpoint) as transport,
    ):
        await transport.send(b"\0")
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "heard"
        ahead = 200.0
        await transport.send(b"\1")
        with pytest.raises(AccessDenied) as raised:
            await asyncio.wait_for(transport.recv(), PATIENCE)
    assert raised.value.code == "ExpiredTokenException"
    assert raised.value.request_id and raised.value.request_id in str(raised.value)


async def test_a_token_that_expires_is_replaced_if_there_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = 0.0
    keys = {
        "local": Key("local", token="token", expires=time.time() + 100),
        "renewed": Key("renewed"),
    }
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    model = Playing(Script((Hear(1), Say("heard"), Listen())))
    async with (
        serving(model, keys=keys, clock=lambda: time.time() + ahead) as endpoint,
        conversing(endpoint) as transport,
    ):
        await transport.send(b"\0")
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "heard"
        ahead = 200.0
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "renewed")
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        await transport.send(b"\1")
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "heard"
    assert model.script.heard[:2] == [b"\0", b"\1"]


# --- Losing a stream --------------------------------------------------------------------------------------------------


async def until(condition: Any) -> None:
    """Wait until something is so."""
    for _ in range(PATIENCE * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


async def test_what_was_said_since_the_last_answer_is_said_again() -> None:
    script = Script((Hear(3), Say('{"type": "Results"}'), Listen()))
    model = Playing(script)
    async with serving(model) as endpoint, conversing(endpoint) as transport:
        for number in range(2):
            await transport.send(bytes([number]))
        await until(lambda: script.heard == [b"\0", b"\1"])
        endpoint.drop()
        await transport.send(b"\2")
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == '{"type": "Results"}'
        assert script.heard == [b"\0", b"\1", b"\0", b"\1", b"\2"]
        # From here on, nothing of that is said again.
        script.heard.clear()
        endpoint.drop()
        for number in range(3, 6):
            await transport.send(bytes([number]))
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == '{"type": "Results"}'
        assert script.heard == [b"\3", b"\4", b"\5"]
    assert model.conversations == 3


async def test_an_agent_is_told_its_settings_again() -> None:
    script = Script((Hear(1), Say('{"type": "Welcome"}'), Listen()))
    settings = json.dumps({"type": "Settings", "agent": {}})
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        await transport.send(settings)
        await asyncio.wait_for(transport.recv(), PATIENCE)
        endpoint.drop()
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == '{"type": "Welcome"}'
    assert script.heard == [settings, settings]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refuses(429, "ThrottlingException", message="Rate exceeded"), Throttled),
        (refuses(400, "ThrottlingException", message="Rate exceeded"), Throttled),
        (refuses(503, "ServiceUnavailable", Message="come back later"), SageMakerError),
        (refuses(424, "ModelError", Message="the container is starting", OriginalStatusCode=503), ModelFailed),
        (breaks, EndpointUnreachable),
    ],
)
async def test_what_passes_is_tried_again_and_what_stays_is_raised(fault: Any, kind: type[SageMakerError]) -> None:
    async with serving(Playing(Script((Say("hello"), Listen())))) as endpoint:
        endpoint.faults = [fault, fault]
        async with conversing(endpoint) as transport:
            assert await asyncio.wait_for(transport.recv(), PATIENCE) == "hello"
        endpoint.faults = [fault] * 3
        error = await failure_of(endpoint, max_retries=2)
    assert isinstance(error, kind)
    assert not isinstance(error, Throttled) or isinstance(error, RateLimitError)
    assert error.status_code is None or error.request_id == f"request-{error.status_code}"


async def test_a_model_that_ends_badly_in_mid_stream_is_told() -> None:
    script = Script((Say("hello"), Hear(1), Close(1011, "out of order")))
    async with serving(Playing(script)) as endpoint, conversing(endpoint, max_retries=0) as transport:
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "hello"
        await transport.send(b"\0")
        with pytest.raises(ModelFailed, match="out of order") as raised:
            await asyncio.wait_for(transport.recv(), PATIENCE)
        with pytest.raises(ModelFailed):
            await transport.send(b"\1")
    assert raised.value.request_id and raised.value.request_id in str(raised.value)


async def test_an_error_after_the_goodbye_is_an_end() -> None:
    script = Script((Hear(2), Say('{"type": "Metadata"}'), Close(1011)))
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        await transport.send(b"\0")
        await transport.send('{"type": "CloseStream"}')
        assert [frame async for frame in transport] == ['{"type": "Metadata"}']
        assert endpoint.requests == 1


async def test_an_endpoint_that_closes_its_side_first_ends_the_conversation() -> None:
    """What is sent after that is not lost in silence, and does not hang."""
    script = Script((Hear(1), Say("that is all"), Close()))
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        await transport.send(bytes(640))
        assert [frame async for frame in transport] == ["that is all"]
        with pytest.raises(Exception, match="no close frame"):
            for _ in range(1000):
                await asyncio.wait_for(transport.send(bytes(640)), PATIENCE)


# --- Parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part_bytes", [1, 7, 1000])
async def test_parts_that_split_letters_are_put_together(part_bytes: int) -> None:
    message = '{"text": "' + "Grüße 你好 🎙" * 3 + '"}'
    script = Script((Say(message), Say(message.encode()), Close()))
    async with serving(Playing(script), part_bytes=part_bytes) as endpoint, conversing(endpoint) as transport:
        assert [frame async for frame in transport] == [message, message.encode()]


async def test_audio_that_could_be_read_as_text_stays_audio() -> None:
    audio = b'{"type": "Results"}'
    script = Script((Say(audio), Say(audio.decode()), Close()))
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        assert [frame async for frame in transport] == [audio, audio.decode()]


async def test_huge_messages_are_refused_and_not_gathered_without_end() -> None:
    script = Script((Say(bytes(17 * 1024 * 1024)), Listen()))
    async with serving(Playing(script)) as endpoint:
        error = await failure_of(endpoint)
        assert isinstance(error, ModelFailed) and "16777216" in str(error) and error.request_id
        async with conversing(endpoint) as transport:
            with pytest.raises(ValueError, match="16777216"):
                await transport.send(bytes(17 * 1024 * 1024))


async def test_a_large_message_arrives_whole() -> None:
    large = "é" * 3_000_000
    script = Script((Hear(2), Say("thanks"), Close()))
    async with serving(Playing(script)) as endpoint, conversing(endpoint) as transport:
        await transport.send(large)
        await transport.send(bytes(5_000_000))
        assert await asyncio.wait_for(transport.recv(), PATIENCE) == "thanks"
    assert script.heard == [large, bytes(5_000_000)]
