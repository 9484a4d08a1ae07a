"""Clients for the account: projects, and what belongs to them."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from .models import AsyncModelsClient, AsyncRawModelsClient, ModelsClient, RawModelsClient
from .projects import AsyncProjectsClient, AsyncRawProjectsClient, ProjectsClient, RawProjectsClient


class RawV1Client(SyncRaw):
    """The account, first version, with HTTP responses."""

    models = subclient(RawModelsClient)
    projects = subclient(RawProjectsClient)


class AsyncRawV1Client(AsyncRaw):
    """The account, first version, with HTTP responses."""

    models = subclient(AsyncRawModelsClient)
    projects = subclient(AsyncRawProjectsClient)


class V1Client(Sync):
    """The account, first version."""

    with_raw_response = subclient(RawV1Client)
    models = subclient(ModelsClient)
    projects = subclient(ProjectsClient)


class AsyncV1Client(Async):
    """The account, first version."""

    with_raw_response = subclient(AsyncRawV1Client)
    models = subclient(AsyncModelsClient)
    projects = subclient(AsyncProjectsClient)


class RawManageClient(SyncRaw):
    """The account, with HTTP responses."""

    v1 = subclient(RawV1Client)


class AsyncRawManageClient(AsyncRaw):
    """The account, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)


class ManageClient(Sync):
    """The account."""

    with_raw_response = subclient(RawManageClient)
    v1 = subclient(V1Client)


class AsyncManageClient(Async):
    """The account."""

    with_raw_response = subclient(AsyncRawManageClient)
    v1 = subclient(AsyncV1Client)
