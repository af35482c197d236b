"""Names of areas for the pages that speak of them."""

from store import places
from web.context import services


def area_names() -> dict[str, str]:
    """Return the name of every area by its id."""
    with services().database.read() as connection:
        return {one.id: one.name for one in places.areas(connection)}
