"""The city's plan of 2023 for making administrative reform known, as a campaign; facts only, in our own order."""

from datetime import date

from domain.areas import Organisation
from domain.campaign import Campaign, Channel, PolicyDocument, Task, Topic

CAMPAIGN_ID = "cchc-2023"

_CITY = "UBND thành phố Lai Châu"
_OFFICE = "Văn phòng HĐND-UBND thành phố"
_INTERIOR = "Phòng Nội vụ"
_CENTRE = "Trung tâm Văn hóa, Thể thao và Truyền thông"
_WARDS = "UBND các xã, phường"
_OTHERS = "Các cơ quan liên quan"
_ALWAYS = None

ORGANISATIONS = tuple(
    Organisation(f"to-chuc-{number}", name, short)
    for number, (name, short) in enumerate(
        (
            (_CITY, "UBND TP"),
            (_OFFICE, "VP HĐND-UBND"),
            (_INTERIOR, "Nội vụ"),
            ("Phòng Văn hóa và Thông tin", "VHTT"),
            (_CENTRE, "Trung tâm"),
            ("Ban Tuyên giáo Thành ủy", "Tuyên giáo"),
            ("Mặt trận Tổ quốc thành phố", "MTTQ"),
            ("Bưu điện thành phố", "Bưu điện"),
            (_WARDS, "Xã, phường"),
        ),
        start=1,
    )
)

_BASIS = (
    PolicyDocument(
        "69/KH-UBND",
        date(2023, 1, 9),
        "UBND tỉnh Lai Châu",
        "Kế hoạch tuyên truyền cải cách hành chính nhà nước tỉnh Lai Châu năm 2023",
    ),
    PolicyDocument(
        "07-CTr/ThU",
        date(2021, 6, 24),
        "Thành ủy Lai Châu",
        "Chương trình hành động thực hiện Nghị quyết số 08-NQ/TU",
        ("08-NQ/TU",),
    ),
    PolicyDocument(
        "08-NQ/TU",
        date(2021, 5, 20),
        "Ban Chấp hành Đảng bộ tỉnh",
        "Nghị quyết về đẩy mạnh cải cách hành chính, cải thiện môi trường đầu tư kinh doanh, nâng cao năng lực "
        "cạnh tranh cấp tỉnh giai đoạn 2021-2025, định hướng đến năm 2030",
    ),
    PolicyDocument(
        "2312/KH-UBND",
        date(2021, 7, 21),
        _CITY,
        "Kế hoạch triển khai thực hiện Kế hoạch số 3647/KH-UBND",
        ("3647/KH-UBND",),
    ),
    PolicyDocument(
        "3647/KH-UBND",
        date(2021, 11, 8),
        _CITY,
        "Kế hoạch cải cách hành chính thành phố Lai Châu giai đoạn 2021-2030",
    ),
    PolicyDocument(
        "3246/KH-UBND",
        date(2022, 12, 9),
        _CITY,
        "Kế hoạch cải cách hành chính thành phố Lai Châu năm 2023",
    ),
)

_TOPIC_NAMES = (
    ("the-che", "Cải cách thể chế"),
    ("thu-tuc", "Cải cách thủ tục hành chính"),
    ("bo-may", "Cải cách tổ chức bộ máy hành chính nhà nước"),
    ("cong-vu", "Cải cách chế độ công vụ"),
    ("tai-chinh", "Cải cách tài chính công"),
    ("so", "Chính quyền điện tử, chính quyền số"),
    ("chi-dao", "Chỉ đạo, điều hành cải cách hành chính"),
    ("chu-truong", "Chủ trương của Đảng, chính sách, pháp luật của Nhà nước"),
    ("nguoi-dung-dau", "Vai trò, trách nhiệm của người đứng đầu"),
    ("hai-long", "Kết quả thực hiện và sự hài lòng của người dân, tổ chức"),
    ("quyen", "Quyền, nghĩa vụ của công dân; tham gia và giám sát"),
    ("mot-cua", "Cơ chế một cửa, một cửa liên thông"),
    ("dvctt", "Dịch vụ công và thanh toán trực tuyến"),
    ("duong-day-nong", "Đường dây nóng, tiếp nhận phản ánh, kiến nghị"),
    ("sang-kien", "Sáng kiến, mô hình, điển hình tiên tiến"),
    ("chuyen-doi-so", "Chuyển đổi số, dịch vụ bưu chính công ích"),
)

_TASKS = (
    Task(
        1,
        "Tuyên truyền kết quả Chỉ số CCHC, Chỉ số hài lòng về sự phục vụ hành chính hằng năm trên trang thông tin "
        "điện tử",
        (_OFFICE, _INTERIOR, _CENTRE),
        (_OTHERS, _WARDS),
        _ALWAYS,
    ),
    Task(
        2,
        "Cập nhật tin, bài về tình hình thực hiện công tác CCHC của các cấp",
        (_OFFICE, _OTHERS, _WARDS),
        (_INTERIOR,),
        _ALWAYS,
    ),
    Task(
        3,
        "Tuyên truyền tình hình giải quyết thủ tục hành chính tại bộ phận tiếp nhận và trả kết quả các cấp",
        (_CENTRE, _INTERIOR),
        (_OFFICE, _OTHERS),
        _ALWAYS,
    ),
    Task(
        4,
        "Tổ chức các lớp bồi dưỡng nghiệp vụ CCHC, đạo đức công vụ cho cán bộ, công chức, viên chức",
        (_INTERIOR,),
        (_OTHERS,),
        _ALWAYS,
    ),
    Task(5, "Xây dựng chuyên trang, chuyên mục về cải cách hành chính", (_CENTRE,), (_OTHERS,), _ALWAYS),
    Task(
        6,
        "Tham gia cuộc thi tìm hiểu CCHC trên địa bàn tỉnh Lai Châu",
        (_INTERIOR,),
        (_OTHERS,),
        "Tháng 12/2023",
    ),
)

CAMPAIGN = Campaign(
    id=CAMPAIGN_ID,
    name="Tuyên truyền cải cách hành chính thành phố Lai Châu năm 2023",
    document_number="",
    owner=_CITY,
    year=2023,
    basis=_BASIS,
    topics=tuple(Topic(f"{CAMPAIGN_ID}-{code}", code, name) for code, name in _TOPIC_NAMES),
    tasks=_TASKS,
    channels=tuple(Channel),
)
