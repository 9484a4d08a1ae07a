"""The version of this package: the one place where it stands."""

__version__ = "7.18.0"
