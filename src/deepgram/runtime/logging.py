"""What is logged, where to, and the filter that keeps keys out of the log of the websockets library."""

from __future__ import annotations

import logging
from typing import Any, Literal, Protocol, Union, cast

from typing_extensions import TypedDict

from .redaction import is_secret, redacted

LogLevel = Literal["debug", "info", "warn", "error"]

LEVELS: dict[LogLevel, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class ILogger(Protocol):
    """Where records go: any object with these four methods."""

    def debug(self, message: str, **kwargs: Any) -> None: ...
    def info(self, message: str, **kwargs: Any) -> None: ...
    def warn(self, message: str, **kwargs: Any) -> None: ...
    def error(self, message: str, **kwargs: Any) -> None: ...


class LogConfig(TypedDict, total=False):
    """What ``logging=`` of a client takes."""

    level: LogLevel
    """The least severe level that is logged; ``info`` if not given."""
    logger: ILogger
    """Where records go; the Python logger ``fern``, shown on stderr, if not given."""
    silent: bool
    """True, the default, logs nothing."""


class ConsoleLogger:
    """Writes to the Python logger ``fern``, and shows it on stderr if nobody set that up."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("fern")
        if not self._logger.handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(levelname)s - %(message)s"))
            self._logger.addHandler(handler)
            self._logger.setLevel(logging.DEBUG)

    def debug(self, message: str, **kwargs: Any) -> None:
        self._log(logging.DEBUG, message, kwargs)

    def info(self, message: str, **kwargs: Any) -> None:
        self._log(logging.INFO, message, kwargs)

    def warn(self, message: str, **kwargs: Any) -> None:
        self._log(logging.WARNING, message, kwargs)

    def error(self, message: str, **kwargs: Any) -> None:
        self._log(logging.ERROR, message, kwargs)

    def _log(self, level: int, message: str, details: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", " ".join([message, *(f"{name}={value}" for name, value in details.items())]))


class Logger:
    """Passes on what is severe enough."""

    def __init__(self, *, level: LogLevel, logger: ILogger, silent: bool) -> None:
        self._level = LEVELS[level]
        self._logger = logger
        self._silent = silent

    def _wants(self, level: LogLevel) -> bool:
        return not self._silent and self._level <= LEVELS[level]

    def is_debug(self) -> bool:
        return self._wants("debug")

    def is_info(self) -> bool:
        return self._wants("info")

    def is_warn(self) -> bool:
        return self._wants("warn")

    def is_error(self) -> bool:
        return self._wants("error")

    def debug(self, message: str, **kwargs: Any) -> None:
        if self.is_debug():
            self._logger.debug(message, **kwargs)

    def info(self, message: str, **kwargs: Any) -> None:
        if self.is_info():
            self._logger.info(message, **kwargs)

    def warn(self, message: str, **kwargs: Any) -> None:
        if self.is_warn():
            self._logger.warn(message, **kwargs)

    def error(self, message: str, **kwargs: Any) -> None:
        if self.is_error():
            self._logger.error(message, **kwargs)


class _Nowhere:
    """Takes no record: what a client without ``logging=`` has."""

    def debug(self, message: str, **kwargs: Any) -> None: ...
    def info(self, message: str, **kwargs: Any) -> None: ...
    def warn(self, message: str, **kwargs: Any) -> None: ...
    def error(self, message: str, **kwargs: Any) -> None: ...


def create_logger(config: Union[LogConfig, Logger, None] = None) -> Logger:
    """Return the logger that ``logging=`` asks for. Raises ``ValueError`` for a level that does not exist."""
    if isinstance(config, Logger):
        return config
    if config is None or config.get("silent", True):
        return Logger(level="error", logger=_Nowhere(), silent=True)
    level = config.get("level", "info")
    if level not in LEVELS:
        raise ValueError(f"logging['level'] is one of {', '.join(LEVELS)}, not {level!r}")
    return Logger(level=level, logger=config.get("logger") or ConsoleLogger(), silent=False)


class NoSecrets(logging.Filter):
    """Masks the headers that the websockets library logs at DEBUG, one record for each: name and value."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) >= 2 and is_secret(str(args[-2])):
            record.args = (*args[:-1], redacted(str(args[-2]), str(args[-1])))
        return True


def redact_websocket_logs() -> None:
    """Keep keys out of the log of the websockets library: in the whole process, once."""
    for name in ("websockets.client", "websockets.server"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, NoSecrets) for known in logger.filters):
            logger.addFilter(cast(logging.Filter, NoSecrets()))
