"""Functions that a voice agent may call: plain Python ones, described by their signature, type hints and docstring.

    functions = Functions()

    @functions.function
    def weather(city: str, unit: Literal["C", "F"] = "C") -> dict[str, float]:
        \"\"\"Tell the weather of a city.

        Args:
            city: Name of the city, with its country.
        \"\"\"

    with client.agent.v1.connect(functions=functions) as agent: ...

What is to be called and what to answer is decided here; threads and tasks are in ``runtime/function_calls.py``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from .function_schema import Arguments, InvalidArguments, described

if TYPE_CHECKING:  # models are loaded with the first conversation, not with the client
    from .models.agent_messages import AgentV1SendFunctionCallResponse
    from .models.agent_settings import ThinkSettingsV1FunctionsItem

F = TypeVar("F", bound=Callable[..., Any])

TIMEOUT = 30.0
"""Seconds that a function may take if nothing else is said."""
LONGEST = 1_000_000
"""Characters that a result may have."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names that every provider of language models takes."""


class FunctionError(Exception):
    """Raise it in a function to tell the language model what is wrong: its text is sent as the result.

    Of any other exception only the name of its class is sent, because messages may hold what must not be spoken.
    """


class FunctionFailed(Exception):
    """A function raised or took too long, or its result cannot be sent; ``__cause__`` is what it raised.

    Handlers of ERROR get it; the language model has been told.
    """

    def __init__(self, name: str, reason: str, cause: BaseException | None = None) -> None:
        super().__init__(f"the function {name}, which the agent called, {reason}")
        self.name = name
        self.__cause__ = cause


@dataclass
class FunctionCall:
    """The call that is being carried out. A function that has a parameter of this type gets it there."""

    id: str
    name: str
    arguments: str
    """The arguments as JSON text, as they came."""
    thought_signature: str | None = None
    cancelled: bool = False
    """Nobody waits for the result any more. Functions that run in a thread can only be asked to end: look here."""


@dataclass(frozen=True)
class Function:
    """A function of a registry."""

    name: str
    description: str
    call: Callable[..., Any]
    arguments: Arguments
    timeout: float
    """Seconds."""
    defer_until_eot: bool | None
    interruptible: bool

    @property
    def is_async(self) -> bool:
        """Whether it is a coroutine function."""
        return inspect.iscoroutinefunction(self.call) or inspect.iscoroutinefunction(
            getattr(self.call, "__call__", None)  # noqa: B004 - an object whose __call__ is a coroutine function
        )

    def definition(self) -> ThinkSettingsV1FunctionsItem:
        """Return what the settings say about it."""
        from .models.agent_settings import ThinkSettingsV1FunctionsItem

        deferred: Any = {} if self.defer_until_eot is None else {"defer_until_eot": self.defer_until_eot}
        return ThinkSettingsV1FunctionsItem(
            name=self.name, description=self.description, parameters=self.arguments.schema, **deferred
        )

    def prepared(self, call: FunctionCall) -> Callable[[], Any]:
        """Return the function with the arguments of ``call``, checked; :class:`FunctionError` says what is wrong."""
        try:
            positional, named = self.arguments.read(call.arguments, call)
        except InvalidArguments as error:
            raise FunctionError(f"invalid arguments: {error}") from error
        return lambda: self.call(*positional, **named)


