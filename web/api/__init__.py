"""What machines say to the centre."""
