"""Tells by its bytes what kind of sound a stream is: one of a few, or refused. Pure.

What a server says of its content is no evidence. A playlist is text and is none of these kinds, so it is refused too.
"""

from domain.errors import AudioError

LOOKED_AT = 8192
"""Bytes within which the sound must begin."""
_LIST_MARKS = (b"#EXTM3U", b"[playlist]", b"<?xml", b"<asx", b"<ASX", b"http://", b"https://", b"[Reference]")
_MPEG1_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44_100, 48_000, 32_000)


def kind_of(data: bytes) -> tuple[str, int]:
    """Return FFmpeg's name of the container and the offset at which the sound begins in `data`.

    A stream of MP3 or AAC is joined at any byte: two frames in a row are looked for. Raises AudioError.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    text = data.lstrip()
    if text.startswith(_LIST_MARKS):
        raise AudioError("Nguồn tiếp âm là một danh sách phát, không phải luồng âm thanh; hãy ghi địa chỉ của luồng")
    if data.startswith(b"OggS"):
        return "ogg", 0
    if data.startswith(b"fLaC"):
        return "flac", 0
    if data.startswith(b"ID3"):
        return "mp3", 0
    for offset in range(len(data) - 7):
        if data[offset] == 0xFF and (found := _framed(data, offset)):
            return found, offset
    raise AudioError("Nguồn tiếp âm không phải MP3, AAC, Ogg hoặc FLAC")


def _framed(data: bytes, offset: int) -> str:
    """Return the kind of two frames in a row that begin at `offset`, or an empty string."""
    for name, length_of in (("aac", _adts_length), ("mp3", _mp3_length)):
        length = length_of(data, offset)
        if length and length_of(data, offset + length):
            return name
    return ""


def _mp3_length(data: bytes, offset: int) -> int:
    """Return the length of the MPEG layer III frame at `offset`, or 0. Source: ISO/IEC 11172-3, 13818-3."""
    head = data[offset : offset + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    kbits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or kbits in (0, 15) or rate == 3:
        return 0
    first = version == 3
    hertz = _RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    bits = (_MPEG1_KBITS if first else _MPEG2_KBITS)[kbits] * 1000
    return (144 if first else 72) * bits // hertz + (head[2] >> 1 & 1)


def _adts_length(data: bytes, offset: int) -> int:
    """Return the length of the ADTS frame at `offset`, or 0. Source: ISO/IEC 13818-7."""
    head = data[offset : offset + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0
