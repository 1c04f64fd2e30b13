"""Write `loyalty/wire_schema.py` from the fields of records, asks and receipts.

Run it after a change to any of them: `python scripts/make_wire_schema.py`. A test compares.
"""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from loyalty import asks, receipts, records
from loyalty.fields import Choice, Name, Rows, Whole

TARGET = Path(__file__).parent.parent / "loyalty" / "wire_schema.py"

HEADING = '''"""Portable. The fields of every line in wire order; made by a script.

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
'''


def schema_text() -> str:
    """Return the text of `wire_schema.py`."""
    kinds: dict[str, type] = {**records.KINDS, **asks.KINDS, **receipts.KINDS}
    rows = []
    for kind, shape in kinds.items():
        hints = get_type_hints(shape, include_extras=True)
        names = tuple(field.name for field in dataclasses.fields(shape))
        marks = tuple(_mark(hints[name]) for name in names)
        rows.append(f"    {kind!r}: (\n        {names!r},\n        {marks!r},\n    ),\n")
    return HEADING + "".join(rows) + "}\n"


def _mark(hint: Any) -> tuple[Any, ...]:
    assert get_origin(hint) is Annotated, hint
    base, mark = get_args(hint)
    match mark:
        case Whole(least=least, most=most):
            return ("whole", least, most)
        case Name(least=least, most=most):
            return ("name", least, most)
        case Choice(words=words):
            return ("choice", words)
        case Rows(most=most):
            row = get_type_hints(get_args(base)[0], include_extras=True)
            return ("rows", most, tuple(_mark(it) for it in row.values()))
    raise TypeError(f"no wire mark for {hint}")


if __name__ == "__main__":
    TARGET.write_text(schema_text())
