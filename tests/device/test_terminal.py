"""What a terminal says when it cannot start: one sentence that a person can act on."""

import asyncio
import io
import json
import os
from contextlib import asynccontextmanager, closing, suppress

import pytest

from device.behaviour.setting import Now, Setting
from device.config import read_config
from device.config_table import ConfigError
from device.errors import DeviceError, LinkBusy, LinkLost
from device.links.lockfile import FileHeld
from device.records.journal import Journal
from device.records.stamp import NO_CARD, stamp
from device.terminal import run_terminal
from loyalty.receipts import Receipt
from loyalty.records import CheckIn, from_line
from loyalty.service_manager import ServiceManager
from simulators.pn532_port import Pn532Port
from tests.device.sample_site import SampleSite

SETTING = Setting(store="s1", rules=1, currency="USD")


@asynccontextmanager
async def site_with_reader(folder):
    """Give a shop whose only hardware is a reader."""
    port = Pn532Port(link=folder / "reader")
    port.start()
    try:
        yield SampleSite(folder)
    finally:
        port.stop()


async def run(kind, path, *, programme="programme.toml", screen=None):
    """Run a terminal that nobody types at."""
    keyboard = os.open(os.devnull, os.O_RDONLY)
    try:
        await run_terminal(
            kind,
            read_config(path),
            programme_file=path.parent / programme if programme else None,
            keyboard=keyboard,
            screen=screen or io.StringIO(),
            manager=ServiceManager({}),
        )
    finally:
        os.close(keyboard)


class Screen(io.StringIO):
    """A screen that somebody waits before."""

    def __init__(self):
        super().__init__()
        self.lit = asyncio.Event()

    def flush(self):
        self.lit.set()


@asynccontextmanager
async def running(path):
    """Run a handheld beside the test."""
    screen = Screen()
    terminal = asyncio.create_task(run("handheld", path, screen=screen))
    await screen.lit.wait()
    try:
        yield
    finally:
        terminal.cancel()
        with suppress(asyncio.CancelledError):
            await terminal


@pytest.mark.parametrize(
    ("programme", "said"),
    [
        ("", "no programme yet: start once with --programme FILE"),
        ("nothing.toml", "cannot read .*nothing.toml"),
        ("hub.toml", "hub.toml:1: tiers: found 0 tables"),
    ],
)
async def test_a_terminal_needs_a_programme(tmp_path, programme, said):
    async with site_with_reader(tmp_path):
        with pytest.raises(ConfigError, match=said):
            await run("handheld", tmp_path / "handheld.toml", programme=programme)


async def test_a_programme_once_given_stays(tmp_path):
    async with site_with_reader(tmp_path):
        async with running(tmp_path / "handheld.toml"):
            pass
        (tmp_path / "card-keys.toml").unlink()

        with pytest.raises(ConfigError, match=r"card-keys\.toml: No such file"):
            await run("handheld", tmp_path / "handheld.toml", programme="")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "master: wanted 32 hexadecimal digits"),
        ('master = "0123"', "master: wanted 32"),
        ("master = 1", "seal_key: wanted 64"),
        ('master = "0123', "wanted TOML with master and seal_key"),
    ],
)
async def test_card_keys_must_be_whole_and_are_never_repeated(tmp_path, keys, said):
    async with site_with_reader(tmp_path):
        (tmp_path / "card-keys.toml").write_text(keys)

        with pytest.raises(ConfigError, match=said) as refused:
            await run("handheld", tmp_path / "handheld.toml")

    assert "0123" not in str(refused.value)


async def test_a_reader_that_is_not_there_is_named(tmp_path):
    SampleSite(tmp_path)

    with pytest.raises(LinkLost, match=r"cannot open .*/reader"):
        await run("handheld", tmp_path / "handheld.toml")


async def test_a_kiosk_needs_a_printer(tmp_path):
    async with site_with_reader(tmp_path):
        with pytest.raises(ConfigError, match="printer: missing, a kiosk wants a table"):
            await run("kiosk", tmp_path / "handheld.toml")
        with pytest.raises(LinkLost, match=r"cannot open .*/printer"):
            await run("kiosk", tmp_path / "kiosk.toml")


async def test_a_journal_in_use_is_left_to_its_owner(tmp_path):
    async with site_with_reader(tmp_path), running(tmp_path / "handheld.toml"):
        with pytest.raises(FileHeld, match=r"h1\.db is in use by process"):
            await run("handheld", tmp_path / "handheld.toml")


async def test_a_port_in_use_is_left_to_its_owner(tmp_path):
    async with site_with_reader(tmp_path), running(tmp_path / "handheld.toml"):
        other = tmp_path / "other.toml"
        other.write_text((tmp_path / "handheld.toml").read_text().replace("h1.db", "other.db"))

        with pytest.raises(LinkBusy, match="used by another program"):
            await run("handheld", other)


async def test_what_failed_to_start_leaves_nothing_locked(tmp_path):
    site = SampleSite(tmp_path)
    for _ in range(2):
        with pytest.raises(LinkLost):
            await run("handheld", site.folder / "handheld.toml")

    with pytest.raises(DeviceError, match=r"cannot open"):
        await run("handheld", site.folder / "handheld.toml")


async def test_a_terminal_that_has_not_heard_its_hub_forgets_nothing(tmp_path):
    long_ago = Now(at_ms=1, mono_ms=1, boot=1, hub_ms=0)
    journal = Journal.open(tmp_path / "h1.db", epoch_of_new="e1")
    for _ in range(3):
        journal.append(CheckIn(**stamp(SETTING, long_ago), **NO_CARD, op=""))
    receipt = Receipt(
        incarnation="hub-1",
        upto_seq=2,
        head=journal.head_at(2).hex(),
        hub_ms=1,
        want_first=0,
        want_last=0,
        exceptions=(),
    )
    journal.settle(receipt, epoch="e1")
    journal.close()

    async with site_with_reader(tmp_path), running(tmp_path / "handheld.toml"):
        pass

    with closing(Journal.open(tmp_path / "h1.db", epoch_of_new="e1")) as journal:
        kept = [(seq, from_line(line).kind) for seq, line in journal.pending(0, 10)]
        assert kept[:3] == [(1, "check_in"), (2, "check_in"), (3, "check_in")]


async def test_a_terminal_says_how_it_is_in_its_status_file(tmp_path):
    async with site_with_reader(tmp_path) as site:
        config = site.folder / "handheld.toml"
        status = tmp_path / "status.json"
        config.write_text(
            config.read_text().replace("[files]\n", f'[files]\nstatus = "{status}"\n')
        )
        async with running(config):
            while not status.exists():  # noqa: ASYNC110 - other programs look at it in this way
                await asyncio.sleep(0.01)
            facts = json.loads(status.read_text())

    assert (facts["device"], facts["hub"], facts["reader"]) == ("h1", "offline", "ok")
    assert (facts["printer"], facts["hub_heard_ms"]) == ("none", 0)
