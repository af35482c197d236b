"""The reader reads official Vietnamese as the house style says."""

import importlib.util
import unicodedata
from pathlib import Path

import pytest

from domain.ports import Reader
from domain.reading import FlagKind, LexiconEntry, Token
from tts.lexicon import LexiconReader, reviewed_entries
from tts.reading import Style

_spec = importlib.util.spec_from_file_location("reading_cases", Path(__file__).with_name("reading_cases.py"))
assert _spec is not None
assert _spec.loader is not None
_cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cases)
CASES: tuple[tuple[str, str, str], ...] = _cases.CASES

READER = LexiconReader()


def said(script: str, *readings: LexiconEntry) -> str:
    return " ".join(READER.read(script, readings).spoken.split())


def flags_of(script: str) -> list[tuple[str, FlagKind]]:
    return [(token.source, flag.kind) for token in READER.read(script).flagged for flag in token.flags]


def token_of(script: str, source: str) -> Token:
    return next(token for token in READER.read(script).tokens if token.source == source)


@pytest.mark.parametrize(("category", "written", "expected"), CASES, ids=[f"{c}: {w[:40]}" for c, w, _ in CASES])
def test_is_read_as_an_announcer_says_it(category: str, written: str, expected: str) -> None:
    assert said(written) == expected


@pytest.mark.parametrize("written", [w for c, w, _ in CASES if c not in {"dates", "abbreviations", "identifiers"}])
def test_what_the_house_style_settles_is_not_doubted(written: str) -> None:
    assert flags_of(written) == []


@pytest.mark.parametrize("written", ["HN", "SN", "TV", "PV", "XL", "KL", "KP", "ĐD", "CV", "TLCP", "KV"])
def test_an_abbreviation_of_many_meanings_is_doubted_where_no_word_beside_it_tells_which(written: str) -> None:
    assert [source for source, _ in flags_of(f"Bà con lưu ý {written} ấy nhé.")] == [written]


@pytest.mark.parametrize(
    ("written", "doubted"),
    [
        ("Bà con xem CT05 nhé.", "CT05"),
        ("Tờ khai nộp khi xe qua CT01.", "CT01"),
        ("Học tập và làm theo CT05.", "CT05"),
        ("Đơn vị thi công bàn giao CT02.", "CT02"),
        ("Gửi TT123 cho bà con.", "TT123"),
        ("Trẻ dưới 5T đi tiêm.", "5T"),
        ("Khám 6T một lần.", "6T"),
        ("Hỗ trợ 6T lương cơ sở.", "6T"),
        ("Dài 12 dn.", "dn"),
        ("Mỗi KTS phụ trách một bản.", "KTS"),
        ("Bà con xem QH tại trụ sở.", "QH"),
        ("Theo DS. Nguyễn Văn Hùng, thuốc này uống đủ.", "DS."),
        ("Thôn hỏi DS. Quân đến lúc sáu giờ.", "DS."),
    ],
)
def test_letters_that_could_be_two_things_are_doubted_where_no_word_beside_settles_them(
    written: str, doubted: str
) -> None:
    assert [source for source, _ in flags_of(written)] == [doubted]


def test_there_are_enough_cases_and_entries() -> None:
    assert len(CASES) >= 300
    assert len({entry.written for entry in reviewed_entries()}) >= 500


def test_the_lexicon_speaks_in_words_and_pauses_only() -> None:
    for entry in reviewed_entries():
        assert all(char.isalpha() or char in " ," for char in entry.spoken), entry
        assert said(entry.spoken) == entry.spoken, entry


def test_the_lexicon_gives_one_reading_to_one_written_form() -> None:
    spoken: dict[str, str] = {}
    for entry in reviewed_entries():
        assert spoken.setdefault(entry.written, entry.spoken) == entry.spoken, entry


def test_it_is_the_reader_of_the_domain() -> None:
    assert isinstance(READER, Reader)


