"""What every table shares: the catalogue they stand in, and how a row is named and referred to."""

from sqlalchemy import Column, ForeignKey, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str = "id") -> "Column[str]":
    """Return the column of an id that names its row."""
    return Column(name, String(40), primary_key=True)


def ref(name: str, target: str, *, null: bool = False, index: bool = True) -> "Column[str]":
    """Return a column that refers to the id of a row of another table; without `index` a wider one has it."""
    return Column(name, String(40), ForeignKey(f"{target}.id"), nullable=null, index=index)
