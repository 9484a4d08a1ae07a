"""Writes the reference out of the operations and models: ``reference.md``, and the pages of the documentation site."""
