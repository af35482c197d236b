"""The desk: who may do what to a bulletin, and what is refused with nothing changed."""

import unicodedata
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.bulletins import SCRIPT_LIMIT, AcceptedReading, BulletinState
from domain.errors import (
    BadInputError,
    FlaggedReadingError,
    NotAllowedError,
    NotFoundError,
    WrongStateError,
)
from domain.people import Role, User
from store import station as own
from store.bulletins import Draft
from tests.fakes import ExampleStation
from tts.lexicon import LexiconReader

SCRIPT = "Kính thưa bà con\nHôm nay họp bản"


def submitted(station: ExampleStation, author: User) -> str:
    bulletin_id = station.written(author)
    station.desk.submit(author, bulletin_id)
    return bulletin_id


def test_a_draft_is_kept_with_its_author_and_its_first_version(station: ExampleStation) -> None:
    author = station.person(Role.CONTRIBUTOR, name="Lò Văn Viết")
    kept = station.bulletin(station.written(author))
    assert (kept.state, kept.version, kept.author_ids) == (BulletinState.DRAFT, 1, {author.id})
    assert (kept.author_name, kept.script) == ("Lò Văn Viết", SCRIPT)
    assert [(step.action, step.user_name, step.version) for step in kept.history] == [
        ("viết bản thảo", "Lò Văn Viết", 1)
    ]


def test_the_author_cannot_approve_though_an_approver(station: ExampleStation) -> None:
    author = station.person(Role.EDITOR, Role.APPROVER)
    bulletin_id = submitted(station, author)
    with pytest.raises(NotAllowedError, match="không được tự duyệt"):
        station.desk.approve(author, bulletin_id, 1, backup_voice_ok=False)
    assert station.bulletin(bulletin_id).state is BulletinState.SUBMITTED
    assert not station.bell.rung


def test_nobody_who_wrote_an_earlier_version_can_approve_either(station: ExampleStation) -> None:
    first = station.person(Role.EDITOR, Role.APPROVER)
    second = station.person(Role.EDITOR)
    bulletin_id = station.written(first)
    station.desk.revise(second, bulletin_id, 1, Draft("Bản tin thử", SCRIPT + " số hai"))
    station.desk.submit(second, bulletin_id)
    assert station.bulletin(bulletin_id).author_ids == {first.id, second.id}
    for act in (
        lambda: station.desk.approve(first, bulletin_id, 2, backup_voice_ok=False),
        lambda: station.desk.return_(first, bulletin_id, 2, "sửa lại"),
    ):
        with pytest.raises(NotAllowedError, match="không được tự duyệt"):
            act()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.APPROVER}))
def test_only_an_approver_approves_not_even_an_administrator(station: ExampleStation, role: Role) -> None:
    bulletin_id = submitted(station, station.person(Role.CONTRIBUTOR))
    with pytest.raises(NotAllowedError, match="Chỉ người duyệt"):
        station.desk.approve(station.person(role), bulletin_id, 1, backup_voice_ok=False)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER, Role.SCHEDULER, Role.TECHNICIAN])
def test_who_is_no_writer_cannot_write(station: ExampleStation, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        station.written(station.person(role))


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.ADMIN])
def test_editors_approvers_and_administrators_take_a_bulletin_off_the_air(station: ExampleStation, role: Role) -> None:
    bulletin_id, _job = station.approved()
    station.desk.withdraw(station.person(role), bulletin_id, "có sai sót")
    assert station.bulletin(bulletin_id).state is BulletinState.WITHDRAWN


