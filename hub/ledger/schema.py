"""What the ledger's tables are told apart by: their version, the hub's own device, accounts."""

REVISION = "0007"  # the newest of `migrations/`
OLDER_REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
)  # those that can be brought up to it

HUB_DEVICE = "hub"  # the name under which the hub states its own decisions

POINT = "point"
MEMBER_POINTS = "member_points"
POINTS_ISSUED = "points_issued"
POINTS_REDEEMED = "points_redeemed"
ESCROW = "escrow"  # of a card: what its lease holds


def house_of(store: str) -> str:
    """Return as whom a store owns accounts."""
    return f"store:{store}"
