"""The tables of the ledger, the same on SQLite and on PostgreSQL; `migrations/` makes them.

Integer keys inside, business keys outside: a line is named for ever by device, epoch and sequence
number, and `inbox.id` stands for that in every other table. Ids rise in booking order.
References of rows that come with every line are written down here; `references.py` names those
that PostgreSQL does not check when it writes.
"""

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql

from hub.ledger.columns import BY_KEY, STRICT, number, octets, whole, words

METADATA = MetaData()

Table("meta", METADATA, words("name"), words("value"), PrimaryKeyConstraint("name"), **BY_KEY)

Table(
    "device",
    METADATA,
    number(),
    words("store"),
    words("name"),
    octets("password_salt"),
    octets("password_digest"),
    whole("revoked_ms", empty=True),
    UniqueConstraint("name"),
    **STRICT,
)

# Two rows of a device are valid while its secret rotates; the one used last retires the older.
Table(
    "device_secret",
    METADATA,
    whole("device", "device.id"),
    words("kid"),
    octets("secret"),
    whole("added"),
    PrimaryKeyConstraint("device", "kid"),
    **BY_KEY,
)

# One per device and epoch: lines 1 to seq are here without a gap, their head is `head`; line
# kept_seq is the last that arrived. From fork_seq on nothing posts.
Table(
    "chain",
    METADATA,
    number(),
    whole("device", "device.id"),
    words("epoch"),
    whole("seq"),
    octets("head"),
    whole("kept_seq"),
    whole("gap_since_ms", empty=True),
    whole("fork_seq", empty=True),
    UniqueConstraint("device", "epoch"),
    **STRICT,
)

# Every line, as it came. `head` is the chain's head after it, so it also vouches for all before.
_inbox = Table(
    "inbox",
    METADATA,
    number(),
    whole("chain", "chain.id"),
    whole("seq"),
    octets("head"),
    octets("line"),
    whole("received_ms"),
    words("status"),
    words("code"),
    words("kind"),
    words("op"),
    whole("member", "member.id", empty=True),
    whole("event_ms", empty=True),
    UniqueConstraint("chain", "seq"),
    CheckConstraint("status IN ('posted', 'held', 'rejected', 'duplicate')", name="inbox_status"),
    **STRICT,
)
_POSTED_OP = sql("op <> '' AND status = 'posted'")
_OTHER_OP = sql("op <> '' AND status <> 'posted'")
_HELD = sql("status = 'held'")
_OF_MEMBER = sql("member IS NOT NULL")
Index("inbox_op", _inbox.c.op, unique=True, sqlite_where=_POSTED_OP, postgresql_where=_POSTED_OP)
Index("inbox_other_op", _inbox.c.op, sqlite_where=_OTHER_OP, postgresql_where=_OTHER_OP)
Index("inbox_held", _inbox.c.code, sqlite_where=_HELD, postgresql_where=_HELD)
Index(
    "inbox_member",
    _inbox.c.member,
    _inbox.c.event_ms,
    sqlite_where=_OF_MEMBER,
    postgresql_where=_OF_MEMBER,
)

# Another line at a position that was taken: a cloned or restored device.
Table(
    "fork",
    METADATA,
    whole("chain", "chain.id"),
    whole("seq"),
    octets("head"),
    octets("line"),
    whole("received_ms"),
    PrimaryKeyConstraint("chain", "seq", "head"),
    **BY_KEY,
)

Table(
    "account",
    METADATA,
    number(),
    words("owner"),
    words("kind"),
    words("unit"),
    whole("balance"),
    UniqueConstraint("owner", "kind", "unit"),
    **STRICT,
)

# `leases` are those that hold something, as JSON, empty for none.
Table(
    "member",
    METADATA,
    number(),
    words("token"),
    whole("account", "account.id"),
    words("tier"),
    whole("qualifying"),
    whole("debt"),
    whole("version"),
    whole("last_event_ms", empty=True),
    words("last_device", empty=True),
    words("last_epoch", empty=True),
    whole("last_seq", empty=True),
    words("leases", default=""),
    UniqueConstraint("token"),
    CheckConstraint("debt >= 0", name="member_debt"),
    **STRICT,
)

