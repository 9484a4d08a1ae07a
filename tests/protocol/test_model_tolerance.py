"""Reading what a peer sent, whatever it sent."""

from __future__ import annotations

from datetime import date, datetime, timezone
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pytest

from deepgram.protocol.model import Model, ShapeError, UnionMetadata, Unknown, decode, decode_json


class Colour(Enum):
    RED = "red"


class Inner(Model):
    number: float
    note: Optional[str] = None


class Outer(Model):
    count: int
    flag: bool
    at: datetime
    day: date
    id: UUID
    ratio: float
    colour: Colour
    word: str
    kind: Literal["a", "b"]
    inner: Inner
    inners: list[Inner]
    by_name: dict[str, Inner]
    numbers: list[int]
    optional: Optional[Inner] = None
    optionals: Optional[list[Inner]] = None


MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
IDENTITY = "5f0a4c2b-7e11-4d0f-9d1e-3f1c0b9e7a52"


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("count", "3", 3),
        ("count", 3.0, 3),
        ("count", 0.5, 0.5),
        ("count", "three", "three"),
        ("count", [3], [3]),
        ("flag", "true", True),
        ("flag", "False", False),
        ("flag", "perhaps", "perhaps"),
        ("at", "2026-01-02T03:04:05Z", MOMENT),
        ("at", "yesterday", "yesterday"),
        ("day", "2026-01-02", date(2026, 1, 2)),
        ("day", "soon", "soon"),
        ("id", IDENTITY, UUID(IDENTITY)),
        ("id", "me", "me"),
        ("ratio", 2, 2),
        ("ratio", "0.5", "0.5"),
        ("colour", "red", Colour.RED),
        ("colour", "mauve", "mauve"),
        ("word", 5, 5),
        ("word", {"a": 1}, {"a": 1}),
        ("kind", "c", "c"),
        ("inner", "x", "x"),
        ("inner", [], []),
        ("inners", "x", "x"),
        ("inners", {"a": 1}, {"a": 1}),
        ("by_name", [1], [1]),
        ("numbers", ["1", "x", None], [1, "x", None]),
        ("optional", "x", "x"),
        ("count", None, None),
        ("inners", None, None),
    ],
)
def test_values_are_converted_where_they_read_as_annotated_and_otherwise_left_alone(
    field: str, sent: object, read: object
) -> None:
    got = getattr(decode(Outer, {field: sent}), field)
    assert got == read
    assert type(got) is type(read)


def test_missing_fields_are_none_and_not_in_dumps() -> None:
    empty = decode(Outer, {})
    assert all(value is None for value in empty.model_dump().values())
    assert empty.dict() == {}


def test_nested_objects_become_models_element_by_element() -> None:
    read = decode(Outer, {"inners": [{"number": 1}, None, "x"], "by_name": {"a": {"number": 1}, "b": 2}})
    assert [type(item) for item in read.inners] == [Inner, type(None), str]
    assert type(read.by_name["a"]) is Inner
    assert read.by_name["b"] == 2


def test_numbers_become_floats_below_optional_models_only_as_in_official_releases() -> None:
    read = decode(Outer, {"inner": {"number": "1"}, "optional": {"number": "1"}, "optionals": [{"number": 1}]})
    assert read.inner.number == "1"
    assert read.optional.number == 1.0
    assert type(read.optionals[0].number) is float


def test_models_that_contain_themselves_can_be_read() -> None:
    read = decode(Branch, {"children": [{"children": [{"other": {"children": "x"}}]}]})
    assert type(read.children[0].children[0].other) is Branch
    assert read.children[0].children[0].other.dict() == {"children": "x"}


class Branch(Model):
    children: list[Branch]
    other: Optional[Branch] = None


# --- Unions -----------------------------------------------------------------------------------------------------------


class Results(Model):
    type: Literal["Results"] = "Results"
    start: float


class End(Model):
    type: Union[Literal["End", "Close"], Any] = "End"
    start: Optional[float] = None


class Spoken(Model):
    type: Literal["History"]
    role: str
    content: str


class Called(Model):
    type: Literal["History"]
    function_calls: list[Inner]


Event = Union[Results, End, Spoken, Called, bytes]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"type": "Results"}, Results),
        ({"type": "End", "start": "x", "more": 1}, End),
        ({"type": "History", "role": "user", "content": "hi"}, Spoken),
        ({"type": "History", "function_calls": "x"}, Called),
        ({"type": "Brand New", "start": 1}, Unknown),
        ({"type": 7}, Unknown),
        ({"start": 1.0}, Unknown),
        ({}, Unknown),
    ],
)
def test_messages_are_chosen_by_type_and_never_lost(sent: dict[str, Any], kind: type[Model]) -> None:
    read = decode(Event, sent)
    assert type(read) is kind
    assert {name: getattr(read, name) for name in sent} == sent


