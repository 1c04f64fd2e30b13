"""Check that every message of the screens is translated, in every language, with its fields.

`python scripts/check_translations.py` prints what is missing, left over, doubtful or different in
its `{fields}`, and fails if there is any.
"""

import string
import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "device" / "locale"


def faults(messages: set[str], catalogue: polib.POFile) -> list[str]:
    """Return what is wrong with `catalogue` as a translation of `messages`."""
    entries = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    found = [f"missing: {it!r}" for it in sorted(messages - entries.keys())]
    found += [f"left over: {it!r}" for it in sorted(entries.keys() - messages)]
    for entry in entries.values():
        if not entry.msgstr:
            found.append(f"not translated: {entry.msgid!r}")
        elif entry.fuzzy:
            found.append(f"doubtful: {entry.msgid!r}")
        elif _fields(entry.msgid) != _fields(entry.msgstr):
            found.append(f"other fields: {entry.msgid!r} became {entry.msgstr!r}")
    return found


def messages_of(package: Path) -> set[str]:
    """Return every message that the code of `package` marks with `_`."""
    return {found[2] for found in extract_from_dir(str(package)) if isinstance(found[2], str)}


def _fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def main() -> int:
    """Return 0 if every catalogue is complete."""
    messages = messages_of(ROOT / "device")
    wrong = [
        f"{path.name}: {fault}"
        for path in sorted(CATALOGUES.glob("*.po"))
        for fault in faults(messages, polib.pofile(str(path)))
    ]
    print("\n".join(wrong) or f"{len(messages)} messages, all translated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
