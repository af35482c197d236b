"""Setting up a real station and letting people in: no default account or password exists."""

import argparse
import secrets
from datetime import timedelta

from sqlalchemy import Connection

from domain.airtime import AirtimePolicy
from domain.errors import BadInputError, NotFoundError
from domain.people import ROLE_LABELS, Role, User
from scheduler.planning import local_date
from scheduler.seeding import seed_dayparts, seed_holidays
from store import people, places, station
from store.engine import new_id
from store.station import Station
from tiengloa import exits
from tiengloa.centre import opened
from tiengloa.places import LEVELS
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import Centre

SIGN_IN_LIFE = timedelta(hours=12)


def setup(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Set up a real station, empty, with the usual quiet hours."""
    name = " ".join(options.name.split())
    if not 3 <= len(name) <= 120:
        raise BadInputError("Tên đài dài từ 3 đến 120 ký tự, ví dụ «Đài truyền thanh phường Tân Phong».")
    with opened(settings, terminal.say) as centre, centre.database.write() as connection:
        if station.exists(connection):
            raise BadInputError("Thư mục dữ liệu này đã có một đài. Chưa có gì thay đổi.")
        put_station(connection, name)
        places.add_levels(connection, LEVELS)
        seed_dayparts(connection)
        seed_holidays(connection, local_date(centre.clock.now()))
    terminal.say(f"Đã thiết lập «{name}». Việc tiếp theo:")
    terminal.say("  tiengloa area add «TÊN ĐỊA BÀN» --level tinh          (rồi xa-phuong, to-ban, cum-loa, kèm --in)")
    terminal.say("  tiengloa user add TÊN --name «HỌ TÊN» --role editor   (và một người duyệt khác: --role approver)")
    return exits.OK


def put_station(connection: Connection, name: str) -> None:
    """Write a station with the default policy, to be filled by people."""
    station.put(
        connection,
        Station(
            id=new_id(),
            name=name,
            public_key="",
            epoch=1,
            policy=AirtimePolicy(),
            backup_voice_needs_yes=True,
            example=False,
        ),
    )


def add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Add a person and print a one-time sign-in line."""
    roles = frozenset(_role(text) for text in options.role)
    login, name = options.login.strip().lower(), " ".join(options.name.split())
    if not login.isascii() or not login.replace(".", "").replace("-", "").isalnum() or len(login) > 40:
        raise BadInputError("Tên đăng nhập chỉ gồm chữ không dấu, số, dấu chấm và gạch nối, tối đa 40 ký tự.")
    if not name or len(name) > 80:
        raise BadInputError("Họ tên không được trống và dài tối đa 80 ký tự.")
    with opened(settings) as centre:
        with centre.database.write() as connection:
            station.get(connection)
            people.add(connection, User(new_id(), login, name, roles))
        terminal.say(f"Đã thêm {name} ({', '.join(ROLE_LABELS[role] for role in sorted(roles))}).")
        terminal.say(f"Đường đăng nhập một lần: {sign_in_line(centre, login)}")
    return exits.OK


def sign_in(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print a new one-time sign-in line; older ones of that person stop working."""
    with opened(settings) as centre:
        terminal.say(sign_in_line(centre, options.login.strip().lower()))
    return exits.OK


def sign_in_line(centre: Centre, login: str) -> str:
    """Return an address that signs `login` in once, within twelve hours. Raises NotFoundError."""
    token = secrets.token_urlsafe(24)
    with centre.database.write() as connection:
        found = people.by_login(connection, login)
        if found is None:
            raise NotFoundError(f"Không có người dùng «{login}».")
        people.drop_sign_in_tokens(connection, found[0].id)
        people.add_sign_in_token(connection, found[0].id, token, centre.clock.now() + SIGN_IN_LIFE)
    return f"{centre.settings.public_address}/vao/{token}"


def _role(text: str) -> Role:
    try:
        return Role(text.strip().lower())
    except ValueError as error:
        raise BadInputError(f"Không có vai trò «{text}». Các vai trò: {', '.join(Role)}.") from error
