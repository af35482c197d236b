"""So many of so many: ratios, fractions and scales."""

import re

from domain.reading import Flag
from tts.reading.calendar import HOLIDAYS, key_of
from tts.reading.evidence import denies_day, may_be_counted
from tts.reading.page import Page, Piece, from_match, one, suspect_value
from tts.reading.units import UNIT, unit_name
from tts.reading.wordsets import any_of

_SIDE = r"([0-9]{1,6}(?:\.[0-9]{3})*(?:,[0-9]{1,3})?)"
_RATIO = re.compile(rf"{_SIDE}/{_SIDE}(?![0-9]|[/.,][0-9])")
_COLON_RATIO = re.compile(r"([0-9]{1,4}) ?: ?([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,9})(?![0-9])")
_PARTS_RATIO = re.compile(r"[1-9][0-9]{0,2}(?::[1-9][0-9]{0,2}){2,5}(?![0-9]|[:.,-][0-9])")
_SEASON_BEFORE = re.compile(
    r"(?:^|\W)(?:mùa(?: giải| bóng)?|niên (?:vụ|khóa|khoá|học)|năm học|vụ|khóa|khoá)(?: \w+)? $"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_DATE_LIKE = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])")
_ADDRESS_BEFORE = re.compile(any_of("số, ngõ, ngách, hẻm, kiệt, nhà") + " $")
_SCALE_BEFORE = re.compile(r"(?:tỷ|tỉ) lệ (?:là |bản đồ )?$")
_FRACTION_BEFORE = re.compile(
    any_of(
        "quá, hơn, nhất, khoảng, gần, bằng, giảm, tăng, thiểu, chiếm, trên, dưới, còn, đủ, chừng, tới, cho, mới được"
    )
    + " $"
)
_FRACTION_AFTER = re.compile(
    " "
    + any_of(
        "số, tổng, diện tích, dân số, chặng, thời gian, chiều, nhiệm kỳ, thế kỷ, quãng, mức, lương, giá, vốn, kinh phí,"
        "lượng, khối, quân số, đoạn, công suất, sản lượng, thu nhập, tiền, phần, còn lại, trở lên"
    )
    + r"\b"
)
_RATIO_AFTER = re.compile(
    " "
    + any_of(
        "giờ, h, xã, phường, hộ, thôn, bản, tổ, chỉ tiêu, tiêu chí, đại biểu, người, cơ quan, đơn vị, đồng chí, em,"
        "thành viên, huyện, trường, ý kiến, phiếu, học sinh, doanh nghiệp, thủ tục, hồ sơ, nhiệm vụ, tháng, khu, hội,"
        "chi bộ, đảng bộ, lĩnh vực, sở, phòng, điểm, nội dung, tỉnh, thành phố, trạm, công trình, dự án, văn bản, xóm,"
        "kiến nghị, câu hỏi, cán bộ, công chức, viên chức, ủy viên, đảng viên, hội viên, cử tri, trẻ, lớp, bài, cụm,"
        "mô hình, ngày, tuần, gia đình, hợp tác xã, sản phẩm, tiêu chuẩn, chỉ số, mục tiêu, thí sinh, vụ, nhà, đoàn,"
        "đồn, phụ nữ, giáo viên, quận, khối, nhóm, chi hội, xí nghiệp, tàu, xe, máy, ca, mẫu, vận động viên, đội,"
        "vị trí, mũi, công nhân, tuyến, cầu, bị can, bị cáo, đối tượng, cá nhân, tập thể, buổi, cuộc, kỳ, trận,"
        "giải(?! ngân| quyết| phóng| trình| thể| đáp| thích), hạng mục,"
        "gói thầu, hợp đồng, quyết định, nghị quyết, kế hoạch, phương tiện, căn, ngôi, cột, cơ sở,"
        "bệnh nhân, ấp, buôn, chợ, hồ, đập, đề tài, đề án, chương trình, cán sự, quân nhân, dân quân, học viên"
    )
    + r"\b"
)
_RATIO_BEFORE = re.compile(
    any_of(
        "đạt, có, được, với, hoàn thành, phục vụ, trực, hoạt động, hỗ trợ, bậc, xếp, xếp thứ, hạng, tục, cấp độ,"
        "điểm, độ dốc"
    )
    + " $"
)
_COUNT_BEFORE = re.compile(
    any_of(
        "còn lại, còn, đã có, mới có, thông xe, xong, bắt, bắt giữ, xử lý, giải quyết, khám, thu, cấp, tiêm, kiểm tra,"
        "rà soát, thẩm định, thông qua, khắc phục, sửa chữa, xóa, xoá, tổ chức, ban hành, trả lời, tiếp nhận, trong đó,"
        "nghiệm thu, khởi công, thành lập được, vận động, kết nạp, triển khai, bàn giao, phủ, cung cấp"
    )
    + " $"
)
_DIVIDED_AFTER = re.compile(
    " ?"
    + any_of(
        "ngày, giờ, tháng, năm, tuần, thìa, muỗng, viên, gói, lít, bát, cốc, chén, mặt, cân, bánh, thân, sào, héc ta,"
        "ha, mét, m, km, kg, ml, gam, g, ống, lọ, chai, quả, ly, bao, lạng, yến, tạ, tấn, bề, liều, vòng, khẩu phần,"
        "đường, mái, cánh, sân, đáy, ruộng, vườn, tường, bồn, bể, xô, hố, chu kỳ, vụ, chu vi, nhân sự, ngân sách"
    )
    + r"\b(?! tháng)"
)
"""Things that have parts; a fraction of them is no count of pieces."""
_COMMON_FRACTIONS = {("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4")}


