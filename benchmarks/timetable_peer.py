"""recurring-ical-events reads a calendar and expands it: `python timetable_peer.py FROM TO < calendar.ics`.

Runs in the peer's own environment; prints one line of JSON: seconds, for reading and for expanding, and the count.
"""

import json
import sys
import time
from datetime import datetime

import icalendar
import recurring_ical_events


def main() -> None:
    """Measure one calendar."""
    text = sys.stdin.buffer.read()
    first, past = map(datetime.fromisoformat, sys.argv[1:])
    began = time.process_time()
    calendar = icalendar.Calendar.from_ical(text)
    read = time.process_time()
    found = recurring_ical_events.of(calendar).between(first, past)
    done = time.process_time()
    print(json.dumps({"read_s": read - began, "expand_s": done - read, "occurrences": len(found)}))


if __name__ == "__main__":
    main()
