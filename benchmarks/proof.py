"""How often the loop-back proof is wrong: real speech, through synthetic horns, rooms and noise, right and wrong clips.

For each scene and each signal-to-noise ratio: of TRIALS recordings that hold the clip, how many were not heard (false
reject) or unsure; of TRIALS recordings of another bulletin of the same voice in the same scene, how many were heard
(false accept) or unsure.
"""

import json
from collections import Counter
from itertools import product

import numpy as np

from domain.proof import Hearing
from player.proof import EARLY_S, MOST_DELAY_S, RATE, evidence, verdict
from player.sinks.resample import BLOCK, Resampler
from tts.engines.espeak import EspeakVoice

TRIALS = 30
LENGTHS_S = (10.0, 2.5)
SNRS = (20, 0, -10, -15, -20)
SENTENCES = (
    "Ủy ban nhân dân phường thông báo lịch tiếp công dân tháng mười hai tại trụ sở phường.",
    "Đề nghị bà con kiểm tra chuồng trại, che chắn cho gia súc trong những ngày rét đậm sắp tới.",
    "Từ năm giờ sáng mai, nhà máy nước tạm ngừng cấp nước để sửa đường ống trên phố Trần Phú.",
    "Nhân dân nộp hồ sơ dịch vụ công trực tuyến tại nhà, không phải chờ đợi ở bộ phận một cửa.",
    "Trạm y tế tổ chức tiêm vắc xin sởi cho trẻ em từ chín tháng tuổi vào sáng thứ bảy.",
    "Cảnh báo mưa lớn có thể gây lũ quét và sạt lở đất ở các bản vùng cao từ đêm nay.",
    "Hợp tác xã mời các hộ trồng chè đến nhà văn hóa để nghe hướng dẫn chăm sóc vụ xuân.",
    "Công an phường nhắc người dân không cung cấp mã xác thực ngân hàng cho người lạ.",
    "Trường tiểu học nhận hồ sơ vào lớp một trong tuần đầu của tháng bảy, buổi sáng.",
    "Đoàn thanh niên phát động ngày chủ nhật xanh, dọn rác dọc bờ suối và trồng cây.",
    "Kết quả bình xét gia đình văn hóa được niêm yết tại nhà sinh hoạt của tổ dân phố.",
    "Chợ phiên tuần này họp sớm một ngày vì trùng với ngày hội của các dân tộc.",
)
Sound = np.ndarray


def main() -> None:
    """Print a table, and one line of JSON."""
    speech = [_speech(numbers) for numbers in ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))]
    results: dict[str, dict[str, int]] = {}
    print(f"| clip, s | scene | SNR dB | false reject of {TRIALS} | unsure | false accept of {TRIALS} | unsure |")
    print("|---|---|---|---|---|---|---|")
    for length, scene, snr in product(LENGTHS_S, SCENES, SNRS):
        right, wrong = _trials(speech, length, scene, snr)
        row = {
            "false_reject": right[Hearing.UNHEARD],
            "unsure_right": right[Hearing.UNSURE],
            "false_accept": wrong[Hearing.HEARD],
            "unsure_wrong": wrong[Hearing.UNSURE],
        }
        results[f"{length:g} s, {scene}, {snr} dB"] = row
        print(f"| {length:g} | {scene} | {snr} | " + " | ".join(str(count) for count in row.values()) + " |")
    print(json.dumps({"trials": TRIALS, **_sums(results)}))


