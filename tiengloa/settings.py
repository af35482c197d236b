"""Settings: a handful, each from an environment variable, an unknown one answered with the nearest known."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadInputError

_PREFIX = "TIENGLOA_"
_KNOWN = ("DATA", "HOST", "PORT", "VOICES", "SECURE_COOKIES", "ADDRESS", "PROXY")
_BROKER = ("BROKER", "BROKER_BIND", "BROKER_USER", "BROKER_PASSWORD_FILE", "BROKER_CA", "BROKER_CERT", "BROKER_KEY")
ENGINES = ("gtts", "piper", "espeak")
ESPEAK_REGIONS = {"espeak:bac": "vi", "espeak:trung": "vi-vn-x-central", "espeak:nam": "vi-vn-x-south"}
"""The accents of eSpeak NG by their setting; `espeak` alone is the Northern one."""
_ONE_PIPER_VOICE = re.compile(r"piper:[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The MQTT broker that carries nudges.

    `where`: "embedded", "off", or the address of another broker, mqtt://HOST:PORT or mqtts://HOST:PORT.
    `host`, `port`: where the embedded one listens; with `any_port` it takes another port when that one is taken.
    `user`, `password_file`: the centre's account at another broker; `ca`: a PEM file that machines are to trust.
    `certificate`, `key`: PEM files with which the embedded one speaks TLS.
    """

    where: str = "embedded"
    host: str = "127.0.0.1"
    port: int = 1883
    any_port: bool = True
    user: str = ""
    password_file: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def is_embedded(self) -> bool:
        """Tell whether the broker is our own."""
        return self.where == "embedded"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation may choose.

    `data`: the folder for everything that is kept. `voices`: engines in the order they are tried;
    `piper` stands for every installed Piper voice, `piper:NAME` for one.
    `address`: what people and machines type to reach the panel, when a server stands in front of it.
    `behind_proxy`: that server is the only way in, and tells who asks in X-Forwarded-For, -Proto and -Host.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    voices: tuple[str, ...] = ENGINES
    secure_cookies: bool = False
    address: str = ""
    behind_proxy: bool = False
    broker: BrokerSettings = BrokerSettings()

    @property
    def public_address(self) -> str:
        """The address of the panel, without a slash at its end."""
        return self.address.rstrip("/") or f"http://{self.host}:{self.port}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the environment (TIENGLOA_DATA, _HOST, _PORT, _VOICES, _SECURE_COOKIES, _ADDRESS, _PROXY,
    _BROKER and _BROKER_*).

    Raises BadInputError for an unknown name or a value that cannot be used.
    """
    given = {name[len(_PREFIX) :]: value for name, value in environment.items() if name.startswith(_PREFIX)}
    for name in given:
        if name not in (*_KNOWN, *_BROKER) and not name.startswith("TEST_") and name not in {"REQUIRE_TOOLS", "TRACE"}:
            raise BadInputError(f"Không có thiết lập {_PREFIX}{name}.{_nearest(name)}")
    return Settings(
        data=Path(given.get("DATA", "data")),
        host=given.get("HOST", "127.0.0.1"),
        port=checked_port(given.get("PORT", "8080")),
        voices=checked_voices(given.get("VOICES", ",".join(ENGINES))),
        secure_cookies=given.get("SECURE_COOKIES", "0") not in {"", "0"},
        address=given.get("ADDRESS", ""),
        behind_proxy=given.get("PROXY", "0") not in {"", "0"},
        broker=_broker(given),
    )


def _broker(given: Mapping[str, str]) -> BrokerSettings:
    host, _, port = given.get("BROKER_BIND", "127.0.0.1:1883").rpartition(":")
    return BrokerSettings(
        where=given.get("BROKER", "embedded") or "off",
        host=host.strip("[]") or "127.0.0.1",
        port=checked_port(port),
        any_port="BROKER_BIND" not in given,
        user=given.get("BROKER_USER", ""),
        password_file=given.get("BROKER_PASSWORD_FILE", ""),
        ca=given.get("BROKER_CA", ""),
        certificate=given.get("BROKER_CERT", ""),
        key=given.get("BROKER_KEY", ""),
    )


def checked_port(text: str) -> int:
    """Return a TCP port. Raises BadInputError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise BadInputError(f"Cổng «{text[:20]}» không hợp lệ. Hãy dùng một số từ 1 đến 65535.")
    return int(text)


def checked_voices(text: str) -> tuple[str, ...]:
    """Return engine names in order, with `piper:NAME` for one Piper voice and `espeak:REGION` for another accent.

    Raises BadInputError for an unknown one.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in (*ENGINES, *ESPEAK_REGIONS) and not _ONE_PIPER_VOICE.fullmatch(name):
            known = ", ".join((*ENGINES, *ESPEAK_REGIONS))
            raise BadInputError(f"Không có giọng đọc «{name}». Các giọng có sẵn: {known}.")
    return names


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, (*_KNOWN, *_BROKER), 1)
    return f" Có phải bạn muốn dùng {_PREFIX}{near[0]}?" if near else ""
