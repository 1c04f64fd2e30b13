"""The check of translations sees what a translator may have left."""

import polib

from scripts.check_translations import CATALOGUES, faults, main


def entry(msgid, msgstr, **more):
    return polib.POEntry(msgid=msgid, msgstr=msgstr, **more)


def test_the_catalogues_are_complete():
    assert main() == 0
    assert len(list(CATALOGUES.glob("*.po"))) == 2


def test_each_kind_of_fault_is_named():
    catalogue = polib.POFile()
    for it in (
        entry("gone", "x"),
        entry("empty", ""),
        entry("doubt", "x", flags=["fuzzy"]),
        entry("{points} points", "{punkte}"),
    ):
        catalogue.append(it)

    found = faults({"new", "empty", "doubt", "{points} points"}, catalogue)

    assert [it.split(":")[0] for it in found] == [
        "missing",
        "left over",
        "not translated",
        "doubtful",
        "other fields",
    ]
