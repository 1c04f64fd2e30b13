"""The PC/SC service through pyscard's plain functions.

pyscard's monitors run threads that poll and break when the service restarts; its functions do not.
"""

from typing import Any

from smartcard import scard  # type: ignore[import-untyped]  # it has no types

from device.errors import LinkBusy, LinkLost
from device.nfc.reader import CardGone

_CARD_GONE = (
    scard.SCARD_W_REMOVED_CARD,
    scard.SCARD_W_RESET_CARD,
    scard.SCARD_W_UNPOWERED_CARD,
    scard.SCARD_W_UNRESPONSIVE_CARD,
    scard.SCARD_E_NO_SMARTCARD,
    scard.SCARD_E_PROTO_MISMATCH,
    scard.SCARD_E_NOT_TRANSACTED,
)
_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_EXCLUSIVE, _UNPOWER = scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_UNPOWER_CARD


class PyscardPort:
    """`PcscPort` of this machine."""

    def __init__(self) -> None:
        self._context: Any = None
        self._card: Any = None
        self._pci: Any = None
        self._name = ""

    def open(self, name_prefix: str) -> str:
        """Return the whole name of the first reader whose name begins so."""
        (self._context,) = _did(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
        code, names = scard.SCardListReaders(self._context, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            names = []
        else:
            _did((code,))
        found = sorted(it for it in names if it.startswith(name_prefix))
        if not found:
            there = ", ".join(sorted(names)) or "none"
            raise LinkLost(f"readers found: {there}; wanted one that begins {name_prefix!r}")
        self._name = found[0]
        return self._name

    def close(self) -> None:
        """Let go of card and service; closing twice does nothing."""
        self.disconnect()
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
            self._context = None

    def wait(self, timeout_s: float) -> bool:
        """Return whether a card is there within `timeout_s`."""
        known = scard.SCARD_STATE_UNAWARE  # Told at once; then only when it changes.
        for timeout_ms in (0, round(timeout_s * 1000)):
            states = [(self._name, known)]
            code, states = scard.SCardGetStatusChange(self._context, timeout_ms, states)
            if code in (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED):
                return False
            _did((code,))
            known = states[0][1]
            if known & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
                raise LinkLost(f"{self._name} has been unplugged")
            if known & scard.SCARD_STATE_PRESENT:
                return True
        return False

    def connect(self) -> bytes:
        """Power the card up, afresh if it is connected, for us alone; return its ATR."""
        if self._card is None:
            made = scard.SCardConnect(self._context, self._name, _EXCLUSIVE, _PROTOCOLS)
            self._card, protocol = _did(made)
        else:
            made = scard.SCardReconnect(self._card, _EXCLUSIVE, _PROTOCOLS, _UNPOWER)
            try:
                (protocol,) = _did(made)
            except CardGone:
                self.disconnect()
                raise
        is_t0 = protocol == scard.SCARD_PROTOCOL_T0
        self._pci = scard.SCARD_PCI_T0 if is_t0 else scard.SCARD_PCI_T1
        *_, atr = _did(scard.SCardStatus(self._card))
        return bytes(atr)

    def disconnect(self) -> None:
        """Power the card down, if it is connected."""
        if self._card is not None:
            scard.SCardDisconnect(self._card, _UNPOWER)
            self._card = None

    def transmit(self, apdu: bytes) -> bytes:
        """Return what card or reader answers, with its status."""
        if self._card is None:
            raise CardGone("no card is connected")
        (response,) = _did(scard.SCardTransmit(self._card, self._pci, list(apdu)))
        return bytes(response)

    def cancel(self) -> None:
        """End `wait`, from another thread."""
        if self._context is not None:
            scard.SCardCancel(self._context)


def _did(result: tuple[Any, ...]) -> list[Any]:
    """Return what a function returned behind its code, or raise what the code means."""
    code, *values = result if isinstance(result, tuple | list) else (result,)
    if code == scard.SCARD_S_SUCCESS:
        return values
    text = f"PC/SC: {scard.SCardGetErrorMessage(code)}"
    if code in _CARD_GONE:
        raise CardGone(text)
    if code == scard.SCARD_E_SHARING_VIOLATION:
        raise LinkBusy(text)
    raise LinkLost(text)
