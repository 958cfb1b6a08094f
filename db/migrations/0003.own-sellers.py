"""The seller's own merchant ids; the first is AMAZON_SELLER_ID, else the original worker's."""

import os
from typing import Any

from yoyo import step

__depends__ = {"0002.severity-rules"}


def add_seller(connection: Any) -> None:
    seller_id = os.environ.get("AMAZON_SELLER_ID", "").strip() or "A2D8NG39VURSL3"
    connection.cursor().execute("insert into own_sellers (seller_id) values (%s)", (seller_id,))


steps = [
    step(
        "create table own_sellers (seller_id text primary key, name text)",
        "drop table own_sellers",
    ),
    step(add_seller),
]
