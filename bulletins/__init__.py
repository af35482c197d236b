"""The desk: drafting, review, and the production of clips."""