def test_approval_queues_one_production_and_rings(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    kept = station.bulletin(bulletin_id)
    assert kept.state is BulletinState.APPROVED
    assert kept.approved_by is not None
    assert kept.backup_voice_ok_by is None
    assert station.bell.rung == [job_id]
    assert (station.job(job_id).bulletin_id, station.job(job_id).version) == (bulletin_id, 1)


def test_a_doubtful_reading_refuses_submission_until_it_is_accepted(station: ExampleStation) -> None:
    author = station.person(Role.CONTRIBUTOR)
    bulletin_id = station.written(author, "Hội KHHGĐ họp")
    with pytest.raises(FlaggedReadingError, match="Còn 1 chỗ chưa chắc cách đọc: «KHHGĐ»"):
        station.desk.submit(author, bulletin_id)
    assert station.bulletin(bulletin_id).state is BulletinState.DRAFT
    accepted = (AcceptedReading("KHHGĐ", "kế hoạch hóa gia đình"),)
    station.desk.revise(author, bulletin_id, 1, Draft("Bản tin thử", "Hội KHHGĐ họp", readings=accepted))
    station.desk.submit(author, bulletin_id)
    assert station.bulletin(bulletin_id).state is BulletinState.SUBMITTED


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (Draft("", SCRIPT), "đặt tiêu đề"),
        (Draft("  \t ", SCRIPT), "đặt tiêu đề"),
        (Draft("x" * 201, SCRIPT), "Tiêu đề dài 201 ký tự; tối đa 200"),
        (Draft("Tin", ""), "chưa có nội dung"),
        (Draft("Tin", " \r\n\t\u00a0\n"), "chưa có nội dung"),
        (Draft("Tin", "x" * (SCRIPT_LIMIT + 1)), r"20\.001 ký tự; tối đa 20\.000"),
        (Draft("Tin", SCRIPT, valid_from=date(2026, 12, 2), valid_until=date(2026, 12, 1)), "Ngày hết hiệu lực"),
        (Draft("Tin \ud800", SCRIPT), "ký tự không ghi được"),
        (Draft("Tin", SCRIPT + "\udcff"), "ký tự không ghi được"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(station: ExampleStation, draft: Draft, sentence: str) -> None:
    author = station.person(Role.CONTRIBUTOR)
    with station.database.read() as connection:
        before = own.plan_version(connection)
    with pytest.raises(BadInputError, match=sentence):
        station.desk.write(author, draft)
    with station.database.read() as connection:
        assert own.plan_version(connection) == before


def test_a_script_of_exactly_the_limit_is_kept(station: ExampleStation) -> None:
    bulletin_id = station.written(station.person(Role.CONTRIBUTOR), "ạ" * SCRIPT_LIMIT)
    assert len(station.bulletin(bulletin_id).script) == SCRIPT_LIMIT


def test_the_limit_counts_composed_letters(station: ExampleStation) -> None:
    decomposed = unicodedata.normalize("NFD", "ạ" * SCRIPT_LIMIT)
    assert len(decomposed) == 2 * SCRIPT_LIMIT
    bulletin_id = station.written(station.person(Role.CONTRIBUTOR), decomposed)
    assert station.bulletin(bulletin_id).script == "ạ" * SCRIPT_LIMIT


def test_text_is_kept_composed_with_plain_line_ends(station: ExampleStation) -> None:
    author = station.person(Role.CONTRIBUTOR)
    draft = Draft(unicodedata.normalize("NFD", "  Bản  tin\tchiều "), "Một\r\nhai\rba\n")
    kept = station.bulletin(station.desk.write(author, draft))
    assert (kept.title, kept.script) == ("Bản tin chiều", "Một\nhai\nba")


def test_two_people_over_one_version_the_second_is_told_and_nothing_is_lost(station: ExampleStation) -> None:
    author = station.person(Role.EDITOR)
    bulletin_id = station.written(author)
    station.desk.revise(author, bulletin_id, 1, Draft("Bản của người nhanh", SCRIPT))
    with pytest.raises(WrongStateError, match="người khác thay đổi"):
        station.desk.revise(author, bulletin_id, 1, Draft("Bản của người chậm", SCRIPT))
    kept = station.bulletin(bulletin_id)
    assert (kept.title, kept.version, len(kept.history)) == ("Bản của người nhanh", 2, 2)


def test_an_approver_approves_only_the_version_that_was_read(station: ExampleStation) -> None:
    author, approver = station.person(Role.CONTRIBUTOR), station.person(Role.APPROVER)
    bulletin_id = submitted(station, author)
    station.desk.return_(approver, bulletin_id, 1, "thêm giờ họp")
    station.desk.revise(author, bulletin_id, 1, Draft("Bản tin thử", SCRIPT + " lúc bảy giờ"))
    station.desk.submit(author, bulletin_id)
    with pytest.raises(WrongStateError):
        station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
    assert station.bulletin(bulletin_id).state is BulletinState.SUBMITTED
    station.desk.approve(approver, bulletin_id, 2, backup_voice_ok=True)
    assert station.bulletin(bulletin_id).backup_voice_ok_by == approver.id


def test_a_return_needs_a_note_and_the_note_goes_at_the_next_submission(station: ExampleStation) -> None:
    author, approver = station.person(Role.CONTRIBUTOR), station.person(Role.APPROVER)
    bulletin_id = submitted(station, author)
    with pytest.raises(BadInputError, match="lý do trả lại"):
        station.desk.return_(approver, bulletin_id, 1, "  ")
    station.desk.return_(approver, bulletin_id, 1, " thêm giờ họp ")
    assert station.bulletin(bulletin_id).return_note == "thêm giờ họp"
    station.desk.submit(author, bulletin_id)
    assert station.bulletin(bulletin_id).return_note == ""


def test_each_act_is_refused_in_the_wrong_state(station: ExampleStation) -> None:
    author, approver = station.person(Role.EDITOR), station.person(Role.APPROVER)
    draft = station.written(author)
    approved, _job = station.approved()
    waiting = submitted(station, author)
    for act in (
        lambda: station.desk.approve(approver, draft, 1, backup_voice_ok=False),
        lambda: station.desk.return_(approver, draft, 1, "ghi chú"),
        lambda: station.desk.withdraw(author, draft, ""),
        lambda: station.desk.accept_backup_voice(approver, draft),
        lambda: station.desk.produce_again(author, draft),
        lambda: station.desk.submit(author, approved),
        lambda: station.desk.revise(author, approved, 1, Draft("Tin", SCRIPT)),
        lambda: station.desk.approve(approver, approved, 1, backup_voice_ok=False),
        lambda: station.desk.submit(author, waiting),
        lambda: station.desk.revise(author, waiting, 1, Draft("Tin", SCRIPT)),
    ):
        with pytest.raises(WrongStateError):
            act()
    assert station.bulletin(approved).state is BulletinState.APPROVED


def test_an_unknown_bulletin_is_not_found(station: ExampleStation) -> None:
    with pytest.raises(NotFoundError):
        station.desk.submit(station.person(Role.EDITOR), "khong-co")


def test_a_later_yes_to_the_backup_voice_names_who_said_it(station: ExampleStation) -> None:
    bulletin_id, _job = station.approved()
    approver = station.person(Role.APPROVER)
    station.desk.accept_backup_voice(approver, bulletin_id)
    assert station.bulletin(bulletin_id).backup_voice_ok_by == approver.id


def test_a_lost_ring_loses_nothing_since_the_job_waits_in_the_table(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    assert station.job(job_id).created_at == station.clock.at
    station.clock.go(timedelta(seconds=6))
    assert job_id in station.production.waiting()
    assert station.bulletin(bulletin_id).state is BulletinState.APPROVED


def test_a_doubtful_title_refuses_submission_since_it_is_read_aloud(station: ExampleStation) -> None:
    author = station.person(Role.EDITOR)
    bulletin_id = station.desk.write(author, Draft("Lịch XYZQ", "Mời bà con đến họp."))
    with pytest.raises(FlaggedReadingError, match="XYZQ"):
        station.desk.submit(author, bulletin_id)


def rename(station: ExampleStation, name: str) -> None:
    with station.database.write() as connection:
        connection.exec_driver_sql("update station set name = ?", (name,))


def test_a_doubtful_name_of_the_station_is_refused_by_the_desk_itself(station: ExampleStation) -> None:
    author, approver = station.person(Role.CONTRIBUTOR), station.person(Role.APPROVER)
    bulletin_id = station.written(author)
    rename(station, "Đài KHHGĐ")
    with pytest.raises(FlaggedReadingError, match=r"Lời mở đầu cũng được đọc lên.*«KHHGĐ"):
        station.desk.submit(author, bulletin_id)
    rename(station, "Đài Bản Bo")
    station.desk.submit(author, bulletin_id)
    rename(station, "Đài KHHGĐ")
    with pytest.raises(FlaggedReadingError, match=r"Lời mở đầu cũng được đọc lên.*«KHHGĐ"):
        station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
    assert station.bulletin(bulletin_id).state is BulletinState.SUBMITTED
    assert not station.bell.rung


def test_a_malformed_mark_is_refused_by_the_desk_itself(station: ExampleStation) -> None:
    desk = replace(station.desk, reader=LexiconReader())
    author, approver = station.person(Role.CONTRIBUTOR), station.person(Role.APPROVER)
    bulletin_id = station.written(author, "Mời bà con [nghĩ] đến họp.")
    with pytest.raises(FlaggedReadingError, match="Có dấu viết sai: «\\[nghĩ\\]»"):
        desk.submit(author, bulletin_id)
    station.desk.submit(author, bulletin_id)
    with pytest.raises(FlaggedReadingError, match="Có dấu viết sai: «\\[nghĩ\\]»"):
        desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
