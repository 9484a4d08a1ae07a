"""Functions carried out beside a conversation, over real sockets: results, errors, timeouts, cancelling, the end."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from deepgram.functions import FunctionCall, FunctionError, FunctionFailed, Functions
from deepgram.runtime.function_calls import BACKLOG, MOST, THREADS

from .service import PATIENCE, SETTINGS, Desk, converse, given, until


def registry(*functions: Callable[..., Any], timeout: float = PATIENCE) -> Functions:
    made = Functions(timeout=timeout)
    for function in functions:
        made.function(function)
    return made


async def read_on(agent: Any) -> None:
    """Read until the service closes."""

    def take(_: object) -> None: ...

    agent.on("message", take)
    await given(agent.start_listening())


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def add_later(a: int, b: int) -> int:
    """Add two numbers."""
    await asyncio.sleep(0)
    return a + b


def answers(desk: Desk, count: int) -> dict[str, Any]:
    """Return the next answers by their ids."""
    heard = [desk.hear("FunctionCallResponse") for _ in range(count)]
    return {each["id"]: each["content"] for each in heard}


def test_settings_carry_the_definitions_and_calls_are_answered(mode: str) -> None:
    def script(desk: Desk) -> None:
        settings = desk.welcome()
        names = [each["name"] for each in settings["agent"]["think"]["functions"]]
        assert names == ["add", "add_later"]
        desk.ask(("1", "add", '{"a": 1, "b": 2}'), ("2", "add_later", '{"a": 3, "b": 4}'))
        assert answers(desk, 2) == {"1": "3", "2": "7"}
        desk.ask(("3", "add", '{"a": "x"}'))
        assert "a: Input should be a valid integer" in json.loads(answers(desk, 1)["3"])["error"]

    async def talk(agent: Any) -> None:
        await given(agent.send_settings(SETTINGS))
        await read_on(agent)

    converse(mode, script, talk, registry(add, add_later))


def test_the_decorator_of_the_conversation_leaves_the_shared_registry_alone(mode: str) -> None:
    shared = registry(add)

    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert [each["name"] for each in settings["agent"]["think"]["functions"]] == ["add", "here"]
        desk.ask(("1", "here", "{}"))
        assert answers(desk, 1) == {"1": "yes"}

    async def talk(agent: Any) -> None:
        def here() -> str:
            return "yes"

        assert agent.function(here) is here
        await given(agent.send_settings(SETTINGS))
        await read_on(agent)

    converse(mode, script, talk, shared)
    assert list(shared) == ["add"]


def test_new_ways_of_thinking_get_the_functions_too(mode: str) -> None:
    def script(desk: Desk) -> None:
        update = desk.hear("UpdateThink")
        assert [each["name"] for each in update["think"]["functions"]] == ["add"]

    async def talk(agent: Any) -> None:
        await given(agent.send_update_think({"type": "UpdateThink", "think": SETTINGS["agent"]["think"]}))

    converse(mode, script, talk, registry(add))


def test_server_side_calls_are_the_services_own(mode: str) -> None:
    called: list[int] = []

    def count() -> None:
        called.append(1)

    def script(desk: Desk) -> None:
        desk.ask(("1", "count", "{}"), client_side=False)
        desk.say(type="FunctionCallResponse", id="1", name="count", content="done by the service")
        desk.ask(("2", "count", "{}"))
        assert answers(desk, 1) == {"2": "null"}

    converse(mode, script, read_on, registry(count))
    assert called == [1]


def test_without_a_registry_the_program_answers_by_itself(mode: str) -> None:
    functions = registry(add)

    def script(desk: Desk) -> None:
        desk.ask(("1", "add", '{"a": 1, "b": 2}'), ("2", "other", "{}"))
        assert answers(desk, 2) == {"1": "3", "2": "by hand"}

    async def talk(agent: Any) -> None:
        (asked,) = await until(agent, "FunctionCallRequest")
        first, second = asked.functions
        await given(agent.send_function_call_response(functions.answer(first)))
        answer = {"type": "FunctionCallResponse", "id": second.id, "name": second.name, "content": "by hand"}
        await given(agent.send_function_call_response(answer))

    converse(mode, script, talk)


def test_what_the_settings_declare_by_hand_is_left_to_the_program(mode: str) -> None:
    think = {**SETTINGS["agent"]["think"], "functions": [{"name": "mine", "parameters": {"type": "object"}}]}
    settings = {**SETTINGS, "agent": {**SETTINGS["agent"], "think": think}}

    def script(desk: Desk) -> None:
        desk.welcome()
        desk.ask(("1", "mine", "{}"), ("2", "made_up", "{}"))
        assert answers(desk, 2) == {"1": "by hand", "2": '{"error":"there is no function \'made_up\'"}'}

    async def talk(agent: Any) -> None:
        await given(agent.send_settings(settings))
        asked = (await until(agent, "FunctionCallRequest"))[-1]
        by_hand = {"type": "FunctionCallResponse", "id": asked.functions[0].id, "name": "mine", "content": "by hand"}
        await given(agent.send_function_call_response(by_hand))
        await read_on(agent)

    converse(mode, script, talk, registry(add))


def test_functions_run_beside_the_conversation_and_each_other(mode: str) -> None:
    """Each waits for the other, and both for a message that is read meanwhile."""
    meeting = threading.Barrier(2)
    spoken = threading.Event()

    def first() -> str:
        meeting.wait(PATIENCE)
        assert spoken.wait(PATIENCE)
        return "first"

    async def second() -> str:
        await asyncio.get_running_loop().run_in_executor(None, meeting.wait, PATIENCE)
        return "second"

    def script(desk: Desk) -> None:
        desk.ask(("1", "first", "{}"), ("2", "second", "{}"))
        assert answers(desk, 1) == {"2": "second"}
        desk.say(type="ConversationText", role="assistant", content="One moment.")
        assert answers(desk, 1) == {"1": "first"}

    async def talk(agent: Any) -> None:
        def hear(message: Any) -> None:
            if message.type == "ConversationText":
                spoken.set()

        agent.on("message", hear)
        await given(agent.start_listening())

    converse(mode, script, talk, registry(first, second))


# --- What goes wrong --------------------------------------------------------------------------------------------------


def raises() -> None:
    raise ValueError("password=secret")


async def raises_later() -> None:
    raise ValueError("password=secret")


def refuses() -> None:
    raise FunctionError("there is no such order")


def leaves() -> None:
    raise SystemExit(3)


async def leaves_later() -> None:
    raise SystemExit(3)


def ends() -> None:
    raise StopIteration


async def cancels_itself() -> None:
    raise asyncio.CancelledError


def unwritable() -> object:
    return object()


def endless() -> str:
    return "x" * 2_000_000


@pytest.mark.parametrize(
    ("function", "told", "reported"),
    [
        (raises, "the function failed: ValueError", True),
        (raises_later, "the function failed: ValueError", True),
        (refuses, "there is no such order", False),
        (leaves, "the function failed: RuntimeError", True),
        (leaves_later, "the function failed: RuntimeError", True),
        (ends, "the function failed: RuntimeError", True),
        (cancels_itself, "the function failed: CancelledError", True),
        (unwritable, "the result cannot be written as JSON (object)", True),
        (endless, "the result is longer than 1000000 characters", True),
    ],
)
def test_a_function_that_fails_is_answered_and_reported(
    mode: str, function: Callable[..., Any], told: str, reported: bool
) -> None:
    errors: list[Any] = []

    def script(desk: Desk) -> None:
        name = function.__name__
        desk.ask(("1", name, "{}"), ("2", "add", '{"a": 1, "b": 1}'))
        heard = answers(desk, 2)
        assert json.loads(heard["1"]) == {"error": told}
        assert heard["2"] == "2", "the others go on"

    async def talk(agent: Any) -> None:
        agent.on("error", errors.append)
        await read_on(agent)

    converse(mode, script, talk, registry(function, add))
    failed = [error for error in errors if isinstance(error, FunctionFailed)]
    assert len(failed) == len(errors) == int(reported)
    for error in failed:
        assert error.name == function.__name__
        assert error.__cause__ is not None


def test_a_failure_is_logged_if_no_handler_hears_of_it(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    def script(desk: Desk) -> None:
        desk.ask(("1", "raises", "{}"))
        answers(desk, 1)

    with caplog.at_level(logging.WARNING, "deepgram.functions"):
        converse(mode, script, read_on, registry(raises))
    (record,) = caplog.records
    assert "the function raises, which the agent called, raised ValueError" in record.getMessage()
    assert record.exc_info is not None


def test_a_function_that_hangs_is_answered_after_its_timeout_and_keeps_nobody(mode: str) -> None:
    released = threading.Event()
    calls: list[FunctionCall] = []

    def hangs(call: FunctionCall) -> None:
        calls.append(call)
        released.wait(PATIENCE)

    async def hangs_later() -> None:
        await asyncio.sleep(1000)

    async def will_not_end() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)

    def script(desk: Desk) -> None:
        desk.ask(("1", "hangs", "{}"), ("2", "hangs_later", "{}"), ("3", "will_not_end", "{}"))
        expected = '{"error":"no result after 0.2 s"}'
        assert answers(desk, 3) == {"1": expected, "2": expected, "3": expected}
        desk.ask(("4", "add", '{"a": 1, "b": 1}'))
        assert answers(desk, 1) == {"4": "2"}
        released.set()

    functions = registry(hangs, hangs_later, will_not_end, timeout=0.2)
    functions.function(timeout=PATIENCE)(add)
    try:
        converse(mode, script, read_on, functions)
    finally:
        released.set()
    assert calls[0].cancelled, "a thread is asked to end"


def test_leaving_does_not_wait_for_a_function_that_hangs(mode: str) -> None:
    released = threading.Event()
    started = threading.Event()

    def hangs() -> None:
        started.set()
        released.wait(PATIENCE)

    async def talk(agent: Any) -> None:
        await until(agent, "FunctionCallRequest")
        await asyncio.get_running_loop().run_in_executor(None, started.wait, PATIENCE)

    def script(desk: Desk) -> None:
        desk.ask(("1", "hangs", "{}"))
        desk.stay()
        assert not desk.commands, "nobody waits for the answer"

    began = time.monotonic()
    try:
        converse(mode, script, talk, registry(hangs), drain_timeout=0.2)
        assert time.monotonic() - began < 5
    finally:
        released.set()


def test_a_coroutine_that_blocks_its_loop_blocks_neither_the_conversation_nor_its_end() -> None:
    """In a conversation that is held from threads: the loop is ours then, and the program's otherwise."""
    released = threading.Event()
    heard: list[Any] = []

    async def blocks() -> None:
        released.wait(PATIENCE)

    def script(desk: Desk) -> None:
        desk.ask(("1", "blocks", "{}"))
        for number in range(2 * BACKLOG):
            desk.ask((str(number), "add", "{}"))
        desk.say(type="AgentAudioDone")
        desk.stay()

    async def talk(agent: Any) -> None:
        heard.extend(await until(agent, "AgentAudioDone"))

    began = time.monotonic()
    try:
        converse("sync", script, talk, registry(blocks, add))
        assert time.monotonic() - began < PATIENCE
    finally:
        released.set()
    assert len(heard) == 2 * BACKLOG + 2


