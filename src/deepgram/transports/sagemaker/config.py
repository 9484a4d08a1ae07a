"""What can be set on the SageMaker transport."""

from __future__ import annotations

import os
from dataclasses import dataclass

REGION = "us-west-2"


@dataclass(frozen=True)
class SageMakerConfig:
    """Where the endpoint is, and how patiently it is talked to. The defaults are those of deepgram-sagemaker 0.4.

    Raises ``ValueError`` for numbers that cannot work.
    """

    endpoint_name: str
    """Name of the endpoint."""
    region: str | None = REGION
    """AWS region; None takes the one that boto3 finds (AWS_REGION, the profile)."""
    content_type: str = "application/octet-stream"
    """Without effect: streams have no content type. Taken because deepgram-sagemaker has it."""
    accept_type: str = "application/json"
    """Without effect, as ``content_type``."""
    connection_timeout: float = 30.0
    """Seconds for finding credentials, and for connecting (TCP and TLS)."""
    connection_acquire_timeout: float = 60.0
    """Seconds to wait for a place while ``max_concurrency`` streams are open."""
    subscription_timeout: float = 60.0
    """Seconds until the endpoint must have answered the request, before anything is streamed."""
    max_concurrency: int = 500
    """Streams that one factory has open at the same time, in one event loop."""
    max_retries: int = 5
    """How often a stream that was lost is opened again before something new has come out of the model."""
    initial_backoff: float = 0.1
    """Seconds to wait at least before a stream is opened again."""
    max_backoff: float = 5.0
    """Seconds to wait at most before a stream is opened again."""
    backoff_multiplier: float = 2.0
    """How much longer the longest wait gets from one attempt to the next."""
    retry_budget: float = 30.0
    """Seconds that all attempts may take together."""
    max_replay_buffer_bytes: int = 8 * 1024 * 1024
    """Bytes kept to be sent again to a new stream; the oldest are dropped."""
    endpoint_url: str | None = None
    """Address instead of AWS's own, for private endpoints and tests; also AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2,
    AWS_ENDPOINT_URL."""
    ca_bundle: str | os.PathLike[str] | None = None
    """PEM file with the certificates to trust; also AWS_CA_BUNDLE and the profile's ``ca_bundle``. The system's are
    trusted without it."""
    target_variant: str | None = None
    """Production variant of the endpoint; SageMaker chooses without it."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.endpoint_name:
            raise ValueError("endpoint_name must not be empty")
        positive = (
            "connection_timeout",
            "connection_acquire_timeout",
            "subscription_timeout",
            "max_concurrency",
            "initial_backoff",
            "max_backoff",
            "retry_budget",
        )
        for name in positive:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in ("max_retries", "max_replay_buffer_bytes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if self.backoff_multiplier < 1:
            raise ValueError("backoff_multiplier must be at least 1")
        if self.initial_backoff > self.max_backoff:
            raise ValueError("initial_backoff must not be greater than max_backoff")
        if self.endpoint_url is not None and not self.endpoint_url.startswith("https://"):
            raise ValueError("endpoint_url must begin with https://: streaming needs HTTP/2, which needs TLS")
