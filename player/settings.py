"""What a technician sets on the box itself: the file `machine.toml` in the machine's folder, read once at its start.

Nothing in it is needed: a machine without the file does as before. A line that is not understood stops the machine
at its start with a sentence, since a relay that is wired the wrong way round is worse than one that waits for a hand.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import BadInputError
from player.button import SERIAL_LINES, Button

FILE = "machine.toml"
_MISWRITTEN = (
    "Tệp {path} viết sai ở {where}: mỗi dòng là [tên mục] hoặc tên = giá trị, chữ nằm giữa hai dấu nháy thẳng. "
    "Hãy sửa rồi khởi động lại máy phát."
)
LINES = ("rts", "dtr")
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class PreKey:
    """How the transmitter or amplifier is switched: `ahead` seconds before sound, off `hold` seconds after it.

    Between two sounds less than `bridge` seconds apart it stays on. One of three ways: commands (a program and its
    arguments; no shell), a serial line (`serial` is the device, `line` rts or dtr), or a file of a GPIO value.
    """

    ahead: float = 1.0
    hold: float = 1.0
    bridge: float = 10.0
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    serial: str = ""
    line: str = "rts"
    gpio: str = ""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the machine sounds: `sink`, `reserve` behind it, and `listen`, a microphone or loop-back that proves it.

    How each is written: docs/outputs.md.
    """

    sink: str = "auto"
    reserve: str = ""
    listen: str = ""


@dataclass(frozen=True, slots=True)
class MachineFile:
    """All that `machine.toml` says; `gain_db` is the volume of this box, on top of what the centre signs.

    `latency_ms` is how much later than the sound device says its sound leaves the loudspeaker, always the same.
    In `usb_folders`, and two folders deep in them, courier packs are looked for.
    """

    gain_db: float = 0.0
    latency_ms: float = 0.0
    relay_hosts: tuple[str, ...] = ()
    pre_key: PreKey | None = None
    outputs: Outputs = field(default_factory=Outputs)
    buttons: tuple[Button, ...] = ()
    usb_folders: tuple[str, ...] = ()


