"""Code 128 as dark and light modules.

Source: ISO/IEC 15417:2007 Table 1 (characters) and §4.3 (structure, check character). Text is set
in code set B; an even number of digits alone in set C, which takes half the room.
"""

_START_B, _START_C = 104, 105
_STOP = "2331112"
_CHECK_MODULUS = 103

# Bar, space, bar, space, bar, space: how wide each is, by character value; the last three start.
_WIDTHS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212
112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131
311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321
112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114
122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
114311 411113 411311 113141 114131 311141 411131 211412 211214 211232
""".split()  # noqa: SIM905 - a table in columns can be checked against its source


def modules(text: str) -> str:
    """Return the modules of `text` from left to right, `1` dark and `0` light, no quiet zones.

    Raises:
        ValueError: it is empty, or holds a character outside of printable ASCII.
    """
    if not text or not all(" " <= it <= "~" for it in text):
        raise ValueError(f"bars of {text[:40]!r}, wanted printable ASCII")
    if len(text) % 2 == 0 and text.isdigit():
        values = [_START_C, *(int(text[at : at + 2]) for at in range(0, len(text), 2))]
    else:
        values = [_START_B, *(ord(it) - ord(" ") for it in text)]
    check = values[0] + sum(place * value for place, value in enumerate(values))
    widths = "".join(_WIDTHS[it] for it in (*values, check % _CHECK_MODULUS)) + _STOP
    return "".join("01"[at % 2 == 0] * int(width) for at, width in enumerate(widths))