def test_d33_members_of_a_marked_union_are_chosen_by_their_mark_and_unknown_ones_kept() -> None:
    class One(Model):
        version: Literal["v1"] = "v1"

    class Two(Model):
        version: Literal["v2"] = "v2"

    class Holder(Model):
        provider: Annotated[Union[One, Two], UnionMetadata(discriminant="version")]
        providers: Optional[list[Annotated[Union[One, Two], UnionMetadata(discriminant="version")]]] = None

    read = decode(Holder, {"provider": {"version": "v2"}, "providers": [{"version": "v1"}, {"version": "v9", "k": 1}]})
    assert type(read.provider) is Two
    assert type(read.providers[0]) is One
    assert (type(read.providers[1]), read.providers[1].version, read.providers[1].k) == (Unknown, "v9", 1)
    assert decode(Holder, {"provider": "x"}).provider == "x"


def test_a_type_without_default_is_known_by_its_literals_and_a_member_without_it_is_never_chosen() -> None:
    class Old(Model):
        kind: Union[Literal["old", "older"], Any]

    class Nameless(Model):
        note: Optional[str] = None

    either = Annotated[Union[Nameless, Old], UnionMetadata(discriminant="kind")]
    assert type(decode(either, {"kind": "older"})) is Old
    assert type(decode(either, {"note": "x"})) is Unknown


def test_members_of_an_unmarked_union_are_chosen_by_the_fields_that_came() -> None:
    class Text(Model):
        text: str

    class Url(Model):
        url: str
        kind: Literal["web"] = "web"

    either = Union[str, Text, Url]
    assert type(decode(either, {"text": 1, "more": 2})) is Text
    assert type(decode(either, {"url": "x"})) is Url
    assert type(decode(either, {})) is Text
    assert type(decode(either, {"url": "x", "kind": "file"})) is Text
    assert decode(either, "x") == "x"


def test_members_that_are_lists_texts_or_numbers_are_found() -> None:
    class Holder(Model):
        one_or_many: Union[list[Inner], Inner]
        text_or_number: Union[str, int]
        number_or_text: Union[int, str]
        anything: Union[Inner, Any]

    read = decode(
        Holder,
        {
            "one_or_many": [{"number": 1}],
            "text_or_number": "3",
            "number_or_text": "3",
            "anything": {"number": 1},
        },
    )
    assert type(read.one_or_many[0]) is Inner
    assert type(decode(Holder, {"one_or_many": {"number": 1}}).one_or_many) is Inner
    assert (read.text_or_number, read.number_or_text, read.anything) == ("3", 3, {"number": 1})


# --- Documents as a whole ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"<html>", b'{"a":', b"\xff\xfe\xfa", "", b"[" * 100_000])
def test_what_is_not_json_is_a_value_error(raw: bytes | str) -> None:
    with pytest.raises(ValueError, match=r".+") as raised:
        decode_json(Outer, raw)
    assert not isinstance(raised.value, ShapeError)


@pytest.mark.parametrize(
    ("raw", "shape", "message"),
    [
        (b"[]", Outer, "expected an object, got a list"),
        (b'"text"', Outer, "expected an object, got text"),
        (b"5", dict[str, Any], "expected an object, got int"),
        (b"{}", list[Outer], "expected a list, got an object"),
        (b"[]", Union[Inner, Outer], "expected an object, got a list"),
        (b"[]", Annotated[Union[str, Inner], "error"], "expected text or an object, got a list"),
    ],
)
def test_a_document_of_the_wrong_kind_is_a_shape_error(raw: bytes, shape: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        decode_json(shape, raw)


def test_null_is_none_and_open_shapes_take_anything() -> None:
    assert decode_json(Outer, b"null") is None
    assert decode_json(Any, b'[1, "a"]') == [1, "a"]
    assert decode_json(list[Inner], b'[{"number": 1}]') == [Inner(number=1)]
    assert decode_json(dict[str, Inner], b'{"a": {"number": 1}}') == {"a": Inner(number=1)}
    assert decode(Outer, decode(Outer, {"count": 1})) == decode(Outer, {"count": 1})


def test_json_of_careless_peers_is_read() -> None:
    assert decode_json(Outer, b'{"word": "\\ud83d"}').word == "\ud83d"  # half of a surrogate pair
    assert decode_json(Outer, b'\xef\xbb\xbf{"word": "a"}').word == "a"  # a byte order mark
    assert decode_json(Outer, '{"word": "\u00e4", "word": "b"}').word == "b"
    assert (
        decode_json(Outer, bytearray(b'{"count": 123456789012345678901234567890}')).count
        == 123456789012345678901234567890
    )


def test_a_message_chosen_by_its_tag_says_what_came_and_is_completed_by_its_own_hook() -> None:
    class Plain(Model):
        type: Literal["plain"] = "plain"
        size: Optional[int] = None

    class Hooked(Model):
        type: Literal["hooked"] = "hooked"

        def model_post_init(self, context: Any) -> None:
            self._also(seen=True)

    class Richer(Model):
        type: Literal["richer"] = "richer"
        level: int = 3

    shape = Annotated[Union[Plain, Hooked, Richer], UnionMetadata(discriminant="type")]
    plain = decode_json(shape, b'{"type": "plain", "size": 1}')
    assert (type(plain), plain.model_fields_set) == (Plain, {"type", "size"})
    assert decode_json(shape, b'{"type": "hooked"}').seen is True
    assert decode_json(shape, b'{"type": "richer"}').dict() == {"type": "richer", "level": 3}
    assert decode(Plain, {}).dict() == {"type": "plain"}
