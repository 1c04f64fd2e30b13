"""`revisit ledger rebuild`: whether a ledger follows from its lines, and if not, that it does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hub.commands.programme_file import read_programme
from hub.errors import HubError
from hub.ledger.backup import back_up
from hub.ledger.derived import DIFFERENCES_MAX, Difference
from hub.ledger.ledger import Ledger, file_of, is_on_server, open_ledger
from hub.posting.rebuild import put_in_place, rebuild
from loyalty.clock import SystemClock
from loyalty.programme import Programme

DUMP_BEGINS = b"PGDMP"  # PostgreSQL: pg_dump --format=custom

app = typer.Typer()


@app.command("rebuild")
def rebuild_command(
    programme: Annotated[list[Path], typer.Option(help="A version of the programme; all of them.")],
    db: Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")] = (
        "ledger.db"
    ),
    replaces: Annotated[
        bool, typer.Option("--replace", help="Put right what differs. Stop the hub before.")
    ] = False,
    backup: Annotated[
        Path | None,
        typer.Option(help="With --replace: the backup to make, or pg_dump's that is there."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="The folder to work in; left out: beside the ledger's file, or here."),
    ] = None,
) -> int:
    """Post every line anew beside the ledger and show where it differs; exit 1 if it does."""
    programmes = [read_programme(it) for it in programme]
    if replaces:
        _keep_backup(db, backup)
    with closing(open_ledger(db)) as ledger, _folder_in(work or _beside(db)) as folder:
        scratch = folder / "fresh.db"
        if not replaces:
            with ledger.engine.snapshot():
                found = _rebuild(ledger, programmes, scratch)
        else:
            with ledger.transaction() as database:
                database.execute(_EVERY_DEVICE + ledger.engine.lock)  # so that nothing posts
                found = _rebuild(ledger, programmes, scratch)
                if any(found.values()):
                    put_in_place(ledger, found, scratch)
    _print(found, replaces=replaces)
    return 1 if any(found.values()) and not replaces else 0


def _beside(place: str) -> Path:
    return Path() if is_on_server(place) else file_of(place).parent


@contextmanager
def _folder_in(place: Path) -> Iterator[Path]:
    """Yield a new folder in `place`, for nobody else to read; it goes with all that is in it.

    Not where temporary files usually are: that may be memory, and a ledger larger than that.
    """
    try:
        folder = TemporaryDirectory(prefix=".rebuild-", dir=place)
    except OSError as error:
        raise HubError(f"{place}: {error.strerror}, a folder to write to wanted") from error
    with folder:
        yield Path(folder.name)


def _keep_backup(place: str, backup: Path | None) -> None:
    if backup is None:
        raise HubError("--replace: found no backup, wanted --backup FILE")
    if not is_on_server(place):
        back_up(place, backup)
        return
    try:
        with backup.open("rb") as file:
            found = file.read(len(DUMP_BEGINS))
    except OSError as error:
        raise HubError(f"{backup}: {error.strerror}, a file by pg_dump wanted") from error
    if found != DUMP_BEGINS:
        raise HubError(f"{backup}: found {found!r}, wanted a file by pg_dump --format=custom")


def _rebuild(
    ledger: Ledger, programmes: Sequence[Programme], scratch: Path
) -> dict[str, list[Difference]]:
    (lines,) = ledger.connection.execute("SELECT count(*) FROM inbox").fetchone()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("posting", total=lines)
        now_ms = SystemClock().now_ms()
        return rebuild(ledger, programmes, scratch, now_ms, lambda n: progress.advance(task, n))


def _print(found: Mapping[str, Sequence[Difference]], *, replaces: bool) -> None:
    for name, rows in found.items():
        for it in rows:
            typer.echo(
                f"{name} {it.name}: {it.found or 'nothing'}; {it.wanted or 'nothing'} wanted"
            )
        most = "or more " if len(rows) >= DIFFERENCES_MAX else ""
        said = f"{len(rows):,} {most}differ" if rows else "follow from the lines"
        typer.echo(f"{name.replace('_', ' ')}: {said}{', put right' if rows and replaces else ''}")


_EVERY_DEVICE = "SELECT id FROM device ORDER BY id"
