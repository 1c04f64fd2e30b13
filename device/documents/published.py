"""The programme that a terminal works by: the newest one in its catalogue."""

from pathlib import Path

from device.config_table import ConfigError
from device.documents.catalogue import Catalogue
from loyalty.programme import Programme, ProgrammeErrors, parse

PROGRAMME = "programme"


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
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"cannot read {path}: no UTF-8 text") from error
