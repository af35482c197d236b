"""The counter: the panel people use and the API machines use."""
