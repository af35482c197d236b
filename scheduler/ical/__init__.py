"""iCalendar: what will sound as a calendar that phones subscribe to, and simple rules in and out of files."""