@pytest.mark.parametrize(
    ("script", "source", "kind"),
    [
        ("Công ty XQZT", "XQZT", FlagKind.UNKNOWN_ABBREVIATION),
        ("Công văn số 12/XQZ-UBND", "XQZ", FlagKind.UNKNOWN_ABBREVIATION),
        ("ngày 31/02/2024", "31/02/2024", FlagKind.SUSPECT_VALUE),
        ("lúc 25h70", "25h70", FlagKind.SUSPECT_VALUE),
        ("kết quả 1/2", "1/2", FlagKind.SUSPECT_VALUE),
        ("Ngày 5-7, xã họp", "5-7", FlagKind.SUSPECT_VALUE),
        ("tối 4-6 bàn đầy khách", "4-6", FlagKind.SUSPECT_VALUE),
        ("thửa 31-8", "31-8", FlagKind.SUSPECT_VALUE),
        ("tờ 31-2017", "31-2017", FlagKind.SUSPECT_VALUE),
        ("còn 10/10.", "10/10", FlagKind.SUSPECT_VALUE),
        ("trong đó 2/9 là nữ", "2/9", FlagKind.SUSPECT_VALUE),
        ("đo HA hằng ngày", "HA", FlagKind.UNKNOWN_ABBREVIATION),
        ("lớp 2/5 nghỉ", "2/5", FlagKind.SUSPECT_VALUE),
        ("vui 😀 quá", "😀", FlagKind.UNREADABLE_SYMBOL),
        ("dãy 98765432109876543210", "98765432109876543210", FlagKind.LEFTOVER_DIGITS),
        ("phòng KT họp", "KT", FlagKind.SUSPECT_VALUE),
        ("chữ 漢字 lạ", "漢字", FlagKind.UNREADABLE_SYMBOL),
        ("đảo \u202echữ", "\u202e", FlagKind.UNREADABLE_SYMBOL),
        ("mã abc12x", "12", FlagKind.LEFTOVER_DIGITS),
        ("Gửi THA xem", "THA", FlagKind.SUSPECT_VALUE),
        ("Anh THA thứ cho", "THA", FlagKind.SUSPECT_VALUE),
        ("Các ông TNXP, LA họp", "LA", FlagKind.UNKNOWN_ABBREVIATION),
        ("Bản có 1,250 hộ", "1,250", FlagKind.SUSPECT_VALUE),
        ("vé 5,000 đồng", "5,000", FlagKind.SUSPECT_VALUE),
        ("khoảng 2,000-3,000 người", "2,000-3,000", FlagKind.SUSPECT_VALUE),
        ("vốn CT 45 của xã", "CT", FlagKind.SUSPECT_VALUE),
        ("hiệp một 3 - 3 rất hay", "3 - 3", FlagKind.SUSPECT_VALUE),
        ("khu nhà T10 bị dột", "T10", FlagKind.SUSPECT_VALUE),
        ("ngày 00/7 phát quà", "00/7", FlagKind.SUSPECT_VALUE),
        ("ngày 15/13 phát quà", "15/13", FlagKind.SUSPECT_VALUE),
        ("tập 2021/22 lưu kho", "2021/22", FlagKind.SUSPECT_VALUE),
    ],
)
def test_a_doubt_is_flagged_with_a_sentence_for_the_operator(script: str, source: str, kind: FlagKind) -> None:
    assert (source, kind) in flags_of(script)
    assert all(flag.sentence.endswith(".") for token in READER.read(script).flagged for flag in token.flags)


@pytest.mark.parametrize(
    ("script", "spoken"),
    [
        ("10^3 đồng", "mười mũ ba đồng"),
        ("mã 5_3", "mã năm gạch dưới ba"),
        ("lấy 5*3", "lấy năm nhân ba"),
        ("còn 1.234.56", "còn một chấm hai ba bốn chấm năm sáu"),
        ("ba mô hình[2] mới", "ba mô hình mới"),
        ("máy 192.168.1.1", "máy một chín hai chấm một sáu tám chấm một chấm một"),
    ],
)
def test_digits_written_as_no_rule_has_them_are_doubted_and_never_run_together(script: str, spoken: str) -> None:
    text = READER.read(script)
    assert text.flagged
    assert text.spoken == spoken


def test_what_nobody_sees_between_two_digits_leaves_two_numbers() -> None:
    assert READER.read("tổ 1\u200b2").spoken == "tổ một hai"


def test_a_flagged_token_proposes_its_reading() -> None:
    assert token_of("Công ty XQZT", "XQZT").spoken == "ích quy dét tê"


def test_an_accepted_reading_wins_and_takes_the_doubt_away() -> None:
    reading = LexiconEntry("XQZT", "ích quy")
    text = READER.read("Công ty XQZT", [reading])
    assert text.spoken == "Công ty ích quy"
    assert text.flagged == ()


def test_an_accepted_reading_wins_over_the_lexicon() -> None:
    assert said("UBND xã", LexiconEntry("UBND", "ủy ban")) == "ủy ban xã"


def test_an_explained_abbreviation_is_read_so_from_there_on_in_its_script_only() -> None:
    text = READER.read("GRTQ đến. Người gác rừng tự quản (GRTQ) đến.")
    assert [token.source for token in text.flagged] == ["GRTQ"]
    assert text.flagged[0].start == 0
    assert READER.read("GRTQ đến.").flagged


def test_an_explanation_that_does_not_fit_teaches_nothing() -> None:
    assert [token.source for token in READER.read("Người gác rừng (XGRT) đến, XGRT về.").flagged] == ["XGRT", "XGRT"]


def test_an_accepted_reading_wins_over_an_explanation() -> None:
    assert said("gác rừng (GR)", LexiconEntry("GR", "giê e rờ")) == "gác rừng, giê e rờ"


