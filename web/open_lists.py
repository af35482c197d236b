"""Listening lines: ordinary players ask by a secret address; technicians make and revoke them."""

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from domain.errors import BadInputError, NotAllowedError
from domain.people import Role
from scheduler.listening import Heard, ListeningDesk
from store import places
from store.listening_lines import ListeningLine
from web.context import me, own_station, services
from web.listening import send_clip
from web.machine_list import area_choices
from web.play_lists import KINDS, Station, as_text
from web.throttle import Subject, Throttle

blueprint = Blueprint("open_lists", __name__, url_prefix="/nghe")
_UNKNOWN = "Đường dẫn này sai, đã hết hạn hoặc đã bị thu hồi. Hãy xin đường dẫn mới ở đài.\n"
_NOT_TOLD = "Âm thanh này không thuộc buổi đang phát.\n"
_SUFFIXES = {"audio/flac": "flac", "audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "audio/mp4": "m4a"}
_A_MINUTE = 60.0


@dataclass(slots=True)
class Pace:
    """How often each line may ask within a minute, kept in this process."""

    most: int
    _asked: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, who: str) -> int:
        """Count a question and return 0, or how many seconds to wait when there were too many."""
        now = time.monotonic()
        with self._lock:
            asked = self._asked.setdefault(who, deque())
            while asked and now - asked[0] >= _A_MINUTE:
                asked.popleft()
            if len(asked) >= self.most:
                return int(_A_MINUTE - (now - asked[0])) + 1
            asked.append(now)
            return 0


LISTS, SOUNDS = Pace(60), Pace(600)
_DESK = "open_lists"


@blueprint.get("/<token>.<any(m3u8,m3u,xspf):kind>")
def play_list(token: str, kind: str) -> ResponseReturnValue:
    """Answer the sounds of the session on the air at a place, or none and when the next begins."""
    line = _line(token, LISTS)
    if line is None:
        return _told(_UNKNOWN)
    listing = _desk().listing(line)

    def address(one: Heard) -> str:
        suffix = _SUFFIXES.get(one.clip.media_type, "bin")
        path = url_for("open_lists.sound", token=token, clip_hash=one.clip.hash, suffix=suffix)
        return _root() + path

    body = as_text(kind, listing, Station(own_station().name, address))
    answer = Response(body, content_type=f"{KINDS[kind]}; charset=utf-8")
    answer.headers["Content-Disposition"] = f"inline; filename=tieng-loa.{kind}"
    answer.headers["Cache-Control"] = "no-store"
    if listing.next_at is not None:
        answer.headers["TL-Next"] = listing.next_at.isoformat(timespec="seconds")
    return answer


@blueprint.get("/<token>/<clip_hash>.<suffix>")
def sound(token: str, clip_hash: str, suffix: str) -> ResponseReturnValue:
    """Answer a sound of the list, in ranges when asked."""
    line = _line(token, SOUNDS)
    if line is None:
        return _told(_UNKNOWN)
    clip = _desk().clip(line, clip_hash)
    if clip is None or _SUFFIXES.get(clip.media_type, "bin") != suffix:
        return _told(_NOT_TOLD)
    answer = send_clip(clip.hash, clip.media_type)
    answer.headers["Cache-Control"] = "private, max-age=600"
    return answer


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the lines."""
    return _page({}, 200)


@blueprint.post("")
def make() -> ResponseReturnValue:
    """Make a line and show its addresses, once."""
    form = {name: request.form.get(name, "") for name in ("name", "area", "days")}
    try:
        token = _desk().make(me(), form["area"], form["name"], _days(form["days"]))
    except NotAllowedError:
        raise
    except BadInputError as error:
        return _page({_field(error): error.sentence}, 422, form)
    addresses = [_root() + url_for("open_lists.play_list", token=token, kind=kind) for kind in KINDS]
    return render_template("open_list_made.html", name=form["name"].strip(), addresses=addresses)


@blueprint.post("/<line_id>/thu-hoi")
def revoke(line_id: str) -> ResponseReturnValue:
    """Take a line away."""
    _desk().revoke(me(), line_id)
    flash("Đã thu hồi đường dẫn nghe. Máy nào đang dùng đường dẫn ấy không nghe được nữa.", "success")
    return redirect(url_for("open_lists.page"), 303)


def _page(problems: dict[str, str], status: int, form: dict[str, str] | None = None) -> ResponseReturnValue:
    with services().database.read() as connection:
        names = {one.id: one.name for one in places.areas(connection)}
    return render_template(
        "open_lists.html",
        problems=problems,
        form=form or {},
        lines=[(one, names.get(one.area_id, "")) for one in _desk().lines()],
        areas=area_choices(),
        may_manage=me().may(Role.TECHNICIAN),
    ), status


def _line(token: str, pace: Pace) -> ListeningLine | None:
    """Return the line of a token; who guesses is slowed down. Raises TooManyRequests."""
    line = _desk().line(token)
    if line is None:
        throttle = Throttle(services().database, services().clock)
        wait = throttle.begin((Subject(f"nghe:{request.remote_addr}", 30),))
        if wait is not None:
            raise TooManyRequests(retry_after=int(wait.total_seconds()) + 1)
        return None
    seconds = pace.wait(line.id)
    if seconds:
        raise TooManyRequests(retry_after=seconds)
    return line


def _desk() -> ListeningDesk:
    """Return the desk over the services at hand; it keeps what it read for a minute."""
    found = current_app.extensions.get(_DESK)
    if found is None:
        found = current_app.extensions[_DESK] = ListeningDesk(services().database, services().clock)
    return cast(ListeningDesk, found)


def _root() -> str:
    return services().public_address or request.host_url.rstrip("/")


def _told(sentence: str) -> Response:
    answer = Response(sentence, 404, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def _field(error: BadInputError) -> str:
    return "area" if "địa bàn" in error.sentence else "name"
