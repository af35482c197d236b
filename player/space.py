"""The room on the machine's disk: told before it runs out, and a reserve that is given up for the journal."""

from player.cabinet import RESERVE_BYTES, Cabinet
from player.faults import Faults

LOW_BYTES = 4 * RESERVE_BYTES
_LOW = "Ổ đĩa của máy phát sắp đầy; hãy giải phóng ổ đĩa."
_FULL = "Ổ đĩa của máy phát đã đầy, nhật ký phát đang dùng phần dự phòng; hãy giải phóng ổ đĩa ngay."


class Space:
    """Watches how much of the disk of `cabinet` is free, and keeps a reserve of it while there is plenty."""

    def __init__(self, cabinet: Cabinet, faults: Faults) -> None:
        self._cabinet = cabinet
        self._faults = faults

    def look(self) -> None:
        """Hold the reserve back again when there is room, and tell of a disk that is nearly full."""
        self._cabinet.keep_reserve()
        if self._cabinet.free_bytes() >= LOW_BYTES:
            self._faults.set("space", "")
        elif self._faults.get("space") != _FULL:
            self._faults.set("space", _LOW)

    def relieve(self) -> bool:
        """Give up the reserve, so that the journal can be written on a full disk; tell whether there was one."""
        relieved = self._cabinet.free_reserve()
        if relieved:
            self._faults.set("space", _FULL)
        return relieved