def test_no_more_threads_than_allowed_run_at_once(mode: str) -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    full = threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == THREADS:
                full.set()
        full.wait(PATIENCE)
        with lock:
            running -= 1

    def script(desk: Desk) -> None:
        desk.ask(*((str(number), "work", "{}") for number in range(3 * THREADS)))
        assert len(answers(desk, 3 * THREADS)) == 3 * THREADS

    converse(mode, script, read_on, registry(work))
    assert most == THREADS


def test_more_calls_than_a_conversation_can_need_are_refused(mode: str) -> None:
    released = threading.Event()

    def hangs() -> None:
        released.wait(PATIENCE)

    def script(desk: Desk) -> None:
        desk.ask(*((str(number), "hangs", "{}") for number in range(MOST)))
        desk.ask(("late", "hangs", "{}"))
        assert answers(desk, 1) == {"late": '{"error":"too many calls at once"}'}
        released.set()
        assert len(answers(desk, MOST)) == MOST

    converse(mode, script, read_on, registry(hangs))


@pytest.mark.parametrize(
    "functions",
    [None, "odd", [None], [{"id": None, "name": None, "arguments": None, "client_side": True}], [[]], {"a": 1}],
)
def test_requests_of_any_shape_do_no_harm(mode: str, functions: object) -> None:
    def script(desk: Desk) -> None:
        desk.say({"type": "FunctionCallRequest", "functions": functions})
        desk.say({"type": "FunctionCallCancelled", "functions": functions})
        desk.ask(("1", "add", '{"a": 1, "b": 1}'))
        while desk.hear("FunctionCallResponse")["content"] != "2":
            pass

    converse(mode, script, read_on, registry(add))


