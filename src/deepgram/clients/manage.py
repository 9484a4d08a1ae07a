"""Clients for projects and what belongs to them."""

from __future__ import annotations

from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ..protocol.manage import Projects


class RawProjectsClient(SyncRaw, Projects):
    """Projects, with the HTTP response."""


class AsyncRawProjectsClient(AsyncRaw, Projects):
    """Projects, with the HTTP response."""


class ProjectsClient(Sync, Projects):
    """Projects."""

    with_raw_response = subclient(RawProjectsClient)


class AsyncProjectsClient(Async, Projects):
    """Projects."""

    with_raw_response = subclient(AsyncRawProjectsClient)
