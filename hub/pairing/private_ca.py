"""A small certificate authority for one broker and its clients, for a shop that has none.

Its root is what devices are told, so it outlives the broker's certificate, and another certificate
by it needs no walk to the devices. Both are good for ten years: nobody at a shop renews
certificates, and one that ends takes every terminal offline.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 3_650
SKEW = timedelta(days=1)  # a device's clock may be behind

_ROOT_NAME = "Revisit broker CA"
_FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
_FOR_CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


class Certified(NamedTuple):
    """A certificate and its key, both in PEM."""

    certificate: bytes
    key: bytes


def new_root(now_ms: int) -> Certified:
    """Return a new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(_ROOT_NAME)
    draft = _draft(name, name, key.public_key(), now_ms)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    draft = draft.add_extension(_usage(signs_certificates=True), critical=True)
    return _signed(draft, key, key)


def new_server(root: Certified, hosts: tuple[str, ...], now_ms: int) -> Certified:
    """Return a certificate of a broker that is called by each of `hosts`, names or addresses."""
    authority, authority_key = check_root(root)
    key = ec.generate_private_key(ec.SECP256R1())
    draft = _draft(authority.subject, _name(hosts[0]), key.public_key(), now_ms)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(_usage(signs_certificates=False), critical=True)
    draft = draft.add_extension(_FOR_SERVERS, critical=False)
    named = x509.SubjectAlternativeName([_host(it) for it in hosts])
    draft = draft.add_extension(named, critical=False)
    return _signed(draft.add_extension(_issuer(authority_key), critical=False), key, authority_key)


def new_client(root: Certified, request: bytes, name: str, now_ms: int) -> bytes:
    """Return a certificate for the device `name` with the key that `request` (PKCS #10) has.

    Nothing else of the request is taken over: a device does not choose who it is.

    Raises:
        ValueError: it is no request, or not signed with the key that it names.
    """
    try:
        asked = x509.load_pem_x509_csr(request)
        key, is_own = asked.public_key(), asked.is_signature_valid
    except UnsupportedAlgorithm as error:
        raise ValueError(f"a request for a certificate with {error}") from error
    if not is_own or not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("a request for a certificate that is not signed with its own EC key")
    authority, authority_key = check_root(root)
    draft = _draft(authority.subject, _name(name), key, now_ms)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(_usage(signs_certificates=False), critical=True)
    draft = draft.add_extension(_FOR_CLIENTS, critical=False)
    return _certificate(draft.add_extension(_issuer(authority_key), critical=False), authority_key)


def check_root(root: Certified) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return an authority as `cryptography` has it.

    Raises:
        ValueError: it is no certificate of an authority and its key.
    """
    try:
        authority = x509.load_pem_x509_certificate(root.certificate)
        key = serialization.load_pem_private_key(root.key, None)
    except (ValueError, TypeError):  # TypeError: a key that wants a password
        raise ValueError("found no certificate and key in PEM, wanted those of a CA") from None
    if (
        not isinstance(key, ec.EllipticCurvePrivateKey)
        or key.public_key() != authority.public_key()
    ):
        raise ValueError("found a certificate and another's key, wanted its own elliptic-curve key")
    return authority, key


def hosts_of(certificate: bytes) -> frozenset[str]:
    """Return what the broker of a certificate in PEM is called.

    Raises:
        ValueError: it is no certificate.
    """
    extensions = x509.load_pem_x509_certificate(certificate).extensions
    try:
        named = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(str(it.value) for it in named)


def _draft(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey, now_ms: int
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer(authority_key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())


def _signed(
    draft: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
) -> Certified:
    return Certified(
        _certificate(draft, authority_key),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _certificate(
    draft: x509.CertificateBuilder, authority_key: ec.EllipticCurvePrivateKey
) -> bytes:
    signed = draft.sign(authority_key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
