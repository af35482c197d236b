"""What a machine tells of its box: only what can be read, and never a failure."""

from pathlib import Path

import pytest

from player.box import box, network, system, temperature, uptime

ROUTES = "Iface\tDestination\tGateway\n{0}\t0010A8C0\t0\n{1}\t00000000\t0110A8C0\n"


def put(root: Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


def test_a_box_that_tells_nothing_is_no_trouble(tmp_path: Path) -> None:
    told = box(tmp_path, tmp_path / "nothing")
    assert set(told) == {"disk", "uptime", "system", "python"}


@pytest.mark.parametrize(
    ("zones", "heat"), [(["48312"], 48_312), (["48312", "61000"], 61_000), (["rác", ""], None), (["-274000"], None)]
)
def test_the_hottest_sane_zone_is_told(tmp_path: Path, zones: list[str], heat: int | None) -> None:
    for number, text in enumerate(zones):
        put(tmp_path, f"sys/class/thermal/thermal_zone{number}/temp", text)
    assert temperature(tmp_path) == heat


def test_how_long_the_box_is_on_only_grows() -> None:
    assert 0 < uptime() <= uptime()


@pytest.mark.parametrize(
    ("interface", "file", "text", "kind"),
    [
        ("eth0", "", "", "dây mạng"),
        ("enp3s0", "", "", "dây mạng"),
        ("wlan0", "sys/class/net/wlan0/wireless/x", "", "Wi-Fi"),
        ("ppp0", "", "", "mạng di động"),
        ("usb0", "sys/class/net/usb0/uevent", "DEVTYPE=wwan\n", "mạng di động"),
    ],
)
def test_the_network_is_that_of_the_way_out(tmp_path: Path, interface: str, file: str, text: str, kind: str) -> None:
    put(tmp_path, "proc/net/route", ROUTES.format("lo", interface))
    if file:
        put(tmp_path, file, text)
    assert network(tmp_path) == kind


@pytest.mark.parametrize("routes", ["", "Iface\n", "Iface\nlo\n", ROUTES.replace("00000000", "0010A8C0")])
def test_without_a_way_out_no_network_is_told(tmp_path: Path, routes: str) -> None:
    put(tmp_path, "proc/net/route", routes)
    assert network(tmp_path) == ""


def test_the_system_is_told_by_its_name(tmp_path: Path) -> None:
    put(tmp_path, "etc/os-release", 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    assert system(tmp_path).startswith("Debian GNU/Linux 12 ")
