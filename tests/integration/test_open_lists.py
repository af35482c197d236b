"""Listening lines: an ordinary player hears the session on the air at a place, and nothing else."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import av
import pytest
from werkzeug.test import TestResponse

from domain.airtime import QuietHours
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.timetable import Priority
from scheduler.desk import ZONE, NewSession
from scheduler.listening import EARLY, LINGER, coming
from store import bulletins, clips
from store import station as own
from tests.fakes_player import Sound, sound
from tests.fakes_web import APPROVER, EDITOR, VIEWER, Panel, panel
from web.open_lists import LISTS, Pace
from web.play_lists import Station, as_text

AREA, OTHER = "san-thang", "to-2"
TITLE = "Tin «sáng», phường Tân Phong\n#EXTINF:1,<giả> & \x07"
NOISE = sound(2.0)


def shelve(town: Panel, bulletin_id: str, noise: Sound) -> None:
    """Give an approved bulletin a real sound."""
    stamp = VoiceStamp("gtts", "vi", "2.5", backup=False)
    loudness = Loudness(-16.0, -2.1, 4.0)
    made = Clip(
        town.blobs.put(noise.data), len(noise.data), "audio/wav", noise.length, loudness, ClipKind.BULLETIN, "x",
        town.clock.now(), stamp,
    )  # fmt: skip
    with town.database.write() as connection:
        clips.put(connection, made)
        bulletins.attach_clip(connection, bulletin_id, 1, made.hash)


@dataclass
class Town:
    """A panel with a session at ten o'clock of one place, and a listening line to it."""

    panel: Panel
    bulletin_id: str
    token: str

    def get(self, path: str, **more: object) -> TestResponse:
        """Ask as a player does; the answer is read and closed."""
        with self.panel.visitor().get(path, **more) as answer:  # type: ignore[arg-type]
            answer.get_data()
        return answer

    def at(self, minutes: float) -> None:
        """Go to some minutes after ten."""
        self.panel.clock.at = datetime.combine(datetime(2026, 11, 23, tzinfo=ZONE).date(), time(10), ZONE).astimezone(
            UTC
        ) + timedelta(minutes=minutes)

    def read(self, kind: str = "m3u8") -> str:
        return self.get(f"/nghe/{self.token}.{kind}").get_data(as_text=True)

    def address(self) -> str:
        """Return the path of the first sound of the list."""
        found = re.search(r"^http://localhost(/nghe/\S+)$", self.read(), re.MULTILINE)
        assert found is not None
        return found[1]


def make(one: Panel, area: str = AREA, name: str = "Loa kéo", days: str = "30"):
    return one.post(EDITOR, "/nghe", name=name, area=area, days=days)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    LISTS._asked.clear()
    with panel(tmp_path) as one:
        bulletin_id = one.produced(TITLE)
        shelve(one, bulletin_id, NOISE)
        days = frozenset({datetime(2026, 11, 23, tzinfo=ZONE).date(), datetime(2026, 11, 24, tzinfo=ZONE).date()})
        wanted = NewSession("Buổi mười giờ", (bulletin_id,), frozenset({AREA}), (time(10),), dates=days)
        one.services.timetable.add(EDITOR, wanted)
        page = make(one).get_data(as_text=True)
        token = re.search(r"/nghe/([\w-]{32})\.m3u8", page)
        assert token is not None
        yield Town(one, bulletin_id, token[1])


def entries(text: str) -> list[tuple[int, str, str]]:
    """Return (seconds, title, address) of each entry, read by the rules of extended M3U alone."""
    first, *lines = text.splitlines()
    assert first == "#EXTM3U"
    found, told = [], None
    for line in lines:
        if line.startswith("#EXTINF:"):
            seconds, _, title = line.removeprefix("#EXTINF:").partition(",")
            told = int(seconds), title
        elif line and not line.startswith("#"):
            assert told is not None
            found.append((*told, line))
            told = None
    assert told is None
    return found


