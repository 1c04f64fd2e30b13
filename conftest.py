"""Puts the top of the repository on `sys.path`, and says how long properties may take.

Tests import `tests.micropython_runner` and other samples from there.
"""

from hypothesis import HealthCheck, settings

# The machine may be busy with anything else: slowness is for benchmarks to find.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
