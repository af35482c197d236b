"""A machine's courier pack as a zip file, to be unpacked onto a stick: written as it is sent, never held whole."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from domain import courier
from domain.errors import NotAllowedError, NotFoundError
from domain.people import Role
from scheduler.courier import CourierDesk, Pack
from web.context import me, services

blueprint = Blueprint("usb_pack", __name__, url_prefix="/may-phat")
_CHUNK = 1 << 18


@blueprint.get("/<machine_id>/usb.zip")
def pack(machine_id: str) -> ResponseReturnValue:
    """Answer the pack of a machine; without what the station has of its airings, which only the worker's key signs."""
    if not me().may(Role.TECHNICIAN):
        raise NotAllowedError("Chỉ kỹ thuật viên mới chép được gói USB.")
    here = services()
    made = CourierDesk(here.database, here.clock, here.office).pack(machine_id)
    lying = [clip.hash for clip in made.clips if not _is_held(clip.hash)]
    if lying:
        raise NotFoundError("Kho đang thiếu âm thanh của danh sách này. Hãy chạy «tiengloa doctor» rồi thử lại.")
    answer = Response(zipped(made, here.blobs.path), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f"attachment; filename=tieng-loa-{courier.machine_folder(machine_id)}.zip"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_held(clip_hash: str) -> bool:
    try:
        services().blobs.path(clip_hash)
    except NotFoundError:
        return False
    return True


class _Pipe(io.RawIOBase):
    """Takes what the zip writes and gives it away."""

    def __init__(self) -> None:
        super().__init__()
        self._given = bytearray()

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: object) -> int:
        """Take some bytes."""
        taken = bytes(data)  # type: ignore[call-overload]
        self._given += taken
        return len(taken)

    def taken(self) -> bytes:
        """Return what was written since, and forget it."""
        given, self._given = bytes(self._given), bytearray()
        return given


def zipped(made: Pack, path_of: Callable[[str], Path]) -> Iterator[bytes]:
    """Yield a pack as a zip file, the playlist last; `path_of` tells where the file of a hash lies."""
    pipe = _Pipe()
    own = f"{courier.FOLDER}/{courier.machine_folder(made.machine.id)}"
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as out:
        for clip in made.clips:
            path = path_of(clip.hash)
            with path.open("rb") as source, out.open(f"{courier.FOLDER}/{courier.CLIPS}/{clip.hash}", "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield pipe.taken()
        out.writestr(f"{own}/{courier.PACK}", json.dumps(made.contents(), ensure_ascii=False, indent=1))
        out.writestr(f"{own}/{courier.PLAYLIST}", made.envelope)
    yield pipe.taken()