def read_machine_file(folder: Path) -> MachineFile:
    """Return what `machine.toml` in `folder` says, or the defaults when there is none. Raises BadInputError."""
    path = folder / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return MachineFile()
    except OSError as error:
        raise BadInputError(f"Không đọc được {path} ({error.strerror}).") from error
    try:
        return _read(tomllib.loads(raw[:_MOST_BYTES].decode("utf-8")))
    except UnicodeDecodeError as error:
        raise BadInputError(f"Tệp {path} không phải chữ UTF-8. Hãy ghi lại bằng UTF-8 rồi khởi động lại.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(_MISWRITTEN.format(path=path, where=_where(str(error)))) from error
    except (ValueError, TypeError) as error:
        raise BadInputError(f"Tệp {path} có chỗ chưa đúng: {error}. Hãy sửa rồi khởi động lại máy phát.") from error


def _where(told: str) -> str:
    """Return in Vietnamese where a fault lies that the TOML reader tells of in English."""
    found = re.search(r"at line (\d+), column (\d+)", told)
    return f"dòng {found[1]}, cột {found[2]}" if found else "cuối tệp"


def _read(told: Mapping[str, Any]) -> MachineFile:
    parts = _known(told, "", frozenset(_PARTS))
    made: dict[str, Any] = {}
    for name, table in parts.items():
        if not isinstance(table, dict):
            raise TypeError(f"«{name}» phải là một mục [{name}]")
        made.update(_PARTS[name](table))
    return MachineFile(**made)


def _sound(table: Mapping[str, Any]) -> dict[str, Any]:
    own = _known(table, "sound", frozenset({"gain_db", "latency_ms"}))
    return {
        "gain_db": _number(own, "gain_db", 0.0, (-60.0, 12.0)),
        "latency_ms": _number(own, "latency_ms", 0.0, (0.0, 500.0)),
    }


def _relay(table: Mapping[str, Any]) -> dict[str, Any]:
    own = _known(table, "relay", frozenset({"private_hosts"}))
    return {"relay_hosts": _words(own, "private_hosts")}


def _pre_key(table: Mapping[str, Any]) -> dict[str, Any]:
    own = _known(table, "pre_key", frozenset(PreKey.__dataclass_fields__))
    made = PreKey(
        ahead=_number(own, "ahead", PreKey().ahead, (0.0, 20.0)),
        hold=_number(own, "hold", PreKey().hold, (0.0, 60.0)),
        bridge=_number(own, "bridge", PreKey().bridge, (0.0, 300.0)),
        up=_words(own, "up"),
        down=_words(own, "down"),
        serial=_text(own, "serial"),
        line=_text(own, "line", "rts"),
        gpio=_text(own, "gpio"),
    )
    if bool(made.up) != bool(made.down):
        raise ValueError("[pre_key] cần cả «up» (bật) và «down» (tắt)")
    if sum((bool(made.up), bool(made.serial), bool(made.gpio))) != 1:
        raise ValueError("[pre_key] cần đúng một trong ba cách: «up» và «down», «serial», hoặc «gpio»")
    if made.line not in LINES:
        raise ValueError("[pre_key] «line» là rts hoặc dtr")
    return {"pre_key": made}


def _output(table: Mapping[str, Any]) -> dict[str, Any]:
    own = _known(table, "output", frozenset(Outputs.__dataclass_fields__))
    return {"outputs": Outputs(_text(own, "sink", "auto"), _text(own, "reserve"), _text(own, "listen"))}


def _usb(table: Mapping[str, Any]) -> dict[str, Any]:
    own = _known(table, "usb", frozenset({"folders"}))
    folders = _words(own, "folders")
    if not all(Path(one).is_absolute() for one in folders):
        raise ValueError("[usb] «folders» là các đường dẫn bắt đầu bằng /")
    return {"usb_folders": folders}


def _buttons(table: Mapping[str, Any]) -> dict[str, Any]:
    return {"buttons": tuple(_button(name, one) for name, one in table.items())}


def _button(name: str, told: object) -> Button:
    where = f"button.{name}"
    if not isinstance(told, dict):
        raise TypeError(f"mỗi nút là một mục [{where}]")
    own = _known(told, where, frozenset(Button.__dataclass_fields__) - {"name"})
    usual = Button(name, "stop")
    made = Button(
        name=name,
        does=_text(own, "does"),
        message=_text(own, "message"),
        drill=own.get("drill", False) is True,
        hold=_number(own, "hold", usual.hold, (0.05, 30.0)),
        gpio=_text(own, "gpio"),
        pressed=_text(own, "pressed", usual.pressed),
        serial=_text(own, "serial"),
        line=_text(own, "line", usual.line),
        device=_text(own, "device"),
        key=int(_number(own, "key", usual.key, (1.0, 767.0))),
    )
    if made.does not in ("start", "stop", "all-clear"):
        raise ValueError(f"[{where}] «does» là start, stop hoặc all-clear")
    if (made.does == "start") != bool(made.message):
        raise ValueError(f"[{where}] nút start cần «message» là tên thông điệp, nút khác thì không")
    if sum(map(bool, (made.gpio, made.serial, made.device))) != 1:
        raise ValueError(f"[{where}] cần đúng một trong ba: «gpio», «serial» hoặc «device»")
    if made.line not in SERIAL_LINES:
        raise ValueError(f"[{where}] «line» là {', '.join(SERIAL_LINES)}")
    return made


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "sound": _sound,
    "relay": _relay,
    "pre_key": _pre_key,
    "output": _output,
    "button": _buttons,
    "usb": _usb,
}
"""Each table of the file and what reads it; a new one is a row here and a field of MachineFile."""


def _known(table: Mapping[str, Any], name: str, keys: frozenset[str]) -> Mapping[str, Any]:
    strange = sorted(set(table) - keys)
    if strange:
        where = f"trong mục [{name}]" if name else "ở ngoài cùng"
        raise ValueError(f"không hiểu «{strange[0]}» {where}; chỉ có: {', '.join(sorted(keys))}")
    return table


def _number(table: Mapping[str, Any], key: str, usual: float, bounds: tuple[float, float]) -> float:
    value = table.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
        raise ValueError(f"«{key}» phải là số từ {bounds[0]:g} đến {bounds[1]:g}")
    return float(value)


def _text(table: Mapping[str, Any], key: str, usual: str = "") -> str:
    value = table.get(key, usual)
    if not isinstance(value, str):
        raise TypeError(f"«{key}» phải là chữ trong ngoặc kép")
    return value


def _words(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise TypeError(f"«{key}» phải là một danh sách chữ")
    return tuple(value)
