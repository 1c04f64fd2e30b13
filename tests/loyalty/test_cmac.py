"""AES-CMAC: the vectors of RFC 4493, here and on a board."""

import pytest

from loyalty.aes import encrypt_block
from loyalty.cmac import cmac, pad
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

# RFC 4493 §4.
KEY = "2b7e151628aed2a6abf7158809cf4f3c"
MESSAGE = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
VECTORS = [
    (0, "bb1d6929e95937287fa37d129b756746"),
    (16, "070a16b46b4d4144f79bdd9dd04a287c"),
    (40, "dfa66747de9ae63030ca32611497c827"),
    (64, "51f0bebf7e3b9d92fc49741779363cfe"),
]

ON_A_BOARD = f"""
import cryptolib
from loyalty.cmac import cmac

def encrypt_block(key, block):
    return cryptolib.aes(key, 1).encrypt(block)

for length, _ in {VECTORS!r}:
    message = bytes.fromhex({MESSAGE!r})[:length]
    print(cmac(bytes.fromhex({KEY!r}), message, encrypt_block).hex())
"""


@pytest.mark.parametrize(("length", "wanted"), VECTORS)
def test_macs_are_those_of_the_rfc(length, wanted):
    message = bytes.fromhex(MESSAGE)[:length]

    assert cmac(bytes.fromhex(KEY), message, encrypt_block).hex() == wanted


@needs_micropython
def test_a_board_makes_the_same_macs():
    told = run_micropython(ON_A_BOARD, path=[ROOT])

    assert told.split() == [wanted for _, wanted in VECTORS]


def test_a_chained_mac_depends_on_the_one_before():
    key = bytes.fromhex(KEY)

    assert cmac(key, b"second", encrypt_block, cmac(key, b"first", encrypt_block)) != cmac(
        key, b"second", encrypt_block
    )


@pytest.mark.parametrize(("length", "padded"), [(0, 16), (15, 16), (16, 32)])
def test_padding_always_adds_something(length, padded):
    assert len(pad(bytes(length))) == padded
