"""Portable. The fields of every line in wire order; made by a script.

`scripts/make_wire_schema.py` reads it off records, asks and receipts.
`SCHEMA[kind]` is `(names, marks)`. A mark is `("whole", least, most)`, `("name", shortest,
longest)`, `("choice", words)` or `("rows", most, marks of a row)`.
"""

# fmt: off
# ruff: noqa: E501
TYPE_CHECKING = False  # boards have no `typing`
if TYPE_CHECKING:
    from typing import Any

SCHEMA: "dict[str, tuple[tuple[str, ...], tuple[Any, ...]]]" = {
    'sale': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'till_ms', 'receipt', 'currency', 'items'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('whole', 0, 4102444800000), ('name', 1, 64), ('name', 3, 3), ('rows', 500, (('name', 1, 64), ('whole', -1000000000000, 1000000000000), ('whole', 0, 1)))),
    ),
    'redemption': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'offer', 'points', 'value_minor', 'currency', 'auth', 'granted_ms'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('whole', 0, 1000000000000), ('whole', -1000000000000, 1000000000000), ('name', 3, 3), ('name', 0, 64), ('whole', 0, 4102444800000)),
    ),
    'card_issued': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'card_kind'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('choice', ('classic1k', 'classic4k', 'ultralight', 'ultralight_ev1', 'ntag213', 'ntag215', 'ntag216', 'ntag424', 'desfire_ev1', 'desfire_ev2', 'desfire_ev3', 'barcode', 'magnetic', 'phone', 'ntag', 'desfire'))),
    ),
    'card_suspected': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'sign'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('choice', ('rolled_back', 'copied'))),
    ),
    'check_in': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128)),
    ),
    'face_started': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'face', 'rewrite'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 64, 64), ('whole', 0, 9007199254740991)),
    ),
    'face_printed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'face', 'outcome', 'account_version', 'shown_points', 'pending_points', 'as_of_ms'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 64, 64), ('choice', ('printed', 'stale')), ('whole', 0, 9007199254740991), ('whole', -1000000000000, 1000000000000), ('whole', -1000000000000, 1000000000000), ('whole', 0, 4102444800000)),
    ),
    'touch_unknown': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'intended'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 128)),
    ),
    'staff_signed_in': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128)),
    ),
    'day_closed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'day'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('whole', 19700101, 20991231)),
    ),
    'lease_carried': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'lease', 'left_points'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('whole', 0, 1000000000000)),
    ),
    'lease_spend': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'lease', 'offer', 'points', 'value_minor', 'currency'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('name', 1, 64), ('whole', 0, 1000000000000), ('whole', -1000000000000, 1000000000000), ('name', 3, 3)),
    ),
    'lease_closed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'lease', 'left_points'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('whole', 0, 1000000000000)),
    ),
    'store_day_closed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'day', 'opens_ms', 'ends'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('whole', 19700101, 20991231), ('whole', 0, 4102444800000), ('rows', 200, (('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991)))),
    ),
    'epoch_lost': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'device', 'epoch', 'from_seq'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991)),
    ),
    'fork_adopted': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'device', 'epoch', 'branches', 'proposal', 'checker'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('name', 1, 64), ('rows', 16, (('name', 1, 64), ('whole', 0, 9007199254740991))), ('name', 1, 64), ('name', 1, 64)),
    ),
    'lease_offered': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'lease', 'points', 'expires_ms', 'counter'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('whole', 0, 1000000000000), ('whole', 0, 4102444800000), ('whole', -1, 4294967295)),
    ),
    'lease_lapsed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'lease'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64)),
    ),
    'points_adjusted': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'points', 'reason', 'receipt', 'proposal', 'checker'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('whole', -1000000000000, 1000000000000), ('name', 1, 64), ('name', 0, 64), ('name', 1, 64), ('name', 1, 64)),
    ),
    'card_stopped': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'stopped', 'reason'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64), ('choice', ('lost', 'stolen', 'cloned', 'worn', 'retired'))),
    ),
    'card_allowed': (
        ('at_ms', 'mono_ms', 'boot', 'hub_ms', 'staff', 'store', 'rules', 'card', 'member', 'ctr_seen', 'ctr_used', 'touch', 'op', 'allowed'),
        (('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000), ('name', 0, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 0, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('whole', -1, 4294967295), ('choice', ('none', 'done', 'torn', 'unknown')), ('name', 0, 128), ('name', 1, 64)),
    ),
    'hello': (
        ('ref', 'last_seq', 'settled_seq', 'incarnation', 'rules', 'hub_ms'),
        (('name', 1, 64), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('name', 0, 64), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000)),
    ),
    'ask_account': (
        ('ref', 'card', 'member', 'ctr_seen', 'proof', 'lease', 'lease_left_points'),
        (('name', 1, 64), ('name', 1, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('name', 0, 64), ('name', 0, 64), ('whole', 0, 1000000000000)),
    ),
    'ask_redeem': (
        ('ref', 'card', 'member', 'ctr_seen', 'offer', 'proof'),
        (('name', 1, 64), ('name', 1, 64), ('name', 0, 16), ('whole', -1, 4294967295), ('name', 1, 64), ('name', 0, 64)),
    ),
    'cancel_redeem': (
        ('ref', 'auth'),
        (('name', 1, 64), ('name', 1, 64)),
    ),
    'ask_lease': (
        ('ref', 'card', 'member', 'ctr_seen'),
        (('name', 1, 64), ('name', 1, 64), ('name', 0, 16), ('whole', -1, 4294967295)),
    ),
    'ask_card_keys': (
        ('ref', 'card'),
        (('name', 1, 64), ('name', 1, 64)),
    ),
    'ask_document': (
        ('ref', 'name', 'version', 'part'),
        (('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991)),
    ),
    'receipt': (
        ('incarnation', 'upto_seq', 'head', 'hub_ms', 'want_first', 'want_last', 'exceptions', 'ref'),
        (('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 64, 64), ('whole', 0, 4102444800000), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('rows', 100, (('whole', 0, 9007199254740991), ('choice', ('posted', 'held', 'rejected', 'duplicate')), ('name', 0, 64))), ('name', 0, 64)),
    ),
    'account_view': (
        ('ref', 'account', 'version', 'tier', 'points', 'available_points', 'as_of_ms', 'check', 'next_tier', 'next_tier_points', 'expiring_points', 'expires_ms', 'is_provisional'),
        (('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('name', 1, 64), ('whole', -1000000000000, 1000000000000), ('whole', -1000000000000, 1000000000000), ('whole', 0, 4102444800000), ('name', 1, 64), ('name', 0, 64), ('whole', 0, 1000000000000), ('whole', 0, 1000000000000), ('whole', 0, 4102444800000), ('whole', 0, 1)),
    ),
    'redeem_granted': (
        ('ref', 'auth', 'offer', 'points', 'value_minor', 'granted_ms', 'expires_ms'),
        (('name', 1, 64), ('name', 1, 64), ('name', 1, 64), ('whole', 0, 1000000000000), ('whole', -1000000000000, 1000000000000), ('whole', 0, 4102444800000), ('whole', 0, 4102444800000)),
    ),
    'released': (
        ('ref', 'auth'),
        (('name', 1, 64), ('name', 1, 64)),
    ),
    'refusal': (
        ('ref', 'reason'),
        (('name', 1, 64), ('choice', ('unknown_card', 'unknown_offer', 'not_enough_points', 'card_blocked', 'card_replayed', 'card_unproven', 'card_not_accepted', 'card_may_not_spend', 'too_many_asks', 'unknown_grant', 'no_lease', 'unknown_document', 'try_later'))),
    ),
    'lease_granted': (
        ('ref', 'lease', 'points', 'expires_s', 'counter', 'signature', 'credit_key'),
        (('name', 1, 64), ('name', 1, 64), ('whole', 0, 1000000000000), ('whole', 0, 9007199254740991), ('whole', -1, 4294967295), ('name', 128, 128), ('name', 0, 128)),
    ),
    'card_keys_granted': (
        ('ref', 'card', 'master_key', 'credit_key'),
        (('name', 1, 64), ('name', 1, 64), ('name', 0, 128), ('name', 0, 128)),
    ),
    'document_part': (
        ('ref', 'name', 'version', 'part', 'parts', 'text', 'signature', 'as_of_ms'),
        (('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('whole', 0, 9007199254740991), ('name', 0, 24000), ('name', 128, 128), ('whole', 0, 4102444800000)),
    ),
    'document_is_current': (
        ('ref', 'name', 'version', 'as_of_ms'),
        (('name', 1, 64), ('name', 1, 64), ('whole', 0, 9007199254740991), ('whole', 0, 4102444800000)),
    ),
}
