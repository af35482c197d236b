"""The places of the example station: as they are since 1 July 2025, and the units abolished that day.

Resolution 1670/NQ-UBTVQH15 did away with the city of Lai Châu, a district; its five wards and two communes went into
the wards of Tân Phong and Đoàn Kết, together with communes of the districts around, which are left out here.
"""

from datetime import date

from domain.areas import Area, AreaLevel
from tiengloa.places import CLUSTER, COMMUNE, HAMLET, LEVELS, PROVINCE

DISTRICT = "huyen"
_REFORM = date(2025, 7, 1)
_LAST_DAY = date(2025, 6, 30)
_HAMLETS = (
    ("tan-phong", "to-2-tan-phong", "Tổ dân phố số 2"),
    ("tan-phong", "san-thang", "Bản San Thàng"),
    ("doan-ket", "to-7-doan-ket", "Tổ dân phố số 7"),
    ("doan-ket", "sung-phai", "Bản Sùng Phài"),
)

EXAMPLE_CLUSTER = "cum-san-thang"

EXAMPLE_LEVELS = (*LEVELS, AreaLevel(DISTRICT, "Huyện, thành phố (đến 30/6/2025)", 5))

_OLD_UNITS = (
    ("Phường Tân Phong (cũ)", "cu-tan-phong", "tan-phong"),
    ("Phường Đông Phong", "cu-dong-phong", "tan-phong"),
    ("Xã San Thàng", "cu-san-thang", "tan-phong"),
    ("Phường Đoàn Kết (cũ)", "cu-doan-ket", "doan-ket"),
    ("Phường Quyết Tiến", "cu-quyet-tien", "doan-ket"),
    ("Phường Quyết Thắng", "cu-quyet-thang", "doan-ket"),
    ("Xã Sùng Phài", "cu-sung-phai", "doan-ket"),
)

_OLD_CITY = Area(
    "cu-thanh-pho",
    "Thành phố Lai Châu",
    DISTRICT,
    "lai-chau",
    valid_until=_LAST_DAY,
    successor_ids=frozenset({"tan-phong", "doan-ket"}),
)

AREAS = (
    Area("lai-chau", "Tỉnh Lai Châu", PROVINCE, None, "12"),
    Area("tan-phong", "Phường Tân Phong", COMMUNE, "lai-chau", valid_from=_REFORM),
    Area("doan-ket", "Phường Đoàn Kết", COMMUNE, "lai-chau", valid_from=_REFORM),
    *(Area(area_id, name, HAMLET, ward) for ward, area_id, name in _HAMLETS),
    *(Area(f"cum-{area_id}", f"Cụm loa {name}", CLUSTER, area_id) for _, area_id, name in _HAMLETS),
    _OLD_CITY,
    *(
        Area(area_id, name, COMMUNE, _OLD_CITY.id, valid_until=_LAST_DAY, successor_ids=frozenset({heir}))
        for name, area_id, heir in _OLD_UNITS
    ),
)
