"""The house rules that a machine can check: import directions, cores without I/O, portable files.

Every file of ours is a core unless `SHELLS` says which piece of the outside world it owns.
"""

import ast
import re
import tomllib
from fnmatch import fnmatch
from itertools import chain

from tests.source_tree import (
    PACKAGES,
    ROOT,
    calls,
    imports,
    is_below,
    modules_imported,
    parents,
    sources,
    tree,
    written_files,
)

# Folder or file -> what nothing below it may import. `revisit.py` alone may know every package.
FORBIDDEN = {
    "loyalty": ("device", "hub", "simulators"),
    "device": ("hub", "simulators"),
    "hub": ("device", "simulators"),
    "device/nfc": ("device.display", "device.mqtt"),
    "device/display": ("device.nfc", "device.mqtt"),
    "device/mqtt": ("device.nfc", "device.display"),
    "device/scanners": ("device.nfc", "device.display", "device.mqtt"),
}
FORBIDDEN_EVERYWHERE = ("revisit", "tests", "benchmarks", "scripts")

# Shell -> what it owns. Anything else is a core: no I/O, no clock, no chance, no log.
SHELLS = {
    "device/__main__.py": "a command line",
    "device/app.py": "the terminal's tasks",
    "device/commands/card.py": "a command line",
    "device/card_keys.py": "the file of card keys",
    "device/documents/catalogue.py": "the catalogue's file",
    "device/config.py": "the names of files",
    "device/config_table.py": "the configuration file",
    "device/console_front.py": "a text console",
    "device/display/cards/layout_files.py": "the files of layouts",
    "device/display/fonts.py": "the font files",
    "device/display/i18n.py": "the catalogues of messages",
    "device/documents/pulling.py": "the tasks and the log of what is pulled from the hub",
    "device/links/evdev.py": "an input device of the kernel",
    "device/links/readable.py": "the loop's watch over one descriptor",
    "device/commands/face.py": "a command line",
    "device/display/surfaces/epaper.py": "e-paper, and the thread that waits for it",
    "device/display/surfaces/framebuffer.py": "a framebuffer",
    "device/display/surfaces/sdl.py": "SDL's screen, mouse and loudspeaker",
    "device/display/touch/evdev.py": "a touch panel",
    "device/display/touch/lasting.py": "the log of touch panels that were lost",
    "device/graphic_front.py": "a screen that is touched",
    "device/open_screen.py": "the screen that the configuration names",
    "device/screen_config.py": "the names of files",
    "device/records/face_records.py": "the log of what is written down about faces",
    "device/held_card.py": "the log of cards that are not seen",
    "device/hub_config.py": "the names of files",
    "device/records/journal.py": "the lock on the journal's file",
    "device/records/journal_file.py": "the journal's file",
    "device/records/statements.py": "the journal's statements",
    "device/display/printers/eps3_printer.py": "the wait for the printer",
    "device/display/printers/evolis_printer.py": "the maker's SDK",
    "device/display/printers/sdk_thread.py": "the wait for a maker's SDK",
    "device/display/printers/ipp_printer.py": "the wait for a print queue",
    "device/display/printers/star_printer.py": "the wait for the printer",
    "device/links/library_thread.py": "a thread",
    "device/links/lockfile.py": "one file that says who is running",
    "device/mqtt/client.py": "the tasks of the road to the hub",
    "device/mqtt/connection.py": "paho and its socket",
    "device/mqtt/credentials.py": "the file of who a terminal is",
    "device/mqtt/pinned_post.py": "a request to the hub's web server",
    "device/mqtt/provisioning.py": "the files of a terminal that is paired",
    "device/mqtt/secret_change.py": "where the file of credentials is",
    "device/nfc/readers/pyscard_port.py": "PC/SC",
    "device/nfc/readers/kernel_nodes.py": "I2C and SPI, as the kernel shows them",
    "device/nfc/readers/bus_link.py": "the wait for a reader on a bus",
    "device/nfc/readers/dialogue.py": "the wait for the reader's answer",
    "device/nfc/readers/gpio_pin.py": "a line of a GPIO chip",
    "device/nfc/readers/libnfc.py": "libnfc's thread, and the lock on its port",
    "device/nfc/readers/libnfc_library.py": "libnfc",
    "device/nfc/readers/own_thread.py": "the wait for a library",
    "device/nfc/readers/supervisor.py": "the log of a reader's troubles",
    "device/open_printer.py": "the link to a printer",
    "device/commands/handover.py": "the command that hands lines over",
    "device/commands/pairing.py": "a command line",
    "device/printer_minder.py": "the log of a printer's troubles",
    "device/documents/published.py": "the file of a newer programme",
    "device/scanners/scanner.py": "the pause that ends a code",
    "device/scanning.py": "the log of a scanner's troubles",
    "device/links/serial_link.py": "a serial port",
    "device/slot.py": "the card slot, as the cycle wants it",
    "device/status_file.py": "the status file",
    "device/links/tcp_link.py": "a TCP connection",
    "device/terminal.py": "a terminal's tasks",
    "device/terminal_parts.py": "a terminal's real parts",
    "device/commands/terminal.py": "a command line",
    "hub/__main__.py": "a command line",
    "hub/commands/adjust.py": "a command line",
    "hub/commands/broker.py": "a command line",
    "hub/broker/folder.py": "the files of a broker's configuration",
    "hub/broker/config.py": "the names of files",
    "hub/broker_bridge.py": "the bridge's worker thread",
    "hub/broker/mqtt_road.py": "the bridge's connection to a broker elsewhere",
    "hub/commands/card.py": "a command line",
    "hub/commands/carried.py": "the command that takes lines from a file",
    "hub/commands/case.py": "a command line",
    "hub/config.py": "the configuration file",
    "hub/commands/copies.py": "a command line",
    "hub/commands/day.py": "a command line",
    "hub/broker/embedded.py": "the broker of a single shop",
    "hub/broker/device_broker.py": "the connections of a shop's devices",
    "hub/broker/device_connection.py": "one of them",
    "hub/ledger/hotlist.py": "the statements about stopped cards",
    "hub/ledger/leases.py": "the statements about leases",
    "hub/ledger/watermarks.py": "the statements about how far devices have told",
    "hub/web/counted_socket.py": "the connections of a listening socket",
    "hub/web/listening.py": "the end of listening sockets",
    "hub/commands/fork.py": "a command line",
    "hub/commands/heads.py": "a command line",
    "hub/hub.py": "the hub's tasks",
    "hub/commands/hub.py": "a command line",
    "hub/posting/intake.py": "the transaction of each group of messages",
    "hub/broker/fair_queue.py": "what waits between the bridge's two threads",
    "hub/ledger/backup.py": "the files of backups",
    "hub/ledger/books.py": "the ledger's working set",
    "hub/ledger/cards.py": "the statements about cards",
    "hub/ledger/closes.py": "the statements about closed days",
    "hub/ledger/devices.py": "the statements about devices",
    "hub/ledger/escrow.py": "the statements about what cards hold",
    "hub/ledger/export.py": "the files of sheets",
    "hub/ledger/figures.py": "the statements about figures",
    "hub/ledger/histories.py": "the statements about facts that come late",
    "hub/ledger/holds.py": "the statements about holds",
    "hub/ledger/inbox.py": "the statements about lines",
    "hub/ledger/proofs.py": "the statements about cards' proofs",
    "hub/ledger/ledger.py": "where the ledger is",
    "hub/ledger/members.py": "the statements about members",
    "hub/ledger/migrations/env.py": "the connection of a migration",
    "hub/ledger/migrations/versions/0001_the_first_ledger.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0002_what_a_card_is.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0003_what_cards_prove.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0004_what_is_held.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0005_who_has_a_case.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0006_leases_and_two_people.py": "the statements of a migration",
    "hub/ledger/migrations/versions/0007_rows_of_lines.py": "the statements of a migration",
    "hub/ledger/postings.py": "the statements about accounts",
    "hub/ledger/postgres.py": "the ledger's server",
    "hub/ledger/postgres_copy.py": "rows on their way to it",
    "hub/ledger/postgres_database.py": "a connection to it",
    "hub/ledger/postgres_patience.py": "what a connection to it is opened with",
    "hub/ledger/postgres_writer.py": "the statements that write to a server",
    "hub/ledger/proposals.py": "the statements about what takes two people",
    "hub/ledger/queries.py": "the ledger's questions",
    "hub/ledger/restore.py": "the ledger's file, while it is replaced",
    "hub/ledger/sqlite.py": "the ledger's file, and the statements that write to it",
    "hub/ledger/upgrade.py": "the schema of a ledger that is older",
    "hub/commands/ledger.py": "a command line",
    "hub/web/observer.py": "the hub's disk, and the thread that asks its ledger",
    "hub/commands/offline.py": "a command line",
    "hub/broker/packet_limit.py": "a connection's stream",
    "hub/commands/programme_file.py": "the file of a programme",
    "hub/broker/logins.py": "the watch over who may log in",
    "hub/commands/lease_key.py": "a command line",
    "hub/broker/mosquitto_logins.py": "the command that has mosquitto read again",
    "hub/pairing/codes.py": "the statements about pairing codes",
    "hub/commands/pairing.py": "a command line",
    "hub/commands/person.py": "an option of command lines",
    "hub/pairing/config.py": "the files of certificates",
    "hub/pairing/provisioning.py": "the threads of what new devices ask",
    "hub/pairing/secret_change.py": "the statements about a device's next secret",
    "hub/whole_file.py": "a file that is replaced whole",
    "hub/posting/rebuild.py": "the file of a ledger that is made anew",
    "hub/commands/rebuild.py": "a command line, and the folder of a ledger that is made anew",
    "hub/offline_config.py": "the names of files",
    "hub/secret_files.py": "the files of secrets",
    "hub/web/server.py": "the hub's web server",
    "hub/web/config.py": "the names of files",
    "loyalty/clock.py": "the machine's clock",
    "loyalty/logs.py": "standard error",
    "loyalty/service_manager.py": "the service manager's socket",
    "loyalty/private_files.py": "the modes of files",
    "loyalty/text_files.py": "the files of texts",
    "loyalty/tls.py": "the files of certificates",
    "simulators/baskets.py": "the files of real baskets",
    "simulators/calm_site.py": "the hub in this process",
    "simulators/free_port.py": "a port that is free",
    "simulators/front.py": "the wait at a terminal",
    "simulators/hub_process.py": "a process of its own",
    "simulators/life.py": "the files and tasks of a terminal's program",
    "simulators/mosquitto.py": "a process of mosquitto",
    "simulators/network.py": "the sockets between clients and broker",
    "simulators/pcsc.py": "the wait of another thread",
    "simulators/pcscd.py": "the PC/SC service's socket",
    "simulators/pn532_command.py": "a command line",
    "simulators/pn532_port.py": "the name of a reader's pty",
    "simulators/kiosk_command.py": "a command line",
    "simulators/power_recorder.py": "SQLite's files, through a VFS",
    "simulators/printer_command.py": "a command line",
    "simulators/printer_port.py": "a printer's pty or TCP port",
    "simulators/pty_port.py": "a pty",
    "simulators/quick_clock.py": "the machine's clock",
    "simulators/replay.py": "the tasks of a whole replay",
    "simulators/replay_command.py": "a command line",
    "simulators/rough_site.py": "the hub's process, the broker and their files",
    "simulators/script_clock.py": "the wait for a simulated moment",
    "simulators/shared_clock.py": "eight bytes of a file",
    "simulators/shopper.py": "a person's patience",
    "simulators/sim_command.py": "a command line",
    "simulators/stations.py": "the lives of a simulated terminal",
    "simulators/typed_hand.py": "standard input and output",
    "simulators/visits.py": "the tasks of one visit",
}

