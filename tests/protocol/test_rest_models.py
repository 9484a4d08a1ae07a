"""Messages of the REST API: the forms in which a service may send them, and what programs of each release read."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from deepgram.protocol.model import Unknown, decode
from deepgram.protocol.models.agent_models import (
    AgentThinkModelsV1Response,
    AgentThinkModelsV1ResponseModelsItemId,
    AgentThinkModelsV1ResponseModelsItemZero,
)
from deepgram.protocol.models.billing import BillingBreakdownV1Response
from deepgram.protocol.models.keys import CreateKeyV1Response
from deepgram.protocol.models.model_list import (
    GetModelV1Response,
    GetModelV1ResponseBatch,
    GetModelV1ResponseMetadata,
    ListModelsV1Response,
)
from deepgram.protocol.models.read import ReadV1Response, ReadV1ResponseMetadata
from deepgram.protocol.models.usage import UsageBreakdownV1ResponseResultsItemGrouping
from deepgram.protocol.models.voice_agent import AgentVariableV1

ABOUT = {"request_id": "r-1", "created": "2025-01-02T03:04:05Z", "language": "en", "summary_info": {"input_tokens": 7}}


@pytest.mark.parametrize("metadata", [ABOUT, {"metadata": ABOUT}], ids=["as sent", "as described"])
@pytest.mark.parametrize(
    "summary", [{"text": "Short."}, {"results": {"summary": {"text": "Short."}}}], ids=["as sent", "as described"]
)
def test_an_analysis_can_be_read_in_both_forms(metadata: dict[str, Any], summary: dict[str, Any]) -> None:
    sent = {"metadata": metadata, "results": {"summary": summary}}
    answer: ReadV1Response = decode(ReadV1Response, sent)
    assert answer.metadata.request_id == "r-1"
    assert answer.metadata.created == datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert answer.metadata.summary_info is not None
    assert answer.metadata.summary_info.input_tokens == 7
    assert answer.results.summary is not None
    assert answer.results.summary.text == "Short."
    assert answer.model_dump(mode="json") == sent, "what goes on is what came"


def test_the_described_paths_are_there_whichever_form_was_sent() -> None:
    answer = decode(ReadV1Response, {"metadata": ABOUT, "results": {"summary": {"text": "Short."}}})
    assert answer.results.summary.results.summary.text == "Short."
    assert answer.metadata.metadata.request_id == "r-1"
    assert answer.metadata.metadata.summary_info.input_tokens == 7


def test_what_a_server_builds_is_what_goes_out() -> None:
    about = ReadV1ResponseMetadata(request_id="r-1", language="en")
    assert about.model_dump(mode="json") == {"request_id": "r-1", "language": "en"}
    assert about.metadata is not None
    assert about.metadata.language == "en"


def test_what_a_model_hears_or_says_decides_its_class() -> None:
    hears = decode(GetModelV1Response, {"name": "nova", "uuid": "u-1", "batch": True, "streaming": False})
    says = decode(GetModelV1Response, {"name": "thalia", "uuid": "u-2", "metadata": {"accent": "American"}})
    assert isinstance(hears, GetModelV1ResponseBatch)
    assert isinstance(says, GetModelV1ResponseMetadata)
    assert (hears.uuid_, hears.batch, says.uuid_) == ("u-1", True, "u-2")
    assert says.metadata is not None
    assert says.metadata.accent == "American"


def test_the_wire_says_uuid_and_python_uuid_() -> None:
    listed = decode(ListModelsV1Response, {"stt": [{"uuid": "u-1"}]})
    assert listed.stt[0].uuid_ == "u-1"
    assert not hasattr(listed.stt[0], "uuid")
    assert listed.dict() == {"stt": [{"uuid": "u-1"}]}


def test_models_to_think_with_have_the_class_of_their_provider() -> None:
    answer = decode(
        AgentThinkModelsV1Response,
        {
            "models": [
                {"id": "gpt-4o", "name": "GPT-4o", "provider": "open_ai"},
                {"id": "anthropic/claude", "name": "Claude", "provider": "aws_bedrock"},
                {"id": "x", "name": "X", "provider": "someone_new", "color": "red"},
            ]
        },
    )
    first, second, third = answer.models
    assert isinstance(first, AgentThinkModelsV1ResponseModelsItemZero)
    assert isinstance(second, AgentThinkModelsV1ResponseModelsItemId)
    assert isinstance(third, Unknown)
    assert (third["provider"], third["color"], third["id"]) == ("someone_new", "red", "x")


@pytest.mark.parametrize("tags", ["one", ["one", "two"], None])
@pytest.mark.parametrize("models", ["m", ["m", None], None])
def test_groups_of_usage_may_have_text_or_lists(tags: object, models: object) -> None:
    group = decode(UsageBreakdownV1ResponseResultsItemGrouping, {"tags": tags, "models": models})
    assert (group.tags, group.models) == (tags, models)
    assert UsageBreakdownV1ResponseResultsItemGrouping(tags=tags, models=models) == group  # type: ignore[arg-type]  # pyright: ignore


def test_a_bill_is_read_with_its_groups() -> None:
    bill: BillingBreakdownV1Response = decode(
        BillingBreakdownV1Response,
        {
            "start": "2025-01-02",
            "end": "2025-01-03",
            "resolution": {"units": "day", "amount": 1},
            "results": [{"dollars": 0.25, "grouping": {"start": "2025-01-02", "line_item": "x", "tags": ["a"]}}],
        },
    )
    assert (bill.resolution.amount, bill.results[0].dollars) == (1, 0.25)
    assert bill.results[0].grouping.tags == ["a"]


def test_a_key_is_shown_where_it_is_asked_for() -> None:
    made = decode(CreateKeyV1Response, {"key": "s3cret", "expiration_date": "2030-01-01T00:00:00Z"})
    assert (made.key, made.expiration_date.year) == ("s3cret", 2030)


@pytest.mark.parametrize("value", [None, 7, "text", [1, {"a": None}], {"deep": True}])
def test_a_variable_holds_anything_that_json_can(value: object) -> None:
    assert decode(AgentVariableV1, {"variable_id": "v", "key": "DG_A", "value": value}).value == value
