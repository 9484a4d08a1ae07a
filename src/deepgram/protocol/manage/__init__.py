"""The account: projects, and the keys, members, requests, usage and bills that belong to them: what can be asked.

All operations raise ``ApiError`` when the service refuses them or cannot be reached: ``BadRequestError`` for 400,
``UnauthorizedError`` for 401, ``ForbiddenError`` for 403 (the key lacks a scope), ``NotFoundError`` for 404.
"""

from .billing import Balances, BillingBreakdown, BillingFields, Purchases
from .keys import Keys
from .members import Invites, Members, Scopes
from .models import Models, ProjectModels
from .projects import Projects
from .requests import Requests
from .usage import Usage, UsageBreakdown, UsageFields

__all__ = [
    "Balances",
    "BillingBreakdown",
    "BillingFields",
    "Invites",
    "Keys",
    "Members",
    "Models",
    "ProjectModels",
    "Projects",
    "Purchases",
    "Requests",
    "Scopes",
    "Usage",
    "UsageBreakdown",
    "UsageFields",
]
