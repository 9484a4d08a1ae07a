"""Access tokens: what can be asked."""

from __future__ import annotations

from .endpoint import endpoint
from .models.auth import GrantV1Response
from .request import OMIT, Call, RequestOptions


class Tokens:
    """Access tokens."""

    @endpoint("POST", "v1/auth/grant")
    def grant(
        self, *, ttl_seconds: float | None = OMIT, request_options: RequestOptions | None = None
    ) -> Call[GrantV1Response]:
        """Make a token that works for a short while, for requests and conversations but not for managing.

        Args:
            ttl_seconds: Seconds that the token works, from 1 to 3600. Default 30.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Raises:
            ApiError: The service refused the request or could not be reached: ``ForbiddenError`` if the key may not
                make tokens.

        Source: developers.deepgram.com/reference/auth/tokens/grant
        """
        return Call(json={"ttl_seconds": ttl_seconds})
