"""NDEF messages of one URL: NXP's example, and whatever else a card may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc.ndef import URL_MAX_CHARS, url_in, url_message
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

# AN12196 rev. 1.8, table 18, without the file's two length bytes.
URL = "https://choose.url.com/ntag424?e=" + "0" * 32 + "&c=" + "0" * 16
MESSAGE = (
    "d1014d550463686f6f73652e75726c2e636f6d2f6e7461673432343f653d"
    "303030303030303030303030303030303030303030303030303030303030303026633d"
    "30303030303030303030303030303030"
)

ON_A_BOARD = f"""
from device.nfc.ndef import url_in, url_message
print(url_message({URL!r}).hex(), url_in(bytes.fromhex({MESSAGE!r})))
"""


def test_a_message_is_that_of_the_application_note():
    assert url_message(URL).hex() == MESSAGE
    assert url_in(bytes.fromhex(MESSAGE)) == URL


@needs_micropython
def test_a_board_makes_and_reads_the_same():
    assert run_micropython(ON_A_BOARD, path=[ROOT]).split() == [MESSAGE, URL]


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/", "https://caf\u00e9.example/", "https://" + "a" * (URL_MAX_CHARS - 7)],
)
def test_a_url_that_no_message_takes_is_refused(url):
    with pytest.raises(ValueError, match="wanted https:// and up to 200 of ASCII"):
        url_message(url)


@given(st.binary(max_size=300))
def test_any_other_bytes_are_no_url(data):
    assert url_in(data) == "" or url_message(url_in(data)) == data[: 4 + data[2]]


@given(st.text(alphabet="abc/?=&", max_size=URL_MAX_CHARS - 8))
def test_a_url_is_found_in_its_message(path):
    url = f"https://{path}"

    assert url_in(url_message(url) + b"\0\0") == url
