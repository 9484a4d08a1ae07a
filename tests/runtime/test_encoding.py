"""Query strings and JSON bodies."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from deepgram.protocol.model import Model
from deepgram.protocol.request import OMIT
from deepgram.runtime.encoding import encode_json, encode_query


class Colour(str, Enum):
    RED = "red"


class Size(Enum):
    LARGE = 3


class Message(Model):
    type: str = "Message"
    first: str | None = None
    second: int | None = None


class Foreign(BaseModel):
    first: str = "unset"
    second: int


UTC = datetime(2024, 5, 1, 12, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (OMIT, ""),
        (True, "q=true"),
        (False, "q=false"),
        ("a b&c/ü+", "q=a+b%26c%2F%C3%BC%2B"),
        ("", "q="),
        (10.0, "q=10.0"),
        (7, "q=7"),
        (["a", None, "b"], "q=a&q=b"),
        (("a", True), "q=a&q=true"),
        ([], ""),
        ({"x": 1, "y": {"z": [True, 2]}}, "q%5Bx%5D=1&q%5By%5D%5Bz%5D=true&q%5By%5D%5Bz%5D=2"),
        (Colour.RED, "q=red"),
        (Size.LARGE, "q=3"),
        (UTC, "q=2024-05-01T12%3A30%3A00Z"),
        (datetime(2024, 5, 1, tzinfo=timezone(timedelta(hours=2))), "q=2024-05-01T00%3A00%3A00%2B02%3A00"),
        (date(2024, 5, 1), "q=2024-05-01"),
        ("2024-05-01", "q=2024-05-01"),  # D29: text where a datetime was demanded
        (b"raw", "q=raw"),
        (Foreign(second=2), "q%5Bsecond%5D=2"),
    ],
)
def test_values_of_a_query(value: object, expected: str) -> None:
    assert encode_query({"q": value}) == expected


def test_a_time_without_a_zone_is_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    local = datetime(2024, 5, 1, 12, 30)
    assert encode_query({"t": local}) == encode_query({"t": local.astimezone()})


def test_d36_additional_parameters_win_and_come_last() -> None:
    query = encode_query({"model": "a", "punctuate": True}, {"model": "b", "brand_new": "x", "gone": None}, None)
    assert query == "model=b&punctuate=true&brand_new=x"
    assert encode_query({}) == encode_query(None) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"url": "https://ü/x"}, '{"url":"https://ü/x"}'),
        ({"a": None, "b": OMIT}, '{"a":null}'),
        (Message(first="x", second=None), '{"type":"Message","first":"x","second":null}'),
        ({"m": [Message()]}, '{"m":[{"type":"Message"}]}'),
        (Foreign(second=2), '{"second":2}'),
        ({"t": ("a", 1), "s": {"only"}}, '{"t":["a",1],"s":["only"]}'),
        ({"e": Colour.RED, "f": Size.LARGE, Colour.RED: 1, Size.LARGE: 2}, '{"e":"red","f":3,"red":1,"3":2}'),
        ({"b": b"\xff\x00", "c": bytearray(b"a"), "d": memoryview(b"b")}, '{"b":"/wA=","c":"YQ==","d":"Yg=="}'),
        ({"t": UTC, "d": date(2024, 5, 1)}, '{"t":"2024-05-01T12:30:00Z","d":"2024-05-01"}'),
        ({"u": UUID(int=1)}, '{"u":"00000000-0000-0000-0000-000000000001"}'),
        ({"n": Decimal("1.50"), "p": Path("a/b")}, '{"n":"1.50","p":"a/b"}'),
        ({"g": (n for n in (1, 2))}, '{"g":[1,2]}'),
        ({}, "{}"),
        ([1], "[1]"),
        (None, "null"),
    ],
)
def test_values_of_a_json_body(value: object, expected: str) -> None:
    assert encode_json(value) == expected.encode()


def test_fields_are_added_to_a_body() -> None:
    additional: dict[str, Any] = {"extra": {"deep": OMIT}, "url": "v"}
    assert json.loads(encode_json({"url": "u"}, additional)) == {"url": "v", "extra": {}}
    assert encode_json(Message(), {"new": 1}) == b'{"type":"Message","new":1}'


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        encode_json({"x": object()})
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_json({"x": float("nan")})
