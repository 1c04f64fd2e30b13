"""Terminals as people run them: processes, configuration files, ptys, a hub, and slips."""

import asyncio
import os
import pwd
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

from device.commands import terminal as terminal_command
from hub.ledger.ledger import open_ledger
from simulators.chips.classic import ClassicChip
from simulators.free_port import free_port
from simulators.plastic import PlasticCard
from tests.device.sample_site import SampleSite
from tests.device.terminal_world import Hardware, hardware_in
from tests.hub.hub_world import receipted_lines

ROOT = Path(__file__).parents[3]
WAIT_S = 300.0


class Program:
    """A running `revisit`: what it says is heard, what is typed is taken."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hear(self, *words: str) -> str:
        """Wait until it says a line with one of `words`; return which."""
        async with asyncio.timeout(WAIT_S):
            while line := (await self._process.stdout.readline()).decode():
                for heard in words:
                    if heard in line:
                        return heard
        raise AssertionError(f"it ended before it said {' or '.join(words)}")

    def type(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())

    async def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Have it end; return its exit status and what it had to say about that."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(WAIT_S):
            _, errors = await self._process.communicate()
        return self._process.returncode, errors.decode()


class Site(SampleSite):
    """A shop whose programs run until the test ends."""

    def __init__(self, folder: Path, programs: AsyncExitStack) -> None:
        super().__init__(folder)
        self._programs = programs

    async def start(self, *arguments: str) -> Program:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "revisit", *arguments),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        program = Program(process)
        self._programs.push_async_callback(program.end, signal.SIGKILL)
        return program

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit status, output and errors of a program that ends by itself."""
        program = await self.start(*arguments)
        async with asyncio.timeout(WAIT_S):
            output, errors = await program._process.communicate()
        return program._process.returncode, output.decode(), errors.decode()

    async def add(self, device: str) -> None:
        """Register a device at the hub and write its configuration: h1 or k1."""
        _, told, _ = await self.run("hub", "add-device", "s1", device)
        words = dict(line.split(" = ") for line in told.splitlines())
        self.configure(device, secret=words["secret"], password=words["mqtt_password"])

    async def mosquitto(self, folder: Path) -> None:
        """Start Debian's broker with the configuration in `folder`."""
        process = await asyncio.create_subprocess_exec(
            *("/usr/sbin/mosquitto", "-c", str(folder / "mosquitto.conf")),
            stderr=asyncio.subprocess.PIPE,
        )
        self._programs.push_async_callback(Program(process).end, signal.SIGKILL)

    async def reader(self, card: str) -> Program:
        program = await self.start("sim", "pn532", "--link", "reader", "--card", card)
        await program.hear("reader")
        return program


@asynccontextmanager
async def site_in(folder: Path) -> AsyncIterator[Site]:
    async with AsyncExitStack() as programs:
        yield Site(folder, programs)


async def test_a_shop_with_a_hub_and_a_handheld_sells_and_earns(tmp_path):
    async with site_in(tmp_path) as site:
        await site.add("h1")
        hub = await site.start("hub", "hub.toml")
        reader = await site.reader("blank")
        handheld = await site.start("handheld", "handheld.toml", "--programme", "programme.toml")
        await handheld.hear("Ready for the next sale.")

        handheld.type("staff anna")
        await handheld.hear("You are signed on.")
        handheld.type("issue m-1001")
        await handheld.hear("The card is ready.")
        handheld.type("sale 1 grocery=12.50 unknown=3.00*")
        await handheld.hear("Receipt 1 is saved with its points.")
        await reader.end(signal.SIGKILL)
        await site.reader("blank")
        handheld.type("issue m-1002")
        await handheld.hear("The card is ready.")
        await receipted(site, lines=4)
        _, balance, _ = await site.run("ledger", "balance", "m-1001")

        assert "12 points" in balance
        status, said = await handheld.end()
        assert (status, said.count("\n")) == (0, 1)
        assert "reader_lost" in said
        status, _ = await hub.end()
        assert status == 0


