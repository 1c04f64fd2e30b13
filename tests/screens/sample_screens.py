"""Every screen that a terminal can show, with values as hard to place as real ones."""

from collections.abc import Callable

from device.display.i18n import translator
from device.display.screens.view import Link, View, Words

OFFERS = {"coffee": 60, "voucher-1": 100, "voucher-5": 480, "lunch": 900, "mug": 1500, "bag": 2400}
LABELS = {
    "en": {
        "silver": "Silver",
        "gold": "Gold",
        "platinum": "Platinum",
        "coffee": "Coffee of the day",
        "voucher-1": "$1.00 voucher",
        "voucher-5": "$5.00 voucher",
        "lunch": "Lunch for two",
        "mug": "Harvest mug",
        "bag": "Canvas bag",
    },
    "zh_Hant_HK": {
        "silver": "銀卡",
        "gold": "金卡",
        "platinum": "白金卡",
        "coffee": "是日咖啡",
        "voucher-1": "$1.00 禮券",
        "voucher-5": "$5.00 禮券",
        "lunch": "二人午餐",
        "mug": "豐收馬克杯",
        "bag": "帆布袋",
    },
    "zh_Hans_CN": {
        "silver": "银卡",
        "gold": "金卡",
        "platinum": "白金卡",
        "coffee": "今日咖啡",
        "voucher-1": "$1.00 礼券",
        "voucher-5": "$5.00 礼券",
        "lunch": "双人午餐",
        "mug": "丰收马克杯",
        "bag": "帆布袋",
    },
}
SHOPS = {"en": "Harvest Market", "zh_Hant_HK": "豐收超市", "zh_Hans_CN": "丰收超市"}

OFFLINE = Link(is_online=False, waiting=12)
_ACCOUNT = {
    "points": 128_450,
    "available_points": 128_450,
    "tier": "gold",
    "next_tier": "platinum",
    "next_tier_points": 21_550,
    "member": "hh-2337",
    "as_of_ms": 1_488_326_400_000,
    "notice": "",
}
_CHANGE = {"offer": "voucher-1", "before_points": 128_450, "points": 100, "after_points": 128_350}
_MANY = (*OFFERS, "print", "return")
_OFFLINE = ("coffee", "voucher-1", "return")
_FEW = ("coffee", "voucher-1", "print", "return")


def _view(screen: str, **fields: object) -> View:
    return View(screen=screen, **fields)


def _returned(screen: str) -> View:
    return _view(screen, sound="refused", values={"card_is_out": 1})


KIOSK = {
    "welcome": _view("welcome", choices=("key_phone",)),
    "welcome-cards-only": _view("welcome"),
    "welcome-offline": _view("welcome", choices=("key_phone",), link=OFFLINE),
    "one_moment": _view("one_moment", elapsed_ms=500),
    "account": _view("account", values=_ACCOUNT, choices=_FEW),
    "account-many": _view("account", values=_ACCOUNT, choices=_MANY),
    "account-last-page": _view("account", values=_ACCOUNT, choices=_MANY, page=1),
    "account-reserved": _view(
        "account", values={**_ACCOUNT, "available_points": 128_350}, choices=_FEW, link=OFFLINE
    ),
    "account-poor": _view(
        "account",
        values={**_ACCOUNT, "points": 0, "available_points": 0, "tier": "silver"},
        choices=("print", "return"),
        pressed="choice:print",
    ),
    "account-notice": _view(
        "account", values={**_ACCOUNT, "notice": "not_enough_points"}, choices=_FEW
    ),
    "account-by-number": _view(
        "account", values={**_ACCOUNT, "notice": "number_only"}, choices=("done",)
    ),
    **{
        f"account-{it}": _view("account", values={**_ACCOUNT, "notice": it}, choices=_FEW)
        for it in ("unknown_offer", "unknown_grant")
    },
    "confirm": _view("confirm", values=_CHANGE, choices=("confirm", "back", "return")),
    "more_time": _view(
        "more_time", choices=("more_time", "return"), timeout_ms=20_000, elapsed_ms=8_000
    ),
    "key_phone": _view("key_phone", choices=("back",)),
    "key_phone-typed": _view("key_phone", choices=("back",), typed="85291234567"),
    "redeemed": _view("redeemed", values=_CHANGE, sound="accepted"),
    "printing": _view("printing", values=_CHANGE, elapsed_ms=1500),
    "take_card": _view("take_card", sound="take_card"),
    "take_card-redeemed": _view("take_card", values=_CHANGE, sound="take_card"),
    "face_later": _view("face_later", values=_CHANGE, sound="take_card"),
    "offline": _view("offline", sound="take_card", link=OFFLINE),
    "face_unseen": _view("face_unseen", sound="take_card", choices=("face_good", "face_bad")),
    "number_unknown": _view("number_unknown", sound="refused"),
    "number_offline": _view("number_offline", sound="refused", link=OFFLINE),
    "card_may_not_spend": _view("card_may_not_spend", sound="refused"),
    "staff_needed": _view("staff_needed"),
    "card_worn": _view("card_worn", values={"rewrites": 300}),
    **{
        it: _returned(it)
        for it in (
            *("card_blank", "card_foreign", "card_wrong_key", "card_bad_seal"),
            *("card_rolled_back", "card_copied", "card_worn_out", "card_not_accepted"),
            *("unknown_card", "card_blocked", "too_many_asks", "try_later"),
            *("journal_full", "journal_failed"),
        )
    },
    "account_offline": _view(
        "account_offline", values={"points": 1_450, "notice": ""}, choices=_OFFLINE, link=OFFLINE
    ),
    "account_offline-much": _view(
        "account_offline",
        values={"points": 128_450, "notice": ""},
        choices=(*OFFERS, "return"),
        link=OFFLINE,
    ),
    **{
        f"account-{it}": _view("account", values={**_ACCOUNT, "notice": it}, choices=_FEW)
        for it in ("lease_on_its_way", "meet_hub_soon")
    },
    "redeemed_offline": _view("redeemed_offline", values=_CHANGE, sound="accepted", link=OFFLINE),
    "not_finished": _returned("not_finished"),
    "account-balance_provisional": _view(
        "account", values={**_ACCOUNT, "notice": "balance_provisional"}, choices=_FEW
    ),
    "reader_lost": _view("reader_lost"),
    "reader_lost-card-is-out": _returned("reader_lost"),
    "account-card_first": _view(
        "account", values={**_ACCOUNT, "notice": "card_first"}, choices=_FEW
    ),
    "day_closed": _view("day_closed"),
}

