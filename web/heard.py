"""What is heard of a bulletin, as pages show it: the line that announces it, then its script."""

from bulletins.inserts import missing_inserts
from bulletins.recordings import announcement
from domain.bulletins import AcceptedReading
from domain.reading import SpokenText
from web.context import own_station, services
from web.reading_view import Means, ReadingView, view


def opening_of(title: str, readings: tuple[AcceptedReading, ...]) -> SpokenText:
    """Return how a bulletin with this title is announced; nothing is said while it has none."""
    words = " ".join(title.split())
    if not words:
        return SpokenText(())
    return services().desk.read(announcement(own_station().name, words), readings)


def shown(title: str, script: str, readings: tuple[AcceptedReading, ...]) -> ReadingView:
    """Return how a bulletin is shown, measured against the clips and the voices that there are."""
    opening, body = opening_of(title, readings), services().desk.read(script, readings)
    every = (*opening.sentences, *body.sentences)
    with services().database.read() as connection:
        missing = missing_inserts(connection, SpokenText(every))
    voice = services().first_voice() if any(one.presenter > 1 for one in every) else None
    lone = voice.label if voice and voice.presenters == 1 else ""
    return view(body, readings, opening, Means(missing, lone))
