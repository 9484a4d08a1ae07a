"""When a stream that was lost is opened again, and after which wait: no I/O, no clock."""

from __future__ import annotations

import random
from collections.abc import Callable

from .config import SageMakerConfig
from .errors import (
    TOO_LARGE,
    AccessDenied,
    CredentialsMissing,
    EndpointNotFound,
    ModelFailed,
    PackageMissing,
    RegionMissing,
    SageMakerError,
    Throttled,
)

FINAL = (PackageMissing, CredentialsMissing, RegionMissing, EndpointNotFound)
TRANSIENT = (408, 424, 429)
"""Statuses below 500 that are worth another attempt."""


def worth_retrying(error: SageMakerError, *, renewed: bool = False) -> bool:
    """Tell whether another attempt can go better. What is wrong with the request stays wrong.

    ``renewed`` says that there are other credentials now than those that were not accepted.
    """
    if isinstance(error, Throttled):
        return True
    if isinstance(error, AccessDenied):
        return renewed
    if isinstance(error, FINAL) or error.code == TOO_LARGE:
        return False
    if isinstance(error, ModelFailed) and error.original_status is not None:
        # SageMaker says 424 whatever the container said: it is the container's word that counts.
        return error.original_status >= 500 or error.original_status in TRANSIENT
    return error.status_code is None or error.status_code >= 500 or error.status_code in TRANSIENT


class Attempts:
    """Counts the attempts since something new last came out of the model."""

    def __init__(self, config: SageMakerConfig, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._config = config
        self._draw = draw
        self._made = 0
        self._since: float | None = None

    def progressed(self) -> None:
        """Something new has come: begin to count anew."""
        self._made, self._since = 0, None

    def next(self, error: SageMakerError, now: float, *, renewed: bool = False) -> float | None:
        """Return the seconds to wait before the next attempt; None if there is none."""
        config = self._config
        if self._since is None:
            self._since = now
        if self._made >= config.max_retries or not worth_retrying(error, renewed=renewed):
            return None
        longest = min(config.max_backoff, config.initial_backoff * config.backoff_multiplier ** min(self._made, 64))
        wait = self._draw(config.initial_backoff, longest)
        if now + wait - self._since > config.retry_budget:
            return None
        self._made += 1
        return wait
