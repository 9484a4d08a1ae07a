"""What the transport decides by itself: parts, replay, retries, errors, settings. No AWS, on every Python."""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.runtime.errors import ApiError
from deepgram.transports.sagemaker import (
    AccessDenied,
    CredentialsMissing,
    EndpointNotFound,
    EndpointUnreachable,
    ModelFailed,
    PackageMissing,
    RegionMissing,
    SageMakerConfig,
    SageMakerError,
    SageMakerTransport,
    SageMakerTransportFactory,
    Throttled,
    TimedOut,
    place,
)
from deepgram.transports.sagemaker.errors import refused
from deepgram.transports.sagemaker.parts import Parts
from deepgram.transports.sagemaker.place import find
from deepgram.transports.sagemaker.replay import LEAST_WAITING, Replay, kind
from deepgram.transports.sagemaker.retries import Attempts, worth_retrying
from deepgram.transports.sagemaker.transport import encoded

URL = "wss://api.deepgram.com/v1/listen?model=nova-3"


# --- Text or audio ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["v1/listen", "v2/listen", "v1/speak", "v1/agent/converse"])
def test_what_is_marked_is_what_it_is_said_to_be(path: str) -> None:
    parts = Parts(path)
    assert parts.add(b'{"type": "x"}', "UTF8", "COMPLETE") == '{"type": "x"}'
    assert parts.add(b'{"type": "x"}', "BINARY", "COMPLETE") == b'{"type": "x"}'
    assert parts.add(b"\xff\xfe", "UTF8", "COMPLETE") == "\ufffd\ufffd"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"type": "Flushed"}', '{"type": "Flushed"}'),
        (b"audio that is valid UTF-8", b"audio that is valid UTF-8"),
        (b'{"and begins like a message', b'{"and begins like a message'),
        (b'{"\xff\xff', b'{"\xff\xff'),
        (b"", b""),
    ],
)
def test_without_marks_a_message_is_a_json_object_and_all_else_is_audio(data: bytes, message: str | bytes) -> None:
    assert Parts("v1/speak").add(data, None, None) == message


def test_without_marks_listening_brings_text_only() -> None:
    assert Parts("v1/listen").add(b'{"type": "Results"}', None, None) == '{"type": "Results"}'


@pytest.mark.parametrize("state", ["PARTIAL", None])
def test_text_that_is_split_anywhere_is_put_together(state: str | None) -> None:
    whole = '{"text": "Grüße, 你好 {\\"x\\": 1}", "more": {"a": 1}}'
    data = whole.encode()
    for place_ in range(1, len(data)):
        parts = Parts("v1/listen")
        assert parts.add(data[:place_], "UTF8", state) is None
        assert parts.add(data[place_:], "UTF8", "COMPLETE" if state else None) == whole
        assert parts.add(b'{"next": 1}', "UTF8", None) == '{"next": 1}', "nothing is left behind"


def test_audio_that_is_split_is_put_together() -> None:
    parts = Parts("v1/speak")
    assert parts.add(b"\0\1", "BINARY", "PARTIAL") is None
    assert parts.add(b"\2", None, "COMPLETE") == b"\0\1\2"


def test_a_message_without_end_is_refused() -> None:
    parts = Parts("v1/listen", largest=100)
    parts.add(bytes(60), "BINARY", "PARTIAL")
    with pytest.raises(ModelFailed, match="100 bytes"):
        parts.add(bytes(60), "BINARY", "PARTIAL")


# --- Saying again -----------------------------------------------------------------------------------------------------


def drained(replay: Replay) -> list[Any]:
    return list(iter(replay.next, None))


def test_a_new_stream_hears_all_since_the_last_answer() -> None:
    replay = Replay(1000)
    for frame in (b"1", b"2", b"3"):
        replay.add(frame)
    assert [replay.next(), replay.next()] == [b"1", b"2"]
    replay.rewind()
    assert drained(replay) == [b"1", b"2", b"3"] and replay.waiting_bytes == 0
    replay.progressed()
    replay.add(b"4")
    replay.rewind()
    assert drained(replay) == [b"4"]


