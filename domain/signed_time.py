"""The signed time (giờ đã ký): what the centre signs when a machine asks it what time it is."""


def time_statement(machine_id: str, nonce: str, server_ms: int) -> bytes:
    """Return the bytes that are signed: that to the question `nonce` of this machine it was `server_ms` since 1970.

    The first line keeps them apart from whatever else a key may sign.
    """
    return "\n".join(("tiengloa-time-1", machine_id, nonce, str(server_ms))).encode()