def test_arguments_that_came_as_an_object_are_taken_too(mode: str) -> None:
    def script(desk: Desk) -> None:
        call = {"id": "1", "name": "add", "arguments": {"a": 1, "b": 1}, "client_side": True}
        desk.say(type="FunctionCallRequest", functions=[call, call])
        assert answers(desk, 1) == {"1": "2"}
        desk.ask(("2", "add", '{"a": 2, "b": 2}'))
        assert answers(desk, 1) == {"2": "4"}, "the same call is carried out once"

    converse(mode, script, read_on, registry(add))


# --- Cancelling -------------------------------------------------------------------------------------------------------


class Waiting:
    """Functions that wait until they are cancelled, or allowed to go on."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.go_on = threading.Event()
        self.ended = threading.Event()
        self.call: FunctionCall | None = None

    async def wait_async(self) -> str:
        self.started.set()
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            self.ended.set()
        return "done"

    def wait_thread(self, call: FunctionCall) -> str:
        self.call = call
        self.started.set()
        while not call.cancelled:
            if self.go_on.wait(0.01):
                break
        self.ended.set()
        return "done"


@pytest.mark.parametrize("name", ["wait_async", "wait_thread"])
def test_the_service_cancels_a_call_and_gets_no_answer(mode: str, name: str) -> None:
    waiting = Waiting()

    def script(desk: Desk) -> None:
        desk.ask(("1", name, "{}"), ("2", "add", '{"a": 1, "b": 1}'))
        assert answers(desk, 1) == {"2": "2"}
        assert waiting.started.wait(PATIENCE)
        desk.say(type="FunctionCallCancelled", functions=[{"id": "1", "name": name}, {"id": "9", "name": "x"}])
        assert waiting.ended.wait(PATIENCE)
        desk.ask(("3", "add", '{"a": 2, "b": 2}'))
        assert answers(desk, 1) == {"3": "4"}, "and nothing of the first"

    converse(mode, script, read_on, registry(getattr(waiting, name), add))


@pytest.mark.parametrize("name", ["wait_async", "wait_thread"])
def test_the_user_interrupts_a_call(mode: str, name: str) -> None:
    waiting = Waiting()

    def script(desk: Desk) -> None:
        desk.ask(("1", name, "{}"))
        assert waiting.started.wait(PATIENCE)
        desk.say(type="UserStartedSpeaking")
        assert answers(desk, 1) == {"1": '{"error":"cancelled: the user began to speak"}'}
        assert waiting.ended.wait(PATIENCE)
        desk.ask(("2", "add", '{"a": 1, "b": 1}'))
        assert answers(desk, 1) == {"2": "2"}

    converse(mode, script, read_on, registry(getattr(waiting, name), add))


def test_what_must_not_be_interrupted_runs_to_its_end(mode: str) -> None:
    waiting = Waiting()
    functions = registry(add)
    functions.function(interruptible=False)(waiting.wait_thread)
    done: list[str] = []

    async def book() -> str:
        await asyncio.sleep(0.1)
        done.append("booked")
        return "booked"

    functions.function(interruptible=False)(book)

    def script(desk: Desk) -> None:
        desk.ask(("1", "wait_thread", "{}"), ("2", "book", "{}"))
        assert waiting.started.wait(PATIENCE)
        desk.say(type="UserStartedSpeaking")
        waiting.go_on.set()
        assert answers(desk, 2) == {"1": "done", "2": "booked"}
        desk.ask(("3", "book", "{}"))
        desk.say(type="FunctionCallCancelled", functions=[{"id": "3", "name": "book"}])
        deadline = time.monotonic() + PATIENCE
        while len(done) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        desk.ask(("4", "add", '{"a": 1, "b": 1}'))
        assert answers(desk, 1) == {"4": "2"}, "a result that is not wanted is not sent"

    converse(mode, script, read_on, functions)


def test_no_thread_stays_behind(mode: str) -> None:
    def script(desk: Desk) -> None:
        desk.ask(("1", "add", '{"a": 1, "b": 2}'))
        answers(desk, 1)

    before = set(threading.enumerate())  # servers of other tests go on in this process
    converse(mode, script, read_on, registry(add))
    deadline = time.monotonic() + PATIENCE
    while any(thread.name.startswith("deepgram-") for thread in set(threading.enumerate()) - before):
        assert time.monotonic() < deadline
        time.sleep(0.01)