def test_the_oldest_is_dropped_first_and_what_was_never_said_last() -> None:
    replay = Replay(10)
    for frame in (b"aaaa", b"bbbb"):
        replay.add(frame)
    drained(replay)
    replay.add(b"cccc")
    replay.rewind()
    assert drained(replay) == [b"bbbb", b"cccc"] and replay.dropped_bytes == 0
    replay.progressed()
    frame = bytes(LEAST_WAITING // 2)
    for _ in range(3):
        replay.add(frame)
    assert replay.dropped_bytes == len(frame) and replay.waiting_bytes == 2 * len(frame)


def test_an_agents_settings_are_said_again_though_it_has_answered() -> None:
    replay = Replay(1000)
    settings = '{"type": "Settings", "agent": {}}'
    replay.add(settings)
    replay.add(b"audio")
    drained(replay)
    replay.progressed()
    replay.add(b"more")
    replay.rewind()
    assert drained(replay) == [settings, b"more"]


def test_the_last_frame_tells_whether_the_input_has_ended() -> None:
    replay = Replay(1000)
    for frame, ended in (
        (b"audio", False),
        ('{"type": "Finalize"}', True),
        (b"audio", False),
        ('{"type": "CloseStream"}', True),
    ):
        replay.add(frame)
        assert replay.said_goodbye is ended


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ('{"type": "Metadata"}', "Metadata"),
        ('{ "type":"Error", "x": 1}', "Error"),
        ('{"x": 1, "type": "Error"}', "Error"),
        ("no json", None),
        ("[1]", None),
        (b'{"type": "Error"}', None),
    ],
)
def test_the_type_of_a_message_is_found(frame: Any, said: str | None) -> None:
    assert kind(frame) == said


# --- Trying again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (SageMakerError("broken"), True),
        (EndpointUnreachable("broken"), True),
        (TimedOut("late"), True),
        (SageMakerError("unavailable", status_code=503), True),
        (SageMakerError("bad", status_code=400), False),
        (Throttled("slow down", status_code=400), True),
        (Throttled("slow down", status_code=429), True),
        (ModelFailed("failed", status_code=424), True),
        (ModelFailed("large", code="MessageTooLarge"), False),
        (EndpointNotFound("gone", status_code=400), False),
        (AccessDenied("no", status_code=403), False),
        (CredentialsMissing("none"), False),
        (PackageMissing("none"), False),
    ],
)
def test_what_is_wrong_with_the_request_is_not_tried_again(error: SageMakerError, again: bool) -> None:
    assert worth_retrying(error) is again


@pytest.mark.parametrize(("original", "again"), [(400, False), (404, False), (429, True), (503, True)])
def test_of_a_model_error_it_is_the_models_word_that_counts(original: int, again: bool) -> None:
    error = ModelFailed("failed", status_code=424)
    error.original_status = original
    assert worth_retrying(error) is again


def test_new_credentials_are_worth_another_attempt() -> None:
    assert worth_retrying(AccessDenied("expired", status_code=403), renewed=True)


def test_waits_grow_with_full_jitter_up_to_a_limit() -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    attempts = Attempts(SageMakerConfig("e", max_retries=8), draw)
    for _ in range(8):
        assert attempts.next(SageMakerError("x"), 0.0) == 0.1
    assert [round(high, 2) for _, high in drawn] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert {low for low, _ in drawn} == {0.1}


def test_attempts_are_counted_until_something_new_comes() -> None:
    attempts = Attempts(SageMakerConfig("e", max_retries=2), lambda low, high: low)
    error = SageMakerError("x")
    assert [attempts.next(error, 0.0) for _ in range(3)] == [0.1, 0.1, None]
    attempts.progressed()
    assert attempts.next(error, 0.0) == 0.1


