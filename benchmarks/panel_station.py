"""The station that the panel is measured on: the province of the timetable a year on, kept between runs."""

import base64
import hashlib
import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import timetable_town
from benchmarks.timetable_town import NOW
from domain.campaign import Campaign, Channel, PolicyDocument, Task, Topic
from domain.checks import Check, Chore, Finding, Tone
from domain.emergencies import Emergency, Pattern
from domain.machines import Aired, Airing, AiringOutcome, Coming, Heartbeat, Lack, Machine, Shortfall
from domain.people import Role, User
from domain.playlist import to_ms
from domain.proof import Hearing, Level, Proof
from domain.timetable import Slot
from scheduler.planning import replan
from store import airings, campaigns, checks, emergencies, people, plans
from store.engine import Database
from store.heartbeats import to_document
from store.migrate import upgrade
from tiengloa.folder import Folder, prepare

CLIPS, AIRINGS, BULLETINS = 100_000, 7_000_000, 50_000
"""How many there are in all; of the clips 49,378 belong to no bulletin any more, 300 are of the library."""
A_DAY, LIBRARY, READINGS, REPORTED = 20, 300, 500, 60
"""Airings of a machine on a day long past; clips that people brought; words of the lexicon; emergencies in the past."""
ADMIN = User("u-admin", "quantri", "Phạm Quang Huy", frozenset({Role.ADMIN}))
TOKEN = "panel-benchmark"
_APPROVER = User("u-duyet", "duyet", "Vàng Văn Sơn", frozenset({Role.APPROVER}))
_MADE = "2"
"""Raise it when the station is made otherwise, so that an old file is made anew."""
_DAY = timedelta(days=1)
_SCRIPT = (
    "Kính thưa bà con, thực hiện Kế hoạch số 69/KH-UBND của UBND tỉnh về cải cách hành chính, từ nay bà con nộp hồ sơ "
    "tại bộ phận một cửa hoặc trên cổng dịch vụ công, nhận kết quả đúng hẹn. "
)


def folder() -> Path:
    """Return where the station lies."""
    return Path(tempfile.gettempdir()) / f"tiengloa-panel-{_MADE}"


def found() -> Folder:
    """Return the data folder of the station, which is made when it is not there."""
    held = prepare(folder())
    done = held.root / "made"
    if not done.exists():
        for stale in held.root.glob("tiengloa.db*"):
            stale.unlink()
        database = timetable_town.fill(held.root)
        with closing(database):
            _fill(database)
        done.touch()
    with closing(Database(held.database)) as database:
        upgrade(database, held.root / "backups", NOW)
    return held


def _fill(database: Database) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("BEGIN")
        _people(database, raw)
        raw.executemany(_CLIP, _clips())
        raw.executemany(_BULLETIN, _bulletins())
        raw.executescript(_AROUND_BULLETINS)
        raw.executemany(_KEY, ((_key(one.id), one.id) for one in timetable_town.machines()))
        raw.executemany(_READING, ((f"w{n}", f"TỪ{n}", f"từ thứ {n}", to_ms(NOW)) for n in range(READINGS)))
        raw.execute("COMMIT")
        for days in (3, 2, 1, 0):
            replan(database, NOW - days * _DAY)
        _long_ago(raw)
    _lately(database)


def _people(database: Database, raw: sqlite3.Connection) -> None:
    raw.execute("COMMIT")
    with database.write() as connection:
        for one in (ADMIN, _APPROVER, User("u1", "lan", "Lan", frozenset({Role.EDITOR}))):
            people.add(connection, one)
        people.open_session(connection, ADMIN.id, TOKEN, NOW)
        campaigns.add(connection, _campaign())
    raw.execute("BEGIN")


def _campaign() -> Campaign:
    return Campaign(
        "cchc",
        "Kế hoạch tuyên truyền cải cách hành chính",
        "12/KH-UBND",
        "UBND tỉnh",
        2026,
        (PolicyDocument("69/KH-UBND", NOW.date(), "UBND tỉnh", "Kế hoạch tuyên truyền"),),
        tuple(Topic(f"t{number}", f"T{number}", f"Chủ đề {number}") for number in range(12)),
        tuple(Task(number, f"Việc {number}", ("Phòng Nội vụ",), ("UBND các xã",), "Quý I") for number in range(1, 25)),
        (Channel.WIRELESS_SPEAKER, Channel.WEBSITE),
    )


_CLIP = "INSERT INTO clip VALUES (?, 400000, 'audio/flac', ?, -16, -2, 5, ?, ?, ?, ?, 'horn')"
_VOICE = json.dumps({"engine": "gtts", "voice": "vi", "version": "2.5", "backup": False, "why": "", "recorded": 0})
_KINDS = ("ident", "sting", "announcement", "bed", "other")
_OF_TOWN, _FIRST = 602, 10**12


def _clip_hash(number: int) -> str:
    return f"{_FIRST + number:064d}"


