"""What argparse says of a mistyped command, in Vietnamese."""

import difflib
import re

_SAYINGS = (
    (r"the following arguments are required: (.+)", r"còn thiếu \1"),
    (r"unrecognized arguments: (--data\b.*)", r"«\1» phải đứng trước tên lệnh: tiengloa --data THƯ_MỤC LỆNH"),
    (r"unrecognized arguments: (.+)", r"không hiểu «\1»"),
    (r"argument (\S+): expected (?:one|at least one) argument", r"sau \1 phải có một giá trị"),
    (r"argument (\S+): ignored explicit argument (.+)", r"\1 không nhận giá trị \2"),
    (r"one of the arguments (.+) is required", r"cần một trong các mục: \1"),
    (r"argument (\S+): not allowed with argument (\S+)", r"\1 không đi cùng \2"),
    (r"ambiguous option: (\S+) could match (.+)", r"\1 có thể là \2; hãy ghi đủ"),
)
_CHOICE = re.compile(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.+)\)", re.DOTALL)


def in_vietnamese(message: str) -> str:
    """Return a message of argparse in Vietnamese, or as it is when it is a rare one."""
    choice = _CHOICE.fullmatch(message)
    if choice is not None:
        return _not_among(*choice.groups())
    for pattern, saying in _SAYINGS:
        if re.fullmatch(pattern, message, re.DOTALL):
            return re.sub(pattern, saying, message, flags=re.DOTALL) + "."
    return message + "."


def _not_among(what: str, given: str, known: str) -> str:
    names = [name.strip(" '") for name in known.split(",")]
    near = difflib.get_close_matches(given, names, 1)
    hint = f"Có phải bạn muốn dùng «{near[0]}»?" if near else f"Có thể dùng: {', '.join(names)}."
    return f"không có {what} «{given[:40]}». {hint}"
