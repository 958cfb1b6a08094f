// Prints every row of current_state, then each one that changes, without polling for it.
//
//     npm install pg
//     DATABASE_URL=postgresql://user:password@host/db node examples/follow.mjs
//
// The user needs the role buybox_ui. The URL must be that of Postgres itself: PgBouncer in
// transaction mode passes no notifications on.

import pg from "pg";

// last_updated is when a row's transaction began, not when it committed: a row can become visible
// after one with a greater last_updated. So each read goes back this far before the newest row
// seen. It must be longer than any transaction that writes current_state; the relay's take 8 s at
// most.
const OVERLAP = "5 minutes";
// After which it reads without having been told, should a notification be lost on the way.
const AT_LEAST_EVERY_MS = 60_000;

// last_updated as text: a JavaScript Date has no microseconds. Prices come as text anyway.
const CHANGED = `
select asin, marketplace, item_condition, severity, your_price, market_low, currency,
  your_position, total_offers, buy_box_winner, pricing_issue, last_updated::text
from current_state
where last_updated >= $1::timestamptz - $2::interval
order by current_state.last_updated
`;

const known = new Map();
let newest = "-infinity";

async function follow(onChange) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  let wake = () => {};
  let told = false;
  let lost = null;
  client.on("notification", () => { told = true; wake(); });
  client.on("error", (error) => { lost = error; wake(); });
  client.on("end", () => { lost ??= new Error("the connection ended"); wake(); });
  try {
    await client.connect();
    await client.query("listen current_state"); // before the first read: nothing falls between
    while (!lost) {
      told = false;
      const { rows } = await client.query(CHANGED, [newest, OVERLAP]);
      for (const row of rows) {
        newest = row.last_updated;
        const item = `${row.asin} ${row.marketplace} ${row.item_condition}`;
        const text = JSON.stringify(row);
        if (known.get(item) !== text) { // the overlap brings rows that we know
          known.set(item, text);
          onChange(row);
        }
      }
      if (!told && !lost) {
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, AT_LEAST_EVERY_MS);
          wake = () => { clearTimeout(timer); resolve(); };
        });
      }
    }
    throw lost;
  } finally {
    client.end().catch(() => {});
  }
}

while (true) {
  try {
    await follow((row) => {
      const item = `${row.asin} ${row.marketplace} ${row.item_condition}`;
      const prices = `yours ${row.your_price}, lowest ${row.market_low} ${row.currency}`;
      console.log(`${row.severity} ${item}: ${prices}`);
    });
  } catch (error) {
    console.log(`not connected, trying again: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
}
