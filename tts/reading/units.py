"""Units of measure and money: their names and how a "per" is said."""

import re
from collections.abc import Callable

from tts.reading.syllables import is_syllable
from tts.reading.wordsets import any_of, word_set

UNITS = {
    "%": "phần trăm", "‰": "phần nghìn",
    "km": "ki lô mét", "hm": "héc tô mét", "dm": "đề xi mét", "cm": "xen ti mét", "mm": "mi li mét", "m": "mét",
    "km2": "ki lô mét vuông", "km²": "ki lô mét vuông", "m2": "mét vuông", "m²": "mét vuông",
    "cm2": "xen ti mét vuông", "cm²": "xen ti mét vuông", "dm2": "đề xi mét vuông", "dm²": "đề xi mét vuông",
    "mm2": "mi li mét vuông", "mm²": "mi li mét vuông",
    "m3": "mét khối", "m³": "mét khối", "cm3": "xen ti mét khối", "cm³": "xen ti mét khối", "dm3": "đề xi mét khối",
    "dm³": "đề xi mét khối", "Nm3": "mét khối tiêu chuẩn",
    "ha": "héc ta", "Ha": "héc ta", "hecta": "héc ta",
    "kg": "ki lô gam", "Kg": "ki lô gam", "KG": "ki lô gam", "g": "gam", "gr": "gam", "mg": "mi li gam",
    "miligam": "mi li gam", "mililít": "mi li lít", "mililit": "mi li lít", "kilôgam": "ki lô gam",
    "kilômét": "ki lô mét", "mcg": "mi crô gam", "μg": "mi crô gam", "ng": "na nô gam",
    "l": "lít", "L": "lít", "ml": "mi li lít", "mL": "mi li lít", "cc": "xê xê", "lit": "lít",
    "h": "giờ", "kWh": "ki lô oát giờ", "KWh": "ki lô oát giờ", "kwh": "ki lô oát giờ", "MWh": "mê ga oát giờ",
    "kW": "ki lô oát", "KW": "ki lô oát", "kw": "ki lô oát", "MW": "mê ga oát", "kWp": "ki lô oát pích",
    "MWp": "mê ga oát pích", "kVA": "ki lô vôn am pe", "KVA": "ki lô vôn am pe", "MVA": "mê ga vôn am pe",
    "kV": "ki lô vôn", "KV": "ki lô vôn", "kv": "ki lô vôn", "W": "oát", "w": "oát", "V": "vôn", "mA": "mi li am pe",
    "mAh": "mi li am pe giờ", "Hz": "héc", "kHz": "ki lô héc", "MHz": "mê ga héc", "GHz": "gi ga héc",
    "dB": "đề xi ben", "dBA": "đề xi ben", "dB(A)": "đề xi ben", "KB": "ki lô bai", "MB": "mê ga bai",
    "GB": "gi ga bai", "TB": "tê ra bai", "Mbps": "mê ga bít trên giây", "Gbps": "gi ga bít trên giây",
    "mmHg": "mi li mét thủy ngân", "°C": "độ xê", "° C": "độ xê", "oC": "độ xê", "°F": "độ ép", "độ C": "độ xê",
    "°N": "độ vĩ Bắc", "°E": "độ kinh Đông", "°": "độ", "kcal": "ki lô ca lo", "Kcal": "ki lô ca lo", "cal": "ca lo",
    "Mb": "mê ga bít", "Gb": "gi ga bít", "MPN": "em pê en", "CFU": "xê ép u",
    "ppm": "phần triệu", "mmol": "mi li mol",
    "kts": "hải lý trên giờ",
    "hPa": "héc tô pát can", "MPa": "mê ga pát can", "kPa": "ki lô pát can", "UI": "đơn vị quốc tế",
    "IU": "đơn vị quốc tế", "HP": "mã lực", "CV": "mã lực", "inch": "in",
    "T": "tấn", "đ": "đồng", "Đ": "đồng", "₫": "đồng", "VNĐ": "đồng", "VND": "đồng", "vnđ": "đồng", "vnd": "đồng",
    "Vnđ": "đồng", "k": "nghìn", "K": "nghìn", "tr": "triệu", "trđ": "triệu đồng", "tr.đ": "triệu đồng",
    "tr đ": "triệu đồng", "USD": "đô la Mỹ", "US$": "đô la Mỹ", "$": "đô la Mỹ", "EUR": "ơ rô", "€": "ơ rô",
    "NDT": "nhân dân tệ", "CNY": "nhân dân tệ", "JPY": "yên Nhật", "¥": "yên", "LAK": "kíp Lào",
}  # fmt: skip

MONEY = word_set("đ Đ ₫ VNĐ VND vnđ vnd Vnđ k K tr trđ tr.đ USD US$ $ EUR € NDT CNY JPY đồng triệu tỷ tỉ nghìn ngàn")
_ONLY_JOINED = word_set("V W w k K T Đ")
"""Units that a space would turn into something else: a letter, a name."""

_PHYSICAL = word_set(
    "km m cm mm km2 m2 m² m3 m³ kg g mg mcg μg ng tấn tạ tạ. l L lít ml mL kWh kW W ha J cal kcal mmol ppm hPa "
    "mi-li-gam miligam yến gam"
)
_PHYSICAL_PER = word_set("h s l L ml mL dl dL m2 m² m3 m³ ha kg km cm2 cm² giờ giây lít kWh")

_longest_first = sorted(UNITS, key=len, reverse=True)
_ANY = "|".join(re.escape(unit) for unit in _longest_first)
_JOINED_ONLY = "|".join(sorted(_ONLY_JOINED))
UNIT = re.compile(rf"(?! ?[đĐ]/c(?!\w))(?:({_ANY})| (?!(?:{_JOINED_ONLY})(?!\w))({_ANY}))(?![\w²³])")
"""A unit right after a number or one space after it."""