def _clips() -> Iterator[tuple[object, ...]]:
    made = to_ms(NOW - 700 * _DAY)
    for number in range(CLIPS - _OF_TOWN):
        kind = _KINDS[number % 5] if number >= CLIPS - _OF_TOWN - LIBRARY else "bulletin"
        length = 60_000 + 1000 * (number % 240)
        yield _clip_hash(number), length, kind, f"Âm thanh {number}", made + number * 600_000, _VOICE


_BULLETIN = """INSERT INTO bulletin (id, title, script, genre, state, version, author_name, updated_at, readings,
    approved_at, approved_by, return_note, valid_until, clip_hash, clip_version, column_id, topic_id, campaign_id)
    VALUES (?, ?, ?, 'tin', ?, 1, 'Lan', ?, '[]', ?, ?, '', ?, ?, ?, ?, ?, 'cchc')"""


def _bulletins() -> Iterator[tuple[object, ...]]:
    """Yield them oldest first: two thirds without an end, the last 160 on their way to be approved."""
    count = BULLETINS - len(timetable_town.bulletins())
    for number in range(count):
        ago = (count - number) * timedelta(minutes=20)
        state = "approved" if number < count - 160 else ("draft", "submitted", "returned", "withdrawn")[number % 4]
        until = (NOW - ago + 20 * _DAY).date().isoformat() if number % 3 == 0 else None
        sound = (_clip_hash(number), 1) if state == "approved" else (None, None)
        at, title = to_ms(NOW - ago), f"Bản tin số {number} về việc của bà con"
        approved = (at, _APPROVER.id) if state == "approved" else (None, None)
        kept = (f"x{number}", title, _SCRIPT * 6, state, at, *approved, until, *sound)
        yield (*kept, f"cm{number % 4}", f"t{number % 12}" if number % 2 else None)


_AROUND_BULLETINS = """
    INSERT INTO script_version SELECT id, 1, title, script, 'u1', updated_at FROM bulletin;
    INSERT INTO review (bulletin_id, at, user_id, action, version, note)
        SELECT id, updated_at, 'u1', 'trình duyệt', 1, '' FROM bulletin WHERE state != 'draft';
    INSERT INTO review (bulletin_id, at, user_id, action, version, note)
        SELECT id, approved_at, 'u-duyet', 'duyệt', 1, '' FROM bulletin WHERE state = 'approved';
    INSERT INTO job (id, bulletin_id, version, state, attempts, created_at, stage, done, total, error)
        SELECT 'j' || id, id, 1, CASE WHEN id IN ('x48000', 'x48001') THEN 'failed' ELSE 'done' END, 1, approved_at, '',
        1, 1, '' FROM bulletin WHERE state = 'approved';
    BEGIN;
"""
_KEY = "UPDATE machine SET public_key = ? WHERE id = ?"
_READING = "INSERT INTO lexicon_entry VALUES (?, ?, ?, '', 1, 'u1', ?)"


def _key(machine_id: str) -> str:
    return base64.b64encode(hashlib.sha256(machine_id.encode()).digest()).decode()


def _long_ago(raw: sqlite3.Connection) -> None:
    """Keep the airings of the days before the last ones, in the order of their keys and with the indexes last."""
    indexes = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'airing' AND type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        raw.execute(f"DROP INDEX {name}")
    days = AIRINGS // (len(timetable_town.machines()) * A_DAY)
    midnight = datetime.combine(NOW.date(), datetime.min.time(), NOW.tzinfo) - 3 * _DAY
    raw.execute(
        _PAST, {"days": days, "a_day": A_DAY, "midnight": to_ms(midnight), "clips": CLIPS - _OF_TOWN, "first": _FIRST}
    )
    for _, sql in indexes:
        raw.execute(sql)


_PAST = """
    WITH RECURSIVE day(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM day WHERE d < :days - 1),
        turn(t) AS (SELECT 0 UNION ALL SELECT t + 1 FROM turn WHERE t < :a_day - 1),
        told(id, d, t, at, n) AS (
            SELECT id, d, t, :midnight - (:days - d) * 86400000 + 18000000 + t * 2700000, abs(random()) FROM
            (SELECT id FROM machine ORDER BY id) CROSS JOIN day CROSS JOIN turn)
    INSERT INTO airing (key, machine_id, slot_key, position, title, clip_hash, planned_start, outcome, started_at,
        ended_at, rendered, reason, received_at, rms_mb, peak_mb, dead, clipped_ppm, hearing, score)
    SELECT id || ':r' || t || '@' || at || ':0', id, 'r' || t || '@' || at, 0, 'Bản tin số ' || (n % 9000),
        printf('%064d', :first + n % :clips), at,
        CASE WHEN n % 1000 < 10 THEN 'missed' WHEN n % 1000 < 15 THEN 'cut' WHEN n % 10000 = 9999 THEN 'playing'
            ELSE 'played' END,
        CASE WHEN n % 1000 < 10 THEN NULL ELSE at + 7 END, CASE WHEN n % 1000 < 10 THEN NULL ELSE at + 120007 END,
        120000, CASE WHEN n % 1000 < 10 THEN 'Máy phát đang tắt' ELSE '' END, at + 130000,
        -1820, -150, 0, 0, 'heard', 900
    FROM told"""


