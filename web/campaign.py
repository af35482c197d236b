"""The campaign (kế hoạch tuyên truyền): what it rests on, its topics, and who does what."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from store import campaigns
from web.context import me, services
from web.states import WRITERS

blueprint = Blueprint("campaign", __name__, url_prefix="/ke-hoach")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show every campaign, the newest first."""
    with services().database.read() as connection:
        every = campaigns.everything(connection)
    return render_template("campaign.html", campaigns=every, may_write=me().may(*WRITERS))
