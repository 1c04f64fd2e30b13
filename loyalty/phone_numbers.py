"""Phone numbers as people type them, brought to the one form of ITU-T E.164: +85291234567.

A number without a country is one of Hong Kong (8 digits, Numbering Plan for Telecommunications
Services in Hong Kong) or a mobile of the mainland (11 digits beginning with 13 to 19).
"""

import re
import unicodedata

TYPED_MAX_CHARS = 40
E164_MIN_DIGITS = 8
E164_MAX_DIGITS = 15  # ITU-T E.164 §6.1

_HONG_KONG = re.compile(r"[2-9][0-9]{7}\Z", re.ASCII)
_MAINLAND = re.compile(r"1[3-9][0-9]{9}\Z", re.ASCII)
_PLANS = {"852": _HONG_KONG, "86": _MAINLAND}
_BETWEEN = re.compile(r"[\s().\-\u2010-\u2015]+")
_DIGITS = re.compile(r"[0-9]+\Z", re.ASCII)


class NoPhoneNumber(ValueError):
    """What was typed is no phone number; the message says why and does not repeat it."""


def normal_form(typed: str) -> str:
    """Return the number that `typed` means, as `+` and digits; returning it again changes nothing.

    Raises:
        NoPhoneNumber: it means none.
    """
    if len(typed) > TYPED_MAX_CHARS:
        raise NoPhoneNumber(f"{len(typed)} characters, wanted at most {TYPED_MAX_CHARS}")
    text = _BETWEEN.sub("", unicodedata.normalize("NFKC", typed))
    digits = text.removeprefix("+")
    if _DIGITS.match(digits) is None:
        raise NoPhoneNumber("wanted digits, and + before a country's code")
    if text.startswith("+"):
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    return _national(digits)


def _international(digits: str) -> str:
    if digits.startswith("0") or not E164_MIN_DIGITS <= len(digits) <= E164_MAX_DIGITS:
        raise NoPhoneNumber(
            f"{len(digits)} digits, wanted a country's code and the number,"
            f" {E164_MIN_DIGITS} to {E164_MAX_DIGITS} digits"
        )
    for code, plan in _PLANS.items():
        if digits.startswith(code) and plan.match(digits[len(code) :]) is None:
            raise NoPhoneNumber(f"no number of country {code}")
    return f"+{digits}"


def _national(digits: str) -> str:
    for code, plan in _PLANS.items():
        if plan.match(digits):
            return f"+{code}{digits}"
        if digits.startswith(code) and plan.match(digits[len(code) :]):
            return f"+{digits}"
    raise NoPhoneNumber(
        f"{len(digits)} digits, wanted 8 (Hong Kong), 11 (mainland) or + and a country's code"
    )
