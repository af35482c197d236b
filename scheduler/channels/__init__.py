"""Ways to tell machines that there is something to fetch."""
