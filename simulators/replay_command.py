"""`revisit replay`: real shop baskets through simulated devices, end to end, then audited."""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.commands.hub import run_app
from hub.errors import NoLedger
from hub.ledger.digest import digest
from hub.ledger.ledger import Place, is_on_server, open_ledger
from hub.ledger.queries import house_points, line_counts
from hub.ledger.schema import POINTS_ISSUED, POINTS_REDEEMED
from hub.ledger.verify import Holds, broken, verify
from loyalty.programme import Programme, parse
from loyalty.text_files import NoText, text_of
from simulators.baskets import DAYS_MAX, read_baskets
from simulators.plastic import PlasticCard
from simulators.replay import LEDGER_FILE, Plan, Traffic, play

PROGRAMME = Path(__file__).parent.parent / "programmes" / "supermarket.toml"
KIOSKS_MAX = 32
HANDHELDS_MAX = 64


class Broker(Enum):
    """Whose broker a replay goes through."""

    EMBEDDED = "embedded"
    MOSQUITTO = "mosquitto"


class Unusable(ValueError):
    """What was asked for cannot be replayed; the message tells the person why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a replay; `faults` counts what went wrong, where something was to."""

    baskets: int
    lines: int
    records: int
    receipted: int
    posted: int
    duplicates: int
    faces: int
    points_issued: int
    points_redeemed: int
    bytes_pty: int
    bytes_broker: int
    digest: str
    invariants: Mapping[str, Holds]
    faults: Mapping[str, int] | None


def replay(
    store: Annotated[str, typer.Option(help="A store's number, or all.")] = "all",
    first_day: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in 2017.")
    ] = datetime(2017, 3, 1),  # noqa: DTZ001 - a calendar day
    days: Annotated[int, typer.Option(min=1, max=DAYS_MAX, help="How many days.")] = 1,
    kiosks: Annotated[int, typer.Option(min=0, max=KIOSKS_MAX, help="Kiosks in all.")] = 3,
    handhelds: Annotated[int, typer.Option(min=1, max=HANDHELDS_MAX, help="Handhelds in all.")] = 4,
    programme: Annotated[Path, typer.Option(help="The programme's document.")] = PROGRAMME,
    db: Annotated[
        str, typer.Option(help="Keep the ledger: a new sqlite:///PATH, or postgresql://… (empty).")
    ] = "",
    faces: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write the printed card faces here, as PNG."),
    ] = None,
    faults: Annotated[
        int | None, typer.Option(help="Let things go wrong, as this number seeds them.")
    ] = None,
    broker: Annotated[
        Broker, typer.Option(help="The hub's own broker, or Debian's mosquitto with TLS.")
    ] = Broker.EMBEDDED,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object, last line.")
    ] = False,
) -> None:
    """Push real baskets through handhelds, kiosks, broker and hub; count and audit the end."""
    _be_quiet(logging.WARNING if faults is None else logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="revisit-replay-") as folder:
        ledger_place = _ledger_place(db, Path(folder))
        text = _text(programme)
        baskets = read_baskets(store=_store(store), first_day=first_day.date(), days=days)
        plan = Plan(
            baskets=baskets,
            kiosks=kiosks,
            handhelds=handhelds,
            programme=_programme(text, programme),
            programme_text=text,
            folder=Path(folder),
            ledger_place=ledger_place,
            faults=faults,
            on_mosquitto=broker is Broker.MOSQUITTO,
        )
        cards, traffic = _play(plan)
        result = audit(plan, cards, traffic)
    _print_table(result, first_day.date(), days)
    if faces is not None:
        _print_faces(write_faces(cards, faces), faces)
    if as_json:
        sys.stdout.write(json.dumps(_plain(result)) + "\n")
    if broken(dict(result.invariants)):
        raise typer.Exit(1)


