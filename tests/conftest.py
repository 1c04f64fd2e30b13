"""What holds for every test: a slow machine is no failure, and a test may be an `async def`."""

import asyncio
import inspect

import pytest
from hypothesis import HealthCheck, Phase, settings

UNSHRUNK = (Phase.explicit, Phase.generate)

# How long an example takes says more about the machine than about the code.
settings.register_profile("revisit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A test of tests wants to know that one fails, not how it fails in the fewest words.
settings.register_profile("unshrunk", settings.get_profile("revisit"), phases=UNSHRUNK)
settings.load_profile("revisit")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test in a fresh event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
