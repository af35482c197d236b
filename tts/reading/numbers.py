"""How numbers are said: cardinals, decimals and digit strings, in the style a station chooses."""

from dataclasses import dataclass

_UNITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_LONGEST_CARDINAL = 15
"""Beyond 999 nghìn tỷ nobody follows a number by ear: it is said digit by digit."""


@dataclass(frozen=True, slots=True)
class Style:
    """The free choices of the house style that a site may change."""

    linh: str = "linh"
    thousand: str = "nghìn"
    first_days: str = "mùng"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Says numbers in one style; every method takes strings of ASCII digits."""

    style: Style = Style()

    def cardinal(self, digits: str) -> str:
        """Return the cardinal of `digits`, leading zeros dropped."""
        digits = digits.lstrip("0") or "0"
        if len(digits) > _LONGEST_CARDINAL:
            return self.spelled(digits)
        if digits == "0":
            return _UNITS[0]
        return " ".join(self._chunks(digits))

    def decimal(self, whole: str, fraction: str, point: str = "phẩy") -> str:
        """Return a decimal number; a fraction with leading zeros or over three digits is said digit by digit."""
        one_by_one = fraction.startswith("0") or len(fraction) > 3
        tail = self.spelled(fraction) if one_by_one else self.cardinal(fraction)
        return f"{self.cardinal(whole)} {point} {tail}"

    def spelled(self, digits: str) -> str:
        """Return `digits` one by one."""
        return " ".join(_UNITS[int(digit)] for digit in digits)

    def counted(self, digits: str) -> str:
        """Return a number that belongs to a name: one by one when zeros lead it, as in PC06."""
        return self.spelled(digits) if digits.startswith("0") and len(digits) > 1 else self.cardinal(digits)

    def day(self, digits: str) -> str:
        """Return a day of the month, the first ten with "mùng"."""
        said = self.cardinal(digits)
        return f"{self.style.first_days} {said}".strip() if 1 <= int(digits) <= 10 else said

    def month(self, digits: str) -> str:
        """Return a month's number, where four is "tư"."""
        return self.ordinal(digits, first="một")

    def ordinal(self, digits: str, first: str = "nhất") -> str:
        """Return what follows "thứ": "nhất", "hai", "ba", "tư", then cardinals."""
        return {"1": first, "4": "tư"}.get(digits.lstrip("0"), self.cardinal(digits))

    def _chunks(self, digits: str) -> list[str]:
        head, tail = digits[:-9], digits[-9:]
        words = [*self._chunks(head), "tỷ"] if head else []
        tail = tail.zfill(9)
        for index, scale in ((0, "triệu"), (3, self.style.thousand), (6, "")):
            group = tail[index : index + 3]
            if group != "000":
                words += [*self._below_thousand(group, after_more=bool(words)), *([scale] if scale else [])]
        return words

    def _below_thousand(self, group: str, *, after_more: bool) -> list[str]:
        hundreds, tens, units = (int(digit) for digit in group)
        words = [_UNITS[hundreds], "trăm"] if hundreds or after_more else []
        if tens == 0:
            return words + ([self.style.linh] if words and units else []) + ([_UNITS[units]] if units else [])
        words += ["mười"] if tens == 1 else [_UNITS[tens], "mươi"]
        return words + _after_tens(tens, units)


def _after_tens(tens: int, units: int) -> list[str]:
    if units == 0:
        return []
    if units == 5:
        return ["lăm"]
    if tens > 1 and units in {1, 4}:
        return ["mốt" if units == 1 else "tư"]
    return [_UNITS[units]]
