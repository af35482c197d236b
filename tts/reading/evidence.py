"""The words around two numbers that show a day and its month, or show that something is counted."""

import re

from tts.reading.page import Page
from tts.reading.units import UNIT
from tts.reading.wordsets import any_of, word_set

_TIME = r"[0-9]{1,2}(?:h|g|:)(?:[0-9]{2})?(?:'| ?phút)?"
_WEEKDAY = r"thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ nhật|cn|t[2-7]"
_DAY_WORDS = (
    r"(?<!mỗi )(?<!một )(?<!hằng )(?<!hàng )(?<!cả )ngày|"
    r"sáng|chiều|tối|trưa|đêm|khuya|hôm|(?:hôm|ngày|sáng|chiều|tối|trưa|đêm|khuya) (?:qua|nay|mai|kia)|"
    rf"{_WEEKDAY}|nhật|mùng|mồng|rằm|giờ|phút|{_TIME}|[0-9]{{1,2}} giờ [0-9]{{2}}"
)
_OPENING = r"[,:]? ?\(?(?:tức |nhằm |ngày )*"
_HOUR_AND_DAY = re.compile(rf"(?<!\w){_TIME} ?/ ?$")
"""How a weather bulletin joins an hour to its day: `13h/05/9`."""
_DAY_BEFORE = re.compile(rf"(?:^|\W)(?:{_DAY_WORDS}|(?:{_WEEKDAY})\)){_OPENING}$")
_NAMED_BEFORE = re.compile(
    "(?:^|\\W)(?:"
    + any_of(
        "lễ, dịp, tết, niệm, mừng, khánh, liệt sĩ, thành lập(?: đoàn| đảng)?, truyền thống,"
        "tức, nhằm, khai giảng, khai mạc, bế mạc, tổng kết, khánh thành,"
        "hạn chót, hạn cuối, hạn, hạn nộp, hạn là, cuối là, cuối cùng là, chậm nhất,"
        "muộn nhất, chậm nhất là, muộn nhất là, hiệu lực, hiệu lực từ, kể từ, tính từ, bắt đầu từ, áp dụng từ,"
        "thực hiện từ, tính đến, phụ nữ, quốc tế lao động, giải phóng miền nam, thống nhất đất nước, gia đình việt nam,"
        "tháng tám, dương lịch, quảng trường, công viên, đại lộ, hội trường"
    )
    + rf"){_OPENING}$"
)
_POINT_BEFORE = re.compile(
    r"(?:^|\W)(?:từ|đến|tới|hết|trước|sau|vào|kết thúc|bắt đầu|sinh|mất|ra mắt|lập|kỳ nghỉ|nghỉ|"
    r"đường|phố|nhà máy|thiếu nhi|xí nghiệp|thcs|thpt|tiểu học|mầm non|chợ|cầu|bệnh viện|htx)"
    rf"{_OPENING}$"
)
_BOUND_BEFORE = re.compile(r"(?:^|\W)(?:trước|sau|đến|tới|hết|từ|sinh|kể từ|niệm|lập) (?:hết )?ngày $")
_TIMED_BEFORE = re.compile(rf"(?:{_TIME}|giờ|phút|sáng|chiều|tối|trưa|đêm|khuya|{_WEEKDAY})[,:]? ?\(?ngày $")
_NOT_DAY_BEFORE = re.compile(
    "(?:^|\\W)"
    + any_of(
        "tăng, giảm, nâng, hạ, tăng thêm, đạt, điểm, chỉ số, độ, mạnh, phiên bản, mục, bài, số, nhà, ngõ, ngách, hẻm,"
        "kiệt, lớp, tổ, nhóm, bậc, thửa, tờ, tờ bản đồ, tỷ lệ, tỉ lệ, độ dốc, xếp, hạng, kết quả, tỷ số, tỉ số, thôn,"
        "bản, xóm, ấp, khu, đợt, vòng, trận, phòng, tầng, máy, loại, điều, khoản, câu, lô, ca, kíp, vụ, tháng, năm,"
        "gồm, trong đó"
    )
    + r"(?: từ| là| số)?:? $"
)
_ALMANAC_AFTER = re.compile(
    r",? ?\(?(?:(?:theo )?(?:âm|dương) lịch|âl|(?:hằng|hàng) năm|năm (?:nay|sau|ngoái|trước|(?:1[89]|20|21)[0-9]{2}|"
    r"(?:giáp|ất|bính|đinh|mậu|kỷ|canh|tân|nhâm|quý) ))"
)
_GOES_ON = word_set(
    "là và hoặc đến tới tại ở đã sẽ đang vừa này trên trong do của có khi sau trước cùng cho để từ theo với nhằm vì "
    "bởi bị được phải không nay hằng hàng mới thì mà như nhưng rồi qua âm dương"
)
_WORD_AFTER = re.compile(r" ?([^\W\d_]+)")
_COUNTED = re.compile(
    " "
    + any_of(
        "lần, viên, buổi, bữa, ca, lượt, liều, giờ, gói, ml, kg, lít, triệu, nghìn, ngàn, tỷ, tỉ, trăm, người, chuyến,"
        "đêm, công, tiếng, phút, cốc, ly, độ, điểm, hộ, tuổi, tháng, tuần, ngày, cơn, đợt, mét, tấn, tạ, con, đồng"
    )
    + r"\b| năm(?! (?:nay|sau|ngoái|trước|tới|[0-9]|giáp|ất|bính|đinh|mậu|kỷ|canh|tân|nhâm|quý)\b)"
)


