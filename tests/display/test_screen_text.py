"""Screens say something to everybody: in every language, with nothing left to fill in."""

import re
from typing import get_args

import pytest

from device.behaviour.card import CardProblem
from device.display.i18n import LOCALES, translator
from device.display.screen_text import CHOICES, WORDINGS, screen_text
from loyalty.wire_schema import SCHEMA
from tests.source_tree import ROOT

VALUES = {
    "op": "367:1:sale",
    "total": "12.50 USD",
    "receipt": "7",
    "points": 250,
    "available_points": 200,
    "offer": "voucher-1",
    "tier": "gold",
    "rewrites": 300,
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("screen", WORDINGS)
def test_every_screen_has_words_in_every_language(screen, locale):
    text = screen_text(
        screen, VALUES, ("print",), translate=translator(locale), labels={"voucher-1": "V"}
    )

    assert text.lines
    assert not [line for line in text.lines if "{" in line]
    if locale != "en":
        assert all(re.search(r"[\u4e00-\u9fff]", line) for line in (*text.lines, *text.choices))


UNSEEN = {"no_lease", "unknown_document"}  # what the terminal asked for itself; nobody waits


def test_every_screen_that_a_terminal_asks_for_exists():
    sources = [it.read_text() for it in (ROOT / "device").glob("*.py")]
    asked = {name for it in sources for name in re.findall(r'screen="(\w+)"', it)}

    assert asked <= WORDINGS.keys()


def test_every_reason_the_hub_may_give_and_every_card_problem_is_a_screen():
    names, marks = SCHEMA["refusal"]
    reasons = set(marks[names.index("reason")][1]) - UNSEEN
    problems = {f"card_{it}" for it in get_args(CardProblem)}

    assert reasons | problems | {"journal_full", "journal_failed"} <= WORDINGS.keys()


def test_a_notice_comes_before_the_screen_it_stands_on():
    text = screen_text(
        "account",
        {**VALUES, "notice": "not_enough_points"},
        ("voucher-1", "return"),
        translate=translator("en"),
        labels={"voucher-1": "1.00 voucher"},
    )

    assert text.lines[0] == "There are not enough points for this."
    assert text.choices == ("1.00 voucher", CHOICES["return"])


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(ValueError, match="zh_Hans_CN"):
        translator("fr")
