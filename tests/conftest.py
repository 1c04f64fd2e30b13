"""What holds for every test: no chance, no deadlines, `async def` runs, pictures are approved."""

import asyncio
import inspect
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.campaign import IS_CAMPAIGN
from tests.golden import Golden
from tests.postgres_server import running_server

OUTPUT = Path(__file__).parent / "output"
UNSHRUNK = (Phase.explicit, Phase.generate)

# How long an example takes says more about the machine than about the code, and how many are of no
# use more about luck. A campaign looks for new ones; otherwise nobody's change fails by those.
settings.register_profile(
    "revisit",
    deadline=None,
    derandomize=not IS_CAMPAIGN,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
# A test of tests wants to know that one fails, not how it fails in the fewest words.
settings.register_profile("unshrunk", settings.get_profile("revisit"), phases=UNSHRUNK)
settings.load_profile("revisit")


def pytest_configure(config: pytest.Config) -> None:
    """Have every file private, as services have it (UMask=0077): secrets must be."""
    os.umask(0o077)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our own options."""
    parser.addoption(
        "--update-golden", action="store_true", help="approve every picture as it is drawn now"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return the approved pictures beside the test's file, in its folder `golden`."""
    is_updating = request.config.getoption("--update-golden")
    return Golden(request.path.parent / "golden", OUTPUT, is_updating)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of a PostgreSQL server of our own, without a database."""
    with running_server() as url:
        yield url


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test in a fresh event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
