"""The messages at the foot of a face: what the programme tells its member now, then its offers."""

from device.display.cards.face import MESSAGES_MAX
from device.display.cards.words import WORDS
from loyalty.programme import Programme
from loyalty.rules.messages import Audience, messages_for


def face_messages(
    programme: Programme, audience: Audience, *, at_ms: int, locale: str
) -> tuple[str, ...]:
    """Return up to `MESSAGES_MAX` texts in `locale`, the most important first.

    Offers come the cheapest first.
    """
    told = messages_for(programme, audience, at_ms=at_ms, most=MESSAGES_MAX)
    texts = [it.text.in_locale(locale) for it in told]
    for offer in sorted(programme.offers, key=lambda it: it.points):
        label = offer.label.in_locale(locale)
        texts.append(WORDS[locale].offer.format(label=label, points=f"{offer.points:,}"))
    return tuple(texts[:MESSAGES_MAX])
