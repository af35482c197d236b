"""The site's lexicon: who may change it, what a change does to existing bulletins, and a reader that follows it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bulletins.recordings import announcement
from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotAllowedError
from domain.people import Role, User
from domain.ports import Clock, Reader
from domain.reading import LexiconEntry, SpokenText
from domain.text import tidy
from store import bulletins, lexicon, station
from store.bulletins import Act
from store.engine import Database
from store.lexicon import SiteEntry

WRITTEN_LIMIT = 120
SPOKEN_LIMIT = 300
NOTE_LIMIT = 300
MOST_LINES = 20
_EXAMINED = (BulletinState.DRAFT, BulletinState.RETURNED, BulletinState.SUBMITTED, BulletinState.APPROVED)
_MOST_BULLETINS = 2000
_LIGHT_MARKS = " ,.;-'"


class SiteReader:
    """A reader with the site's entries on top; implements `domain.ports.Reader`.

    The entries are read again when the lexicon's version in the database has changed, whichever process changed it.
    """

    def __init__(self, database: Database, reviewed: Reader) -> None:
        self.reviewed = reviewed
        self._database = database
        self._held: tuple[int, tuple[LexiconEntry, ...]] = (-1, ())

    def read(self, script: str, readings: Iterable[LexiconEntry] = ()) -> SpokenText:
        """Return `script` as it will be said; `readings` win over the site's entries. Raises StorageError."""
        return self.reviewed.read(script, (*self.entries(), *readings))

    def entries(self) -> tuple[LexiconEntry, ...]:
        """Return the site's entries as they are now."""
        with self._database.read() as connection:
            now = lexicon.version(connection)
            if self._held[0] != now:
                self._held = (now, lexicon.readings(connection))
        return self._held[1]


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A sentence of a bulletin that will be read in another way."""

    bulletin: Bulletin
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of the lexicon does: at most MOST_LINES lines, those of approved bulletins first.

    `more` tells that there are others.
    """

    lines: tuple[ChangedLine, ...] = ()
    more: bool = False

    @property
    def approved(self) -> tuple[ChangedLine, ...]:
        """Return the lines of bulletins that are approved."""
        return tuple(line for line in self.lines if line.bulletin.state is BulletinState.APPROVED)


@dataclass(frozen=True, slots=True)
class Kept:
    """A reading that was put into the lexicon, what was said before, if anything was, and what that did."""

    written: str
    spoken: str
    before: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class LexiconDesk:
    """Changes of the site's lexicon.

    Every method that changes takes the person who acts and raises NotAllowedError, BadInputError or NotFoundError
    with a sentence for that person; then nothing was changed.
    """

    database: Database
    reader: SiteReader
    clock: Clock

    def checked(self, reading: LexiconEntry, entry_id: str = "") -> LexiconEntry:
        """Return a reading cleaned for the entry `entry_id`, or for a new one. Raises BadInputError."""
        clean = LexiconEntry(tidy(reading.written), tidy(reading.spoken), tidy(reading.note), reading.match_case)
        _refuse_form(clean)
        self._refuse_unreadable(clean.spoken)
        with self.database.read() as connection:
            other = lexicon.find(connection, clean.written)
        if other is not None and other.id != entry_id:
            raise WrittenError(
                f"«{clean.written}» đã có trong từ điển, đọc là «{other.reading.spoken}». Hãy sửa từ đã có."
            )
        return clean

    def effect(self, reading: LexiconEntry | None, entry_id: str = "") -> Effect:
        """Return what changes when `reading` takes the place of an entry or is added; `None` takes the entry away."""
        with self.database.read() as connection:
            own = lexicon.get(connection, entry_id).reading if entry_id else None
            found = bulletins.newest(connection, _EXAMINED, _MOST_BULLETINS)
            announced_by = station.get(connection).name
        before = self.reader.entries()
        after = tuple(one for one in before if own is None or one.written != own.written)
        if reading is not None:
            after = (*after, reading)
        wanted = [one.written.casefold() for one in (own, reading) if one is not None]
        heard = ((one, (announcement(announced_by, one.title), one.script)) for one in _approved_first(found))
        holding = ((one, texts) for one, texts in heard if _hold(texts, wanted))
        return _effect(
            line for one, texts in holding for text in texts for line in self._changed_lines(one, text, before, after)
        )

    def add(self, user: User, reading: LexiconEntry) -> str:
        """Add a reading and return its id."""
        require_lexicographer(user)
        clean = self.checked(reading)
        with self.database.write() as connection:
            return lexicon.add(connection, clean, Act(user, self.clock.now()))

    def change(self, user: User, entry_id: str, reading: LexiconEntry) -> None:
        """Replace a reading."""
        require_lexicographer(user)
        clean = self.checked(reading, entry_id)
        with self.database.write() as connection:
            lexicon.change(connection, entry_id, clean, Act(user, self.clock.now()))

    def remove(self, user: User, entry_id: str) -> SiteEntry:
        """Take a reading away; its history stays."""
        require_lexicographer(user)
        with self.database.write() as connection:
            return lexicon.remove(connection, entry_id, Act(user, self.clock.now()))

    def always_effect(self, written: str, spoken: str) -> Effect:
        """Return what `always` would change. Raises BadInputError."""
        with self.database.read() as connection:
            held = lexicon.find(connection, tidy(written))
        entry_id = held.id if held else ""
        return self.effect(self.checked(_always(written, spoken, held), entry_id), entry_id)

    def always(self, user: User, written: str, spoken: str) -> Kept:
        """Have `written` read as `spoken` everywhere from now on; doing it twice changes nothing more."""
        require_lexicographer(user)
        effect = self.always_effect(written, spoken)
        with self.database.read() as connection:
            held = lexicon.find(connection, tidy(written))
        if held is None:
            self.add(user, LexiconEntry(written, spoken))
        elif held.reading.spoken != tidy(spoken):
            self.change(user, held.id, _always(written, spoken, held))
        return Kept(tidy(written), tidy(spoken), held.reading.spoken if held else "", effect)

    def take_back(self, user: User, written: str, spoken: str, before: str) -> None:
        """Undo what `always` did, to what was said `before`. Raises BadInputError when somebody changed it since."""
        require_lexicographer(user)
        with self.database.read() as connection:
            held = lexicon.find(connection, tidy(written))
        if held is None or held.reading.spoken != spoken:
            raise BadInputError(
                f"Cách đọc «{written}» vừa được người khác thay đổi nên không hoàn tác được. Hãy xem ở trang «Từ điển»."
            )
        if before:
            self.change(user, held.id, replace(held.reading, spoken=before))
        else:
            self.remove(user, held.id)

    def _changed_lines(
        self, bulletin: Bulletin, text: str, before: tuple[LexiconEntry, ...], after: tuple[LexiconEntry, ...]
    ) -> Iterator[ChangedLine]:
        accepted = tuple(LexiconEntry(one.written, one.spoken) for one in bulletin.readings)
        reader = self.reader.reviewed
        old = {one.start: one.spoken for one in reader.read(text, (*before, *accepted)).sentences}
        for sentence in reader.read(text, (*after, *accepted)).sentences:
            said = old.get(sentence.start, "")
            if said != sentence.spoken:
                yield ChangedLine(bulletin, said, sentence.spoken)

    def _refuse_unreadable(self, spoken: str) -> None:
        flagged = self.reader.reviewed.read(spoken).flagged
        if flagged:
            raise SpokenError(
                f"Giọng đọc không đọc được «{flagged[0].source[:40]}». Hãy viết bằng tiếng thường, từng âm một."
            )


