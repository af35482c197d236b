"""What a programme must hold to before it is kept: each fault in one Vietnamese sentence. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from domain.audio import ClipKind
from domain.errors import BadInputError
from domain.playlist import MAX_ITEMS, MAX_LENGTH
from domain.sources import is_stream_url
from domain.text import tidy
from domain.timetable import FROM_OUTSIDE, ITEM_KIND_LABELS, ItemKind, Priority, Programme, ProgrammeItem
from scheduler.items import Shelf
from scheduler.policy import spoken_length

NAME_LIMIT = 120
MOST_ITEMS = 40
MOST_REPEATS = 20
LONGEST_GAP = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(minutes=30)
LONGEST_GRACE = timedelta(hours=1)
SHORTEST_RELAY = timedelta(seconds=10)
LEAST_DUCK_DB, MOST_DUCK_DB = 6.0, 40.0
_LISTS = (".m3u", ".m3u8", ".pls", ".asx", ".xspf")
_SCHEDULED = frozenset({Priority.FILLER, Priority.NORMAL, Priority.PRIORITY, Priority.LIVE})


def checked(programme: Programme, shelf: Shelf) -> Programme:
    """Return a programme with its words made clean. Raises BadInputError when it could never sound as asked."""
    name = tidy(programme.name)
    if not name:
        raise BadInputError("Hãy đặt tên cho chương trình, ví dụ «Thời sự buổi sáng».")
    if len(name) > NAME_LIMIT:
        raise BadInputError(f"Tên chương trình dài quá {NAME_LIMIT} ký tự.")
    if programme.priority not in _SCHEDULED:
        raise BadInputError("Mức khẩn cấp không xếp lịch được: phát khẩn là một lệnh riêng, cần hai người.")
    if not timedelta() <= programme.grace <= LONGEST_GRACE:
        raise BadInputError(f"Thời gian được phát bù từ 0 đến {spoken_length(LONGEST_GRACE)}.")
    if programme.booked is not None and not timedelta() < programme.booked <= MAX_LENGTH:
        raise BadInputError("Chỗ trong lịch dài từ 1 giây đến 6 giờ.")
    _check_items(programme.items, shelf)
    return replace(programme, name=name)


def _check_items(items: tuple[ProgrammeItem, ...], shelf: Shelf) -> None:
    if len(items) > MOST_ITEMS:
        raise BadInputError(f"Một chương trình có nhiều nhất {MOST_ITEMS} mục.")
    if not any(one.kind not in {ItemKind.BED, ItemKind.PAUSE} for one in items):
        raise BadInputError("Chương trình chưa có mục nào phát ra tiếng. Hãy thêm ít nhất một mục.")
    if sum(one.kind is ItemKind.BED for one in items) > 1:
        raise BadInputError("Một chương trình chỉ có một nhạc nền. Hãy bỏ bớt.")
    for number, item in enumerate(items, 1):
        problem = item_problem(item, shelf)
        if problem:
            raise BadInputError(f"Mục {number} ({ITEM_KIND_LABELS[item.kind]}): {problem}")
    if sum(max(1, one.repeat) for one in items) > MAX_ITEMS:
        raise BadInputError(f"Kể cả lặp lại, một chương trình có nhiều nhất {MAX_ITEMS} lượt. Hãy giảm số lần lặp.")
    if sum((_least(one, shelf) for one in items), timedelta()) > MAX_LENGTH:
        raise BadInputError("Chương trình dài quá 6 giờ. Hãy chia thành nhiều chương trình.")


def item_problem(item: ProgrammeItem, shelf: Shelf) -> str:
    """Return what is wrong with an item in one sentence, or nothing."""
    if not 1 <= item.repeat <= MOST_REPEATS:
        return f"Số lần phát từ 1 đến {MOST_REPEATS}."
    if not timedelta() <= item.gap <= LONGEST_GAP:
        return f"Nghỉ giữa hai lần phát từ 0 đến {spoken_length(LONGEST_GAP)}."
    return _PROBLEMS[item.kind](item, shelf)


def _bulletin_problem(item: ProgrammeItem, shelf: Shelf) -> str:
    return "" if item.bulletin_id in shelf.bulletins else "Hãy chọn một bản tin."


def _latest_problem(item: ProgrammeItem, _shelf: Shelf) -> str:
    one = (item.topic_id is None) != (item.column_id is None)
    return "" if one else "Hãy chọn một chuyên mục hoặc một chủ đề."


def _pause_problem(item: ProgrammeItem, _shelf: Shelf) -> str:
    fits = timedelta() < item.length <= LONGEST_PAUSE
    return "" if fits else f"Khoảng nghỉ dài từ 1 giây đến {spoken_length(LONGEST_PAUSE)}."


def _clip_problem(item: ProgrammeItem, shelf: Shelf) -> str:
    if not _is_of_library(item.clip_hash, shelf):
        return "Hãy chọn một âm thanh trong kho."
    if item.kind is ItemKind.BED and not LEAST_DUCK_DB <= item.duck_db <= MOST_DUCK_DB:
        return f"Nhạc nền nhỏ hơn lời từ {LEAST_DUCK_DB:.0f} đến {MOST_DUCK_DB:.0f} dB."
    return ""


def _outside_problem(item: ProgrammeItem, shelf: Shelf) -> str:
    if item.kind is ItemKind.RELAY or item.stream_url:
        problem = _stream_problem(item.stream_url)
        if problem:
            return problem
    if not SHORTEST_RELAY <= item.length <= MAX_LENGTH:
        return "Hãy ghi thời lượng cố định từ 10 giây đến 6 giờ."
    if not _is_of_library(item.clip_hash, shelf):
        return "Hãy chọn âm thanh thay thế để phát khi nguồn không có tiếng."
    return ""


def _stream_problem(url: str) -> str:
    if not is_stream_url(url):
        return (
            "Địa chỉ nguồn phải bắt đầu bằng http:// hoặc https:// và không kèm tên, mật khẩu hay dấu cách, "
            "ví dụ https://vov.example.vn/vov1."
        )
    if urlsplit(url).path.lower().endswith(_LISTS):
        return "Máy phát không thu được địa chỉ của một danh sách. Hãy mở danh sách ấy, lấy địa chỉ luồng bên trong."
    return ""


def _is_of_library(clip_hash: str | None, shelf: Shelf) -> bool:
    clip = shelf.clips.get(clip_hash or "")
    return clip is not None and clip.kind is not ClipKind.BULLETIN


def _least(item: ProgrammeItem, shelf: Shelf) -> timedelta:
    if item.kind is ItemKind.PAUSE or item.kind in FROM_OUTSIDE:
        once = item.length
    else:
        clip = shelf.clips.get(item.clip_hash or "")
        once = timedelta() if clip is None or item.kind is ItemKind.BED else clip.length
    return once * item.repeat + item.gap * (item.repeat - 1)


_PROBLEMS: Mapping[ItemKind, Callable[[ProgrammeItem, Shelf], str]] = {
    ItemKind.BULLETIN: _bulletin_problem,
    ItemKind.LATEST: _latest_problem,
    ItemKind.CLIP: _clip_problem,
    ItemKind.IDENT: _clip_problem,
    ItemKind.ANNOUNCEMENT: _clip_problem,
    ItemKind.BED: _clip_problem,
    ItemKind.PAUSE: _pause_problem,
    ItemKind.RELAY: _outside_problem,
    ItemKind.LIVE: _outside_problem,
}