async def test_a_handheld_and_its_hub_meet_at_a_mosquitto_with_tls(tmp_path):
    port, us = free_port(), pwd.getpwuid(os.geteuid()).pw_name
    async with site_in(tmp_path) as site:
        await site.add("h1")
        place = ("--host", "127.0.0.1", "--port", f"{port}", "--data", ".", "--service-user", us)
        command = ("hub", "broker-config", "mosquitto", "--out", "mq", *place)
        _, told, _ = await site.run(*command)
        hub_toml, handheld_toml = tmp_path / "hub.toml", tmp_path / "handheld.toml"
        hub_toml.write_text(hub_toml.read_text().partition("[broker]")[0] + told)
        text, old_port = handheld_toml.read_text(), re.compile(r"^port = .*$", re.MULTILINE)
        handheld_toml.write_text(old_port.sub(f'port = {port}\nca_file = "mq/ca.crt"', text))
        await site.mosquitto(tmp_path / "mq")
        await site.start("hub", "hub.toml")
        await site.reader("blank")
        handheld = await site.start("handheld", "handheld.toml", "--programme", "programme.toml")
        await handheld.hear("Ready for the next sale.")

        handheld.type("issue m-1001")
        await handheld.hear("The card is ready.")
        await receipted(site, lines=1)
        again = await site.run(*command)

        assert again == (0, told, "")


async def test_a_member_buys_at_the_handheld_and_has_the_face_printed_at_the_kiosk(tmp_path):
    async with site_in(tmp_path) as site, hardware_in(tmp_path) as hardware:
        for device in ("h1", "k1"):
            await site.add(device)
        await site.start("hub", "hub.toml")
        card = PlasticCard(ClassicChip())
        hardware.reader.place(card.chip)
        handheld = await site.start("handheld", "handheld.toml", "--programme", "programme.toml")
        await handheld.hear("Ready")
        handheld.type("issue m-1001")
        await handheld.hear("The card is ready.")
        handheld.type("sale 1 grocery=12.50")
        await handheld.hear("Receipt 1 is saved with its points.")
        hardware.reader.remove()
        await receipted(site, lines=2)
        await handheld.end()

        kiosk = await site.start("kiosk", "kiosk.toml", "--programme", "programme.toml")
        await put_in_until_online(kiosk, hardware, card)
        await kiosk.hear("1  Print my card")
        kiosk.type("1")
        await kiosk.hear("Please take your card.")
        async with asyncio.timeout(WAIT_S):
            await hardware.star.card_came_out.wait()
        assert hardware.printer.pull() is card
        await kiosk.hear("Put your card in.")

        assert card.rewrite_count == 1
        assert await kiosk.end() == (0, "")


async def test_one_card_goes_by_hand_from_the_handheld_through_the_kiosk(tmp_path):
    async with site_in(tmp_path) as site:
        for device in ("h1", "k1"):
            await site.add(device)
        config = tmp_path / "kiosk.toml"
        config.write_text(config.read_text().replace("/reader", "/reader-of-kiosk"))
        await site.start("hub", "hub.toml")
        links = ("--reader", "reader-of-kiosk", "--printer", "printer", "--handheld", "reader")
        hand = await site.start("sim", "kiosk", *links, "--png", "card.png")
        await hand.hear("type: insert")
        handheld = await site.start("handheld", "handheld.toml", "--programme", "programme.toml")
        await handheld.hear("Ready")

        hand.type("new")
        hand.type("hold")
        await hand.hear("at the handheld's reader")
        handheld.type("issue m-1001")
        await handheld.hear("The card is ready.")
        handheld.type("sale 1 grocery=12.50")
        await handheld.hear("Receipt 1 is saved with its points.")
        hand.type("away")
        await receipted(site, lines=2)
        kiosk = await site.start("kiosk", "kiosk.toml", "--programme", "programme.toml")
        await insert_until_online(kiosk, hand)
        await kiosk.hear("1  Print my card")
        kiosk.type("1")
        await kiosk.hear("Please take your card.")
        await take(hand)
        await kiosk.hear("Put your card in.")

        assert (tmp_path / "card.png").stat().st_size > 1000


