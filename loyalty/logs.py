"""Logs: event names and facts on standard error, for people at a terminal, else for machines."""

import logging
import sys
from typing import TextIO

import structlog

from loyalty.log_masks import masked

LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}


def set_up_logs(
    *, level: str = "warning", as_json: bool | None = None, stream: TextIO | None = None
) -> None:
    """Send log lines of `level` (one of `LEVELS`) and above to `stream`, by default stderr.

    `as_json` writes one object a line, for machines; unless told, whenever nobody looks. What
    libraries warn of comes in the same lines.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r}, one of {', '.join(LEVELS)} wanted")
    stream = stream or sys.stderr
    is_for_people = stream.isatty() if as_json is None else not as_json
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if is_for_people
        else structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            masked,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [it for it in root.handlers if isinstance(it, _LibraryLines)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryLines(logging.WARNING))


class _LibraryLines(logging.Handler):
    """What libraries log of their own accord, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log `record`; what cannot be logged stops nobody."""
        try:
            structlog.get_logger().log(
                min(record.levelno // 10 * 10, logging.CRITICAL),  # a library may have its own
                "library_logged",
                library=record.name,
                said=record.getMessage(),
                exc_info=record.exc_info,
            )
        except Exception:  # whatever its words say when they are put together
            self.handleError(record)
