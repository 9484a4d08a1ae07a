"""OpenAI's chat completions, which many servers of language models speak: Groq, Ollama, vLLM, llama.cpp.

Source: platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from .endpoint import Endpoint
from .thinker import Bounded, Call, Called, Entry, Function, Idea, Question, Text, Thought

PATH = "/chat/completions"


class ChatCompletions:
    """Thinks with a server that speaks chat completions."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def think(self, question: Question) -> AsyncGenerator[Idea, None]:
        """Yield the answer as it comes."""
        bounded = Bounded()
        calls: dict[int, dict[str, str]] = {}
        async with aclosing(self._endpoint.ask(_body(question))) as events:
            async for event in events:
                delta = _delta(event)
                thought = delta.get("reasoning_content") or delta.get("reasoning")
                if isinstance(thought, str) and thought:
                    yield Thought(bounded.count(thought))
                text = delta.get("content")
                if isinstance(text, str) and text:
                    yield Text(bounded.count(text))
                for at, piece in enumerate(_list(delta.get("tool_calls"))):
                    _add(calls, at, piece, bounded)
        for call in calls.values():
            if call["name"]:
                yield Call(call["id"] or f"call_{uuid4().hex[:24]}", call["name"], call["arguments"] or "{}")


def _body(question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {"model": question.model, "messages": _messages(question), "stream": True}
    if question.functions:
        body["tools"] = [{"type": "function", "function": described(function)} for function in question.functions]
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.reasoning_mode is not None:
        body["reasoning_effort"] = question.reasoning_mode
    return body


def described(function: Function) -> dict[str, Any]:
    """Return a function as most providers want it told."""
    told: dict[str, Any] = {"name": function.name}
    if function.description:
        told["description"] = function.description
    told["parameters"] = function.parameters or {"type": "object", "properties": {}}
    return told


def _messages(question: Question) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if question.prompt:
        messages.append({"role": "system", "content": question.prompt})
    for entry in question.entries:
        messages += _entry(entry)
    return messages


def _entry(entry: Entry) -> list[dict[str, Any]]:
    if not isinstance(entry, Called):
        return [{"role": entry.role, "content": entry.text}]
    function = {"name": entry.name, "arguments": entry.arguments}
    call = {"id": entry.id, "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": entry.id, "content": entry.result},
    ]


def _delta(event: dict[str, Any]) -> dict[str, Any]:
    """Return what an event adds; an answer in one piece has it under another name."""
    for choice in _list(event.get("choices"))[:1]:
        for name in ("delta", "message"):
            if isinstance(found := choice.get(name), dict):
                return found
    return {}


def _add(calls: dict[int, dict[str, str]], at: int, piece: dict[str, Any], bounded: Bounded) -> None:
    """Put a piece of a call to the pieces before."""
    index = piece.get("index")
    index = index if isinstance(index, int) else at
    if index not in calls:
        bounded.call()
    call = calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
    function = piece.get("function")
    given = {"id": piece.get("id"), **(function if isinstance(function, dict) else {})}
    for name in call:
        if isinstance(value := given.get(name), str):
            bounded.count(value)
            call[name] = call[name] + value if name == "arguments" else call[name] or value


def _list(value: object) -> Sequence[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
