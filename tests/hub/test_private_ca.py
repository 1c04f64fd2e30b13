"""Our certificates, as OpenSSL's own strict check sees them."""

import subprocess

import pytest

from hub.private_ca import SKEW, VALID_DAYS, hosts_of, new_root, new_server
from loyalty.clock import DAY_MS

NOON_MS = 1_790_000_000_000
HOSTS = ("hub.local", "192.168.1.2")
SKEW_MS = int(SKEW.total_seconds() * 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("ca")
    root = new_root(NOON_MS)
    (found / "ca.crt").write_bytes(root.certificate)
    (found / "other.crt").write_bytes(new_root(NOON_MS).certificate)
    (found / "server.crt").write_bytes(new_server(root, HOSTS, NOON_MS).certificate)
    return found


def openssl_says(folder, *options: str, ca: str = "ca.crt", at_ms: int = NOON_MS) -> bool:
    """Return whether OpenSSL takes the certificate for that of a TLS server."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca]
    when = ["-attime", str(at_ms // 1000)]
    done = subprocess.run(
        [*command, *when, *options, "server.crt"], cwd=folder, capture_output=True, text=True
    )
    return done.returncode == 0


def test_it_is_the_brokers_by_each_of_its_names_and_by_no_other(folder):
    assert openssl_says(folder, "-verify_hostname", "hub.local")
    assert openssl_says(folder, "-verify_ip", "192.168.1.2")
    assert not openssl_says(folder, "-verify_hostname", "hub.example")
    assert not openssl_says(folder, "-verify_ip", "192.168.1.3")


def test_another_authority_of_the_same_name_does_not_vouch_for_it(folder):
    assert not openssl_says(folder, ca="other.crt")


@pytest.mark.parametrize(
    ("at_ms", "is_valid"),
    [
        (NOON_MS - SKEW_MS, True),
        (NOON_MS - SKEW_MS - 1000, False),
        (NOON_MS + VALID_DAYS * DAY_MS - 1000, True),
        (NOON_MS + VALID_DAYS * DAY_MS + 1000, False),
    ],
)
def test_it_is_good_from_a_day_before_for_ten_years(folder, at_ms, is_valid):
    assert openssl_says(folder, at_ms=at_ms) == is_valid


def test_its_names_can_be_read_back(folder):
    assert hosts_of((folder / "server.crt").read_bytes()) == set(HOSTS)
    assert hosts_of((folder / "ca.crt").read_bytes()) == set()
