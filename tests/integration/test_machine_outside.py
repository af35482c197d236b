"""A whole machine with a session from outside, heard through its virtual output and told in its airing."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BadInputError
from domain.playlist import PlaylistItem
from domain.sources import Source, SourceKind
from player import outside
from player.machine import Machine, MachineSettings
from tests.fakes_player import MACHINE, Centre, Sound, heard, item, playlist, slot, wait_until, wav
from tests.fakes_stream import RATE, Caller, StreamSource, encoded, radio, tone

SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")
STAND_IN = Sound(tone(0.7, 900), wav(tone(0.7, 900)))
ALLOWED = '[relay]\nprivate_hosts = ["127.0.0.1"]\n'


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def centre(stack: ExitStack) -> Centre:
    made = Centre()
    stack.callback(made.stop)
    return made


def relayed(url: str, seconds: float) -> PlaylistItem:
    booked = replace(item(STAND_IN, title="Tiếp âm"), length=timedelta(seconds=seconds))
    return replace(booked, source=Source(SourceKind.RELAY, url=url))


def publish(centre: Centre, what: PlaylistItem, after: float) -> datetime:
    now = datetime.now(UTC)
    at = now + timedelta(seconds=after)
    centre.publish(playlist([slot("a", at, what)], [STAND_IN], now), STAND_IN)
    return at


def run(stack: ExitStack, centre: Centre, folder: Path) -> dict[str, object]:
    """Run a machine until its session is over, and return the airing."""
    machine = Machine(centre.enrolled(folder), SETTINGS)
    (folder / "machine.toml").write_text(ALLOWED, "utf-8")
    machine.start()
    stack.callback(machine.stop)
    key = f"{MACHINE}/a/0"
    wait_until(lambda: centre.airings.get(key, {}).get("outcome") in ("played", "cut", "missed"), 30)
    machine.stop()
    return centre.airings[key]


def level(samples: object, hertz: float, at: float) -> float:
    piece = np.asarray(samples)[round(at * RATE) : round((at + 0.2) * RATE)]
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / RATE)
    return float(abs(np.mean(piece * phase)) * 2 / 8000)


def test_a_relay_is_heard_from_its_start_to_its_planned_end(stack: ExitStack, centre: Centre, tmp_path: Path) -> None:
    source = StreamSource(radio(encoded(tone(30)), 30, burst_s=3))
    stack.callback(source.stop)
    at = publish(centre, relayed(source.url, 2.0), 3.0)
    airing = run(stack, centre, tmp_path)
    assert (airing["outcome"], airing["rendered"], airing["reason"]) == ("played", 2000, "Tiếp âm 2 giây")
    ((wall, samples),) = heard(tmp_path / "recordings")
    assert abs(wall - at.timestamp()) < 0.05
    assert len(samples) == pytest.approx(2 * RATE, abs=50)
    assert level(samples, 400, 1.0) > 0.9
    assert level(samples, 900, 1.0) < 0.02


def test_a_relay_that_dies_gives_way_to_its_stand_in_and_the_airing_says_so(
    stack: ExitStack, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "GIVE_UP", RATE)

    def dies(caller: Caller) -> None:
        if len(source.asked) == 1:
            caller.head()
            caller.drip(encoded(tone(4)), 16_000, 32_000)

    source = StreamSource(dies)
    stack.callback(source.stop)
    publish(centre, relayed(source.url, 6.0), 2.0)
    airing = run(stack, centre, tmp_path)
    assert (airing["outcome"], airing["rendered"]) == ("played", 6000)
    told = str(airing["reason"])
    assert told.startswith("Tiếp âm ")
    assert "âm thanh thay thế" in told
    ((_, samples),) = heard(tmp_path / "recordings")
    assert level(samples, 400, 0.5) > 0.9
    assert level(samples, 900, 5.5) > 0.9


def test_a_relay_from_a_private_net_is_not_taken_without_a_setting(
    stack: ExitStack, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.test_machine_outside.ALLOWED", "")
    source = StreamSource(radio(encoded(tone(30)), 30))
    stack.callback(source.stop)
    publish(centre, relayed(source.url, 1.0), 2.0)
    airing = run(stack, centre, tmp_path)
    assert source.asked == []
    assert "địa chỉ nội bộ" in str(airing["reason"])
    assert "âm thanh thay thế 1 giây" in str(airing["reason"])


def test_a_machine_does_not_start_on_settings_that_it_does_not_understand(centre: Centre, tmp_path: Path) -> None:
    folder = centre.enrolled(tmp_path)
    (folder / "machine.toml").write_text("[relai]\n", "utf-8")
    with pytest.raises(BadInputError, match="không hiểu «relai»"):
        Machine(folder, SETTINGS).start()
