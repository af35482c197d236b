"""The voice engines: each is one file that implements `domain.ports.VoiceEngine`."""
