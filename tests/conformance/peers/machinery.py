"""What the modules of ``deepgram.core`` do: run by the official package in its environment, and by ours.

Prints a JSON object: each expression with what it gives, or the class of what it raises.
"""

# ruff: noqa: F401  # the expressions use them
import asyncio
import collections
import dataclasses
import datetime as dt
import enum
import importlib
import json
import logging
import pathlib
import re
import sys
import typing
import uuid
from decimal import Decimal

import httpx
import pydantic

from deepgram import _secure_logging
from deepgram.core.client_wrapper import AsyncClientWrapper, BaseClientWrapper, SyncClientWrapper
from deepgram.core.events import EventEmitterMixin, EventType
from deepgram.core.http_sse import ServerSentEvent, SSEError, aconnect_sse, connect_sse
from deepgram.core.http_sse._decoders import SSEDecoder
from deepgram.environment import DeepgramClientEnvironment

# Some of these modules share their name with a function that the package offers.
datetime_utils, file, force_multipart, http_client, jsonable_encoder = (
    importlib.import_module(f"deepgram.core.{name}")
    for name in ("datetime_utils", "file", "force_multipart", "http_client", "jsonable_encoder")
)
pydantic_utilities, query_encoder, remove_none_from_dict, serialization = (
    importlib.import_module(f"deepgram.core.{name}")
    for name in ("pydantic_utilities", "query_encoder", "remove_none_from_dict", "serialization")
)


class Kind(enum.Enum):
    A = "a"


class Thing(pydantic_utilities.UniversalBaseModel):
    x: int
    y: typing.Optional[str] = None
    named: typing.Optional[str] = pydantic.Field(default=None, alias="Named")


class Tagged(pydantic_utilities.UniversalBaseModel):
    type: typing.Literal["t"] = "t"


class Checked(pydantic_utilities.UniversalBaseModel):
    x: int

    @pydantic_utilities.universal_field_validator("x", pre=True)
    def one_more(cls, value):
        return int(value) + 1

    @pydantic_utilities.universal_root_validator(pre=True)
    def five(cls, values):
        return {**values, "x": values.get("x", 5)}


class Numbers(pydantic_utilities.UniversalRootModel):
    root: list[int]


class Sent(pydantic.BaseModel):
    when: datetime_utils.Rfc2822DateTime


@dataclasses.dataclass
class Data:
    a: int = 1
    b: object = None


class Wire(typing.TypedDict, total=False):
    a: typing.Annotated[str, serialization.FieldMetadata(alias="A")]
    inner: list["Wire"]
    either: typing.Union[int, "Wire", None]


thing = Thing(x=1)
utc = dt.timezone.utc
moment = dt.datetime(2025, 1, 2, 3, 4, 5)
environment = DeepgramClientEnvironment.PRODUCTION
encode = jsonable_encoder.jsonable_encoder


def converted(value, annotation, direction):
    return serialization.convert_and_respect_annotation_metadata(
        object_=value, annotation=annotation, direction=direction
    )


def typed(content):
    return file.with_content_type(file=content, default_content_type="x/y")


def body(json=None, data=None, options=None):
    return http_client.get_request_body(json=json, data=data, request_options=options, omit=...)


def asked(path=None, answers=(200,), **arguments):
    """The requests that a client makes, and the status of its answer."""
    seen = []

    def answer(request):
        status = answers[min(len(seen), len(answers) - 1)]
        seen.append(request)
        return httpx.Response(status, json={}, headers={"retry-after-ms": "1", "retry-after": "1"})

    client = http_client.HttpClient(
        httpx_client=httpx.Client(transport=httpx.MockTransport(answer)),
        base_timeout=lambda: 5,
        base_headers=lambda: {"h": "1", "n": None},
        base_url=lambda: "https://x.example/base",
    )
    response = client.request(path, method=arguments.pop("method", "POST"), **arguments)
    kinds = [request.headers.get("content-type", "").partition(";")[0] for request in seen]
    contents = [b"(a form)" if "multipart" in kind else r.content for r, kind in zip(seen, kinds, strict=True)]
    lines = [(request.method, str(request.url), request.headers.get("h")) for request in seen]
    return response.status_code, lines, kinds, contents, seen[-1].extensions["timeout"]


