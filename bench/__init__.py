"""Measurements of speed and memory: ``python -m bench``. How to read them: README.md."""
