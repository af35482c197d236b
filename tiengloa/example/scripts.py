"""Three bulletins of the example station, in our own words; the figures in them are examples and say so."""

from dataclasses import dataclass

from domain.bulletins import Genre
from tiengloa.example.plan import CAMPAIGN_ID


@dataclass(frozen=True, slots=True)
class ExampleBulletin:
    """A bulletin as an author would have typed it."""

    id: str
    title: str
    genre: Genre
    topic: str
    script: str

    @property
    def topic_id(self) -> str:
        """The topic of the campaign it is about."""
        return f"{CAMPAIGN_ID}-{self.topic}"


BULLETINS = (
    ExampleBulletin(
        id="mau-ke-hoach",
        title="Bài mẫu về kế hoạch tuyên truyền cải cách hành chính",
        genre=Genre.NEWS,
        topic="chi-dao",
        script="""\
Kính thưa bà con!

Thực hiện Kế hoạch số 69/KH-UBND ngày 09/01/2023 của UBND tỉnh Lai Châu, UBND thành phố đã có kế hoạch tuyên truyền \
công tác CCHC năm 2023. Kế hoạch này nối tiếp Chương trình hành động số 07-CTr/ThU \
ngày 24/6/2021 của Thành ủy và Nghị quyết số 08-NQ/TU ngày 20/5/2021 của Ban Chấp hành Đảng bộ tỉnh, cho giai đoạn \
2021-2025, định hướng đến năm 2030.

Có 7 nội dung chính: cải cách thể chế; thủ tục hành chính; tổ chức bộ máy; chế độ công vụ; tài chính công; chính \
quyền điện tử, chính quyền số; và công tác chỉ đạo, điều hành.

Bà con có thể nghe tin trên loa truyền thanh không dây lúc 5h30 và 17h00 hằng ngày, đọc trên Zalo, Fanpage của UBND \
thành phố, hoặc hỏi trực tiếp tại bộ phận một cửa. Mỗi người dân đều có quyền tham gia, góp ý và giám sát.

Vì một nền hành chính gần dân, sát dân, phục vụ nhân dân, mong bà con cùng hưởng ứng!""",
    ),
    ExampleBulletin(
        id="mau-mot-cua",
        title="Bài mẫu về giờ làm việc của bộ phận một cửa",
        genre=Genre.NOTICE,
        topic="mot-cua",
        script="""\
THÔNG BÁO

Bộ phận tiếp nhận và trả kết quả của UBND phường làm việc từ thứ 2 đến thứ 6; buổi sáng 7h30-11h30, buổi chiều \
13h30-17h00. Riêng sáng T7 chỉ tiếp nhận hồ sơ khai sinh, khai tử và chứng thực.

Khi đến làm TTHC, bà con nhớ mang theo:
- CCCD hoặc thẻ căn cước còn hạn;
- Thẻ BHYT, nếu làm thủ tục về bảo hiểm;
- Bản chính giấy tờ để đối chiếu, không cần bản sao công chứng.

Hồ sơ chứng thực được trả ngay trong ngày. Hồ sơ đất đai nộp trước 15h00 thì có giấy hẹn trong vòng 30 phút. Mức phí \
chứng thực bản sao từ bản chính trong bài mẫu này là 2.000 đồng/trang, từ trang thứ 3 trở đi là 1.000 đồng/trang.

Tại quầy có bảng chấm điểm. Trong ví dụ của bài mẫu, tháng 10/2026 có 1.245 hồ sơ, trả đúng hạn 98,7%, trả sớm hạn \
35%. Bà con chưa hài lòng điều gì, xin góp ý để cán bộ, công chức phục vụ tốt hơn.""",
    ),
    ExampleBulletin(
        id="mau-dich-vu-cong",
        title="Bài mẫu hướng dẫn nộp hồ sơ trực tuyến",
        genre=Genre.QA,
        topic="dvctt",
        script="""\
Hỏi: Nộp hồ sơ qua mạng thì bắt đầu từ đâu?

Đáp: Bà con dùng điện thoại, vào trang dichvucong.gov.vn, đăng nhập bằng tài khoản VNeID mức độ 2. Sau đó chọn tỉnh \
Lai Châu, chọn thủ tục cần làm, điền tờ khai và chụp ảnh giấy tờ gửi kèm. Lệ phí thanh toán trực tuyến, không cần \
mang tiền mặt.

Hỏi: Làm qua mạng có lợi gì?

Đáp: Hồ sơ nộp được 24/24 giờ, kể cả ngày nghỉ; không phải đi lại nhiều lần; và theo dõi được đến đâu rồi. Trước đây \
gọi là DVCTT mức độ 3, 4; nay gọi là dịch vụ công trực tuyến một phần và toàn trình.

Hỏi: Nhà không có mạng, người già không quen máy thì sao?

Đáp: Bà con cứ đến bộ phận một cửa hoặc nhà văn hóa bản, tổ công nghệ số cộng đồng sẽ giúp từng bước. Cũng có thể nhờ \
Bưu điện nhận và trả kết quả tận nhà bằng dịch vụ bưu chính công ích.

Hỏi: Có vướng mắc thì gọi ai?

Đáp: Bà con gọi tổng đài của Cổng Dịch vụ công quốc gia, số 1800 1096, không mất tiền cước. Phản ánh về thái độ phục \
vụ của cán bộ, xin gửi vào hòm thư góp ý hoặc nói trực tiếp với lãnh đạo UBND phường vào sáng thứ 4 hằng tuần.""",
    ),
)
