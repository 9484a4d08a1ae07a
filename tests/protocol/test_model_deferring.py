"""Children made on demand: nobody can tell the difference."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import threading
from collections.abc import Callable
from typing import Any, Optional, Union

import pydantic_core
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from deepgram.protocol.model import Deferring, Model, decode, decode_json


class Word(Model):
    word: Optional[str] = None
    start: Optional[float] = None
    speaker: Optional[int] = None


class Passage(Deferring):
    words: Optional[list[Word]] = None
    title: Optional[str] = None
    parts: Optional[list[Passage]] = None
    first: Optional[Word] = None


class Document(Model):
    passage: Passage
    by_name: Optional[dict[str, Passage]] = None


values = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "a", "0.5", "7"]), st.floats(0, 1)
)
things = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)


def object_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects that have some of these fields, sometimes of an odd type, and sometimes one nobody knows."""
    odd = {name: st.one_of(field, field, things) for name, field in fields.items()}
    return st.fixed_dictionaries({}, optional={**odd, "unknown": things})


words = object_of(word=values, start=values, speaker=values)
passages = st.recursive(
    object_of(words=st.lists(words, max_size=3), title=values, first=words),
    lambda inner: object_of(words=st.lists(words, max_size=3), parts=st.lists(inner, max_size=2)),
    max_leaves=4,
)
documents = object_of(passage=passages, by_name=st.dictionaries(st.sampled_from("ab"), passages, max_size=2))


def everything(message: Any) -> Any:
    """Return all that can be seen of a message, with the types."""
    if isinstance(message, BaseModel):
        seen = {name: everything(getattr(message, name)) for name in type(message).model_fields}
        return type(message), seen, everything(message.model_extra), message.model_fields_set
    if isinstance(message, list):
        return [everything(item) for item in message]
    if isinstance(message, dict):
        return {name: everything(item) for name, item in message.items()}
    return type(message), message


LOOKS: dict[str, Callable[[Any], object]] = {
    "attributes": everything,
    "dict": lambda message: list(message.dict().items()),
    "json": lambda message: message.json(),
    "model_dump": lambda message: list(message.model_dump().items()),
    "model_dump_json": lambda message: message.model_dump_json(),
    "to_json of pydantic": pydantic_core.to_json,
    "repr": repr,
    "hash": hash,
    "vars": lambda message: everything(vars(message)),
    "items": lambda message: [(name, everything(value)) for name, value in message],
    "copy": lambda message: everything(copy.copy(message)),
    "deepcopy": lambda message: everything(copy.deepcopy(message)),
    "model_copy": lambda message: everything(message.model_copy(update={"title": "new"})),
    "pickle": lambda message: everything(pickle.loads(pickle.dumps(message))),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@given(document=documents)
def test_a_deferred_document_looks_like_one_read_at_once(look: Any, document: dict[str, Any]) -> None:
    raw = json.dumps(document).encode()
    deferred, eager = decode_json(Document, raw), decode(Document, json.loads(raw))
    assert look(deferred) == look(eager)
    if isinstance(eager.passage, BaseModel):
        assert look(decode_json(Document, raw).passage) == look(eager.passage)


@given(document=documents, other=documents)
def test_a_deferred_document_compares_like_one_read_at_once(document: dict[str, Any], other: dict[str, Any]) -> None:
    eager = decode(Document, json.loads(json.dumps(document)))
    assert decode_json(Document, json.dumps(document)) == eager
    assert eager == decode_json(Document, json.dumps(document))
    second = decode(Document, json.loads(json.dumps(other)))
    assert (decode_json(Document, json.dumps(document)) == decode_json(Document, json.dumps(other))) == (
        eager == second
    )


RAW = json.dumps({"passage": {"words": [{"word": str(n), "start": n} for n in range(500)], "title": "t"}})


def test_d43_children_are_made_when_asked_for_and_once() -> None:
    passage = decode_json(Document, RAW).passage
    before = sum(type(item) is Word for item in gc.get_objects())
    assert passage.title == "t"
    assert sum(type(item) is Word for item in gc.get_objects()) == before
    assert passage.words is passage.words
    assert sum(type(item) is Word for item in gc.get_objects()) == before + 500


def test_threads_that_ask_at_once_get_the_same_children() -> None:
    for _ in range(20):
        passage = decode_json(Document, RAW).passage
        start = threading.Barrier(8)
        seen: list[Any] = []

        def ask(passage: Passage = passage, start: threading.Barrier = start, seen: list[Any] = seen) -> None:
            start.wait(10)
            seen.append(passage.words)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(seen) == 8
        assert all(words is passage.words for words in seen)


def test_reading_leaves_the_collector_as_it_was() -> None:
    for collecting in (True, False):
        try:
            (gc.enable if collecting else gc.disable)()
            assert decode_json(Document, RAW).passage.words[0].word == "0"
            assert gc.isenabled() is collecting
        finally:
            gc.enable()


def test_deferred_messages_are_frozen_too() -> None:
    passage = decode_json(Document, RAW).passage
    with pytest.raises(ValidationError, match="frozen"):
        passage.words = []


def test_a_child_can_be_set_past_the_lock_as_copies_do() -> None:
    passage = decode_json(Document, RAW).passage
    object.__setattr__(passage, "words", [])
    assert passage.words == []
    assert passage.dict() == {"words": [], "title": "t"}


def test_building_a_deferring_message_is_checked_and_holds_what_it_was_given() -> None:
    given_words = [Word(word="a")]
    assert Passage(words=given_words).words == given_words
    with pytest.raises(ValidationError):
        Passage(words="a")  # type: ignore[arg-type]


def test_subclasses_of_deferring_messages_see_no_default() -> None:
    class Longer(Passage):
        appendix: list[Word]

    with pytest.raises(ValidationError, match="appendix"):
        Longer()  # type: ignore[call-arg]
    read = decode_json(Union[Longer], json.dumps({"appendix": [{"word": "z"}], "words": [{"word": "a"}]}))
    assert (read.appendix[0].word, read.words[0].word, read.parts) == ("z", "a", None)
    with pytest.raises(AttributeError):
        _ = Passage.words


def test_the_schema_is_that_of_an_ordinary_message() -> None:
    schema = Document.model_json_schema()["$defs"]["Passage"]
    assert set(schema["properties"]) == {"words", "title", "parts", "first"}
