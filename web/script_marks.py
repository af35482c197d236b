"""One screen about the marks that a script may hold."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from tts.reading.marks import MARKS

blueprint = Blueprint("script_marks", __name__, url_prefix="/tro-giup")


@blueprint.get("/dau")
def page() -> ResponseReturnValue:
    """Explain each mark with an example."""
    return render_template("marks.html", marks=MARKS)
