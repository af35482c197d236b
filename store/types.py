"""Column types: instants and lengths as whole milliseconds, so that every database keeps the same value."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from domain.playlist import from_ms, length_ms, to_ms


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, kept as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return milliseconds; a naive instant is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        return to_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the aware UTC instant."""
        return None if value is None else from_ms(int(value))


class Length(TypeDecorator[timedelta]):
    """A length of time, kept as milliseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> Any:
        """Return milliseconds."""
        return None if value is None else length_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:
        """Return the length."""
        return None if value is None else timedelta(milliseconds=int(value))
