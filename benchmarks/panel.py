"""How long each page of the panel takes at a station of 1,000 machines, 100,000 clips and 7 million airings.

`python -m benchmarks.panel`: the application answers in this process, to an administrator who is signed in, page after
page and each many times, from the second time on. The station's file is made once (some minutes, 5 GB in the folder of
temporary files) and used again.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from flask.testing import FlaskClient

from benchmarks import panel_station
from benchmarks.fleet import quantile
from benchmarks.timetable_town import NOW
from store import plans
from tiengloa.settings import Settings
from tiengloa.wiring import Centre
from web.app import create_app
from web.security import SESSION_COOKIE
from web.server import settle

TIMES, GOAL_MS = 20, 150


@dataclass(frozen=True, slots=True)
class StandingClock:
    """A clock that stands at the station's instant: how long a page takes is told by another."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Return the instant of the station."""
        return self.at

    def monotonic(self) -> float:
        """Return real seconds."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a page took: milliseconds of the clock on the wall and of a processor, and the size of its answer."""

    address: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    kilobytes: float


def addresses(centre: Centre) -> Iterator[str]:
    """Yield the address of every page and polled piece of the panel, some of them in several states."""
    with centre.database.read() as connection:
        coming = plans.slots(connection, NOW, NOW + timedelta(hours=12), "m0000")[0].key
        ahead = plans.slots(connection, NOW + timedelta(days=3), NOW + timedelta(days=4), "m0000")[0].key
    yield from _OF_MACHINES
    yield from _OF_TEXTS
    yield from _OF_TIMETABLE
    yield f"/lich/buoi/{quote(coming)}"
    yield f"/lich/buoi/{quote(ahead)}"


_OF_MACHINES = (
    "/",
    "/hom-nay/may-phat",
    "/hom-nay/dang-phat",
    "/hom-nay/viec",
    "/may-phat",
    "/may-phat/bang",
    "/may-phat/bang?t=mat-ket-noi",
    "/may-phat?o=c3&q=7",
    "/may-phat?trang=20",
    "/may-phat/m0500",
    "/may-phat/m0500/tinh-trang",
    "/nghe",
    "/khan-cap",
    "/khan-cap/bang",
    "/khan-cap/thanh",
    "/khan-cap/that",
    "/khan-cap/dien-tap",
    "/khan-cap/lan/dt60",
    "/khan-cap/lan/dt60/bang",
    "/khan-cap/lan/dt59",
    "/khan-cap/mau",
    "/nhat-ky",
    "/nhat-ky?day=2026-11-01",
    "/nhat-ky?day=2026-06-01",
    "/nhat-ky?day=2026-11-01&machine=m0500",
    "/nhat-ky?day=2026-06-01&machine=m0500",
)
_OF_TEXTS = (
    "/ban-tin",
    "/ban-tin?state=approved&page=20",
    "/ban-tin?q=4821",
    "/ban-tin/x49000",
    "/ban-tin/x49000/thu-am",
    "/ban-tin/x49000/am-thanh",
    "/ban-tin/moi",
    "/ke-hoach",
    "/tu-dien",
    "/tu-dien/lich-su",
    "/kho",
    "/tai-khoan",
)
_OF_TIMETABLE = (
    "/lich",
    "/lich?area=tinh",
    "/lich?area=c3",
    "/lich?area=c3&xem=ngay",
    "/lich?area=tinh&xem=ngay",
    "/lich?area=c3-h1-l2&day=2026-10-31",
    "/lich/moi",
    "/lich/moi?bulletin=x49000",
    "/lich/tin-3/sua",
    "/lich/vi-sao?may=m0500",
    "/lich/vi-sao?may=dia-ban:c3",
    "/lich/vi-sao?may=m0500&ngay=01/11/2026&gio=05:46",
    "/lich/nghe-truoc?may=m0500",
    "/lich/nghe-truoc?may=dia-ban:c3",
    "/lich/uu-tien",
    "/lich/nhap",
    "/lich/phat-ngay?bulletin=x49000",
    "/lich/phat-ngay?bulletin=x49000&area=tinh",
    "/chuong-trinh",
    "/chuong-trinh/tin-3",
    "/chuong-trinh/moi",
    "/lich/ngay",
    "/lich/chinh-sach",
    "/dia-ban",
    "/dia-ban/c3",
)


def measure(client: FlaskClient, address: str, times: int) -> Timing:
    """Return how long a page takes from the second request on. Raises RuntimeError when it is not answered well."""
    walls, cpu = [], 0.0
    for number in range(times + 1):
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(address)
        size = len(answer.data)
        if number:
            walls.append((time.perf_counter() - began) * 1000)
            cpu += (time.process_time() - used) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
    return Timing(address, quantile(walls, 0.5), quantile(walls, 0.95), cpu / times, size / 1000)


def print_table(found: Sequence[Timing]) -> None:
    """Print what was found, the slowest first."""
    print("| page | p50, ms | p95, ms | CPU, ms | kB |\n|---|---|---|---|---|")
    for one in sorted(found, key=lambda one: -one.p95_ms):
        print(
            f"| `{one.address}` | {one.p50_ms:.0f} | {one.p95_ms:.0f} | {one.cpu_ms:.0f} | {one.kilobytes:.0f} |",
            flush=True,
        )
    over = sum(one.p95_ms > GOAL_MS for one in found)
    print(f"\n{len(found)} pages, {over} of them over {GOAL_MS} ms.\n")


def main(arguments: Sequence[str] = ()) -> None:
    """Measure; with --json the last line is one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panel")
    parser.add_argument("--json", action="store_true", help="only the line of JSON")
    parser.add_argument("--only", default="", help="measure the pages whose address holds this")
    parser.add_argument("--times", type=int, default=TIMES, help="how often each page is asked for")
    options = parser.parse_args(arguments)
    held = panel_station.found()
    centre = Centre(Settings(held.root, voices=("espeak",)), held)
    centre.clock = StandingClock()  # type: ignore[misc]
    with closing(centre.database):
        client = create_app(centre.services).test_client()
        client.set_cookie(SESSION_COOKIE, panel_station.TOKEN)
        settle()  # as the server does before its first answer
        asked = [one for one in addresses(centre) if options.only in one]
        found = [measure(client, one, options.times) for one in asked]
    if not options.json:
        print_table(found)
    pages = {one.address: [round(one.p50_ms, 1), round(one.p95_ms, 1), round(one.cpu_ms, 1)] for one in found}
    print(json.dumps({"goal_ms": GOAL_MS, "times": options.times, "p50_p95_cpu_ms": pages}))


if __name__ == "__main__":
    main(sys.argv[1:])
