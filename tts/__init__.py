"""The voice: how official Vietnamese is read, and the engines that speak it."""
