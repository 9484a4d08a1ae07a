"""Money of a project: balances, purchases, what was billed: what can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..endpoint import endpoint
from ..models.billing import (
    BillingBreakdownV1Response,
    BreakdownListRequestDeployment,
    BreakdownListRequestGroupingItem,
    GetProjectBalanceV1Response,
    ListBillingFieldsV1Response,
    ListProjectBalancesV1Response,
    ListProjectPurchasesV1Response,
)
from ..request import Call, RequestOptions


class Balances:
    """What is left of payments."""

    @endpoint("GET", "v1/projects/{project_id}/balances")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListProjectBalancesV1Response]:
        """List the balances of a project.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/billing/list
        """
        return Call()

    @endpoint("GET", "v1/projects/{project_id}/balances/{balance_id}")
    def get(
        self, project_id: str, balance_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetProjectBalanceV1Response]:
        """Get a balance of a project.

        Args:
            project_id: Id of the project.
            balance_id: Id of the balance.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/billing/get
        """
        return Call()


class BillingBreakdown:
    """What was billed, part by part."""

    @endpoint("GET", "v1/projects/{project_id}/billing/breakdown")
    def list(
        self,
        project_id: str,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        accessor: str | None = None,
        deployment: BreakdownListRequestDeployment | None = None,
        tag: str | None = None,
        line_item: str | None = None,
        grouping: BreakdownListRequestGroupingItem | Sequence[BreakdownListRequestGroupingItem] | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[BillingBreakdownV1Response]:
        """List what was billed in a period, in US dollars.

        Args:
            project_id: Id of the project.
            start: First day (``YYYY-MM-DD`` if it is text).
            end: Last day.
            accessor: Only what was used with the key of this id.
            deployment: Only what was served ``hosted``, ``beta`` or ``self-hosted``.
            tag: Only requests with this label.
            line_item: Only this item of the bill, such as ``streaming::nova-3``.
            grouping: What parts are told apart by: any of ``accessor``, ``deployment``, ``line_item``, ``tags``.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/billing/breakdown-list
        """
        return Call(
            query={
                "start": start,
                "end": end,
                "accessor": accessor,
                "deployment": deployment,
                "tag": tag,
                "line_item": line_item,
                "grouping": grouping,
            }
        )


class BillingFields:
    """What bills can be filtered and grouped by."""

    @endpoint("GET", "v1/projects/{project_id}/billing/fields")
    def list(
        self,
        project_id: str,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[ListBillingFieldsV1Response]:
        """List the keys, deployments, tags and items that were billed in a period.

        Args:
            project_id: Id of the project.
            start: First day (``YYYY-MM-DD`` if it is text).
            end: Last day.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/billing/fields-list
        """
        return Call(query={"start": start, "end": end})


class Purchases:
    """What was bought."""

    @endpoint("GET", "v1/projects/{project_id}/purchases")
    def list(
        self, project_id: str, *, limit: float | None = None, request_options: RequestOptions | None = None
    ) -> Call[ListProjectPurchasesV1Response]:
        """List the purchases of a project.

        Args:
            project_id: Id of the project.
            limit: How many at most, from 1 to 1000. Default 10.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/billing/purchases-list
        """
        return Call(query={"limit": limit})
