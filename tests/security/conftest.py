"""The ledgers that the hub is attacked on, and a hub on each."""

from tests.hub.conftest import ledger_url, world  # noqa: F401  # fixtures for the tests beside this
