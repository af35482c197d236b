"""Cutting sentences for an online voice."""

from hypothesis import given
from hypothesis import strategies as st

from tts.engines.packing import packed


def test_a_short_sentence_goes_whole() -> None:
    assert packed("Xin chào bà con.") == ("Xin chào bà con.",)
    assert packed("") == ()


def test_cuts_fall_at_clause_ends_when_there_are_any() -> None:
    sentence = (
        "Thực hiện Kế hoạch số sáu mươi chín của Ủy ban nhân dân thành phố, Ủy ban nhân dân phường Đoàn Kết "
        "thông báo lịch tiếp công dân: sáng thứ hai; đề nghị bà con chú ý theo dõi."
    )
    assert all(piece[-1] in ",:;." for piece in packed(sentence))


def test_a_name_and_a_number_stay_whole_when_there_is_another_place() -> None:
    name = (
        "Ban chỉ đạo cải cách hành chính thành phố đề nghị toàn thể cán bộ công chức đang công tác ở thành phố Lai Châu"
    )
    assert not any(piece.endswith("Lai") for piece in packed(name))
    number = (
        "Tổng số tiền mà nhân dân đóng góp cho quỹ khuyến học phường ta năm nay là một trăm hai mươi lăm triệu "
        "bốn trăm nghìn đồng"
    )
    assert any("một trăm hai mươi lăm triệu bốn trăm nghìn" in piece for piece in packed(number))


@given(st.text(max_size=600), st.integers(10, 100))
def test_pieces_hold_every_word_in_order_within_the_limit(text: str, limit: int) -> None:
    pieces = packed(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
