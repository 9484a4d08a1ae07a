"""Google's generateContent. Source: ai.google.dev/api/generate-content"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from .chat_completions import described
from .endpoint import Endpoint
from .thinker import Bounded, Call, Called, Entry, Idea, Question, Text, Thought, arguments_of


class Google:
    """Thinks with a server that speaks Google's generateContent; the model is part of its address."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def think(self, question: Question) -> AsyncGenerator[Idea, None]:
        """Yield the answer as it comes."""
        bounded = Bounded()
        async with aclosing(self._endpoint.ask(_body(question))) as events:
            async for event in events:
                for part in _parts(event):
                    if isinstance(text := part.get("text"), str) and text:
                        bounded.count(text)
                        yield Thought(text) if part.get("thought") else Text(text)
                    if isinstance(call := part.get("functionCall"), dict):
                        bounded.call()
                        yield _call(call, part, bounded)


def _parts(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    candidates = event.get("candidates")
    for candidate in candidates[:1] if isinstance(candidates, list) else []:
        content = candidate.get("content") if isinstance(candidate, dict) else None
        parts = content.get("parts") if isinstance(content, dict) else None
        yield from (part for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()


def _call(call: dict[str, Any], part: dict[str, Any], bounded: Bounded) -> Call:
    signature = part.get("thoughtSignature")
    identity = call.get("id")
    return Call(
        identity if isinstance(identity, str) else f"call_{uuid4().hex[:24]}",
        str(call.get("name")),
        bounded.count(json.dumps(call.get("args") or {})),
        signature if isinstance(signature, str) else None,
    )


def _body(question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {"contents": _contents(question)}
    if question.prompt:
        body["systemInstruction"] = {"parts": [{"text": question.prompt}]}
    if question.functions:
        body["tools"] = [{"functionDeclarations": [described(function) for function in question.functions]}]
    if question.temperature is not None:
        body["generationConfig"] = {"temperature": question.temperature}
    return body


def _contents(question: Question) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    for entry in question.entries:
        for role, part in _entry(entry):
            if contents and contents[-1]["role"] == role:
                contents[-1]["parts"].append(part)
            else:
                contents.append({"role": role, "parts": [part]})
    if not contents or contents[0]["role"] != "user":
        contents.insert(0, {"role": "user", "parts": [{"text": "(The conversation begins.)"}]})
    return contents


def _entry(entry: Entry) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(entry, Called):
        return [("model" if entry.role == "assistant" else "user", {"text": entry.text})]
    arguments = arguments_of(entry)
    call: dict[str, Any] = {"functionCall": {"name": entry.name, "args": arguments}}
    if entry.thought_signature:
        call["thoughtSignature"] = entry.thought_signature
    return [
        ("model", call),
        ("user", {"functionResponse": {"name": entry.name, "response": {"result": entry.result}}}),
    ]