def test_all_attempts_together_have_a_budget() -> None:
    attempts = Attempts(SageMakerConfig("e", retry_budget=1.0), lambda low, high: low)
    assert attempts.next(SageMakerError("x"), 100.0) == 0.1
    assert attempts.next(SageMakerError("x"), 100.95) is None


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (403, "InvalidSignatureException", "x", AccessDenied),
        (400, "ExpiredTokenException", "x", AccessDenied),
        (400, "AccessDeniedException:http://internal.amazon.com/", "x", AccessDenied),
        (400, "ValidationError", "Endpoint e of account 1 not found.", EndpointNotFound),
        (400, "ThrottlingException", "Rate exceeded", Throttled),
        (429, "", "x", Throttled),
        (424, "ModelError", "x", ModelFailed),
        (500, "InternalServerError", "x", SageMakerError),
    ],
)
def test_awss_words_become_a_class_each(status: int, code: str, message: str, expected: type[SageMakerError]) -> None:
    headers = {"x-amzn-errortype": code, "x-amzn-requestid": "r-1"} if code else {"x-amzn-requestid": "r-1"}
    error = refused(status, headers, b'{"message": "%s"}' % message.encode())
    assert type(error) is expected and isinstance(error, ApiError)
    assert error.status_code == status and error.request_id == "r-1"
    assert "r-1" in str(error) and message in str(error)
    assert ":" not in (error.code or "")


def test_an_answer_that_is_no_json_is_told_too() -> None:
    error = refused(502, {}, b"<html>bad gateway</html>")
    assert "bad gateway" in str(error) and error.request_id is None


def test_errors_can_be_pickled_and_copied() -> None:
    error = refused(403, {"x-amzn-requestid": "r", "x-amzn-errortype": "ExpiredToken"}, b"{}")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(again), str(again), again.request_id) == (AccessDenied, str(error), "r")


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint_name": ""},
        {"connection_timeout": 0},
        {"subscription_timeout": -1},
        {"connection_acquire_timeout": 0},
        {"max_concurrency": 0},
        {"max_retries": -1},
        {"initial_backoff": 0},
        {"max_backoff": 0.05},
        {"backoff_multiplier": 0.5},
        {"retry_budget": 0},
        {"max_replay_buffer_bytes": -1},
        {"endpoint_url": "http://127.0.0.1"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)) if "max_backoff" not in wrong else "backoff"):
        SageMakerConfig(**dict[str, Any]({"endpoint_name": "e", **wrong}))


def test_no_retries_and_no_buffer_are_settings() -> None:
    SageMakerConfig("e", max_retries=0, max_replay_buffer_bytes=0)


def test_the_factory_has_what_programs_ask_it_for() -> None:
    made = SageMakerTransportFactory("my-endpoint", "eu-west-1")
    assert (made.endpoint_name, made.region) == ("my-endpoint", "eu-west-1")
    assert SageMakerTransportFactory(endpoint_name="e").region == "us-west-2"
    config = SageMakerConfig("e", max_retries=1)
    assert SageMakerTransportFactory(config=config).config is config
    factory: Any = SageMakerTransportFactory
    for wrong in ({}, {"endpoint_name": "e", "config": config}, {"config": config, "region": "eu-west-1"}):
        with pytest.raises(TypeError):
            factory(**wrong)
    again = pickle.loads(pickle.dumps(made))
    assert again.config == made.config


async def test_the_transport_can_be_made_in_both_ways() -> None:
    one = SageMakerTransport(SageMakerConfig("e"), "v1/listen", "model=x")
    two = SageMakerTransport("e", "eu-west-1", "v1/listen", "model=x")
    three = SageMakerTransport(endpoint_name="e", region="r", invocation_path="v1/listen", query_string="")
    assert (one.endpoint_name, one.region, one.invocation_path) == ("e", "us-west-2", "v1/listen")
    assert (two.region, two.query_string, three.region) == ("eu-west-1", "model=x", "r")
    transport: Any = SageMakerTransport
    for wrong in (("e",), ("e", "r", "p", "q", "more"), (SageMakerConfig("e"), "p")):
        with pytest.raises(TypeError, match="takes"):
            transport(*wrong)


def test_the_later_packages_name_leads_to_the_same_classes() -> None:
    import deepgram_sagemaker.config
    import deepgram_sagemaker.transport

    assert deepgram_sagemaker.SageMakerTransportFactory is SageMakerTransportFactory
    assert deepgram_sagemaker.transport.SageMakerTransport is SageMakerTransport
    assert deepgram_sagemaker.config.SageMakerConfig is SageMakerConfig


