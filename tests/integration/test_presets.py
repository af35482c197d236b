"""Presets: how a bulletin is finished is chosen before approval, used, kept with the clip, and measured."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audio_library.mastering import PRESETS
from domain.audio import PRESET_LABELS, MasteredAudio, SpokenAudio
from domain.errors import BadInputError, NotAllowedError, WrongStateError
from domain.people import Role
from domain.ports import Progress
from store import clips
from store.bulletins import Draft
from tests.commands import tiengloa
from tests.fakes import ExampleStation, FakeMastering


class Named(FakeMastering):
    """Marks what it finished."""

    def __init__(self, name: str) -> None:
        self.name = name

    def master(self, speech: SpokenAudio, announcement: SpokenAudio | None, progress: Progress) -> MasteredAudio:
        made = super().master(speech, announcement, progress)
        return replace(made, data=self.name.encode() + made.data, length=made.length + timedelta(seconds=1))


def test_every_preset_has_the_name_people_call_it_by() -> None:
    assert {name: preset.label for name, preset in PRESETS.items()} == PRESET_LABELS


@pytest.mark.parametrize("preset", ["horn", "plain"])
def test_a_bulletin_is_finished_as_it_was_chosen_and_the_clip_says_so(station: ExampleStation, preset: str) -> None:
    author, approver = station.person(Role.EDITOR), station.person(Role.APPROVER)
    bulletin_id = station.written(author)
    station.desk.choose_preset(author, bulletin_id, preset)
    station.desk.submit(author, bulletin_id)
    job_id = station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
    production = replace(station.production, presets={name: Named(name) for name in PRESETS})
    production.produce(job_id)
    with station.database.read() as connection:
        clip = clips.get(connection, station.bulletin(bulletin_id).clip_hash or "")
    assert clip.preset == preset
    assert station.blobs.held[clip.hash].startswith(preset.encode())


def test_nobody_chose_means_horns_and_a_new_version_keeps_the_choice(station: ExampleStation) -> None:
    author = station.person(Role.EDITOR)
    bulletin_id = station.written(author)
    assert station.bulletin(bulletin_id).preset == "horn"
    station.desk.choose_preset(author, bulletin_id, "plain")
    station.desk.revise(author, bulletin_id, 1, Draft("Bản tin thử", "Lời khác"))
    kept = station.bulletin(bulletin_id)
    assert (kept.preset, kept.version) == ("plain", 2)
    assert "chọn loa thường" in [step.action for step in kept.history]


def test_who_may_choose_and_when(station: ExampleStation) -> None:
    author, approver = station.person(Role.EDITOR), station.person(Role.APPROVER)
    bulletin_id = station.written(author)
    with pytest.raises(NotAllowedError):
        station.desk.choose_preset(approver, bulletin_id, "plain")
    with pytest.raises(BadInputError, match="Không có loại loa này"):
        station.desk.choose_preset(author, bulletin_id, "../horn")
    station.desk.submit(author, bulletin_id)
    with pytest.raises(NotAllowedError):
        station.desk.choose_preset(author, bulletin_id, "plain")
    station.desk.choose_preset(approver, bulletin_id, "plain")
    station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
    with pytest.raises(WrongStateError):
        station.desk.choose_preset(author, bulletin_id, "horn")
    assert station.bulletin(bulletin_id).preset == "plain"


def test_the_command_line_finishes_by_a_preset_and_refuses_what_makes_no_sense(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.flac" for name in PRESETS}
    for name, file in files.items():
        words = ("speak", "--text", "Kính thưa bà con.", "-o", str(file), "--voices", "espeak")
        assert tiengloa(*words, "--finish", "--preset", name).code == 0
    assert files["horn"].read_bytes() != files["plain"].read_bytes()
    ran = tiengloa("speak", "--text", "Kính thưa.", "-o", str(tmp_path / "x.flac"), "--preset", "plain")
    assert (ran.code, "--preset chỉ dùng cùng --finish" in ran.err) == (2, True)
    assert tiengloa("speak", "--text", "A", "-o", "x.flac", "--finish", "--preset", "hall").code == 2
