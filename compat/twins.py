"""The ``TypedDict`` twins of models: ``XParams`` has the fields of ``X``, for those who write messages as dicts.

All twins of one model module are written into one module, so that they may mention each other in any
order, models that contain themselves included, and import each other exactly as their models do.
A class ``XParams`` written by hand beside its model takes the place of the derived one.
"""

from __future__ import annotations

import ast
import builtins
from copy import deepcopy
from typing import NamedTuple

from .homes import MARK, Home, Homes

FOLDER = "_twins"
ROOTS = {Home("protocol.model", "Model")}
LISTS = {"list", "List"}  # whoever writes a dict may use any sequence


class Field(NamedTuple):
    module: str
    annotation: ast.expr
    required: bool
    alias: str | None


class Twins:
    """The twins asked for so far, with all they mention."""

    def __init__(self, homes: Homes) -> None:
        self.homes = homes
        self._written: dict[Home, tuple[str, set[str]]] = {}

    def exists_for(self, home: Home, seen: frozenset[Home] = frozenset()) -> bool:
        """Tell whether a dict looks different: ``home`` is a model, or a name for something with models or lists."""
        if home in seen:
            return False
        definition = self.homes.definition(home)
        if isinstance(definition, ast.ClassDef):
            return self._is_model(home)
        names = _names(_value(definition))
        mentioned = (self.homes.follow(home.module, name) for name in names)
        return bool(LISTS & names) or any(self.exists_for(other, seen | {home}) for other in mentioned if other)

    def can_have(self, home: Home) -> bool:
        """Tell whether ``home`` may have a twin if one is asked for: a model, or another name for anything."""
        definition = self.homes.definition(home)
        return self.exists_for(home) or isinstance(definition, ast.Assign | ast.AnnAssign)

    def want(self, home: Home) -> Home:
        """Return where the twin of ``home`` lives, and see that it will be written there."""
        by_hand = Home(home.module, f"{home.name}Params")
        if by_hand.name in self.homes.sources[home.module].definitions:
            return by_hand
        if home not in self._written:
            self._written[home] = "", set()  # a model may contain itself
            self._written[home] = self._write(home)
        return Home(f"{FOLDER}.{_group(home.module)}", by_hand.name)

    def files(self) -> dict[str, str]:
        """Return the modules that hold all twins wanted so far: texts by name."""
        order = {home: index for index, home in enumerate(self._order())}
        texts: dict[str, str] = {}
        for group in sorted({_group(home.module) for home in self._written}):
            members = sorted((home for home in self._written if _group(home.module) == group), key=order.__getitem__)
            imports = sorted({line for home in members for line in self._written[home][1]})
            body = "".join(self._written[home][0] for home in members)
            texts[f"{FOLDER}.{group}"] = f"{MARK}\n{_lines(imports)}{body}"
        return {FOLDER: MARK, **texts} if texts else {}

    def _order(self) -> list[Home]:
        """Classes first, for their annotations wait; then the other names, as in the source."""
        everything = [
            Home(module, name) for module, source in self.homes.sources.items() for name in source.definitions
        ]
        return sorted(everything, key=lambda home: not isinstance(self.homes.definition(home), ast.ClassDef))

    def _write(self, home: Home) -> tuple[str, set[str]]:
        definition = self.homes.definition(home)
        name = f"{home.name}Params"
        if not isinstance(definition, ast.ClassDef):
            convert = AsDict(self, home.module, _group(home.module), quote=True)
            return f"\n\n{name} = {convert.text(_value(definition))}\n", convert.imports
        imports = {"from typing_extensions import TypedDict"}
        body = ""
        for field_name, field in self._fields(home).items():
            convert = AsDict(self, field.module, _group(home.module))
            annotation = convert.text(field.annotation if field.required else _without_none(field.annotation))
            # In quotes, so that twins may come in any order; only this much, so that __required_keys__ is right.
            annotation = annotation if hasattr(builtins, annotation) else repr(annotation)
            if field.alias:
                annotation = f"Annotated[{annotation}, Field(alias={field.alias!r})]"
                imports |= {"from typing import Annotated", "from pydantic import Field"}
            if not field.required:
                annotation = f"NotRequired[{annotation}]"
                imports.add("from typing_extensions import NotRequired")
            body += f"    {field_name}: {annotation}\n"
            imports |= convert.imports
        return f'\n\nclass {name}(TypedDict):\n    """:class:`{home.name}` as a dict."""\n\n{body}', imports

    def _is_model(self, home: Home) -> bool:
        return home in ROOTS or any(self._is_model(base) for base in self._bases(home))

    def _bases(self, home: Home) -> list[Home]:
        definition = self.homes.definition(home)
        if not isinstance(definition, ast.ClassDef):
            return []
        names = [base.id for base in definition.bases if isinstance(base, ast.Name)]
        return [found for name in names if (found := self.homes.follow(home.module, name)) and found != home]

    def _fields(self, home: Home) -> dict[str, Field]:
        """Return the fields of a model, its bases' first."""
        fields: dict[str, Field] = {}
        for base in reversed(self._bases(home)):
            if base not in ROOTS:
                fields |= self._fields(base)
        definition = self.homes.definition(home)
        assert isinstance(definition, ast.ClassDef), f"{home} is a class"
        for node in definition.body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    if not name.startswith("_") and "ClassVar" not in _names(annotation):
                        fields[name] = self._field(home.module, node)
                case _:
                    pass
        return fields

    def _field(self, module: str, node: ast.AnnAssign) -> Field:
        required, default, alias = node.value is None, node.value, None
        if isinstance(default, ast.Call):  # Field(...)
            options = {keyword.arg: keyword.value for keyword in default.keywords}
            alias = options.get("alias")
            default = default.args[0] if default.args else options.get("default", options.get("default_factory"))
            required = default is None or (isinstance(default, ast.Constant) and default.value is ...)
        match node.annotation:
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[_, *metadata])):
                keywords = [keyword for call in metadata if isinstance(call, ast.Call) for keyword in call.keywords]
                alias = next((keyword.value for keyword in keywords if keyword.arg == "alias"), alias)
            case _:
                pass
        # A tag such as type="KeepAlive" has a default in the model; a dict has nobody to fill it in.
        if (
            isinstance(default, ast.Constant)
            and default.value is not None
            and self._is_literal(module, node.annotation)
        ):
            required = True
        return Field(module, node.annotation, required, alias.value if isinstance(alias, ast.Constant) else None)  # type: ignore[arg-type]

    def _is_literal(self, module: str, annotation: ast.expr) -> bool:
        names = _names(annotation)
        homes = [home for name in names if (home := self.homes.follow(module, name)) and home.name not in LISTS]
        return "Literal" in names or any(
            self._is_literal(home.module, _value(definition))
            for home in homes
            if not isinstance(definition := self.homes.definition(home), ast.ClassDef)
        )


