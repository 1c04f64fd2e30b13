"""The ledgers that the hub is tested on, a file and a database on a server, and a hub on each."""

from collections.abc import Iterator

import pytest

from tests.hub.hub_world import World
from tests.postgres_server import new_database


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return where an empty ledger can be made, on one engine and then on the other."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path')}/ledger.db"
        return
    with new_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def world(ledger_url: str) -> Iterator[World]:
    """Return a hub without its broker, on one engine and then on the other."""
    found = World(ledger_url)
    yield found
    found.ledger.close()
