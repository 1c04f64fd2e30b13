"""Debian's PostgreSQL on a free loopback port, with a folder of its own, for as long as tests run.

`REVISIT_TEST_PG=postgresql://…` uses a server that is there already; each test gets a database.
"""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_WITHIN_S = 60
ROOT = 0

# Nothing is written to disk on purpose: what a power cut leaves is for PostgreSQL's own tests.
SETTINGS = ("fsync=off", "full_page_writes=off", "unix_socket_directories=", "max_connections=40")

_number = itertools.count(1)


@contextmanager
def running_server() -> Iterator[str]:
    """Run a server and return its URL, without the name of a database."""
    given = os.environ.get("REVISIT_TEST_PG", "")
    if given:
        yield given.rstrip("/")
        return
    folder = Path(tempfile.mkdtemp(prefix="revisit-postgres-"))
    try:
        with _started(folder, _free_port()) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


@contextmanager
def _started(folder: Path, port: int) -> Iterator[str]:
    data = folder / "data"
    if os.getuid() == ROOT:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    _as_owner("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = " ".join(
        f"-c {it}" for it in (*SETTINGS, f"port={port}", "listen_addresses=127.0.0.1")
    )
    start = ("-D", data, "-l", folder / "log", "-w", "-t", START_WITHIN_S, "-o", options, "start")
    _as_owner("pg_ctl", *start)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _as_owner("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _as_owner(program: str, *words: object) -> None:
    become = ("runuser", "-u", "postgres", "--") if os.getuid() == ROOT else ()
    command = [*become, str(_bin() / program), *map(str, words)]
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


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