_SCORED_BEFORE = re.compile(
    r"(?:tỷ số|tỉ số|thắng|thua|hòa|hoà|dẫn|dẫn trước|kết quả|chung cuộc|gỡ hòa)(?: là| chung cuộc| chung cuộc là)? $"
    r"|(?:^|\W)(?:hiệp|hiệp phụ|set|séc|ván|trận) (?:[0-9]|một|hai|ba|phụ|đầu): ?$"
    r"|(?:tỷ số|tỉ số|thắng|thua) [^.;()]{0,30}[0-9]{1,2} ?- ?[0-9]{1,2} ?\((?:[0-9]{1,2} ?- ?[0-9]{1,2}[,;] ?)*$"
)
_PRODUCT_BEFORE = re.compile(
    "(?:^|\\W)"
    + any_of(
        "giống, lúa, ngô, sắn, mía, keo, lạc, đậu tương, lúa lai, lúa thuần, nhóm thuần, nhóm lai, ống, thép, ống nhựa,"
        "dây cáp, cáp, động cơ, model, mã hiệu, ký hiệu, máy kéo, máy cày, thuốc, phân bón, phân, chế phẩm, tuyến ống,"
        "kênh, kênh sóng, gói thầu, hạng mục"
    )
    + r"[ :][^.;]{0,45}$"
)


def is_scored(before: str) -> bool:
    """Tell whether a score is told right before: `thắng`, `hiệp 1: `, `thắng 2-1 (25-18, `."""
    return _SCORED_BEFORE.search(before) is not None


def names_product(before: str) -> bool:
    """Tell whether a plant variety, a pipe or another thing with a trade name is spoken of before."""
    return _PRODUCT_BEFORE.search(before) is not None


def shows_day(before: str) -> bool:
    """Tell whether a day is named right before: `sáng`, `hôm nay (`, `thứ Hai, ngày `, `lúc 7 giờ 30, `."""
    return bool(_DAY_BEFORE.search(before) or _HOUR_AND_DAY.search(before))


def joins_hour_to_day(before: str) -> bool:
    """Tell whether an hour and a slash stand right before: `13h/`."""
    return _HOUR_AND_DAY.search(before) is not None


def names_day(before: str) -> bool:
    """Tell whether an occasion, a time limit or a street that bears a date is named right before."""
    return _NAMED_BEFORE.search(before) is not None


def may_open_day(before: str) -> bool:
    """Tell whether the word before opens a date as well as a number: `từ`, `đến`, `trước`."""
    return _POINT_BEFORE.search(before) is not None


def is_one_day(before: str) -> bool:
    """Tell whether "ngày" before means one day, as after a time limit or a time of day."""
    return bool(_BOUND_BEFORE.search(before) or _TIMED_BEFORE.search(before))


def denies_day(before: str) -> bool:
    """Tell whether the words before number, measure or count something else than days."""
    return _NOT_DAY_BEFORE.search(before) is not None


def almanac_follows(after: str) -> bool:
    """Tell whether a calendar or a year is named right after."""
    return _ALMANAC_AFTER.match(after) is not None


def is_counted(page: Page, end: int) -> bool:
    """Tell whether a unit or a word that is usually counted stands at `end`."""
    return UNIT.match(page.text, end) is not None or _COUNTED.match(page.lower, end) is not None


def may_be_counted(page: Page, end: int) -> bool:
    """Tell whether any word that can be counted stands at `end`: small, and none that leads a sentence on."""
    follows = _WORD_AFTER.match(page.text, end)
    return follows is not None and follows[1][0].islower() and follows[1] not in _GOES_ON
