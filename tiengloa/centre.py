"""Opening the centre: folder, database, station; and the two processes that serve it."""

import base64
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from bulletins.remake import probe
from scheduler.alarm import Alarm
from scheduler.ordering import OrderLookout
from store import jobs, station
from store.migrate import upgrade
from tiengloa.folder import in_turn, only_one, prepare
from tiengloa.jobs import Bell, keep_health, reconcile
from tiengloa.logs import complain, log_to_errors
from tiengloa.settings import Settings
from tiengloa.wiring import Centre

Say = Callable[[str], None]
_RECONCILE_EVERY = 5.0
_LOOK_EVERY, _LOOK_FIRST = 600.0, 15.0
_TIDY_EVERY, _TIDY_FIRST = 3600.0, 300.0
_BACKUP_EVERY, _BACKUP_FIRST = 900.0, 60.0
_REMAKE_EVERY = 300.0
_LOOK_AGAIN_EVERY = 300.0
_SEED_EVERY = 86_400.0
_MIX_EVERY = 15.0
_WORDS_EVERY, _WORDS_FIRST = 300.0, 5.0


def open_centre(settings: Settings, say: Say = lambda _: None) -> Centre:
    """Prepare the data folder and bring its database up to date. Raises StorageError."""
    folder = prepare(settings.data)
    centre = Centre(settings, folder)
    try:
        with in_turn(folder.root / "upgrade.lock"):
            upgrade(centre.database, folder.backups, centre.clock.now(), say)
    except BaseException:
        centre.database.close()
        raise
    return centre


@contextmanager
def opened(settings: Settings, say: Say = lambda _: None) -> Iterator[Centre]:
    """Give the opened centre for as long as the block runs. Raises StorageError."""
    centre = open_centre(settings, say)
    with closing(centre.database):
        yield centre


def publish_station_key(centre: Centre) -> None:
    """Make the station's key on first use and let machines pin its public half."""
    public = base64.b64encode(centre.station_key.public_key).decode()
    with centre.database.write() as connection:
        if station.get(connection).public_key != public:
            station.set_public_key(connection, public)


def _release_jobs(centre: Centre) -> None:
    """Take over what a worker left that was killed: whoever holds the worker's lock is the only one."""
    with centre.database.write() as connection:
        jobs.release(connection, centre.clock.now())


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Run the panel until the process is told to stop. Raises BusyError when the port is taken."""
    from web.app import create_app
    from web.server import serve as serve_app

    log_to_errors()
    with opened(settings) as centre:
        serve_app(create_app(centre.services), settings.host, settings.port, on_ready)


def work(settings: Settings, on_ready: Callable[[], None]) -> None:
    """Run the worker until the process is told to stop. Raises BusyError when one runs already."""
    log_to_errors()
    taken = "Đã có một tiến trình làm việc đang chạy cho thư mục này."
    with opened(settings) as centre, only_one(centre.folder.root / "worker.lock", taken):
        publish_station_key(centre)
        _release_jobs(centre)
        _work(centre, on_ready)


def _work(centre: Centre, on_ready: Callable[[], None]) -> None:
    stop = _stop_on_signals()
    bell = Bell(centre.folder.queue, centre.production.produce)
    listener = bell.listener()
    timetable = centre.timetable_worker
    alarm = Alarm(centre.clock, timetable.next_transition, timetable.tick, complain)
    alarm.every(_RECONCILE_EVERY, lambda: reconcile(centre.production, bell.ring), "reconcile")
    alarm.every(_REMAKE_EVERY, centre.remaking(bell).run, "remake")
    alarm.every(_LOOK_AGAIN_EVERY, lambda: centre.speaker.look_again(probe()), "look again at voices")
    alarm.every(_RECONCILE_EVERY, lambda: keep_health(centre.folder.root, centre.speaker.health()), "voices")
    alarm.every(_LOOK_EVERY, centre.watch.look, "watch", first=_LOOK_FIRST)
    alarm.every(_TIDY_EVERY, centre.watch.tidy, "upkeep", first=_TIDY_FIRST)
    alarm.every(_BACKUP_EVERY, centre.backups.keep_today, "backup", first=_BACKUP_FIRST)
    alarm.every(_SEED_EVERY, timetable.seed, "holidays")
    alarm.every(_MIX_EVERY, centre.mixing.run, "mixes")
    alarm.every(_WORDS_EVERY, centre.standing_words.make, "standing words", first=_WORDS_FIRST)
    orders = OrderLookout(centre.order_worker.tick, complain)
    try:
        timetable.seed()
        centre.library.stock()
        listener.start()
        alarm.start()
        orders.start()
        reconcile(centre.production, bell.ring)
        on_ready()
        stop.wait()
    finally:
        orders.stop()
        alarm.stop()
        listener.stop()
        centre.channel.close()


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
