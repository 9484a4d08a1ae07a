"""Clients for members of a project, their scopes, and invitations."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Invites, Members, Scopes


class RawScopesClient(SyncRaw, Scopes):
    """What a member may do, with HTTP responses."""


class AsyncRawScopesClient(AsyncRaw, Scopes):
    """What a member may do, with HTTP responses."""


class ScopesClient(Sync, Scopes):
    """What a member may do."""

    with_raw_response = subclient(RawScopesClient)


class AsyncScopesClient(Async, Scopes):
    """What a member may do."""

    with_raw_response = subclient(AsyncRawScopesClient)


class RawInvitesClient(SyncRaw, Invites):
    """Invitations to a project, with HTTP responses."""


class AsyncRawInvitesClient(AsyncRaw, Invites):
    """Invitations to a project, with HTTP responses."""


class InvitesClient(Sync, Invites):
    """Invitations to a project."""

    with_raw_response = subclient(RawInvitesClient)


class AsyncInvitesClient(Async, Invites):
    """Invitations to a project."""

    with_raw_response = subclient(AsyncRawInvitesClient)


class RawMembersClient(SyncRaw, Members):
    """Members of a project, with HTTP responses."""

    scopes = subclient(RawScopesClient)
    invites = subclient(RawInvitesClient)


class AsyncRawMembersClient(AsyncRaw, Members):
    """Members of a project, with HTTP responses."""

    scopes = subclient(AsyncRawScopesClient)
    invites = subclient(AsyncRawInvitesClient)


class MembersClient(Sync, Members):
    """Members of a project."""

    with_raw_response = subclient(RawMembersClient)
    scopes = subclient(ScopesClient)
    invites = subclient(InvitesClient)


class AsyncMembersClient(Async, Members):
    """Members of a project."""

    with_raw_response = subclient(AsyncRawMembersClient)
    scopes = subclient(AsyncScopesClient)
    invites = subclient(AsyncInvitesClient)
