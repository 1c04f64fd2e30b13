"""A client's TLS: nobody is asked on the console, and what is no trouble of TLS is none here."""

import ssl
import subprocess

import pytest

from loyalty.tls import TlsFileError, client_context, tls_trouble


def test_a_key_behind_a_password_is_a_mistake_and_nobody_is_asked_for_it(tmp_path):
    certificate, key = tmp_path / "h1.crt", tmp_path / "h1.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "1", "-subj", "/CN=h1"]
    files = ["-out", str(certificate), "-keyout", str(key), "-passout", "pass:open-sesame"]
    subprocess.run([*command, *files], check=True, capture_output=True)

    with pytest.raises(TlsFileError, match=r"h1.crt: found something else.*its key") as raised:
        client_context(certificate, certificate, key)

    assert raised.value.key == "certificate_file"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, ""),
        (ConnectionRefusedError("refused"), ""),
        (TimeoutError("timed out"), ""),
        (ssl.SSLError(1, "Strange"), "no TLS: strange"),
    ],
)
def test_only_trouble_with_tls_is_told(error, told):
    assert tls_trouble(error) == told