def audit(plan: Plan, cards: Mapping[str, PlasticCard], traffic: Traffic) -> Result:
    """Return what the ends say: terminals, ledger, cards."""
    with closing(open_ledger(plan.ledger_place)) as ledger:
        counts = line_counts(ledger)
        return Result(
            baskets=len(plan.baskets),
            lines=sum(len(it.items) for it in plan.baskets),
            records=traffic.records,
            receipted=traffic.receipted,
            posted=counts.get("posted", 0),
            duplicates=counts.get("duplicate", 0),
            faces=sum(card.rewrite_count for card in cards.values()),
            points_issued=-house_points(ledger, POINTS_ISSUED),
            points_redeemed=house_points(ledger, POINTS_REDEEMED),
            bytes_pty=traffic.bytes_pty,
            bytes_broker=traffic.bytes_broker,
            digest=digest(ledger),
            invariants=verify(ledger, (plan.programme,), traffic.ended_ms),
            faults=traffic.faults if plan.faults is not None else None,
        )


def write_faces(cards: Mapping[str, PlasticCard], folder: Path) -> int:
    """Write every card's face that was printed into `folder`; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("household-*.png"):
        old.unlink()
    printed = {household: card for household, card in cards.items() if card.rewrite_count}
    for household, card in printed.items():
        card.seen().save(folder / f"household-{household}.png")
    return len(printed)


def _play(plan: Plan) -> tuple[dict[str, PlasticCard], Traffic]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("baskets"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("replaying", total=len(plan.baskets))
        return asyncio.run(play(plan, lambda: progress.advance(task)))


def _programme(text: str, path: Path) -> Programme:
    return parse(text, source=str(path))


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except NoText as error:
        raise Unusable(f"{path}: {error}, a programme wanted") from error


def _store(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isascii() or not text.isdigit():
        raise Unusable(f"store {text!r}, a number or all wanted")
    return int(text)


def _ledger_place(db: str, folder: Path) -> Place:
    if not db:
        return folder / LEDGER_FILE
    if is_on_server(db):
        with suppress(NoLedger):
            open_ledger(db).close()
            raise Unusable("there is a ledger in that database; a replay starts with a new one")
        return db
    kind, _, rest = db.partition(":///")
    if kind != "sqlite" or not rest:
        raise Unusable(f"database {db!r}, wanted sqlite:///PATH or postgresql://…")
    path = Path(rest)
    if path.exists():
        raise Unusable(f"{path} exists already; a replay starts with a new ledger")
    if not path.parent.is_dir():
        raise Unusable(f"{path.parent} is no folder")
    return path


def _print_table(result: Result, first_day: date, days: int) -> None:
    console = Console()
    title = f"{first_day}" if days == 1 else f"{days} days from {first_day}"
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in _plain(result).items():
        if isinstance(value, int):
            table.add_row(name.replace("_", " "), f"{value:,}")
    console.print(table)
    if result.faults is not None:
        went_wrong = (f"{name.replace('_', ' ')} {count}" for name, count in result.faults.items())
        console.print(f"went wrong: {', '.join(went_wrong)}", highlight=False)
    _print_invariants(console, result.invariants)
    console.print(f"digest {result.digest}", soft_wrap=True, highlight=False)


def _print_invariants(console: Console, invariants: Mapping[str, Holds]) -> None:
    held = [name for name, holds in invariants.items() if holds is True]
    absent = [name for name, holds in invariants.items() if holds == "absent"]
    console.print(f"holds: {', '.join(held)}", highlight=False)
    console.print(f"absent, as no ledger can tell: {', '.join(absent)}", highlight=False)
    for name in broken(dict(invariants)):
        console.print(f"BROKEN: {name}", style="bold red")


def _print_faces(count: int, folder: Path) -> None:
    Console().print(f"{count} card faces in {folder.resolve()}", soft_wrap=True, highlight=False)


def _plain(result: Result) -> dict[str, object]:
    return {name: value for name, value in asdict(result).items() if value is not None}


def _be_quiet(level: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))


def main(arguments: list[str]) -> int:
    """Run `revisit replay` with `arguments`; return the exit status."""
    app = typer.Typer(add_completion=False)
    app.command()(replay)
    return run_app(app, arguments, "revisit replay")
