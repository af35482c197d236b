"""`tiengloa broker`: the embedded broker as a process, its accounts from the database, and files for Mosquitto."""

import base64
import json
import secrets
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from domain.machines import Machine
from domain.nudges import CENTRE, BrokerAccount
from scheduler.channels.mqtt import MqttChannel
from store import machines
from store.engine import Database
from tests.commands import ROOT, Here, environment
from tests.fakes import START
from tests.fakes_broker import listener, mosquitto_serving
from tests.fakes_player import wait_until
from tests.ports import free_port
from tiengloa.broker import BrokerDoor
from tiengloa.settings import BrokerSettings


def door_of(data: Path, **changes: str) -> BrokerDoor:
    (data / "keys").mkdir(exist_ok=True)
    settings = BrokerSettings(**changes)  # type: ignore[arg-type]
    return BrokerDoor(settings, data, data / "keys" / "broker.secret", Database(data / "tiengloa.db"))


def enrolled(door: BrokerDoor) -> BrokerAccount:
    """Take a machine into the station and return its account at the broker."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    with door.database.write() as connection:
        area = connection.exec_driver_sql("SELECT id FROM area LIMIT 1").scalar_one()
        machine = Machine("may-thu", "Máy thử", area, key, START)
        machines.add(connection, machine)
    account = door.machine_account(machine)
    assert account is not None
    return account


def test_a_machine_enrolled_while_the_broker_runs_is_let_in_and_put_out_when_it_is_revoked(example_data: Path) -> None:
    command = [sys.executable, "-m", "tiengloa", "--data", str(example_data), "broker", "run"]
    own = environment(TIENGLOA_BROKER_BIND=f"127.0.0.1:{free_port()}")
    door = door_of(example_data)
    with closing(door.database), subprocess.Popen(command, env=own, cwd=ROOT) as child:
        try:
            wait_until(lambda: door.address() is not None, 20)
            with listener(enrolled(door)) as mine, closing(MqttChannel(door.centre_account)) as channel:
                machine_id = mine.listening().user
                channel.nudge(machine_id)
                wait_until(lambda: mine.topics)
                with door.database.write() as connection:
                    machines.revoke(connection, machine_id, START)
                assert mine.lost.wait(10)
        finally:
            child.terminate()
    assert child.returncode == 0
    assert door.address() is None, "the broker left word of a port where it no longer is"


def test_the_accounts_written_for_mosquitto_are_those_that_machines_are_told(
    example_data: Path, here: Here, tmp_path: Path
) -> None:
    port = free_port()
    door = door_of(example_data, where=f"mqtt://127.0.0.1:{port}")
    with closing(door.database):
        account = enrolled(door)
        done = here("--data", str(example_data), "broker", "accounts", "-o", str(tmp_path / "m"))
        assert (done.code, done.err) == (0, "")
        assert CENTRE in (tmp_path / "m" / "passwords").read_text()
        with mosquitto_serving(tmp_path / "m", port), listener(account) as mine:
            mine.listening()
            with closing(MqttChannel(door.centre_account)) as channel:
                channel.nudge(account.user)
                wait_until(lambda: mine.topics)


def test_the_centre_comes_into_another_broker_with_the_account_of_the_settings(
    example_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("bi mat\n")
    door = door_of(example_data, where="mqtts://mqtt.example.vn", user="loa", password_file=str(tmp_path / "password"))
    with closing(door.database):
        account = door.centre_account()
        assert account is not None
        assert (account.user, account.password) == ("loa", "bi mat")
        assert (account.address.host, account.address.port, account.address.tls) == ("mqtt.example.vn", 8883, True)


def test_a_broker_that_cannot_be_one_is_refused_in_a_sentence(example_data: Path, here: Here) -> None:
    done = here("--data", str(example_data), "broker", "run", TIENGLOA_BROKER="off")
    assert done.code != 0
    assert "TIENGLOA_BROKER" in done.err
    done = here("doctor", TIENGLOA_BROKER_BINT="x")
    assert "TIENGLOA_BROKER_BIND" in done.err


def test_a_torn_note_of_where_the_broker_is_means_that_there_is_none(example_data: Path) -> None:
    with closing(door_of(example_data).database):
        for torn in ("", "{", "[]", json.dumps({"port": "x"})):
            (example_data / "broker.json").write_text(torn)
            assert door_of(example_data).address() is None
