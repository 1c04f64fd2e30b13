"""A file of envelopes gives back what went in, or says what is wrong with it."""

import pytest

from loyalty.carried import FORMAT, NotCarried, from_bytes, to_bytes
from loyalty.chain import ENVELOPE_MAX_BYTES


@pytest.mark.parametrize("envelopes", [[], [b"a"], [b"a", b"bb" * 300, bytes(ENVELOPE_MAX_BYTES)]])
def test_envelopes_come_back_as_they_were(envelopes):
    assert from_bytes(to_bytes(envelopes)) == envelopes


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "wanted"),
        (b"SQLite format 3\0", "begins with b'SQLite format 3"),
        (FORMAT + b"\0\0", "no envelope at byte 20"),
        (FORMAT + b"\0\0\0\0", "no envelope at byte 20"),
        (FORMAT + (ENVELOPE_MAX_BYTES + 1).to_bytes(4, "big"), "no envelope at byte 20"),
        (to_bytes([b"whole", b"cut off"])[:-3], "3 bytes are missing at its end"),
    ],
)
def test_another_file_is_told_from_one_that_was_cut_off(content, said):
    with pytest.raises(NotCarried, match=said):
        from_bytes(content)
