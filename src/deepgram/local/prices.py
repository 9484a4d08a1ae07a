"""What requests would cost: the price list of this server.

Nobody pays anything here. Prices exist so that programs which read balances, bills and the price of a request see
figures that move as they would, and that follow from what was really asked. They have the size of what speech services
charge, and promise nothing about anybody's bill; what each stands for is said in ``docs/local-server.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

STREAMING = "streaming"
BATCH = "batch"


@dataclass(frozen=True)
class Price:
    """US dollars for a unit."""

    minute: float = 0.0
    """Of audio, per channel that was asked to be heard apart."""
    thousand_characters: float = 0.0
    """Of text that was spoken."""
    thousand_tokens_in: float = 0.0
    thousand_tokens_out: float = 0.0


# The first line whose name begins a line item counts: the more exact ones stand first.
PRICES: tuple[tuple[str, Price], ...] = (
    (f"{STREAMING}::nova", Price(minute=0.0077)),
    (f"{STREAMING}::flux", Price(minute=0.0077)),
    (f"{STREAMING}::", Price(minute=0.0165)),
    (f"{BATCH}::nova", Price(minute=0.0043)),
    (f"{BATCH}::whisper", Price(minute=0.0048)),
    (f"{BATCH}::", Price(minute=0.0145)),
    ("speak::aura-2", Price(thousand_characters=0.03)),
    ("speak::", Price(thousand_characters=0.015)),
    ("read::", Price(thousand_tokens_in=0.0003, thousand_tokens_out=0.0006)),
    ("agent::", Price(minute=0.08)),
)


def line_item(endpoint: str, processing: str, model: str | None) -> str:
    """Return the line of the bill that a request belongs to, such as ``streaming::nova-3``."""
    kind = (STREAMING if processing == "streaming" else BATCH) if endpoint == "listen" else endpoint
    return f"{kind}::{model or 'default'}"


def described(item: str) -> str:
    """Return what a line of the bill is about, for people."""
    kind, _, model = item.partition("::")
    what = {
        STREAMING: "Live audio",
        BATCH: "Recorded audio",
        "speak": "Text to speech",
        "read": "Text analysis",
        "agent": "Voice agent",
    }.get(kind, kind)
    return f"{what}, model {model}"


def cost(
    item: str,
    *,
    seconds: float = 0.0,
    channels: int = 1,
    characters: int = 0,
    tokens_in: int = 0,
    tokens_out: int = 0,
) -> float:
    """Return the price of a request in US dollars. Time counts by the second."""
    price = next(price for begin, price in (*PRICES, ("", Price())) if item.startswith(begin))
    dollars = (
        price.minute * seconds / 60 * channels
        + price.thousand_characters * characters / 1000
        + price.thousand_tokens_in * tokens_in / 1000
        + price.thousand_tokens_out * tokens_out / 1000
    )
    return round(dollars, 10)
