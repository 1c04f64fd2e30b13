"""The tables of the ledger, and the version a file must carry.

Integer keys inside, business keys outside: a line is named for ever by device, epoch and sequence
number, and `inbox.id` stands for that in every other table. Ids rise in booking order.
"""

SCHEMA_VERSION = 4

HUB_DEVICE = "hub"  # the name under which the hub states its own decisions

POINT = "point"
MEMBER_POINTS = "member_points"
POINTS_ISSUED = "points_issued"
POINTS_REDEEMED = "points_redeemed"

TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    store TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    password_salt BLOB NOT NULL,
    password_digest BLOB NOT NULL,
    revoked_ms INTEGER
) STRICT;

-- Two rows of a device are valid while its secret rotates; the one used last retires the older.
CREATE TABLE device_secret (
    device INTEGER NOT NULL REFERENCES device,
    kid TEXT NOT NULL,
    secret BLOB NOT NULL,
    added INTEGER NOT NULL,
    PRIMARY KEY (device, kid)
) STRICT, WITHOUT ROWID;

-- One per device and epoch: lines 1 to seq are here without a gap, their head is `head`; line
-- kept_seq is the last that arrived. From fork_seq on nothing posts.
CREATE TABLE chain (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    kept_seq INTEGER NOT NULL,
    gap_since_ms INTEGER,
    fork_seq INTEGER,
    UNIQUE (device, epoch)
) STRICT;

-- Every line, as it came. `head` is the chain's head after it, so it also vouches for all before.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL REFERENCES chain,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    line BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('posted', 'held', 'rejected', 'duplicate')),
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    op TEXT NOT NULL,
    member INTEGER REFERENCES member,
    event_ms INTEGER,
    UNIQUE (chain, seq)
) STRICT;
CREATE UNIQUE INDEX inbox_op ON inbox (op) WHERE op <> '' AND status = 'posted';
CREATE INDEX inbox_other_op ON inbox (op) WHERE op <> '' AND status <> 'posted';
CREATE INDEX inbox_member ON inbox (member, event_ms) WHERE member IS NOT NULL;

-- Another line at a position that was taken: a cloned or restored device.
CREATE TABLE fork (
    chain INTEGER NOT NULL REFERENCES chain,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    line BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (chain, seq, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT NOT NULL,
    balance INTEGER NOT NULL,
    UNIQUE (owner, kind, unit)
) STRICT;

CREATE TABLE member (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    account INTEGER NOT NULL REFERENCES account,
    tier TEXT NOT NULL,
    qualifying INTEGER NOT NULL,
    debt INTEGER NOT NULL CHECK (debt >= 0),
    version INTEGER NOT NULL,
    last_event_ms INTEGER,
    last_device TEXT,
    last_epoch TEXT,
    last_seq INTEGER
) STRICT;

-- `kind` is a key of loyalty.card_kinds.PROFILES, empty for a chip until its issue is known.
CREATE TABLE card (
    uid TEXT PRIMARY KEY,
    member INTEGER NOT NULL REFERENCES member,
    counter INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('seen', 'issued', 'blocked')),
    kind TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which operations a card's counter stands for, and when: the writes that are known to be done.
CREATE TABLE card_write (
    card TEXT NOT NULL REFERENCES card,
    counter INTEGER NOT NULL,
    op TEXT NOT NULL,
    touched_ms INTEGER NOT NULL,
    PRIMARY KEY (card, counter, op)
) STRICT, WITHOUT ROWID;

-- Which closes there are; the lines say what they saw.
CREATE TABLE day_close (
    store TEXT NOT NULL,
    opens_ms INTEGER NOT NULL,
    line INTEGER NOT NULL REFERENCES inbox,
    PRIMARY KEY (store, opens_ms, line)
) STRICT, WITHOUT ROWID;

-- What a member had after some of the facts, as JSON: where a late fact's fold begins again.
CREATE TABLE kept_state (
    member INTEGER NOT NULL REFERENCES member,
    version INTEGER NOT NULL,
    event_ms INTEGER NOT NULL,
    device TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (member, version)
) STRICT, WITHOUT ROWID;

-- Append-only, in booking order: `amount` moves from account `debit` to account `credit`.
-- A leg `adjust:<op>:<leg>` makes good what late line `line` changed about another operation's leg.
-- `version` is the member's after the booking.
CREATE TABLE transfer (
    line INTEGER NOT NULL REFERENCES inbox,
    leg TEXT NOT NULL,
    unit TEXT NOT NULL,
    debit INTEGER NOT NULL REFERENCES account,
    credit INTEGER NOT NULL REFERENCES account,
    amount INTEGER NOT NULL CHECK (amount > 0),
    member INTEGER NOT NULL REFERENCES member,
    event_ms INTEGER NOT NULL,
    booked_ms INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (line, leg),
    CHECK (debit <> credit)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER transfer_stays BEFORE UPDATE ON transfer
    BEGIN SELECT RAISE(ABORT, 'a transfer never changes'); END;
CREATE TRIGGER transfer_remains BEFORE DELETE ON transfer
    BEGIN SELECT RAISE(ABORT, 'a transfer never goes'); END;

CREATE TABLE lot (
    member INTEGER NOT NULL REFERENCES member,
    op TEXT NOT NULL,
    leg TEXT NOT NULL,
    earned_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    remaining INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    PRIMARY KEY (member, op, leg)
) STRICT, WITHOUT ROWID;

-- What operation `by_op` took from the lot of `op` and `leg`; an earning operation takes from its
-- own lot what pays the debt. `line` booked it: the operation's own, or a late one that found that
-- the operation took more, or less (then negative).
CREATE TABLE lot_use (
    line INTEGER NOT NULL REFERENCES inbox,
    by_op TEXT NOT NULL,
    member INTEGER NOT NULL,
    op TEXT NOT NULL,
    leg TEXT NOT NULL,
    points INTEGER NOT NULL CHECK (points <> 0),
    PRIMARY KEY (line, by_op, member, op, leg),
    FOREIGN KEY (member, op, leg) REFERENCES lot
) STRICT, WITHOUT ROWID;

-- Points set aside for a grant until expires_ms of hub time; every hold is resolved once.
CREATE TABLE hold (
    auth TEXT PRIMARY KEY,
    member INTEGER NOT NULL REFERENCES member,
    device INTEGER NOT NULL REFERENCES device,
    ref TEXT NOT NULL,
    offer TEXT NOT NULL,
    points INTEGER NOT NULL CHECK (points >= 0),
    value_minor INTEGER NOT NULL,
    granted_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'captured', 'released')),
    UNIQUE (device, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_active ON hold (member) WHERE status = 'active';

-- The last proof that each card gave of itself, and the ask that it came with: one that is not
-- newer was heard before.
CREATE TABLE card_proof (
    uid TEXT PRIMARY KEY,
    counter INTEGER NOT NULL,
    device INTEGER NOT NULL REFERENCES device,
    ref TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Something a person should look at; one file per code and subject, however often it is seen.
CREATE TABLE case_file (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    line INTEGER REFERENCES inbox,
    opened_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    UNIQUE (code, subject)
) STRICT;
"""