class AsDict(ast.NodeTransformer):
    """Turns an annotation of a model into that of its twin, and notes the imports it needs."""

    def __init__(self, twins: Twins, module: str, group: str, *, quote: bool = False) -> None:
        self.twins = twins
        self.module = module  # where the annotation stands
        self.group = group  # where the twin goes
        self.quote = quote
        self.imports: set[str] = set()

    def text(self, annotation: ast.expr) -> str:
        return ast.unparse(self.visit(deepcopy(annotation)))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        home = self.twins.homes.follow(self.module, node.id)
        if home is None:
            if node.id in LISTS:
                self.imports.add("from collections.abc import Sequence")
                return ast.Name("Sequence")
            if outside := self.twins.homes.sources[self.module].outside.get(node.id):
                self.imports.add(outside)
            return node
        if self.twins.exists_for(home):
            home = self.twins.want(home)
            if home.module == f"{FOLDER}.{self.group}":
                return ast.Name(home.name)
        elif annotated := _annotated(_value(self.twins.homes.definition(home))):  # such as Whole: an int, read softly
            inner = AsDict(self.twins, home.module, self.group, quote=self.quote)
            plain = inner.visit(deepcopy(annotated))
            self.imports |= inner.imports
            return plain  # type: ignore[no-any-return]
        self.imports.add(f"from deepgram.{home.module} import {home.name}")
        return ast.Name(home.name)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if annotated := _annotated(node):
            return self.visit(annotated)  # type: ignore[no-any-return]
        if isinstance(node.value, ast.Name) and node.value.id == "Literal":
            self.visit(node.value)  # its values are not annotations
        else:
            self.generic_visit(node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        inner = self.visit(ast.parse(node.value, mode="eval").body)  # a name that was not defined yet
        return ast.Constant(ast.unparse(inner)) if self.quote else inner


def _group(module: str) -> str:
    return module.removeprefix("protocol.").removeprefix("models.").replace(".", "_")


def _value(definition: ast.stmt) -> ast.expr:
    """Return what a name stands for: the right-hand side of an assignment."""
    value = getattr(definition, "value", None)
    return value if isinstance(value, ast.expr) else ast.Constant(None)


def _annotated(expression: ast.expr) -> ast.expr | None:
    """Return ``T`` for ``Annotated[T, ...]``."""
    match expression:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[annotated, *_])):
            return annotated
        case _:
            return None


def _names(expression: ast.expr) -> set[str]:
    """Return the names an annotation mentions, inside quotes too, but not inside ``Literal``."""
    if annotated := _annotated(expression):
        return _names(annotated)
    match expression:
        case ast.Constant(value=str(text)):
            return _names(ast.parse(text, mode="eval").body) if text.isidentifier() or "[" in text else set()
        case ast.Subscript(value=ast.Name(id="Literal")):
            return {"Literal"}
        case ast.Name(id=name):
            return {name}
        case _:
            children = [child for child in ast.iter_child_nodes(expression) if isinstance(child, ast.expr)]
            return set[str]().union(*map(_names, children))


def _without_none(annotation: ast.expr) -> ast.expr:
    """Return ``T`` for ``T | None``, ``Optional[T]`` and ``Union[T, None]``: a key is left out instead."""
    if annotated := _annotated(annotation):
        return _without_none(annotated)
    match annotation:
        case ast.Constant(value=str(text)):
            return _without_none(ast.parse(text, mode="eval").body)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return left
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return right
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return ast.BinOp(_without_none(left), ast.BitOr(), right)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return inner
        case ast.Subscript(value=ast.Name(id="Union") as union, slice=ast.Tuple(elts=members)):
            kept = [member for member in members if not (isinstance(member, ast.Constant) and member.value is None)]
            return kept[0] if len(kept) == 1 else ast.Subscript(union, ast.Tuple(kept))
        case _:
            return annotation


def _lines(imports: list[str]) -> str:
    return "".join(f"{line}\n" for line in imports)
