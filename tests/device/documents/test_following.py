"""A terminal follows a new programme between two visits, with every part of it."""

from dataclasses import replace

from device.documents.following import Following
from loyalty.programme import parse
from tests.device.terminal_world import PROGRAMME, kiosk_at

NEWER = parse(PROGRAMME.read_text().replace("version = 1\n", "version = 2\n", 1), source="newer")


def following(kiosk, told) -> Following:
    setting = kiosk.app.setting
    return Following(
        app=kiosk.app,
        setting_under=lambda programme: replace(setting, rules=programme.version),
        parts=(lambda programme: told.append(programme.version),),
    )


async def test_a_terminal_at_rest_follows_at_once(tmp_path):
    told = []
    async with kiosk_at(tmp_path) as (kiosk, _):
        await kiosk.see("welcome")

        following(kiosk, told).follow(NEWER)

        assert (kiosk.app.setting.rules, told) == (2, [2])


async def test_a_visit_ends_under_the_programme_that_it_began_with(tmp_path):
    told = []
    async with kiosk_at(tmp_path) as (kiosk, card):
        await kiosk.insert(card)
        await kiosk.see("account")

        following(kiosk, told).follow(NEWER)
        meanwhile = kiosk.app.setting.rules, [*told]
        await kiosk.choose("coffee")
        await kiosk.see("confirm")
        await kiosk.choose("confirm")
        await kiosk.card_at_gate()
        await kiosk.see("welcome")

        assert meanwhile == (1, [])
        assert (kiosk.app.setting.rules, told) == (2, [2])
        assert {it.rules for it in kiosk.records()} == {1}
