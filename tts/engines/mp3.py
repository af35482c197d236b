"""MP3 from an online voice: checked frame by frame before it counts, then decoded."""

import io

import av
from av.audio.resampler import AudioResampler

from domain.audio import Speech
from domain.errors import VoiceError

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LAYER_3 = 1
_FEWEST_FRAMES = 3


def speech_of_mp3(data: bytes) -> Speech:
    """Return the speech in an MP3 file as mono 16 bit PCM at its own rate.

    Raises VoiceError when it is no MP3, when its last frame is cut, or when it cannot be decoded.
    """
    if _whole_frames(data) < _FEWEST_FRAMES:
        raise VoiceError("Âm thanh MP3 không có khung nào dùng được.")
    try:
        return _decoded(data)
    except (av.FFmpegError, ValueError) as error:
        raise VoiceError("Âm thanh MP3 bị hỏng, không giải mã được.") from error


def _decoded(data: bytes) -> Speech:
    pcm, rate = bytearray(), 0
    with av.open(io.BytesIO(data), "r", format="mp3", metadata_errors="replace") as container:
        resampler = AudioResampler(format="s16", layout="mono")
        for frame in container.decode(container.streams.audio[0]):
            rate = frame.sample_rate
            for made in resampler.resample(frame):
                pcm += made.to_ndarray().tobytes()
    return Speech(bytes(pcm), rate)


def _whole_frames(data: bytes) -> int:
    """Return how many MPEG layer III frames follow each other.

    What is no frame ends the count (a tag may follow the sound). Raises VoiceError when the last frame is cut, the
    sign of a cut answer (ISO 11172-3, 2.4.1.3).
    """
    at = _after_tag(data)
    count = 0
    while size := _frame_size(data[at : at + 4]):
        if at + size > len(data):
            raise VoiceError("Âm thanh MP3 bị cụt.")
        at += size
        count += 1
    return count


def _frame_size(head: bytes) -> int:
    """Return the length in bytes of the frame that `head` begins, or 0 when it is no frame header."""
    if len(head) == 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
        rate_index, bit_index, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
        if version != 1 and layer == _LAYER_3 and rate_index < 3 and 0 < bit_index < 15:
            kbits = (_KBITS_1 if version == 3 else _KBITS_2)[bit_index]
            return (144 if version == 3 else 72) * kbits * 1000 // _RATES[version][rate_index] + padding
    return 0


def _after_tag(data: bytes) -> int:
    """Return where the sound begins, after an ID3v2 tag if there is one."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    return 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
