"""Purchases and what is left of them. Nobody pays anything here: see ``prices``."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from .database import Absent, Database
from .usage import SERVED


@dataclass(frozen=True)
class Purchase:
    """Credit of a project."""

    order_id: str
    balance_id: str
    amount: float
    """What it was in the beginning."""
    units: str
    order_type: str
    created: float
    """Seconds since 1970."""
    expiration: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class Balance:
    """What is left of a purchase."""

    balance_id: str
    amount: float
    units: str
    order_id: str


class Billing:
    """The credit of projects. Methods raise ``Absent`` and ``StateError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def purchases(self, project_id: str, limit: int) -> list[Purchase]:
        """Return the latest purchases, newest first."""

        def work(connection: sqlite3.Connection) -> list[Purchase]:
            return _purchases(connection, project_id)[::-1][:limit]

        return await self._database.do(work)

    async def balances(self, project_id: str) -> list[Balance]:
        """Return what is left of each purchase: what was used is taken from the oldest that has something left.

        What goes beyond all of them is owed, and shows as a negative amount of the last one.
        """

        def work(connection: sqlite3.Connection) -> list[Balance]:
            spent: float = connection.execute(
                f"SELECT total(usd) FROM requests WHERE project_id = ? AND {SERVED}", (project_id,)
            ).fetchone()[0]
            balances: list[Balance] = []
            bought = _purchases(connection, project_id)
            for purchase in bought:
                taken = spent if purchase is bought[-1] else min(spent, purchase.amount)
                spent -= taken
                left = round(purchase.amount - taken, 10)
                balances.append(Balance(purchase.balance_id, left, purchase.units, purchase.order_id))
            return balances

        return await self._database.do(work)

    async def balance(self, project_id: str, balance_id: str) -> Balance:
        """Return one of them."""
        for balance in await self.balances(project_id):
            if balance.balance_id == balance_id:
                return balance
        raise Absent("balance")


def _purchases(connection: sqlite3.Connection, project_id: str) -> list[Purchase]:
    rows = connection.execute(
        "SELECT order_id, balance_id, amount, units, order_type, created, expiration FROM purchases"
        " WHERE project_id = ? ORDER BY created, order_id",
        (project_id,),
    )
    return [Purchase(*row) for row in rows]
