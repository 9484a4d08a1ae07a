"""Transports besides WebSockets of the ``websockets`` library: for ``transport_factory=``."""