# Modules through which a program meets the outside world, its clock or its chance.
OUTSIDE = {
    *("importlib", "mmap", "os", "pathlib", "shutil", "tempfile"),  # files
    *("fcntl", "pty", "serial", "termios", "tty", "ctypes", "nfc", "pynfc"),  # hardware
    *("gpiod", "smartcard"),  # hardware too
    *("http", "select", "selectors", "socket", "ssl", "urllib", "amqtt", "paho"),  # networks
    "uvicorn",  # and another
    *("sqlite3", "psycopg", "alembic", "tinydb", "pandas", "pyarrow"),  # stores
    *("asyncio", "concurrent", "multiprocessing", "queue", "signal", "subprocess", "threading"),
    *("argparse", "logging", "rich", "structlog", "sys", "typer"),  # people
    *("secrets", "time", "uuid"),  # clock and chance
}
OUTSIDE_CALLS = {"open", "input", "print"}

# I/O library -> the one place that may import it.
HOMES = {
    "amqtt": ("hub/broker/device_broker.py", "hub/broker/device_connection.py"),
    "apsw": ("simulators/power_recorder.py",),
    "gpiod": ("device/nfc/readers/gpio_pin.py",),
    "alembic": ("hub/ledger/upgrade.py", "hub/ledger/migrations/*"),
    "paho": ("device/mqtt/connection.py", "hub/broker/mqtt_road.py"),
    "pandas": ("simulators/baskets.py",),
    "psycopg": ("hub/ledger/postgres*.py",),
    "pyarrow": ("simulators/baskets.py",),
    "pynfc": ("device/nfc/readers/libnfc_library.py",),
    "smartcard": ("device/nfc/readers/pyscard_port.py",),
    "sqlalchemy": (
        "hub/ledger/columns.py",
        "hub/ledger/tables.py",
        "hub/ledger/upgrade.py",
        "hub/ledger/migrations/*",
    ),
    "sqlite3": ("device/records/*.py", "hub/ledger/*.py", "simulators/power_recorder.py"),
    "tinydb": ("device/documents/catalogue.py",),
    "uvicorn": ("hub/web/server.py",),
    "termios": ("device/links/serial_link.py", "simulators/pty_port.py"),
}

