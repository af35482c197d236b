"""Abbreviations with more than one meaning, and symbols of science, settled by the words right beside them."""

import re
from dataclasses import dataclass

from tts.reading.letters import spell
from tts.reading.page import Page, Piece, one
from tts.reading.wordsets import any_of

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Sense:
    """A meaning and the words that show it: what stands right before, or right after."""

    spoken: str
    before: re.Pattern[str] = _NEVER
    after: re.Pattern[str] = _NEVER


def _sense(spoken: str, before: str = "", after: str = "") -> _Sense:
    return _Sense(
        spoken,
        re.compile(rf"(?:^|\W|[0-9])(?:{before}) $") if before else _NEVER,
        re.compile(rf" (?:{after})(?!\w)") if after else _NEVER,
    )


_MONEY = r"(?:(?:là|của dự án|khoảng|dự kiến) )?[0-9][0-9.,]* ?(?:tỷ|tỉ|triệu|đồng|trđ)"
_SENSES: dict[str, tuple[_Sense, ...]] = {
    "TMĐT": (
        _sense("thương mại điện tử", "sàn|qua|phát triển|kinh doanh|hoạt động|giao dịch|nền tảng|website"),
        _sense("tổng mức đầu tư", "dự án có|công trình có|có|với|điều chỉnh|phê duyệt", _MONEY),
    ),
    "HS": (
        _sense("học sinh", "em|các em|phụ huynh",
               "lớp|khối|trường|giỏi|tiểu học|nghèo|dân tộc|nội trú|bán trú|thcs|thpt|mầm non|khuyết tật|phổ thông"),
    ),
    "SV": (_sense("sinh viên", "[0-9]|hs và|học sinh và", "các trường|đại học|nghèo|năm thứ"),),
    "CA": (
        _sense("công an", "phó trưởng|trưởng|lực lượng|cơ quan|bộ",
               "xã|phường|tỉnh|thành phố|tp|huyện|thị trấn|các|cấp|viên|cơ sở|khu vực|chính quy"),
    ),
    "ĐH": (
        _sense("đại học", "trường|các trường|học|thi|vào|tốt nghiệp|trình độ",
               "y|sư phạm|bách khoa|quốc gia|nông nghiệp|công nghiệp|kinh tế|luật|tây bắc|thái nguyên"),
        _sense("đại hội", after="đảng|đoàn|hội|chi bộ|công đoàn|mttq|thi đua|đại biểu"),
    ),
    "CĐ": (_sense("cao đẳng", "trường|các trường|đh và"), _sense("công đoàn", "chủ tịch|ban chấp hành|bch")),
    "DN": (_sense("doanh nghiệp", r"[0-9]|các|những|nhiều|cộng đồng|hiệp hội|chủ|hỗ trợ", "nhỏ và vừa|fdi|nhà nước"),),
    "LĐ": (
        _sense("lao động", r"[0-9]|lượt|người|xuất khẩu|thị trường|nguồn|luật|bộ luật|an toàn|hợp đồng",
               "nông thôn|nữ|phổ thông|tự do|qua đào tạo|có việc làm|đi làm việc|người dân tộc"),
    ),
    "GĐ": (
        _sense("gia đình", "hộ|các hộ"),
        _sense("giám đốc", "phó", "sở|trung tâm|công ty|bệnh viện|công an|htx|hợp tác xã|ban|bql|điện lực"),
        _sense("giai đoạn", after="[0-9]{4}|[1-9]|i{1,3}"),
    ),
    "NN": (_sense("nông nghiệp", "sở|ngành|đất|htx|vật tư|sản phẩm|khuyến|hợp tác xã|sản xuất"),),
    "THT": (_sense("tổ hợp tác", "[0-9]|htx và|các|mô hình|thành lập"),),
    "PL": (_sense("pháp luật", "phổ biến|giáo dục|tuyên truyền|vi phạm|chấp hành"),),
    "TT": (
        _sense("trung tâm",
               after="y tế|gdtx|gdnn|dvnn|pvhcc|văn hóa|dịch vụ|khuyến nông|hành chính công|phục vụ|viễn thông"),
        _sense("thường trực", after="đảng ủy|hđnd|tỉnh ủy|thành ủy|mttq"),
    ),
    "CT": (
        _sense("chương trình", after="mtqg|mục tiêu|hành động|ocop|xdntm|gdpt|giảm nghèo"),
        _sense("chủ tịch", after="ubnd|hđnd|mttq|hội|ubmttq"),
    ),
    "THA": (
        _sense("thi hành án", "chi cục|cục|cơ quan|công tác|chấp hành viên|ngành|cưỡng chế|hoãn|kết quả|phải|được|đã",
               "dân sự|hành chính|hình sự|huyện|tỉnh|khu vực|phạt tù|tử hình|xong|tự nguyện|treo"),
        _sense("tăng huyết áp", "bệnh|bệnh nhân|mắc|mắc bệnh|người bệnh|người mắc|điều trị|cơn|đtđ và|đtđ,|"
               "tháo đường và",
               "đái tháo đường|đtđ|và đtđ|và đái tháo đường|độ [1-3i]+|vô căn|kháng trị"),
    ),
    "TLCP": (
        _sense("tả lợn châu Phi", "dịch|ổ dịch|bệnh|chống|mắc|nhiễm|nhiễm bệnh|vi rút|virus|vắc xin|do"),
        _sense("tỷ lệ che phủ", after="rừng"),
    ),
    "KH": (_sense("kỳ họp", after=r"thứ (?:[0-9]+|[^\W\d_]+(?: [^\W\d_]+)?,? (?:qh|quốc hội|hđnd))"),),
    "QK": (_sense("quốc khánh", "lễ|tết|mừng|dịp|ngày", "0?2[/-]0?9"),),
    "KV": (_sense("khu vực", "bầu cử|tổ bầu cử|xã|thôn|bản|điểm|ga|bếp", "số|i{1,3}|[0-9]|bầu cử|biên giới|miền núi"),),
    "BA": (_sense("biến áp", "trạm|máy"),),
    "HK": (_sense("học kỳ", "điểm|cuối|hết|thi|kết thúc|sơ kết|trong|tổng kết", "[12]|i{1,2}|phụ|hè"),),
    "SL": (_sense("sản lượng", "tổng", "lương thực|chè|thủy sản|lúa|ngô|thịt|khai thác|đạt"),),
    "BQ": (_sense("bình quân", "lương|thu nhập|năng suất|sản lượng|tiêu thụ", "[0-9]|đầu người"),),
    "HC": (_sense("hành chính", "giờ|thủ tục|đơn vị|cải cách"),),
    "BĐ": (_sense("bản đồ", "tờ|số tờ|mảnh", "địa chính|quy hoạch|hiện trạng|1[/:][0-9.]+"),),
    "TL": (_sense("tỷ lệ", after="1[/:][0-9.]+"),),
    "QH": (_sense("quy hoạch", "đồ án|điều chỉnh|đất|bản đồ", "1/[0-9.]+|chi tiết|phân khu|chung|sử dụng đất|sdđ"),),
    "BC": (_sense("bầu cử", "đơn vị|tổ|ngày|khu vực|công tác|hội đồng|ủy ban|cuộc", "đại biểu|đbqh|quốc hội"),),
    "KD": (_sense("kinh doanh", "hộ|cơ sở|hoạt động|đăng ký|giấy phép|điểm|tiểu thương|điều kiện|lĩnh vực"),),
    "HT": (
        _sense("hội trường", "tại|ở|vào|trong", "tầng|lớn|trung tâm|ubnd|trụ sở|nhà văn hóa|nvh|đảng ủy|đa năng"),
        _sense("hiệu trưởng", "phó|đ/c|thầy|cô", "nhà trường|trường"),
    ),
    "CK": (
        _sense("cùng kỳ", "so|so với|với", "năm (?:trước|ngoái|20[0-9]{2})"),
        _sense("chuyển khoản", "bằng|qua|phí|nội dung|hình thức", "qua|vào|về|tới|đến"),
    ),
    "TA": (_sense("tòa án", "(?:vks|vksnd|viện kiểm sát|thads|tha)(?:,| và)"),),
    "ND": (_sense("nông dân", "hội"),),
    "TH": (_sense("tiểu học", "trường|các trường|cấp"),),
    "CN": (_sense("công nghiệp", "ngành|các ngành|khu|cụm|giá trị sản xuất|sản xuất"),),
    "TC": (_sense("tiêu chí", "[0-9]{1,2}/[0-9]{1,2}|các|số"),),
    "ÂL": (_Sense("âm lịch", re.compile("")),),
    "DL": (_sense("dương lịch", r"[0-9]"), _sense("du lịch", "khu|điểm|ngành|phát triển|văn hóa")),
}  # fmt: skip
WORDS = frozenset(word.lower() for word in _SENSES)
"""The abbreviations with senses, in small letters."""