def ratio(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `5/7 xã`, `24/24`, `2/3 số hộ`, `8,5/10`, `1:500`."""
    match = _RATIO.match(page.text, start)
    if not match:
        return _colon_ratio(page, start)
    if _is_season(match):
        last = str(int(match[1]) + 1)
        said = f"{page.say.cardinal(match[1])}, {page.say.cardinal(last)}"
        sure = last == match[2] or _SEASON_BEFORE.search(page.before(start))
        doubt = suspect_value(match.group(), "có thể là hai năm liền nhau hoặc tỷ lệ", said)
        return from_match(match, said, "year_range", *(() if sure else (doubt,)))
    if "," in match.group() or match.end(1) - start > 6:
        return _measured(page, match)
    said, flags = _share(page, match, match[1].replace(".", ""), match[2].replace(".", ""))
    return from_match(match, said, "ratio", *flags)


def _is_season(match: re.Match[str]) -> bool:
    """Tell whether two years that follow each other stand here: `niên vụ 2025/2026`."""
    if _YEAR.fullmatch(match[1]) and re.fullmatch("[0-9]{2}", match[2]):
        return int(match[2]) == (int(match[1]) + 1) % 100
    years = _YEAR.fullmatch(match[1]) and _YEAR.fullmatch(match[2])
    return bool(years) and int(match[2]) == int(match[1]) + 1


def is_share(after: str) -> bool:
    """Tell whether the words after `a/b` show that it counts things and is no date."""
    return bool(_RATIO_AFTER.match(after) or _FRACTION_AFTER.match(after))


def _share(page: Page, match: re.Match[str], top: str, bottom: str) -> tuple[str, tuple[Flag, ...]]:
    over = f"{page.say.cardinal(top)} trên {page.say.cardinal(bottom)}"
    part = f"{page.say.cardinal(top)} phần {page.say.ordinal(bottom, first='một')}"
    if _is_fraction(page, match, top, bottom):
        return part, ()
    if _is_ratio(page, match, top, bottom):
        kept = key_of(top, bottom) in HOLIDAYS and top == bottom and not _RATIO_AFTER.match(page.after(match.end()))
        doubt = suspect_value(match.group(), "có thể là tỷ lệ hoặc ngày", over)
        return over, (doubt,) if kept and not _RATIO_BEFORE.search(page.before(match.start())) else ()
    if (top, bottom) in _COMMON_FRACTIONS:
        return part, (suspect_value(match.group(), "có thể là ngày hoặc phân số", part),)
    if int(top) <= int(bottom) and denies_day(page.before(match.start())):
        return over, (suspect_value(match.group(), "có thể là tỷ lệ hoặc ngày", over),)
    date = f"{page.say.day(top)} tháng {page.say.month(bottom)}"
    return date, (suspect_value(match.group(), "có thể là ngày hoặc tỷ lệ", date),)


def _is_fraction(page: Page, match: re.Match[str], top: str, bottom: str) -> bool:
    before, after = page.before(match.start()), page.after(match.end())
    if _SCALE_BEFORE.search(before):
        return top == "1"
    if _ADDRESS_BEFORE.search(before) or not 0 < int(top) < int(bottom) <= 10:
        return False
    if (top, bottom) in _COMMON_FRACTIONS and not denies_day(before) and _DIVIDED_AFTER.match(after):
        return True
    leading = _FRACTION_BEFORE.search(before) and not _RATIO_AFTER.match(after)
    return bool(leading or _FRACTION_AFTER.match(after))


def _is_ratio(page: Page, match: re.Match[str], top: str, bottom: str) -> bool:
    before, after = page.before(match.start()), page.after(match.end())
    shown = _ADDRESS_BEFORE.search(before) or _RATIO_BEFORE.search(before) or _RATIO_AFTER.match(after)
    counted = int(top) <= int(bottom) and _COUNT_BEFORE.search(before) and may_be_counted(page, match.end())
    return bool(shown or counted) or not _DATE_LIKE.fullmatch(match.group()) or match.group() == "24/7" or top == bottom


def _measured(page: Page, match: re.Match[str]) -> tuple[Piece, ...]:
    said = " trên ".join(_decimal(page, side) for side in match.groups())
    unit = UNIT.match(page.text, match.end())
    if not unit:
        return from_match(match, said, "ratio")
    return one(match.start(), unit.end(), f"{said} {unit_name(unit[1] or unit[2])}", "ratio")


def _decimal(page: Page, written: str) -> str:
    whole, _, fraction = written.replace(".", "").partition(",")
    return page.say.decimal(whole, fraction) if fraction else page.say.cardinal(whole)


def _colon_ratio(page: Page, start: int) -> tuple[Piece, ...]:
    parts = _PARTS_RATIO.match(page.text, start)
    if parts:
        return from_match(parts, ", ".join(map(page.say.cardinal, re.findall("[0-9]+", parts.group()))), "ratio")
    match = _COLON_RATIO.match(page.text, start)
    if not match:
        return ()
    if not _SCALE_BEFORE.search(page.before(start)) and (match[1] != "1" or " " in match.group()):
        return ()  # "ca 1: 06:00"
    top, bottom = page.say.cardinal(match[1]), page.say.cardinal(match[2].replace(".", ""))
    return from_match(match, f"{top} trên {bottom}", "ratio")
