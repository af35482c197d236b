"""From approval to clip of a five-minute bulletin with the offline voice: the first time, and after one edit."""

import tempfile
from pathlib import Path

from domain.people import Role, User
from player.clock import SystemClock
from store import bulletins, clips, jobs, people
from store.bulletins import Draft
from tiengloa.centre import open_centre
from tiengloa.example import load as example
from tiengloa.settings import Settings
from tiengloa.wiring import Centre

_PLACES = ("Mường So", "Nậm Loỏng", "San Thàng", "Tả Lèng", "Sùng Phài", "Nùng Nàng", "Đoàn Kết", "Quyết Thắng")
SENTENCES = [
    f"Bà con bản {place} {act} trước ngày {day} tháng {month} năm 2026 tại nhà văn hóa bản."
    for month, act in enumerate(("tiêm phòng cho trâu bò", "nộp hồ sơ vay vốn", "dọn vệ sinh đường làng"), 9)
    for day, place in enumerate((*_PLACES, "Tân Phong"), 11)
]
"""Some five minutes of speech, no two sentences alike."""


def main() -> None:
    """Print both times, with how many sentences the voice was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        centre = open_centre(Settings(Path(folder), voices=("espeak",)))
        author, approver = (
            User("a", "a", "A", frozenset({Role.EDITOR})),
            User("b", "b", "B", frozenset({Role.APPROVER})),
        )
        with centre.database.write() as connection:
            example.load(connection, SystemClock().now())
            people.add(connection, author)
            people.add(connection, approver)
        print("| | clip, s | sentences spoken | wall, s | CPU, s |")
        print("|---|---|---|---|---|")
        bulletin_id = centre.desk.write(author, Draft("Việc cần làm", "\n".join(SENTENCES)))
        _measure(centre, "first time", bulletin_id, author, approver)
        edited = [*SENTENCES[:17], SENTENCES[17].replace("trước", "xong trước"), *SENTENCES[18:]]
        # What is on air is withdrawn and written anew: the cache knows sentences, not bulletins.
        again = centre.desk.write(author, Draft("Việc cần làm", "\n".join(edited)))
        _measure(centre, "one sentence edited", again, author, approver)
        centre.database.close()


def _measure(centre: Centre, what: str, bulletin_id: str, author: User, approver: User) -> None:
    held = len(list(centre.folder.speech.glob("*.pcm"))) if centre.folder.speech.is_dir() else 0
    centre.desk.submit(author, bulletin_id)
    job_id = centre.desk.approve(approver, bulletin_id, 1, backup_voice_ok=True)
    centre.production.produce(job_id)
    spoken = len(list(centre.folder.speech.glob("*.pcm"))) - held
    with centre.database.read() as connection:
        job = jobs.get(connection, job_id)
        clip = clips.get(connection, bulletins.get(connection, bulletin_id).clip_hash or "")
    print(
        f"| {what} | {clip.length.total_seconds():.0f} | {spoken} of {len(SENTENCES) + 2} "
        f"| {job.wall_seconds or 0:.2f} | {job.cpu_seconds or 0:.2f} |"
    )


if __name__ == "__main__":
    main()