_STANDING = re.compile(
    r"TTr?\.?(?= (?:Đảng ủy|Tỉnh ủy|Thành ủy|Huyện ủy|HĐND|BCH|Ban Chấp hành|UB ?MTTQ|MTTQ|TU|ĐU)(?!\w))"
)
_FORMULA = re.compile(
    r"(?:CO2?|SO2|NO[23x]|N2O|CH4|NH[34]|H2S|O3|PO4|SO4|PM10|HCl|NaCl|CaCO3|H2O2?|KNO3|P2O5|K2O|CaO|NaOH)(?!\w)"
)
_MEASURED = re.compile(
    r"(?:BOD5?|COD|TSS|TDS|TOC|MLSS|AQI|WQI|PCR|DNA|RNA|LDL|HDL|(?:DO|SS|EC)(?=[,;.)]|$| ?[0-9<>≤≥]))(?!\w)"
)
_SCIENCE_NEAR = re.compile(
    any_of(
        "nước, chỉ tiêu, chỉ số, mẫu, nồng độ, hàm lượng, xét nghiệm, quan trắc, môi trường, bụi, thông số, bod5?, cod,"
        "tss, ph, gen, đường huyết"
    )
    + r"\b"
)
_SIGN = re.compile(r"[A-Za-z]+|[0-9]+")