async def asked_async():
    def answer(request):
        return httpx.Response(200, json={"auth": request.headers["authorization"]})

    async def headers():
        return {"authorization": "Bearer fresh"}

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as transport:
        client = http_client.AsyncHttpClient(
            httpx_client=transport,
            base_timeout=lambda: 5,
            base_headers=dict,
            base_url=lambda: "https://x.example",
            async_base_headers=headers,
        )
        response = await client.request("a", method="GET")
        async with client.stream("a", method="GET") as stream:
            return response.json(), await stream.aread()


def events(content, kind="text/event-stream"):
    headers = {"content-type": kind} if kind else {}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=content))
    with connect_sse(httpx.Client(transport=transport), "GET", "https://x.example", headers={"a": "b"}) as source:
        sent = source.response.request.headers
        return [[e.event, e.data, e.id, e.retry] for e in source.iter_sse()], sent["accept"], sent["a"]


async def events_async(content):
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=content))
    async with httpx.AsyncClient(transport=transport) as client:
        async with aconnect_sse(client, "GET", "https://x.example") as source:
            return [[e.event, e.data] async for e in source.aiter_sse()]


def lines(*given):
    decoder = SSEDecoder()
    found = [decoder.decode(line) for line in given]
    return [event and [event.event, event.data, event.id, event.retry] for event in found]


def emitted():
    got = []
    emitter = type("Emitter", (EventEmitterMixin,), {})()

    async def later(data):
        got.append(("later", data))

    emitter.on(EventType.OPEN, got.append)
    emitter.on(EventType.OPEN, lambda data: got.append(("second", data)))
    emitter._emit(EventType.OPEN, 7)
    emitter._emit(EventType.CLOSE, 8)
    emitter.on(EventType.OPEN, later)
    asyncio.run(emitter._emit_async(EventType.OPEN, 9))
    return got


def logged(message, *arguments):
    record = logging.LogRecord("websockets.client", 10, "f", 1, message, arguments, None)
    return _secure_logging.RedactCredentialsFilter().filter(record), record.getMessage()


def filtered():
    def count():
        return [len(logging.getLogger(name).filters) for name in ("websockets.client", "websockets.server")]

    _secure_logging.install_websocket_log_redaction()
    _secure_logging.install_websocket_log_redaction()
    installed = count()
    _secure_logging.uninstall_websocket_log_redaction()
    return installed, count()


async def token():
    return "fresh"


def wrapper(kind=BaseClientWrapper, **arguments):
    made = kind(api_key="k", environment=environment, headers={"a": "b"}, **arguments)
    return [
        made.get_headers()["Authorization"],
        made.get_custom_headers(),
        made.get_environment() is environment,
        made.get_timeout(),
        made.get_max_retries(),
        made.get_stream_reconnection_enabled(),
        made.get_max_stream_reconnection_attempts(),
        isinstance(made, BaseClientWrapper),
        isinstance(made, SyncClientWrapper),
    ]


