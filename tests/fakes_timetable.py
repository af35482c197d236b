"""The timetable of the panel in tests: sessions that are added, and what its pages and the store say of them."""

import re
from datetime import date, datetime, time

from domain.timetable import Programme, Rule
from scheduler.desk import NewSession
from scheduler.sessions import ZONE
from tests.fakes_web import EDITOR, Panel

MONDAY = date(2026, 11, 23)
FORM = {"name": "Sáng", "area": "tan-phong", "kind": "weekly", "times": "05:30", "priority": "NORMAL"}
TEN = datetime.combine(MONDAY, time(10), ZONE)


def page(town: Panel, path: str, user=EDITOR, status: int = 200) -> str:
    answer = town.browser(user).get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def rules(town: Panel) -> dict[str, Rule]:
    return dict(town.services.timetable.inputs().shelf.rules)


def programme_of(town: Panel, rule: Rule) -> Programme:
    return town.services.timetable.inputs().shelf.programmes[rule.programme_id]


def add(town: Panel, name: str = "Buổi sáng", **fields: object) -> str:
    given = {
        "name": name,
        "bulletin_ids": (town.produced(f"Tin {name}"),),
        "area_ids": frozenset({"san-thang"}),
        "times": (time(10),),
        "weekdays": frozenset(range(1, 8)),
    }
    return town.services.timetable.add(EDITOR, NewSession(**{**given, **fields}))


def key_of(rule_id: str, at: datetime = TEN) -> str:
    return f"{rule_id}@{round(at.timestamp() * 1000)}"


def sent_by_the_form(text: str) -> dict[str, list[str]]:
    """Return what a browser would send of the session's form as it is shown."""
    form = text[text.index('class="session-form"') : text.index("</main>")]
    sent: dict[str, list[str]] = {}
    for field in re.findall(r"<input [^>]*>", form):
        name, value = (re.search(rf'{part}="([^"]*)"', field) for part in ("name", "value"))
        if name and name[1] != "csrf_token" and ("type=" not in field or "hidden" in field or " checked" in field):
            sent.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent.setdefault(name, []).append(chosen[1] if chosen else "")
    return sent
