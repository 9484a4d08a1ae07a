"""Usage of a project: in all, by part, and what there is to filter by."""

from __future__ import annotations

from datetime import date

from ...protocol.manage.usage import Usage, UsageBreakdown, UsageFields
from ...protocol.models.usage import (
    UsageBreakdownV1Response,
    UsageBreakdownV1ResponseResolution,
    UsageBreakdownV1ResponseResultsItem,
    UsageBreakdownV1ResponseResultsItemGrouping,
    UsageFieldsV1Response,
    UsageFieldsV1ResponseModelsItem,
    UsageV1Response,
    UsageV1ResponseResolution,
)
from ..arguments import Query
from ..records import FEATURES
from ..refusals import bad_request
from ..router import Asked, Router
from ..usage import GROUPINGS, Filter, Period
from .requests import narrow


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Usage.get)(get_usage)
    router.answers(UsageBreakdown.get)(get_breakdown)
    router.answers(UsageFields.list)(list_fields)


async def get_usage(asked: Asked) -> UsageV1Response:
    """Answer with the usage of each day. ``results`` is part of the service's answer, though not of its reference."""
    period, wanted = await _wanted(asked)
    parts = await asked.services.state.usage.breakdown(wanted)
    results = [
        {"start": part.day, "end": part.day, "hours": part.hours, "total_hours": part.total_hours}
        | {"agent_hours": part.agent_hours, "tokens_in": part.tokens_in, "tokens_out": part.tokens_out}
        | {"tts_characters": part.tts_characters, "requests": part.requests}
        for part in parts
    ]
    return UsageV1Response.model_validate(
        {
            "start": str(period.first),
            "end": str(period.last),
            "resolution": UsageV1ResponseResolution(units="day", amount=1),
            "results": results,
        }
    )


async def get_breakdown(asked: Asked) -> UsageBreakdownV1Response:
    """Answer with the usage of each day and, if wanted, of each key, model, tag ..."""
    by = Query(asked).choice("grouping", tuple(GROUPINGS))
    period, wanted = await _wanted(asked)
    return UsageBreakdownV1Response(
        start=str(period.first),
        end=str(period.last),
        resolution=UsageBreakdownV1ResponseResolution(units="day", amount=1),
        results=[
            UsageBreakdownV1ResponseResultsItem(
                hours=part.hours,
                total_hours=part.total_hours,
                agent_hours=part.agent_hours,
                tokens_in=part.tokens_in,
                tokens_out=part.tokens_out,
                tts_characters=part.tts_characters,
                requests=part.requests,
                grouping=UsageBreakdownV1ResponseResultsItemGrouping(start=part.day, end=part.day, **part.group),
            )
            for part in await asked.services.state.usage.breakdown(wanted, by)
        ],
    )


async def list_fields(asked: Asked) -> UsageFieldsV1Response:
    """Answer with the tags, models, methods and features of the requests there were."""
    query, project_id = Query(asked), asked.arguments["project_id"]
    period = await period_of(asked, query.day("start"), query.day("end"))
    start, end = period.moments()
    fields = await asked.services.state.usage.fields(Filter(project_id, start, end))
    return UsageFieldsV1Response(
        tags=fields.tags,
        models=[
            UsageFieldsV1ResponseModelsItem(
                name=model.name, language=model.language, version=model.version, model_id=model.model_id
            )
            for model in fields.models
        ],
        processing_methods=fields.processing_methods,
        features=fields.features,
    )


async def period_of(asked: Asked, first: date | None, last: date | None) -> Period:
    """Return the days that are meant; refuse (400) those that are none."""
    period = await asked.services.state.usage.period(asked.arguments["project_id"], first, last)
    if period.first > period.last:
        raise bad_request("Failed to deserialize query parameters: end is before start", "INVALID_QUERY_PARAMETER")
    return period


async def _wanted(asked: Asked) -> tuple[Period, Filter]:
    query = Query(asked)
    period = await period_of(asked, query.day("start"), query.day("end"))
    start, end = period.moments()
    wanted = Filter(asked.arguments["project_id"], start, end, tag=query.text("tag"), model=query.text("model"))
    narrow(wanted, query)
    flags = {name: query.flag(name) for name in FEATURES}
    wanted.features = {name: used for name, used in flags.items() if used is not None}
    return period, wanted
