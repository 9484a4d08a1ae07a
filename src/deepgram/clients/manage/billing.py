"""Clients for the money of a project: balances, purchases, what was billed."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Balances, BillingBreakdown, BillingFields, Purchases


class RawBalancesClient(SyncRaw, Balances):
    """What is left of payments, with HTTP responses."""


class AsyncRawBalancesClient(AsyncRaw, Balances):
    """What is left of payments, with HTTP responses."""


class BalancesClient(Sync, Balances):
    """What is left of payments."""

    with_raw_response = subclient(RawBalancesClient)


class AsyncBalancesClient(Async, Balances):
    """What is left of payments."""

    with_raw_response = subclient(AsyncRawBalancesClient)


class RawBreakdownClient(SyncRaw, BillingBreakdown):
    """What was billed, part by part, with HTTP responses."""


class AsyncRawBreakdownClient(AsyncRaw, BillingBreakdown):
    """What was billed, part by part, with HTTP responses."""


class BreakdownClient(Sync, BillingBreakdown):
    """What was billed, part by part."""

    with_raw_response = subclient(RawBreakdownClient)


class AsyncBreakdownClient(Async, BillingBreakdown):
    """What was billed, part by part."""

    with_raw_response = subclient(AsyncRawBreakdownClient)


class RawFieldsClient(SyncRaw, BillingFields):
    """What bills can be filtered and grouped by, with HTTP responses."""


class AsyncRawFieldsClient(AsyncRaw, BillingFields):
    """What bills can be filtered and grouped by, with HTTP responses."""


class FieldsClient(Sync, BillingFields):
    """What bills can be filtered and grouped by."""

    with_raw_response = subclient(RawFieldsClient)


class AsyncFieldsClient(Async, BillingFields):
    """What bills can be filtered and grouped by."""

    with_raw_response = subclient(AsyncRawFieldsClient)


class RawPurchasesClient(SyncRaw, Purchases):
    """What was bought, with HTTP responses."""


class AsyncRawPurchasesClient(AsyncRaw, Purchases):
    """What was bought, with HTTP responses."""


class PurchasesClient(Sync, Purchases):
    """What was bought."""

    with_raw_response = subclient(RawPurchasesClient)


class AsyncPurchasesClient(Async, Purchases):
    """What was bought."""

    with_raw_response = subclient(AsyncRawPurchasesClient)


class RawBillingClient(SyncRaw):
    """Money of a project, with HTTP responses."""

    balances = subclient(RawBalancesClient)
    breakdown = subclient(RawBreakdownClient)
    fields = subclient(RawFieldsClient)
    purchases = subclient(RawPurchasesClient)


class AsyncRawBillingClient(AsyncRaw):
    """Money of a project, with HTTP responses."""

    balances = subclient(AsyncRawBalancesClient)
    breakdown = subclient(AsyncRawBreakdownClient)
    fields = subclient(AsyncRawFieldsClient)
    purchases = subclient(AsyncRawPurchasesClient)


class BillingClient(Sync):
    """Money of a project."""

    with_raw_response = subclient(RawBillingClient)
    balances = subclient(BalancesClient)
    breakdown = subclient(BreakdownClient)
    fields = subclient(FieldsClient)
    purchases = subclient(PurchasesClient)


class AsyncBillingClient(Async):
    """Money of a project."""

    with_raw_response = subclient(AsyncRawBillingClient)
    balances = subclient(AsyncBalancesClient)
    breakdown = subclient(AsyncBreakdownClient)
    fields = subclient(AsyncFieldsClient)
    purchases = subclient(AsyncPurchasesClient)