class Functions:
    """A registry of functions that an agent may call. One registry serves any number of conversations."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        """Make an empty registry.

        Args:
            timeout: Seconds that a function may take if it says nothing itself.
        """
        if timeout <= 0:
            raise ValueError("timeout must be greater than 0")
        self.timeout = timeout
        self._functions: dict[str, Function] = {}
        self._elsewhere: set[str] = set()
        self._stored = False

    @overload
    def function(self, function: F, /) -> F: ...
    @overload
    def function(
        self,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
        defer_until_eot: bool | None = None,
        interruptible: bool = True,
    ) -> Callable[[F], F]: ...
    def function(
        self,
        function: Any = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
        defer_until_eot: bool | None = None,
        interruptible: bool = True,
    ) -> Any:
        """Let agents call a function: a decorator, with or without arguments. The function itself stays as it is.

        The parameters become a JSON schema by way of pydantic: any type it knows, defaults, ``Annotated`` with a text
        or a ``Field``. Descriptions come from the docstring ("Args:", or ":param name:"). A parameter annotated with
        :class:`FunctionCall` is not the language model's: it gets the call itself.

        Args:
            function: The function; async ones run as tasks, others in threads.
            name: Its name for the language model; its own if not given.
            description: What it does and when to use it; the docstring if not given.
            timeout: Seconds it may take; the registry's if not given.
            defer_until_eot: Have the service wait until the user has certainly finished: for functions that change
                something.
            interruptible: Whether it is cancelled when the user begins to speak.

        Raises:
            TypeError: A parameter cannot be described, such as ``*args``, or its type is not known to pydantic.
            ValueError: The name is taken, or is none that providers accept (64 letters, digits, ``_`` and ``-``).
        """

        def add(function: F) -> F:
            called = name or str(getattr(function, "__name__", ""))
            if not NAME.fullmatch(called):
                raise ValueError(f"{called!r} is no name for a function: use name= with letters, digits, _ and -")
            if called in self._functions:
                raise ValueError(f"there is a function {called!r} already")
            if timeout is not None and timeout <= 0:
                raise ValueError("timeout must be greater than 0")
            text, parameters = described(function)
            self._functions[called] = Function(
                name=called,
                description=text if description is None else description,
                call=function,
                arguments=Arguments(function, parameters, FunctionCall),
                timeout=self.timeout if timeout is None else timeout,
                defer_until_eot=defer_until_eot,
                interruptible=interruptible,
            )
            return function

        return add if function is None else add(function)

    def __len__(self) -> int:
        return len(self._functions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def __getitem__(self, name: str) -> Function:
        return self._functions[name]

    def copy(self) -> Functions:
        """Return a registry with the same functions, to which others can be added."""
        made = copy(self)
        made._functions = dict(self._functions)
        made._elsewhere = set(self._elsewhere)
        return made

    def definitions(self) -> list[ThinkSettingsV1FunctionsItem]:
        """Return what the settings say about the functions (``think.functions``); ``connect`` adds it by itself."""
        return [function.definition() for function in self._functions.values()]

    # --- Settings -----------------------------------------------------------------------------------------------------

    def declared_in(self, settings: dict[str, Any], key: str) -> dict[str, Any]:
        """Return plain ``settings`` with the functions in ``settings[key]["think"]``, once or in each of a list.

        Functions that are there already stay as they are, and are not ours to carry out. So are all others of a stored
        configuration, whose functions are not known here.
        """
        agent = settings.get(key)
        self._stored = isinstance(agent, str)
        self._elsewhere.clear()
        if not isinstance(agent, dict) or "think" not in agent:
            return settings
        think = agent["think"]
        thinks = [self._declared(each) for each in think] if isinstance(think, list) else self._declared(think)
        return {**settings, key: {**agent, "think": thinks}}

    def _declared(self, think: Any) -> Any:
        if not isinstance(think, dict):
            return think
        there = [function for function in think.get("functions") or () if isinstance(function, dict)]
        names = {str(function.get("name")) for function in there}
        self._elsewhere |= names
        added = [function.definition().dict() for function in self._functions.values() if function.name not in names]
        return {**think, "functions": [*there, *added]} if there or added else think

    def is_ours(self, name: str) -> bool:
        """Tell whether a client-side call of ``name`` is answered from here: unless the program declared it by hand."""
        return name not in self._elsewhere and (name in self._functions or not self._stored)

    # --- One call -----------------------------------------------------------------------------------------------------

    def answer(self, request: CallRequest) -> AgentV1SendFunctionCallResponse:
        """Carry out one request here and now, in this thread and without a timeout, and return what to send.

        For programs that handle FunctionCallRequest themselves. Raises ``TypeError`` for coroutine functions.
        """
        call = call_of(request)
        if call.name in self and self[call.name].is_async:
            raise TypeError(f"{call.name} is a coroutine function: use answer_async")
        try:
            return response(call, content_of(self.find(call).prepared(call)()))
        except Exception as error:
            return response(call, error_content(error))

    async def answer_async(self, request: CallRequest) -> AgentV1SendFunctionCallResponse:
        """Do the same in an event loop: coroutine functions are awaited, others run in between."""
        call = call_of(request)
        try:
            result = self.find(call).prepared(call)()
            return response(call, content_of(await result if inspect.isawaitable(result) else result))
        except Exception as error:
            return response(call, error_content(error))

    def find(self, call: FunctionCall) -> Function:
        """Return the function that is asked for; :class:`FunctionError` says that there is none."""
        if call.name not in self._functions:
            raise FunctionError(f"there is no function {call.name[:64]!r}")
        return self._functions[call.name]


class CallRequest(Protocol):
    """What is read of a request: an item of FunctionCallRequest."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> object: ...


class Calls(Protocol):
    """Carries out what messages ask for, beside the conversation."""

    def take(self, event: Any) -> None:
        """Take note of FunctionCallRequest, FunctionCallCancelled or UserStartedSpeaking."""


# --- Answers ----------------------------------------------------------------------------------------------------------


def call_of(request: CallRequest) -> FunctionCall:
    """Return the call that is asked for, whatever the peer sent as its fields."""
    signature = getattr(request, "thought_signature", None)
    arguments = request.arguments
    return FunctionCall(
        id=str(request.id),
        name=str(request.name),
        arguments=arguments if isinstance(arguments, str) else _json(arguments),
        thought_signature=signature if isinstance(signature, str) else None,
    )


def response(call: FunctionCall, content: str) -> AgentV1SendFunctionCallResponse:
    """Return the message that answers ``call``."""
    from .models.agent_messages import AgentV1SendFunctionCallResponse

    return AgentV1SendFunctionCallResponse(id=call.id, name=call.name, content=content)


def content_of(result: object) -> str:
    """Return a result as text: text as it is, anything else as JSON. Raises :class:`Unsendable`."""
    content = result if isinstance(result, str) else _json(result)
    if len(content) > LONGEST:
        raise Unsendable(f"the result is longer than {LONGEST} characters")
    return content


def error_content(error: BaseException) -> str:
    """Return what the language model is told of an error."""
    told = isinstance(error, FunctionError | Unsendable)
    text = str(error) if told else f"the function failed: {type(error).__name__}"
    return _json({"error": text[:LONGEST]})


class Unsendable(ValueError):
    """A result that JSON cannot hold, or that is too long."""


def _json(value: object) -> str:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(value, inf_nan_mode="null").decode()
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise Unsendable(f"the result cannot be written as JSON ({type(value).__name__})") from error
