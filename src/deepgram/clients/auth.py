"""Clients for access tokens."""

from __future__ import annotations

from ..protocol.auth import Tokens
from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient


class RawTokensClient(SyncRaw, Tokens):
    """Access tokens, with HTTP responses."""


class AsyncRawTokensClient(AsyncRaw, Tokens):
    """Access tokens, with HTTP responses."""


class TokensClient(Sync, Tokens):
    """Access tokens."""

    with_raw_response = subclient(RawTokensClient)


class AsyncTokensClient(Async, Tokens):
    """Access tokens."""

    with_raw_response = subclient(AsyncRawTokensClient)


class RawV1Client(SyncRaw):
    """Authentication, first version, with HTTP responses."""

    tokens = subclient(RawTokensClient)


class AsyncRawV1Client(AsyncRaw):
    """Authentication, first version, with HTTP responses."""

    tokens = subclient(AsyncRawTokensClient)


class V1Client(Sync):
    """Authentication, first version."""

    with_raw_response = subclient(RawV1Client)
    tokens = subclient(TokensClient)


class AsyncV1Client(Async):
    """Authentication, first version."""

    with_raw_response = subclient(AsyncRawV1Client)
    tokens = subclient(AsyncTokensClient)


class RawAuthClient(SyncRaw):
    """Authentication, with HTTP responses."""

    v1 = subclient(RawV1Client)


class AsyncRawAuthClient(AsyncRaw):
    """Authentication, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)


class AuthClient(Sync):
    """Authentication."""

    with_raw_response = subclient(RawAuthClient)
    v1 = subclient(V1Client)


class AsyncAuthClient(Async):
    """Authentication."""

    with_raw_response = subclient(AsyncRawAuthClient)
    v1 = subclient(AsyncV1Client)
