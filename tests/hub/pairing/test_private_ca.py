"""Our certificates, as OpenSSL's own strict check sees them."""

import base64
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from hub.pairing.private_ca import (
    SKEW,
    VALID_DAYS,
    Certified,
    check_root,
    hosts_of,
    new_client,
    new_root,
    new_server,
)
from loyalty.clock import DAY_MS

NOON_MS = 1_790_000_000_000
HOSTS = ("hub.local", "192.168.1.2")
SKEW_MS = int(SKEW.total_seconds() * 1000)


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "") -> bytes:
    """Return a request for a certificate with `key`, by somebody who would like to be `name`."""
    wish = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(wish))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("ca")
    root = new_root(NOON_MS)
    (found / "ca.crt").write_bytes(root.certificate)
    (found / "other.crt").write_bytes(new_root(NOON_MS).certificate)
    (found / "server.crt").write_bytes(new_server(root, HOSTS, NOON_MS).certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    (found / "client.crt").write_bytes(new_client(root, request(key), "h1", NOON_MS))
    return found


def openssl_says(
    folder,
    *options: str,
    ca: str = "ca.crt",
    at_ms: int = NOON_MS,
    who: str = "server.crt",
    purpose: str = "sslserver",
) -> bool:
    """Return whether OpenSSL takes the certificate for that of a TLS server, or for `purpose`."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca]
    when = ["-attime", str(at_ms // 1000)]
    done = subprocess.run(
        [*command, *when, *options, who], cwd=folder, capture_output=True, text=True
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


def test_a_client_is_no_server_and_no_authority(folder):
    assert openssl_says(folder, who="client.crt", purpose="sslclient")
    assert not openssl_says(folder, who="client.crt", purpose="sslclient", ca="other.crt")
    assert not openssl_says(folder, who="client.crt", purpose="sslserver")
    assert not openssl_says(folder, who="server.crt", purpose="sslclient")


def test_a_client_is_called_as_the_hub_says_and_not_as_it_asks():
    key = ec.generate_private_key(ec.SECP256R1())

    made = new_client(new_root(NOON_MS), request(key, "revisit-hub-bridge"), "h1", NOON_MS)

    certificate = x509.load_pem_x509_certificate(made)
    assert certificate.subject.rfc4514_string() == "CN=h1"
    assert certificate.public_key() == key.public_key()


def a_forged_request() -> bytes:
    """Return a request with another key in it than the one that signed it."""
    mine, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    signed = x509.load_pem_x509_csr(request(mine)).public_bytes(Encoding.DER)
    form = Encoding.X962, PublicFormat.UncompressedPoint
    der = signed.replace(*(it.public_key().public_bytes(*form) for it in (mine, other)))
    return (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + base64.encodebytes(der)
        + (b"-----END CERTIFICATE REQUEST-----\n")
    )


@pytest.mark.parametrize(
    "made",
    [
        lambda: b"",
        lambda: request(ec.generate_private_key(ec.SECP256R1()))[:-40],
        lambda: request(rsa.generate_private_key(65537, 2048)),
        a_forged_request,
    ],
)
def test_nothing_is_signed_for_who_has_no_key_of_its_own(made):
    with pytest.raises(ValueError):
        new_client(new_root(NOON_MS), made(), "h1", NOON_MS)


def test_an_authority_is_a_certificate_and_its_own_key():
    one, other = new_root(NOON_MS), new_root(NOON_MS)

    for wrong in (Certified(one.certificate, other.key), Certified(one.key, one.certificate)):
        with pytest.raises(ValueError):
            check_root(wrong)
    assert check_root(one)[0].public_bytes(Encoding.PEM) == one.certificate
