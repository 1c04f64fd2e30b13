"""What a shop writes down before it starts: configurations, keys and a programme, in a folder."""

import shutil
from pathlib import Path

from simulators.free_port import free_port

PROGRAMME = Path(__file__).parents[2] / "programmes" / "supermarket.toml"

NAMES = {"h1": "handheld.toml", "k1": "kiosk.toml"}
CONFIG = """
device = "{device}"
store = "s1"
locale = "en"

[files]
journal = "{device}.db"
catalogue = "{device}.json"
card_keys = "card-keys.toml"

[hub]
host = "127.0.0.1"
port = {port}
password = {password}

[[hub.secrets]]
kid = "k1"
hex = {secret}

[reader]
url = "pn532+serial://{folder}/reader"
"""
PRINTER = """
[printer]
url = "star+serial://{folder}/printer?baud=115200"
"""
HUB = """
ledger = "ledger.db"
programmes = ["programme.toml"]
face_key_file = "face.key"

[broker]
host = "127.0.0.1"
port = {port}
embedded = true
"""


class SampleSite:
    """The files of a hub, a handheld and a kiosk in `folder`; paths in them are absolute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = free_port()
        (folder / "hub.toml").write_text(HUB.format(port=self._port))
        (folder / "face.key").write_text("5a" * 32)
        (folder / "card-keys.toml").write_text(
            f'master = "{"0f" * 16}"\nseal_key = "{"f0" * 32}"\n'
        )
        shutil.copy(PROGRAMME, folder / "programme.toml")
        for device in NAMES:
            self.configure(device)

    def configure(
        self, device: str, *, secret: str = f'"{"00" * 32}"', password: str = '"x"'
    ) -> None:
        """Write a terminal's configuration with what the hub told about it, as TOML has it."""
        text = CONFIG + (PRINTER if device == "k1" else "")
        values = {"device": device, "secret": secret, "password": password}
        (self.folder / NAMES[device]).write_text(
            text.format(folder=self.folder, port=self._port, **values)
        )
