"""Faults of the line and of the centre."""

from datetime import timedelta

from tests.faults.rig import Rig, wait_for
from tests.faults.verdict import Hopes, Outcome, judge

_LINE_TIMEOUT_S = 10


def stalled_download(rig: Rig) -> Outcome:
    """The download of one clip stands still each time it is asked for: the others come all the same."""
    rig.line_up(6, first=_LINE_TIMEOUT_S + 10, grace=timedelta(seconds=5))
    rig.publish()
    rig.centre.stalls[rig.clips["s0"].hash] = 1000
    rig.start()
    rig.until_settled(60)
    rig.end()
    return judge(rig, Hopes(silent=frozenset({"s0"}), told=("Đường truyền quá chậm",)))


def truncated_download(rig: Rig) -> Outcome:
    """Every download ends half way, three times: it is taken up where it ended."""
    rig.line_up(6, first=7)
    rig.publish()
    rig.centre.cuts.update({clip.hash: 3 for clip in rig.clips.values()})
    rig.start()
    rig.until_settled()
    rig.end()
    return judge(rig)


def server_down_at_boot(rig: Rig) -> Outcome:
    """The box boots while its centre is away, and tells it all once it is back."""
    rig.line_up(6, first=0)
    rig.stock(first=8)
    rig.centre.stop()
    rig.start()
    rig.child.until("Finished", 6)
    rig.centre.start()
    rig.until_settled()
    rig.end()
    return judge(rig)


def server_failing(rig: Rig) -> Outcome:
    """The centre answers every call with an error, from the time at which the machine holds its clips."""
    rig.line_up(6, first=7)
    rig.publish()
    rig.start()
    rig.synced()
    rig.centre.failing = True
    rig.child.until("Finished", 6)
    rig.centre.failing = False
    rig.until_settled()
    rig.end()
    return judge(rig)


def torn_playlist(rig: Rig) -> Outcome:
    """A newer playlist comes torn, then with a flipped byte: the old one is kept whole and played."""
    rig.line_up(6, first=9)
    rig.publish()
    good = rig.centre.envelope
    rig.start()
    rig.synced()
    rig.publish(counter=2, quiet=())
    newer = rig.centre.envelope
    rig.centre.envelope = newer[: len(newer) // 2]
    wait_for(lambda: rig.centre.told("sai khuôn dạng"), 10, "word of a torn playlist")
    rig.centre.envelope = newer.replace(b'"counter":2', b'"counter":9')
    wait_for(lambda: rig.centre.told("Chữ ký"), 10, "word of a forged playlist")
    rig.centre.envelope = good
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(told=("sai khuôn dạng", "Chữ ký")))


def sync_stalled(rig: Rig) -> Outcome:
    """The playlist and the clips stand still for ever: sound and reports go on."""
    rig.line_up(6, first=7)
    rig.publish()
    rig.start()
    rig.synced()
    rig.centre.stalled_paths = ("/api/v1/playlist", "/api/v1/clips")
    rig.until_settled()
    rig.end()
    return judge(rig)


def reporting_stalled(rig: Rig) -> Outcome:
    """Reports and heartbeats stand still for ever: a newer playlist is taken up, and sounds."""
    rig.line_up(1, first=6)
    rig.publish()
    rig.start()
    rig.synced()
    rig.centre.stalled_paths = ("/api/v1/airings", "/api/v1/heartbeat")
    rig.line_up(4, first=6)
    rig.publish(counter=2)
    rig.child.until("Finished", 5)
    rig.centre.stalled_paths = ()
    rig.end()
    rig.start()
    rig.until_settled()
    rig.end()
    return judge(rig)
