"""libnfc through pynfc's bindings: loaded when asked for, each call with its code told apart.

Of pynfc only the ctypes layer is used. Its classes wait for ever, leak the UIDs they return, run
calls on while they report a time-out, and hide every error in a False. libfreefare is loaded, for
pynfc wants it, and never called: it trusts what a card answers.

Source: libnfc 1.8.0, include/nfc/nfc.h and nfc-types.h; libnfc/chips/pn53x.c for which status of
the chip becomes which code.
"""

import ctypes
import platform
from typing import Any

from device.nfc.reader import CardGone, CardRefused, CardSeen, DriverMissing, ReaderSilent

ANSWER_MAX_BYTES = 264

_EINVARG, _ERFTRANS, _EMFCAUTHFAIL, _ETGRELEASED = -2, -20, -30, -10
_MACHINES = ("x86_64", "aarch64")
# pynfc asks for the name that only libfreefare-dev installs; this is what it links to.
_LIBRARIES = {"libfreefare.so": "libfreefare.so.0"}


def load_library() -> Any:
    """Return pynfc's bindings.

    Raises:
        DriverMissing: not on this platform, or a library is not installed.
    """
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        found = f"{platform.system()} on {platform.machine()}"
        raise DriverMissing(f"libnfc works on 64-bit Linux (x86-64, arm64) only, this is {found}")
    load = ctypes.CDLL
    try:
        ctypes.CDLL = lambda name, *rest: load(_LIBRARIES.get(name, name), *rest)  # type: ignore
        from pynfc import nfc  # type: ignore[import-untyped]  # it has no types
    except (ImportError, OSError) as error:
        wanted = "`pip install revisit[device]` and `apt install libfreefare0`"
        raise DriverMissing(f"libnfc wants {wanted}: {error}") from error
    finally:
        ctypes.CDLL = load  # type: ignore[misc]
    return nfc


class LibnfcDevice:
    """One device that libnfc has opened; every method blocks, and belongs on one thread."""

    def __init__(self, library: Any, connection: str) -> None:
        """Open it as an initiator that looks for cards once and not for ever.

        Raises:
            ReaderSilent: libnfc cannot.
        """
        self._lib = library
        self._context = ctypes.POINTER(library.struct_nfc_context)()
        self._device: Any = None
        self._target = library.nfc_target()
        self._answer = (ctypes.c_ubyte * ANSWER_MAX_BYTES)()
        self._is_easy: bool | None = None
        library.nfc_init(ctypes.byref(self._context))
        try:
            if not self._context:
                raise ReaderSilent("libnfc cannot start: out of memory")
            named = library.nfc_connstring()
            named.value = connection.encode()
            device = library.nfc_open(self._context, named)
            if not device:
                raise ReaderSilent(f"libnfc cannot open {connection}: nothing answers there")
            self._device = device
            self._check(library.nfc_initiator_init(device), "prepare the reader")
            self._set(library.NP_INFINITE_SELECT, False)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the device back; closing twice does nothing."""
        device, self._device = self._device, None
        if device is not None:
            self._lib.nfc_close(device)
        context, self._context = self._context, None
        if context:
            self._lib.nfc_exit(context)

    def abort(self) -> None:
        """End the call that another thread is in; the only method that may come from elsewhere."""
        if self._device is not None:
            self._lib.nfc_abort_command(self._device)

    def select(self, uid: bytes) -> CardSeen | None:
        """Select the card `uid`, or any if it is empty; None if there is none now."""
        modulation = self._lib.nfc_modulation()
        modulation.nmt, modulation.nbr = self._lib.NMT_ISO14443A, self._lib.NBR_106
        wanted = (ctypes.c_ubyte * len(uid))(*uid) if uid else None
        code = self._lib.nfc_initiator_select_passive_target(
            self._device, modulation, wanted, len(uid), ctypes.byref(self._target)
        )
        # A search that found nothing ends with 0, and with a time-out where a UID was wanted.
        if code in (0, _ERFTRANS, _ETGRELEASED):
            return None
        self._check(code, "select a card")
        card = self._target.nti.nai
        ats = bytes(card.abtAts[: card.szAtsLen])
        return CardSeen(
            uid=bytes(card.abtUid[: card.szUidLen]),
            atqa=bytes(card.abtAtqa),
            sak=card.btSak,
            # libnfc leaves out the length byte that the card and the PN532 put first.
            ats=bytes([len(ats) + 1]) + ats if ats else b"",
        )

    def exchange(self, data: bytes, *, is_raw: bool, timeout_ms: int) -> bytes:
        """Return the card's answer; `is_raw` sends the frame as it is, with CRC."""
        if self._is_easy is not (not is_raw):
            self._is_easy = None
            self._set(self._lib.NP_EASY_FRAMING, not is_raw)
            self._is_easy = not is_raw
        sent = (ctypes.c_ubyte * len(data))(*data)
        code = self._lib.nfc_initiator_transceive_bytes(
            self._device, sent, len(data), self._answer, ANSWER_MAX_BYTES, timeout_ms
        )
        self._check(code, f"send 0x{data[0]:02x} to the card")
        return bytes(self._answer[:code])

    def deselect(self) -> None:
        """Halt the card."""
        self._check(self._lib.nfc_initiator_deselect_target(self._device), "halt the card")

    def _set(self, name: int, value: bool) -> None:
        code = self._lib.nfc_device_set_property_bool(self._device, name, value)
        self._check(code, f"set property {name}")

    def _check(self, code: int, doing: str) -> None:
        if code >= 0:
            return
        said = ctypes.cast(self._lib.nfc_strerror(self._device), ctypes.c_char_p).value or b""
        text = f"libnfc cannot {doing}: {said.decode(errors='replace').strip()} ({code})"
        if code in (_EMFCAUTHFAIL, _EINVARG):
            raise CardRefused(text)
        if code in (_ERFTRANS, _ETGRELEASED):
            raise CardGone(text)
        raise ReaderSilent(text)
