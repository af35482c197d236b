"""The timetable: rules become occurrences, occurrences become signed playlists, airings become the log."""
