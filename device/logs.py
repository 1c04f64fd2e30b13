"""Logs of a terminal: event names and facts on standard error, quiet unless something is wrong."""

import logging
import sys
from typing import TextIO

import structlog

LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}


def set_up_logs(
    *, level: str = "warning", as_json: bool = False, stream: TextIO | None = None
) -> None:
    """Send log lines of `level` (one of `LEVELS`) and above to `stream`, by default stderr.

    `as_json` writes one object a line, for machines; otherwise lines are for people.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r}, one of {', '.join(LEVELS)} wanted")
    stream = stream or sys.stderr
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
