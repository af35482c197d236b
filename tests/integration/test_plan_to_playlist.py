"""From the timetable in the store to the signed playlist of a machine."""

import base64
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.airtime import ExclusionWindow, SilentWindow
from domain.machines import Machine
from domain.people import Role
from domain.playlist import Playlist
from domain.timetable import Priority
from player.trust import Identity, read_envelope
from scheduler.desk import ZONE, NewSession
from scheduler.machines import MachineOffice
from scheduler.planning import HORIZON, midnight, replan
from scheduler.publishing import LIFE, publish
from scheduler.signing import StationKey
from scheduler.worker import TimetableWorker
from store import calendar, jobs, machines, plans, timetable
from store import station as own
from store.machines import Published
from tests.fakes import START, ExampleStation, let_in

CLUSTER = "cum-san-thang"
HOUR = timedelta(hours=1)
MONDAY = START.astimezone(ZONE).date()


@pytest.fixture
def key(tmp_path: Path) -> StationKey:
    return StationKey.load_or_create(tmp_path / "station.key")


@pytest.fixture
def machine(station: ExampleStation) -> Machine:
    return enrolled(station, CLUSTER)


def enrolled(station: ExampleStation, area_id: str) -> Machine:
    key = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    machine_id = let_in(station.office, station.person(Role.TECHNICIAN), area_id, f"Máy {area_id}", key)
    with station.database.read() as connection:
        return machines.get(connection, machine_id)


def produce_all(station: ExampleStation) -> None:
    for job_id in station.production.waiting():
        station.production.produce(job_id)


def session(station: ExampleStation, bulletin_id: str, at: time, *days: date, area: str = "tan-phong") -> str:
    wanted = NewSession("Buổi thêm", (bulletin_id,), frozenset({area}), (at,), dates=frozenset(days or {MONDAY}))
    user, desk = station.person(Role.SCHEDULER), station.timetable
    draft = desk.drafting(user).session(wanted)
    desk.save(user, draft, desk.clashes(draft))
    return draft.subject_id


def published(station: ExampleStation, machine: Machine) -> Published:
    with station.database.read() as connection:
        found = machines.published(connection, machine.id)
    assert found is not None
    return found


def playlist(station: ExampleStation, key: StationKey, machine: Machine) -> Playlist:
    """Return the playlist as the machine itself would believe it."""
    with station.database.read() as connection:
        of = own.get(connection)
    identity = Identity(machine.id, machine.name, of.id, "http://127.0.0.1", key.public_key)
    return read_envelope(published(station, machine).body, identity)


def go_round(station: ExampleStation, key: StationKey) -> int:
    return publish(station.database, key, replan(station.database, station.clock.at), station.clock.at)


