"""What a configuration may call a machine."""

import pytest

from hub.hosts import is_anywhere, is_here, parse_host


@pytest.mark.parametrize(
    "text", ["hub.local", "HUB-1", "192.168.1.2", "0.0.0.0", "::1", "fe80::1", "a" * 253]
)
def test_names_and_addresses_are_hosts(text: str) -> None:
    assert parse_host(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "hub.local:8443", "192.168.1.2:80", "a b", "::g", "fe80::1%eth0", "a" * 254, "h\u00fcb"],
)
def test_what_is_neither_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="wanted a host name or an address"):
        parse_host(text)


@pytest.mark.parametrize(
    ("host", "here", "anywhere"),
    [
        ("localhost", True, False),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("hub.local", False, False),
    ],
)
def test_a_host_may_be_this_machine_or_all_of_its_addresses(
    host: str, here: bool, anywhere: bool
) -> None:
    assert (is_here(host), is_anywhere(host)) == (here, anywhere)
