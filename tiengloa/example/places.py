"""The places of the example station, as they are since 1 July 2025: no district level."""

from datetime import date

from domain.areas import Area
from tiengloa.places import CLUSTER, COMMUNE, HAMLET, PROVINCE

_REFORM = date(2025, 7, 1)
_HAMLETS = (
    ("tan-phong", "to-2-tan-phong", "Tổ dân phố số 2"),
    ("tan-phong", "san-thang", "Bản San Thàng"),
    ("doan-ket", "to-7-doan-ket", "Tổ dân phố số 7"),
    ("doan-ket", "sung-phai", "Bản Sùng Phài"),
)

EXAMPLE_CLUSTER = "cum-san-thang"

AREAS = (
    Area("lai-chau", "Tỉnh Lai Châu", PROVINCE, None, "12"),
    Area("tan-phong", "Phường Tân Phong", COMMUNE, "lai-chau", valid_from=_REFORM),
    Area("doan-ket", "Phường Đoàn Kết", COMMUNE, "lai-chau", valid_from=_REFORM),
    *(Area(area_id, name, HAMLET, ward) for ward, area_id, name in _HAMLETS),
    *(Area(f"cum-{area_id}", f"Cụm loa {name}", CLUSTER, area_id) for _, area_id, name in _HAMLETS),
)
