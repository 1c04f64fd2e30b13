"""Where new devices introduce themselves, and known ones replace their secrets: over HTTP.

    POST /pair/CODE           an `Introduction` under the code's key; back comes a `Welcome`, or a
                              `Refused`, under the same key
    POST /secrets/NAME/KID    a `SecretChange` under secret KID of device NAME; back comes the new
                              secret's name, under the new secret

A letter that nobody here can open is answered with 403 and nothing else, whatever the reason: what
is known here is not for strangers. Every answer is about the digest of the letter that it answers,
so that no other can stand in its place.
"""

import asyncio
import hashlib
from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.errors import LedgerContended, LedgerUnavailable
from hub.ledger.ledger import Ledger
from hub.pairing.codes import NotPaired, Paired, introduce
from hub.pairing.config import PairingSetting
from hub.pairing.private_ca import new_client
from hub.pairing.secret_change import change_secret
from loyalty.introductions import CHANGED, WELCOME, Refused, Welcome, to_bytes
from loyalty.letters import NONCE_BYTES, close_letter

LETTER = "application/octet-stream"
NOT_FOR_YOU, TRY_LATER = 403, 503


class Provisioning:
    """The two routes; `ledger` is theirs alone."""

    def __init__(
        self,
        ledger: Ledger,
        setting: PairingSetting,
        *,
        hub_key: bytes,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """`hub_key` is the public one, empty where the hub signs nothing."""
        self._ledger = ledger
        self._setting = setting
        self._hub_key = hub_key
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._turn = asyncio.Lock()
        self._log = structlog.get_logger()

    def routes(self) -> list[BaseRoute]:
        """Return what the web server is to serve."""
        return [
            Route("/pair/{code}", self._pair, methods=["POST"]),
            Route("/secrets/{device}/{kid}", self._change, methods=["POST"]),
        ]

    def welcome(self, code: str, letter: bytes) -> bytes | None:
        """Return the answer to an introduction under `code`; None if it is not one.

        Raises:
            LedgerUnavailable: the database does not answer.
        """
        now_ms = self._now_ms()
        found = introduce(self._ledger, code, letter, now_ms)
        if found is None:
            return None
        said: Welcome | Refused
        if isinstance(found, NotPaired):
            said = found.refused
            self._log.warning("device_not_paired", code=code, reason=said.reason)
        else:
            said = self._welcome_of(found, now_ms)
            self._log.info("device_paired", code=code, store=found.store, device=found.name)
        return self._close(found.key, WELCOME, to_bytes(said), letter)

    def changed(self, device: str, kid: str, letter: bytes) -> bytes | None:
        """Return the answer to a change of secrets; None if the device did not write it.

        Raises:
            LedgerUnavailable: the database does not answer.
        """
        change = change_secret(self._ledger, device, kid, letter)
        if change is None:
            return None
        self._log.info("device_secret_changed", device=device, kid=change.kid)
        return self._close(change.secret, CHANGED, change.kid.encode(), letter)

    async def _pair(self, request: Request) -> Response:
        code, letter = request.path_params["code"], await request.body()
        return await self._answer(lambda: self.welcome(code, letter), code=code)

    async def _change(self, request: Request) -> Response:
        device, kid = request.path_params["device"], request.path_params["kid"]
        letter = await request.body()
        return await self._answer(lambda: self.changed(device, kid, letter), device=device)

    async def _answer(self, deed: Callable[[], bytes | None], **named: str) -> Response:
        """Do `deed` in a thread, as the disk may be slow, and one after the other."""
        async with self._turn:
            try:
                letter = await asyncio.to_thread(deed)
            except (LedgerUnavailable, LedgerContended) as error:
                self._log.error("provisioning_waits", error=str(error))
                return Response(status_code=TRY_LATER)
        if letter is None:
            self._log.warning("letter_not_opened", **{it: text[:64] for it, text in named.items()})
            return Response(status_code=NOT_FOR_YOU)
        return Response(letter, media_type=LETTER)

    def _welcome_of(self, paired: Paired, now_ms: int) -> Welcome | Refused:
        setting, certificate = self._setting, b""
        if setting.clients is not None:
            request = paired.introduction.request.encode()
            try:
                certificate = new_client(setting.clients, request, paired.name, now_ms)
            except ValueError:
                return Refused(reason="the broker wants certificates, and no request for one came")
        return Welcome(
            store=paired.store,
            device=paired.name,
            kid=paired.kid,
            broker_host=setting.broker_host,
            broker_port=setting.broker_port,
            broker_ca=setting.broker_ca,
            certificate=certificate.decode(),
            hub_key=self._hub_key,
            programme=setting.programme,
        )

    def _close(self, key: bytes, purpose: str, content: bytes, answers: bytes) -> bytes:
        about = hashlib.sha256(answers).digest()
        return close_letter(
            key, purpose, content, about=about, nonce=self._random_bytes(NONCE_BYTES)
        )
