"""Messages about credentials for the images of self-hosted deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Union

from ..model import Model

# --- What may be asked ------------------------------------------------------------------------------------------------

DistributionCredentialsCreateRequestProvider = Union[Literal["quay"], Any]
DistributionCredentialsCreateRequestScopesItem = Union[
    Literal[
        "self-hosted:products",
        "self-hosted:product:api",
        "self-hosted:product:engine",
        "self-hosted:product:license-proxy",
        "self-hosted:product:dgtools",
        "self-hosted:product:billing",
        "self-hosted:product:hotpepper",
        "self-hosted:product:metrics-server",
    ],
    Any,
]

# --- What comes back --------------------------------------------------------------------------------------------------


class ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemMember(Model):
    """Whose credentials they are."""

    member_id: str
    email: str


class ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemDistributionCredentials(Model):
    """Credentials, without their secret."""

    distribution_credentials_id: str
    provider: str
    """Registry that hands out the images."""
    comment: str | None = None
    scopes: list[str]
    created: datetime


class ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItem(Model):
    """Credentials and whose they are."""

    member: ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemMember
    distribution_credentials: (
        ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemDistributionCredentials
    )


class ListProjectDistributionCredentialsV1Response(Model):
    """The credentials of a project."""

    distribution_credentials: list[ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItem] | None = (
        None
    )


class GetProjectDistributionCredentialsV1ResponseMember(
    ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemMember
):
    """Whose credentials they are."""


class GetProjectDistributionCredentialsV1ResponseDistributionCredentials(
    ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemDistributionCredentials
):
    """Credentials, without their secret."""


class GetProjectDistributionCredentialsV1Response(Model):
    """Credentials and whose they are; also the answer when they are deleted."""

    member: GetProjectDistributionCredentialsV1ResponseMember
    distribution_credentials: GetProjectDistributionCredentialsV1ResponseDistributionCredentials


class CreateProjectDistributionCredentialsV1ResponseMember(
    ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemMember
):
    """Whose credentials they are."""


class CreateProjectDistributionCredentialsV1ResponseDistributionCredentials(
    ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItemDistributionCredentials
):
    """New credentials."""


class CreateProjectDistributionCredentialsV1Response(Model):
    """New credentials and whose they are."""

    member: CreateProjectDistributionCredentialsV1ResponseMember
    distribution_credentials: CreateProjectDistributionCredentialsV1ResponseDistributionCredentials
