"""Functions for agents: what signature, type hints and docstring become, and how arguments and results are treated."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import functools
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from deepgram.functions import FunctionCall, FunctionError, Functions
from deepgram.protocol.models.agent_messages import AgentV1FunctionCallRequestFunctionsItem


class Unit(enum.Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


class Place(BaseModel):
    """Where."""

    city: str
    country: str = "FR"


class Tree(BaseModel):
    children: list[Tree] = []


def weather(
    place: Place,
    unit: Unit = Unit.CELSIUS,
    days: Annotated[int, Field(ge=1, le=7)] = 1,
    *,
    detail: Literal["short", "long"] | None = None,
) -> dict[str, float]:
    """Tell the weather.

    Ask for the city first.

    Args:
        place: Where it is.
        unit (Unit): The unit,
            Celsius if nothing is said.
        days: How many days: at most a week.

    Returns:
        Temperatures.
    """
    return {"days": days, "unit": ord(unit.value)}


def request(name: str, arguments: object, id: str = "1") -> AgentV1FunctionCallRequestFunctionsItem:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return AgentV1FunctionCallRequestFunctionsItem(id=id, name=name, arguments=text, client_side=True)


def answered(functions: Functions, name: str, arguments: object) -> Any:
    content = functions.answer(request(name, arguments)).content
    try:
        return json.loads(content)
    except ValueError:
        return content


def registry(*functions: Callable[..., Any]) -> Functions:
    made = Functions()
    for function in functions:
        made.function(function)
    return made


def test_signature_and_docstring_become_a_definition() -> None:
    (definition,) = registry(weather).definitions()
    assert definition.name == "weather"
    assert definition.description == "Tell the weather.\n\nAsk for the city first."
    assert definition.parameters == {
        "type": "object",
        "required": ["place"],
        "properties": {
            "place": {
                "type": "object",
                "title": "Place",
                "description": "Where it is.",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "country": {"type": "string", "default": "FR"}},
            },
            "unit": {
                "type": "string",
                "title": "Unit",
                "enum": ["C", "F"],
                "description": "The unit, Celsius if nothing is said.",
            },
            "days": {
                "type": "integer",
                "minimum": 1,
                "maximum": 7,
                "default": 1,
                "description": "How many days: at most a week.",
            },
            "detail": {
                "anyOf": [{"enum": ["short", "long"], "type": "string"}, {"type": "null"}],
                "default": None,
            },
        },
    }
    json.dumps(definition.dict())


def test_the_decorator_leaves_the_function_as_it_is_and_takes_options() -> None:
    functions = Functions(timeout=5)

    @functions.function(name="end_call", description="Hang up.", timeout=1, defer_until_eot=True, interruptible=False)
    def end() -> str:
        return "bye"

    @functions.function
    def other() -> None: ...

    assert end() == "bye"
    assert list(functions) == ["end_call", "other"]
    assert len(functions) == 2
    assert functions["end_call"].timeout == 1
    assert functions["other"].timeout == 5
    assert functions.definitions()[0].dict() == {
        "name": "end_call",
        "description": "Hang up.",
        "parameters": {"type": "object", "properties": {}},
        "defer_until_eot": True,
    }


def test_descriptions_come_from_annotations_and_other_docstrings_too() -> None:
    def book(
        day: Annotated[str, "ISO date"], table: int, guests: Annotated[int, Field(description="How many")]
    ) -> None:
        """Book a table.

        :param table: Number of
            the table.
        :param str day: never read
        :returns: nothing
        """

    (definition,) = registry(book).definitions()
    assert definition.description == "Book a table."
    assert definition.parameters is not None
    described = {name: each.get("description") for name, each in definition.parameters["properties"].items()}
    assert described == {"day": "ISO date", "table": "Number of the table.", "guests": "How many"}


def test_parameters_may_have_any_name_and_need_no_hint() -> None:
    def odd(_private, json, model_config, self_="x", /, copy=0):  # type: ignore[no-untyped-def]
        return [_private, json, model_config, self_, copy]

    functions = registry(odd)
    assert answered(functions, "odd", {"_private": 1, "json": 2, "model_config": 3}) == [1, 2, 3, "x", 0]
    assert answered(functions, "odd", {"_private": 1, "json": 2, "model_config": 3, "self_": 4, "copy": 5}) == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_methods_partials_and_objects_can_be_functions() -> None:
    class Shop:
        def order(self, item: str) -> str:
            return f"ordered {item}"

        def __call__(self, item: int) -> int:
            return item + 1

    shop = Shop()
    functions = registry(shop.order)
    functions.function(name="next")(shop)
    functions.function(name="tea")(functools.partial(shop.order, item="tea"))
    assert answered(functions, "order", {"item": "milk"}) == "ordered milk"
    assert answered(functions, "next", {"item": 1}) == 2
    assert answered(functions, "tea", {}) == "ordered tea"


def test_arguments_become_what_the_hints_say() -> None:
    seen: list[Any] = []

    def take(place: Place, unit: Unit, when: datetime.date, count: int) -> None:
        seen.extend([place, unit, when, count])

    answer = answered(
        registry(take), "take", {"place": {"city": "Paris"}, "unit": "F", "when": "2026-01-02", "count": "3"}
    )
    assert answer is None
    assert seen == [Place(city="Paris"), Unit.FAHRENHEIT, datetime.date(2026, 1, 2), 3]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "place: Field required"),
        ({"place": {"city": "P"}, "days": 9}, "days: Input should be less than or equal to 7"),
        ({"place": {"city": "P"}, "colour": 1}, "colour: Extra inputs are not permitted"),
        ("[1, 2]", "arguments: Input should be an object"),
        ("{not json", "Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_explained_to_the_language_model(arguments: object, told: str) -> None:
    answer = answered(registry(weather), "weather", arguments)
    assert answer["error"].startswith("invalid arguments: ")
    assert told in answer["error"]


def test_no_arguments_may_be_no_text() -> None:
    assert answered(registry(lambda_named := _named(lambda: 1)), lambda_named.__name__, "") == 1


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = "one"
    return function


@dataclasses.dataclass
class Reading:
    value: float
    at: datetime.datetime


@pytest.mark.parametrize(
    ("result", "content"),
    [
        ("sunny", "sunny"),
        (None, "null"),
        ({"a": 1.5, "b": [True, None]}, '{"a":1.5,"b":[true,null]}'),
        (Place(city="Paris"), '{"city":"Paris","country":"FR"}'),
        (
            Reading(1.0, datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)),
            '{"value":1.0,"at":"2026-01-02T00:00:00Z"}',
        ),
        ({1}, "[1]"),
        (Unit.CELSIUS, '"C"'),
        (float("nan"), "null"),
    ],
)
def test_results_become_text(result: object, content: str) -> None:
    def give() -> object:
        return result

    answer = registry(give).answer(request("give", {}, id="7"))
    assert (answer.id, answer.name, answer.content) == ("7", "give", content)


def circular() -> object:
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (object(), "the result cannot be written as JSON (object)"),
        (circular(), "the result cannot be written as JSON (list)"),
        (b"\xff\xfe", "the result cannot be written as JSON (bytes)"),
        ("x" * 1_000_001, "the result is longer than 1000000 characters"),
    ],
)
def test_results_that_cannot_be_sent_are_errors(result: object, told: str) -> None:
    def give() -> object:
        return result

    assert answered(registry(give), "give", {}) == {"error": told}


def test_only_a_function_error_tells_its_text() -> None:
    def refuse() -> None:
        raise FunctionError("there is no such order")

    def fail() -> None:
        raise ValueError("password=secret")

    functions = registry(refuse, fail)
    assert answered(functions, "refuse", {}) == {"error": "there is no such order"}
    assert answered(functions, "fail", {}) == {"error": "the function failed: ValueError"}
    assert answered(functions, "absent", {}) == {"error": "there is no function 'absent'"}


def test_coroutine_functions_are_answered_in_an_event_loop() -> None:
    async def later(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    functions = registry(later, weather)
    with pytest.raises(TypeError, match="answer_async"):
        functions.answer(request("later", {"x": 1}))

    async def run() -> list[str]:
        return [
            (await functions.answer_async(request("later", {"x": 1}))).content,
            (await functions.answer_async(request("later", {}))).content,
            (await functions.answer_async(request("weather", {"place": {"city": "P"}}))).content,
        ]

    first, second, third = asyncio.run(run())
    assert first == "2"
    assert "Field required" in second
    assert json.loads(third) == {"days": 1, "unit": 67}


def test_a_parameter_for_the_call_is_not_the_language_models() -> None:
    def who(call: FunctionCall, x: int = 0) -> list[Any]:
        return [call.id, call.name, call.arguments, call.cancelled, x]

    functions = registry(who)
    assert functions.definitions()[0].parameters == {
        "type": "object",
        "properties": {"x": {"type": "integer", "default": 0}},
    }
    assert answered(functions, "who", '{"x": 2}') == ["1", "who", '{"x": 2}', False, 2]


def starred(*values: int) -> None: ...
def keyed(**values: int) -> None: ...
def strange(value: Callable[[object], object]) -> None: ...
def nowhere(value: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


@pytest.mark.parametrize("function", [starred, keyed, strange, nowhere])
def test_what_no_language_model_can_fill_in_is_refused_at_once(function: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=function.__name__):
        registry(function)


def test_names_must_be_new_and_such_as_providers_take() -> None:
    functions = registry(weather)
    with pytest.raises(ValueError, match="already"):
        functions.function(weather)
    with pytest.raises(ValueError, match="name="):
        functions.function(lambda: None)
    with pytest.raises(ValueError, match="timeout"):
        functions.function(name="w2", timeout=0)(weather)
    with pytest.raises(ValueError, match="timeout"):
        Functions(timeout=-1)


def test_a_type_that_contains_itself_ends_somewhere() -> None:
    def plant(tree: Tree) -> int:
        return len(tree.children)

    functions = registry(plant)
    parameters = functions.definitions()[0].parameters
    assert "$ref" not in json.dumps(parameters)
    assert answered(functions, "plant", {"tree": {"children": [{"children": []}]}}) == 1


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_definitions_are_added_to_each_way_of_thinking() -> None:
    functions = registry(weather)
    declared = functions.definitions()[0].dict()
    one = functions.declared_in({"agent": {"think": {"prompt": "p"}}}, "agent")
    assert one == {"agent": {"think": {"prompt": "p", "functions": [declared]}}}
    two = functions.declared_in({"agent": {"think": [{"prompt": "p"}, {"prompt": "q"}]}}, "agent")
    assert [each["functions"] for each in two["agent"]["think"]] == [[declared], [declared]]


def test_functions_declared_by_hand_stay_and_are_not_ours() -> None:
    functions = registry(weather)
    by_hand = {"name": "weather", "endpoint": {"url": "https://example.com"}}
    settings = {"agent": {"think": {"functions": [by_hand, {"name": "other"}]}}}
    assert functions.declared_in(settings, "agent") == settings
    assert not functions.is_ours("weather")
    assert not functions.is_ours("other")
    assert functions.is_ours("made_up"), "nobody else would answer"


@pytest.mark.parametrize("agent", [{}, {"think": "odd"}, {"think": ["odd"]}, None])
def test_settings_of_any_shape_pass(agent: object) -> None:
    settings = {"agent": agent}
    assert registry(weather).declared_in(settings, "agent") == settings


def test_of_a_stored_configuration_only_known_functions_are_ours() -> None:
    functions = registry(weather)
    assert functions.declared_in({"agent": "id"}, "agent") == {"agent": "id"}
    assert functions.is_ours("weather")
    assert not functions.is_ours("other")


def test_a_copy_can_grow_by_itself() -> None:
    functions = registry(weather)
    other = functions.copy()
    other.function(name="second")(weather)
    assert list(functions) == ["weather"]
    assert list(other) == ["weather", "second"]
