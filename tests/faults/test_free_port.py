"""A free port is nobody else's, in this process or another, whether its server runs yet or not."""

import socket
import subprocess
import sys

from simulators.free_port import free_port
from tests.source_tree import ROOT

ASK = "from simulators.free_port import free_port; print(free_port())"


def test_no_port_is_promised_twice():
    ours = [free_port() for _ in range(3)]

    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert len({*ours, int(asked.stdout)}) == 4


def test_a_server_can_be_started_there():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[1] > 0
