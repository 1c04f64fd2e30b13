"""mosquitto with its own C client: what a broker and a client carry that do nothing else."""

import subprocess
import tempfile
from pathlib import Path
from time import perf_counter

from simulators.free_port import free_port

HOST = "127.0.0.1"
TOPIC = "loy/v1/s1/h1/up/batch"
WITHIN_S = 300


def messages_per_s(size_bytes: int, messages: int) -> float:
    """Return how many messages of that size a second go from a publisher to a subscriber, QoS 1."""
    port = str(free_port())
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "mosquitto.conf"
        config.write_text(
            f"listener {port} {HOST}\nallow_anonymous true\nmax_queued_messages 0\n"
            "max_inflight_messages 200\nset_tcp_nodelay true\n"
        )
        command = ["/usr/sbin/mosquitto", "-c", str(config)]
        broker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            return _carried_per_s(port, size_bytes, messages)
        finally:
            broker.terminate()
            broker.wait()


def _carried_per_s(port: str, size_bytes: int, messages: int) -> float:
    where = ["-h", HOST, "-p", port, "-q", "1", "-t", TOPIC]
    # A retained message that comes back says that the subscriber is there.
    listen = ["mosquitto_sub", *where, "-C", str(messages + 1), "-F", "%l"]
    greet = ["mosquitto_pub", *where, "-r", "-m", "x"]
    while subprocess.run(greet, stderr=subprocess.DEVNULL).returncode:
        pass  # until the broker listens; each attempt takes a process
    with subprocess.Popen(listen, stdout=subprocess.PIPE) as subscriber:
        assert subscriber.stdout is not None
        subscriber.stdout.readline()
        begun_s = perf_counter()
        lines = b"x" * size_bytes + b"\n"
        send = ["mosquitto_pub", *where, "-l"]
        subprocess.run(send, input=lines * messages, check=True, timeout=WITHIN_S)
        subscriber.wait(WITHIN_S)
        return messages / (perf_counter() - begun_s)
