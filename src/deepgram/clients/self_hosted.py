"""Clients for self-hosted deployments."""

from __future__ import annotations

from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ..protocol.self_hosted import DistributionCredentials


class RawDistributionCredentialsClient(SyncRaw, DistributionCredentials):
    """Credentials with which a deployment fetches its images, with HTTP responses."""


class AsyncRawDistributionCredentialsClient(AsyncRaw, DistributionCredentials):
    """Credentials with which a deployment fetches its images, with HTTP responses."""


class DistributionCredentialsClient(Sync, DistributionCredentials):
    """Credentials with which a deployment fetches its images."""

    with_raw_response = subclient(RawDistributionCredentialsClient)


class AsyncDistributionCredentialsClient(Async, DistributionCredentials):
    """Credentials with which a deployment fetches its images."""

    with_raw_response = subclient(AsyncRawDistributionCredentialsClient)


class RawV1Client(SyncRaw):
    """Self-hosted deployments, first version, with HTTP responses."""

    distribution_credentials = subclient(RawDistributionCredentialsClient)


class AsyncRawV1Client(AsyncRaw):
    """Self-hosted deployments, first version, with HTTP responses."""

    distribution_credentials = subclient(AsyncRawDistributionCredentialsClient)


class V1Client(Sync):
    """Self-hosted deployments, first version."""

    with_raw_response = subclient(RawV1Client)
    distribution_credentials = subclient(DistributionCredentialsClient)


class AsyncV1Client(Async):
    """Self-hosted deployments, first version."""

    with_raw_response = subclient(AsyncRawV1Client)
    distribution_credentials = subclient(AsyncDistributionCredentialsClient)


class RawSelfHostedClient(SyncRaw):
    """Self-hosted deployments, with HTTP responses."""

    v1 = subclient(RawV1Client)


class AsyncRawSelfHostedClient(AsyncRaw):
    """Self-hosted deployments, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)


class SelfHostedClient(Sync):
    """Self-hosted deployments."""

    with_raw_response = subclient(RawSelfHostedClient)
    v1 = subclient(V1Client)


class AsyncSelfHostedClient(Async):
    """Self-hosted deployments."""

    with_raw_response = subclient(AsyncRawSelfHostedClient)
    v1 = subclient(AsyncV1Client)
