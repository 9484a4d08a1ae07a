"""What a Python function takes: the JSON schema that language models read, and their arguments checked against it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin

Named = inspect.Parameter.KEYWORD_ONLY
SECTION = re.compile(r"^(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|Attributes):\s*$")
ARGUMENTS = ("Args", "Arguments", "Parameters", "Params")
ENTRY = re.compile(r"^(\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
FIELD = re.compile(r"^:(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?(\w+):\s*(.*)$")
MOST_ERRORS = 10
"""Errors that are told at once."""


class InvalidArguments(ValueError):
    """The language model's arguments do not fit; the message says how, for the model to do better."""


class Arguments:
    """The parameters of a function."""

    def __init__(self, function: Callable[..., Any], descriptions: Mapping[str, str], context: type[Any]) -> None:
        """Read the signature of ``function``. A parameter annotated with ``context`` is none of the language model's.

        Raises ``TypeError`` if a parameter cannot be described.
        """
        self._context: str | None = None
        self._positional: list[str] = []
        hints = _hints(function)
        taken: dict[str, Any] = {}
        required: set[str] = set()
        defaults: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise TypeError(f"{_name(function)} takes {parameter}: a language model needs parameters with names")
            if hints.get(name) is context:
                self._context = name
                continue
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                self._positional.append(name)
            taken[name] = _annotated(hints.get(name, Any), descriptions.get(name))
            if parameter.default is inspect.Parameter.empty:
                required.add(name)
            else:
                defaults[name] = parameter.default
        self._validator, self.schema = _described(function, taken, required, defaults)
        """Reads the arguments; the JSON schema of the object they are."""

    def read(self, text: str, context: object) -> tuple[list[Any], dict[str, Any]]:
        """Return positional and named arguments out of JSON text. Raises :class:`InvalidArguments`."""
        from pydantic import ValidationError

        try:
            named: dict[str, Any] = dict(self._validator.validate_json(text.strip() or "{}"))
        except ValidationError as error:
            raise InvalidArguments(_told(error)) from error
        except RecursionError:
            raise InvalidArguments("they are nested too deeply") from None
        positional: list[Any] = []
        for name in self._positional:
            if name not in named:
                break
            positional.append(named.pop(name))
        if self._context is not None:
            named[self._context] = context
        return positional, named


def described(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Return the description of a function and of its parameters, as its docstring says them."""
    text: list[str] = []
    parameters: dict[str, str] = {}
    section, current, indent = "", "", 0
    for line in (inspect.getdoc(function) or "").splitlines():
        stripped = line.strip()
        if matched := FIELD.match(stripped):
            section, current = "field", matched[1]
            parameters[current] = matched[2]
        elif stripped.startswith(":") and ":" in stripped[1:]:  # :returns: and its like
            section = "other"
        elif matched := SECTION.match(stripped):
            section, current, indent = matched[1], "", 0
        elif not section:
            text.append(line)
        elif section in ARGUMENTS and stripped:
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            entry = ENTRY.match(stripped) if depth <= indent else None
            if depth == 0:
                section = ""
                text.append(line)
            elif entry:
                current = entry[1].lstrip("*")
                parameters[current] = entry[2]
            elif current:
                parameters[current] = f"{parameters[current]} {stripped}".strip()
        elif section == "field" and stripped and line[:1].isspace():
            parameters[current] = f"{parameters[current]} {stripped}".strip()
    return "\n".join(text).strip(), parameters


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", function))


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    from typing_extensions import get_type_hints

    inner = getattr(function, "func", function)  # of functools.partial
    target = inner if inspect.isroutine(inner) else type(inner).__call__
    try:
        return get_type_hints(target, include_extras=True)
    except NameError as error:
        raise TypeError(f"{_name(function)}: {error}; type hints must be of names that its module has") from error


def _annotated(hint: Any, description: str | None) -> Any:
    """Return a hint with its description: that of ``Annotated`` if it has one, else that of the docstring."""
    from pydantic import Field

    said: str | None = None
    if get_origin(hint) is Annotated:
        metadata = get_args(hint)[1:]
        said = next((extra for extra in metadata if isinstance(extra, str)), None)
        if said is None and any(getattr(extra, "description", None) for extra in metadata):
            return hint
    text = said or description
    return Annotated[hint, Field(description=text)] if text else hint


def _described(
    function: Callable[..., Any], taken: Mapping[str, Any], required: set[str], defaults: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the validator of the arguments and their JSON schema. Names may be any: a dict has no attributes."""
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError
    from typing_extensions import NotRequired, Required, TypedDict

    fields = {name: Required[hint] if name in required else NotRequired[hint] for name, hint in taken.items()}
    make: Any = TypedDict  # type checkers want to know the fields
    shape = make("Arguments", fields)
    shape.__pydantic_config__ = ConfigDict(extra="forbid")
    try:
        validator: Any = TypeAdapter(shape)
        schema: dict[str, Any] = validator.json_schema(schema_generator=_generator())
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise TypeError(f"{_name(function)}: a parameter has a type that JSON cannot express: {error}") from error
    schema = _inlined(schema, schema.pop("$defs", {}))
    for name in ("title", "additionalProperties"):  # of no use to a language model, and refused by some providers
        schema.pop(name, None)
    for name, default in defaults.items():
        if default is None or isinstance(default, bool | int | float | str):
            schema["properties"][name].setdefault("default", default)
    schema.setdefault("properties", {})
    return validator, schema


def _generator() -> Any:
    from pydantic.json_schema import GenerateJsonSchema

    class Untitled(GenerateJsonSchema):
        """A schema without the titles that repeat the names."""

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    return Untitled


def _inlined(part: Any, definitions: Mapping[str, Any], inside: tuple[str, ...] = ()) -> Any:
    """Return a schema with its references replaced, because not every provider follows them."""
    if isinstance(part, list):
        return [_inlined(each, definitions, inside) for each in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    if name in inside:  # it contains itself: anything goes from here on
        return {"type": "object"}
    if name in definitions:
        rest = {key: value for key, value in part.items() if key != "$ref"}
        return {**_inlined(definitions[name], definitions, (*inside, name)), **rest}
    return {key: _inlined(value, definitions, inside) for key, value in part.items()}


def _told(error: Any) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in problems[:MOST_ERRORS]]
    return "; ".join(told)[:2000]
