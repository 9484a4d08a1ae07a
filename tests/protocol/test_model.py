"""Messages as users build, compare, copy and dump them."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timezone
from typing import Any, Literal, Optional, Union

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from deepgram.protocol.model import Model, UncheckedBaseModel, Unknown, Whole, construct_type, decode


class Leaf(Model):
    name: str
    weight: Optional[float] = None


class Tree(Model):
    kind: Union[Literal["oak", "elm"], Any] = None
    leaves: list[Leaf]
    planted: Optional[datetime] = None
    uuid_: Optional[str] = Field(alias="uuid", default=None)


class KeepAlive(Model):
    type: Union[Literal["KeepAlive"], Any] = "KeepAlive"
    note: Optional[str] = None


class Envelope(Model):
    message: KeepAlive
    copies: Optional[list[KeepAlive]] = None


def tree(**fields: Any) -> Tree:
    return Tree(leaves=[Leaf(name="a", weight=0.5)], **fields)


def test_building_checks_required_fields_and_types() -> None:
    with pytest.raises(ValidationError, match="leaves"):
        Tree()  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="weight"):
        Leaf(name="a", weight="heavy")  # type: ignore[arg-type]


def test_building_accepts_dicts_for_nested_models_and_keeps_unknown_fields() -> None:
    built = Tree.model_validate({"leaves": [{"name": "a", "veins": 7}], "height": 3})
    assert type(built.leaves[0]) is Leaf
    assert built.leaves[0].veins == 7  # type: ignore[attr-defined]
    assert built.height == 3  # type: ignore[attr-defined]


def test_building_accepts_any_value_of_an_open_set() -> None:
    assert tree(kind="baobab").kind == "baobab"


def test_building_accepts_field_names_and_wire_names_alike() -> None:
    assert tree(uuid_="1") == tree(uuid="1")
    assert not hasattr(tree(uuid="1"), "uuid")


def test_whole_numbers_take_whole_floats_and_do_not_refuse_fractions() -> None:
    class Count(Model):
        channels: Whole
        speaker: Optional[Whole] = None

    assert Count(channels=2.0, speaker=0.5).model_dump() == {"channels": 2, "speaker": 0.5}  # type: ignore[arg-type]
    assert type(Count.model_validate({"channels": 2.0}).channels) is int
    with pytest.raises(ValidationError):
        Count.model_validate({"channels": "two"})


def test_assignment_and_deletion_are_refused() -> None:
    for message in (tree(), decode(Tree, {"leaves": []})):
        with pytest.raises(ValidationError, match="frozen"):
            message.kind = "elm"
        with pytest.raises(ValidationError, match="frozen"):
            del message.kind


def test_messages_are_equal_by_value_and_hash_alike_though_they_hold_lists_and_dicts() -> None:
    one, other = tree(extra={"a": [1]}), decode(Tree, {"leaves": [{"name": "a", "weight": 0.5}], "extra": {"a": [1]}})
    assert one == other
    assert hash(one) == hash(other)
    assert one != tree()


def test_a_missing_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = tree().bark  # type: ignore[attr-defined]


def test_dict_has_wire_names_without_what_was_not_given_and_with_given_nones() -> None:
    assert tree(uuid_="1", kind=None).dict() == {
        "leaves": [{"name": "a", "weight": 0.5}],
        "uuid": "1",
        "kind": None,
    }
    assert "uuid" in tree(uuid_="1").dict(by_alias=False)


def test_defaults_that_say_something_count_as_given() -> None:
    assert KeepAlive().dict() == {"type": "KeepAlive"}
    assert Envelope.model_validate({"message": {}, "copies": [{}]}).dict() == {
        "message": {"type": "KeepAlive"},
        "copies": [{"type": "KeepAlive"}],
    }
    assert decode(Envelope, {"message": {}}).json() == '{"message":{"type":"KeepAlive"}}'
    assert KeepAlive(note=None).json() == '{"type":"KeepAlive","note":null}'


def test_defaults_of_subclasses_count_as_given() -> None:
    class Insistent(KeepAlive):
        times: int = 3

    assert Insistent().dict() == {"type": "KeepAlive", "times": 3}
    assert type(Insistent(type="Other").type) is str


def test_json_has_what_dict_has() -> None:
    planted = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    for text in (tree(planted=planted).json(), tree(planted=planted).model_dump_json()):
        assert json.loads(text) == {"leaves": [{"name": "a", "weight": 0.5}], "planted": "2026-01-02T03:04:05Z"}


def test_to_json_can_be_indented() -> None:
    assert KeepAlive().to_json() == '{"type":"KeepAlive"}'
    assert KeepAlive().to_json(indent=1) == '{\n "type": "KeepAlive"\n}'


def test_model_dump_has_every_field_under_its_python_name() -> None:
    assert tree().model_dump() == {
        "kind": None,
        "leaves": [{"name": "a", "weight": 0.5}],
        "planted": None,
        "uuid_": None,
    }
    assert tree(uuid_="1").model_dump(mode="json") == {"leaves": [{"name": "a", "weight": 0.5}], "uuid": "1"}


def test_dumping_values_of_other_types_than_annotated_gives_no_warning() -> None:
    read = decode(Tree, {"leaves": "none", "planted": "long ago"})
    assert read.dict() == {"leaves": "none", "planted": "long ago"}
    assert json.loads(read.json()) == read.dict()
    assert read.model_dump()["leaves"] == "none"


def pickled(message: Any) -> Any:
    return pickle.loads(pickle.dumps(message))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled])
def test_copies_and_pickles_are_equal(duplicate: Any) -> None:
    read = decode(Tree, {"leaves": [{"name": "a"}], "height": 3})
    again = duplicate(read)
    assert again == read
    assert again.dict() == read.dict()
    assert again.height == 3


def test_model_copy_updates() -> None:
    assert tree().model_copy(update={"kind": "elm"}) == tree(kind="elm")


def test_model_construct_reads_as_responses_are_read() -> None:
    for construct in (Tree.model_construct, Tree.construct):
        built = construct(leaves=[{"name": 1}], planted="2026-01-02T03:04:05Z", uuid="1", height=3)
        assert type(built.leaves[0]) is Leaf
        assert built.leaves[0].name == 1  # type: ignore[comparison-overlap]
        assert built.planted == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        assert (built.uuid_, built.height) == ("1", 3)  # type: ignore[attr-defined]
    assert Tree.model_construct({"kind"}, kind="elm", leaves=[]).dict() == {"kind": "elm"}
    assert Tree.model_construct().leaves is None


def test_validating_is_strict_and_constructing_lenient_whichever_came_first() -> None:
    class Fresh(Model):
        leaves: list[Leaf]

    class Later(Model):
        fresh: Fresh

    assert Fresh.model_construct(leaves="x").leaves == "x"  # type: ignore[comparison-overlap]
    with pytest.raises(ValidationError):
        Fresh(leaves="x")  # type: ignore[arg-type]
    Later(fresh=Fresh(leaves=[]))  # both classes have their strict validators now
    assert decode(Later, {"fresh": {"leaves": "x"}}).fresh.leaves == "x"
    with pytest.raises(ValidationError):
        Later.model_validate({"fresh": {"leaves": "x"}})


def test_messages_work_inside_models_of_the_user() -> None:
    class Record(BaseModel):
        answer: Tree

    record = Record(answer=decode(Tree, {"leaves": [{"name": "a"}], "height": 3}))
    assert record.model_dump()["answer"]["height"] == 3
    assert Record.model_validate_json(record.model_dump_json()).answer.leaves == record.answer.leaves
    assert TypeAdapter(list[Tree]).validate_python([{"leaves": []}]) == [Tree(leaves=[])]
    assert "leaves" in Record.model_json_schema()["$defs"]["Tree"]["properties"]


def test_an_unknown_message_reads_like_a_dict_too() -> None:
    message = decode(Unknown, {"type": "New", "dict": 1, "deep": {"a": None}})
    assert (message.type, message.deep, message["dict"]) == ("New", {"a": None}, 1)
    assert message.get("type") == "New"
    assert message.get("gone", 0) == 0
    with pytest.raises(KeyError):
        message["gone"]
    assert message.dict() == {"type": "New", "dict": 1, "deep": {"a": None}}


def test_older_names_are_served() -> None:
    assert UncheckedBaseModel is Model
    assert construct_type(type_=list[Leaf], object_=[{"name": "a"}, None, "x"]) == [Leaf(name="a"), None, "x"]
    assert construct_type(type_=Optional[Tree], object_=None, host=Tree) is None
    assert construct_type(type_=int, object_="3") == 3
    assert construct_type(type_=Tree, object_="x") == "x"
