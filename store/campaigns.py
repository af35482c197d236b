"""Campaigns with their legal basis, topics and tasks."""

from sqlalchemy import Connection, insert, select

from domain.campaign import Campaign, Channel, PolicyDocument, Task, Topic
from store import tables


def add(connection: Connection, campaign: Campaign) -> None:
    """Add a campaign whole."""
    connection.execute(
        insert(tables.campaign).values(
            id=campaign.id,
            name=campaign.name,
            document_number=campaign.document_number,
            owner=campaign.owner,
            year=campaign.year,
            channels=[channel.name for channel in campaign.channels],
        )
    )
    _add_basis(connection, campaign)
    _add_topics(connection, campaign)
    _add_tasks(connection, campaign)


def _add_basis(connection: Connection, campaign: Campaign) -> None:
    for position, document in enumerate(campaign.basis):
        connection.execute(
            insert(tables.policy_document).values(
                campaign_id=campaign.id,
                position=position,
                document_number=document.document_number,
                issued_on=document.issued_on,
                issuer=document.issuer,
                title=document.title,
                cites=list(document.cites),
            )
        )


def _add_topics(connection: Connection, campaign: Campaign) -> None:
    for position, topic in enumerate(campaign.topics):
        connection.execute(
            insert(tables.topic).values(
                id=topic.id,
                campaign_id=campaign.id,
                position=position,
                code=topic.code,
                name=topic.name,
                parent_id=topic.parent_id,
            )
        )


def _add_tasks(connection: Connection, campaign: Campaign) -> None:
    for task in campaign.tasks:
        connection.execute(
            insert(tables.task).values(
                campaign_id=campaign.id,
                number=task.number,
                name=task.name,
                leads=list(task.leads),
                partners=list(task.partners),
                due=task.due,
            )
        )


def everything(connection: Connection) -> tuple[Campaign, ...]:
    """Return every campaign whole, the newest year first."""
    rows = connection.execute(select(tables.campaign).order_by(tables.campaign.c.year.desc()))
    return tuple(
        Campaign(
            id=row.id,
            name=row.name,
            document_number=row.document_number,
            owner=row.owner,
            year=row.year,
            basis=_basis(connection, row.id),
            topics=_topics(connection, row.id),
            tasks=_tasks(connection, row.id),
            channels=tuple(Channel[name] for name in row.channels),
        )
        for row in rows
    )


def _basis(connection: Connection, campaign_id: str) -> tuple[PolicyDocument, ...]:
    table = tables.policy_document
    rows = connection.execute(select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.position))
    return tuple(
        PolicyDocument(row.document_number, row.issued_on, row.issuer, row.title, tuple(row.cites)) for row in rows
    )


def _topics(connection: Connection, campaign_id: str) -> tuple[Topic, ...]:
    table = tables.topic
    rows = connection.execute(select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.position))
    return tuple(Topic(row.id, row.code, row.name, row.parent_id) for row in rows)


def _tasks(connection: Connection, campaign_id: str) -> tuple[Task, ...]:
    table = tables.task
    rows = connection.execute(select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.number))
    return tuple(Task(row.number, row.name, tuple(row.leads), tuple(row.partners), row.due) for row in rows)
