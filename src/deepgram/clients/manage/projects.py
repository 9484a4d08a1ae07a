"""Clients for projects and what belongs to them."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Projects
from .billing import AsyncBillingClient, AsyncRawBillingClient, BillingClient, RawBillingClient
from .keys import AsyncKeysClient, AsyncRawKeysClient, KeysClient, RawKeysClient
from .members import AsyncMembersClient, AsyncRawMembersClient, MembersClient, RawMembersClient
from .project_models import AsyncModelsClient, AsyncRawModelsClient, ModelsClient, RawModelsClient
from .requests import AsyncRawRequestsClient, AsyncRequestsClient, RawRequestsClient, RequestsClient
from .usage import AsyncRawUsageClient, AsyncUsageClient, RawUsageClient, UsageClient


class RawProjectsClient(SyncRaw, Projects):
    """Projects, with HTTP responses."""

    keys = subclient(RawKeysClient)
    members = subclient(RawMembersClient)
    models = subclient(RawModelsClient)
    requests = subclient(RawRequestsClient)
    usage = subclient(RawUsageClient)
    billing = subclient(RawBillingClient)


class AsyncRawProjectsClient(AsyncRaw, Projects):
    """Projects, with HTTP responses."""

    keys = subclient(AsyncRawKeysClient)
    members = subclient(AsyncRawMembersClient)
    models = subclient(AsyncRawModelsClient)
    requests = subclient(AsyncRawRequestsClient)
    usage = subclient(AsyncRawUsageClient)
    billing = subclient(AsyncRawBillingClient)


class ProjectsClient(Sync, Projects):
    """Projects."""

    with_raw_response = subclient(RawProjectsClient)
    keys = subclient(KeysClient)
    members = subclient(MembersClient)
    models = subclient(ModelsClient)
    requests = subclient(RequestsClient)
    usage = subclient(UsageClient)
    billing = subclient(BillingClient)


class AsyncProjectsClient(Async, Projects):
    """Projects."""

    with_raw_response = subclient(AsyncRawProjectsClient)
    keys = subclient(AsyncKeysClient)
    members = subclient(AsyncMembersClient)
    models = subclient(AsyncModelsClient)
    requests = subclient(AsyncRequestsClient)
    usage = subclient(AsyncUsageClient)
    billing = subclient(AsyncBillingClient)