async def insert_until_online(kiosk: Program, hand: Program) -> None:
    """Have the card put in, and again as people do, until the kiosk has reached the hub."""
    welcome, offline = "You have 12 points, 12 to spend.", "We cannot reach our office just now."
    while True:
        await kiosk.hear("Put your card in.")
        hand.type("insert")
        while await hand.hear("drawn in", "the slot is closed") == "the slot is closed":
            hand.type("insert")
        if await kiosk.hear(welcome, offline) == welcome:
            return
        await take(hand)


async def take(hand: Program) -> None:
    """Have the card taken as soon as it is at the gate."""
    nothing, taken = "there is no card at the gate", "in your hand"
    hand.type("take")
    while await hand.hear(nothing, taken) == nothing:
        hand.type("take")


async def put_in_until_online(kiosk: Program, hardware: Hardware, card: PlasticCard) -> None:
    """Put the card in, and again as people do, until the kiosk has reached the hub."""
    welcome, offline = "You have 12 points, 12 to spend.", "We cannot reach our office just now."
    while True:
        await kiosk.hear("Put your card in.")
        async with asyncio.timeout(WAIT_S):
            await hardware.star.slot_opened.wait()
        hardware.star.slot_opened.clear()
        hardware.printer.insert(card)
        if await kiosk.hear(welcome, offline) == welcome:
            return
        async with asyncio.timeout(WAIT_S):
            await hardware.star.card_came_out.wait()
        assert hardware.printer.pull() is card


async def receipted(site: Site, lines: int) -> None:
    """Wait until the hub has given its receipt for so many lines."""
    with closing(open_ledger(site.folder / "ledger.db")) as ledger:
        async with asyncio.timeout(WAIT_S):
            while receipted_lines(ledger) < lines:  # noqa: ASYNC110 - the hub is another process
                await asyncio.sleep(0.05)


async def test_a_kiosk_welcomes_people_in_their_language_and_ends_when_told(tmp_path):
    async with site_in(tmp_path) as site:
        await site.reader("none")
        printer = await site.start("sim", "star", "--link", "printer")
        await printer.hear("printer")
        config = tmp_path / "kiosk.toml"
        config.write_text(config.read_text().replace('"en"', '"zh_Hant_HK"'))
        kiosk = await site.start("kiosk", "kiosk.toml", "--programme", "programme.toml")

        await kiosk.hear("歡迎")

        assert await kiosk.end(signal.SIGINT) == (0, "")


async def test_a_mistake_is_a_sentence_and_exit_status_2(tmp_path):
    async with site_in(tmp_path) as site:
        status, output, errors = await site.run("handheld", "handheld.toml")

    assert (status, output) == (2, "")
    assert errors == (
        "revisit handheld: the catalogue holds no programme yet: start once with --programme FILE\n"
    )


def test_a_configuration_is_checked_without_opening_anything(tmp_path, capsys):
    SampleSite(tmp_path)
    config = tmp_path / "handheld.toml"

    status = terminal_command.main(["handheld", str(config), "--check"])
    said = capsys.readouterr().out
    config.write_text(config.read_text().replace('locale = "en"', 'locale = "fr"'))
    (tmp_path / "card-keys.toml").unlink()
    status_of_bad = terminal_command.main(["handheld", str(config), "--check"])
    said_of_bad = capsys.readouterr().err

    assert (status, said) == (0, f"{config}: nothing is wrong with it\n")
    assert status_of_bad == 2
    assert "locale: found 'fr', wanted one of en" in said_of_bad
    assert "card-keys.toml: No such file or directory" in said_of_bad
    assert not (tmp_path / "h1.db").exists()