# What calls itself portable also runs on boards; these must.
PORTABLE = {
    *("loyalty/card.py", "loyalty/chain.py", "loyalty/cmac.py", "loyalty/keys.py"),
    *("loyalty/sun.py", "loyalty/topics.py", "loyalty/wire.py", "loyalty/wire_schema.py"),
    *("device/nfc/classic.py", "device/nfc/commands.py", "device/nfc/frames.py"),
    *("device/nfc/mad.py", "device/nfc/ntag.py"),
}
ON_BOARDS = {"json", "struct", "binascii", "hashlib"}

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools"}


def test_imports_point_one_way():
    offences = [
        f"{name} imports {imported}"
        for name in sources()
        for imported in imports(name)
        for folder, banned in [*FORBIDDEN.items(), ("", FORBIDDEN_EVERYWHERE)]
        if is_below(name, folder) and imported in banned
    ]

    assert offences == []


def test_only_shells_meet_the_outside_world():
    offences = [
        f"{name} imports {imported}; if it is a shell, say in SHELLS what it owns"
        for name in sources()
        if name not in SHELLS
        for imported in imports(name) & OUTSIDE
    ]

    assert offences == []


def test_cores_neither_open_nor_print():
    offences = [
        f"{name}:{call.lineno} calls {call.func.id}"
        for name in sources()
        if name not in SHELLS
        for call in calls(name)
        if isinstance(call.func, ast.Name) and call.func.id in OUTSIDE_CALLS
    ]

    assert offences == []


