"""Clients for the usage of a project."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Usage, UsageBreakdown, UsageFields


class RawFieldsClient(SyncRaw, UsageFields):
    """What usage can be filtered and grouped by, with HTTP responses."""


class AsyncRawFieldsClient(AsyncRaw, UsageFields):
    """What usage can be filtered and grouped by, with HTTP responses."""


class FieldsClient(Sync, UsageFields):
    """What usage can be filtered and grouped by."""

    with_raw_response = subclient(RawFieldsClient)


class AsyncFieldsClient(Async, UsageFields):
    """What usage can be filtered and grouped by."""

    with_raw_response = subclient(AsyncRawFieldsClient)


class RawBreakdownClient(SyncRaw, UsageBreakdown):
    """Usage of a project, part by part, with HTTP responses."""


class AsyncRawBreakdownClient(AsyncRaw, UsageBreakdown):
    """Usage of a project, part by part, with HTTP responses."""


class BreakdownClient(Sync, UsageBreakdown):
    """Usage of a project, part by part."""

    with_raw_response = subclient(RawBreakdownClient)


class AsyncBreakdownClient(Async, UsageBreakdown):
    """Usage of a project, part by part."""

    with_raw_response = subclient(AsyncRawBreakdownClient)


class RawUsageClient(SyncRaw, Usage):
    """Usage of a project, with HTTP responses."""

    fields = subclient(RawFieldsClient)
    breakdown = subclient(RawBreakdownClient)


class AsyncRawUsageClient(AsyncRaw, Usage):
    """Usage of a project, with HTTP responses."""

    fields = subclient(AsyncRawFieldsClient)
    breakdown = subclient(AsyncRawBreakdownClient)


class UsageClient(Sync, Usage):
    """Usage of a project."""

    with_raw_response = subclient(RawUsageClient)
    fields = subclient(FieldsClient)
    breakdown = subclient(BreakdownClient)


class AsyncUsageClient(Async, Usage):
    """Usage of a project."""

    with_raw_response = subclient(AsyncRawUsageClient)
    fields = subclient(AsyncFieldsClient)
    breakdown = subclient(AsyncBreakdownClient)