def _lately(database: Database) -> None:
    every = timetable_town.machines()
    with database.read() as connection:
        begun = plans.slots(connection, NOW - 3 * _DAY, NOW)
        coming = plans.next_slots(connection, [one.id for one in every], NOW)
    told = [one for slot in begun for one in _reports(slot)]
    with database.write() as connection:
        airings.keep(connection, told, NOW)
        for number, one in enumerate(every):
            _beat(connection.connection.cursor(), one, _heartbeat(number, coming.get(one.id)))
        checks.keep_findings(connection, tuple(Check), [_finding(number) for number in range(40)])
        for chore in Chore:
            checks.note_chore(connection, chore, NOW - timedelta(minutes=1))
        for number in range(REPORTED + 1):
            _emergency(connection, number, every)


def _reports(slot: Slot) -> Iterator[Airing]:
    """Yield what a machine reported of a session: one in a hundred was silent, the last minutes still sound."""
    chance = random.Random(slot.machine_id + slot.key)
    silent, at = chance.random() < 0.01, slot.starts_at
    for position, item in enumerate(slot.items):
        over = at + item.length < NOW
        outcome = AiringOutcome.PLAYED if over else AiringOutcome.PLAYING
        said = Airing(
            f"{slot.key}:{position}", slot.machine_id, slot.key, position, item.title, item.clip_hash, at, outcome
        )
        if silent or slot.refusal or item.refusal:
            reason = item.refusal or slot.refusal or "Máy phát đang tắt"
            yield replace(said, outcome=AiringOutcome.MISSED, reason=reason)
        elif at < NOW:
            sounded = {"rendered": item.length, "level": Level(-1820, -150), "proof": Proof(Hearing.HEARD, 900)}
            yield replace(said, started_at=at, **({"ended_at": at + item.length, **sounded} if over else {}))
        at += item.length + item.lead


def _beat(cursor: object, one: Machine, heartbeat: Heartbeat) -> None:
    document = json.dumps(to_document(heartbeat))
    cursor.execute("UPDATE machine SET heartbeat = ? WHERE id = ?", (document, one.id))  # type: ignore[attr-defined]


def _heartbeat(number: int, coming: plans.NextSlot | None) -> Heartbeat:
    """Return what a machine last said: of a hundred three are offline, one broken, one late, two lack clips."""
    kind = number % 100
    ago = timedelta(hours=7) if kind < 3 else timedelta(seconds=70) if kind == 4 else timedelta(seconds=number % 15)
    lacking = 2 if kind in {5, 6} else 0
    fault = "Không mở được thiết bị âm thanh «default»" if kind == 3 else ""
    said = Heartbeat(NOW - ago, 7, 30 - lacking, 30, "ALSA default", not fault, 3, 12_400_000_000, "0.1.0", fault)
    return replace(
        said,
        boot="b1",
        number=number,
        clock_trusted=True,
        coming=coming and Coming(coming.title, coming.starts_at, not lacking),
        aired=Aired("Bản tin sáng", NOW - timedelta(hours=3), "played"),
        shortfalls=(Shortfall("r1@1", NOW + timedelta(hours=2), Lack.CLIP, 2),) if lacking else (),
    )


def _finding(number: int) -> Finding:
    at = NOW + timedelta(minutes=number)
    check = tuple(Check)[number % 4]
    return Finding(f"k{number}", check, Tone.WARN, f"Việc {number}", "Chi tiết.", at, NOW, f"m{number:04}")


def _emergency(connection: object, number: int, every: tuple[Machine, ...]) -> None:
    """Keep a drill in the whole province and what each machine said of it; the last one runs still."""
    runs = number == REPORTED
    began = NOW - timedelta(minutes=2) if runs else NOW - (REPORTED - number) * 12 * _DAY
    one = Emergency(
        id=f"dt{number}",
        title=f"Diễn tập sơ tán {number}",
        message_hash="e" * 64,
        chime_hash=None,
        all_clear_hash=None,
        pattern=Pattern(),
        area_ids=frozenset({"tinh"}),
        except_area_ids=frozenset(),
        drill=True,
        asked_by=ADMIN.id,
        asked_at=began,
        confirmed_by=_APPROVER.id,
        started_at=began,
        stopped_by=None if runs else ADMIN.id,
        stopped_at=None if runs else began + timedelta(minutes=5),
    )
    emergencies.put(connection, one)  # type: ignore[arg-type]
    for machine in every[: len(every) - 30]:
        said = emergencies.Report(machine.id, one.id, one.id, 2, began, one.stopped_at, "")
        emergencies.keep_report(connection, said, NOW)  # type: ignore[arg-type]
