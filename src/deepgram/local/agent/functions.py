"""Calling functions for a language model: the client carries them out, or the server asks an address for them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from ...protocol.model import Model
from ...protocol.models.agent_messages import (
    AgentV1FunctionCallCancelled,
    AgentV1FunctionCallCancelledFunctionsItem,
    AgentV1FunctionCallRequest,
    AgentV1FunctionCallRequestFunctionsItem,
    AgentV1ReceiveFunctionCallResponse,
)
from ...protocol.models.agent_settings import ThinkSettingsV1FunctionsItem
from ..guard import FetchError, check_url
from ..thinking.endpoint import headers_of_caller
from ..thinking.thinker import Call, Called

PATIENCE = 30.0
"""Seconds that a function may take; then the model is told that it did."""
MOST_VOID = 100
"""Calls that are remembered after they have become void."""
LONGEST_RESULT = 64 * 1024
"""Characters of a result."""


@dataclass
class _Pending:
    call: Call
    result: asyncio.Future[str]


class FunctionCalls:
    """The calls of one conversation that wait for their results."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        say: Callable[[Model], Awaitable[None]],
        warn: Callable[[str, str], Awaitable[None]],
        patience: float = PATIENCE,
    ) -> None:
        """``client`` goes where callers say and is guarded; ``say`` sends a message, ``warn`` a warning."""
        self._client = client
        self._say = say
        self._warn = warn
        self._patience = patience
        self._pending: dict[str, _Pending] = {}
        self._void: deque[str] = deque(maxlen=MOST_VOID)

    async def make(self, calls: Sequence[Call], functions: Sequence[ThinkSettingsV1FunctionsItem]) -> list[Called]:
        """Have functions called, all at once, and return them with their results, in the same order."""
        declared = {function.name: function for function in functions}
        endpoints = {call.id: getattr(declared.get(call.name), "endpoint", None) for call in calls}
        mine = {identity for identity, endpoint in endpoints.items() if endpoint is not None and endpoint.url}
        loop = asyncio.get_running_loop()
        for call in calls:
            if call.id not in mine and call.name in declared:
                self._pending[call.id] = _Pending(call, loop.create_future())
        known = [call for call in calls if call.name in declared]
        if known:  # a model's invention is nobody's to carry out
            await self._say(_request(known, mine))
        tasks = [asyncio.create_task(self._result(call, declared.get(call.name))) for call in calls]
        try:
            results = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._pending.clear()  # not when this was cancelled: the client is to be told by `cancel`
        return [
            Called(call.id, call.name, call.arguments, result, call.id not in mine, call.thought_signature)
            for call, result in zip(calls, results, strict=True)
        ]

    def answer(self, identity: str | None, name: str, content: str) -> bool:
        """Take the client's result; say whether it was asked for. Without an id the name tells which.

        The result of a call that has become void is not an error: it may have been on its way.
        """
        for pending in self._pending.values():
            known = pending.call.id == identity if identity else pending.call.name == name
            if known and not pending.result.done():
                pending.result.set_result(content[:LONGEST_RESULT])
                return True
        return identity in self._void

    async def cancel(self) -> None:
        """Tell the client that what it was asked for is void."""
        pending = self._pending.values()
        void = [one.call for one in pending if not one.result.done() or one.result.cancelled()]
        self._pending.clear()
        self._void += [call.id for call in void]
        if void:
            items = [AgentV1FunctionCallCancelledFunctionsItem(id=call.id, name=call.name) for call in void]
            await self._say(AgentV1FunctionCallCancelled(functions=items))

    async def _result(self, call: Call, function: ThinkSettingsV1FunctionsItem | None) -> str:
        if function is None:
            return _error(f"there is no function {call.name}")
        try:
            if call.id in self._pending:
                return await asyncio.wait_for(self._pending[call.id].result, self._patience)
            return await asyncio.wait_for(self._ask(call, function), self._patience)
        except asyncio.TimeoutError:
            await self._warn("FUNCTION_CALL_TIMEOUT", f"{call.name} gave no result within {self._patience:g} s.")
            return _error(f"{call.name} gave no result in time")
        except (FetchError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            await self._warn("FUNCTION_CALL_FAILED", f"{call.name}: {str(error) or type(error).__name__}")
            return _error(f"{call.name} failed")

    async def _ask(self, call: Call, function: ThinkSettingsV1FunctionsItem) -> str:
        """Carry out a function of the server's: ask its address, and tell the client what came."""
        endpoint = function.endpoint
        assert endpoint is not None
        assert endpoint.url
        url = check_url(endpoint.url, allow_private=True)
        method = (endpoint.method or "POST").upper()
        headers = {**headers_of_caller(endpoint.headers), "content-type": "application/json"}
        async with self._client.stream(
            method, url, headers=headers, content=call.arguments.encode(), follow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_RESULT:
                    raise ValueError(f"the answer is longer than {LONGEST_RESULT} bytes")
            if not response.is_success:
                raise ValueError(f"the endpoint answered {response.status_code}")
        content = bytes(body).decode("utf-8", "replace")
        await self._say(AgentV1ReceiveFunctionCallResponse(id=call.id, name=call.name, content=content))
        return content


def _request(calls: Sequence[Call], mine: set[str]) -> AgentV1FunctionCallRequest:
    return AgentV1FunctionCallRequest(
        functions=[
            AgentV1FunctionCallRequestFunctionsItem(
                id=call.id,
                name=call.name,
                arguments=call.arguments,
                client_side=call.id not in mine,
                thought_signature=call.thought_signature,
            )
            for call in calls
        ]
    )


def _error(message: str) -> str:
    return json.dumps({"error": message})
