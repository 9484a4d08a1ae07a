"""Balances, purchases and bills of a project. Nobody pays: see ``deepgram.local.prices``."""

from __future__ import annotations

from ...protocol.manage.billing import Balances, BillingBreakdown, BillingFields, Purchases
from ...protocol.models.billing import (
    BillingBreakdownV1Response,
    BillingBreakdownV1ResponseResolution,
    BillingBreakdownV1ResponseResultsItem,
    BillingBreakdownV1ResponseResultsItemGrouping,
    GetProjectBalanceV1Response,
    ListBillingFieldsV1Response,
    ListProjectBalancesV1Response,
    ListProjectBalancesV1ResponseBalancesItem,
    ListProjectPurchasesV1Response,
    ListProjectPurchasesV1ResponseOrdersItem,
)
from ..arguments import Query
from ..records import moment
from ..router import Asked, Router
from ..usage import BILL_GROUPINGS, Filter
from .requests import narrow
from .usage import period_of


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Balances.list)(list_balances)
    router.answers(Balances.get)(get_balance)
    router.answers(Purchases.list)(list_purchases)
    router.answers(BillingBreakdown.list)(get_breakdown)
    router.answers(BillingFields.list)(list_fields)


async def list_balances(asked: Asked) -> ListProjectBalancesV1Response:
    """Answer with what is left of each purchase."""
    return ListProjectBalancesV1Response(
        balances=[
            ListProjectBalancesV1ResponseBalancesItem(
                balance_id=balance.balance_id,
                amount=balance.amount,
                units=balance.units,
                purchase_order_id=balance.order_id,
            )
            for balance in await asked.services.state.billing.balances(asked.arguments["project_id"])
        ]
    )


async def get_balance(asked: Asked) -> GetProjectBalanceV1Response:
    """Answer with what is left of one purchase."""
    balance = await asked.services.state.billing.balance(asked.arguments["project_id"], asked.arguments["balance_id"])
    return GetProjectBalanceV1Response(
        balance_id=balance.balance_id, amount=balance.amount, units=balance.units, purchase_order_id=balance.order_id
    )


async def list_purchases(asked: Asked) -> ListProjectPurchasesV1Response:
    """Answer with the purchases, as they were in the beginning."""
    limit = Query(asked).whole("limit", 10, 1, 1000)
    return ListProjectPurchasesV1Response(
        orders=[
            ListProjectPurchasesV1ResponseOrdersItem(
                order_id=purchase.order_id,
                expiration=moment(purchase.expiration),
                created=moment(purchase.created),
                amount=purchase.amount,
                units=purchase.units,
                order_type=purchase.order_type,
            )
            for purchase in await asked.services.state.billing.purchases(asked.arguments["project_id"], limit)
        ]
    )


async def get_breakdown(asked: Asked) -> BillingBreakdownV1Response:
    """Answer with what each day cost and, if wanted, each key, line, tag ..."""
    query = Query(asked)
    by = query.choices("grouping", BILL_GROUPINGS)
    period = await period_of(asked, query.day("start"), query.day("end"))
    start, end = period.moments()
    wanted = Filter(asked.arguments["project_id"], start, end, tag=query.text("tag"))
    narrow(wanted, query)
    costs = await asked.services.state.usage.costs(wanted, by, query.text("line_item"))
    return BillingBreakdownV1Response(
        start=str(period.first),
        end=str(period.last),
        resolution=BillingBreakdownV1ResponseResolution(units="day", amount=1),
        results=[
            BillingBreakdownV1ResponseResultsItem(
                dollars=cost.dollars,
                grouping=BillingBreakdownV1ResponseResultsItemGrouping(start=cost.day, end=cost.day, **cost.group),
            )
            for cost in costs
        ],
    )


async def list_fields(asked: Asked) -> ListBillingFieldsV1Response:
    """Answer with what bills can be filtered by."""
    query = Query(asked)
    period = await period_of(asked, query.day("start"), query.day("end"))
    start, end = period.moments()
    fields = await asked.services.state.usage.bill_fields(Filter(asked.arguments["project_id"], start, end))
    return ListBillingFieldsV1Response(
        accessors=fields.accessors, deployments=fields.deployments, tags=fields.tags, line_items=fields.line_items
    )