def test_the_session_on_the_air_is_told_to_a_player(town: Town) -> None:
    town.at(0)
    answer = town.get(f"/nghe/{town.token}.m3u8")
    assert answer.content_type == "audio/x-mpegurl; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    [(seconds, title, address)] = entries(answer.get_data(as_text=True))
    assert (seconds, title) == (2, "Tin «sáng», phường Tân Phong #EXTINF:1,<giả> &")
    assert urlsplit(address).netloc == "localhost"


def test_a_player_decodes_what_the_list_names(town: Town) -> None:
    town.at(0)
    answer = town.get(town.address())
    assert answer.content_type == "audio/wav"
    with av.open(io.BytesIO(answer.data)) as container:
        frames = sum(frame.samples for frame in container.decode(audio=0))
    assert frames == len(NOISE.samples)


def test_seeking_works_by_ranges_and_heads(town: Town) -> None:
    town.at(0)
    path = town.address()
    with town.panel.visitor().head(path) as head:
        pass
    assert (head.status_code, int(head.headers["Content-Length"]), head.data) == (200, len(NOISE.data), b"")
    part = town.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, NOISE.data[100:200])
    assert town.panel.visitor().head(f"/nghe/{town.token}.m3u8").status_code == 200


XSPF = "{http://xspf.org/ns/0/}"


def test_the_same_is_told_as_xspf_of_the_right_form(town: Town) -> None:
    town.at(0)
    answer = town.get(f"/nghe/{town.token}.xspf")
    assert answer.content_type == "application/xspf+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert (root.tag, root.attrib) == (f"{XSPF}playlist", {"version": "1"})
    assert sorted(child.tag.removeprefix(XSPF) for child in root) == ["creator", "date", "title", "trackList"]
    [tracks] = root.findall(f"{XSPF}trackList")
    [track] = tracks
    told = {child.tag.removeprefix(XSPF): child.text for child in track}
    assert list(told) == ["location", "title", "creator", "duration"]
    assert told["duration"] == "2000"
    assert urlsplit(str(told["location"])).path == town.address()
    assert datetime.fromisoformat(str(root.findtext(f"{XSPF}date"))).tzinfo is not None


def test_between_sessions_the_list_is_empty_valid_and_says_when_the_next_begins(town: Town) -> None:
    town.at(30)
    for kind in ("m3u8", "m3u", "xspf"):
        answer = town.get(f"/nghe/{town.token}.{kind}")
        text = answer.get_data(as_text=True)
        assert "Buổi tới: 10:00 ngày 24/11/2026, Buổi mười giờ" in text
        assert answer.headers["TL-Next"] == "2026-11-24T03:00:00+00:00"
        if kind == "xspf":
            assert ElementTree.fromstring(answer.data).find(f"{XSPF}trackList") is not None
        else:
            assert entries(text) == []


def test_a_session_is_told_a_minute_before_it_begins_and_not_sooner(town: Town) -> None:
    town.at(-1.01)
    assert entries(town.read()) == []
    town.at(-1)
    assert len(entries(town.read())) == 1


def test_a_sound_is_given_only_while_its_session_is_near(town: Town) -> None:
    town.at(0)
    path = town.address()
    town.at(9)
    assert town.get(path).status_code == 200
    for minutes in (-2, 11):
        town.at(minutes)
        assert town.get(path).status_code == 404
    assert LINGER > EARLY


def test_no_other_sound_of_the_library_is_given(town: Town) -> None:
    other = town.panel.produced("Bản tin khác")
    with town.panel.database.read() as connection:
        hidden = bulletins.get(connection, other).clip_hash
    town.at(0)
    for name in (hidden, "0" * 64, "..%2f..%2fetc%2fpasswd", "x"):
        assert town.get(f"/nghe/{town.token}/{name}.wav").status_code == 404
    assert town.get(town.address().replace(".wav", ".mp3")).status_code == 404


def test_what_is_withdrawn_is_neither_told_nor_given_from_then_on(town: Town) -> None:
    town.at(0)
    path = town.address()
    town.panel.services.desk.withdraw(APPROVER, town.bulletin_id, "Có sai sót")
    assert entries(town.read()) == []
    assert town.get(path).status_code == 404


