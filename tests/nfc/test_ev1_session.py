"""EV1's AES authentication and chained session: a recorded exchange with a card.

The numbers are from the exchanges that Elmü published for DESFire EV1 (RFDoorLock project).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev1_session import Ev1Authentication, Ev1Session, check, session_key
from device.nfc.reader import AuthenticationFailed, CardGone, DeviceError
from loyalty.aes import encrypt_block
from loyalty.cmac import cmac

KEY = bytes(16)
RANDOM_A = bytes.fromhex("f44b26f5686f3a391cd38ebd10772281")
RANDOM_B = bytes.fromhex("c05ddd714fd788a6b7b754f3c4d066e8")
CHALLENGE = bytes.fromhex("b969fdfe56fd91fc9de6f6f213b8fd1e")
PROOF = "36aad7df6e436ba08d18613830a70d5ad43e3d3f4a8d47541eee623a934e4774"
ANSWER = bytes.fromhex("800db680bc146bd121d6578f2d2e2059")
SESSION_KEY = bytes.fromhex("f44b26f5c05ddd7110772281c4d066e8")
NEW_KEY = bytes.fromhex("00102030405060708090a0b0b0a09080")


def test_an_authentication_is_the_recorded_one():
    authentication = Ev1Authentication(KEY, RANDOM_A)

    assert authentication.answer_challenge(CHALLENGE).hex() == PROOF
    assert isinstance(authentication.finish(ANSWER), Ev1Session)


def test_the_session_key_is_the_recorded_one():
    assert session_key(RANDOM_A, RANDOM_B) == SESSION_KEY


def test_the_sessions_own_key_travels_with_one_check():
    told = Ev1Session(SESSION_KEY)

    sealed = told.seal_key(0, NEW_KEY, 0x10, old=None)

    assert sealed.hex() == "00e9f85e219496c2b58c1090dc3935fae9e840cf61b383d9531946256b1f110c10"


def test_another_key_is_mixed_with_the_old_one_and_checked_twice():
    plain, mixed = Ev1Session(SESSION_KEY), Ev1Session(SESSION_KEY)

    against_zeros = plain.seal_key(1, NEW_KEY, 0x10, old=KEY)
    against_itself = mixed.seal_key(1, NEW_KEY, 0x10, old=NEW_KEY)

    assert len(against_zeros) == len(against_itself) == 33
    assert against_zeros != against_itself


def test_the_check_of_a_changed_key_is_the_recorded_one():
    assert check(bytes([desfire.CHANGE_KEY, 0]) + NEW_KEY + b"\x10").hex() == "d2c6e66b"


def test_only_data_that_is_written_carries_a_mac():
    reading, writing = Ev1Session(SESSION_KEY), Ev1Session(SESSION_KEY)
    mac = cmac(SESSION_KEY, b"\xdc\x02\x01\x00\x00\x00", encrypt_block)[:8]

    assert reading.seal(desfire.GET_VALUE, b"\x02", b"", Mode.MAC) == b"\x02"
    assert writing.seal(desfire.DEBIT, b"\x02", b"\x01\0\0\0", Mode.MAC) == b"\x02\x01\0\0\0" + mac


def test_an_answer_is_bound_to_its_command():
    told, other = Ev1Session(SESSION_KEY), Ev1Session(SESSION_KEY)
    told.seal(desfire.GET_VALUE, b"\x02", b"", Mode.MAC)
    other.seal(desfire.GET_VALUE, b"\x03", b"", Mode.MAC)
    said = cmac(SESSION_KEY, b"\x6c\x02", encrypt_block)
    answer = b"\x2a\0\0\0" + cmac(SESSION_KEY, b"\x2a\0\0\0\0", encrypt_block, said)[:8]

    assert told.open(desfire.OK, answer, Mode.MAC) == b"\x2a\0\0\0"
    with pytest.raises(CardGone, match="MAC of an answer is wrong"):
        other.open(desfire.OK, answer, Mode.MAC)


def test_a_card_without_the_key_proves_nothing():
    authentication = Ev1Authentication(KEY, RANDOM_A)
    authentication.answer_challenge(CHALLENGE)

    with pytest.raises(AuthenticationFailed, match="does not prove"):
        authentication.finish(ANSWER[::-1])


def test_data_is_never_enciphered_here():
    with pytest.raises(ValueError, match="only keys"):
        Ev1Session(SESSION_KEY).seal(desfire.WRITE_DATA, b"", b"data", Mode.FULL)


@given(st.binary(max_size=64), st.integers(0, 255))
def test_whatever_a_card_answers_is_data_or_a_device_error(body, status):
    told = Ev1Session(SESSION_KEY)
    authentication = Ev1Authentication(KEY, RANDOM_A)

    for listen in (
        lambda: told.open(status, body, Mode.MAC),
        lambda: authentication.answer_challenge(body),
        lambda: authentication.finish(body),
    ):
        try:
            assert listen() is not None
        except DeviceError:
            continue
