"""Translations: the catalogues of `device/locale`, read as translators leave them."""

import gettext
import io
from collections.abc import Callable
from importlib.resources import files

import polib

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")


def translator(locale: str) -> Callable[[str], str]:
    """Return what turns an English message into `locale`, one of `LOCALES`.

    Raises:
        ValueError: there is no such catalogue.
    """
    if locale not in LOCALES:
        raise ValueError(f"locale {locale!r}, one of {', '.join(LOCALES)} wanted")
    if locale == "en":
        return gettext.NullTranslations().gettext
    catalogue = files("device") / "locale" / f"{locale}.po"
    compiled = polib.pofile(catalogue.read_text(encoding="utf-8")).to_binary()
    return gettext.GNUTranslations(io.BytesIO(compiled)).gettext
