"""The shelf: content-addressed sounds, their measurement, and the mastering of speech for horns."""
