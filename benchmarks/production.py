"""From approval to clip: wall and processor seconds for each example bulletin, with the offline voice."""

import tempfile
from pathlib import Path

from player.clock import SystemClock
from store import bulletins, clips, jobs
from tiengloa.centre import open_centre
from tiengloa.example import load as example
from tiengloa.settings import Settings


def main() -> None:
    """Produce every example bulletin once, in one process, and print what the job table says."""
    print("| bulletin | clip, s | wall, s | CPU, s | clip s per CPU s | LUFS | dBTP |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        centre = open_centre(Settings(Path(folder), voices=("espeak",)))
        with centre.database.write() as connection:
            example.load(connection, SystemClock().now())
        for job_id in centre.production.waiting():
            centre.production.produce(job_id)
            with centre.database.read() as connection:
                job = jobs.get(connection, job_id)
                bulletin = bulletins.get(connection, job.bulletin_id)
                clip = clips.get(connection, bulletin.clip_hash or "")
            seconds, wall, cpu = clip.length.total_seconds(), job.wall_seconds or 0, job.cpu_seconds or 1
            loudness = clip.loudness
            print(
                f"| {bulletin.id} | {seconds:.1f} | {wall:.2f} | {cpu:.2f} | {seconds / cpu:.0f} "
                f"| {loudness.integrated_lufs:.1f} | {loudness.true_peak_dbtp:.1f} |"
            )
        centre.database.close()


if __name__ == "__main__":
    main()
