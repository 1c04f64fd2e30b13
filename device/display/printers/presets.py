"""How hard a printer that can be told so works on the film of a card."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """`erases` passes of the erase head for one rewrite, which may take `rewrite_s` in all.

    Two passes leave less of the old face on a film that has seen many (US patent 6064413); each
    pass costs the film a rewrite. Printing takes longer in the cold (Star TCP300II specification
    manual p. 1: set time-outs for the place of use).
    """

    erases: int
    rewrite_s: float


PRESETS = {
    "normal": Preset(erases=1, rewrite_s=20.0),
    "cold": Preset(erases=1, rewrite_s=40.0),
    "worn": Preset(erases=2, rewrite_s=40.0),
}
