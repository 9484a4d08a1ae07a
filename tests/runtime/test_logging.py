"""Where records go, and what the websockets library may say."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from deepgram.runtime.logging import ConsoleLogger, LogConfig, Logger, create_logger, redact_websocket_logs

SECRET = "5f3c9a7e11d2b4c68"


class Sink:
    def __init__(self) -> None:
        self.levels: list[str] = []

    def debug(self, message: str, **kwargs: Any) -> None:
        self.levels.append("debug")

    def info(self, message: str, **kwargs: Any) -> None:
        self.levels.append("info")

    def warn(self, message: str, **kwargs: Any) -> None:
        self.levels.append("warn")

    def error(self, message: str, **kwargs: Any) -> None:
        self.levels.append("error")


def say_everything(log: Logger | ConsoleLogger | Sink) -> None:
    log.debug("m")
    log.info("m")
    log.warn("m", a=1)
    log.error("m")


@pytest.mark.parametrize(
    ("config", "heard"),
    [
        (None, []),
        ({}, []),
        ({"silent": True, "level": "debug"}, []),
        ({"silent": False}, ["info", "warn", "error"]),
        ({"silent": False, "level": "debug"}, ["debug", "info", "warn", "error"]),
        ({"silent": False, "level": "error"}, ["error"]),
    ],
)
def test_a_configuration_says_what_is_logged(config: LogConfig | None, heard: list[str]) -> None:
    sink = Sink()
    log = create_logger(None if config is None else {**config, "logger": sink})
    say_everything(log)
    assert sink.levels == heard
    asked = [name for name in ("debug", "info", "warn", "error") if getattr(log, f"is_{name}")()]
    assert asked == heard


def test_a_logger_is_taken_as_it_is() -> None:
    log = Logger(level="warn", logger=Sink(), silent=False)
    assert create_logger(log) is log


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="one of debug, info, warn, error, not 'loud'"):
        create_logger({"level": "loud", "silent": False})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.fixture
def fern() -> Iterator[logging.Logger]:
    logger = logging.getLogger("fern")
    handlers, level = logger.handlers[:], logger.level
    logger.handlers.clear()
    yield logger
    logger.handlers[:], logger.level = handlers, level


def test_the_console_logger_shows_records_on_stderr(fern: logging.Logger) -> None:
    log = create_logger({"silent": False, "level": "debug"})
    (handler,) = fern.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(text := io.StringIO())
    say_everything(log)
    assert text.getvalue() == "DEBUG - m\nINFO - m\nWARNING - m a=1\nERROR - m\n"


def test_the_console_logger_leaves_a_logger_that_is_set_up_alone(fern: logging.Logger) -> None:
    fern.addHandler(logging.NullHandler())
    fern.setLevel(logging.CRITICAL)
    say_everything(ConsoleLogger())
    assert len(fern.handlers) == 1


def test_d45_the_websockets_library_does_not_log_keys(caplog: pytest.LogCaptureFixture) -> None:
    redact_websocket_logs()
    redact_websocket_logs()
    logger = logging.getLogger("websockets.client")
    assert len([known for known in logger.filters if type(known).__name__ == "NoSecrets"]) == 1
    with caplog.at_level(logging.DEBUG, "websockets.client"):
        logger.debug("> %s: %s", "Authorization", f"Token {SECRET}")
        logger.debug("> %s: %s", "Sec-WebSocket-Protocol", f"token, {SECRET}")
        logger.debug("> %s: %s", "Host", "h")
        logger.debug("no arguments")
    assert caplog.messages == [
        "> Authorization: Token [REDACTED]",
        "> Sec-WebSocket-Protocol: [REDACTED]",
        "> Host: h",
        "no arguments",
    ]