def test_a_machine_gets_a_signed_playlist_of_fourteen_days_with_its_clips(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    assert go_round(station, key) == 1
    made = playlist(station, key, machine)
    assert (made.counter, made.issued_at, made.expires_at) == (1, START, START + LIFE)
    starts = [slot.starts_at for slot in made.slots]
    assert starts == sorted(starts)
    assert starts[0] == datetime.combine(MONDAY, time(17), ZONE)
    assert starts[-1] >= START + HORIZON - timedelta(days=1)
    assert {item.clip_hash for slot in made.slots for item in slot.items} == {clip.hash for clip in made.clips}
    assert all(station.blobs.verify(clip.hash) for clip in made.clips)


def test_the_volume_of_a_machine_is_signed_on_top_of_that_of_the_hour(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    go_round(station, key)
    before = [slot.gain_mb for slot in playlist(station, key, machine).slots]
    MachineOffice(station.database, station.clock).set_gain(station.person(Role.TECHNICIAN), machine.id, -4.5)
    assert go_round(station, key) == 1
    after = playlist(station, key, machine)
    assert [slot.gain_mb for slot in after.slots] == [gain - 450 for gain in before]
    assert after.counter == 2


def test_the_counter_only_grows_and_an_unchanged_plan_is_not_signed_again(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    go_round(station, key)
    first = published(station, machine)
    station.clock.go(timedelta(minutes=10))
    assert go_round(station, key) == 0
    assert published(station, machine) == first
    bulletin_id, job_id = station.approved()
    station.production.produce(job_id)
    session(station, bulletin_id, time(18))
    assert go_round(station, key) == 1
    second = published(station, machine)
    assert second.counter == 2
    assert second.etag != first.etag


def test_a_playlist_is_renewed_well_before_it_expires(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    go_round(station, key)
    before = published(station, machine)
    station.clock.go(timedelta(hours=12))
    assert go_round(station, key) == 1
    assert published(station, machine).expires_at == before.expires_at + timedelta(hours=12)


def test_a_playlist_of_a_lower_or_equal_counter_never_takes_the_place(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    go_round(station, key)
    held = published(station, machine)
    with station.database.write() as connection:
        assert not machines.publish(connection, replace(held, body=b"other"))
        assert not machines.publish(connection, replace(held, counter=held.counter - 1, body=b"older"))
        assert machines.published(connection, machine.id) == held
        assert machines.publish(connection, replace(held, counter=held.counter + 1, body=b"newer"))


def test_a_worker_that_planned_earlier_but_publishes_later_leaves_the_newer_plan_in_force(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    slow = replan(station.database, station.clock.at)
    produce_all(station)
    go_round(station, key)
    newer = published(station, machine)
    assert publish(station.database, key, slow, station.clock.at) == 0
    assert published(station, machine) == newer


def test_what_has_begun_is_never_rewritten(station: ExampleStation, machine: Machine) -> None:
    produce_all(station)
    replan(station.database, station.clock.at)
    five = datetime.combine(MONDAY, time(17), ZONE)
    with station.database.read() as connection:
        (begun,) = plans.slots(connection, five, five + HOUR)
        rules = timetable.rules(connection)
    station.clock.go(five - station.clock.at + timedelta(seconds=1))
    with station.database.write() as connection:
        for rule_id in rules:
            timetable.set_enabled(connection, rule_id, False)
    replan(station.database, station.clock.at)
    with station.database.read() as connection:
        assert plans.slots(connection, START, START + HORIZON) == (begun,)
        assert len(plans.occurrences(connection, START, START + HORIZON)) == 1


def test_a_session_that_still_sounds_stays_in_the_playlist_over_the_hour_and_over_midnight(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    rule_id = session(station, "mau-mot-cua", time(23, 59), MONDAY)
    replan(station.database, station.clock.now())
    begun = datetime.combine(MONDAY, time(23, 59), ZONE)
    for after, held in ((timedelta(seconds=90), True), (timedelta(minutes=6), True), (3 * HOUR, False)):
        station.clock.go(begun + after - station.clock.at)
        publish(station.database, key, replan(station.database, station.clock.now()), station.clock.now())
        keys = {slot.key for slot in playlist(station, key, machine).slots}
        assert any(one.startswith(rule_id) for one in keys) is held, after


def test_planning_twice_gives_the_same_rows(station: ExampleStation, machine: Machine) -> None:
    produce_all(station)
    rows = []
    for _ in range(2):
        replan(station.database, station.clock.at)
        with station.database.read() as connection:
            rows.append(
                (
                    plans.slots(connection, START, START + 2 * HORIZON),
                    plans.occurrences(connection, START, START + 2 * HORIZON),
                )
            )
    assert rows[0] == rows[1]
    assert len(rows[0][0]) > 20


def test_a_bulletin_past_its_last_day_is_refused_and_its_clip_not_carried(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    tuesday = MONDAY + timedelta(days=1)
    bulletin_id, job_id = station.approved(valid_until=MONDAY)
    station.production.produce(job_id)
    session(station, bulletin_id, time(18), MONDAY, tuesday)
    go_round(station, key)
    slots = [slot for slot in playlist(station, key, machine).slots if slot.title == "Buổi thêm"]
    assert [slot.refusal for slot in slots] == ["", "không có mục nào phát được: bản tin hết hạn từ 24/11/2026"]
    station.clock.go(timedelta(hours=16))
    go_round(station, key)
    assert station.bulletin(bulletin_id).clip_hash not in {c.hash for c in playlist(station, key, machine).clips}


def test_a_withdrawn_bulletin_is_silent_in_the_next_playlist_and_says_why(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    bulletin_id, job_id = station.approved()
    station.production.produce(job_id)
    session(station, bulletin_id, time(18))
    go_round(station, key)
    clip = station.bulletin(bulletin_id).clip_hash
    assert clip in {one.hash for one in playlist(station, key, machine).clips}
    station.desk.withdraw(station.person(Role.EDITOR), bulletin_id, "có sai sót")
    assert go_round(station, key) == 1
    made = playlist(station, key, machine)
    assert clip not in {one.hash for one in made.clips}
    (slot,) = [slot for slot in made.slots if slot.title == "Buổi thêm"]
    assert "bản tin đã bị thu hồi" in slot.refusal
    assert [item.refusal for item in slot.items] == [slot.items[0].refusal]


def test_an_approved_bulletin_without_its_sound_is_a_refusal_until_the_sound_is_made(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    bulletin_id, job_id = station.approved()
    session(station, bulletin_id, time(18))
    go_round(station, key)
    (slot,) = [slot for slot in playlist(station, key, machine).slots if slot.title == "Buổi thêm"]
    assert "bản tin chưa có âm thanh" in slot.refusal
    station.production.produce(job_id)
    go_round(station, key)
    (slot,) = [slot for slot in playlist(station, key, machine).slots if slot.title == "Buổi thêm"]
    assert slot.refusal == ""
    assert slot.items[0].clip_hash == station.bulletin(bulletin_id).clip_hash


def test_a_backup_voice_waits_for_a_persons_yes(station: ExampleStation, key: StationKey, machine: Machine) -> None:
    station.speaker.backup = True
    bulletin_id, job_id = station.approved()
    station.production.produce(job_id)
    session(station, bulletin_id, time(18))
    go_round(station, key)
    (slot,) = [slot for slot in playlist(station, key, machine).slots if slot.title == "Buổi thêm"]
    assert "giọng dự phòng chưa được đồng ý" in slot.refusal
    station.desk.accept_backup_voice(station.person(Role.APPROVER), bulletin_id)
    go_round(station, key)
    (slot,) = [slot for slot in playlist(station, key, machine).slots if slot.title == "Buổi thêm"]
    assert slot.refusal == ""


def test_each_machine_hears_what_is_meant_for_its_place(station: ExampleStation, key: StationKey) -> None:
    here, there = enrolled(station, CLUSTER), enrolled(station, "cum-sung-phai")
    bulletin_id, job_id = station.approved()
    station.production.produce(job_id)
    session(station, bulletin_id, time(18), area="tan-phong")
    assert go_round(station, key) == 2
    titles = [{slot.title for slot in playlist(station, key, one).slots} for one in (here, there)]
    assert "Buổi thêm" in titles[0]
    assert "Buổi thêm" not in titles[1]
    shown = station.timetable.will_sound(CLUSTER, START, START + HORIZON)
    signed = {(slot.key, slot.starts_at) for slot in playlist(station, key, here).slots}
    assert {(slot.key, slot.starts_at) for slot in shown} <= signed


def test_a_revoked_machine_gets_nothing_more(station: ExampleStation, key: StationKey, machine: Machine) -> None:
    go_round(station, key)
    station.office.revoke(station.person(Role.TECHNICIAN), machine.id)
    assert go_round(station, key) == 0
    with station.database.read() as connection:
        assert machines.published(connection, machine.id) is None


def test_the_worker_plans_when_something_changed_or_the_hour_turned_and_else_rests(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    worker = TimetableWorker(station.database, key, station.clock)
    worker.tick()
    assert published(station, machine).counter == 1
    with station.database.write() as connection:
        plans.keep_slots(connection, machine.id, START, START + HORIZON, ())
    station.clock.go(timedelta(minutes=20))
    worker.tick()
    assert slots_held(station) == 0, "nothing changed, so nothing was planned"
    station.clock.go(worker.next_transition(station.clock.at) - station.clock.at)
    worker.tick()
    assert slots_held(station) > 20
    bulletin_id, _job = station.approved()
    session(station, bulletin_id, time(19))
    worker.tick()
    assert {slot.title for slot in playlist(station, key, machine).slots} >= {"Buổi thêm"}


def test_a_tick_that_failed_is_tried_again(station: ExampleStation, key: StationKey, machine: Machine) -> None:
    worker = TimetableWorker(station.database, key, station.clock)
    good = station.database.path.with_name("good.db")
    station.database.close()
    station.database.path.rename(good)
    station.database.path.mkdir()
    with pytest.raises(Exception, match="Không ghi được"):
        worker.tick()
    station.database.path.rmdir()
    good.rename(station.database.path)
    worker.tick()
    assert published(station, machine).counter == 1


def test_a_station_without_machines_or_rules_plans_nothing(station: ExampleStation, key: StationKey) -> None:
    assert go_round(station, key) == 0
    with station.database.read() as connection:
        assert plans.slots(connection, START, START + HORIZON) == ()
        assert len(plans.occurrences(connection, START, START + HORIZON)) > 20


def test_midnight_is_the_wards() -> None:
    assert midnight(START) == datetime(2026, 11, 23, tzinfo=ZONE)
    assert midnight(datetime(2026, 11, 22, 17, tzinfo=ZONE)) == datetime(2026, 11, 22, tzinfo=ZONE)


def slots_held(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return len(plans.slots(connection, START, START + HORIZON))


def test_the_example_waits_for_three_clips(station: ExampleStation) -> None:
    with station.database.read() as connection:
        assert len(jobs.unfinished(connection)) == 3


def test_a_stronger_session_that_is_asked_for_later_does_not_silence_what_already_sounds(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    begins = station.clock.now() + timedelta(minutes=10)
    local = begins.astimezone(ZONE)
    sounding = session(station, "mau-mot-cua", local.time(), local.date())
    publish(station.database, key, replan(station.database, station.clock.now()), station.clock.now())
    station.clock.go(timedelta(minutes=10, milliseconds=50))
    later = (begins + timedelta(milliseconds=100)).astimezone(ZONE)
    wanted = NewSession(
        "Ưu tiên",
        ("mau-ke-hoach",),
        frozenset({"tan-phong"}),
        (later.time(),),
        dates=frozenset({later.date()}),
        priority=Priority.PRIORITY,
    )
    station.timetable.add(station.person(Role.SCHEDULER), wanted)
    publish(station.database, key, replan(station.database, station.clock.now()), station.clock.now())
    slots = {slot.title: slot for slot in playlist(station, key, machine).slots}
    assert slots["Buổi thêm"].key.startswith(sounding)
    assert not slots["Buổi thêm"].refusal
    assert not slots["Ưu tiên"].refusal, "the machine's own arbiter lets the stronger one in at its instant"


def test_a_weaker_session_may_not_start_upon_one_that_already_sounds(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    produce_all(station)
    begins = station.clock.now() + timedelta(minutes=10)
    local = begins.astimezone(ZONE)
    session(station, "mau-mot-cua", local.time(), local.date())
    publish(station.database, key, replan(station.database, station.clock.now()), station.clock.now())
    station.clock.go(timedelta(minutes=10, milliseconds=50))
    later = (begins + timedelta(milliseconds=100)).astimezone(ZONE)
    second = session(station, "mau-ke-hoach", later.time(), later.date())
    publish(station.database, key, replan(station.database, station.clock.now()), station.clock.now())
    (refused,) = (slot for slot in playlist(station, key, machine).slots if slot.key.startswith(second))
    assert "trùng với" in refused.refusal


def test_a_playlist_carries_the_airtime_of_its_place(
    station: ExampleStation, key: StationKey, machine: Machine
) -> None:
    own_window, other = (
        ExclusionWindow(name, name, frozenset({area}), time(7), time(9))
        for name, area in (("nhà thờ", CLUSTER), ("trường học", "khong-phai-day"))
    )
    with station.database.write() as connection:
        policy = replace(own.get(connection).policy, session_limit=timedelta(minutes=12), sessions_per_day=3)
        own.set_policy(connection, policy)
        for window in (own_window, other):
            calendar.put_exclusion(connection, window)
    go_round(station, key)
    airtime = playlist(station, key, machine).airtime
    assert airtime is not None
    assert (airtime.session, airtime.sessions) == (timedelta(minutes=12), 3)
    assert airtime.windows == (SilentWindow(time(7), time(9)),)