def sense(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `5 DN`, `CA xã`, `GĐ 2021-2025` where the words beside leave one meaning."""
    match = _SIGN_OR_LETTERS.match(page.text, start)
    meanings = _SENSES.get(match.group()) if match else None
    if not match or not meanings:
        return ()
    before, after = page.before(start), page.after(match.end())
    shown = [each.spoken for each in meanings if each.before.search(before) or each.after.match(after)]
    return one(start, match.end(), shown[0], "sense") if len(set(shown)) == 1 else ()


_SIGN_OR_LETTERS = re.compile(r"[^\W\d_]+(?!\w|[&/-][^\W\d_])")


def standing_body(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `TTr. Đảng ủy` and `TT. HĐND` as the standing body."""
    match = _STANDING.match(page.text, start)
    return one(start, match.end(), "thường trực", "sense") if match else ()


def acidity(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `pH`."""
    return one(start, start + 2, spell("ph"), "science") if re.match(r"pH(?!\w)", page.text[start : start + 3]) else ()


def science(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CO2`, and `BOD5` or `COD` where a sample or an index is spoken of, letter by letter."""
    match = _FORMULA.match(page.text, start)
    if not match or match.group() == "CO":
        match = _MEASURED.match(page.text, start) or match
        if not match or not _SCIENCE_NEAR.search(page.before(start)):
            return ()
    signs = (spell(sign) or page.say.cardinal(sign) for sign in _SIGN.findall(match.group()))
    return one(start, match.end(), " ".join(signs), "science")
