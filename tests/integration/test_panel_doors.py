"""The panel's doors: who comes in, how, and what every answer tells the browser."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import request
from werkzeug.security import generate_password_hash

from store import people
from tests.fakes_web import ADMIN, APPROVER, BOTH, EDITOR, PEOPLE, VIEWER, Panel, csrf
from tiengloa.settings import from_environment
from web.app import create_app
from web.security import PUBLIC, SESSION_COOKIE

PASSWORD = "một câu dễ nhớ"


def give_password(town: Panel) -> None:
    with town.database.write() as connection:
        people.set_password_hash(connection, EDITOR.id, generate_password_hash(PASSWORD, method="scrypt:1024:8:1"))


def sign_in(town: Panel, client, login: str, password: str, **more: str):
    token = csrf(client, "/dang-nhap")
    return client.post("/dang-nhap", data={"csrf_token": token, "login": login, "password": password, **more})


def test_nobody_gets_past_the_public_pages_without_signing_in(town: Panel) -> None:
    client, open_to_all = town.visitor(), []
    for rule in town.app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(path, method=method)
            if answer.status_code < 400 and not (answer.location or "").startswith("/dang-nhap"):
                open_to_all.append(rule.endpoint)
    assert set(open_to_all) <= PUBLIC
    assert "today.page" not in PUBLIC


def test_the_machine_api_answers_nobody_without_a_signature(town: Panel) -> None:
    client = town.browser(EDITOR)
    for rule in town.app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.enrol":
            method = "POST" if "POST" in rule.methods else "GET"
            assert client.open(rule.rule.replace("<clip_hash>", "a" * 64), method=method).status_code == 401


@pytest.mark.parametrize("user", PEOPLE, ids=lambda user: user.login)
def test_every_page_opens_for_every_role_or_says_why_not(town: Panel, user) -> None:
    bulletin_id = town.produced(backup=True)
    client = town.browser(user)
    for path in (
        "/",
        "/ban-tin",
        f"/ban-tin/{bulletin_id}",
        "/lich",
        "/may-phat",
        "/nhat-ky",
        "/ke-hoach",
        "/tai-khoan",
    ):
        assert client.get(path).status_code == 200, path
    for path in ("/ban-tin/moi", "/lich/moi"):
        answer = client.get(path)
        assert answer.status_code in {200, 403}
        if answer.status_code == 403:
            assert "Chưa có gì thay đổi" in answer.get_data(as_text=True)


def test_a_password_opens_the_door_to_the_page_that_was_wanted(town: Panel) -> None:
    give_password(town)
    client = town.visitor()
    asked = client.get("/ban-tin?q=nước")
    assert asked.status_code == 303
    answer = sign_in(town, client, " BienTap ", PASSWORD, next="/ban-tin?q=nước")
    assert answer.status_code == 303
    assert answer.location.startswith("/ban-tin?q=")
    assert client.get("/ban-tin").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://ngoai.vn/", "//ngoai.vn", "/\\ngoai.vn", "ngoai", "/a\nb"])
def test_signing_in_never_leads_to_another_site(town: Panel, elsewhere: str) -> None:
    give_password(town)
    assert sign_in(town, town.visitor(), EDITOR.login, PASSWORD, next=elsewhere).location == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Panel) -> None:
    give_password(town)
    answer = sign_in(town, town.visitor(), EDITOR.login, PASSWORD)
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_no_cookie_travels_without_https_where_the_station_has_it(town: Panel) -> None:
    give_password(town)
    app = create_app(replace(town.services, secure_cookies=True))
    client, secure = app.test_client(), "https://localhost"
    form = client.get("/dang-nhap", base_url=secure)
    found = re.search(r'name="csrf_token" value="([^"]+)"', form.get_data(as_text=True))
    assert found is not None
    fields = {"csrf_token": found[1], "login": EDITOR.login, "password": PASSWORD}
    answer = client.post("/dang-nhap", data=fields, base_url=secure, headers={"Referer": f"{secure}/dang-nhap"})
    given = [*form.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]
    assert {one.partition("=")[0] for one in given} == {SESSION_COOKIE, "tiengloa_bieu_mau"}
    for cookie in given:
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax")), cookie


def test_wrong_and_unknown_logins_are_told_the_same(town: Panel) -> None:
    give_password(town)
    texts = []
    for login in (EDITOR.login, "khong-ai"):
        answer = sign_in(town, town.visitor(), login, "sai mật khẩu")
        assert answer.status_code == 422
        texts.append(re.search(r'id="problem".*?</p>', answer.get_data(as_text=True), re.DOTALL)[0])
    assert texts[0] == texts[1]


def test_a_person_without_a_password_cannot_sign_in_with_an_empty_one(town: Panel) -> None:
    assert sign_in(town, town.visitor(), APPROVER.login, "").status_code == 422


def test_guessing_is_slowed_down_even_with_the_right_password_and_forgiven_later(town: Panel) -> None:
    give_password(town)
    client = town.visitor()
    for _ in range(5):
        assert sign_in(town, client, EDITOR.login, "sai").status_code == 422
    told = sign_in(town, client, EDITOR.login, PASSWORD)
    assert told.status_code == 429
    assert "Hãy đợi 5 giây" in told.get_data(as_text=True)
    town.clock.go(timedelta(seconds=6))
    assert sign_in(town, client, EDITOR.login, "sai").status_code == 422
    town.clock.go(timedelta(seconds=6))
    assert sign_in(town, client, EDITOR.login, PASSWORD).status_code == 429
    town.clock.go(timedelta(seconds=6))
    assert sign_in(town, client, EDITOR.login, PASSWORD).status_code == 303
    assert sign_in(town, town.visitor(), EDITOR.login, "sai").status_code == 422


def failures_from(town: Panel, login: str, address: str, times: int) -> int:
    """Type a wrong password from an address and return the last status."""
    client, status = town.visitor(), 0
    token = csrf(client, "/dang-nhap")
    for _ in range(times):
        data = {"csrf_token": token, "login": login, "password": "sai"}
        status = client.post("/dang-nhap", data=data, environ_base={"REMOTE_ADDR": address}).status_code
    return status


def test_an_outsider_cannot_keep_a_person_out_by_name(town: Panel) -> None:
    give_password(town)
    assert failures_from(town, EDITOR.login, "203.0.113.9", 12) == 429
    assert sign_in(town, town.visitor(), EDITOR.login, PASSWORD).status_code == 303
    assert failures_from(town, EDITOR.login, "203.0.113.9", 1) == 429, "another's success forgives nobody"


def test_guessing_one_name_from_many_addresses_is_slowed_down_too(town: Panel) -> None:
    give_password(town)
    for number in range(15):
        assert failures_from(town, EDITOR.login, f"203.0.113.{number}", 4) == 422
    assert failures_from(town, EDITOR.login, "203.0.113.200", 1) == 429


FORWARDED = {
    "X-Forwarded-For": "198.51.100.1, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "loa.example.vn",
}


@pytest.mark.parametrize(
    ("behind", "seen"),
    [(True, "203.0.113.7 https://loa.example.vn/"), (False, "127.0.0.1 http://localhost/")],
)
def test_the_word_of_a_proxy_is_taken_only_when_there_is_one(town: Panel, behind: bool, seen: str) -> None:
    app = create_app(replace(town.services, behind_proxy=behind))
    app.view_functions["assets.health"] = lambda: f"{request.remote_addr} {request.host_url}"
    assert app.test_client().get("/healthz", headers=FORWARDED).get_data(as_text=True) == seen
    assert from_environment({"TIENGLOA_PROXY": str(int(behind))}).behind_proxy is behind


def test_an_address_that_tries_many_names_is_slowed_down(town: Panel) -> None:
    client = town.visitor()
    for number in range(20):
        assert sign_in(town, client, f"ten-{number}", "x").status_code == 422
    assert sign_in(town, client, "ten-moi", "x").status_code == 429


def test_fetching_a_one_time_line_ahead_does_not_use_it_up(town: Panel) -> None:
    line = town.sign_in_line(EDITOR)
    for _ in range(3):
        assert EDITOR.name in town.visitor().get(line).get_data(as_text=True)
    client = town.visitor()
    assert client.post(line, data={"csrf_token": csrf(client, line)}).status_code == 303
    assert client.get("/").status_code == 200


def test_a_one_time_line_opens_the_door_once(town: Panel) -> None:
    line = town.sign_in_line(EDITOR)
    first, second = town.visitor(), town.visitor()
    token = csrf(second, line)
    assert first.post(line, data={"csrf_token": csrf(first, line)}).status_code == 303
    assert second.post(line, data={"csrf_token": token}).status_code == 404
    assert "Đường vào này đã dùng rồi" in second.get(line).get_data(as_text=True)


def test_a_one_time_line_grows_old(town: Panel) -> None:
    line = town.sign_in_line(EDITOR)
    town.clock.go(timedelta(hours=12, seconds=1))
    assert town.visitor().get(line).status_code == 404


def test_a_session_ends_after_twelve_idle_hours_and_says_so(town: Panel) -> None:
    client = town.browser(EDITOR)
    town.clock.go(timedelta(hours=11))
    assert client.get("/").status_code == 200
    town.clock.go(timedelta(hours=11))
    assert client.get("/").status_code == 200
    town.clock.go(timedelta(hours=12, minutes=1))
    assert client.get("/lich").location.startswith("/dang-nhap?next=/lich")


def test_a_form_sent_after_the_session_ended_can_be_sent_again(town: Panel) -> None:
    client = town.browser(EDITOR)
    fields = {"csrf_token": csrf(client, "/ban-tin/moi"), "title": "Tin", "script": "Nội dung.", "action": "save"}
    town.clock.go(timedelta(days=1))
    refused = client.post("/ban-tin/moi", data=fields)
    assert refused.status_code == 401
    assert "quay lại thẻ này và tải lại trang" in refused.get_data(as_text=True)
    line = town.sign_in_line(EDITOR)
    client.post(line, data={"csrf_token": csrf(client, line)})
    assert client.post("/ban-tin/moi", data=fields).status_code == 303


def test_leaving_ends_the_session_at_the_server_too(town: Panel) -> None:
    client = town.browser(EDITOR)
    stolen = client.get_cookie(SESSION_COOKIE).value
    assert town.post(EDITOR, "/dang-xuat").status_code == 303
    other = town.visitor()
    other.set_cookie(SESSION_COOKIE, stolen)
    assert other.get("/").status_code == 303


def test_ending_the_sessions_of_a_person_puts_them_out_at_once(town: Panel) -> None:
    client = town.browser(VIEWER)
    with town.database.write() as connection:
        people.close_other_sessions(connection, VIEWER.id, "")
    assert client.get("/").status_code == 303


def test_a_change_without_the_csrf_token_is_refused_in_words(town: Panel) -> None:
    answer = town.browser(EDITOR).post("/ban-tin/moi", data={"title": "Tin"})
    assert answer.status_code == 400
    assert "mã bảo vệ" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://ngoai.vn"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_change_asked_for_by_another_site_is_refused_even_with_the_token(
    town: Panel, headers: dict[str, str]
) -> None:
    client = town.browser(EDITOR)
    token = csrf(client, "/tai-khoan")
    assert client.post("/dang-xuat", data={"csrf_token": token}, headers=headers).status_code == 403
    assert (
        client.post("/dang-xuat", data={"csrf_token": token}, headers={"Origin": "http://localhost"}).status_code == 303
    )


def test_the_csrf_token_does_not_grow_old(town: Panel) -> None:
    assert town.app.config["WTF_CSRF_TIME_LIMIT"] is None


@pytest.mark.parametrize("path", ["/dang-nhap", "/healthz", "/icons.svg", "/khong-co", "/api/v1/playlist"])
def test_every_answer_carries_the_security_headers(town: Panel, path: str) -> None:
    headers = town.visitor().get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; img-src 'self' data:")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]


def test_no_page_carries_a_style_or_a_script_of_its_own(town: Panel) -> None:
    for template in (Path(__file__).parents[2] / "web" / "templates").glob("*.html"):
        text = template.read_text("utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=)|https?://", text), template.name


def test_browsers_of_2022_can_read_our_css_and_scripts(town: Panel) -> None:
    static = Path(__file__).parents[2] / "web" / "static"
    for file in (*static.glob("*.css"), *static.glob("*.js")):
        assert not re.search(r"color-mix|oklch|light-dark|subgrid|popover|^\s+&", file.read_text("utf-8"), re.MULTILINE)


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(town: Panel) -> None:
    give_password(town)
    other = town.visitor()
    sign_in(town, other, EDITOR.login, PASSWORD)
    new = "mật khẩu mới dài"
    wrong = town.post(EDITOR, "/tai-khoan", password="sai", new_password=new, again=new)
    assert wrong.status_code == 422
    assert "Mật khẩu đang dùng chưa đúng" in wrong.get_data(as_text=True)
    assert town.post(EDITOR, "/tai-khoan", password=PASSWORD, new_password=new, again=new).status_code == 303
    assert other.get("/").status_code == 303
    assert town.browser(EDITOR).get("/").status_code == 200
    assert sign_in(town, town.visitor(), EDITOR.login, new).status_code == 303


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [("ngắn", "ngắn", "từ 10 đến 200 ký tự"), ("đủ dài rồi đó", "khác hẳn nhau", "chưa giống nhau")],
)
def test_a_poor_password_is_refused_at_its_field(town: Panel, new: str, again: str, sentence: str) -> None:
    answer = town.post(ADMIN, "/tai-khoan", new_password=new, again=again)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_a_fault_is_told_in_a_sentence_without_a_trace(town: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("bí mật bên trong")

    client = town.browser(BOTH)
    monkeypatch.setitem(town.app.view_functions, "campaign.page", fail)
    answer = client.get("/ke-hoach")
    assert answer.status_code == 500
    text = answer.get_data(as_text=True)
    assert "Máy chủ gặp lỗi" in text
    assert "bí mật" not in text
    assert "Traceback" not in text


def test_a_form_too_large_is_refused_in_words(town: Panel) -> None:
    answer = town.post(EDITOR, "/ban-tin/moi", title="x", script="a" * 5_000_000, action="save")
    assert answer.status_code == 413
    assert "lớn quá mức" in answer.get_data(as_text=True)