HANDHELD = {
    "ready": _view("ready"),
    "signed_on": _view("signed_on", sound="accepted"),
    "day_closed": _view("day_closed", sound="accepted"),
    "last_operation": _view("last_operation", values={"op": "367:28910:sale"}),
    "tap_card": _view(
        "tap_card",
        values={"total_minor": 128_450, "currency": "HKD"},
        choices=("no_card", "key_phone"),
    ),
    "tap_card-offline": _view(
        "tap_card",
        values={"total_minor": 128_450, "currency": "HKD"},
        choices=("no_card", "key_phone"),
        link=OFFLINE,
    ),
    "hold_card": _view("hold_card", elapsed_ms=250),
    "sold": _view("sold", values={"receipt": "28910"}, sound="accepted"),
    "sold_no_card": _view("sold_no_card"),
    "tap_new_card": _view("tap_new_card", choices=("key_phone", "cancel")),
    "issued": _view("issued", sound="accepted"),
    "issue_again": _view("issue_again", sound="refused"),
    "card_taken": _view("card_taken", sound="refused", choices=("key_phone", "cancel")),
    "key_phone": _view("key_phone", choices=("back",), typed="85291234567"),
    "linked": _view("linked", sound="accepted"),
    "sold_unseen": _view("sold_unseen", values={"receipt": "28910"}, sound="accepted"),
    "one_moment": _view("one_moment"),
    "card_no_phone_number": _view(
        "card_no_phone_number", sound="refused", choices=("no_card", "key_phone")
    ),
    **{
        it: _view(it, sound="refused", choices=("no_card", "key_phone"))
        for it in (
            *("card_blank", "card_foreign", "card_wrong_key", "card_bad_seal", "card_copied"),
            *("card_rolled_back", "card_worn_out", "card_not_accepted", "card_unlinked"),
            *("card_unreadable_code", "card_unreadable_stripe", "card_bank_card"),
        )
    },
    **{it: _view(it, sound="refused") for it in ("journal_full", "journal_failed")},
    "card_spoiled": _view("card_spoiled", sound="refused"),
    "issue_needs_hub": _view("issue_needs_hub", sound="refused", choices=("key_phone", "cancel")),
    "reader_missing": _view("reader_missing", choices=("no_card", "key_phone")),
    "reader_missing-issue": _view("reader_missing", choices=("key_phone", "cancel")),
    "finish_first": _view("finish_first", sound="refused", choices=("no_card", "key_phone")),
    "nothing_waits": _view("nothing_waits", sound="refused"),
}


def words_in(locale: str, translate: Callable[[str], str] | None = None) -> Words:
    """Return the words of `locale`, or those of English that `translate` makes of them."""
    said = translate or translator(locale)
    return Words(
        locale=locale,
        translate=said,
        labels={key: said(it) for key, it in LABELS[locale].items()}
        if translate
        else LABELS[locale],
        prices=OFFERS,
        shop=SHOPS[locale],
    )


_LONGER = str.maketrans("aeiouAEIOU", "àéîõüÀÉÎÕÜ")


def pseudo(message: str) -> str:
    """Return `message` some 40 % longer and with accents, its fields as they are."""
    said, depth = [], 0
    for char in message:
        depth += (char == "{") - (char == "}")
        is_text = depth == 0 and char != "}"
        said.append(char.translate(_LONGER) if is_text else char)
        if is_text and char in "aeiou":
            said.append(char)
    return "".join(said)
