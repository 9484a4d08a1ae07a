"""Credentials for the images of self-hosted deployments: what can be asked."""

from __future__ import annotations

from collections.abc import Sequence

from .endpoint import endpoint
from .models.self_hosted import (
    CreateProjectDistributionCredentialsV1Response,
    DistributionCredentialsCreateRequestProvider,
    DistributionCredentialsCreateRequestScopesItem,
    GetProjectDistributionCredentialsV1Response,
    ListProjectDistributionCredentialsV1Response,
)
from .request import OMIT, Call, RequestOptions


class DistributionCredentials:
    """Credentials with which a deployment fetches its images.

    All operations raise ``ApiError`` when the service refuses them or cannot be reached.
    """

    @endpoint("GET", "v1/projects/{project_id}/self-hosted/distribution/credentials")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListProjectDistributionCredentialsV1Response]:
        """List the credentials of a project, without their secrets.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/self-hosted/list-project-distribution-credentials
        """
        return Call()

    @endpoint("POST", "v1/projects/{project_id}/self-hosted/distribution/credentials")
    def create(
        self,
        project_id: str,
        *,
        scopes: DistributionCredentialsCreateRequestScopesItem
        | Sequence[DistributionCredentialsCreateRequestScopesItem]
        | None = None,
        provider: DistributionCredentialsCreateRequestProvider | None = None,
        comment: str | None = OMIT,
        request_options: RequestOptions | None = None,
    ) -> Call[CreateProjectDistributionCredentialsV1Response]:
        """Make credentials.

        Args:
            project_id: Id of the project.
            scopes: What may be fetched. Default ``self-hosted:products``: everything.
            provider: Registry that hands out the images. Default ``quay``.
            comment: What the credentials are for.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/self-hosted/create-project-distribution-credentials
        """
        return Call(query={"scopes": scopes, "provider": provider}, json={"comment": comment})

    @endpoint("GET", "v1/projects/{project_id}/self-hosted/distribution/credentials/{distribution_credentials_id}")
    def get(
        self, project_id: str, distribution_credentials_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetProjectDistributionCredentialsV1Response]:
        """Get credentials, without their secret.

        Args:
            project_id: Id of the project.
            distribution_credentials_id: Id of the credentials.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/self-hosted/get-project-distribution-credentials
        """
        return Call()

    @endpoint("DELETE", "v1/projects/{project_id}/self-hosted/distribution/credentials/{distribution_credentials_id}")
    def delete(
        self, project_id: str, distribution_credentials_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetProjectDistributionCredentialsV1Response]:
        """Delete credentials; they stop working.

        Args:
            project_id: Id of the project.
            distribution_credentials_id: Id of the credentials.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/self-hosted/delete-project-distribution-credentials
        """
        return Call()
