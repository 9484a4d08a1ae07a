"""Rules instead of a language model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepgram.local.thinking.scripted import Scripted, ScriptError, read_script
from deepgram.local.thinking.thinker import Call, Called, Entry, Function, Question, Said, Text

SCRIPT = """
rules:
  - when: weather in (?P<city>\\w+)
    call: get_weather
    arguments: {city: "{city}", days: 2}
    say: It is {result.sky} in {city}, {result.degrees.0} degrees.
  - when: \\bhi\\b
    say: [Hello., Hello again.]
otherwise: "Pardon? {heard}?"
"""


@pytest.fixture
def thinker(tmp_path: Path) -> Scripted:
    path = tmp_path / "script.yaml"
    path.write_text(SCRIPT)
    return Scripted(read_script(path))


async def answer(thinker: Scripted, *entries: Entry, functions: tuple[Function, ...] = ()) -> str | Call:
    ideas = [idea async for idea in thinker.think(Question("m", "", entries, functions))]
    if isinstance(ideas[0], Call):
        return ideas[0]
    return "".join(idea.text for idea in ideas if isinstance(idea, Text))


async def test_the_first_rule_that_fits_answers(thinker: Scripted) -> None:
    assert await answer(thinker, Said("user", "Oh, hi there")) == "Hello."
    assert await answer(thinker, Said("user", "Hi.")) == "Hello again."
    assert await answer(thinker, Said("user", "HI")) == "Hello."
    assert await answer(thinker, Said("user", "What is this?")) == "Pardon? What is this?"


async def test_a_declared_function_is_called_and_its_result_is_told(thinker: Scripted) -> None:
    question = Said("user", "What is the weather in Paris?")
    call = await answer(thinker, question, functions=(Function("get_weather"),))
    assert isinstance(call, Call)
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Paris", "days": 2})
    made = Called(call.id, call.name, call.arguments, '{"sky": "clear", "degrees": [21]}')
    told = await answer(thinker, question, made, functions=(Function("get_weather"),))
    assert told == "It is clear in Paris, 21 degrees."


async def test_a_function_that_is_not_declared_is_not_called(thinker: Scripted) -> None:
    told = await answer(thinker, Said("user", "the weather in Paris"))
    assert told == "It is {result.sky} in Paris, {result.degrees.0} degrees."


async def test_places_reach_nothing_but_facts(tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text("otherwise: '{heard.__class__} {nobody} {heard}'")
    assert await answer(Scripted(read_script(path)), Said("user", "x")) == "{heard.__class__} {nobody} x"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules: [", "no YAML"),
        ("rules: 3", "no script"),
        ("rules: [{say: hello}]", "no script"),
        ("rules: [{when: x, sya: hello}]", "no script"),
        ("rules: [{when: '(', say: hello}]", "rule 1: `when` is no regular expression"),
        ("!!python/object/apply:os.system [exit]", "no YAML"),
    ],
)
def test_a_bad_script_is_refused_with_the_reason(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(ScriptError, match=why):
        read_script(path)


def test_a_script_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        read_script(tmp_path / "none.yaml")