def test_nobody_takes_time_or_chance_from_the_air():
    # A generator with a seed (`random.Random(7)`) is given, not taken.
    taken = ("random.[a-z]*", "datetime.now", "datetime.utcnow", "date.today", "datetime.today")

    offences = [
        f"{name}:{call.lineno} calls {ast.unparse(call.func)}"
        for name in sources()
        for call in calls(name)
        for pattern in taken
        if fnmatch(ast.unparse(call.func), pattern)
    ]

    assert offences == []


def test_every_shell_is_there():
    missing = [name for name in SHELLS if not (ROOT / name).is_file()]

    assert missing == []


def test_an_io_library_has_one_home():
    offences = [
        f"{name} imports {library}, which belongs to {' and '.join(homes)}"
        for library, homes in HOMES.items()
        for name in sources()
        if library in imports(name) and not any(fnmatch(name, home) for home in homes)
    ]

    assert offences == []


def test_what_boards_run_says_that_it_is_portable():
    silent = PORTABLE - set(portable_sources())

    assert silent == set()


def test_portable_files_import_what_boards_have():
    modules = {name.removesuffix(".py").replace("/", ".") for name in portable_sources()}
    packages = {parent for it in modules for parent in parents(it)}

    offences = [
        f"{name} imports {imported}"
        for name in portable_sources()
        for imported in modules_imported(name) - ON_BOARDS - modules - packages
    ]

    assert offences == []


