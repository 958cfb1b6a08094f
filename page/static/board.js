// Keeps an open page current: at each change the page is fetched again and what differs is put into
// place. Times are told as ages, charts are drawn. Everything works without this, but stands still.
import { drawChart } from "./chart.js";

const announce = document.getElementById("announce");
const live = document.getElementById("live");

// Ages

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];

function age(seconds) {
  for (const [length, unit] of UNITS) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return "just now";
}

function tellAges() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = age((Date.now() - at) / 1000);
    time.title = at.toLocaleString();
  }
}

// Changes in place

const html = new WeakMap(); // of a row or a body: what it was before its times were told as ages

// Rows by their key, or where they have none or share it, by all that they say.
function byKey(body) {
  const rows = new Map();
  for (const row of body.rows) {
    const key = row.dataset.key ?? html.get(row);
    rows.set(rows.has(key) ? html.get(row) : key, row);
  }
  return rows;
}

// Puts the rows of fresh into body: equal ones stay as they are, with what is focused in them.
function updateRows(body, fresh) {
  const old = byKey(body);
  const changes = { changed: 0, new: 0 };
  let place = body.firstElementChild;
  for (const [key, row] of byKey(fresh)) {
    const before = old.get(key);
    old.delete(key);
    let shown = before;
    if (!before || html.get(before) !== html.get(row)) {
      changes[before ? "changed" : "new"] += 1;
      shown = document.importNode(row, true);
      html.set(shown, html.get(row));
      shown.classList.add("changed");
      const focused = before?.contains(document.activeElement);
      before?.replaceWith(shown);
      if (place === before) place = shown;
      if (focused) shown.querySelector("a")?.focus();
    }
    if (shown === place) place = place.nextElementSibling;
    else body.insertBefore(shown, place);
  }
  for (const row of old.values()) row.remove();
  return changes;
}

function drawCharts(root) {
  for (const plot of root.querySelectorAll(".plot")) {
    drawChart(plot, JSON.parse(plot.parentElement.querySelector("script").textContent));
  }
}

function updatePanel(panel, fresh) {
  const [body, news] = [panel.querySelector(".body"), fresh.querySelector(".body")];
  if (html.get(body) === html.get(news)) return { changed: 0, new: 0 };
  html.set(body, html.get(news));
  const [table, other] = [body.querySelector("tbody"), news.querySelector("tbody")];
  if (table && other) {
    const changes = updateRows(table, other);
    const [pages, turned] = [body.querySelector(".pages"), news.querySelector(".pages")];
    if (pages && turned) pages.replaceChildren(...turned.childNodes);
    return changes;
  }
  const chart = body.querySelector(".plot");
  if (chart && news.querySelector(".plot")) {
    drawChart(chart, JSON.parse(news.querySelector("script").textContent));
  } else {
    const link = document.activeElement?.getAttribute?.("href");
    const focused = body.contains(document.activeElement) && link;
    body.replaceChildren(...news.childNodes);
    drawCharts(body);
    if (focused) body.querySelector(`[href="${CSS.escape(link)}"]`)?.focus();
    if (!panel.classList.contains("is-filters")) body.classList.add("changed");
  }
  return { changed: 1, new: 0 };
}

function remember(root) {
  for (const part of root.querySelectorAll(".body, tbody tr")) html.set(part, part.innerHTML);
}

// Whether the server hears the database, and what was asked last was answered.
function tellLive(is) {
  live.dataset.state = is ? "on" : "off";
  live.textContent = is ? "live" : "not live";
}

let heard = false;
let wanted = false;
let fetching = false;

// Once at a time, and what takes more than a second to answer is asked for less often.
async function refresh() {
  wanted = true;
  if (fetching) return;
  fetching = true;
  while (wanted && !document.hidden) {
    wanted = false;
    const began = performance.now();
    try {
      const response = await fetch(location.href);
      if (response.ok) show(new DOMParser().parseFromString(await response.text(), "text/html"));
      tellLive(response.ok && heard);
    } catch {
      tellLive(false);
    }
    const took = performance.now() - began;
    if (took > 1000) await new Promise((wake) => setTimeout(wake, took * 4));
  }
  fetching = false;
}

function show(fresh) {
  if (document.querySelector("[data-retry]")) return location.reload();
  remember(fresh);
  const total = { changed: 0, new: 0 };
  for (const panel of document.querySelectorAll(".panel")) {
    const other = fresh.getElementById(panel.id);
    if (!other) continue;
    const changes = updatePanel(panel, other);
    if (panel.classList.contains("is-table")) {
      total.changed += changes.changed;
      total.new += changes.new;
    }
  }
  tellAges();
  const news = Object.entries(total).filter(([, count]) => count);
  if (news.length) announce.textContent = news.map(([what, n]) => `${n} ${what}`).join(", ");
}

// The stream: only while somebody looks, because a browser has six connections for all its tabs.
let stream;

function follow() {
  if (document.hidden) {
    stream?.close();
    stream = undefined;
  } else if (!stream) {
    stream = new EventSource("/events");
    stream.onmessage = (event) => {
      heard = event.data === "heard";
      refresh();
    };
    stream.onerror = () => {
      tellLive(false);
      if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
      stream = undefined;
      setTimeout(follow, 3000);
    };
  }
}

remember(document);
drawCharts(document);
tellAges();
setInterval(tellAges, 20_000);
setInterval(() => document.hidden || refresh(), live.dataset.every * 1000); // what no event tells
document.addEventListener("visibilitychange", follow);
follow();
