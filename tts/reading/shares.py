"""So many of so many: ratios, fractions and scales."""

import re

from tts.reading.page import Page, Piece, from_match, suspect_value

_RATIO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{3})*)/([0-9]{1,6}(?:\.[0-9]{3})*)(?![0-9]|[/.,][0-9])")
_COLON_RATIO = re.compile(r"([0-9]{1,4}) ?: ?([0-9][0-9.]{0,8})(?![0-9])")
_SCALE_BEFORE = re.compile(r"(?:tỷ|tỉ) lệ (?:là |bản đồ )?$")
_FRACTION_BEFORE = re.compile(
    r"(?:quá|hơn|nhất|khoảng|gần|bằng|giảm|tăng|thiểu|chiếm|trên|dưới|còn|đủ|chừng|tới|cho|một nửa hay|mới được) $"
)
_FRACTION_AFTER = re.compile(
    r" (?:số|tổng|diện tích|dân số|chặng|thời gian|chiều|nhiệm kỳ|thế kỷ|quãng|mức|lương|giá|vốn|kinh phí|lượng|khối|"
    r"quân số|đoạn|công suất|sản lượng|thu nhập|tiền|phần)\b"
)
_ADDRESS_BEFORE = re.compile(r"(?:số|ngõ|ngách|hẻm|kiệt|nhà) $")
_DATE_LIKE = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])")
_RATIO_AFTER = re.compile(
    r" (?:giờ|h\b|xã|phường|hộ|thôn|bản|tổ|chỉ tiêu|tiêu chí|đại biểu|người|cơ quan|đơn vị|đồng chí|thành viên|huyện|em|"
    r"trường|ý kiến|phiếu|học sinh|doanh nghiệp|thủ tục|hồ sơ|nhiệm vụ|tháng|%|khu|chi bộ|đảng bộ|hội|lĩnh vực|sở|phòng|"
    r"điểm|nội dung|tỉnh|thành phố|trạm|công trình|dự án|văn bản|kiến nghị|câu hỏi|xóm|cán bộ|công chức|ủy viên|đảng viên|"
    r"hội viên|cử tri|trẻ|lớp|phòng học|bài|mô hình|ngày|tuần|gia đình|hợp tác xã|sản phẩm|tiêu chuẩn|chỉ số|mục tiêu|cụm)"
)
_RATIO_BEFORE = re.compile(r"(?:đạt|có|được|với|đã có|hoàn thành|phục vụ|trực|hoạt động|hỗ trợ|bậc|xếp thứ|hạng|tục|cấp độ) $")


def ratio(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `5/7 xã`, `24/24`, `2/3 số hộ`: so many of so many, or a fraction."""
    match = _RATIO.match(page.text, start)
    if not match:
        return _colon_ratio(page, start)
    top, bottom = match[1].replace(".", ""), match[2].replace(".", "")
    over = f"{page.say.cardinal(top)} trên {page.say.cardinal(bottom)}"
    part = f"{page.say.cardinal(top)} phần {page.say.ordinal(bottom, 'một') if bottom == '4' else page.say.cardinal(bottom)}"
    before = page.before(start)
    after = page.after(match.end())
    if _ADDRESS_BEFORE.search(before):
        return from_match(match, over, "ratio")
    small = 0 < int(top) < int(bottom) <= 10
    if _SCALE_BEFORE.search(before) and top == "1":
        return from_match(match, part, "fraction")
    if small and (_FRACTION_AFTER.match(after) or (_FRACTION_BEFORE.search(before) and not _RATIO_AFTER.match(after))):
        return from_match(match, part, "fraction")
    sure = _RATIO_AFTER.match(after) or _RATIO_BEFORE.search(before) or not _DATE_LIKE.fullmatch(match.group())
    if sure or match.group() in {"24/7", "7/7"} or top == bottom:
        return from_match(match, over, "ratio")
    if small and (top, bottom) in {("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4")}:
        return from_match(match, part, "fraction", suspect_value(match.group(), "có thể là ngày hoặc phân số", part))
    said = f"{page.say.day(top)} tháng {page.say.month(bottom)}"
    return from_match(match, said, "day_month", suspect_value(match.group(), "có thể là ngày hoặc tỷ lệ", said))


def is_share(after: str) -> bool:
    """Tell whether the words after `a/b` show that it counts things and is no date."""
    return bool(_RATIO_AFTER.match(after) or _FRACTION_AFTER.match(after))


def _colon_ratio(page: Page, start: int) -> tuple[Piece, ...]:
    match = _COLON_RATIO.match(page.text, start)
    if not match or not (_SCALE_BEFORE.search(page.before(start)) or match[1] == "1"):
        return ()
    top, bottom = page.say.cardinal(match[1]), page.say.cardinal(match[2].replace(".", ""))
    return from_match(match, f"{top} trên {bottom}", "ratio")
