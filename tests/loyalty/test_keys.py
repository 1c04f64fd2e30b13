"""Diversified keys: published vectors, and the same bytes from a board's own AES."""

import pytest

from loyalty.aes import encrypt_block
from loyalty.keys import classic_key, diversify_aes128, page_password
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

MASTER = "00112233445566778899aabbccddeeff"

# AN10922 rev. 2.2 §2.2.1, and AN10957 pp. 13-14 (a short message), both as libfreefare has them.
AN10922 = [
    (MASTER, "04782e21801d803042f54e585020416275", "a8dd63a3b89d54b37ca802473fda9175"),
    (
        "f3f9377698707b688eaf84abe39e3791",
        "04deadbeeffeed",
        "0bb408baff98b6ee9f2e1585777f6a51",
    ),
]

# Our own convention: these pin it, NXP publishes none.
CLASSIC = [
    ("deadbeef", 0, "A", "68802ee175ae"),
    ("deadbeef", 1, "A", "8e82d49c561e"),
    ("deadbeef", 1, "B", "b538d412bf22"),
    ("deadbeef", 15, "B", "af32c39dd502"),
    ("04782e21801d80", 0, "A", "4e878ea698dc"),
    ("04782e21801d80", 1, "A", "bce65814d5dd"),
    ("04782e21801d80", 1, "B", "2c368d3f4816"),
    ("04782e21801d80", 15, "B", "7f1c97040260"),
]

ON_A_BOARD = f"""
import cryptolib
from loyalty.keys import classic_key, diversify_aes128

def encrypt_block(key, block):
    return cryptolib.aes(key, 1).encrypt(block)

for master, message, _ in {AN10922!r}:
    print(diversify_aes128(bytes.fromhex(master), bytes.fromhex(message), encrypt_block).hex())
for uid, sector, name, _ in {CLASSIC!r}:
    master = bytes.fromhex({MASTER!r})
    print(classic_key(master, bytes.fromhex(uid), sector, name, encrypt_block).hex())
"""


@pytest.mark.parametrize(("master", "message", "wanted"), AN10922)
def test_keys_are_those_of_the_application_note(master, message, wanted):
    key = diversify_aes128(bytes.fromhex(master), bytes.fromhex(message), encrypt_block)

    assert key.hex() == wanted


@pytest.mark.parametrize(("uid", "sector", "name", "wanted"), CLASSIC)
def test_classic_keys_keep_our_convention(uid, sector, name, wanted):
    key = classic_key(bytes.fromhex(MASTER), bytes.fromhex(uid), sector, name, encrypt_block)

    assert key.hex() == wanted


def test_passwords_of_pages_keep_our_convention():
    uid = bytes.fromhex("04782e21801d80")

    password, answer = page_password(bytes.fromhex(MASTER), uid, encrypt_block)

    assert (password.hex(), answer.hex()) == ("ec947b30", "b83c")


@needs_micropython
def test_a_board_derives_the_same_keys():
    told = run_micropython(ON_A_BOARD, path=[ROOT])

    assert told.split() == [row[-1] for row in AN10922 + CLASSIC]


@pytest.mark.parametrize("length", [0, 32])
def test_a_message_of_no_or_too_many_bytes_is_refused(length):
    with pytest.raises(ValueError, match=f"message of {length} bytes, wanted 1 to 31"):
        diversify_aes128(bytes(16), bytes(length), encrypt_block)


def test_the_longest_message_fills_both_blocks():
    key = diversify_aes128(bytes(16), bytes(31), encrypt_block)

    assert key != diversify_aes128(bytes(16), bytes(30), encrypt_block)


@pytest.mark.parametrize(
    ("master", "uid", "sector", "name", "words"),
    [
        (bytes(15), bytes(4), 1, "A", "master key of 15 bytes, wanted 16"),
        (bytes(16), bytes(5), 1, "A", "uid of 5 bytes, wanted 4 or 7"),
        (bytes(16), bytes(4), 40, "A", "sector 40, wanted 0 to 39"),
        (bytes(16), bytes(4), 1, "C", "key 'C', wanted 'A' or 'B'"),
    ],
)
def test_what_has_no_key_is_refused(master, uid, sector, name, words):
    with pytest.raises(ValueError, match=words):
        classic_key(master, uid, sector, name, encrypt_block)
