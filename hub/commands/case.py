"""`revisit case`: what needs a person, with its evidence, until somebody has closed it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.commands.hub import run_app
from hub.ledger.case_words import words_of
from hub.ledger.cases import (
    LIST_MAX,
    CaseFile,
    CaseFilter,
    assign,
    close,
    find_case,
    find_cases,
    notes,
)
from hub.ledger.evidence import (
    CardStands,
    ChainStands,
    Evidence,
    LineSeen,
    PairingStands,
    gather,
)
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.line_text import fields, moment, short_card
from hub.ledger.queries import member_view
from hub.ledger.rows import HoldRow
from loyalty.clock import SystemClock
from loyalty.fields import COUNT_MAX

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Number = Annotated[int, typer.Argument(min=1, max=COUNT_MAX, help="The case's number.")]

HOUR_MS, DAY_H = 3_600_000, 24
AGE_MAX_H = 100 * 365 * DAY_H

_DEEDS = {
    "assigned": "given to {who}",
    "closed": "closed by {who}: {note}",
    "settled": "closed: it settled by itself",
    "opened": "seen again, and so opened again",
}

_app = typer.Typer(help="Work on what needs a person.", no_args_is_help=True, add_completion=False)


def main(arguments: list[str]) -> int:
    """Run one of the commands of `revisit case`; return the exit status."""
    return run_app(_app, arguments, "revisit case")


@_app.command("list")
def list_command(
    db: Db = "ledger.db",
    code: Annotated[str, typer.Option(help="Only cases of this code.")] = "",
    store: Annotated[str, typer.Option(help="Only cases of this store.")] = "",
    assignee: Annotated[str, typer.Option(help="Only those that this person looks after.")] = "",
    is_open: Annotated[bool, typer.Option("--open", help="Leave closed ones out.")] = False,
    age_h: Annotated[
        int, typer.Option("--age", min=0, max=AGE_MAX_H, help="Only older ones, in hours.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, max=LIST_MAX, help="At most so many.")] = 100,
) -> None:
    """List cases, open ones first and the oldest of them first."""
    now_ms = SystemClock().now_ms()
    before_ms = now_ms - age_h * HOUR_MS if age_h else None
    with closing(open_ledger(db)) as ledger:
        found = find_cases(ledger, CaseFilter(code, store, assignee, is_open, before_ms), limit)
    table = Table("case", "code", "about", "store", "age", "seen", "who")
    table.columns[2].overflow = "fold"  # half a key is no key
    for it in found:
        age = _age(now_ms - it.since_ms) if it.status == "open" else "closed"
        row = (str(it.number), it.code, _subject(it), it.store, age, f"{it.times:,}", it.assignee)
        table.add_row(*[Text(_printable(cell)) for cell in row])
    Console().print(table)


@_app.command("show")
def show_command(number: Number, db: Db = "ledger.db") -> None:
    """Show what a case means, what to do about it, and its evidence."""
    now_ms = SystemClock().now_ms()
    with closing(open_ledger(db)) as ledger:
        case = find_case(ledger, number)
        lines = [*_case(case, now_ms), *_evidence(ledger, case, now_ms), *_history(ledger, case)]
    for line in lines:
        typer.echo(_printable(line))


@_app.command("assign")
def assign_command(
    number: Number,
    who: Annotated[str, typer.Option("--to", help="Who looks after it from now on.")],
    db: Db = "ledger.db",
) -> None:
    """Give an open case to somebody."""
    with closing(open_ledger(db)) as ledger:
        assign(ledger, number, who, SystemClock().now_ms())
    typer.echo(f"case {number} is {who}'s now")


@_app.command("close")
def close_command(
    number: Number,
    who: Annotated[str, typer.Option("--by", help="Who closes it.")],
    note: Annotated[str, typer.Option(help="What was found, and what was done.")],
    db: Db = "ledger.db",
) -> None:
    """Close a case; it opens again by itself if it is seen again."""
    with closing(open_ledger(db)) as ledger:
        close(ledger, number, who, note, SystemClock().now_ms())
    typer.echo(f"case {number} is closed")


def _case(case: CaseFile, now_ms: int) -> Iterator[str]:
    words = words_of(case.code)
    yield f"case {case.number}: {case.code}, {case.status}, {case.assignee or 'nobody'}'s"
    yield f"  about       {words.about} {_subject(case)}"
    yield f"  found       {case.detail}"
    yield f"  meaning     {words.meaning}"
    yield f"  what to do  {words.to_do}"
    yield f"  the points  {words.value}"
    seen = f"{case.times:,} times, last {moment(case.last_ms)}"
    yield f"  seen        {seen}; opened {_age(now_ms - case.since_ms)} ago"


def _evidence(ledger: Ledger, case: CaseFile, now_ms: int) -> Iterator[str]:
    found: Evidence = gather(ledger, case, words_of(case.code).about)
    for line in found.lines:
        yield from _line(line)
    for card in found.cards:
        yield _card(card)
    for token in found.members:
        has = member_view(ledger, token, now_ms)
        points = f"{has.balance_points:,} points, {has.reserved_points:,} of them reserved"
        yield f"member {token}: {points}, debt {has.debt_points:,}, tier {has.tier}"
    for grant in found.grants:
        yield _grant(grant)
    for chain in found.chains:
        yield _chain(chain)
    for pairing in found.pairings:
        yield _pairing(pairing)


def _line(seen: LineSeen) -> Iterator[str]:
    became = f"{seen.status} {seen.code}".rstrip()
    place = f"{seen.device}:{seen.epoch}:{seen.seq}"
    yield f"line {place} of store {seen.store}, received {moment(seen.received_ms)}: {became}"
    for name, value in fields(bytes(seen.line)):
        yield f"    {name:<12} {value}"


def _card(card: CardStands) -> str:
    kind = card.kind or "kind not known yet"
    says = f"{kind}, {card.status}, {card.member}'s, counter {card.counter}"
    read = f", last read {moment(card.seen_ms)}" if card.seen_ms else ""
    return f"card {short_card(card.uid)}: {says}{read}"


def _grant(grant: HoldRow) -> str:
    terms = f"{grant.points:,} points for {grant.offer}, {grant.status}"
    return f"grant {grant.auth}: {terms}, given {moment(grant.granted_ms)}"


def _chain(chain: ChainStands) -> str:
    says = f"lines to {chain.seq} without a gap"
    if chain.kept_seq > chain.seq:
        says += f", to {chain.kept_seq} beyond one"
    if chain.gap_since_ms is not None:
        says += f" since {moment(chain.gap_since_ms)}"
    if chain.fork_seq is not None:
        says += f", forked at line {chain.fork_seq}"
    if chain.revoked_ms is not None:
        says += ", device revoked"
    return f"device {chain.device} of store {chain.store}, epoch {chain.epoch}: {says}"


def _pairing(pairing: PairingStands) -> str:
    made = f"for a {pairing.kind} of store {pairing.store}, made {moment(pairing.made_ms)}"
    who = f" by {pairing.made_by}" if pairing.made_by else ""
    used = "never used" if pairing.used_ms is None else f"used {moment(pairing.used_ms)}"
    return f"code {pairing.code} {made}{who}, {used}, {pairing.tries:,} wrong letters"


def _history(ledger: Ledger, case: CaseFile) -> Iterator[str]:
    yield "history"
    yield f"    {moment(case.opened_ms)}  opened"
    for note in notes(ledger, case.number):
        said = _DEEDS[note.deed].format(who=note.who, note=note.note)
        yield f"    {moment(note.at_ms)}  {said}"


def _subject(case: CaseFile) -> str:
    return short_card(case.subject) if words_of(case.code).about == "card" else case.subject


def _age(age_ms: int) -> str:
    hours = age_ms // HOUR_MS
    return f"{hours} h" if hours < 2 * DAY_H else f"{hours // DAY_H} days"


def _printable(text: str) -> str:
    """Return `text` without what could move a terminal's cursor: details may quote a device."""
    return "".join(it if it.isprintable() else "�" for it in text)
