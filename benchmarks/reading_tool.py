"""One tool reads all cases in a process of its own: `python reading_tool.py TOOL < cases.json`."""

import json
import os
import sys
import time
from collections.abc import Callable

LEAST_SECONDS = 2.0
WARM_UP = "Sáng mai, nhà văn hóa tổ 3 mở cửa lúc 6h45, bà con đi lại cẩn thận."


def ours() -> Callable[[str], str]:
    """The reader of this product, spans and flags included."""
    from tts.lexicon import LexiconReader

    reader = LexiconReader()
    return lambda written: reader.read(written).spoken


def sea_g2p() -> Callable[[str], str]:
    """Only the normaliser, not the phonemes."""
    from sea_g2p import Normalizer

    return Normalizer(lang="vi").normalize


def vietnormalizer() -> Callable[[str], str]:
    """The defaults of its page on the package index."""
    from vietnormalizer import VietnameseNormalizer

    return VietnameseNormalizer().normalize


def g2p_hamster() -> Callable[[str], str]:
    """Only its first layer, "t0", which writes text out; not the phonemes."""
    from g2p_hamster.t0 import Config, normalize

    config = Config()
    return lambda written: normalize(written, config)["read_string"]


TOOLS = {"ours": ours, "sea-g2p": sea_g2p, "vietnormalizer": vietnormalizer, "g2p-hamster": g2p_hamster}


def main() -> None:
    """Read every case once, then again and again for two seconds; print what was said and how fast, as JSON."""
    cases = json.load(sys.stdin)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    say = TOOLS[sys.argv[1]]()
    say(WARM_UP)
    cpu = time.process_time()
    said = [_try(say, case) for case in cases]
    first = len(cases) / (time.process_time() - cpu)
    wall, cpu, passes = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < LEAST_SECONDS or not passes:
        for case in cases:
            _try(say, case)
        passes += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    count = len(cases) * passes
    print(json.dumps({"said": said, "first_per_s": first, "cpu_per_s": count / cpu, "wall_per_s": count / wall}))


def _try(say: Callable[[str], str], written: str) -> str | None:
    try:
        return say(written)
    except Exception:  # noqa: BLE001 - a tool that fails on a case has it wrong, and goes on
        return None


if __name__ == "__main__":
    main()
