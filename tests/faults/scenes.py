"""Every fault by its name: how it is brought about, and on what disk."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.faults import scenes_clock, scenes_line, scenes_power, scenes_sink
from tests.faults.disks import memory_disk, power_disk
from tests.faults.rig import Rig, WaitedInVainError, rig
from tests.faults.verdict import Outcome

Run = Callable[[Path], Outcome]


@dataclass(frozen=True)
class Scene:
    """One fault; `run` is given an empty folder. `mounts` tells that it needs root."""

    run: Run
    mounts: bool = False


def _plain(scene: Callable[[Rig], Outcome]) -> Scene:
    def run(folder: Path) -> Outcome:
        with rig(folder / "rig") as made:
            return _played(made, scene)

    return Scene(run)


def _on_memory(scene: Callable[[Rig], Outcome], size: str) -> Scene:
    def run(folder: Path) -> Outcome:
        with memory_disk(folder / "disk", size) as disk, rig(folder / "rig", disk / "machine") as made:
            return _played(made, scene)

    return Scene(run, mounts=True)


def _with_power(scene: Callable[..., Outcome]) -> Scene:
    def run(folder: Path) -> Outcome:
        with power_disk(folder / "power") as disk, rig(folder / "rig", disk.place / "machine") as made:
            return _played(made, partial(scene, disk=disk))

    return Scene(run, mounts=True)


def _hearing_on_memory(scene: Callable[..., Outcome]) -> Scene:
    def run(folder: Path) -> Outcome:
        with memory_disk(folder / "ear", "64m") as ear, rig(folder / "rig", heard=ear / "heard") as made:
            return _played(made, scene)

    return Scene(run, mounts=True)


def _hearing_on_power(scene: Callable[..., Outcome]) -> Scene:
    def run(folder: Path) -> Outcome:
        with power_disk(folder / "power") as disk, rig(folder / "rig", heard=disk.place / "heard") as made:
            return _played(made, partial(scene, disk=disk))

    return Scene(run, mounts=True)


def _played(made: Rig, scene: Callable[[Rig], Outcome]) -> Outcome:
    """Play the scene; one that waited in vain is a broken promise, with what was known by then."""
    try:
        return scene(made)
    except WaitedInVainError as error:
        rows = {row["slot"]: (row["outcome"], row["reason"]) for row in made.centre.airings.values()}
        faults = list(dict.fromkeys(beat["fault"] for beat in made.centre.heartbeats))
        return Outcome(0, len(made.slots), (f"{error}; rows {rows}; faults {faults}",))


def _step(seconds: float) -> Scene:
    return _plain(partial(scenes_clock.stepped, step=timedelta(seconds=seconds)))


def _step_and_back(seconds: float) -> Scene:
    return _plain(partial(scenes_clock.stepped_and_back, step=timedelta(seconds=seconds)))


SCENES: Mapping[str, Scene] = {
    "stalled_download": _plain(scenes_line.stalled_download),
    "truncated_download": _plain(scenes_line.truncated_download),
    "server_down_at_boot": _plain(scenes_line.server_down_at_boot),
    "server_failing": _plain(scenes_line.server_failing),
    "torn_playlist": _plain(scenes_line.torn_playlist),
    "link_down_three_days": _plain(scenes_clock.three_days_alone),
    "link_down_fifteen_days": _plain(scenes_clock.fifteen_days_alone),
    "clock_plus_90_s": _step(90),
    "clock_minus_90_s": _step(-90),
    "clock_plus_2_h": _step(7200),
    "clock_minus_2_h": _step(-7200),
    "clock_plus_2_h_and_back_alone": _step_and_back(7200),
    "clock_minus_2_h_and_back_alone": _step_and_back(-7200),
    "boot_in_1970": _plain(scenes_clock.boot_in_1970),
    "boot_in_1970_alone": _plain(scenes_clock.boot_in_1970_alone),
    "kill_9": _plain(scenes_power.kill_at_random),
    "power_cut": _with_power(scenes_power.power_cut),
    "disk_full": _on_memory(scenes_power.disk_full, "96m"),
    "disk_full_without_reserve": _on_memory(scenes_power.disk_full_to_the_last_byte, "24m"),
    "flipped_bytes": _plain(scenes_power.flipped_bytes),
    "damaged_database": _plain(scenes_power.damaged_database),
    "sink_blocks": _hearing_on_power(scenes_sink.sink_blocks),
    "sink_vanishes": _hearing_on_memory(scenes_sink.sink_vanishes),
    "sync_stalled": _plain(scenes_line.sync_stalled),
    "reporting_stalled": _plain(scenes_line.reporting_stalled),
    "log_reader_stalled": _plain(scenes_sink.log_reader_stalled),
}


def play(name: str) -> Outcome:
    """Bring the fault `name` about, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        return SCENES[name].run(Path(folder))
