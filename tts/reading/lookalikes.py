"""Signs that look alike and mean two things: a motorway, a form or a directive; months or tonnes; a title or an end."""

import re
from dataclasses import replace

from tts.reading.letters import CAPITALS, spell
from tts.reading.page import Page, Piece, from_match, suspect_value
from tts.reading.wordlist import Reading

_LETTERS_NUMBER = re.compile(r"([A-ZĐ]{1,6})([0-9]{1,9})(?!\w)")
_CT = re.compile(r"CT ?(0[1-9]|[1-9][0-9]?)(?!\w|[./,-]\w)")
_FORM_BESIDE = re.compile(
    r"(?:^|\W)(?:mẫu|biểu mẫu|mẫu biểu|tờ khai|phiếu|biểu|phiếu khai|đơn|giấy|khai|kê khai|điền|ghi|ký)"
    r"(?: số| theo| vào| trên| trực tuyến)?:? [(\"]?$"
)
_BUILDING_BESIDE = re.compile(r"(?:^|\W)(?:tòa|toà|tòa nhà|toà nhà|tháp|chung cư|nhà chung cư|căn hộ)(?: số)? $")
_FORM_NEAR = re.compile(r"(?:^|\W)(?:mẫu|biểu mẫu|mẫu biểu|tờ khai|phiếu) [^.;]*$")
_LISTED = re.compile(r"(?:ct[ .]?[0-9]{1,2}(?:, ?| và | hoặc ))+$")
_ROAD_BESIDE = re.compile(
    r"(?:^|\W)(?:cao tốc|(?<!trực )tuyến|đường|nút giao|ngã ba|làn|hầm|trạm thu phí|km ?[0-9]+(?:\+[0-9]+)?)"
    r"(?: (?:trên|của|thuộc|giao với))?[ ,]{1,2}$"
)
_ROAD_LIKELY = re.compile(r"(?:^|\W)(?:qua|dọc|hướng|rẽ vào|đoạn|đi) $")
_ROAD_NEAR = re.compile(r"(?:^|\W)(?:cao tốc|(?<!trực )tuyến|xe|giao thông|tai nạn|ùn tắc|km ?[0-9]+)(?!\w)[^.;]*$")
_DIRECTIVE_BESIDE = re.compile(r"(?:^|\W)(?:chỉ thị|theo|thực hiện|tinh thần|triển khai|quán triệt|học tập|căn cứ) $")
_CODE_BEFORE = re.compile(
    r"(?:^|\W)(?:mã(?: (?:số|hồ sơ|hàng|lớp|đơn|khách|sản phẩm|phòng|cuộc họp|giao dịch|xác nhận|xác thực|tra cứu|"
    r"thẻ|học sinh|biên nhận|chuyển khoản|vận đơn)){0,3}|soạn(?: tin)?|cú pháp|"
    r"nội dung (?:chuyển khoản|ck))(?: là)?:? ?\"?$"
)
_CIRCULAR_BEFORE = re.compile(
    r"(?:^|\W)(?:thông tư|theo|thực hiện|căn cứ|tại|quy định|của|triển khai|áp dụng|quán triệt|và|bằng|thay thế|"
    r"(?:điều|khoản|mục|phụ lục) [0-9]+) $"
)
_CIRCULAR_AFTER = re.compile(r"(?: của (?:bộ|chính|liên)| (?:năm|ngày|quy định|sửa đổi|hướng dẫn|thay thế)(?!\w)|/)")
_MONTHS_OR_TONNES = re.compile(r"([1-9]|1[0-2])T(?!\w)")
_MONTHS_BEFORE = re.compile(
    r"(?:^|\W)(?:bc|b/c|báo cáo|kq|kết quả|sơ kết|tổng kết|số liệu|ước|kh|kế hoạch|nhiệm vụ|nv|lũy kế|luỹ kế|"
    r"tình hình|giao ban|ngân sách|đánh giá|kt-xh|ktxh|thu nsnn|thu ns|trong) $"
)
_MONTHS_AFTER = re.compile(
    r"/(?:19|20)[0-9]{2}(?![0-9])| (?:đầu|cuối|năm|vừa qua|của năm|(?:19|20)[0-9]{2})(?!\w|[.][0-9])"
)
_TONNES_BEFORE = re.compile(r"(?:^|\W)(?:xe|(?<!vận )tải|trọng|trọng lượng|nặng|cẩu|cầu|trục|chở|vận chuyển|[<>≤≥]) ?$")
_TONNES_AFTER = re.compile(
    r" ?/(?!(?:19|20)[0-9]{2}(?![0-9]))"
    r"| (?:trở lên|trở xuống|hàng|thóc|lúa|gạo|ngô|phân|xi măng|cát|đá|thép|cá|tôm|chè|rác)(?!\w)"
)
_TONNES_NEAR = re.compile(r"(?:^|\W)(?:xe|(?<!vận )tải|tải trọng|cầu|chở|nặng)(?!\w)[^.;]*$")
_PERSON_OR_PLACE = re.compile(rf" ?[{CAPITALS}][^\W\d_]*(?: (?=[{CAPITALS}])|[,;.:)!?\n]|$)")
_OPENS = re.compile(
    " (?:Gặp|Đề|Mọi|Các|Những|Khi|Nếu|Xin|Mời|Hộ|Ai|Sau|Trước|Từ|Theo|Riêng|Ngoài|Để|Do|Vì|Tại|Trong|Việc|Người|Thôn|"
    "Xã|Đây|Chúng|Tôi|Mỗi|Đối|Đến|Đã|Sẽ|Cần|Phải|Nộp|Gửi|Được|Về|Với|Cùng|Bên|Còn|Ngày|Giờ|Lúc|Nhà|Ban|Trạm|Hãy|Không|"
    "Bà con|Thời gian|Địa (?:điểm|chỉ)|Liên hệ|Trưởng (?:thôn|bản|ban|khu|xóm|ấp)|Nội dung|Yêu cầu|"
    "Đồng (?:thời|bào|chí)|Nhân (?:dân|viên|khẩu|dịp)|Công (?:an|dân|tác|ty|việc)|Cán bộ|Kính (?:mời|thưa|gửi|đề|mong)|"
    "Trường hợp|Hiện (?:nay|tại|có)|Hết (?:hạn|giờ)|Hạn (?:nộp|cuối|chót)|Kết (?:quả|thúc)|Nay (?:thông|xin)|"
    "Ủy ban|Đoàn viên|Hội (?:viên|đồng|nghị)|Phụ (?:huynh|nữ)|Học sinh|Cử tri|Danh sách|Mang theo|"
    "Nhớ (?:mang|đến)|Tổ (?:trưởng|dân))"
    rf",? [^\W\d_{CAPITALS}]"
)
"""Words that open a sentence and, before a small word, are no name: `Liên hệ`, where `Liên` alone could be one."""
_PLACES = frozenset({"thành phố", "thị xã", "thị trấn", "quốc lộ"})


