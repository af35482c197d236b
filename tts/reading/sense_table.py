"""The meanings of abbreviations that have more than one, and the words right beside that show each."""

import re
from dataclasses import dataclass

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
SENSES: dict[str, tuple[_Sense, ...]] = {
    "TMĐT": (
        _sense("thương mại điện tử", "sàn|qua|phát triển|kinh doanh|hoạt động|giao dịch|nền tảng|website"),
        _sense("tổng mức đầu tư", "dự án có|công trình có|có|với|điều chỉnh|phê duyệt", _MONEY),
    ),
    "HS": (
        _sense("hồ sơ", "nộp|tiếp nhận|hoàn thiện|giải quyết|thành phần|thẩm định|trả",
               "đất đai|tthc|trực tuyến|bệnh án|trễ hạn|đúng hạn|quá hạn|trước hạn|của|qua"),
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
    "TK": (
        _sense("tài khoản", "vào|qua|số", "(?:số )?[0-9]{4,}[0-9.]*|ngân hàng|kho bạc|kbnn|định danh"),
        _sense("thế kỷ", after="[ivxl]+"),
    ),
    "BĐ": (_sense("bản đồ", "tờ|số tờ|mảnh", "địa chính|quy hoạch|hiện trạng|1[/:][0-9.]+"),),
    "TL": (_sense("tỷ lệ", after="1[/:][0-9.]+"),),
    "QH": (
        _sense("quy hoạch", "đồ án|điều chỉnh|đất|bản đồ|công bố|vùng|lộ giới|sai|trái|rà soát|lập|theo|sở|vướng|dính",
               "1/[0-9.]+|(?:19|20)[0-9]{2}-.*|chi tiết|phân khu|chung|sử dụng đất|sdđ|tỉnh|xã|huyện|vùng|đô thị|"
               "nông thôn|xây dựng|giao thông|khu|treo|tổng thể|đất|ngành|điện|thủy lợi|điểm dân cư|chợ|nghĩa trang"),
        _sense("quốc hội", "bầu cử|chủ tịch|phó chủ tịch|kỳ họp thứ [0-9]+,?|kỳ họp|nghị quyết của|luật của|cử tri với|"
               "văn phòng|vp|tổng thư ký|nq của|trụ sở",
               "khóa|khoá|họp|thông qua|ban hành|nước|và hđnd|và chính phủ|quyết định|bầu|chất vấn|biểu quyết"),
    ),
    "KTS": (
        _sense("kiến trúc sư", "[0-9]|các|đội ngũ|hội|nhóm|hành nghề|do", "trưởng|quy hoạch|thiết kế|chủ trì"),
        _sense("kinh tế số", "phát triển|thúc đẩy|tỷ trọng|tỉ trọng|hạ tầng|về|chính quyền số,|cqs,",
               "và xã hội số|và xhs|, xã hội số|, xhs|chiếm|đóng góp|đạt|trong grdp"),
    ),
    "KQ": (
        _sense("kết quả", "báo cáo|thông báo|trả|đánh giá|công bố|theo|tiếp nhận và trả",
               "[0-9]{1,2} ?t|[0-9]{1,2} tháng|xét nghiệm|xn|thực hiện|học tập|bầu cử|giải quyết|thi|rà soát|điều tra|"
               "kiểm tra|đạt|công tác|sản xuất"),
    ),
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
    "ND": (_sense("nông dân", "hội"), _sense("nội dung", "các|[0-9]", "trọng tâm|chính|sau|chủ yếu|cụ thể")),
    "TH": (_sense("tiểu học", "trường|các trường|cấp"),),
    "CN": (_sense("công nghiệp", "ngành|các ngành|khu|cụm|giá trị sản xuất|sản xuất"),),
    "TC": (_sense("tiêu chí", "[0-9]{1,2}/[0-9]{1,2}|các|số"),),
    "ÂL": (_Sense("âm lịch", re.compile("")),),
    "DL": (_sense("dương lịch", r"[0-9]"), _sense("du lịch", "khu|điểm|ngành|phát triển|văn hóa")),
    "BV": (
        _sense("bảo vệ", "luật|công tác|để|tổ|trách nhiệm|kế hoạch",
               "rừng|môi trường|trẻ em|quyền|tổ quốc|an ninh|thực vật|nền tảng|sức khỏe|người tiêu dùng|di tích"),
        _sense("bệnh viện", after="đa khoa|đk|tỉnh|huyện|khu vực|tw|trung ương|phổi|y học|sản|nhi|mắt|bạch mai"),
    ),
    "SN": (
        _Sense("sinh năm", after=re.compile(r"[:.]? ?(?:18|19|20)[0-9]{2}(?!\w)")),
        _Sense("số nhà", after=re.compile(r"[:.]? ?[0-9]{1,3}[a-z]?(?:/[0-9]+)*(?![\w/)])")),
        _sense("sự nghiệp", "đơn vị|kinh phí|vốn|chi|nguồn|ngân sách",
               "công|công lập|giáo dục|kinh tế|y tế|nông nghiệp|môi trường|có thu"),
    ),
    "HN": (
        _sense("Hà Nội", "về|ra|đi|ở|tp|thành phố|từ|thủ đô"),
        _sense("hội nghị", "dự|chủ trì|tổ chức|giấy mời",
               "tổng kết|sơ kết|trực tuyến|giao ban|quán triệt|tập huấn|triển khai|bch|ban chấp hành|txct|tiếp xúc|"
               "cbcc|toàn quốc|lần thứ"),
        _sense("hộ nghèo", "[0-9]|tỷ lệ|tỉ lệ|thoát|chuẩn|rà soát|danh sách", "và hộ|và hcn|đa chiều|thoát nghèo"),
    ),
    "TV": (
        _sense("ti vi", "xem|qua|trên|bật|mua|chiếc|cái|màn hình|bộ"),
        _sense("thành viên", after="ubnd|htx|hợp tác xã|hđqt|tổ|ban|đoàn|hộ|gia đình|bch|bcđ|hội đồng"),
    ),
    "VP": (
        _sense("vi phạm", "vụ|hành vi|lỗi|xử lý|trường hợp|biên bản",
               "pháp luật|giao thông|quy định|nồng độ|trật tự|đất đai|hành chính về|về"),
    ),
    "PV": (
        _sense("phóng viên", "nhóm|các|[0-9]|nữ|nam", "báo|đài|vov|vtv|ttxvn|tạp chí|thời sự|thường trú"),
        _sense("phục vụ", "công tác|nhằm|để|kịp thời|đảm bảo|bảo đảm",
               "nhân dân|người dân|bầu cử|sản xuất|đại hội|công tác|hội nghị|nhu cầu|phát triển|doanh nghiệp|tốt"),
    ),
    "GD": (_sense("giao dịch", "điểm|phiên|lịch|ngày", "điện tử|lưu động|xã|nhcsxh|bất động sản|dân sự"),),
    "TP": (_sense("thực phẩm", "an toàn|ngộ độc|vệ sinh|an toàn vệ sinh|chế biến|kinh doanh"),),
    "TX": (_sense("thường xuyên", "chi|nhiệm vụ|kiểm tra|chi phí|công tác|duy tu"),),
    "XL": (
        _sense("xây lắp", "gói thầu|chi phí|giá trị|vốn|nhà thầu|khối lượng"),
        _sense("xếp loại", "đánh giá,?|kết quả", "tốt|khá|xuất sắc|trung bình|giỏi|hoàn thành|[abc]"),
        _sense("xử lý", "phải|bị|đã|để", "vi phạm|rác|nước|nghiêm|kỷ luật|chất thải|môi trường|vphc"),
    ),
    "KL": (
        _sense("kiểm lâm", "hạt|chi cục|trạm|lực lượng|cán bộ"),
        _sense("khối lượng", "tổng|giá trị", "hoàn thành|thi công|thực hiện|rác|công việc|chất thải|đào|bê tông|lớn"),
        _sense("kết luận", "thông báo|tb|theo", "số|[0-9]+|thanh tra|của|cuộc họp|hội nghị"),
    ),
    "KP": (
        _sense("kinh phí", "nguồn|tổng|dự toán|hỗ trợ|quyết toán|cấp|đảm bảo|bảo đảm|phân bổ",
               "hoạt động|hỗ trợ|thực hiện|từ|là|cho|công đoàn|tổ chức"),
        _sense("khu phố", "các|trưởng|chi bộ|nhân dân", "[0-9]+|số"),
    ),
    "ĐD": (
        _sense("đại diện", "người|ban|cử|có|của", "hộ|gia đình|lãnh đạo|cmhs|cha mẹ|các|nhân dân"),
        _sense("đường dây", "sự cố|hành lang|cắt", "[0-9]+ ?kv|trung|hạ|cao|nóng|tải"),
        _sense("điều dưỡng", "bs,|bác sĩ,", "viên|trưởng"),
    ),
    "BS": (
        _sense("bổ sung", "sửa đổi,|điều chỉnh,|sđ,|điều chỉnh|sửa đổi và",
               "chỉ tiêu|kinh phí|kế hoạch|hồ sơ|nhân lực|vốn|quy định"),
        _sense("bác sĩ", "[0-9]|các|đội ngũ", "chuyên|ck|cki|đa khoa|trực|tuyến"),
    ),
    "CV": (
        _sense("công văn", "theo|tại|thực hiện|căn cứ|có", "số|của|chỉ đạo|gửi|ngày|[0-9]+"),
        _sense("chuyên viên", "ngạch|là|đ/c", "chính|cao cấp|phòng|sở|văn phòng"),
    ),
    "ĐT": (
        _sense("đào tạo", "lao động qua|cơ sở|giáo dục và|gd và", "nghề|lại|bồi dưỡng|nguồn nhân lực"),
        _sense("đầu tư", "mời gọi|kêu gọi|xúc tiến"),
        _sense("điều tra", after="viên|hình sự"),
    ),
    "BKS": (_sense("ban kiểm soát", "trưởng|thành viên|hđqt,|hđqt và", "htx|hợp tác xã|quỹ|công ty|qtdnd"),),
    "BTV": (_sense("biên tập viên", "phóng viên,|pv,|phóng viên và", "đài|truyền thanh|phát thanh|báo"),),
    "BTC": (_sense("bộ tài chính", "bộ trưởng|thứ trưởng"),),
    "DS": (
        _sense("dân số", "công tác|chính sách|quy mô|tổng|ngành", "[0-9.]+ (?:người|khẩu)|toàn xã|trung bình"),
        _sense("danh sách", "lập|niêm yết|phê duyệt|theo|có|rà soát|gửi|nộp|chốt|trong",
               "cử tri|hộ|kèm|trích ngang|học sinh|đề nghị"),
    ),
    "SP": (_sense("sản phẩm", "[0-9]|các|mỗi xã một|chất lượng", "nông nghiệp|ocop|chủ lực|nông sản|du lịch"),),
    "ĐK": (
        _sense("đăng ký", "đã|hồ sơ|chưa|tờ khai",
               "kinh doanh|khai sinh|kết hôn|xe|đất đai|thường trú|tạm trú|biến động|khai tử|tham gia|hộ tịch"),
        _sense("điều kiện", "đủ|có|các|về", "tự nhiên|kinh tế|thuận lợi|thời tiết|khó khăn"),
    ),
    "CB": (_sense("cán bộ", "[0-9]|các|đội ngũ|luân chuyển", "xã|phường|hưu trí|chuyên trách|chiến sĩ|y tế"),),
    "SK": (_sense("sức khỏe", "chăm sóc|khám|bảo vệ", "nhân dân|sinh sản|người|cộng đồng|tâm thần"),),
    "MH": (_sense("mô hình", "[0-9]|các|xây dựng|nhân rộng", "chăn nuôi|trồng|điểm|sản xuất|kinh tế|tự quản"),),
    "QS": (_sense("quân sự", "nghĩa vụ|ban chỉ huy|bch|huấn luyện", "địa phương|quốc phòng"),),
    "ĐV": (
        _sense("đơn vị", "cơ quan,|thủ trưởng", "sự nghiệp|hành chính|bầu cử|tính|liên quan|trực thuộc"),
        _sense("đảng viên", "kết nạp|phát triển|chi bộ có", "mới|dự bị|cao tuổi|đi làm|ưu tú"),
    ),
}  # fmt: skip
