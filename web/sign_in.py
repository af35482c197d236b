"""Coming in and going out: password, one-time line, and the person's own password."""

import unicodedata
from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from domain.people import User
from store import people
from web.context import me, services, visitor
from web.security import SESSION_COOKIE, begin_session, give_cookie, session_token
from web.throttle import Subject, Throttle

blueprint = Blueprint("sign_in", __name__)

PASSWORD_SHORTEST = 10
PASSWORD_LONGEST = 200
_NO_ONE = generate_password_hash("không có người này", method="scrypt")
"""Checked when the login is unknown, so that the answer takes as long as for a known one."""


@blueprint.get("/dang-nhap")
def page() -> ResponseReturnValue:
    """Show the sign-in form."""
    if visitor() is not None:
        return redirect(_after_sign_in(), 303)
    return render_template("sign_in.html", login="", next=_wanted(), problem="")


@blueprint.post("/dang-nhap")
def enter() -> ResponseReturnValue:
    """Check login and password."""
    login = _login(request.form.get("login", ""))
    subjects = _counted(login, request.remote_addr or "")
    throttle = Throttle(services().database, services().clock)
    begun_at = services().clock.now()
    wait = throttle.begin(subjects)
    if wait is not None:
        return _refused(login, 429, f"Có quá nhiều lần đăng nhập sai. Hãy đợi {_in_words(wait)} rồi thử lại.")
    user = _checked(login, request.form.get("password", ""))
    if user is None:
        return _refused(login, 422, "Tên đăng nhập hoặc mật khẩu chưa đúng. Hãy kiểm tra dấu và phím Caps Lock.")
    throttle.succeeded(subjects, begun_at)
    return _welcome(user, _after_sign_in())


@blueprint.get("/vao/<token>")
def line(token: str) -> ResponseReturnValue:
    """Ask for a press of a button: programs that fetch links ahead must not use the line up."""
    with services().database.read() as connection:
        user = people.peek_sign_in_token(connection, token, services().clock.now())
    if user is None:
        return _used_up()
    return render_template("sign_in_line.html", person=user, token=token)


@blueprint.post("/vao/<token>")
def use_line(token: str) -> ResponseReturnValue:
    """Use a one-time line up."""
    with services().database.write() as connection:
        user = people.use_sign_in_token(connection, token, services().clock.now())
    if user is None or not user.active:
        return _used_up()
    return _welcome(user, url_for("today.page"))


@blueprint.post("/dang-xuat")
def leave() -> ResponseReturnValue:
    """End this session."""
    with services().database.write() as connection:
        people.close_session(connection, session_token())
    session.clear()
    response = redirect(url_for("sign_in.page"), 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=services().secure_cookies)
    if request.is_secure:  # Browsers refuse it, aloud, anywhere else.
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/tai-khoan")
def account() -> ResponseReturnValue:
    """Show the person's own account."""
    return _account({}, 200)


@blueprint.post("/tai-khoan")
def change_password() -> ResponseReturnValue:
    """Set a new password; other sessions of the person end."""
    new = request.form.get("new_password", "")
    problems = _password_problems(request.form.get("password", ""), new, request.form.get("again", ""))
    if problems:
        return _account(problems, 422)
    hashed = generate_password_hash(new, method="scrypt")
    with services().database.write() as connection:
        people.set_password_hash(connection, me().id, hashed)
        people.close_other_sessions(connection, me().id, session_token())
        people.drop_sign_in_tokens(connection, me().id)
    flash("Đã đổi mật khẩu. Các nơi khác đang đăng nhập bằng tài khoản này đã được đăng xuất.", "success")
    return redirect(url_for("sign_in.account"), 303)


def _account(problems: dict[str, str], status: int) -> ResponseReturnValue:
    return render_template(
        "account.html", problems=problems, has_password=bool(_password_hash()), shortest=PASSWORD_SHORTEST
    ), status


def _password_hash() -> str:
    with services().database.read() as connection:
        found = people.by_login(connection, me().login)
    return "" if found is None else found[1]


def _password_problems(current: str, new: str, again: str) -> dict[str, str]:
    problems: dict[str, str] = {}
    stored = _password_hash()
    if stored and not check_password_hash(stored, current[:PASSWORD_LONGEST]):
        problems["password"] = "Mật khẩu đang dùng chưa đúng."  # noqa: S105 - a sentence, not a password
    if not PASSWORD_SHORTEST <= len(new) <= PASSWORD_LONGEST:
        problems["new_password"] = f"Mật khẩu mới cần từ {PASSWORD_SHORTEST} đến {PASSWORD_LONGEST} ký tự."
    elif new == me().login:
        problems["new_password"] = "Mật khẩu mới không được giống tên đăng nhập."  # noqa: S105
    if new != again:
        problems["again"] = "Hai lần gõ mật khẩu mới chưa giống nhau."
    return problems


def _checked(login: str, password: str) -> User | None:
    with services().database.read() as connection:
        found = people.by_login(connection, login)
    user, stored = found if found is not None and found[1] else (None, _NO_ONE)
    return user if check_password_hash(stored, password[:PASSWORD_LONGEST]) else None


def _welcome(user: User, target: str) -> ResponseReturnValue:
    response = redirect(target, 303)
    give_cookie(response, begin_session(user, services().clock.now()))
    return response


def _refused(login: str, status: int, problem: str) -> ResponseReturnValue:
    return render_template("sign_in.html", login=login, next=_wanted(), problem=problem), status


def _used_up() -> ResponseReturnValue:
    response = Response(render_template("sign_in_used.html"), status=404)
    response.headers["Cache-Control"] = "no-store"
    return response


def _counted(login: str, address: str) -> tuple[Subject, ...]:
    """Return who is counted: the name alone is looser, so that no outsider keeps a person out from one address."""
    return (
        Subject(f"pair:{address}:{login}", 5),
        Subject(f"login:{login}", 60),
        Subject(f"address:{address}", 20),
    )


def _login(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().lower()[:80]


def _wanted() -> str:
    return request.values.get("next", "")


def _after_sign_in() -> str:
    """Return the page the person was going to: one of ours only, never another site."""
    wanted = _wanted()
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours else url_for("today.page")


def _in_words(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    return f"{seconds} giây" if seconds < 120 else f"{seconds // 60} phút"
