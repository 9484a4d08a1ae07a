"""How a client travels to another process: as its arguments, the secret ones sealed."""

from __future__ import annotations

import json
import pickle
from typing import Any

from .config import NOT_GIVEN
from .errors import ApiError
from .redaction import is_secret
from .sealing import seal, unseal

CREDENTIALS = ("api_key", "access_token")


Sealed = tuple[tuple[str, ...], bytes]
"""Which arguments are secret, and their values for those who may read them."""


def taken_apart(arguments: dict[str, Any]) -> tuple[dict[str, Any], Sealed | None]:
    """Return the arguments of a client as they may travel: the plain ones, and the secret ones sealed.

    Raises ``TypeError`` for an argument that cannot leave its process, and names it.
    """
    plain = {name: value for name, value in arguments.items() if value is not None and value is not NOT_GIVEN}
    secrets: dict[str, Any] = {name: plain.pop(name) for name in CREDENTIALS if name in plain}
    if "headers" in plain:
        headers = dict(plain["headers"])
        if hidden := {name: headers.pop(name) for name in [*headers] if is_secret(name)}:
            secrets["headers"] = hidden
        plain["headers"] = headers
    if "@" in str(plain.get("proxy", "")):
        secrets["proxy"] = plain.pop("proxy")
    for name, value in plain.items():
        try:
            if name == "httpx_client":
                raise TypeError("connections stay in their process")
            pickle.dumps(value)
        except Exception as error:
            raise TypeError(
                f"A client cannot be pickled with {name}= {type(value).__name__} ({error}): make the client in the "
                "process that uses it, or pass what a module defines by name"
            ) from None
    return plain, (tuple(secrets), seal(json.dumps(secrets).encode())) if secrets else None


def put_together(plain: dict[str, Any], sealed: Sealed | None) -> dict[str, Any]:
    """Return the arguments again. In a foreign process the credential is that of its environment.

    Raises ``ApiError`` where another secret, such as the password of a proxy, is missing there.
    """
    if sealed is None:
        return plain
    names, closed = sealed
    opened = unseal(closed)
    if opened is None:
        if missing := [name for name in names if name not in CREDENTIALS]:
            raise ApiError(
                body=f"This client was pickled by another program, and secrets do not travel: make it anew where it is "
                f"used, with its {' and '.join(missing)}"
            )
        return plain
    secrets: dict[str, Any] = json.loads(opened)
    headers = {**plain.get("headers", {}), **secrets.pop("headers", {})}
    return {**plain, **secrets, **({"headers": headers} if headers else {})}