def test_another_place_hears_nothing_of_it(town: Town) -> None:
    page = make(town.panel, OTHER).get_data(as_text=True)
    other = re.search(r"/nghe/([\w-]{32})\.m3u8", page)
    assert other is not None
    town.at(0)
    assert entries(town.get(f"/nghe/{other[1]}.m3u8").get_data(as_text=True)) == []


def test_a_line_ends_with_its_term_and_when_it_is_revoked(town: Town) -> None:
    town.at(0)
    path = town.address()
    town.at(30 * 24 * 60 + 31)
    assert town.get(f"/nghe/{town.token}.m3u8").status_code == 404
    town.at(0)
    [line] = re.findall(r"/nghe/(\w+)/thu-hoi", town.panel.browser(EDITOR).get("/nghe").get_data(as_text=True))
    assert town.panel.post(EDITOR, f"/nghe/{line}/thu-hoi").status_code == 303
    for asked in (f"/nghe/{town.token}.m3u8", path):
        answer = town.get(asked)
        assert answer.status_code == 404
        assert "thu hồi" in answer.get_data(as_text=True)


def test_the_token_is_shown_once_and_only_its_hash_is_kept(town: Town) -> None:
    assert town.token not in town.panel.browser(EDITOR).get("/nghe").get_data(as_text=True)
    assert town.token.encode() not in town.panel.database.path.read_bytes()


def test_only_a_technician_makes_and_revokes(town: Town) -> None:
    assert town.panel.post(VIEWER, "/nghe", name="x", area=AREA).status_code == 403
    assert town.panel.post(VIEWER, "/nghe/x/thu-hoi").status_code == 403
    assert 'name="area"' not in town.panel.browser(VIEWER).get("/nghe").get_data(as_text=True)
    for bad in ({"name": " "}, {"area": "khong-co"}):
        assert make(town.panel, **bad).status_code == 422


def test_guessing_is_slowed_down_and_a_player_that_asks_too_often_waits(town: Town) -> None:
    codes = [town.get(f"/nghe/{'x' * 32}.m3u8").status_code for _ in range(32)]
    assert (codes[0], codes[-1]) == (404, 429)
    town.at(0)
    codes = [town.get(f"/nghe/{town.token}.m3u8") for _ in range(62)]
    assert codes[-1].status_code == 429
    assert int(codes[-1].headers["Retry-After"]) > 0
    pace = Pace(1)
    assert (pace.wait("a"), pace.wait("b"), pace.wait("a") > 0) == (0, 0, True)


def test_addresses_follow_the_setting_of_a_proxy(town: Town) -> None:
    town.at(0)
    with town.panel.app.app_context():
        extensions = town.panel.app.extensions
        for name, value in extensions.items():
            if value is town.panel.services:
                extensions[name] = replace(town.panel.services, public_address="https://loa.example.vn/dai")
    [(_, _, address)] = entries(town.read())
    assert address.startswith("https://loa.example.vn/dai/nghe/")


def test_in_quiet_hours_only_an_emergency_is_told(town: Town) -> None:
    town.at(0)
    now = town.panel.clock.at
    with town.panel.database.write() as connection:
        policy = own.get(connection).policy
        own.set_policy(connection, replace(policy, quiet=(QuietHours(time(9, 59), time(12)),)))
    assert entries(town.read()) == []
    desk = town.panel.app.extensions["open_lists"]
    [kept] = desk.kept.values()
    loud = [replace(one, refusal="", priority=Priority.EMERGENCY) for one in kept.slots]
    assert coming(loud, kept.clips, now, kept.quiet).sounds
    assert not coming([replace(one, priority=Priority.NORMAL) for one in loud], kept.clips, now, kept.quiet).sounds
    assert b"#EXTM3U" in as_text("m3u", coming(loud, kept.clips, now), Station("x", lambda one: one.clip.hash))


def test_a_machines_pack_comes_as_a_zip_from_its_page(town: Town) -> None:
    assert town.panel.browser(VIEWER).get("/may-phat/x/usb.zip").status_code == 403
    assert town.panel.browser(EDITOR).get("/may-phat/x/usb.zip").status_code == 404
