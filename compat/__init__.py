"""The import surface as data, and what reads it for the build."""
