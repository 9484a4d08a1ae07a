"""Transports of one's own: see README.md here."""
