"""What must be right in the words themselves before a bulletin is submitted, a sentence for each kind of trouble."""

from collections.abc import Iterable

from domain.errors import FlaggedReadingError
from domain.reading import FlagKind, SpokenText, Token


def malformed(text: SpokenText) -> tuple[Token, ...]:
    """Return the marks of `text` that are not obeyed because of how they are written."""
    return tuple(token for token in text.flagged if is_malformed(token))


def is_malformed(token: Token) -> bool:
    """Tell whether a token is a mark that only a change of the script can mend."""
    return any(flag.kind is FlagKind.MALFORMED_MARK for flag in token.flags)


def refuse_malformed_marks(text: SpokenText) -> None:
    """Refuse a text with a mark that is not obeyed. Raises FlaggedReadingError."""
    found = malformed(text)
    if found:
        raise FlaggedReadingError(f"Có dấu viết sai: {_shown(found)}. Hãy sửa dấu trong nội dung rồi trình duyệt.")


def refuse_doubtful_opening(opening: SpokenText) -> None:
    """Refuse the line that announces a bulletin while a word of it is in doubt. Raises FlaggedReadingError."""
    if opening.flagged:
        raise FlaggedReadingError(
            f"Lời mở đầu cũng được đọc lên, mà còn chỗ chưa chắc cách đọc: {_shown(opening.flagged)}. "
            "Hãy chọn cách đọc cho chỗ ấy, hoặc viết rõ trong tiêu đề, rồi trình duyệt."
        )


def _shown(tokens: Iterable[Token]) -> str:
    every = list(dict.fromkeys(f"«{token.source.strip()[:40]}»" for token in tokens))
    return ", ".join(every[:5]) + (" …" if len(every) > 5 else "")
