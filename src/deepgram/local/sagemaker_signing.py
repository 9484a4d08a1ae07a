"""Checks of AWS's signatures (SigV4), of requests and of each event in a stream, as AWS makes them.

What is to be signed is computed by botocore; this side compares. Sources: "Signing AWS API requests" and "Signature
calculations for the Authorization header: transferring payload in multiple chunks", docs.aws.amazon.com.
"""

from __future__ import annotations

import hmac
import re
import time
from calendar import timegm
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamMessage

from .sagemaker_events import encode_header

SERVICE = "sagemaker"
SKEW = 300.0
"""Seconds that the clocks of client and service may differ."""
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/aws4_request, *SignedHeaders=(?P<headers>[^,\s]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
NEVER_SIGNED = {"authorization", "user-agent", "x-amzn-trace-id", "expect", "transfer-encoding", "connection"}
"""Headers that signatures leave out, because proxies change them."""


class Denied(Exception):
    """The request, or one of its events, is not accepted; ``error`` is AWS's name for the reason."""

    status = 403

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


@dataclass(frozen=True)
class Key:
    """An access key that is known here."""

    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    """Session token, which belongs to temporary keys."""
    expires: float | None = None
    """When the key ends (s since 1970)."""


class Signatures:
    """Checks requests against the keys that are known."""

    def __init__(self, keys: dict[str, Key], region: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._region = region
        self._clock = clock

    def check(self, method: str, path: str, headers: Sequence[tuple[str, str]]) -> Events:
        """Return the checker of the request's events. Raises :class:`Denied`."""
        given = {name.lower(): value for name, value in headers}
        if "authorization" not in given:
            raise Denied("MissingAuthenticationTokenException", "Missing Authentication Token")
        stated = AUTHORIZATION.fullmatch(given["authorization"].strip())
        if stated is None:
            raise Denied("IncompleteSignatureException", "The Authorization header is no signature of version 4.")
        key = self._keys.get(stated["key"])
        if key is None or key.token != given.get("x-amz-security-token"):
            raise Denied("UnrecognizedClientException", "The security token included in the request is invalid.")
        if stated["region"] != self._region:
            raise Denied(
                "InvalidSignatureException",
                f"Credential should be scoped to a valid region, not '{stated['region']}'.",
            )
        if stated["service"] != SERVICE:
            raise Denied("InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICE}'.")
        timestamp = given.get("x-amz-date", "")
        self._check_time(timestamp, stated["day"])
        signed = stated["headers"].split(";")
        if not {"host", "x-amz-date"} <= set(signed) or NEVER_SIGNED & set(signed):
            raise Denied("InvalidSignatureException", "'host' and 'x-amz-date' must be signed headers.")
        request = AWSRequest(method, f"https://{given.get('host', '')}{path}")
        for name in signed:
            request.headers[name] = given.get(name, "")
        if "x-amz-content-sha256" not in signed:
            request.headers["X-Amz-Content-SHA256"] = given.get("x-amz-content-sha256", "")
        request.context["timestamp"] = timestamp
        signer = SigV4Auth(Credentials(stated["key"], key.secret, key.token), SERVICE, self._region)
        computed = str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
        if not hmac.compare_digest(computed, stated["signature"]):
            raise Denied(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )
        events = Events(signer, key, computed, self._clock)
        events.check_expiry()
        return events

    def _check_time(self, timestamp: str, day: str) -> None:
        now = self._clock()
        try:
            moment = timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise Denied("IncompleteSignatureException", "X-Amz-Date is no date.") from None
        shown = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        if moment < now - SKEW:
            raise Denied(
                "InvalidSignatureException", f"Signature expired: {timestamp} is now earlier than {shown} - 5 min."
            )
        if moment > now + SKEW:
            raise Denied(
                "InvalidSignatureException", f"Signature not yet current: {timestamp} is still later than {shown}."
            )
        if not timestamp.startswith(day):
            raise Denied("InvalidSignatureException", "Date in Credential scope does not match X-Amz-Date.")


class Events:
    """Checks the events of one request: each signature covers the one before it."""

    def __init__(self, signer: SigV4Auth, key: Key, first: str, clock: Callable[[], float]) -> None:
        self._signer = signer
        self._key = key
        self._last = first
        self._clock = clock

    def check(self, message: EventStreamMessage) -> bytes:
        """Return the event inside: its payload, empty for the one that ends the input. Raises :class:`Denied`."""
        self.check_expiry()
        date, signature = message.headers.get(":date"), message.headers.get(":chunk-signature")
        if not isinstance(date, int) or not isinstance(signature, bytes):
            raise Denied("IncompleteSignatureException", "An event has no :date or no :chunk-signature.")
        if abs(date / 1000 - self._clock()) > SKEW:
            raise Denied("InvalidSignatureException", "Signature expired: an event is more than 5 minutes old.")
        request = AWSRequest("POST", "https://events")
        request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(date / 1000))
        payload: bytes = message.payload
        to_sign = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                request.context["timestamp"],
                self._signer.credential_scope(request),
                self._last,
                sha256(encode_header(":date", date)).hexdigest(),
                sha256(payload).hexdigest(),
            )
        )
        computed = str(self._signer.signature(to_sign, request))
        if not hmac.compare_digest(computed, signature.hex()):
            raise Denied("InvalidSignatureException", "The signature of an event does not match.")
        self._last = computed
        return payload

    def check_expiry(self) -> None:
        """Raise :class:`Denied` if the key has ended: a stream does not outlive it."""
        if self._key.expires is not None and self._clock() >= self._key.expires:
            raise Denied("ExpiredTokenException", "The security token included in the request is expired")
