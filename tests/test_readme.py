"""The README's commands do what it says; only those that set up are left to a fresh clone."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.source_tree import ROOT

SETS_UP = ("make demo",)
STAYS = ".venv/bin/revisit sim "  # runs until it is stopped, and says first that it does
PATIENCE_S = 120


def commands() -> list[str]:
    """Return the README's commands in their order: its indented lines."""
    found = re.findall(r"^    (\S.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return [it for it in found if it not in SETS_UP]


@pytest.fixture
def clone(tmp_path) -> Path:
    """A folder that has what the commands name, so that nothing is left in the real one."""
    (tmp_path / "programmes").symlink_to(ROOT / "programmes")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    revisit = tmp_path / ".venv" / "bin" / "revisit"
    revisit.write_text(f'#!/bin/sh\nexec {sys.executable} -W error {ROOT}/revisit.py "$@"\n')
    revisit.chmod(0o755)
    return tmp_path


def test_every_command_does_what_the_readme_says(clone):
    out = ""

    with ExitStack() as running:
        for command in commands():
            if command.startswith(STAYS):
                stays = subprocess.Popen(
                    ["sh", "-c", f"exec {command}"], cwd=clone, stdout=subprocess.PIPE, text=True
                )
                running.enter_context(stays)
                running.callback(stays.terminate)
                out += stays.stdout.readline()
            else:
                out += done(command, clone)

    assert "216 points" in out
    assert out.count("-100") == 2
    assert out.count("-40") == 1
    assert "broken" not in out
    assert "de  ad  be  ef" in out
    assert len(list((clone / "faces").glob("*.png"))) == 15


def test_help_lists_the_commands(clone):
    assert "replay" in done(".venv/bin/revisit --help", clone)


def done(command: str, folder: Path) -> str:
    """Run `command` as a person would type it, and return what it printed."""
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