class WrittenError(BadInputError):
    """What is wrong is the written form."""


class SpokenError(BadInputError):
    """What is wrong is the spoken form."""


class NoteError(BadInputError):
    """What is wrong is the note."""


def may_change(user: User) -> bool:
    """Tell whether a person may change the site's lexicon."""
    return user.may(Role.EDITOR)


def require_lexicographer(user: User) -> None:
    """Let editors and administrators through. Raises NotAllowedError."""
    if not may_change(user):
        raise NotAllowedError("Chỉ biên tập viên và quản trị viên mới sửa được từ điển. Chưa có gì thay đổi.")


def _refuse_form(reading: LexiconEntry) -> None:
    """Refuse what is empty, too long, or not said as it is spelled."""
    if not any(letter.isalnum() for letter in reading.written):
        raise WrittenError("Hãy ghi từ như trong văn bản, ví dụ QLTTĐT.")
    if len(reading.written) > WRITTEN_LIMIT:
        raise WrittenError(f"Từ dài {len(reading.written)} ký tự; tối đa {WRITTEN_LIMIT} ký tự.")
    if not any(letter.isalpha() for letter in reading.spoken):
        raise SpokenError("Hãy ghi cách đọc, ví dụ: quản lý trật tự đô thị.")
    if len(reading.spoken) > SPOKEN_LIMIT:
        raise SpokenError(f"Cách đọc dài {len(reading.spoken)} ký tự; tối đa {SPOKEN_LIMIT} ký tự.")
    if len(reading.note) > NOTE_LIMIT:
        raise NoteError(f"Ghi chú dài {len(reading.note)} ký tự; tối đa {NOTE_LIMIT} ký tự.")
    odd = next((sign for sign in reading.spoken if not sign.isalpha() and sign not in _LIGHT_MARKS), "")
    if odd.isnumeric():
        raise SpokenError("Cách đọc không được có chữ số. Hãy viết số bằng chữ, ví dụ: một trăm hai mươi.")
    if odd:
        raise SpokenError(f"Cách đọc không được có ký hiệu «{odd}». Hãy viết bằng chữ.")
    shortened = next((word for word in reading.spoken.split() if len(word) > 1 and word.isupper()), "")
    if shortened:
        raise SpokenError(f"Cách đọc còn chữ viết tắt «{shortened[:40]}». Hãy viết đầy đủ bằng chữ thường.")


def _always(written: str, spoken: str, held: SiteEntry | None) -> LexiconEntry:
    return LexiconEntry(written, spoken) if held is None else replace(held.reading, written=written, spoken=spoken)


def _approved_first(found: Iterable[Bulletin]) -> list[Bulletin]:
    return sorted(found, key=lambda one: one.state is not BulletinState.APPROVED)


def _hold(texts: Iterable[str], words: Iterable[str]) -> bool:
    shown = tidy(" ".join(texts)).casefold()
    return any(word in shown for word in words)


def _effect(changed: Iterator[ChangedLine]) -> Effect:
    lines: list[ChangedLine] = []
    for line in changed:
        if len(lines) == MOST_LINES:
            return Effect(tuple(lines), more=True)
        lines.append(line)
    return Effect(tuple(lines))
