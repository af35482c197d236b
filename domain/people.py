"""People and what they may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; one person may hold several."""

    VIEWER = "viewer"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    APPROVER = "approver"
    SCHEDULER = "scheduler"
    TECHNICIAN = "technician"
    ADMIN = "admin"


ROLE_LABELS = {
    Role.VIEWER: "người xem",
    Role.CONTRIBUTOR: "cộng tác viên",
    Role.EDITOR: "biên tập viên",
    Role.APPROVER: "người duyệt",
    Role.SCHEDULER: "người xếp lịch",
    Role.TECHNICIAN: "kỹ thuật viên",
    Role.ADMIN: "quản trị viên",
}


@dataclass(frozen=True, slots=True)
class User:
    """A person who can sign in."""

    id: str
    login: str
    name: str
    roles: frozenset[Role]
    active: bool = True

    def may(self, *roles: Role) -> bool:
        """Tell whether the person holds one of `roles`; an administrator holds all but approval."""
        if self.roles & set(roles):
            return True
        return Role.ADMIN in self.roles and any(role is not Role.APPROVER for role in roles)
