"""Addresses of the service."""

from __future__ import annotations

TYPE_CHECKING = False  # the module typing is slow to import, and every client imports this one

if TYPE_CHECKING:
    from typing import ClassVar


class DeepgramClientEnvironment:
    """Where requests and conversations go: one address for each kind.

    A path prefix in an address is kept, for proxies that serve the API below a path.
    """

    PRODUCTION: ClassVar[DeepgramClientEnvironment]
    """The hosted service."""
    AGENT: ClassVar[DeepgramClientEnvironment]
    """The hosted service with REST on the agent's host, as releases 6 had it."""

    def __init__(self, *, base: str, production: str, agent: str, agent_rest: str | None = None) -> None:
        """Take the addresses.

        Args:
            base: Of REST (https).
            production: Of speech-to-text and text-to-speech sockets (wss).
            agent: Of the agent's socket (wss).
            agent_rest: Of REST on the agent's host (https); the https form of ``agent`` if not given.
        """
        self.base = base
        self.production = production
        self.agent = agent
        self.agent_rest = https_form(agent) if agent_rest is None else agent_rest

    @classmethod
    def at(cls, base_url: str) -> DeepgramClientEnvironment:
        """Return the environment in which one address serves everything: REST and sockets.

        ``base_url`` starts with http:// or https:// (ws:// and wss:// are understood). Raises ``ValueError``
        for what is no such address, and for one that holds a password, a query or a fragment.
        """
        rest = https_form(base_url.strip())
        scheme, _, rest_of_url = rest.partition("://")
        host = rest_of_url.partition("/")[0]
        if scheme not in {"http", "https"} or not host or not rest.isascii() or not rest.isprintable() or " " in rest:
            raise ValueError(
                "base_url must be an address like https://api.deepgram.com or http://127.0.0.1:8080/prefix"
            )
        if "@" in host or "?" in rest or "#" in rest:
            raise ValueError("base_url must not hold a password, a query or a fragment; give the key as api_key=")
        sockets = "ws" + rest.removeprefix("http")
        return cls(base=rest, production=sockets, agent=sockets, agent_rest=rest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeepgramClientEnvironment) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.base, self.production, self.agent, self.agent_rest))

    def __repr__(self) -> str:
        addresses = ", ".join(f"{name}={address!r}" for name, address in vars(self).items())
        return f"DeepgramClientEnvironment({addresses})"


def https_form(address: str) -> str:
    """Return ``address`` with the scheme of REST: http for ws, https for wss."""
    return "http" + address.removeprefix("ws") if address.startswith(("ws://", "wss://")) else address


DeepgramClientEnvironment.PRODUCTION = DeepgramClientEnvironment(
    base="https://api.deepgram.com", production="wss://api.deepgram.com", agent="wss://agent.deepgram.com"
)
DeepgramClientEnvironment.AGENT = DeepgramClientEnvironment(
    base="https://agent.deepgram.com", production="wss://api.deepgram.com", agent="wss://agent.deepgram.com"
)
