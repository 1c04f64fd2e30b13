"""Make `.venv` hold what a lock file names, and this project; do nothing if it already does.

    python3 scripts/make_venv.py requirements/demo.lock

Several runs at once are safe: they wait for each other.
"""

import fcntl
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PIP = (str(VENV / "bin" / "python"), "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check")


def main(arguments: list[str]) -> int:
    """Fill `.venv` from the lock named first; return the exit status."""
    lock = ROOT / arguments[0]
    # Left after a whole fill only, so a run that was cut short is simply done again.
    stamp = VENV / f"filled-from-{lock.name}"
    fingerprint = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    with Path(__file__).open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == fingerprint.hexdigest():
            return 0
        if importlib.util.find_spec("ensurepip") is None:
            print(
                "This Python cannot make a venv: its module ensurepip is missing. "
                "On Debian, install python3-venv.",
                file=sys.stderr,
            )
            return 1
        print(f"Filling .venv from {lock.relative_to(ROOT)} (about half a minute) …", flush=True)
        try:
            _fill(lock)
        except subprocess.CalledProcessError as error:
            return error.returncode
        stamp.write_text(fingerprint.hexdigest())
    return 0


def _fill(lock: Path) -> None:
    if not _has_pip():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    # pynfc has no wheel; the older way to build it announces its own end at length.
    locked = ["--require-hashes", "--use-pep517", "-r", str(lock)]
    subprocess.run([*PIP, "install", *QUIET, *locked], check=True)
    # The lock holds setuptools, so nothing else has to be fetched to build the project.
    install = [*PIP, "install", *QUIET, "--no-deps", "--no-build-isolation", "--editable", "."]
    subprocess.run(install, cwd=ROOT, check=True)


def _has_pip() -> bool:
    try:
        return subprocess.run([*PIP, "--version"], capture_output=True).returncode == 0
    except OSError:  # no venv yet, or one whose Python has gone
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