# `kind` is a key of loyalty.card_kinds.PROFILES, empty for a chip until its issue is known.
Table(
    "card",
    METADATA,
    words("uid"),
    whole("member", "member.id"),
    whole("counter"),
    whole("seen_ms"),
    words("status"),
    words("kind"),
    PrimaryKeyConstraint("uid"),
    CheckConstraint("status IN ('seen', 'issued', 'blocked')", name="card_status"),
    **BY_KEY,
)

# Which operations a card's counter stands for, and when: the writes that are known to be done.
Table(
    "card_write",
    METADATA,
    words("card", "card.uid"),
    whole("counter"),
    words("op"),
    whole("touched_ms"),
    PrimaryKeyConstraint("card", "counter", "op"),
    **BY_KEY,
)

# Which closes there are; the lines say what they saw.
Table(
    "day_close",
    METADATA,
    words("store"),
    whole("opens_ms"),
    whole("line", "inbox.id"),
    PrimaryKeyConstraint("store", "opens_ms", "line"),
    **BY_KEY,
)

# What a member had after some of the facts, as JSON: where a late fact's fold begins again.
Table(
    "kept_state",
    METADATA,
    whole("member", "member.id"),
    whole("version"),
    whole("event_ms"),
    words("device"),
    words("epoch"),
    whole("seq"),
    words("state"),
    PrimaryKeyConstraint("member", "version"),
    **BY_KEY,
)

# Append-only, in booking order: `amount` moves from account `debit` to account `credit`.
# A leg `adjust:<op>:<leg>` makes good what late line `line` changed about another operation's leg.
# `version` is the member's after the booking. Triggers keep it as it is.
Table(
    "transfer",
    METADATA,
    whole("line", "inbox.id"),
    words("leg"),
    words("unit"),
    whole("debit", "account.id"),
    whole("credit", "account.id"),
    whole("amount"),
    whole("member", "member.id"),
    whole("event_ms"),
    whole("booked_ms"),
    whole("rules"),
    whole("version"),
    PrimaryKeyConstraint("line", "leg"),
    CheckConstraint("amount > 0", name="transfer_amount"),
    CheckConstraint("debit <> credit", name="transfer_accounts"),
    **BY_KEY,
)

Table(
    "lot",
    METADATA,
    whole("member", "member.id"),
    words("op"),
    words("leg"),
    whole("earned_ms"),
    whole("expires_ms"),
    whole("amount"),
    whole("remaining"),
    PrimaryKeyConstraint("member", "op", "leg"),
    CheckConstraint("amount >= 0", name="lot_amount"),
    CheckConstraint("remaining BETWEEN 0 AND amount", name="lot_remaining"),
    **BY_KEY,
)

# What operation `by_op` took from the lot of `op` and `leg`; an earning operation takes from its
# own lot what pays the debt. `line` booked it: the operation's own, or a late one that found that
# the operation took more, or less (then negative).
Table(
    "lot_use",
    METADATA,
    whole("line", "inbox.id"),
    words("by_op"),
    whole("member"),
    words("op"),
    words("leg"),
    whole("points"),
    PrimaryKeyConstraint("line", "by_op", "member", "op", "leg"),
    ForeignKeyConstraint(("member", "op", "leg"), ("lot.member", "lot.op", "lot.leg")),
    CheckConstraint("points <> 0", name="lot_use_points"),
    **BY_KEY,
)

# Points set aside for a grant until expires_ms of hub time, or for a line that spends beyond a gap
# until its turn comes (`holds.py`); every hold is resolved once.
_hold = Table(
    "hold",
    METADATA,
    words("auth"),
    whole("member", "member.id"),
    whole("device", "device.id"),
    words("ref"),
    words("offer"),
    whole("points"),
    whole("value_minor"),
    whole("granted_ms"),
    whole("expires_ms"),
    words("status"),
    PrimaryKeyConstraint("auth"),
    UniqueConstraint("device", "ref"),
    CheckConstraint("points >= 0", name="hold_points"),
    CheckConstraint("status IN ('active', 'captured', 'released')", name="hold_status"),
    **BY_KEY,
)
_ACTIVE = sql("status = 'active'")
Index("hold_active", _hold.c.member, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)

