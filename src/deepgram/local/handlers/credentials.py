"""Distribution credentials of self-hosting."""

from __future__ import annotations

from ...protocol.models.self_hosted import (
    CreateProjectDistributionCredentialsV1Response,
    GetProjectDistributionCredentialsV1Response,
    ListProjectDistributionCredentialsV1Response,
    ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItem,
)
from ...protocol.self_hosted import DistributionCredentials
from ..arguments import Query, body_of
from ..credentials import Credentials
from ..records import moment
from ..router import Asked, Router
from ..scopes import PRODUCTS

ALL = "self-hosted:products"


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(DistributionCredentials.list)(list_credentials)
    router.answers(DistributionCredentials.create)(create_credentials)
    router.answers(DistributionCredentials.get)(get_credentials)
    router.answers(DistributionCredentials.delete)(delete_credentials)


async def list_credentials(asked: Asked) -> ListProjectDistributionCredentialsV1Response:
    """Answer with the credentials of a project."""
    found = await asked.services.state.credentials.list(asked.arguments["project_id"])
    item = ListProjectDistributionCredentialsV1ResponseDistributionCredentialsItem
    return ListProjectDistributionCredentialsV1Response(
        distribution_credentials=[item.model_validate(_document(one)) for one in found]
    )


async def create_credentials(asked: Asked) -> CreateProjectDistributionCredentialsV1Response:
    """Make credentials."""
    query = Query(asked)
    scopes = query.choices("scopes", (ALL, *sorted(PRODUCTS))) or [ALL]
    provider = query.choice("provider", ("quay",)) or "quay"
    comment = (await body_of(asked)).optional_text("comment")
    made = await asked.services.state.credentials.create(
        asked.arguments["project_id"], asked.identity.member_id, provider=provider, comment=comment, scopes=scopes
    )
    return CreateProjectDistributionCredentialsV1Response.model_validate(_document(made))


async def get_credentials(asked: Asked) -> GetProjectDistributionCredentialsV1Response:
    """Answer with a set of credentials."""
    found = await asked.services.state.credentials.get(
        asked.arguments["project_id"], asked.arguments["distribution_credentials_id"]
    )
    return GetProjectDistributionCredentialsV1Response.model_validate(_document(found))


async def delete_credentials(asked: Asked) -> GetProjectDistributionCredentialsV1Response:
    """Delete a set of credentials; answer with what it was, as the service does."""
    gone = await asked.services.state.credentials.delete(
        asked.arguments["project_id"], asked.arguments["distribution_credentials_id"]
    )
    return GetProjectDistributionCredentialsV1Response.model_validate(_document(gone))


def _document(one: Credentials) -> dict[str, object]:
    return {
        "member": {"member_id": one.member_id, "email": one.email},
        "distribution_credentials": {
            "distribution_credentials_id": one.credentials_id,
            "provider": one.provider,
            "comment": one.comment,
            "scopes": [*one.scopes],
            "created": moment(one.created),
        },
    }
