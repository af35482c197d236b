"""Sound outputs of the machine, each an implementation of `domain.ports.AudioSink`."""
