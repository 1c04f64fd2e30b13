"""SUN messages of an NTAG 424 DNA: NXP's example, and everything that is almost one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.aes import decrypt_block, encrypt_block
from loyalty.keys import sun_file_key, sun_meta_key
from loyalty.sun import PROOF_DIGITS, proof_in, prove
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

# AN12196 rev. 1.8 §3.4.2.1 and §3.4.4.2.1: a card with all keys zero, read for the 61st time.
WHO = "EF963FF7828658A599F3041510671E88"
MAC = "94EED9EE65337086"
UID = bytes.fromhex("04de5f1eacc040")
ZERO_KEY = bytes(16)

ON_A_BOARD = f"""
import cryptolib
from loyalty.sun import prove

def encrypt_block(key, block):
    return cryptolib.aes(key, 1).encrypt(block)

def decrypt_block(key, block):
    return cryptolib.aes(key, 1).decrypt(block)

uid, counter = prove({WHO + MAC!r}, bytes(16), lambda uid: bytes(16), encrypt_block, decrypt_block)
print(uid.hex(), counter)
"""


def proved(proof: str, *, meta_key: bytes = ZERO_KEY, file_key: bytes = ZERO_KEY) -> object:
    return prove(proof, meta_key, lambda uid: file_key, encrypt_block, decrypt_block)


def test_the_example_of_the_application_note_is_proved():
    assert proved(WHO + MAC) == (UID, 61)


@needs_micropython
def test_a_board_proves_the_same():
    told = run_micropython(ON_A_BOARD, path=[ROOT])

    assert told.split() == [UID.hex(), "61"]


@pytest.mark.parametrize("digit", range(PROOF_DIGITS))
def test_a_proof_with_a_wrong_digit_proves_nothing(digit):
    proof = WHO + MAC
    wrong = "0" if proof[digit] != "0" else "1"

    assert proved(proof[:digit] + wrong + proof[digit + 1 :]) is None


def test_another_programmes_card_proves_nothing():
    assert proved(WHO + MAC, meta_key=bytes(range(16))) is None
    assert proved(WHO + MAC, file_key=bytes(range(16))) is None


def test_each_card_has_its_own_key_and_all_share_the_one_that_hides_them():
    master, other = bytes(range(16)), bytes.fromhex("04de5f1eacc041")

    assert sun_file_key(master, UID, encrypt_block) != sun_file_key(master, other, encrypt_block)
    assert sun_meta_key(master, encrypt_block) != sun_meta_key(ZERO_KEY, encrypt_block)


@pytest.mark.parametrize(
    "url",
    [
        f"https://shop.example/t?e={WHO}&c={MAC}",
        f"https://shop.example/t?c={MAC}&lang=zh&e={WHO}",
    ],
)
def test_a_url_carries_its_proof_in_two_parameters(url):
    assert proof_in(url) == WHO + MAC


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://shop.example/t",
        f"https://shop.example/t?e={WHO}",
        f"https://shop.example/t?e={WHO}&c={MAC}0",
        f"https://shop.example/t?e={WHO}&c={MAC[:-1]}g",
        f"https://shop.example/{'t' * 256}?e={WHO}&c={MAC}",
    ],
)
def test_any_other_url_carries_none(url):
    assert proof_in(url) == ""


@given(st.text(max_size=300))
def test_no_text_is_more_than_refused(text):
    assert proved(text) is None
    assert len(proof_in(text)) in (0, PROOF_DIGITS)
