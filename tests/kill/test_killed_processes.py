"""Hub and devices under load, killed with SIGKILL: what anybody was told is there in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.free_port import free_port
from tests.campaign import size
from tests.kill.site import DEVICES, EMBEDDED, Site, ledger_of_devices

KILLS = size(4, 50)
NEWS_BETWEEN_KILLS = 300  # at most; lines told and settled, so that each kill meets work


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    place, port = tmp_path / "ledger.db", free_port()
    ledger_of_devices(place)
    brokers = {"hub": EMBEDDED.format(port=port)}
    found = Site(tmp_path, request.param, ledger_place=place, port=port, brokers=brokers)
    yield found
    found.close()


@pytest.mark.campaign
@pytest.mark.parametrize("site", [7], indirect=True, ids=["seed 7"])
def test_whoever_is_killed_every_receipt_is_accounted_for(site: Site) -> None:
    for name in ("hub", *DEVICES):
        site.start(name)
    site.hear(2, "settled")

    for _ in range(KILLS):
        site.hear(site.chance.randrange(NEWS_BETWEEN_KILLS), "told")
        site.hear(site.chance.randrange(4), "settled")
        victim = site.chance.choice(["hub", *DEVICES])
        site.kill(victim)
        assert site.missing_at_hub() == []
        site.start(victim)
    site.finish()

    statuses = site.audit()
    assert statuses["posted"] > statuses["duplicate"] > 0  # some keyed a sale again
    assert statuses.keys() == {"posted", "duplicate"}
