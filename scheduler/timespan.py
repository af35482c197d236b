"""Lengths of time in words. Pure."""

from datetime import timedelta


def spoken(length: timedelta) -> str:
    """Return a length as people say it: “90 giây”, “5 phút”, “1 giờ 30 phút”."""
    seconds = round(length.total_seconds())
    if seconds < 120 and seconds % 60:
        return f"{seconds} giây"
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = ((hours, "giờ"), (minutes, "phút"), (rest, "giây"))
    return " ".join(f"{count} {word}" for count, word in parts if count) or "0 giây"
