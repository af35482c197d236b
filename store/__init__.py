"""The memory: the only room that knows SQLAlchemy. Rows stay here; domain values go out."""
