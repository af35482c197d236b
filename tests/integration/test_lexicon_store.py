"""The site's lexicon in the database: entries, their history, and a reader in every process that follows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulletins.lexicon import MOST_LINES, LexiconDesk, SiteReader, SpokenError, WrittenError
from domain.errors import NotAllowedError, NotFoundError
from domain.reading import LexiconEntry
from store import lexicon
from store.engine import Database
from tests.fakes_web import ADMIN, APPROVER, EDITOR, VIEWER, FakeReader, Panel, panel
from tts.lexicon import LexiconReader


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path, reader=LexiconReader()) as one:
        yield one


@pytest.fixture
def desk(town: Panel) -> LexiconDesk:
    return town.services.lexicon


def version(town: Panel) -> int:
    with town.database.read() as connection:
        return lexicon.version(connection)


def test_each_change_raises_the_version_and_leaves_who_and_when(town: Panel, desk: LexiconDesk) -> None:
    entry_id = desk.add(EDITOR, LexiconEntry(" QXWZĐT ", "quản lý  trật tự đô thị"))
    desk.change(ADMIN, entry_id, LexiconEntry("QXWZĐT", "quản lý trật tự", "gọi tắt"))
    desk.remove(EDITOR, entry_id)
    with town.database.read() as connection:
        changes = lexicon.history(connection, "QXWZĐT")
        assert lexicon.everything(connection) == ()
    assert [(one.action, one.spoken, one.user_name) for one in changes] == [
        ("bỏ", None, EDITOR.name),
        ("sửa", "quản lý trật tự", ADMIN.name),
        ("thêm", "quản lý trật tự đô thị", EDITOR.name),
    ]
    assert {one.at for one in changes} == {town.clock.now()}
    assert version(town) == 3


def test_a_renamed_entry_ends_under_its_old_form(town: Panel, desk: LexiconDesk) -> None:
    entry_id = desk.add(EDITOR, LexiconEntry("QLTT", "quản lý thị trường"))
    desk.change(EDITOR, entry_id, LexiconEntry("QLTTR", "quản lý thị trường"))
    with town.database.read() as connection:
        assert [one.action for one in lexicon.history(connection, "QLTT")] == ["bỏ", "thêm"]
        assert lexicon.find(connection, "QLTT") is None


def test_a_reader_of_another_process_follows_a_change(town: Panel, desk: LexiconDesk) -> None:
    other = Database(town.database.path)
    try:
        reader = SiteReader(other, LexiconReader())
        assert reader.read("Đội QXWZĐT.").flagged
        entry_id = desk.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
        assert reader.read("Đội QXWZĐT.").spoken == "Đội quản lý trật tự đô thị."
        desk.remove(EDITOR, entry_id)
        assert reader.read("Đội QXWZĐT.").flagged
    finally:
        other.close()


def test_entries_are_loaded_again_only_when_the_version_changed(town: Panel, desk: LexiconDesk) -> None:
    desk.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
    held = desk.reader.entries()
    assert desk.reader.entries() is held
    desk.add(EDITOR, LexiconEntry("QLTTĐ", "quản lý thị trường điện"))
    assert len(desk.reader.entries()) == 2


def test_a_reading_of_one_bulletin_wins_over_the_sites(desk: LexiconDesk) -> None:
    desk.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
    said = desk.reader.read("Đội QXWZĐT.", [LexiconEntry("QXWZĐT", "trật tự đô thị")]).spoken
    assert said == "Đội trật tự đô thị."


@pytest.mark.parametrize(
    ("written", "spoken", "error"),
    [
        ("", "một từ", WrittenError),
        ("--", "một từ", WrittenError),
        ("A" * 121, "một từ", WrittenError),
        ("QLTT", "", SpokenError),
        ("QLTT", "số 5", SpokenError),
        ("QLTT", "đạt ½", SpokenError),
        ("QLTT", "đội QWZX", SpokenError),
        ("QLTT", "xtrgk", SpokenError),
        ("QLTT", "năm %", SpokenError),
        ("QLTT", "một " * 100, SpokenError),
    ],
)
def test_what_cannot_be_said_is_refused(
    town: Panel, desk: LexiconDesk, written: str, spoken: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.add(EDITOR, LexiconEntry(written, spoken))
    assert version(town) == 0


def test_a_word_is_entered_once(town: Panel, desk: LexiconDesk) -> None:
    desk.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
    with pytest.raises(WrittenError, match="đã có trong từ điển, đọc là «quản lý trật tự đô thị»"):
        desk.add(ADMIN, LexiconEntry("QXWZĐT", "trật tự"))
    assert version(town) == 1


@pytest.mark.parametrize("user", [VIEWER, APPROVER])
def test_only_editors_and_administrators_change_it(town: Panel, desk: LexiconDesk, user) -> None:
    entry_id = desk.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
    with pytest.raises(NotAllowedError):
        desk.add(user, LexiconEntry("QLTT", "quản lý thị trường"))
    with pytest.raises(NotAllowedError):
        desk.change(user, entry_id, LexiconEntry("QXWZĐT", "khác"))
    with pytest.raises(NotAllowedError):
        desk.remove(user, entry_id)
    with pytest.raises(NotAllowedError):
        desk.always(user, "QLTT", "quản lý thị trường")
    assert version(town) == 1


def test_what_is_gone_cannot_be_changed(desk: LexiconDesk) -> None:
    with pytest.raises(NotFoundError):
        desk.change(EDITOR, "nothing", LexiconEntry("QLTT", "quản lý thị trường"))
    with pytest.raises(NotFoundError):
        desk.remove(EDITOR, "nothing")


def test_always_twice_is_one_change_and_another_reading_replaces_it(town: Panel, desk: LexiconDesk) -> None:
    desk.always(EDITOR, "QXWZĐT", "quản lý trật tự đô thị")
    desk.always(EDITOR, "QXWZĐT", "quản lý trật tự đô thị")
    assert version(town) == 1
    desk.always(EDITOR, "QXWZĐT", "trật tự đô thị")
    assert desk.reader.entries()[0].spoken == "trật tự đô thị"


def test_the_effect_names_the_sentences_that_change(town: Panel, desk: LexiconDesk) -> None:
    town.write("Tin", "Hôm nay họp. UBND phường mời bà con. Xin cảm ơn.")
    town.write("Tin khác", "Không có gì.")
    effect = desk.effect(LexiconEntry("UBND", "ủy ban"))
    (line,) = effect.lines
    assert (line.before, line.after) == ("ủy ban nhân dân phường mời bà con.", "ủy ban phường mời bà con.")
    assert (line.bulletin.title, effect.more, effect.approved) == ("Tin", False, ())


def test_the_effect_of_taking_away_and_of_renaming_is_the_old_reading(town: Panel, desk: LexiconDesk) -> None:
    entry_id = desk.add(EDITOR, LexiconEntry("UBND", "ủy ban"))
    town.write("Tin", "UBND phường.")
    for reading in (None, LexiconEntry("UBNDX", "ủy ban")):
        (line,) = desk.effect(reading, entry_id).lines
        assert (line.before, line.after) == ("ủy ban phường.", "ủy ban nhân dân phường.")


def test_the_effect_is_shown_in_twenty_lines_and_says_that_there_is_more(town: Panel, desk: LexiconDesk) -> None:
    town.write("Tin", "UBND phường mời bà con. " * (MOST_LINES + 5))
    effect = desk.effect(LexiconEntry("UBND", "ủy ban"))
    assert (len(effect.lines), effect.more) == (MOST_LINES, True)


def test_a_bulletins_own_reading_is_not_touched_by_the_site(tmp_path: Path) -> None:
    with panel(tmp_path, reader=FakeReader()) as town:
        town.approved("Tin")
        assert town.services.lexicon.effect(LexiconEntry("buổi", "buổi buổi")).approved
