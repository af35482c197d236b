"""The pace and the rests of the online voice, shared by every process of the station."""

from pathlib import Path

import pytest

from domain.errors import VoiceUnavailableError
from tests.fakes_audio import stand_in
from tts.engines.courtesy import Courtesy
from tts.engines.google import GoogleVoice, Limits


class Wall:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


def of(folder: Path, wall: Wall) -> Courtesy:
    return Courtesy(folder / "google.json", wall=wall.now, wait=wall.wait)


def test_a_rest_is_kept_by_every_process_and_over_a_restart(tmp_path: Path, wall: Wall) -> None:
    of(tmp_path, wall).rest(600, "Google tạm chặn.")
    assert of(tmp_path, wall).resting() == "Google tạm chặn."
    wall.seconds += 601
    assert of(tmp_path, wall).resting() == ""


def test_requests_of_two_processes_are_an_interval_apart(tmp_path: Path, wall: Wall) -> None:
    for process in (of(tmp_path, wall), of(tmp_path, wall), of(tmp_path, wall)):
        process.pass_one(0.4)
    assert wall.waits == pytest.approx([0.4, 0.4])


def test_a_clock_set_back_waits_one_interval_and_rests_no_longer(tmp_path: Path, wall: Wall) -> None:
    one = of(tmp_path, wall)
    one.rest(600, "Google tạm chặn.")
    one.pass_one(0.4)
    wall.seconds -= 86_400
    one.pass_one(0.4)
    assert (wall.waits, one.resting()) == ([0.4], "")


@pytest.mark.parametrize("torn", [b"", b"{", b"[1]", b'{"until": "x"}', b"\xff"])
def test_a_torn_file_costs_nothing_but_the_rest(tmp_path: Path, wall: Wall, torn: bytes) -> None:
    (tmp_path / "google.json").write_bytes(torn)
    one = of(tmp_path, wall)
    assert one.resting() == ""
    one.pass_one(0.4)


def test_a_block_met_by_one_voice_is_respected_by_another(tmp_path: Path, wall: Wall) -> None:
    with stand_in("blocked") as server:
        for _ in range(2):
            limits = Limits(interval_s=0.0, backoff_s=())
            voice = GoogleVoice(limits, courtesy=of(tmp_path, wall), endpoint=server.endpoint)
            with pytest.raises(VoiceUnavailableError, match="tạm chặn"):
                voice.speak("Xin chào bà con.")
        assert len(server.texts) == 1
