"""The hub's own keys are read with the rest, and are nobody else's to read."""

from pathlib import Path

import pytest

from hub.commands import hub as hub_command
from hub.config import ConfigErrors, HubConfig, load_config
from hub.posting.offline_keys import OfflineKeys
from loyalty.signatures import public_key_of
from tests.hub.hub_world import FACE_KEY, PROGRAMME

SEED, MASTER, CREDIT = bytes(range(32)), bytes(range(16)), bytes(range(16, 32))
PLAIN = 'ledger = "ledger.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
BROKER = '\n[broker]\nhost = "127.0.0.1"\nport = 1883\n'
KEYS = f'master = "{MASTER.hex()}"\n'
BOTH = 'lease_key_file = "lease.key"\ncard_keys_file = "card-keys.toml"\n'


def load(folder: Path, more: str) -> HubConfig:
    (folder / "programme.toml").write_text(PROGRAMME)
    (folder / "face.key").write_text(FACE_KEY.hex())
    (folder / "hub.toml").write_text(PLAIN + more + BROKER)
    return load_config(folder / "hub.toml")


def write_seed(folder: Path, text: str = SEED.hex(), mode: int = 0o600) -> None:
    (folder / "lease.key").write_text(text)
    (folder / "lease.key").chmod(mode)


def test_both_keys_are_there_where_both_files_have_them(tmp_path: Path):
    write_seed(tmp_path)
    (tmp_path / "card-keys.toml").write_text(f'{KEYS}credit_master = "{CREDIT.hex()}"\n')

    found = load(tmp_path, BOTH)

    assert found.offline_keys == OfflineKeys(signing_seed=SEED, credit_master=CREDIT)
    assert found.programme_document is not None
    assert found.programme_document[:2] == ("programme", 3)
    assert found.programme_document.text == PROGRAMME.encode()


def test_terminals_keys_alone_let_no_card_carry_anything(tmp_path: Path):
    write_seed(tmp_path)
    (tmp_path / "card-keys.toml").write_text(KEYS)

    assert load(tmp_path, BOTH).offline_keys == OfflineKeys(signing_seed=SEED)
    assert load(tmp_path, "").offline_keys is None


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (SEED.hex(), 0o640, "found mode 640, .*wanted 600"),
        (SEED.hex()[2:], 0o600, "found 62 characters, wanted 64 hexadecimal digits"),
        ("é", 0o600, "found 1 characters, wanted 64 hexadecimal digits"),
    ],
)
def test_a_key_that_is_none_or_is_not_secret_is_a_mistake(tmp_path: Path, text, mode, why):
    write_seed(tmp_path, text, mode)

    with pytest.raises(ConfigErrors, match=why):
        load(tmp_path, 'lease_key_file = "lease.key"\n')


def test_a_key_that_is_not_there_is_told_with_what_makes_one(tmp_path: Path):
    with pytest.raises(ConfigErrors, match=r"lease.key: No such file.*\(revisit hub lease-key\)"):
        load(tmp_path, 'lease_key_file = "lease.key"\n')


def test_half_a_credit_master_is_a_mistake_and_not_repeated(tmp_path: Path):
    write_seed(tmp_path)
    (tmp_path / "card-keys.toml").write_text(f'{KEYS}credit_master = "{CREDIT.hex()[2:]}"\n')

    with pytest.raises(ConfigErrors, match="wanted a credit_master of 32") as caught:
        load(tmp_path, BOTH)

    assert CREDIT.hex()[2:] not in str(caught.value)


def test_the_command_makes_a_key_once_and_prints_its_public_part(tmp_path: Path, capsys):
    path = tmp_path / "lease.key"

    statuses = [hub_command.main(["lease-key", str(path)]) for _ in range(2)]

    printed = capsys.readouterr().out.splitlines()
    public_key = public_key_of(bytes.fromhex(path.read_text())).hex()
    assert statuses == [0, 0]
    assert printed == [f'public_key = "{public_key}"'] * 2
    assert path.stat().st_mode & 0o777 == 0o600
