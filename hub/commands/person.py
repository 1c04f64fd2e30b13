"""Who does something by hand: the name that the ledger keeps with what was done."""

from typing import Annotated

import typer

from hub.ledger.proposals import check_person


def _named(name: str) -> str:
    check_person("--by", name)
    return name


Staff = Annotated[str, typer.Option("--by", callback=_named, help="Who does it.")]
