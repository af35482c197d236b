"""A whole machine with a session from outside, heard through its virtual output and told in its airing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import BadInputError
from domain.formats import clock_s
from domain.live import MEDIA, Chunk, message_of, pack
from domain.playlist import PlaylistItem, from_ms, to_ms
from domain.sources import Source, SourceKind
from player import outside
from player.machine import Machine, MachineSettings
from player.standing import look
from tests.fakes_player import MACHINE, Centre, Sound, heard, item, playlist, signed, slot, wait_until, wav
from tests.fakes_stream import RATE, Caller, StreamSource, encoded, radio, tone
from tiengloa.machine_status import lines, on_air_lines

SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")
STAND_IN = Sound(tone(0.7, 900), wav(tone(0.7, 900)))
BOX = '[relay]\nprivate_hosts = ["127.0.0.1"]\n[pre_key]\nahead = 1\nhold = 0.5\ngpio = "{gpio}"\n'


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
    gpio, seen, key = folder / "gpio", list[str](), f"{MACHINE}/a/0"
    gpio.write_text("x")
    (folder / "machine.toml").write_text(BOX.format(gpio=gpio), "utf-8")
    machine.start()
    stack.callback(machine.stop)

    def over() -> bool:
        seen.append(gpio.read_text().strip())
        return bool(centre.airings.get(key, {}).get("outcome") in ("played", "cut", "missed"))

    wait_until(over, 30)
    machine.stop()
    seen.append(gpio.read_text().strip())
    assert [one for one, _ in groupby(seen) if one] in (["x", "0", "1", "0"], ["0", "1", "0"])
    return centre.airings[key]


def level(samples: object, hertz: float, at: float) -> float:
    piece = np.asarray(samples)[round(at * RATE) : round((at + 0.2) * RATE)]
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / RATE)
    return float(abs(np.mean(piece * phase)) * 2 / 8000)


def test_a_relay_is_heard_from_its_start_to_its_planned_end_though_its_stand_in_never_came(
    stack: ExitStack, centre: Centre, tmp_path: Path
) -> None:
    source = StreamSource(radio(encoded(tone(30)), 30, burst_s=3))
    stack.callback(source.stop)
    at = publish(centre, relayed(source.url, 1.5), 2.5)
    centre.files.clear()
    airing = run(stack, centre, tmp_path)
    assert (airing["outcome"], airing["rendered"], airing["reason"]) == ("played", 1500, "Tiếp âm 2 giây")
    ((wall, samples),) = heard(tmp_path / "recordings")
    assert abs(wall - at.timestamp()) < 0.05
    assert len(samples) == pytest.approx(1.5 * RATE, abs=50)
    assert level(samples, 400, 1.0) > 0.9


def test_the_status_tells_of_a_relay_while_it_is_on_the_air(stack: ExitStack, centre: Centre, tmp_path: Path) -> None:
    source = StreamSource(radio(encoded(tone(30)), 30, burst_s=3))
    stack.callback(source.stop)
    at = publish(centre, relayed(source.url, 60), 1.5)
    machine = Machine(centre.enrolled(tmp_path), SETTINGS)
    machine.start()
    stack.callback(machine.stop)
    wait_until(lambda: look(tmp_path, datetime.now(UTC)).on_air.outside, 15)
    report = look(tmp_path, datetime.now(UTC))
    (relay,) = report.on_air.outside
    assert (relay.title, relay.kind) == ("Tiếp âm", SourceKind.RELAY)
    assert (relay.began, relay.until - relay.began) == (from_ms(to_ms(at)), timedelta(seconds=60))
    (line,) = on_air_lines(report.on_air)
    assert line == f"  ▶ TIẾP ÂM: Tiếp âm, từ {clock_s(at)}, đến {clock_s(relay.until)}"
    assert line in lines(report)
    hung = replace(report, now=report.now + timedelta(minutes=1))
    assert not hung.on_air.outside, "what a machine said long ago is no news"


def test_a_relay_that_dies_gives_way_to_its_stand_in_and_the_airing_says_so(
    stack: ExitStack, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "GIVE_UP", RATE // 2)

    def dies(caller: Caller) -> None:
        if len(source.asked) == 1:
            caller.head()
            caller.send(encoded(tone(1.5)))

    source = StreamSource(dies)
    stack.callback(source.stop)
    publish(centre, relayed(source.url, 3.5), 2.0)
    airing = run(stack, centre, tmp_path)
    assert (airing["outcome"], airing["rendered"]) == ("played", 3500)
    told = str(airing["reason"])
    assert told.startswith("Tiếp âm ")
    assert "âm thanh thay thế" in told
    ((_, samples),) = heard(tmp_path / "recordings")
    assert level(samples, 400, 0.5) > 0.9
    assert level(samples, 900, 3.1) > 0.9


def test_a_machine_does_not_start_on_settings_that_it_does_not_understand(centre: Centre, tmp_path: Path) -> None:
    folder = centre.enrolled(tmp_path)
    (folder / "machine.toml").write_text("[relai]\n", "utf-8")
    with pytest.raises(BadInputError, match="không hiểu «relai»"):
        Machine(folder, SETTINGS).start()


def test_a_live_session_opened_after_its_slot_began_is_heard_and_what_is_forged_is_not(
    stack: ExitStack, centre: Centre, tmp_path: Path
) -> None:
    speaker, began = Ed25519PrivateKey.generate(), time.monotonic()
    booked = replace(item(STAND_IN, title="Trực tiếp"), length=timedelta(seconds=5), source=Source(SourceKind.LIVE))
    at = publish(centre, booked, 1.5)
    opened = Source(SourceKind.LIVE, session="buoi-1", key=speaker.public_key().public_bytes_raw().hex())
    said = replace(booked, source=opened)

    def chunks(after: int) -> bytes:
        """Return what was spoken so far, half a second a chunk, each beside a forgery of the same place."""
        now = int((time.monotonic() - began) * 2)
        made = []
        for number in range(max(after + 1, now - 6), now + 1):
            for voice, key in ((700, Ed25519PrivateKey.generate()), (400, speaker)):
                data = tone(0.5, voice).tobytes()
                signature = key.sign(message_of("buoi-1", number, MEDIA[1], data))
                made.append(pack(Chunk(number, MEDIA[1], signature, data)))
        return b"".join(made)

    centre.live = chunks
    machine = Machine(centre.enrolled(tmp_path), SETTINGS)
    machine.start()
    stack.callback(machine.stop)
    wait_until((tmp_path / "recordings" / "log.jsonl").exists)
    centre.envelope = signed(playlist([slot("a", at, said)], [STAND_IN], datetime.now(UTC), counter=2), centre.key)
    key = f"{MACHINE}/a/0"
    wait_until(lambda: centre.airings.get(key, {}).get("outcome") == "played", 40)
    machine.stop()
    ((_, samples),) = heard(tmp_path / "recordings")
    assert level(samples, 900, 0.1) > 0.9
    assert max(level(samples, 400, at) for at in np.arange(1.5, 4.6, 0.5)) > 0.9
    assert max(level(samples, 700, at) for at in np.arange(0, 4.6, 0.2)) < 0.05
    assert len(samples) == pytest.approx(5 * RATE, abs=50)
    assert str(centre.airings[key]["reason"]).startswith("Trực tiếp ")
