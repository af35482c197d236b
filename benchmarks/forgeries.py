"""A million forged playlists held against the machine's trust: part of `make soak`, in every core.

`python -m benchmarks.forgeries [HOW_MANY] [FIRST_SEED]`. The last line is one line of JSON; `accepted` and `broken`
must be empty: they hold the seeds of forgeries that were believed, and of those that raised anything but TrustError.
"""

import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import TrustError
from player.trust import Identity, read_envelope
from tests.fakes_player import MACHINE, STATION, item, playlist, signed, slot, sound
from tests.mutations import Mutator

TRIED = 1_000_000
_PART = 20_000
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
STATION_KEY, THIEF = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
IDENTITY = Identity(MACHINE, "Loa thôn Một", STATION, "http://x", STATION_KEY.public_key().public_bytes_raw())
CLIPS = [sound(0.01, seed=seed) for seed in range(3)]


def envelope(counter: int) -> bytes:
    """Return a true playlist of some days."""
    slots = [
        slot(
            f"s{counter}-{day}",
            NOW + timedelta(days=day),
            *(item(clip, 1.0 * place) for place, clip in enumerate(CLIPS)),
        )
        for day in range(4)
    ]
    return signed(playlist(slots, CLIPS, NOW, counter=counter), STATION_KEY)


def tried(first: int, count: int) -> dict[str, object]:
    """Hold the forgeries of some seeds against the machine's trust, and tell what it believed and what broke."""
    mutator = Mutator(envelope(5), (envelope(4), envelope(3)), THIEF)
    genuine = {read_envelope(one, IDENTITY) for one in (mutator.true, *mutator.older)}
    accepted: list[int] = []
    broken: list[int] = []
    slowest = 0.0
    for seed in range(first, first + count):
        raw = mutator.mutated(seed)
        began = time.process_time()
        try:
            if read_envelope(raw, IDENTITY) not in genuine:
                accepted.append(seed)
        except TrustError:
            pass
        except Exception:  # noqa: BLE001 - that is what is looked for
            broken.append(seed)
        slowest = max(slowest, time.process_time() - began)
    return {"accepted": accepted, "broken": broken, "slowest_ms": slowest * 1000}


def main(count: int = TRIED, first: int = 0) -> None:
    """Try the forgeries of `count` seeds, and end with an error when any was believed."""
    began = time.perf_counter()
    parts = [(start, min(_PART, first + count - start)) for start in range(first, first + count, _PART)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(tried, *zip(*parts, strict=True)))
    seconds = time.perf_counter() - began
    line = {
        "forgeries": count,
        "seeds": [first, first + count - 1],
        "accepted": [seed for one in found for seed in one["accepted"]],  # type: ignore[attr-defined]
        "broken": [seed for one in found for seed in one["broken"]],  # type: ignore[attr-defined]
        "slowest_ms": round(max(one["slowest_ms"] for one in found), 1),  # type: ignore[type-var, call-overload]
        "per_second": round(count / seconds),
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    print(f"{count:,} forged playlists from seed {first:,} on in {seconds:,.0f} s, {line['per_second']:,} a second")
    print(json.dumps(line))
    sys.exit(bool(line["accepted"] or line["broken"]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