def test_a_compound_with_an_unknown_part_is_doubted() -> None:
    assert [token.source for token in READER.read("Ban VH-XQZ").flagged] == ["XQZ"]


def test_the_longest_accepted_reading_wins() -> None:
    short, long = LexiconEntry("UBND", "ủy ban"), LexiconEntry("UBND xã", "ủy ban xã nhà")
    assert said("UBND xã Tả Lèng", short, long) == "ủy ban xã nhà Tả Lèng"


def test_an_accepted_reading_matches_whole_tokens_only() -> None:
    assert said("CBA và CBAX", LexiconEntry("CBA", "xê bê a")).startswith("xê bê a và ")
    assert said("5 và 15", LexiconEntry("5", "con số năm")) == "con số năm và mười lăm"


def test_an_accepted_reading_speaks_inside_a_document_code() -> None:
    assert said("số 12/KH-XQZ", LexiconEntry("XQZ", "ban quản lý")) == "số mười hai, kế hoạch, ban quản lý"


def test_an_accepted_reading_of_a_number_does_not_break_a_date() -> None:
    assert said("ngày 5/6", LexiconEntry("5", "số năm")) == "ngày mùng năm tháng sáu"


def test_an_accepted_reading_may_ignore_case() -> None:
    assert said("MyBrand", LexiconEntry("mybrand", "mai bờ ren", match_case=False)) == "mai bờ ren"


def test_a_site_entry_is_used_without_being_passed() -> None:
    reader = LexiconReader([LexiconEntry("XQZT", "ích quy")])
    assert reader.read("XQZT").spoken == "ích quy"


def test_a_reading_of_this_script_wins_over_the_site() -> None:
    reader = LexiconReader([LexiconEntry("XQZT", "ích quy")])
    assert reader.read("XQZT", [LexiconEntry("XQZT", "khác")]).spoken == "khác"


def test_tokens_remember_the_script_as_given() -> None:
    script = "  UB\u200bND\u00a0xa\u0303\n\nhọp  ngày 5/6"
    tokens = READER.read(script).tokens
    assert [token.source for token in tokens] == ["UB\u200bND", "xa\u0303", "họp", "ngày", "5/6"]
    assert tokens[1].spoken == unicodedata.normalize("NFC", "xa\u0303")


def test_every_token_names_its_rule() -> None:
    text = READER.read("UBND xã họp ngày 5/6 theo Kế hoạch 12/KH-UBND.")
    rules = {token.source: token.rule for token in text.tokens}
    assert rules["xã"] == "word"
    assert rules["UBND"] == "document_part"
    assert rules["5/6"] == "date"
    assert rules["12"] == "document_number"


def test_sentences_end_at_full_stops_and_at_lines() -> None:
    text = READER.read("Mục đích\nBà con chú ý. Họp lúc 7h! Có ai không?")
    assert [sentence.spoken for sentence in text.sentences] == [
        "Mục đích",
        "Bà con chú ý.",
        "Họp lúc bảy giờ!",
        "Có ai không?",
    ]
    assert all(sentence.pause_ms > 0 for sentence in text.sentences)


def test_a_wrapped_line_does_not_end_a_sentence() -> None:
    text = READER.read("Thực hiện Kế hoạch số \n\n12/KH-UBND của Uỷ \n\nban nhân dân tỉnh năm \n\n2023.")
    assert len(text.sentences) == 1


@pytest.mark.parametrize(
    ("style", "script", "expected"),
    [
        (Style(linh="lẻ"), "105", "một trăm lẻ năm"),
        (Style(thousand="ngàn"), "1.500", "một ngàn năm trăm"),
        (Style(first_days="mồng"), "ngày 5/6", "ngày mồng năm tháng sáu"),
        (Style(first_days=""), "ngày 5/6", "ngày năm tháng sáu"),
    ],
)
def test_a_station_chooses_its_style(style: Style, script: str, expected: str) -> None:
    assert LexiconReader(style=style).read(script).spoken == expected


@pytest.mark.parametrize(
    "script",
    [
        "a" * 10_000,
        "7" * 20_000,
        "😀" * 20_000,
        "\u202eab\u202c" * 4_000,
        "\x00\x01" * 10_000,
        "1/" * 10_000,
    ],
    ids=["one word", "only digits", "emoji", "bidi", "control characters", "slashes"],
)
def test_a_hostile_script_is_flagged_and_not_refused(script: str) -> None:
    assert READER.read(script).flagged


@pytest.mark.parametrize("script", ["a (A" * 5_000, "A (a b " * 3_000, "AB (a b) " * 2_000, "19-3 đến " * 2_000])
def test_a_script_of_many_openings_is_read_to_its_end(script: str) -> None:
    assert READER.read(script).tokens[-1].end == len(script.rstrip())


def test_an_empty_script_is_an_empty_text() -> None:
    assert READER.read(" \n ").sentences == ()
