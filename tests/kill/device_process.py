"""A device with nothing but a journal and a line to the hub, to be killed at any moment.

`python device_process.py JOURNAL NAME SEED load|drain PORT [CA_FILE]` says on standard output
what it was told: `booted N`, `told SEQ` when a line is in the journal, `settled SEQ` when the hub
has it.
"""

import asyncio
import random
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from device.behaviour.intent import Intent
from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from loyalty.clock import SystemClock
from loyalty.logs import set_up_logs
from loyalty.record import Record
from loyalty.records import Sale, SaleItem, TouchUnknown
from loyalty.tls import client_context

SECRET = bytes(range(32))
PENDING_MAX = 400  # of a device whose hub is down
MEMBERS = ("anna", "ben", "cleo")
HURRY = 10


class HurriedClock(SystemClock):
    """A clock whose owner waits for nothing long: ten seconds of patience are one."""

    def monotonic_ms(self) -> int:
        return super().monotonic_ms() * HURRY

    async def sleep_ms(self, duration_ms: int) -> None:
        await super().sleep_ms(duration_ms // HURRY)


def main() -> None:
    path, name, seed, what, port, *ca_files = sys.argv[1:]
    set_up_logs(level="info")
    journal = Journal.open(Path(path), epoch_of_new=f"epoch-{name}")
    client = HubClient(
        identity=Identity(store="s1", device=name, secrets={"k1": SECRET}),
        broker=Broker(
            host="127.0.0.1",
            port=int(port),
            password=f"password-of-{name}",
            tls=client_context(Path(ca_files[0])) if ca_files else None,
        ),
        journal=journal,
        clock=HurriedClock(),
        rng=random.Random(int(seed)),
    )
    say("booted", journal.boot)
    asyncio.run(run(journal, client, name, random.Random(int(seed)), is_draining=what == "drain"))


async def run(
    journal: Journal, client: HubClient, name: str, chance: random.Random, *, is_draining: bool
) -> None:
    running = asyncio.create_task(client.run())
    watching = asyncio.create_task(watch(journal, client))
    for intent in journal.open_intents():
        say("told", journal.finish(intent.op, unknown_touch(journal, intent)))
    key_again(journal)
    number = 0
    while not is_draining:
        number += 1
        if journal.pending_lines < PENDING_MAX:
            sell(journal, f"{name}/{journal.boot}/{number}", chance)
            client.notify_appended()
        await asyncio.sleep(0 if chance.random() < 0.9 else 0.01)
    await client.settled(journal.last_seq)
    for task in (running, watching):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    journal.close()


async def watch(journal: Journal, client: HubClient) -> None:
    while True:
        before_seq = journal.settled_seq
        await client.settled(before_seq + 1)
        say("settled", journal.settled_seq)


def key_again(journal: Journal) -> None:
    """Do what a person does who did not see that the last sale was saved."""
    last = journal.last_operation()
    if last is not None:
        say("told", journal.append(replace(last, boot=journal.boot)))


def sell(journal: Journal, op: str, chance: random.Random) -> None:
    member = chance.choice(MEMBERS)
    sale = a_sale(journal, op, member, chance.randrange(10_000))
    if chance.random() < 0.3:
        changes = {"counter_before": 0, "counter_after": 1, "begun_ms": sale.at_ms}
        journal.begin(Intent(op=op, card=sale.card, member=member, kind="sale", **changes))
        say("told", journal.finish(op, sale))
    else:
        say("told", journal.append(sale))


def a_sale(journal: Journal, op: str, member: str, paid_minor: int) -> Sale:
    return Sale(
        **stamp(journal),
        card=f"04{member}",
        member=member,
        ctr_seen=-1,
        ctr_used=-1,
        touch="none",
        op=op,
        till_ms=SystemClock().now_ms(),
        receipt=op,
        currency="USD",
        items=(SaleItem("unknown", paid_minor, 0),),
    )


def unknown_touch(journal: Journal, intent: Intent) -> Record:
    return TouchUnknown(
        **stamp(journal),
        card=intent.card,
        member=intent.member,
        ctr_seen=-1,
        ctr_used=-1,
        touch="unknown",
        op=intent.op,
        intended=intent.op,
    )


def stamp(journal: Journal) -> dict[str, object]:
    clock = SystemClock()
    return {
        "at_ms": clock.now_ms(),
        "mono_ms": clock.monotonic_ms(),
        "boot": journal.boot,
        "hub_ms": 0,
        "staff": "",
        "store": "s1",
        "rules": 3,
    }


def say(what: str, number: int) -> None:
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
