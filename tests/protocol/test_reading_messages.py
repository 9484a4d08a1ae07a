"""Messages are read by a schema that refuses what is not as described, and then by one that takes everything.

Whatever the first takes, the second would read in the same way; so it never shows which of them it was.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgram.protocol.agent_sockets import AsyncV1SocketClient as Agent
from deepgram.protocol.listen_sockets import AsyncV1SocketClient, AsyncV2SocketClient
from deepgram.protocol.model import JsonReader, Model, Unknown
from deepgram.protocol.models.listen_live import ListenV1Results

WORD = {"word": "light", "start": 1.5, "end": 1.9, "confidence": 0.98, "punctuated_word": "Light,", "speaker": 0}
RESULTS: dict[str, Any] = {
    "type": "Results",
    "channel_index": [0, 1],
    "duration": 3.42,
    "start": 12.04,
    "is_final": True,
    "channel": {
        "alternatives": [{"transcript": "Light, light", "confidence": 0.9, "words": [WORD, {**WORD, "speaker": 1}]}]
    },
    "metadata": {"request_id": "a", "model_info": {"name": "n", "version": "v", "arch": "a"}, "model_uuid": "u"},
    "entities": [{"label": "x", "value": "y", "raw_value": "z", "confidence": 1, "start_word": 0, "end_word": 2.0}],
}
TURN: dict[str, Any] = {
    "type": "TurnInfo",
    "request_id": "a",
    "sequence_id": 3,
    "event": "Update",
    "turn_index": 0,
    "audio_window_start": 0.0,
    "audio_window_end": 1.2,
    "transcript": "light",
    "words": [{"word": "light", "confidence": 0.9}],
    "end_of_turn_confidence": 0.2,
}
ASKED: dict[str, Any] = {
    "type": "FunctionCallRequest",
    "functions": [{"id": "1", "name": "clock", "arguments": "{}", "client_side": True}],
}
ODD = st.sampled_from(
    ["null", "true", "0", "-3", "0.5", '""', '"12"', '"2.0"', '"Results"', "[]", "[1]", "[null]", "{}", '{"a": 1}']
).map(json.loads)


@st.composite
def drifted(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document some values of which are of another kind, missing, or new."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = copy
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            match draw(st.sampled_from(["change", "remove", "add"])):
                case "change":
                    place[key] = draw(ODD)
                case "remove":
                    del place[key]
                case _ if isinstance(place, dict):
                    place["of_tomorrow"] = draw(ODD)
                case _:
                    place.append(draw(ODD))
            break
    return copy


def kinds(value: object) -> object:
    """Return a value with the kinds of all that is in it."""
    if isinstance(value, Model):
        return type(value), {name: kinds(item) for name, item in vars(value).items()}, value.model_extra
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return type(value), value


READERS = [(AsyncV1SocketClient.reader, RESULTS), (AsyncV2SocketClient.reader, TURN), (Agent.reader, ASKED)]


@pytest.mark.parametrize(("reader", "document"), READERS, ids=["listen v1", "listen v2", "agent"])
def test_a_message_is_read_as_if_everything_were_taken(reader: JsonReader, document: dict[str, Any]) -> None:
    @settings(max_examples=300, deadline=None)
    @given(drifted(document))
    def check(message: dict[str, Any]) -> None:
        raw = json.dumps(message)
        read = reader.read(raw)
        tolerant = reader._reader.validate_json(raw)
        assert kinds(read) == kinds(tolerant)
        assert read.model_fields_set == tolerant.model_fields_set

    check()


def test_a_message_as_described_is_not_read_twice() -> None:
    reader = AsyncV1SocketClient.reader
    assert isinstance(reader._as_described(json.dumps(RESULTS)), ListenV1Results)
    for refused in ({**RESULTS, "channel_index": "0"}, {**RESULTS, "channel": []}, {"type": "Unheard"}, {}):
        with pytest.raises(ValueError, match="validation error"):
            reader._as_described(json.dumps(refused))
    assert isinstance(reader.read('{"type": "Unheard"}'), Unknown)
    assert reader.read(json.dumps({**RESULTS, "channel_index": "0"})).channel_index == "0"


class Named(Model):
    name: str


class Holder(Model):
    held: Named | dict[str, int]


def test_an_object_that_fits_a_model_badly_is_no_dict_for_that() -> None:
    for raw in ('{"held": {"other": 1}}', '{"held": {"name": "a"}}'):
        assert isinstance(JsonReader(Holder).read(raw).held, Named)
