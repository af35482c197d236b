"""What a page asks of the request it answers: the services, the person, and the station."""

from typing import cast

from flask import current_app, g

from domain.errors import NotSignedInError
from domain.people import User
from store import station
from store.station import Station
from web.services import Services

EXTENSION = "tiengloa"


def services() -> Services:
    """Return the rooms that the running panel was given."""
    return cast(Services, current_app.extensions[EXTENSION])


def me() -> User:
    """Return the person who is signed in. Raises NotSignedInError."""
    person = visitor()
    if person is None:
        raise NotSignedInError("Hãy đăng nhập để tiếp tục.")
    return person


def visitor() -> User | None:
    """Return the person who is signed in, if anyone is."""
    return cast("User | None", g.get("person"))


def own_station() -> Station:
    """Return the station, read once a request."""
    if "station" not in g:
        with services().database.read() as connection:
            g.station = station.get(connection)
    return cast(Station, g.station)
