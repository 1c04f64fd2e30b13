"""Debian's PostgreSQL on a free loopback port, with a folder of its own, for as long as tests run.

`REVISIT_TEST_PG=postgresql://…` uses a server that is there already; each test gets a database.
"""

import itertools
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg

from simulators.free_port import free_port

START_WITHIN_S = 60
ROOT = 0
MIB = 1024 * 1024

# For tests in which nobody kills it: they need not wait for the disk.
HASTY = ("fsync=off", "full_page_writes=off", "max_connections=40")

_number = itertools.count(1)


@contextmanager
def running_server() -> Iterator[str]:
    """Run a server and return its URL, without the name of a database."""
    given = os.environ.get("REVISIT_TEST_PG", "")
    if given:
        yield given.rstrip("/")
        return
    with PostgresServer(*HASTY) as server:
        yield server.url


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """Make an empty database on the server and return its URL; drop it afterwards."""
    name = f"revisit_{os.getpid()}_{next(_number)}"
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server_url}/{name}"
    finally:
        with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class PostgresServer:
    """A server in a folder of its own; use it as a context manager."""

    def __init__(self, *settings: str, segment_bytes: int = 16 * MIB) -> None:
        """`settings` are lines of its configuration, NAME=VALUE; its log comes in segments."""
        self._settings = settings
        self._segment_mib = segment_bytes // MIB
        self._folder = Path(tempfile.mkdtemp(prefix="revisit-postgres-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}"

    def __enter__(self) -> "PostgresServer":
        if os.getuid() == ROOT:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        trusting = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        segments = f"--wal-segsize={self._segment_mib}"
        _as_owner(_bin() / "initdb", "-D", self._data, *trusting, segments)
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.control("stop", "-m", "immediate", "-w")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, also after a crash, and wait until it answers."""
        own = (f"port={self._port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        options = " ".join(f"-c {it}" for it in (*self._settings, *own))
        log = self._folder / "log"
        self.control("start", "-l", log, "-w", "-t", START_WITHIN_S, "-o", options)

    def kill(self) -> None:
        """Kill the server and every process of it with SIGKILL, as a power cut of the process.

        They are gone when this returns: beside one that still ends, none starts anew.
        """
        first, *_ = self._pids()
        os.kill(first, signal.SIGSTOP)  # so that it makes no further ones
        with ExitStack() as dying:
            for pid in self._pids():
                with suppress(ProcessLookupError):
                    process = os.pidfd_open(pid)
                    dying.callback(os.close, process)
                    dying.callback(select.select, [process], [], [])
                    signal.pidfd_send_signal(process, signal.SIGKILL)
        (self._data / "postmaster.pid").unlink()

    @contextmanager
    def files_of_at_most(self, size_bytes: int) -> Iterator[None]:
        """Let no file of it grow beyond `size_bytes`, as on a full disk."""
        pids = self._pids()
        for pid in pids:
            _as_owner("prlimit", "--pid", pid, f"--fsize={size_bytes}:")
        try:
            yield
        finally:
            for pid in pids:
                _as_owner("prlimit", "--pid", pid, "--fsize=unlimited:")

    def control(self, *words: object) -> None:
        """Run `pg_ctl` on it."""
        _as_owner(_bin() / "pg_ctl", "-D", self._data, *words)

    def _pids(self) -> tuple[int, ...]:
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return first, *map(int, children)


def _as_owner(program: Path | str, *words: object) -> None:
    become = ("runuser", "-u", "postgres", "--") if os.getuid() == ROOT else ()
    command = [*become, str(program), *map(str, words)]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()}")


def _bin() -> Path:
    """Return where Debian keeps the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    assert found, "no PostgreSQL server here; scripts/system-packages installs it"
    return found[-1].parent


def _version(program: Path) -> int:
    return int(program.parent.parent.name)