@pytest.mark.parametrize(
    ("given", "frame"),
    [
        (b"\0", b"\0"),
        (bytearray(b"\0"), b"\0"),
        (memoryview(b"\0"), b"\0"),
        ("text", "text"),
        ({"type": "KeepAlive"}, '{"type": "KeepAlive"}'),
        (5, "5"),
    ],
)
def test_anything_can_be_sent(given: Any, frame: str | bytes) -> None:
    assert encoded(given) == frame


# --- What is missing --------------------------------------------------------------------------------------------------


def test_a_sync_client_is_told_to_use_the_other() -> None:
    client = DeepgramClient(api_key="unused", transport_factory=SageMakerTransportFactory("e"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="AsyncDeepgramClient"):
        client.listen.v1.connect(model="m").__enter__()


async def test_a_sync_client_inside_an_event_loop_is_told_too() -> None:
    client = DeepgramClient(api_key="unused", transport_factory=SageMakerTransportFactory("e"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="AsyncDeepgramClient"):
        client.listen.v1.connect(model="m").__enter__()


async def test_python_before_3_12_is_told_at_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.transports.sagemaker.place.sys.version_info", (3, 11, 7))
    client = AsyncDeepgramClient(api_key="unused", transport_factory=SageMakerTransportFactory("e"))
    async with client.listen.v1.connect(model="m") as connection:
        with pytest.raises(PackageMissing, match=r"Python 3\.12 or newer.*3\.11") as raised:
            await connection.send_media(b"\0")
    assert isinstance(raised.value, ImportError)


@pytest.mark.parametrize("missing", ["aws_sdk_sagemaker_runtime_http2.client", "awscrt.aio.http", "boto3"])
async def test_a_missing_package_is_told_with_the_line_that_installs_it(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def importing(name: str) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return None

    monkeypatch.setattr("deepgram.transports.sagemaker.place.sys.version_info", (3, 12, 0))
    monkeypatch.setattr(place, "import_module", importing)
    transport = SageMakerTransportFactory("e")(URL, {})
    with pytest.raises(PackageMissing, match=r'pip install "deepgram-sdk\[sagemaker\]"'):
        await asyncio.wait_for(transport.recv(), 10)
    with pytest.raises(PackageMissing):
        await transport.send(b"\0")
    await transport.close()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's client counts as loaded: boto3 is to be had for every Python."""
    monkeypatch.setattr(place, "load", lambda: None)


@pytest.mark.usefixtures("loaded")
def test_no_credentials_are_told_with_where_to_put_them() -> None:
    with pytest.raises(CredentialsMissing, match="AWS_ACCESS_KEY_ID"):
        find(SageMakerConfig("e"))


@pytest.mark.usefixtures("loaded")
def test_no_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RegionMissing, match="AWS_REGION"):
        find(SageMakerConfig("e", region=None))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert find(SageMakerConfig("e", region=None)).region == "eu-central-1"


@pytest.mark.usefixtures("loaded")
def test_a_profile_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsMissing, match="nobody"):
        find(SageMakerConfig("e"))


@pytest.mark.usefixtures("loaded")
def test_the_address_is_the_one_given_or_of_the_environment_or_awss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    assert find(SageMakerConfig("e")).url == "https://runtime.sagemaker.us-west-2.amazonaws.com:8443"
    assert find(SageMakerConfig("e", "cn-north-1")).url.endswith(".amazonaws.com.cn:8443")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://all")
    monkeypatch.setenv("AWS_CA_BUNDLE", "ca.pem")
    assert (find(SageMakerConfig("e")).url, find(SageMakerConfig("e")).ca_bundle) == ("https://all", "ca.pem")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2", "https://this")
    assert find(SageMakerConfig("e")).url == "https://this"
    given = find(SageMakerConfig("e", endpoint_url="https://given", ca_bundle="own.pem"))
    assert (given.url, given.ca_bundle) == ("https://given", "own.pem")
    assert "hidden" not in repr(given)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert find(SageMakerConfig("e")).url.endswith("amazonaws.com:8443")


def test_importing_loads_nothing_of_awss() -> None:
    program = (
        "import sys, deepgram.transports.sagemaker as s; f = s.SageMakerTransportFactory('e');"
        "print([m for m in sys.modules if m.partition('.')[0] in ('boto3', 'botocore', 'awscrt', 'smithy_core')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
