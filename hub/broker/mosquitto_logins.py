"""Mosquitto's two files of who may come in, and the command that makes it read them again.

On SIGHUP mosquitto 2.0 checks everybody who is connected against the files it has just read, and
puts out who does not fit any more (tests/hub/broker/test_mosquitto.py).
"""

import asyncio
import subprocess
from collections.abc import Mapping

from hub.broker.bridge_users import is_bridge_user
from hub.broker.config import BridgeLogin, LoginFiles
from hub.broker.logins import LoginsNotKept
from hub.broker.mosquitto import access, bridge_password, passwords
from hub.broker.passwords import is_for_mosquitto
from hub.ledger.queries import DeviceLogin
from hub.whole_file import SHARED, write_whole

PASSWORDS, ACCESS = "passwords", "acl"
RELOAD_WITHIN_S = 10.0
RETRY_AFTER_TURNS = 40  # of the watch: a command that fails is not run four times a second


class MosquittoLogins:
    """Keeps `files`, which mosquitto can read, and tells it to."""

    def __init__(self, files: LoginFiles, bridge: BridgeLogin) -> None:
        self._folder, self._reload = files
        self._bridge = bridge
        self._bridges: dict[str, str] = {}
        self._told: dict[str, bytes] = {}
        self._failed: dict[str, bytes] = {}
        self._trouble = ""
        self._turns_to_wait = 0

    async def keep(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Let in who stands in `logins`, and put out who does not any more.

        A device whose password was kept in a form that mosquitto cannot check is left out.

        Raises:
            LoginsNotKept: a file cannot be written, or the command fails.
        """
        if not self._bridges:
            self._bridges = await asyncio.to_thread(self._find_bridges)
        wanted = self._wanted(logins)
        if wanted == self._told:
            return
        if wanted == self._failed and self._turns_to_wait > 0:
            self._turns_to_wait -= 1
            raise LoginsNotKept(self._trouble)
        self._told = {}  # until it worked, nobody knows what the broker goes by
        try:
            await asyncio.to_thread(self._tell, wanted)
        except LoginsNotKept as error:
            self._failed, self._trouble = wanted, str(error)
            self._turns_to_wait = RETRY_AFTER_TURNS
            raise
        self._told, self._failed = wanted, {}

    def _wanted(self, logins: Mapping[str, DeviceLogin]) -> dict[str, bytes]:
        # A device that had a bridge's name would be one.
        fit = {
            name: it
            for name, it in logins.items()
            if name not in self._bridges
            and not is_bridge_user(name)
            and is_for_mosquitto(it.password_salt, it.password_digest)
        }
        return {
            PASSWORDS: passwords(list(self._bridges.values()), fit).encode(),
            ACCESS: access(list(self._bridges), fit).encode(),
        }

    def _find_bridges(self) -> dict[str, str]:
        """Return the line of each hub's bridge; those of other hubs stand in the file."""
        try:
            lines = (self._folder / PASSWORDS).read_text().splitlines()
        except FileNotFoundError:
            lines = []
        except (OSError, ValueError) as error:
            raise LoginsNotKept(f"{self._folder / PASSWORDS}: {error}") from error
        found = {line.partition(":")[0]: line for line in lines}
        others = {user: line for user, line in found.items() if is_bridge_user(user)}
        return {**others, self._bridge.user: bridge_password(self._bridge)}

    def _tell(self, wanted: dict[str, bytes]) -> None:
        try:
            for name, content in wanted.items():
                write_whole(self._folder / name, content, mode=SHARED)
            subprocess.run(
                self._reload,
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=RELOAD_WITHIN_S,
            )
        except OSError as error:
            raise LoginsNotKept(f"{error.filename}: {error.strerror}") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()[:200]
            raise LoginsNotKept(
                f"{self._reload[0]} ended with {error.returncode}: {said}"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise LoginsNotKept(f"{self._reload[0]} took over {RELOAD_WITHIN_S} s") from error