EXPRESSIONS = """
encode([None, 1, 1.5, "s", True, b"ab", Kind.A, thing, [thing, (1,), {2}], {"n": None, Kind.A: 1, "out": ...}])
encode([moment, moment.replace(tzinfo=utc), moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=2))), moment.date()])
encode([dt.time(1, 2), dt.timedelta(seconds=3), uuid.UUID(int=1), Decimal("1.5"), Decimal("2")])
encode([pathlib.PurePosixPath("/a"), Data(b=Kind.A), frozenset([1]), (n for n in (1, 2)), bytearray(b"x"), ...])
encode(object())
encode({"a": Kind.A, "b": [1]}, {Kind: lambda it: "X", int: lambda it: it + 1})
encode(collections.OrderedDict(a=1)), encode(typing.NamedTuple("N", [("a", int)])(1)), encode(re.compile("a"))
[jsonable_encoder.encode_path_param(it) for it in ("a/b", 1, True, None, Kind.A, moment.date(), 1.5)]
[jsonable_encoder.quote_path_param(it) for it in ("a/b", "a b", True, "ü+", "..")]
query_encoder.encode_query(None), query_encoder.encode_query({})
query_encoder.encode_query({"a": None, "b": 1, "c": True, "d": [1, 2], "e": {"f": {"g": [1, 2]}, "h": None}})
query_encoder.encode_query({"a": thing, "b": [thing, {"z": 1}], "c": [True, [1]], "d": Kind.A, "e": (1, 2)})
query_encoder.single_query_encoder("k", [moment.date()]), query_encoder.single_query_encoder("k", "v")
query_encoder.traverse_query_dict({"a": {"b": 1, "c": [1, {"d": 2}]}, "e": [1]}, "pre")
query_encoder.traverse_query_dict({"a": {"b": 1}, "c": False})
remove_none_from_dict.remove_none_from_dict({"a": None, "b": 0, "c": {"d": None}})
datetime_utils.serialize_datetime(moment), datetime_utils.serialize_datetime(moment.replace(tzinfo=utc))
datetime_utils.parse_rfc2822_datetime("Thu, 02 Jan 2025 03:04:05 GMT")
datetime_utils.parse_rfc2822_datetime("Thu, 02 Jan 2025 03:04:05 +0200"), datetime_utils.parse_rfc2822_datetime(moment)
datetime_utils.parse_rfc2822_datetime("2025-01-02T03:04:05+00:00")
datetime_utils.parse_rfc2822_datetime("nonsense")
datetime_utils.parse_rfc2822_datetime(5)
Sent(when="Thu, 02 Jan 2025 03:04:05 GMT").when, Sent(when="2025-01-02T03:04:05+00:00").model_dump_json()
Sent(when=5)
typed(b"a"), typed("text"), typed(("n", b"a")), typed(("n", b"a", None)), typed(("n", b"a", "q/r"))
typed(("n", b"a", "q/r", {"h": "1"})), typed(("n", b"a", None, {"h": "1"}))
typed((1, 2, 3, 4, 5))
file.convert_file_dict_to_httpx_tuples({"a": b"1", "b": [b"2", ("n", b"3")], "c": ("n", b"4")})
force_multipart.FORCE_MULTIPART, bool(force_multipart.FORCE_MULTIPART), len(force_multipart.FORCE_MULTIPART)
http_client.remove_omit_from_dict({"a": 1, "b": ..., "c": None}, ...)
http_client.remove_omit_from_dict({"a": None}, None)
body({"a": ..., "b": 1}), body(data={"a": 1}), body(), body({}), body(data={})
body(None, None, {"additional_body_parameters": {"z": 1}}), body([1], None, {"additional_body_parameters": {"z": 1}})
body({"a": 1}, None, {"additional_body_parameters": {"a": 2}})
body({}, None, {"additional_body_parameters": {"z": ...}})
http_client.maybe_filter_request_body(b"x", None, None), http_client.maybe_filter_request_body(thing, None, ...)
http_client.INITIAL_RETRY_DELAY_SECONDS, http_client.MAX_RETRY_DELAY_SECONDS, http_client.JITTER_FACTOR
[option[1:] for option in http_client.get_keepalive_socket_options(idle=7, intvl=8, cnt=9)]
asked("a/b", method="GET", params={"q": [1, 2], "n": None, "t": True})
asked("/a", method="GET"), asked(method="GET"), asked("a", base_url="https://y.example/")
asked("a", json={"a": ..., "b": None}, omit=..., headers={"h": "2", "z": None})
asked("a", data={"a": 1}), asked("a", content=b"xyz")
asked("a", data={"a": "1", "b": None}, files={"f": ("n", b"x", "t/p")})
asked("a", data={"a": "1"}, force_multipart=True)
asked("a", json={}, request_options={"timeout_in_seconds": 3, "additional_headers": {"h": "3"}})
asked("a", request_options={"additional_query_parameters": {"w": 1}, "additional_body_parameters": {"z": 1}})
asked("a", (503, 429, 200), method="GET"), asked("a", (503,), request_options={"max_retries": 0}), asked("a", (404,))
asked("a", (503,), request_options={"max_retries": 1}), asked("a", (503,), retries=1)
asyncio.run(asked_async())
serialization.get_alias_to_field_mapping(Wire), serialization.get_field_to_alias_mapping(Wire)
converted({"a": "1", "inner": [{"a": "2"}], "z": 3, "either": {"a": "4"}}, Wire, "write")
converted({"A": "1", "inner": [{"A": "2"}], "z": 3, "either": 5}, Wire, "read")
converted({"x": {"a": "1"}}, typing.Dict[str, typing.Optional[Wire]], "write"), converted(None, Wire, "write")
converted([{"a": "1"}], typing.Sequence[Wire], "write"), converted({"a": "1"}, Wire, "write")
[pydantic_utilities.parse_datetime(it).isoformat() for it in ("2025-01-02T03:04:05Z", 0, moment)]
pydantic_utilities.parse_datetime("x")
[pydantic_utilities.parse_date(it) for it in ("2025-01-02", moment, moment.date())]
[pydantic_utilities.is_literal_type(it) for it in (typing.Literal["a"], str, None)]
[pydantic_utilities.is_union(it) for it in (typing.Union[int, str], typing.Optional[int], int, None)]
pydantic_utilities.is_union(typing.get_origin(typing.Union[int, str]))
pydantic_utilities.parse_obj_as(typing.List[int], ["1"]), pydantic_utilities.parse_obj_as(Thing, {"x": "2"}).dict()
pydantic_utilities.parse_obj_as(int, "x")
pydantic_utilities.to_jsonable_with_fallback({"a": object(), "b": moment.date()}, lambda it: "F")
pydantic_utilities.deep_union_pydantic_dicts({"a": {"b": 1}, "l": [{"x": 1}]}, {"a": {"c": 2}, "l": [{"z": 1}, 2]})
pydantic_utilities.deep_union_pydantic_dicts({"l": [[{"a": 1}]], "new": {"x": 1}}, {"l": [[{"z": 1}]]})
[pydantic_utilities.encode_by_type(it) for it in (b"a", moment, moment.date(), dt.timedelta(seconds=2), Kind.A)]
[pydantic_utilities.encode_by_type(it) for it in (Decimal("2"), Decimal("1.5"), frozenset([1]), uuid.UUID(int=1), "z")]
[pydantic_utilities.encode_by_type(it) for it in (re.compile("a"), pathlib.Path("a"), collections.deque([1]), set())]
thing.dict(), thing.json(), thing.model_dump(), thing.model_dump_json(), Thing(x=1, Named="n").dict()
Thing(x=1, named="n")
Thing.model_construct(x="q", Named="w").dict(), Thing.construct(x=1).dict(), Thing(x=1, y=None).dict()
Tagged().dict(), Tagged().json()
Thing(y="no x")
Checked(x="1").x, Checked().x
Numbers([1, 2]).root, Numbers(root=[1]).model_dump()
pydantic_utilities.update_forward_refs(Thing), pydantic_utilities.IS_PYDANTIC_V2
pydantic_utilities.parse_sse_obj(ServerSentEvent(event="m", data='{"a": 1}'), typing.Dict[str, typing.Any])
lines(": c", "event: e", "data: 1", "data: 2", "id: 7", "retry: 10", "", "data", "", "id: a\\0b", "data: x", "")
lines("data:  two", "", "", "event:")
events(b"data: 1\\r\\n\\r\\nevent: x\\ndata: {}\\n\\ndata: last"), events(b"data: a\\r\\rdata: b\\n\\n")
events(b"data: 1\\n\\n", "text/plain")
events(b"", None)
events(b"data: " + b"x" * 1100000)
events("data: ü\\n\\n".encode("latin-1"), "text/event-stream; charset=latin-1")
asyncio.run(events_async(b"data: 1\\n\\ndata: 2\\n\\n"))
ServerSentEvent(data='{"a": 1}').json(), ServerSentEvent().event, issubclass(SSEError, httpx.TransportError)
emitted()
logged("> %s: %s", "Authorization", "Token abc"), logged("> %s: %s", "Host", "a"), logged("x %s", "y")
filtered()
_secure_logging.redact_sensitive_headers(None)
_secure_logging.redact_sensitive_headers({"Authorization": "Token abc", "x": "1", "Proxy-Authorization": "Basic abc"})
wrapper(), wrapper(timeout=3, max_retries=5, stream_reconnection_enabled=False, max_stream_reconnection_attempts=7)
wrapper(SyncClientWrapper, httpx_client=httpx.Client()), wrapper(AsyncClientWrapper, httpx_client=httpx.AsyncClient())
fresh_headers()["Authorization"]
"""


def fresh_headers():
    transport = httpx.AsyncClient()
    made = AsyncClientWrapper(api_key="k", environment=environment, async_token=token, httpx_client=transport)
    return asyncio.run(made.async_get_headers())


def main():
    found = {}
    for expression in EXPRESSIONS.strip().splitlines():
        try:
            found[expression] = repr(eval(expression))
        except Exception as error:
            found[expression] = f"raises {type(error).__name__}"
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
