"""Messages about money: balances, purchases, what was billed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Union

from ..model import Model

# --- What may be asked ------------------------------------------------------------------------------------------------

BreakdownListRequestDeployment = Union[Literal["hosted", "beta", "self-hosted"], Any]
BreakdownListRequestGroupingItem = Union[Literal["accessor", "deployment", "line_item", "tags"], Any]

# --- Balances ---------------------------------------------------------------------------------------------------------


class ListProjectBalancesV1ResponseBalancesItem(Model):
    """What is left of a payment."""

    balance_id: str | None = None
    amount: float | None = None
    """In ``units``."""
    units: str | None = None
    """``usd`` or ``hour``."""
    purchase_order_id: str | None = None


class ListProjectBalancesV1Response(Model):
    """The balances of a project."""

    balances: list[ListProjectBalancesV1ResponseBalancesItem] | None = None


class GetProjectBalanceV1Response(ListProjectBalancesV1ResponseBalancesItem):
    """A balance of a project."""


# --- Purchases --------------------------------------------------------------------------------------------------------


class ListProjectPurchasesV1ResponseOrdersItem(Model):
    """A purchase."""

    order_id: str | None = None
    expiration: datetime | None = None
    created: datetime | None = None
    amount: float | None = None
    """In ``units``."""
    units: str | None = None
    """``usd`` or ``hour``."""
    order_type: str | None = None
    """Such as ``promotional``."""


class ListProjectPurchasesV1Response(Model):
    """The purchases of a project."""

    orders: list[ListProjectPurchasesV1ResponseOrdersItem] | None = None


# --- What was billed --------------------------------------------------------------------------------------------------


class BillingBreakdownV1ResponseResolution(Model):
    """How long each part of the period is: ``amount`` ``units``, such as 1 day."""

    units: str
    amount: float


class BillingBreakdownV1ResponseResultsItemGrouping(Model):
    """What a part of the bill is about; what was not grouped by is ``None``."""

    start: str | None = None
    """First day, as ``YYYY-MM-DD``."""
    end: str | None = None
    """Last day, as ``YYYY-MM-DD``."""
    accessor: str | None = None
    """Id of the key."""
    deployment: str | None = None
    line_item: str | None = None
    tags: list[str] | None = None


class BillingBreakdownV1ResponseResultsItem(Model):
    """A part of the bill."""

    dollars: float
    """In US dollars."""
    grouping: BillingBreakdownV1ResponseResultsItemGrouping


class BillingBreakdownV1Response(Model):
    """What was billed in a period; days as ``YYYY-MM-DD``."""

    start: str
    end: str
    resolution: BillingBreakdownV1ResponseResolution
    results: list[BillingBreakdownV1ResponseResultsItem]


ListBillingFieldsV1ResponseDeploymentsItem = Union[Literal["hosted", "beta", "self-hosted", "dedicated"], Any]


class ListBillingFieldsV1Response(Model):
    """What bills of a period can be filtered and grouped by."""

    accessors: list[str] | None = None
    """Ids of keys."""
    deployments: list[ListBillingFieldsV1ResponseDeploymentsItem] | None = None
    tags: list[str] | None = None
    line_items: dict[str, str] | None = None
    """Names for people to read, by line item."""
