"""Anthropic's messages. Source: docs.anthropic.com/en/api/messages-streaming"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from .endpoint import Endpoint
from .thinker import Bounded, Call, Called, Entry, Idea, Question, Text, ThinkError, Thought, arguments_of

VERSION = "2023-06-01"
MOST_TOKENS = 1024
"""Length of an answer, which this protocol wants to be told: several minutes of speech."""


class Anthropic:
    """Thinks with a server that speaks Anthropic's messages."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def think(self, question: Question) -> AsyncGenerator[Idea, None]:
        """Yield the answer as it comes."""
        bounded = Bounded()
        calls: dict[int, dict[str, str]] = {}
        async with aclosing(self._endpoint.ask(_body(question))) as events:
            async for event in events:
                for index, block in _blocks(event):
                    if isinstance(text := block.get("text"), str) and text:
                        yield Text(bounded.count(text))
                    if isinstance(thought := block.get("thinking"), str) and thought:
                        yield Thought(bounded.count(thought))
                    if block.get("type") == "tool_use":
                        bounded.call()
                        given = block.get("input")
                        calls[index] = {
                            "id": str(block.get("id")),
                            "name": str(block.get("name")),
                            "arguments": json.dumps(given) if given else "",
                        }
                    if isinstance(piece := block.get("partial_json"), str) and index in calls:
                        calls[index]["arguments"] += bounded.count(piece)
                if event.get("type") == "message_stop":
                    break
        for call in calls.values():
            yield Call(call["id"], call["name"], call["arguments"] or "{}")


def _blocks(event: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Return what an event adds to which block; an answer in one piece has all blocks."""
    kind = event.get("type")
    if kind == "error":  # one without a body that says what
        raise ThinkError("the provider reports an error")
    if kind == "message":
        content = event.get("content")
        blocks = content if isinstance(content, list) else []
        return [(index, block) for index, block in enumerate(blocks) if isinstance(block, dict)]
    block = event.get("content_block") if kind == "content_block_start" else event.get("delta")
    index = event.get("index")
    return [(index, block)] if isinstance(block, dict) and isinstance(index, int) else []


def _body(question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": question.model,
        "max_tokens": MOST_TOKENS,
        "messages": _messages(question),
        "stream": True,
    }
    if question.prompt:
        body["system"] = question.prompt
    if question.functions:
        body["tools"] = [
            {
                "name": function.name,
                "description": function.description or "",
                "input_schema": function.parameters or {"type": "object", "properties": {}},
            }
            for function in question.functions
        ]
    if question.temperature is not None:
        body["temperature"] = question.temperature
    return body


def _messages(question: Question) -> list[dict[str, Any]]:
    """Return the conversation: it begins with the user, and the roles take turns."""
    messages: list[dict[str, Any]] = []
    for entry in question.entries:
        for role, block in _entry(entry):
            if messages and messages[-1]["role"] == role:
                messages[-1]["content"].append(block)
            else:
                messages.append({"role": role, "content": [block]})
    if not messages or messages[0]["role"] != "user":
        messages.insert(0, {"role": "user", "content": [{"type": "text", "text": "(The conversation begins.)"}]})
    return messages


def _entry(entry: Entry) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(entry, Called):
        return [(entry.role, {"type": "text", "text": entry.text})]
    arguments = arguments_of(entry)
    return [
        ("assistant", {"type": "tool_use", "id": entry.id, "name": entry.name, "input": arguments}),
        ("user", {"type": "tool_result", "tool_use_id": entry.id, "content": entry.result}),
    ]
