"""Both ends of TLS, 1.2 or newer: who the broker must prove to be, and who we prove to be.

The broker's certificate must come from the named CA and carry the name or address by which it is
called. A certificate of our own is shown where the broker asks for one, and by our web server.
"""

import ssl
from pathlib import Path

from loyalty.private_files import check_private

TlsContext = ssl.SSLContext

# X509_V_ERR_… of an issuer that is not among ours; openssl/x509_vfy.h.
_OTHER_ISSUERS = (18, 19, 20, 21)
# X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: as often the clock as the certificate.
_OUT_OF_TIME = {
    9: "its certificate is not valid yet, or the clock here is behind",
    10: "its certificate has expired, or the clock here is ahead",
}


class TlsFileError(ValueError):
    """A file named for TLS is not what it should be; `key` says which of the three."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def client_context(
    ca_file: Path, certificate_file: Path | None = None, key_file: Path | None = None
) -> TlsContext:
    """Return what a connection is made with.

    Raises:
        TlsFileError: a file is not there, or holds no certificate or not the key of it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the chain and the name
    context.sslsocket_class = _TidySocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise TlsFileError("ca_file", _said(ca_file, error, "certificates in PEM")) from error
    if (certificate_file is None) != (key_file is None):
        missing = "certificate_file" if certificate_file is None else "key_file"
        raise TlsFileError(missing, "missing, wanted both certificate_file and key_file or neither")
    if certificate_file is not None and key_file is not None:
        _show(context, certificate_file, key_file)
    return context


def server_context(certificate_file: Path, key_file: Path) -> TlsContext:
    """Return what a server that has this certificate takes connections with.

    Raises:
        TlsFileError: a file is not there, or holds no certificate or not the key of it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(context, certificate_file, key_file)
    return context


def tls_trouble(error: BaseException | None) -> str:
    """Return in words what TLS has against the other side, or nothing if it was not TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OTHER_ISSUERS:
            return "its certificate is not by the CA of ca_file"
        return _OUT_OF_TIME.get(error.verify_code, f"its certificate: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or str(error)
        return f"no TLS: {reason.lower().replace('_', ' ')}"
    return ""


class _TidySocket(ssl.SSLSocket):
    """A socket that is closed when its handshake fails; paho would leave it to chance."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _show(context: TlsContext, certificate_file: Path, key_file: Path) -> None:
    try:
        context.load_cert_chain(certificate_file, key_file, password=_no_password)
        check_private(key_file)
    except OSError as error:
        wanted = f"a certificate in PEM, and its key in {key_file}"
        raise TlsFileError("certificate_file", _said(certificate_file, error, wanted)) from error
    except ValueError as error:
        raise TlsFileError("key_file", f"{key_file}: {error}") from error


def _no_password() -> str:
    """Return no password: without this, OpenSSL would ask for one on the console."""
    return ""


def _said(path: Path, error: OSError, wanted: str) -> str:
    found = "found something else" if isinstance(error, ssl.SSLError) else error.strerror
    return f"{path}: {found}, wanted {wanted}"
