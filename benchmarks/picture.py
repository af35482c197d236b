"""Make the picture of the README from the running product: `python -m benchmarks.picture` (needs Chromium)."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from town import Town, soon, town, wait_for

from domain.bulletins import Genre
from store import bulletins, timetable
from store.bulletins import Draft
from tiengloa.example import load as example
from tiengloa.people import sign_in_line

_TARGET = Path(__file__).parent.parent / "docs" / "hom-nay.png"


def main() -> None:
    """Start a station, wait until a bulletin is on the air, and take the picture of the first page."""
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as place:
        place.start_all("Bản San Thàng")
        _put_on_air(place)
        _take(place, _TARGET)


def _put_on_air(place: Town) -> None:
    with place.centre.database.read() as connection:
        ids = [one.id for one in bulletins.newest(connection)]
    for bulletin_id in ids:
        place.await_clip(bulletin_id)
    with place.centre.database.write() as connection:
        for rule_id in timetable.rules(connection):
            timetable.set_enabled(connection, rule_id, True)
    place.schedule("Buổi tối", (ids[1],), soon(2 * 3600))
    editor = place.person(example.EDITOR_LOGIN)
    draft = Draft("Lịch tiêm chủng mở rộng tháng 12", "Trạm y tế phường tiêm chủng từ 7h30 ngày 05/12.", Genre.NOTICE)
    place.centre.desk.submit(editor, place.centre.desk.write(editor, draft))
    starts_at = soon(14)
    place.schedule("Buổi chiều", (ids[0],), starts_at)
    wait_for(lambda: soon(-12) > starts_at or None, 60, "the session")


def _take(place: Town, target: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        page.goto(sign_in_line(place.centre, example.APPROVER_LOGIN))
        page.get_by_role("button").first.click()
        page.goto(f"{place.address}/")
        page.wait_for_timeout(1500)
        page.screenshot(path=str(target))
        browser.close()
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