_NOT_PER = any_of(
    "kế hoạch, dự toán, chỉ tiêu, mục tiêu, tổng, nghị quyết, số, và, hoặc, tương đương, đồng, đạt, đã, giao, thực hiện"
)
PER = re.compile(rf" ?/ ?(?!{_NOT_PER}(?!\w))([^\W\d_]+[23²³]?|[^\W\d_]+)(?![\w²³])")
PER_COUNT = re.compile(
    r" ?/ ?([0-9]{1,3}(?:\.[0-9]{3})*|[0-9]{4}) ?"
    r"(mL|ml|mililít|mililit|lít|l|L|dL|dl|kg|g|km|m2|m²|m3|m³|ha)(?![\w²³])"
)
"""What a measure is counted by, with its own number: `50 mg/100 ml`."""

_NOUNS = word_set(
    "người hộ tháng năm ngày lần kg tấn tạ yến giờ ha km m m2 m² m3 m³ l lít bộ hồ suất em học xã con hộp chiếc cái "
    "quả bao kWh kwh KWh khẩu đợt lượt buổi thôn bản tổ cây gốc ca tuần quý phút thùng vụ sào nhân thửa căn nhà mô "
    "tiết hội trường đối vé thẻ liều mũi cuộc công cơ đơn đại sinh lớp nhóm gia doanh phòng trạm chuyến lao cán phường "
    "huyện tỉnh điểm khối tập trang bài tin bữa chai gói viên túi lọ cốc bát kỳ đoàn chi hạng dự lô sản giây h s ml dl "
    "dL mL L g mg cm cm2 cm² bình đầu xe phiếu phần thành bệnh ô phiên km2 km² giường trẻ cháu cặp đôi đêm HS SV HV "
    "đội hố luống ao lồng chuồng ruộng bể bồn cột trụ mảnh vườn đàn tàu thuyền ghe trận vòng hiệp môn mâm sàn tầng dãy "
    "kho cửa khay vỉ cuốn quyển tờ sổ đĩa sợi cuộn tấm thanh viên bậc đoạn tuyến chương câu ấp buôn xóm khu phần "
    "ngđ ngđêm hs sv hv Nm3 Nm³"
)


_SHORT_NOUNS = {
    "h": "giờ", "s": "giây", "dl": "đề xi lít", "dL": "đề xi lít", "HS": "học sinh", "SV": "sinh viên",
    "HV": "học viên", "hs": "học sinh", "sv": "sinh viên", "hv": "học viên",
    "Nm3": "mét khối tiêu chuẩn", "Nm³": "mét khối tiêu chuẩn",
    "ngđ": "ngày đêm", "ng.đ": "ngày đêm", "ngđêm": "ngày đêm",
}  # fmt: skip


_DIMENSIONS = (
    word_set("km hm dm cm mm m"),
    word_set("kg g gr mg mcg tấn tạ yến t"),
    word_set("ha m2 m² km2 km² cm2 cm²"),
    word_set("m3 m³ l lít ml cm3 cm³"),
    word_set("w kw mw kva mva"),
    word_set("v kv"),
    word_set("kwh mwh"),
    word_set("hz khz mhz ghz"),
    word_set("h giờ phút giây ngày tuần tháng năm"),
    word_set("đồng đ vnđ vnd usd"),
    word_set("%"),
    word_set("°c °"),
)


def measures_alike(first: str, second: str) -> bool:
    """Tell whether two units may bound one range; units that are not known here may."""
    one, other = (next((unit for unit in _DIMENSIONS if name.lower() in unit), None) for name in (first, second))
    return one is None or other is None or one is other


_PRICED = word_set("đ ₫ VNĐ VND vnđ vnd Vnđ đồng triệu tỷ tỉ nghìn ngàn trđ")
"""Behind a price whatever small word follows a slash is what is sold for it: `đồng/bó`."""

_PLACES = word_set("xã phường huyện quận tỉnh thôn bản tổ khu ấp buôn xóm làng")


def per_word(unit: str, per: str) -> str:
    """Return the word between a unit and what it is counted by: physics says "trên", trade says "một"."""
    return "trên" if unit in _PHYSICAL and per in _PHYSICAL_PER else "một"


def is_per_noun(word: str, unit: str = "") -> bool:
    """Tell whether `word` can follow a slash behind `unit` that means "for each"; of two kinds of place it cannot."""
    if unit in _PRICED and word.islower() and is_syllable(word):
        return True
    return word in _NOUNS and not (word in _PLACES and unit in _PLACES)


def unit_name(word: str) -> str:
    """Return how a unit or the noun after a slash is said."""
    return _SHORT_NOUNS.get(word) or UNITS.get(word, word)


def per_count(match: re.Match[str], cardinal: Callable[[str], str]) -> str:
    """Return how `/100 ml` is said after a measure."""
    return f"trên {cardinal(match[1].replace('.', ''))} {unit_name(match[2])}"


_GLUED = re.compile(
    r"(?:tạ|tấn|yến|kilôgam|hộ|người|con|xã|phường|thôn|bản|triệu|tỷ|tỉ|nghìn|ngàn|đồng|ngày|tháng|năm|giờ|phút|giây|tuổi|"
    r"lần|trường|em|điểm|mét|lít|bao|cây|nhà|vụ|ca|mẫu|sào|công|độ|khu|tổ|lớp|cháu|đợt|suất|bộ|chiếc|cái|quả)(?![\w²³])"
)


def counts_glued(text: str, at: int) -> bool:
    """Tell whether a word that is counted is written right behind its number, as in `39tạ` and `150hộ`."""
    return _GLUED.match(text, at) is not None
