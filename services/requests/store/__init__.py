"""All SQL of the requests service; every statement names the community.

But two kinds: a slip is found by its code, and silence is swept over all communities.
"""

from services.requests.store.adoption import never_again, put_back
from services.requests.store.catalogue import catalogue, category, put_category, seed_catalogue
from services.requests.store.figures import (
    Figures,
    GridFigures,
    Period,
    figures,
    figures_by_grid,
    figures_of_all,
)
from services.requests.store.live import concerned
from services.requests.store.requests import (
    NOTED,
    Step,
    create,
    history,
    load,
    next_number,
    save,
    save_handlers,
)
from services.requests.store.searches import Eyes, Order, Search, count_queues, read, search
from services.requests.store.silence import announce_closing, load_unanswered, watch
from services.requests.store.slips import attempts, find_slip, forget_slips, keep_slip

__all__ = [
    "NOTED",
    "Eyes",
    "Figures",
    "GridFigures",
    "Order",
    "Period",
    "Search",
    "Step",
    "announce_closing",
    "attempts",
    "catalogue",
    "category",
    "concerned",
    "count_queues",
    "create",
    "figures",
    "figures_by_grid",
    "figures_of_all",
    "find_slip",
    "forget_slips",
    "history",
    "keep_slip",
    "load",
    "load_unanswered",
    "never_again",
    "next_number",
    "put_back",
    "put_category",
    "read",
    "save",
    "save_handlers",
    "search",
    "seed_catalogue",
    "watch",
]
