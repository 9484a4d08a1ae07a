"""Deepgram's models on Amazon SageMaker, through the same client: ``transport_factory=SageMakerTransportFactory(...)``.

    factory = SageMakerTransportFactory(endpoint_name="my-deepgram-endpoint", region="us-west-2")
    client = AsyncDeepgramClient(api_key="unused", transport_factory=factory)

Needs the extra ``sagemaker`` and Python 3.12 or newer when it is used, not when it is imported.
"""

from __future__ import annotations

from .config import SageMakerConfig
from .errors import (
    AccessDenied,
    CredentialsMissing,
    EndpointNotFound,
    EndpointUnreachable,
    ModelFailed,
    PackageMissing,
    RegionMissing,
    SageMakerError,
    Throttled,
    TimedOut,
)
from .factory import SageMakerTransportFactory
from .transport import SageMakerTransport

__all__ = [
    "AccessDenied",
    "CredentialsMissing",
    "EndpointNotFound",
    "EndpointUnreachable",
    "ModelFailed",
    "PackageMissing",
    "RegionMissing",
    "SageMakerConfig",
    "SageMakerError",
    "SageMakerTransport",
    "SageMakerTransportFactory",
    "Throttled",
    "TimedOut",
]
