"""Every code under which the hub opens a case has its words."""

import ast
import importlib
from typing import get_args, get_type_hints

from hub.ledger.case_words import WORDS, words_of
from loyalty.records import CardSuspected
from tests.source_tree import calls, sources

# Who names a code, and in which argument.
NAMERS = {"Case": 0, "_held": 0, "set_aside": 2, "_tell": 0, "open_case": 1}
FOLDS = ("loyalty/rules/earn.py", "loyalty/rules/redeem.py")  # what they refuse is held
TOLD_TO_TERMINALS = {"unknown_offer", "not_enough_points"}  # and opens no case


def codes_named_in(name: str, namers: dict[str, int]) -> set[str]:
    """Return the codes that calls in the file `name` spell out, also by a constant's name."""
    module = vars(importlib.import_module(name.removesuffix(".py").replace("/", ".")))
    found = set()
    for call in calls(name):
        namer = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        place = namers.get(namer)
        if place is None or len(call.args) <= place:
            continue
        match call.args[place]:
            case ast.Constant(value=str(code)):
                found.add(code)
            case ast.Name(id=constant) if constant in module:
                found.add(module[constant])
    return found


def codes_of_the_hub() -> set[str]:
    """Return every code that the sources and the records name."""
    hubs = [it for it in sources() if it.startswith("hub/") and "migrations" not in it]
    opened = {code for name in hubs for code in codes_named_in(name, NAMERS)}
    refused = {code for name in FOLDS for code in codes_named_in(name, {"Refused": 0})}
    _, signs = get_args(get_type_hints(CardSuspected, include_extras=True)["sign"])
    return opened | (refused - TOLD_TO_TERMINALS) | set(signs.words)


def test_every_code_has_words_and_no_word_is_of_another_code():
    codes = codes_of_the_hub()

    assert codes == set(WORDS)
    assert {"fork", "currency", "copied", "future_clock"} <= codes


def test_words_are_sentences_about_something_that_has_evidence():
    kinds = {"line", "op", "card", "member", "chain", "grant", "device", "day"}

    assert {it.about for it in WORDS.values()} <= kinds
    assert [it for words in WORDS.values() for it in words[1:] if not it.endswith(".")] == []


def test_a_code_of_a_newer_hub_is_told_as_such():
    assert "newer" in words_of("from-tomorrow").meaning
