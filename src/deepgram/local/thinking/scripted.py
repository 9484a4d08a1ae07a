"""Rules instead of a language model: for work offline, for tests and demonstrations. It does not pretend to think.

A script is a YAML file::

    rules:
      - when: weather in (?P<city>\\w+)       # regular expression, searched in what the user said; case is ignored
        call: get_weather                     # a function that the settings declare
        arguments: {city: "{city}"}           # groups of the expression are put in
        say: It is {result.sky} in {city}.    # after the call; {result} is what the function gave
      - when: hello|hi
        say: [Hello to you., Hello again.]    # in turn
    otherwise: I heard you say {heard}.

The first rule that fits answers. ``{heard}`` is what the user said, ``{prompt}`` the prompt of the settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from .thinker import Call, Called, Idea, Question, Said, Text

LARGEST = 1024 * 1024
"""Bytes of a script."""
LONGEST_HEARD = 2000
"""Characters of what was said that the expressions see: some expressions take long over long texts."""
_PLACE = re.compile(r"\{(\w+(?:\.\w+)*)\}")
_PIECE = re.compile(r"\S+\s*")


class ScriptError(ValueError):
    """A script that cannot be used; the message says where and why."""


class Rule(BaseModel):
    """What is done when something is said."""

    model_config = ConfigDict(extra="forbid")

    when: str
    say: str | list[str] = ""
    call: str | None = None
    arguments: dict[str, Any] = {}


class Script(BaseModel):
    """All rules."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rule] = []
    otherwise: str | list[str] = "I heard you say: {heard}."


BUILT_IN = Script(
    rules=[
        Rule(when=r"^\W*(hello|hi|hey|good (morning|afternoon|evening))\b", say="Hello. I am a scripted agent."),
        Rule(when=r"\b(who|what) are you\b", say="I am a scripted agent: I follow rules, and do not understand."),
        Rule(when=r"\b(bye|goodbye)\b", say="Goodbye."),
    ],
    otherwise="I am a scripted agent, and I heard you say: {heard}.",
)
"""What is answered without a script of one's own."""


def read_script(path: Path) -> Script:
    """Return the rules of a file. Raises :class:`ScriptError`."""
    import yaml

    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise ScriptError(f"{path} is longer than {LARGEST} bytes")
        script = Script.model_validate(yaml.safe_load(data) or {})
        for number, rule in enumerate(script.rules, 1):
            try:
                re.compile(rule.when)
            except re.error as error:
                raise ScriptError(f"{path}: rule {number}: `when` is no regular expression: {error}") from None
    except OSError as error:
        raise ScriptError(f"{path} cannot be read: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise ScriptError(f"{path} is no YAML: {error}") from None
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "all of it"
        raise ScriptError(f"{path} is no script of rules: {where}: {error.errors()[0]['msg']}") from None
    except RecursionError:
        raise ScriptError(f"{path} is no script of rules: too much inside each other") from None
    return script


class Scripted:
    """Answers by rules. One for each conversation: it knows which of several answers comes next."""

    def __init__(self, script: Script = BUILT_IN) -> None:
        self._rules = [(re.compile(rule.when, re.IGNORECASE), rule) for rule in script.rules]
        self._otherwise = Rule(when="", say=script.otherwise)
        self._said: dict[int, int] = {}

    async def think(self, question: Question) -> AsyncGenerator[Idea, None]:
        """Yield the answer, word by word."""
        heard, results = _last(question)
        rule, groups = self._find(heard)
        facts: dict[str, Any] = {**groups, "heard": heard.rstrip(" .?!"), "prompt": question.prompt}
        declared = {function.name for function in question.functions}
        if rule.call in declared and rule.call not in results:
            arguments = {name: _filled(value, facts) for name, value in rule.arguments.items()}
            yield Call(f"call_{uuid4().hex[:24]}", rule.call, json.dumps(arguments))
            return
        facts["result"] = results.get(rule.call or "", "")
        for piece in _PIECE.findall(_fill(self._wording(rule), facts)):
            yield Text(piece)

    def _find(self, heard: str) -> tuple[Rule, dict[str, str]]:
        for expression, rule in self._rules:
            if found := expression.search(heard[:LONGEST_HEARD]):
                return rule, {name: text or "" for name, text in found.groupdict().items()}
        return self._otherwise, {}

    def _wording(self, rule: Rule) -> str:
        wordings = [rule.say] if isinstance(rule.say, str) else rule.say
        if not wordings:
            return ""
        turn = self._said.get(id(rule), 0)
        self._said[id(rule)] = turn + 1
        return wordings[turn % len(wordings)]


def _last(question: Question) -> tuple[str, dict[str, Any]]:
    """Return what the user said last, and what the functions gave that were called since, by name."""
    results: dict[str, Any] = {}
    for entry in reversed(question.entries):
        match entry:
            case Said(role="user", text=text):
                return text, results
            case Called(name=name, result=result):
                results.setdefault(name, _parsed(result))
            case _:
                pass
    return "", results


def _parsed(result: str) -> Any:
    try:
        return json.loads(result)
    except (ValueError, RecursionError):
        return result


def _filled(value: Any, facts: Mapping[str, Any]) -> Any:
    return _fill(value, facts) if isinstance(value, str) else value


def _fill(text: str, facts: Mapping[str, Any]) -> str:
    """Put facts into places: ``{city}``, ``{result.sky}``. Only dicts and lists are looked into, nothing is called."""

    def put(place: re.Match[str]) -> str:
        value: Any = facts
        for name in place[1].split("."):
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, Sequence) and not isinstance(value, str) and name.isdecimal():
                value = value[int(name)] if int(name) < len(value) else ""
            else:
                return place[0]
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return _PLACE.sub(put, text)
