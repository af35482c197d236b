"""The station's own settings: one row."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from domain.airtime import EVERY_WEEKDAY, AirtimePolicy, QuietHours, VolumeBand
from domain.errors import NotFoundError
from store import tables


@dataclass(frozen=True, slots=True)
class Station:
    """The station; `public_key` is the raw Ed25519 key in base64 that machines pin at enrolment.

    What machines play within `freeze` from now has been given to them: only what is urgent changes it.
    """

    id: str
    name: str
    public_key: str
    epoch: int
    policy: AirtimePolicy
    backup_voice_needs_yes: bool
    example: bool
    freeze: timedelta = timedelta(minutes=20)


def get(connection: Connection) -> Station:
    """Return the station. Raises NotFoundError before it has been set up."""
    row = connection.execute(select(tables.station)).one_or_none()
    if row is None:
        raise NotFoundError("Đài chưa được thiết lập. Hãy chạy «tiengloa run» một lần.")
    return Station(
        id=row.id,
        name=row.name,
        public_key=row.public_key,
        epoch=row.epoch,
        policy=_policy(row.policy),
        backup_voice_needs_yes=row.backup_voice_needs_yes,
        example=row.example,
        freeze=row.freeze,
    )


def exists(connection: Connection) -> bool:
    """Tell whether the station has been set up."""
    return connection.execute(select(tables.station.c.only)).first() is not None


def put(connection: Connection, station: Station) -> None:
    """Write the station's row for the first time."""
    connection.execute(
        insert(tables.station).values(
            only=1,
            id=station.id,
            name=station.name,
            public_key=station.public_key,
            epoch=station.epoch,
            policy=_policy_document(station.policy),
            backup_voice_needs_yes=station.backup_voice_needs_yes,
            example=station.example,
            freeze=station.freeze,
        )
    )


def set_public_key(connection: Connection, public_key: str) -> None:
    """Publish the key that machines are to pin."""
    connection.execute(update(tables.station).values(public_key=public_key))


def raise_epoch(connection: Connection, now: datetime) -> int:
    """Begin a new epoch and return it: machines believe it whatever numbers they have seen in the ones before.

    It is at least the seconds since 1970, so that a copy restored twice does not begin the same epoch again.
    """
    old = int(connection.execute(select(tables.station.c.epoch)).scalar_one())
    new = max(old + 1, int(now.timestamp()))
    connection.execute(update(tables.station).values(epoch=new))
    plan_changed(connection)
    return new


def plan_version(connection: Connection) -> int:
    """Return a number that grows with every change that can alter what will sound."""
    return connection.execute(select(tables.station.c.plan_version)).scalar_one_or_none() or 0


def plan_changed(connection: Connection) -> None:
    """Note that what will sound may be different now, so that the worker plans anew."""
    connection.execute(update(tables.station).values(plan_version=tables.station.c.plan_version + 1))


def set_policy(connection: Connection, policy: AirtimePolicy) -> None:
    """Replace the policy that bounds every session."""
    connection.execute(update(tables.station).values(policy=_policy_document(policy)))
    plan_changed(connection)


def set_freeze(connection: Connection, freeze: timedelta) -> None:
    """Change how long before it sounds a session is frozen."""
    connection.execute(update(tables.station).values(freeze=freeze))
    plan_changed(connection)


def _policy_document(policy: AirtimePolicy) -> dict[str, Any]:
    # Windows of silence are rows of their own (`store/calendar.py`).
    return {
        "quiet": [[span.start.isoformat(), span.end.isoformat()] for span in policy.quiet],
        "session_limit_s": policy.session_limit.total_seconds(),
        "day_limit_s": policy.day_limit.total_seconds(),
        "sessions_per_day": policy.sessions_per_day,
        "note": policy.note,
        "repeat_limit": policy.repeat_limit,
        "weekdays": sorted(policy.allowed_weekdays),
        "volume": [[one.start.isoformat(), one.end.isoformat(), one.gain_db] for one in policy.volume],
        "staggers": [[area_id, length.total_seconds()] for area_id, length in policy.staggers],
    }


def _policy(document: dict[str, Any]) -> AirtimePolicy:
    return AirtimePolicy(
        quiet=tuple(QuietHours(time.fromisoformat(start), time.fromisoformat(end)) for start, end in document["quiet"]),
        session_limit=timedelta(seconds=document["session_limit_s"]),
        day_limit=timedelta(seconds=document["day_limit_s"]),
        note=document["note"],
        sessions_per_day=document["sessions_per_day"],
        repeat_limit=document.get("repeat_limit", 0),
        allowed_weekdays=frozenset(document.get("weekdays", EVERY_WEEKDAY)),
        volume=tuple(
            VolumeBand(time.fromisoformat(start), time.fromisoformat(end), gain_db)
            for start, end, gain_db in document.get("volume", ())
        ),
        staggers=tuple((area_id, timedelta(seconds=seconds)) for area_id, seconds in document.get("staggers", ())),
    )
