"""iCalendar files for tests, written by hand as other programs write them."""

STATION = "TZID=Asia/Ho_Chi_Minh"


def file_of(*events: str, head: str = "") -> bytes:
    """Return a calendar of `events`, with `head` before them."""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//VI\r\n{head}{''.join(events)}END:VCALENDAR\r\n".encode()


def event(uid: object, *lines: str, title: str = "Bản tin sáng") -> str:
    """Return an event with `lines`."""
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT", ""))


def weekly(uid: object = 1, at: str = "20261123T053000", *lines: str) -> str:
    """Return an event of every Monday."""
    return event(uid, f"DTSTART;{STATION}:{at}", "RRULE:FREQ=WEEKLY;BYDAY=MO", *lines)
