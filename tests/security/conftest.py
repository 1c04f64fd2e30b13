"""The ledgers that the hub is attacked on."""

from tests.hub.conftest import ledger_url  # noqa: F401  # a fixture for the tests beside this
