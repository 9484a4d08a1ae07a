"""What can go wrong on the way to a model on SageMaker, and what to do about it.

::

    SageMakerError              an ApiError: status_code, headers, body; code is AWS's name for it
    ├── PackageMissing          also an ImportError
    ├── CredentialsMissing · RegionMissing
    ├── AccessDenied            also a ForbiddenError: signature, clock, expired token, permission
    ├── EndpointNotFound        also a NotFoundError
    ├── Throttled               also a RateLimitError
    ├── ModelFailed             the container behind the endpoint refused, failed, or ended the stream
    ├── EndpointUnreachable     also a ConnectionError
    └── TimedOut                also a TimeoutError

``request_id`` is AWS's, where there was an answer; messages name it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ...runtime.errors import ApiError, ForbiddenError, NotFoundError, RateLimitError

INSTALL = 'pip install "deepgram-sdk[sagemaker]"'
REQUEST_ID = "x-amzn-requestid"
TOO_LARGE = "MessageTooLarge"
"""Our own code for a message that is larger than we put together."""
THROTTLING = ("throttl", "toomanyrequests", "slowdown", "requestlimitexceeded")
ACCESS = ("signature", "token", "accessdenied", "credential", "unrecognizedclient", "notauthorized", "optinrequired")


class SageMakerError(ApiError):
    """The endpoint, or the way to it, failed."""

    code: str | None = None
    """AWS's name for the error, such as ``ModelError``."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status_code: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        hint: str | None = None,
    ) -> None:
        ApiError.__init__(self, headers=headers, status_code=status_code, body=message if body is None else body)
        self.args = (message,)
        self.code = code
        self.hint = hint if hint is not None else self.hint

    @property
    def request_id(self) -> str | None:
        """The id that AWS gave to the request; its support asks for it."""
        return (self.headers or {}).get(REQUEST_ID)

    def __str__(self) -> str:
        named = [str(part) for part in (self.status_code, self.code) if part]
        told = str(self.args[0]) if self.args else ""
        if named:
            told += f" ({', '.join(named)})"
        if self.request_id:
            told += f"; AWS request id {self.request_id}"
        return f"{told}. {self.hint}" if self.hint else told


class PackageMissing(SageMakerError, ImportError):
    """What the transport is made of is not installed, or not to be had for this Python."""


class CredentialsMissing(SageMakerError):
    """boto3 found no AWS credentials."""

    hint = (
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile with AWS_PROFILE, or give this machine a "
        "role: boto3 looks in all these places"
    )


class RegionMissing(SageMakerError):
    """It is not said which region the endpoint is in."""

    hint = 'Pass region="us-west-2" (or yours), or set AWS_REGION'


class AccessDenied(SageMakerError, ForbiddenError):
    """AWS does not accept the credentials, or they do not allow this."""

    hint = (
        "Check the credentials (expired ones need a new login), the region of the endpoint, the clock of this machine, "
        "and that the role allows sagemaker:InvokeEndpointWithBidirectionalStream"
    )


class EndpointNotFound(SageMakerError, NotFoundError):
    """There is no endpoint of this name in this account and region."""

    hint = "Check the name and the region of the endpoint, and that it is in service"


class Throttled(SageMakerError, RateLimitError):
    """AWS, or the endpoint, has no capacity at the moment."""

    hint = "Open fewer streams at once, or ask AWS for a higher quota; it was tried several times"


class ModelFailed(SageMakerError):
    """The container behind the endpoint refused the request, failed, or ended the stream."""

    original_status: int | None = None
    """The status that the container answered with."""
    hint = "The endpoint's log in CloudWatch says why"


class EndpointUnreachable(SageMakerError, ConnectionError):
    """The connection could not be made, or broke."""


class TimedOut(SageMakerError, TimeoutError):
    """The endpoint did not answer in time."""


def refused(status: int, headers: Mapping[str, str], raw: bytes) -> SageMakerError:
    """Return the error for an answer that is none of the expected."""
    text = raw.decode("utf-8", "replace")
    try:
        body: Any = json.loads(text)
    except ValueError:
        body = text
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    # "Name:http://..." is how some of AWS's services say it.
    code = str(headers.get("x-amzn-errortype") or fields.get("__type") or fields.get("code") or "").partition(":")[0]
    code = code.rpartition("#")[2]
    message = str(fields.get("Message") or fields.get("message") or text or f"SageMaker answered {status}")
    error = kind_of(status, code, message)(
        message, code=code or None, status_code=status, headers=headers, body=body or None
    )
    if isinstance(error, ModelFailed):
        original = fields.get("OriginalStatusCode")
        error.original_status = original if isinstance(original, int) else None
    return error


def kind_of(status: int | None, code: str, message: str) -> type[SageMakerError]:
    """Return the class for what AWS says."""
    name = code.lower()
    if status == 429 or any(word in name for word in THROTTLING):
        return Throttled
    if status == 424 or name.startswith("model"):
        return ModelFailed
    if status in (400, 404) and "not found" in message.lower():
        return EndpointNotFound
    if status in (401, 403) or any(word in name for word in ACCESS):
        return AccessDenied
    return SageMakerError
