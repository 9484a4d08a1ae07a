"""How a type reads what a peer sent: soft coercions as a pydantic-core schema, so that no Python runs per object.

A field takes its annotated type, or else whatever came; what is missing becomes ``None``; unknown fields
are kept. These schemas are made from the annotations alone, without building the strict validators of the
models, which a program that only reads responses never needs.

What may be lost is nothing: a value that does not fit stays as it was. Members of a union are chosen by
their discriminator, or by the names of the fields that came, never by trying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from threading import Lock
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, SchemaValidator, core_schema

Schema = core_schema.CoreSchema

ANYTHING = core_schema.any_schema()
TEXT = core_schema.str_schema(strict=True)
SCALARS: Mapping[object, Schema] = {
    int: core_schema.int_schema(),
    bool: core_schema.bool_schema(),
    datetime: core_schema.datetime_schema(),
    date: core_schema.date_schema(),
    UUID: core_schema.uuid_schema(),
}

Postponed = Callable[[type[BaseModel], str, bool], Schema | None]
"""May take over a field (model, name, whether numbers are made floats) with a schema that puts reading off."""


_compiling = Lock()


class UnionMetadata:
    """Names the discriminator of a union: ``Annotated[Union[A, B], UnionMetadata(discriminant="type")]``."""

    discriminant: str

    def __init__(self, *, discriminant: str) -> None:
        self.discriminant = discriminant


class Reader:
    """Writes the tolerant schema of a type.

    ``floats`` in the methods: official releases turn text and whole numbers into floats only below an
    optional model or list of models, and so does this one.
    """

    def __init__(self, unknown: type[BaseModel], postponed: Postponed | None = None, *, strict: bool = False) -> None:
        self._unknown = unknown
        self._postponed = postponed
        self._strict = strict
        """Refuse what the tolerant schema leaves as it came; what is not refused is read as by that, and sooner."""
        self._met: set[type[BaseModel]] = set()
        self._open: list[tuple[type[BaseModel], bool, str | None]] = []
        self._recursive: dict[str, Schema] = {}

    def validator(self, shape: object, *, floats: bool = False) -> SchemaValidator:
        """Return what turns plain data into ``shape``; unless it is strict, it accepts everything."""
        return self._compile(self._tolerant(self._exact(shape, floats=floats)))

    def field_validator(self, info: FieldInfo, *, floats: bool) -> SchemaValidator:
        """Return what turns plain data into the value of a field; it accepts everything."""
        return self._compile(self._tolerant(self._exact_field(info, floats=floats)))

    def _compile(self, schema: Schema) -> SchemaValidator:
        if self._recursive:
            schema = core_schema.definitions_schema(schema, list(self._recursive.values()))
        # From 2.11 on pydantic-core takes a model's own, strict validator in place of the schema it is given, if that
        # validator is there already. A model that says it is incomplete is left out of this.
        with _compiling:
            complete = [model for model in self._met if vars(model).get("__pydantic_complete__")]
            try:
                for model in complete:
                    model.__pydantic_complete__ = False
                return SchemaValidator(schema)
            finally:
                for model in complete:
                    model.__pydantic_complete__ = True

    def _tolerant(self, exact: Schema | None) -> Schema:
        if self._strict and exact:
            return exact
        return core_schema.union_schema([exact, ANYTHING], mode="left_to_right") if exact else ANYTHING

    def _exact(self, shape: object, *, floats: bool, discriminator: str | None = None) -> Schema | None:
        """Return what reads ``shape`` and refuses all else; ``None`` if nothing is to be done about it."""
        origin, arguments = get_origin(shape), get_args(shape)
        if origin is Annotated:
            return self._exact(arguments[0], floats=floats, discriminator=marked(arguments[1:]) or discriminator)
        if origin in (Union, UnionType):
            return self._union(arguments, floats=floats, discriminator=discriminator)
        if origin is list and arguments:
            item = self._exact(arguments[0], floats=floats)
            return item and core_schema.list_schema(self._tolerant(item))
        if origin is dict and arguments:
            value = self._exact(arguments[1], floats=floats)
            return value and core_schema.dict_schema(values_schema=self._tolerant(value))
        if shape is float:
            return core_schema.float_schema() if floats else None
        if not isinstance(shape, type):
            return None  # literals are open sets
        if issubclass(shape, BaseModel):
            return self._model(shape, floats=floats)
        if issubclass(shape, Enum):
            return core_schema.enum_schema(shape, list(shape))
        return SCALARS.get(shape)

    def _model(self, model: type[BaseModel], *, floats: bool, tag: str | None = None) -> Schema:
        """Return the schema of a model; ``tag`` names the field by which it was chosen."""
        reference = f"{model.__module__}.{model.__qualname__}:{id(model)}:{floats}:{tag}"
        if (model, floats, tag) in self._open:  # it contains itself
            self._recursive.setdefault(reference, ANYTHING)
            return core_schema.definition_reference_schema(reference)
        self._met.add(model)
        self._open.append((model, floats, tag))
        fields = {name: self._field(model, name, info, floats) for name, info in model.model_fields.items()}
        self._open.pop()
        extra = model.model_config.get("extra") or "ignore"
        schema = core_schema.model_schema(
            model,
            core_schema.model_fields_schema(fields, extra_behavior="allow" if extra == "allow" else "ignore"),
            post_init=completing(model, tag),
        )
        if reference not in self._recursive:
            return schema
        self._recursive[reference] = {**schema, "ref": reference}
        return core_schema.definition_reference_schema(reference)

    def _field(self, model: type[BaseModel], name: str, info: FieldInfo, floats: bool) -> core_schema.ModelField:
        postponed = self._postponed(model, name, floats) if self._postponed else None
        schema = postponed or self._tolerant(self._exact_field(info, floats=floats))
        names: list[list[str | int]] | None = [[info.alias], [name]] if info.alias else None
        if self._strict and info.is_required():
            return core_schema.model_field(schema, validation_alias=names)
        default = None if info.default is PydanticUndefined else info.default
        return core_schema.model_field(
            core_schema.with_default_schema(schema, default=default)
            if info.default_factory is None
            else core_schema.with_default_schema(schema, default_factory=info.default_factory),
            validation_alias=names,
        )

    def _exact_field(self, info: FieldInfo, *, floats: bool) -> Schema | None:
        discriminator = info.discriminator if isinstance(info.discriminator, str) else marked(info.metadata)
        return self._exact(info.annotation, floats=floats, discriminator=discriminator)

    def _union(self, members: tuple[Any, ...], *, floats: bool, discriminator: str | None) -> Schema | None:
        members = tuple(member for member in members if member is not NoneType)
        if Any in members:
            return None
        if len(members) == 1:
            floats = floats or any(is_model(part) for part in (members[0], *get_args(members[0])))
            return self._exact(members[0], floats=floats, discriminator=discriminator)
        models = [member for member in members if is_model(member)]
        choices = [self._choice(models, discriminator, floats=floats)] if models else []
        for member in members:
            if self._strict and models and get_origin(member) is dict:
                continue  # it would take an object that a model only seems to refuse
            exact = TEXT if member is str else None if is_model(member) else self._exact(member, floats=floats)
            choices += [exact] if exact else []
        return core_schema.union_schema([*choices], mode="left_to_right") if choices else None

    def _choice(self, models: list[type[BaseModel]], discriminator: str | None, *, floats: bool) -> Schema:
        """Return the schema that makes a document one of ``models``."""
        if len(models) == 1:
            return self._model(models[0], floats=floats)
        key = discriminator or ("type" if all("type" in model.model_fields for model in models) else None)
        if key is None:
            return self._by_fields(models, floats=floats)
        tagged: dict[str, list[type[BaseModel]]] = {}
        for model in models:
            for tag in tags(model, key):
                tagged.setdefault(tag, []).append(model)
        choices = {tag: self._by_fields(sharers, floats=floats, tag=key) for tag, sharers in tagged.items()}
        known = core_schema.tagged_union_schema(choices, discriminator=key)
        if self._strict:
            return known
        unknown = self._model(self._unknown, floats=False)
        return core_schema.union_schema([known, unknown], mode="left_to_right")

    def _by_fields(self, models: list[type[BaseModel]], *, floats: bool, tag: str | None = None) -> Schema:
        if len(models) == 1:
            return self._model(models[0], floats=floats, tag=tag)
        choices = {index: self._model(model, floats=floats, tag=tag) for index, model in enumerate(models)}
        if not self._strict:
            choices[-1] = self._model(self._unknown, floats=False)
        return core_schema.tagged_union_schema(choices, discriminator=MostFields(models).index)


def marked(metadata: Iterable[object]) -> str | None:
    """Return the discriminator that the metadata of an annotation names."""
    return next((mark.discriminant for mark in metadata if isinstance(mark, UnionMetadata)), None)


def completing(model: type[BaseModel], tag: str | None) -> str | None:
    """Return the method that completes a message once it was read, if there is something to do.

    ``Model._speak`` takes fields with defaults for given. A tag that came is given, and that spares a call per message.
    """
    method = model.__pydantic_post_init__
    return method if method == "model_post_init" or vars(model).get("_spoken") != {tag} else None


def is_model(shape: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def holds_models(shape: object) -> bool:
    """Tell whether values of ``shape`` have models inside."""
    return is_model(shape) or any(holds_models(part) for part in get_args(shape))


class MostFields:
    """Chooses the model most of whose fields came, the first of equals; -1 if a literal of each says otherwise."""

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        fields = [model.model_fields for model in models]
        self._names = [{*infos, *(info.alias for info in infos.values())} for infos in fields]
        self._literals = [
            {name: get_args(info.annotation) for name, info in infos.items() if get_origin(info.annotation) is Literal}
            for infos in fields
        ]

    def index(self, data: object) -> int | None:
        """Return the index of the model for ``data``; ``None`` if it has no names."""
        if not isinstance(data, Mapping):
            return None
        best, most = -1, -1
        for index, names in enumerate(self._names):
            known = len(names & data.keys())
            literals = self._literals[index].items()
            if known > most and all(data[name] in values for name, values in literals if name in data):
                best, most = index, known
        return best


@cache
def tags(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """Return the values of the discriminator ``key`` that mean ``model``: its default, else all its literals."""
    info = model.model_fields.get(key)
    if info is None:
        return ()
    return (info.default,) if isinstance(info.default, str) else tuple(_literals(info.annotation))


def _literals(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (value for value in get_args(annotation) if isinstance(value, str))
    else:
        for part in get_args(annotation):
            yield from _literals(part)
