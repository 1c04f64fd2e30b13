"""A server that falls silent is given up on, and gives up on us, unless its URL says otherwise."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.ledger.ledger import open_ledger
from hub.ledger.postgres_patience import settings_for
from tests.postgres_server import new_database

UNHEARD_MAX_MS = 30_000


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with new_database(postgres_url) as found:
        open_ledger(found, create=True).close()
        yield found


def patience_of(url: str) -> dict[str, int]:
    """Return what the kernel does about a silent server, by name."""
    with closing(open_ledger(url)) as ledger:
        number = os.dup(ledger.engine.database.connection.fileno())
        with socket.socket(fileno=number) as ours:
            return {
                "alive": ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                "idle_s": ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                "every_s": ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                "probes": ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
                "unheard_ms": ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            }


def test_a_silent_server_is_given_up_within_half_a_minute(url: str) -> None:
    found = patience_of(url)

    probed_ms = 1000 * (found["idle_s"] + found["probes"] * found["every_s"])
    assert found["alive"]
    assert 0 < probed_ms <= UNHEARD_MAX_MS
    assert found["unheard_ms"] == UNHEARD_MAX_MS


def test_the_server_gives_up_on_a_hub_that_is_gone_as_soon(url: str) -> None:
    with closing(open_ledger(url)) as ledger:
        names = ("idle", "interval", "count")
        shown = [f"SELECT current_setting('tcp_keepalives_{it}')" for it in names]
        idle, every, probes = [int(ledger.connection.execute(it).fetchone()[0]) for it in shown]

    assert 0 < 1000 * (idle + every * probes) <= UNHEARD_MAX_MS


def test_what_a_url_says_itself_stays(url: str) -> None:
    found = patience_of(f"{url}?tcp_user_timeout=120000&keepalives_idle=60")

    assert (found["unheard_ms"], found["idle_s"], found["probes"]) == (120_000, 60, 3)


def test_a_connection_that_was_lost_is_opened_again_as_impatient(url: str) -> None:
    with closing(open_ledger(url)) as ledger:
        database = ledger.engine.database
        database.connect_again()
        (idle,) = ledger.connection.execute(
            "SELECT current_setting('tcp_keepalives_idle')"
        ).fetchone()

    assert int(idle) > 0


@pytest.mark.parametrize("name", ["connect_timeout", "application_name"])
def test_nothing_is_added_to_what_is_said(name: str) -> None:
    conninfo = f"postgresql://revisit@db/revisit?{name}=7"

    assert name not in settings_for(conninfo)
    assert name in settings_for("postgresql://revisit@db/revisit")
