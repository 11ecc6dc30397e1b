"""The connector's memory: tables, queries and migrations for SQLite (the default) and PostgreSQL.

`Store` runs functions in transactions; what they do there is written with the verbs of one module per noun,
each taking the transaction first:

    async def work(store: Store) -> None:
        await store.write(lambda tx: positions.put(tx, "tenant-a", position))

SQLAlchemy Core and one code path for both engines: SQLite so that nothing has to be installed, PostgreSQL so
that several replicas can share the work.
"""

from connector.store.core import Store
from connector.store.tx import Tx

__all__ = ["Store", "Tx"]
