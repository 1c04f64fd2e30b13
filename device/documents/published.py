"""The programme that a terminal works by, and the one that begins later: both in its catalogue."""

from pathlib import Path

from device.config_table import ConfigError
from device.documents.catalogue import Catalogue
from loyalty.programme import Programme, ProgrammeErrors, parse
from loyalty.text_files import NoText, text_of

PROGRAMME = "programme"
PROGRAMME_TO_COME = "programme-to-come"  # only here: the hub publishes one document for both


def programme_of(catalogue: Catalogue, newer_file: Path | None = None) -> Programme:
    """Return the programme in `catalogue`, where that of `newer_file` is put first if it is newer.

    Raises:
        ConfigError: there is none yet, or it has mistakes; all of them are named.
        CatalogueFailed: the disk is full or broken.
    """
    if newer_file is not None:
        text = _text(newer_file)
        catalogue.put(PROGRAMME, parse_programme(text, str(newer_file)).version, text)
    document = catalogue.get(PROGRAMME)
    if document is None:
        raise ConfigError("the catalogue holds no programme yet: start once with --programme FILE")
    return parse_programme(document.text, f"programme {document.version} of the catalogue")


def programme_to_come(catalogue: Catalogue) -> tuple[Programme, str] | None:
    """Return the programme, and its text, that was kept until its first day; None for none.

    One that has begun, or that a newer one has overtaken, is not to come any more.

    Raises:
        ConfigError: it has mistakes; all of them are named.
    """
    current, kept = catalogue.get(PROGRAMME), catalogue.get(PROGRAMME_TO_COME)
    if kept is None or (current is not None and current.version >= kept.version):
        return None
    source = f"programme {kept.version} to come of the catalogue"
    return parse_programme(kept.text, source), kept.text


def parse_programme(text: str, source: str) -> Programme:
    """Return the programme of `text`, which came from `source`.

    Raises:
        ConfigError: it has mistakes; all of them are named.
    """
    try:
        return parse(text, source=source)
    except ProgrammeErrors as error:
        raise ConfigError("\n".join(str(it) for it in error.mistakes)) from error


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except NoText as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
