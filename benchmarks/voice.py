"""The online voice before a service that misbehaves: what each fault costs, and which voice speaks in the end.

A stand-in on the loopback takes the service's place. The limits are the product's own, but for the waits between
tries, which are counted and not slept.
"""

import time

from domain.errors import VoiceError
from player.clock import SystemClock
from tests.fakes_audio import spoken_text, stand_in
from tts.chain import VoiceChain
from tts.engines.espeak import EspeakVoice
from tts.engines.google import GoogleVoice, Limits

SENTENCES = ("Đề nghị bà con nhân dân chú ý theo dõi.", "Phường tiếp nhận hồ sơ từ bảy giờ ba mươi phút.")
FAULTS = {
    "well": "answers well",
    "blocked": "429 for every request",
    "broken": "500 for every request",
    "junk": "an HTML page",
    "no_audio": "an answer without audio",
    "cut_mp3": "a truncated MP3",
    "silent_mp3": "an MP3 of silence",
    "cut_body": "closes in mid-answer",
    "slow": "a byte at a time",
    "hanging": "never answers",
}


def main() -> None:
    """Have two sentences spoken under each fault, and print how it ended."""
    print("| the service | spoken by | requests | waits, s | wall, s | what the panel says |")
    print("|---|---|---|---|---|---|")
    for mood, words in FAULTS.items():
        print(f"| {words} | {' | '.join(_under(mood))} |", flush=True)


def _under(mood: str) -> tuple[str, ...]:
    waits: list[float] = []
    with stand_in(mood) as server:
        online = GoogleVoice(Limits(interval_s=0.0), endpoint=server.endpoint, wait=waits.append)
        chain = VoiceChain((online, EspeakVoice()), SystemClock())
        started = time.perf_counter()
        try:
            spoken = chain.speak(spoken_text(*SENTENCES), lambda *_progress: None)
            voice, why = spoken.voice.engine, spoken.voice.why
        except VoiceError as error:
            voice, why = "nobody", error.sentence
        wall = time.perf_counter() - started
        return voice, str(len(server.texts)), f"{sum(waits):.0f}", f"{wall:.1f}", why or "-"


if __name__ == "__main__":
    main()