# The last proof that each card gave of itself, and the ask that it came with: one that is not
# newer was heard before.
Table(
    "card_proof",
    METADATA,
    words("uid"),
    whole("counter"),
    whole("device", "device.id"),
    words("ref"),
    PrimaryKeyConstraint("uid"),
    **BY_KEY,
)

# Points of a member that a card may spend while the hub is away; they stand in the account
# (card, escrow). `offered`: the card may carry it; `carried`: it was seen to; `closing`: the card
# cannot spend any more, and not all that it spent is known; `closed`: nothing is left of it.
_lease = Table(
    "lease",
    METADATA,
    words("lease"),
    words("card", "card.uid"),
    whole("member", "member.id"),
    whole("device", "device.id"),
    words("ref"),
    whole("points"),
    whole("counter"),
    whole("offered_ms"),
    whole("expires_ms"),
    words("status"),
    PrimaryKeyConstraint("lease"),
    UniqueConstraint("device", "ref"),
    CheckConstraint("points > 0", name="lease_points"),
    CheckConstraint("status IN ('offered', 'carried', 'closing', 'closed')", name="lease_status"),
    **BY_KEY,
)
_OPEN_LEASE = sql("status <> 'closed'")
Index("lease_open", _lease.c.card, sqlite_where=_OPEN_LEASE, postgresql_where=_OPEN_LEASE)

# Cards that were stopped or allowed again, in that order: version `number` of the hotlist is all of
# them up to it.
Table(
    "hotlist",
    METADATA,
    number(),
    words("card"),
    words("reason"),
    whole("at_ms"),
    **STRICT,
)

# How far each chain has told everything: at told_ms its device had told_seq lines. Once they are
# here, nothing older can come; reported_ms is the last time for which that is so.
Table(
    "watermark",
    METADATA,
    whole("chain", "chain.id"),
    whole("told_seq"),
    whole("told_ms"),
    whole("reported_ms"),
    PrimaryKeyConstraint("chain"),
    **BY_KEY,
)

# Codes with which a device introduces itself, once, and gets `name`. `shared_key` is what it and we
# know, until the code ends; `used_by` is a digest of who used it, so that it may ask again.
Table(
    "pairing",
    METADATA,
    words("code"),
    octets("shared_key"),
    words("store"),
    words("kind"),
    words("name"),
    words("made_by"),
    whole("made_ms"),
    whole("expires_ms"),
    whole("tries"),
    whole("used_ms", empty=True),
    words("used_by"),
    PrimaryKeyConstraint("code"),
    **BY_KEY,
)

# What takes two people: one proposes, another agrees or refuses.
Table(
    "proposal",
    METADATA,
    words("proposal"),
    words("kind"),
    words("subject"),
    words("terms"),
    words("reason"),
    words("note"),
    words("maker"),
    whole("made_ms"),
    words("checker"),
    whole("decided_ms", empty=True),
    words("status"),
    PrimaryKeyConstraint("proposal"),
    CheckConstraint("status IN ('open', 'agreed', 'refused')", name="proposal_status"),
    CheckConstraint("checker <> maker", name="proposal_two_people"),
    **BY_KEY,
)

# Something a person should look at; one file per code and subject, however often it is seen.
# `opened_ms` is when it was first seen, `assignee` who looks after it, empty for nobody.
Table(
    "case_file",
    METADATA,
    number(),
    words("code"),
    words("subject"),
    words("detail"),
    whole("line", "inbox.id", empty=True),
    whole("opened_ms"),
    whole("last_ms"),
    whole("times"),
    words("status"),
    words("assignee"),
    UniqueConstraint("code", "subject"),
    CheckConstraint("status IN ('open', 'closed')", name="case_file_status"),
    **STRICT,
)

# What became of a case after it was first opened: people assign and close it, it settles by itself,
# or is seen again and so opened again. `who` is empty for the hub.
_case_note = Table(
    "case_note",
    METADATA,
    number(),
    whole("case_file", "case_file.id"),
    whole("at_ms"),
    words("deed"),
    words("who"),
    words("note"),
    CheckConstraint("deed IN ('assigned', 'closed', 'settled', 'opened')", name="case_note_deed"),
    **STRICT,
)
Index("case_note_file", _case_note.c.case_file)
