"""A terminal at work, from the first open port until it is told to end."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TextIO

import structlog

from device.config import DeviceConfig
from device.console_front import take_typed
from device.graphic_front import GraphicFront
from device.mqtt.client import HubClient
from device.records.journal_file import JournalFailed
from device.records.recorder import Recorder
from device.scanning import take_scanned
from device.status import Status, hub_word
from device.status_file import StatusFile
from device.terminal_parts import Terminal, build_terminal
from loyalty.clock import SystemClock
from loyalty.service_manager import READY, STOPPING, ServiceManager

PRUNE_EVERY_MS = 3_600_000
FINISH_WITHIN_S = 45.0  # whoever is at the terminal; a card in the gate is drawn in again by then
RECEIPT_WITHIN_S = 5.0  # the hub's, for what they did
SILENT_MAX_MS = 10_000

log = structlog.get_logger()


async def run_terminal(
    kind: str,
    config: DeviceConfig,
    *,
    programme_file: Path | None,
    keyboard: int,
    screen: TextIO,
    manager: ServiceManager,
) -> None:
    """Run a `kiosk` or `handheld` until SIGTERM or SIGINT, and tell `manager` how it is.

    Whoever is there then is served to the end, and the hub is told, as far as time allows.

    Raises:
        DeviceError: a part cannot start; the message says which, and what it needs.
    """
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with AsyncExitStack() as opened:
        terminal = await build_terminal(kind, config, programme_file, screen, opened)
        async with asyncio.TaskGroup() as group:
            working = group.create_task(terminal.app.run(), name="app")
            tasks = [
                working,
                group.create_task(terminal.parts.hub.run(), name="hub client"),
                group.create_task(_prune(terminal.parts.recorder), name="pruning"),
                group.create_task(terminal.days.watch(terminal.app), name="days"),
                group.create_task(_feed_watchdog(manager, terminal.parts.hub), name="watchdog"),
                group.create_task(
                    take_typed(
                        kind, keyboard, terminal.front, terminal.app, lambda: terminal.app.setting
                    ),
                    name="keyboard",
                ),
            ]
            if terminal.documents is not None:
                pulling = terminal.documents.run()
                tasks.append(group.create_task(pulling, name="documents"))
            if isinstance(terminal.front, GraphicFront):
                looking = terminal.front.run(terminal.app)
                tasks.append(group.create_task(looking, name="screen"))
            if terminal.scanner is not None:
                scanning = take_scanned(
                    terminal.scanner, terminal.parts.identifier, terminal.app, terminal.parts.clock
                )
                tasks.append(group.create_task(scanning, name="scanner"))
            if config.status is not None:
                status_file = StatusFile(
                    config.status, lambda: _status(config, terminal), terminal.parts.clock
                )
                tasks.append(group.create_task(status_file.run(), name="status"))
            manager.tell(READY)
            await ended.wait()
            manager.tell(STOPPING)
            await _finish(terminal, working)
            for task in tasks:
                task.cancel()


def _status(config: DeviceConfig, terminal: Terminal) -> Status:
    hub, journal, health = terminal.parts.hub, terminal.parts.journal, terminal.reader.health
    printer = "none"
    if terminal.slot is not None:
        printer = "ok" if terminal.slot.trouble is None else terminal.slot.trouble.value
    return Status(
        at_ms=terminal.parts.clock.now_ms(),
        store=config.identity.store,
        device=config.identity.device,
        hub=hub_word(is_online=hub.online, is_refused=hub.is_refused),
        hub_heard_ms=hub.heard_ms,
        pending_lines=journal.pending_lines,
        journal_fill=journal.fill,
        reader="lost" if terminal.reader.is_lost else "ok",
        reader_failures=health.failures,
        reader_recoveries=health.recoveries,
        printer=printer,
    )


async def _feed_watchdog(manager: ServiceManager, hub: HubClient) -> None:
    clock = SystemClock()
    # The client looks at the journal several times a second, whether the hub is there or not.
    await manager.feed_watchdog(clock, lambda: clock.monotonic_ms() - hub.turned_ms < SILENT_MAX_MS)


async def _finish(terminal: Terminal, working: asyncio.Task[None]) -> None:
    """Serve whoever is here, and have the hub hear of it; neither for ever."""
    terminal.app.finish()
    await asyncio.wait({working}, timeout=FINISH_WITHIN_S)
    hub, journal = terminal.parts.hub, terminal.parts.journal
    if hub.online:
        with suppress(TimeoutError):
            async with asyncio.timeout(RECEIPT_WITHIN_S):
                await hub.settled(journal.last_seq)
    log.info("terminal_finished", is_done=working.done(), pending_lines=journal.pending_lines)


async def _prune(recorder: Recorder) -> None:
    clock = SystemClock()
    while True:
        try:
            # One call forgets a bounded number of lines, so that no sale waits for it.
            more = recorder.prune() > 0
        except JournalFailed as error:
            log.error("journal_not_pruned", error=str(error))
            more = False
        await clock.sleep_ms(0 if more else PRUNE_EVERY_MS)