def code_after_word(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `mã TT123` sign by sign: what is called a code is no document and no road, whatever its letters mean."""
    match = _LETTERS_NUMBER.match(page.text, start)
    name = page.reading_of(match[1] + "+") or page.reading_of(match[1]) if match else None
    if not match or not name or name == spell(match[1]) or not _CODE_BEFORE.search(page.before(start)):
        return ()
    return from_match(match, f"{spell(match[1])}, {page.say.spelled(match[2])}", "identity_number")


def road_or_form(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CT05` as a motorway, a form or a building by the words before it; doubt it where none tells."""
    match = _CT.match(page.text, start)
    if not match:
        return ()
    before = _LISTED.sub("", page.before(start))
    signs = f"{spell('CT')} {page.say.counted(match[1])}"
    if _FORM_BESIDE.search(before) or _BUILDING_BESIDE.search(before):
        return from_match(match, signs, "form_code")
    if " " in match.group() or _DIRECTIVE_BESIDE.search(before):
        return _directive_or_none(page, match, signs)
    form, likely = _FORM_NEAR.search(before), _ROAD_LIKELY.search(before) or _ROAD_NEAR.search(before)
    if _ROAD_BESIDE.search(before) or (likely and not form):
        name = "" if before.endswith("cao tốc ") else "cao tốc "
        return from_match(match, name + page.say.counted(match[1]), "road")
    if form and not likely:
        return from_match(match, signs, "form_code")
    doubt = suspect_value(match.group(), "có thể là mẫu giấy tờ, đường cao tốc hoặc chỉ thị", signs)
    return from_match(match, signs, "form_code", doubt)


def _directive_or_none(page: Page, match: re.Match[str], signs: str) -> tuple[Piece, ...]:
    """Return a directive behind `theo`, doubted where its number opens with a nought as a form's does."""
    if " " in match.group():
        return ()
    if not match[1].startswith("0"):
        return from_match(match, f"chỉ thị {page.say.cardinal(match[1])}", "document_part")
    doubt = suspect_value(match.group(), "có thể là mẫu giấy tờ hoặc chỉ thị", signs)
    return from_match(match, signs, "form_code", doubt)


def circular(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `TT22` as a circular, doubted where no word shows one."""
    match = _LETTERS_NUMBER.match(page.text, start)
    if not match or match[1] != "TT" or len(match[2]) > 4:
        return ()
    said = f"thông tư {page.say.counted(match[2])}"
    shown = _CIRCULAR_BEFORE.search(page.before(start)) or _CIRCULAR_AFTER.match(page.after(match.end()))
    if page.before(start).endswith("thông tư "):
        said = page.say.counted(match[2])
    doubt = () if shown else (suspect_value(match.group(), "có thể là thông tư hoặc một mã", said),)
    return from_match(match, said, "document_part", *doubt)


def months_or_tonnes(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `BC 6T` and `9T/2026` as months, leave `xe 6T` to the units; doubt what no word settles."""
    match = _MONTHS_OR_TONNES.match(page.text, start)
    if not match:
        return ()
    before, after = page.before(start), page.after(match.end())
    months = f"{page.say.cardinal(match[1])} tháng"
    said_months = bool(_MONTHS_AFTER.match(after) or _MONTHS_BEFORE.search(before))
    said_tonnes = bool(_TONNES_BEFORE.search(before) or _TONNES_AFTER.match(after))
    if said_months and not said_tonnes:
        return _months(page, match, months)
    if not said_months and (said_tonnes or _TONNES_NEAR.search(before)):
        return ()
    said = f"{page.say.cardinal(match[1])} tấn"
    return from_match(match, said, "quantity", suspect_value(match.group(), "có thể là tấn hoặc tháng", said))


def _months(page: Page, match: re.Match[str], said: str) -> tuple[Piece, ...]:
    year = re.compile(r"/((?:19|20)[0-9]{2})").match(page.text, match.end())
    if not year:
        return from_match(match, said, "month")
    return (Piece(match.start(), year.end(), f"{said} năm {page.say.cardinal(year[1])}", "month"),)


def dotted(page: Page, title: Reading, end: int, bare: Reading | None, *, other: bool) -> Reading | None:
    """Return how `title`, whose dot stands before `end`, is read: so, so but doubted, or as `bare` before a full stop.

    `other` tells that the words before show the letters to mean something else than the title, as "lập DS." does.
    """
    if _OPENS.match(page.text, end):
        return bare
    other = other and title.spoken not in _PLACES
    named = _PERSON_OR_PLACE.match(page.text, end) is not None
    if other and not named:
        return bare
    doubted = other or (bare is not None and bare.unsure and not named)
    return replace(title, unsure=True) if doubted else title
