"""The log: one JSON object a line on standard error."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

# A key that came to the server where none belongs (an address, a header's name) may be part of what a library
# says about it: only the display prefix, which pages show too, is kept.
_KEY = re.compile(r"(lpt_[0-9A-Za-z]{8})[0-9A-Za-z]+")

# An address may be named with its query, which may hold anything.
_QUERY = re.compile(r"\?[^\s'\"]+")


class LibraryHandler(logging.Handler):
    """Puts what libraries log by `logging` into the log, as one event each: its text, and whose it is.

    gunicorn is one of them; what it refuses by itself never comes here, since `leapter.worker` logs that.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log `record`, without the query of an address that it names."""
        more: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            more["exc_info"] = record.exc_info
        # Libraries may invent levels, which structlog does not know.
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.get_logger().log(level, _QUERY.sub("", record.getMessage()), **more)


# For gunicorn, which sets its own loggers up from this.
LIBRARY_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "WARNING", "handlers": ["log"]},
    "loggers": {"gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True}},
    "handlers": {"log": {"class": "leapter.logs.LibraryHandler"}},
    "formatters": {},
}


class _StandardError:
    """Writes to what standard error is at that moment; what was done must not fail over its log line."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            pass  # there is none, it is full or was closed

    debug = info = warning = error = critical = msg


def configure(level: str) -> None:
    """Set the log up for `level`. Values that could hold a secret are never logged: events name ids only."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
            _without_keys,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *names: _StandardError(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, LibraryHandler) for handler in root.handlers):
        root.addHandler(LibraryHandler())


def _without_keys(logger: WrappedLogger, name: str, line: EventDict | str) -> str:
    return _KEY.sub(r"\1...", str(line))
