"""Orders that the centre could not sign, told to people: a machine that is not told must be reached by telephone."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from domain.checks import Check, Finding, Tone

_MOST_NAMED = 3


def unsigned(why: Mapping[str, str], names: Mapping[str, str], now: datetime) -> tuple[Finding, ...]:
    """Return one finding for each reason in `why`, a sentence by machine id; `names` are those of the machines."""
    return tuple(
        _finding(sentence, tuple(one for one in why if why[one] == sentence), names, now)
        for sentence in dict.fromkeys(why.values())
    )


def _finding(sentence: str, ids: tuple[str, ...], names: Mapping[str, str], now: datetime) -> Finding:
    told = sorted(names.get(one, one) for one in ids)
    rest = len(told) - _MOST_NAMED
    where = ", ".join(told[:_MOST_NAMED]) + (f" và {rest} máy khác" if rest > 0 else "")
    return Finding(
        key=f"{Check.UNSIGNED}:{hashlib.sha256(sentence.encode()).hexdigest()[:16]}",
        check=Check.UNSIGNED,
        tone=Tone.BAD,
        title=f"Lệnh khẩn mới chưa gửi được tới {where}: máy chủ không ký được lệnh",
        detail=f"{sentence} Máy vẫn làm theo lệnh cũ, máy chủ tự thử lại. Hãy gọi ngay người ở nơi đặt máy.",
        at=now,
        first_seen=now,
        machine_id=ids[0] if len(ids) == 1 else "",
    )
