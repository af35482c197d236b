"""The example station: the city's 2023 plan as a campaign, its places, and three bulletins to hear at once."""
