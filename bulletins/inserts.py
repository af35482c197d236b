"""Clips of the library that a script inserts by name: found, checked, and put where the script asks for them."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy import Connection

from bulletins.recordings import levelled
from domain.audio import SAMPLE_RATE, Clip, ClipKind, Speech, SpokenAudio
from domain.errors import BadInputError, NotFoundError
from domain.reading import SpokenSentence, SpokenText
from store import clips

SHORTEST_HASH = 8
"""How many characters of a clip's hash name it, at least."""

_SIGNS = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("“”„«»″", '"'), **dict.fromkeys("‘’‚′`", "'")})


def missing_inserts(connection: Connection, text: SpokenText) -> dict[str, str]:
    """Return the names in `text` that are no clip which may be inserted, in order, each with the sentence why."""
    wanted = _names(text.sentences)
    held = tuple(clips.everything(connection).values()) if wanted else ()
    sought = {name: _sought(name, held) for name in wanted}
    return {name: why for name, why in sought.items() if isinstance(why, str)}


def inserted_hashes(connection: Connection, sentences: Sequence[SpokenSentence]) -> dict[str, str]:
    """Return the hash of each clip that `sentences` insert and that is there, by its name there."""
    wanted = _names(sentences)
    held = tuple(clips.everything(connection).values()) if wanted else ()
    found = {name: _sought(name, held) for name in wanted}
    return {name: clip.hash for name, clip in found.items() if isinstance(clip, Clip)}


def refuse_missing_inserts(connection: Connection, text: SpokenText) -> None:
    """Refuse a script that inserts what cannot be inserted. Raises BadInputError, which says what and why."""
    try:
        inserts_of(connection, text.sentences)
    except NotFoundError as error:
        raise BadInputError(error.sentence) from error


def inserts_of(connection: Connection, sentences: Sequence[SpokenSentence]) -> dict[str, Clip]:
    """Return the clips that `sentences` insert, by the name they are called there.

    Bulletins are never found: an insert must not be a way around approval. Raises NotFoundError.
    """
    wanted = _names(sentences)
    held = tuple(clips.everything(connection).values()) if wanted else ()
    found: dict[str, Clip] = {}
    for name in wanted:
        sought = _sought(name, held)
        if isinstance(sought, str):
            raise NotFoundError(sought)
        found[name] = sought
    return found


def with_inserts(
    spoken: SpokenAudio,
    sentences: Sequence[SpokenSentence],
    inserts: Mapping[str, Clip],
    decoded: Callable[[str], bytes],
) -> SpokenAudio:
    """Return `spoken`, the speech of `sentences`, with clips in the places they were left; all are equally loud.

    `decoded` gives the PCM of a clip at the rate of clips by its hash.
    """
    if not inserts:
        return spoken
    sounds = {
        clip.hash: levelled([Speech(decoded(clip.hash), SAMPLE_RATE)])[0]
        for clip in {clip.hash: clip for clip in inserts.values()}.values()
    }
    speeches = levelled([speech for speech, _pause in spoken.sentences])
    filled = tuple(
        (sounds[inserts[sentence.clip].hash] if sentence.clip else speech, pause)
        for sentence, speech, (_old, pause) in zip(sentences, speeches, spoken.sentences, strict=True)
    )
    return SpokenAudio(filled, spoken.voice)


def _names(sentences: Sequence[SpokenSentence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence.clip for sentence in sentences if sentence.clip))


def _sought(name: str, held: Sequence[Clip]) -> Clip | str:
    """Return the clip that `name` means, or the sentence that says why there is none."""
    called = [clip for clip in held if _is_called(clip, name)]
    usable = [clip for clip in called if clip.kind is not ClipKind.BULLETIN]
    if len(usable) == 1:
        return usable[0]
    if usable:
        return (
            f"Trong kho có {len(usable)} âm thanh tên «{name}» nên không biết chèn âm thanh nào. "
            f"Hãy ghi mã của âm thanh thay cho tên, ví dụ [chèn: {usable[0].hash[:12]}]."
        )
    if called:
        return f"«{name}» là một bản tin nên không chèn được vào bản tin khác. Hãy bỏ dấu [chèn: …] này."
    if not any(map(str.isalnum, name)):
        return "Dấu [chèn: …] chưa ghi tên âm thanh. Hãy ghi tên hoặc mã của âm thanh trong kho."
    return (
        f"Trong kho không có âm thanh «{name}» để chèn. {_nearest(name, held)}"
        "Hãy thêm âm thanh đó vào kho, hoặc sửa tên trong dấu [chèn: …], rồi làm lại."
    )


def _nearest(name: str, held: Sequence[Clip]) -> str:
    titles = {_folded(clip.title): clip.title for clip in held if clip.kind is not ClipKind.BULLETIN}
    near = get_close_matches(_folded(name), titles, 1)
    return f"Có lẽ là «{titles[near[0]]}»? " if near else ""


def _is_called(clip: Clip, name: str) -> bool:
    if _folded(clip.title) == _folded(name):
        return True
    return len(name) >= SHORTEST_HASH and clip.hash.startswith(name.lower())


def _folded(title: str) -> str:
    """Return a title as the reader leaves it in a script: plain signs, single spaces; small letters."""
    return " ".join(unicodedata.normalize("NFKC", title).translate(_SIGNS).casefold().split())
