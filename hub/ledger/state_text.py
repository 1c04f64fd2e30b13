"""What a member has, as text in a column: whole, or only what cards hold on leases."""

import json

from loyalty.state import Leased, Lot, MemberState, Position


def leases_text(leases: tuple[Leased, ...]) -> str:
    """Return `leases` as JSON, nothing for none."""
    return _text(leases) if leases else ""


def read_leases(text: str) -> tuple[Leased, ...]:
    """Return the leases that `leases_text` wrote down."""
    return _leases(json.loads(text)) if text else ()


def state_text(state: MemberState) -> str:
    """Return `state` as JSON; leases are there only if there are some."""
    points = (state.tier, state.qualifying_points, state.debt_points, state.version)
    leases = (state.leases,) if state.leases else ()
    return _text([*points, state.last, state.lots, *leases])


def read_state(text: str) -> MemberState:
    """Return the state that `state_text` wrote down."""
    tier, qualifying_points, debt_points, version, last, lots, *leases = json.loads(text)
    return MemberState(
        tier=tier,
        qualifying_points=qualifying_points,
        debt_points=debt_points,
        lots=_lots(lots),
        leases=_leases(*leases) if leases else (),
        version=version,
        last=Position(*last),
    )


def _leases(rows: list[tuple[str, str, list[list[object]]]]) -> tuple[Leased, ...]:
    return tuple([Leased(lease, card, _lots(lots)) for lease, card, lots in rows])


def _lots(rows: list[list[object]]) -> tuple[Lot, ...]:
    return tuple([Lot._make(row) for row in rows])


def _text(values: object) -> str:
    return json.dumps(values, separators=(",", ":"))
