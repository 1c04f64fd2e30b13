"""`revisit hub lease-key`: the key with which the hub signs what devices check without it."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from hub.offline_config import make_seed, read_seed
from loyalty.signatures import SEED_BYTES, public_key_of


def lease_key(
    file: Annotated[Path, typer.Argument(help="The key's file; made if it is not there.")],
) -> None:
    """Print what devices check leases and documents with: the public part of the hub's key."""
    if not file.exists():
        make_seed(file, secrets.token_bytes(SEED_BYTES))
    typer.echo(f'public_key = "{public_key_of(read_seed(file)).hex()}"')
