"""How long we wait for a PostgreSQL server that has fallen silent, and it for us.

A server that works on something long is not silent: its machine answers for it. A machine that is
gone, or a network, says nothing, and TCP alone would wait for a quarter of an hour or for ever.
"""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

CONNECT_TIMEOUT_S = 10
IDLE_S, PROBE_EVERY_S, PROBES_MAX = 10, 5, 3  # then the other side is gone: after 25 s
UNHEARD_MAX_MS = 30_000  # of what was sent and never confirmed

APPLICATION = "revisit"

_OURS = {
    "application_name": APPLICATION,
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives": 1,
    "keepalives_idle": IDLE_S,
    "keepalives_interval": PROBE_EVERY_S,
    "keepalives_count": PROBES_MAX,
    "tcp_user_timeout": UNHEARD_MAX_MS,
}

# A hub whose machine is gone must not keep its locks from the others for two hours.
BE_AS_IMPATIENT = (
    f"SET tcp_keepalives_idle = {IDLE_S}; SET tcp_keepalives_interval = {PROBE_EVERY_S};"
    f" SET tcp_keepalives_count = {PROBES_MAX}; SET tcp_user_timeout = {UNHEARD_MAX_MS}"
)


def settings_for(conninfo: str) -> dict[str, Any]:
    """Return what to connect with besides `conninfo`; what that says itself stays."""
    said = conninfo_to_dict(conninfo)
    return {name: value for name, value in _OURS.items() if name not in said}