def test_portable_files_stay_inside_the_language_of_boards():
    offences = [
        f"{name}:{node.lineno} has {type(node).__name__}"
        for name in portable_sources()
        for node in ast.walk(tree(name))
        if isinstance(node, (ast.Match, ast.TryStar))
        or (isinstance(node, (ast.FunctionDef, ast.Lambda)) and node.args.posonlyargs)
    ]

    assert offences == []


def test_a_package_says_what_it_is_and_does_nothing():
    inits = [name for name in sources() if name.endswith("__init__.py")]

    offences = [
        name for name in inits if ast.get_docstring(tree(name)) is None or len(tree(name).body) != 1
    ]

    assert offences == []


def test_a_file_is_named_for_its_job():
    offences = [
        str(path) for path in written_files() if path.suffix == ".py" and path.stem in EMPTY_NAMES
    ]

    assert offences == []


def test_nothing_points_outside_the_repository():
    outside = ("../" + "shared", "/work" + "/shared", "/work" + "/main")

    offences = [
        str(path)
        for path in written_files()
        if any(it in path.read_text(errors="replace") for it in outside)
    ]

    assert offences == []


def test_documents_name_files_that_exist():
    named = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.\w+)`|\]\((?!https?:)([\w./-]+)\)")
    offences = [
        f"{path.relative_to(ROOT)} names {written or linked}"
        for path in written_files()
        if path.suffix == ".md"
        for written, linked in named.findall(path.read_text())
        if not ((ROOT / written).exists() if written else (path.parent / linked).exists())
    ]

    assert offences == []


def test_words_in_the_code_name_files_and_modules_that_exist():
    below = "|".join((*PACKAGES, "tests", "docs", "scripts", "benchmarks"))
    file = rf"`((?:{below})/[\w./-]*(?:/|\.\w+))`"
    module = rf"`((?:{'|'.join(PACKAGES)})\.[a-z_.]+)`"
    offences = [
        f"{path.relative_to(ROOT)} names {named}"
        for path in written_files()
        if path.suffix == ".py"
        for named in re.findall(file, path.read_text()) + re.findall(module, path.read_text())
        if not ((ROOT / named).exists() or is_module(named) or named.endswith((".toml", ".log")))
    ]

    assert offences == []


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    lock = (ROOT / "requirements" / "dev.lock").read_text()

    offences = [
        f"{it}: run scripts/lock"
        for it in (re.match(r"[\w.-]+", requirement).group().lower() for requirement in named)
        if f"\n{it}==" not in lock
    ]

    assert offences == []


def is_module(named: str) -> bool:
    """Return whether `named` is a module or package of ours, or something that is in one."""
    inside, _, last = named.rpartition(".")
    places = [ROOT / it.replace(".", "/") for it in (named, inside)]
    if places[0].is_dir() or places[0].with_suffix(".py").is_file():
        return True
    source = places[1].with_suffix(".py")
    return source.is_file() and re.search(rf"\b{last}\b", source.read_text()) is not None


def portable_sources() -> tuple[str, ...]:
    """Return the files whose docstring says that they are portable."""
    return tuple(it for it in sources() if "Portable." in (ast.get_docstring(tree(it)) or ""))
