"""The computer under the machine: how hot, how long up, on which network. What cannot be read is left out."""

import platform
import shutil
import time
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")
_LEAST_SANE_HEAT, _MOST_SANE_HEAT = -40_000, 150_000
_DEFAULT_ROUTE = "00000000"
_MOST_TEXT = 100


def box(folder: Path, root: Path = _ROOT) -> dict[str, object]:
    """Return what can be told of the box whose disk holds `folder`; nothing here waits or fails.

    `temperature` in thousandths of a degree Celsius, `disk` in bytes, `uptime` in seconds; `root` is where the
    kernel's files are read.
    """
    told: dict[str, object] = {
        "temperature": temperature(root),
        "disk": _disk(folder),
        "uptime": uptime(),
        "network": network(root),
        "system": system(root),
        "python": platform.python_version(),
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def temperature(root: Path = _ROOT) -> int | None:
    """Return the heat of the hottest zone in thousandths of a degree, or None when no zone tells one."""
    heats = []
    for zone in root.glob("sys/class/thermal/thermal_zone*/temp"):
        with suppress(OSError, ValueError):
            heats.append(int(zone.read_text("ascii")))
    return max((heat for heat in heats if _LEAST_SANE_HEAT <= heat <= _MOST_SANE_HEAT), default=None)


def uptime() -> int:
    """Return for how many seconds the box has been on, by the kernel's clock and not its files: units hide those."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME))


def network(root: Path = _ROOT) -> str:
    """Return by what the box reaches others, in Vietnamese; empty when it has no way out or that cannot be told."""
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/net/route").read_text("ascii").splitlines()[1:]:
            name, target = line.split()[:2]
            if target == _DEFAULT_ROUTE:
                return _kind(name, root)
    return ""


def system(root: Path = _ROOT) -> str:
    """Return the name of the operating system and its kernel."""
    name = ""
    with suppress(OSError, ValueError):
        for line in (root / "etc/os-release").read_text("utf-8").splitlines():
            if line.startswith("PRETTY_NAME="):
                name = line.partition("=")[2].strip("\"'")
    return f"{name} {platform.release()}".strip()[:_MOST_TEXT]


def _kind(interface: str, root: Path) -> str:
    place = root / "sys/class/net" / interface
    with suppress(OSError, ValueError):
        if "DEVTYPE=wwan" in (place / "uevent").read_text("ascii"):
            return "mạng di động"
    if interface.startswith(("wwan", "ppp", "rmnet")):
        return "mạng di động"
    return "Wi-Fi" if (place / "wireless").exists() or (place / "phy80211").exists() else "dây mạng"


def _disk(folder: Path) -> int | None:
    with suppress(OSError):
        return shutil.disk_usage(folder).total
    return None