def _trials(speech: list[Sound], length: float, scene: str, snr: int) -> tuple[Counter[Hearing], Counter[Hearing]]:
    right: Counter[Hearing] = Counter()
    wrong: Counter[Hearing] = Counter()
    for trial in range(TRIALS):
        random = np.random.default_rng([trial, snr + 100, sorted(SCENES).index(scene)])
        clip = _excerpt(speech[trial % len(speech)], length, random)
        other = _excerpt(speech[(trial + 1 + trial // len(speech) % 3) % len(speech)], length, random)
        babble = sum(_excerpt(one, length, random)[::-1] for one in speech)  # backwards: nothing of the clip itself
        for said, counts in ((clip, right), (other, wrong)):
            recording = _recorded(said, scene, snr, random, babble)
            told = verdict(evidence(recording, clip.astype(np.float32)))
            counts[told.hearing if told else Hearing.UNSURE] += 1
    return right, wrong


def _recorded(said: Sound, scene: str, snr: int, random: np.random.Generator, babble: Sound) -> Sound:
    heard = SCENES[scene](said, random)
    delay = random.uniform(0.0, MOST_DELAY_S - 0.2)
    lead = round((EARLY_S + delay) * RATE)
    whole = np.zeros(len(said) + round((EARLY_S + MOST_DELAY_S) * RATE))
    whole[lead : lead + len(heard)] += heard[: len(whole) - lead]
    noise = _noise(len(whole), random, babble)
    power = np.mean(heard**2) / np.mean(noise**2)
    mixed = whole + noise * np.sqrt(power / 10 ** (snr / 10))
    gain = 10 ** (random.uniform(-40, 0) / 20)
    return np.clip(np.rint(mixed * gain), -32768, 32767).astype(np.float32)


def _noise(count: int, random: np.random.Generator, babble: Sound) -> Sound:
    """Return one of: rain (white), wind and traffic (pink), a motor's hum, other people talking."""
    kind = random.integers(4)
    if kind == 0:
        return random.normal(0, 1, count)
    if kind == 1:
        spectrum = np.fft.rfft(random.normal(0, 1, count))
        return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), count)
    if kind == 2:
        at = np.arange(count) / RATE
        return sum(np.sin(2 * np.pi * 50 * n * at + n) / n for n in range(1, 30)) + random.normal(0, 0.05, count)
    return np.resize(babble, count) + random.normal(0, 1, count)


def _line(said: Sound, random: np.random.Generator) -> Sound:
    del random
    return said


def _horn(said: Sound, random: np.random.Generator) -> Sound:
    """A horn in the open: 400 Hz to 3 kHz, a resonance, overdriven."""
    spectrum, hertz = np.fft.rfft(said), np.fft.rfftfreq(len(said), 1 / RATE)
    shape = 1 / np.sqrt(1 + (400 / np.maximum(hertz, 1)) ** 8) / np.sqrt(1 + (hertz / 3000) ** 8)
    resonance = random.uniform(800, 2000)
    shape *= 1 + 3 * np.exp(-(((hertz - resonance) / 150) ** 2))
    heard = np.fft.irfft(spectrum * shape, len(said))
    return np.tanh(heard / (np.std(heard) * 2)) * np.std(heard) * 2


def _echo(said: Sound, random: np.random.Generator) -> Sound:
    """A horn among houses: echoes for half a second, some nearly as loud as the horn."""
    heard = _horn(said, random)
    room = np.zeros(RATE // 2)
    room[0] = 1
    for at in random.integers(80, len(room), 40):
        room[at] += random.uniform(-0.7, 0.7) * np.exp(-at / (0.2 * RATE))
    size = len(heard) + len(room)
    return np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(room, size), size)


def _drift(said: Sound, random: np.random.Generator) -> Sound:
    """Among houses, by a sound card whose clock is up to 200 parts in a million off."""
    heard = _echo(said, random)
    factor = 1 + random.uniform(-200e-6, 200e-6)
    at = np.arange(len(heard)) * factor
    return np.interp(at, np.arange(len(heard)), heard)


SCENES = {"cable": _line, "horn": _horn, "horn, echoes": _echo, "horn, echoes, drift": _drift}


def _speech(numbers: tuple[int, ...]) -> Sound:
    """Return sentences as the embedded voice says them, at RATE."""
    parts = []
    for one in EspeakVoice().speak_many([SENTENCES[number] for number in numbers]):
        samples = np.frombuffer(one.pcm, np.int16)
        positions = np.arange(round(len(samples) * 48_000 / one.rate)) * one.rate / 48_000
        parts.append(np.interp(positions, np.arange(len(samples)), samples))
    return _to_rate(np.concatenate(parts).astype(np.int16))


def _to_rate(samples: Sound) -> Sound:
    resampler = Resampler(RATE)
    whole = samples[: len(samples) - len(samples) % BLOCK]
    blocks = [resampler.resampled(whole[at : at + BLOCK]) for at in range(0, len(whole), BLOCK)]
    return np.concatenate(blocks).astype(np.float64)


def _excerpt(speech: Sound, length: float, random: np.random.Generator) -> Sound:
    size = round(length * RATE)
    start = int(random.integers(0, max(len(speech) - size, 1)))
    return speech[start : start + size]


def _sums(results: dict[str, dict[str, int]]) -> dict[str, int]:
    names = next(iter(results.values()))
    return {name: sum(row[name] for row in results.values()) for name in names}


if __name__ == "__main__":
    main()
