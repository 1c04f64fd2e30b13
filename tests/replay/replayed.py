"""One replay that many tests look at, played as a person would play it: by the command line."""

import fcntl
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
PROGRAMME = ROOT / "programmes" / "supermarket.toml"

# Five weeks of one shop: households come again, one becomes gold, promotions begin and end.
STORE = 429
FIRST_DAY = date(2017, 2, 25)
DAYS = 35


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The object in the last line."""
        return dict(json.loads(self.out.splitlines()[-1]))


class Replayed(NamedTuple):
    """The replay that was played, and what it left."""

    ended: Ended
    ledger: Path
    faces: Path


def revisit(*words: object) -> Ended:
    """Run `revisit` with `words`; a warning is an error there too."""
    command = [sys.executable, "-W", "error", "-m", "revisit", *map(str, words)]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def replayed_once(folder: Path) -> Replayed:
    """Return the replay that is kept in `folder`; whoever asks first plays it."""
    folder.mkdir(exist_ok=True)
    kept, ledger, faces = folder / "ended.json", folder / "ledger.db", folder / "faces"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            window = ("--store", STORE, "--from", FIRST_DAY, "--days", DAYS)
            ended = revisit(
                "replay", *window, "--json", "--db", f"sqlite:///{ledger}", "--faces", faces
            )
            kept.write_text(json.dumps(ended))
    return Replayed(Ended(*json.loads(kept.read_text())), ledger, faces)
