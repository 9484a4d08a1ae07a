"""Usage of a project: what can be asked."""

from __future__ import annotations

from datetime import date

from typing_extensions import Unpack

from ..endpoint import endpoint
from ..models.usage import (
    BreakdownGetRequestGrouping,
    UsageBreakdownV1Response,
    UsageFieldsV1Response,
    UsageOptions,
    UsageV1Response,
)
from ..request import Call, RequestOptions


class Usage:
    """Usage of a project."""

    @endpoint("GET", "v1/projects/{project_id}/usage")
    def get(
        self,
        project_id: str,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[UsageOptions],
    ) -> Call[UsageV1Response]:
        """Get the usage of a project in a period; the breakdown says more.

        Args:
            project_id: Id of the project.
            start: First day (``YYYY-MM-DD`` if it is text).
            end: Last day.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: Which requests are counted; see ``UsageOptions``.

        Source: developers.deepgram.com/reference/manage/usage/get
        """
        return Call(query={"start": start, "end": end, **options})


class UsageBreakdown:
    """Usage of a project, part by part."""

    @endpoint("GET", "v1/projects/{project_id}/usage/breakdown")
    def get(
        self,
        project_id: str,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        grouping: BreakdownGetRequestGrouping | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[UsageOptions],
    ) -> Call[UsageBreakdownV1Response]:
        """Get the usage of a project in a period: hours, tokens, characters and requests.

        Args:
            project_id: Id of the project.
            start: First day (``YYYY-MM-DD`` if it is text).
            end: Last day.
            grouping: What parts are told apart by: ``accessor``, ``endpoint``, ``feature_set``, ``models``,
                ``method``, ``tags`` or ``deployment``.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: Which requests are counted; see ``UsageOptions``.

        Source: developers.deepgram.com/reference/manage/usage/breakdown-get
        """
        return Call(query={"start": start, "end": end, "grouping": grouping, **options})


class UsageFields:
    """What the usage of a project can be filtered and grouped by."""

    @endpoint("GET", "v1/projects/{project_id}/usage/fields")
    def list(
        self,
        project_id: str,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[UsageFieldsV1Response]:
        """List the tags, models, methods and features that were used in a period.

        Args:
            project_id: Id of the project.
            start: First day (``YYYY-MM-DD`` if it is text).
            end: Last day.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/usage/fields-list
        """
        return Call(query={"start": start, "end": end})
