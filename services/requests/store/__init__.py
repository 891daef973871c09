"""All SQL of the requests service; every statement names the community."""

from services.requests.store.adoption import never_again, put_back
from services.requests.store.catalogue import catalogue, category, put_category, seed_catalogue
from services.requests.store.requests import (
    Search,
    Step,
    create,
    history,
    load,
    next_number,
    read,
    save,
    save_handlers,
    search,
)

__all__ = [
    "Search",
    "Step",
    "catalogue",
    "category",
    "create",
    "history",
    "load",
    "never_again",
    "next_number",
    "put_back",
    "put_category",
    "read",
    "save",
    "save_handlers",
    "search",
    "seed_catalogue",
]
