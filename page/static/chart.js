// A line chart of a panel's rows, by uPlot: steps, because a price holds until the next event. Of
// the columns, the first is the time, numbers are lines, a boolean shades, severity is the strip at
// the bottom, and a row with a mark is a mark. docs/page.md has the rules.

const COLOURS = ["--yours", "--low", "--box", "--info", "--warning"];
const DASHES = [[], [], [7, 4], [2, 3], [9, 3, 2, 3]];
const WIDTHS = [2.5, 1.5, 1.75, 1.5, 1.5];
const STRIP = 7;
const charts = new Map(); // element: { plot, content }

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = (name) => (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " ");

function readContent({ columns, rows }) {
  const [time, ...rest] = columns;
  const seconds = (row) => Date.parse(row[time]) / 1000;
  const events = rows.map((row) => ({ ...row, at: seconds(row) }));
  const points = events.filter((row) => row.mark == null);
  const is = (type) => (column) => rows.some((row) => typeof row[column] === type);
  const ofDays = rows.length > 0 && rows[0][time].length === 10; // a date, not a time
  const end = Date.now() / 1000;
  // What was so last is so now.
  const held = points.length && !ofDays && end > points.at(-1).at ? [{ ...points.at(-1), at: end }] : [];
  const lines = rest.filter(is("number"));
  const all = [...points, ...held];
  return {
    lines,
    events,
    end: held.length ? end : (events.at(-1)?.at ?? end),
    shade: rest.find(is("boolean")),
    points: all,
    marks: events.filter((row) => row.mark != null),
    data: [all.map((row) => row.at), ...lines.map((line) => all.map((row) => row[line]))],
  };
}

function tellTimes(plot, times, _axis, _space, step) {
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let last;
  return times.map((time) => {
    const at = new Date(time * 1000);
    if (step >= 86400) return day.format(at);
    const date = day.format(at);
    const text = date === last ? hour.format(at) : `${hour.format(at)}\n${date}`;
    last = date;
    return text;
  });
}

// Calls paint for each stretch of time in which pick(row) is the same, with its pixels.
function stretches(plot, rows, end, pick, paint) {
  const { left, width } = plot.bbox;
  const pixel = (at) => Math.min(Math.max(plot.valToPos(at, "x", true), left), left + width);
  const starts = rows.filter((row, i) => i === 0 || pick(row) !== pick(rows[i - 1]));
  starts.forEach((row, i) => {
    const from = pixel(row.at);
    const to = pixel(starts[i + 1]?.at ?? end);
    if (pick(row) && to > from) paint(pick(row), from, to - from);
  });
}

function paintShade(plot, content) {
  const { top, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.fillStyle = css("--held");
  stretches(plot, content.points, content.end, (row) => row[content.shade], (_, x, width) => {
    plot.ctx.fillRect(x, top, width, height);
  });
  plot.ctx.restore();
}

function paintStripAndMarks(plot, content) {
  const { left, top, width, height } = plot.bbox;
  const { ctx } = plot;
  const unit = devicePixelRatio;
  ctx.save();
  stretches(plot, content.events, content.end, (row) => row.severity, (severity, x, length) => {
    ctx.fillStyle = css(`--${severity}`);
    ctx.fillRect(x, top + height - STRIP * unit, length, STRIP * unit);
  });
  for (const mark of content.marks) {
    const x = plot.valToPos(mark.at, "x", true);
    if (x < left || x > left + width) continue;
    ctx.strokeStyle = ctx.fillStyle = css(`--${mark.severity ?? "info"}`);
    ctx.lineWidth = unit;
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height - STRIP * unit);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 5 * unit, top);
    ctx.lineTo(x + 5 * unit, top);
    ctx.lineTo(x, top + 8 * unit);
    ctx.fill();
  }
  ctx.restore();
}

// What holds at the cursor beside the lines: the severity, who has the box, the marks nearby.
function tellCursor(plot, content, readout) {
  const free = !(plot.cursor.left >= 0);
  if (free) plot.setLegend({ idx: content.data[0].length - 1 }, false);
  const at = !free ? plot.posToVal(plot.cursor.left, "x") : content.end;
  const now = content.events.findLast((row) => row.at <= at);
  const near = Math.abs(plot.posToVal(8, "x") - plot.posToVal(0, "x"));
  const marks = content.marks.filter((mark) => Math.abs(mark.at - at) <= near);
  const point = content.points.findLast((row) => row.at <= at);
  readout.textContent = [
    now?.severity && `Severity: ${now.severity}`,
    point?.[content.shade] && words(content.shade),
    ...marks.map((mark) => `${new Date(mark.at * 1000).toLocaleString()}: ${mark.mark}`),
  ].filter(Boolean).join(" · ");
}

function make(element, content) {
  const cents = content.data.slice(1).flat().some((value) => value % 1);
  const number = new Intl.NumberFormat(undefined, { minimumFractionDigits: cents ? 2 : 0 });
  element.replaceChildren();
  const readout = document.createElement("p");
  readout.className = "readout";
  const shown = () => charts.get(element)?.content ?? content;
  const axis = {
    stroke: () => css("--soft"),
    grid: { stroke: () => css("--line"), width: 1 },
    ticks: { stroke: () => css("--line"), width: 1 },
    font: "12px Inter, system-ui, sans-serif",
  };
  const size = () => ({
    width: element.clientWidth - 2 * parseFloat(getComputedStyle(element).paddingLeft),
    height: element.clientWidth < 600 ? 240 : 340,
  });
  const plot = new uPlot(
    {
      ...size(),
      series: [
        { label: "Time", value: (_, at) => (at == null ? "" : new Date(at * 1000).toLocaleString()) },
        ...content.lines.map((line, i) => ({
          label: words(line),
          stroke: () => css(COLOURS[i % COLOURS.length]),
          width: WIDTHS[i % WIDTHS.length],
          dash: DASHES[i % DASHES.length],
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
          value: (_, value) => (value == null ? "–" : number.format(value)),
        })),
      ],
      axes: [{ ...axis, values: tellTimes, space: 90 }, { ...axis, size: 60 }],
      scales: { y: { range: (_, low, high) => uPlot.rangeNum(low ?? 0, high ?? 1, 0.12, true) } },
      cursor: { y: false, drag: { x: true, y: false } },
      hooks: {
        drawClear: [(u) => paintShade(u, shown())],
        draw: [(u) => paintStripAndMarks(u, shown())],
        setCursor: [(u) => tellCursor(u, shown(), readout)],
      },
    },
    content.data,
    element,
  );
  element.append(readout);
  tellCursor(plot, content, readout);
  new ResizeObserver(() => plot.setSize(size())).observe(element);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const times = [...shown().events.map((row) => row.at), shown().end];
    const at = plot.cursor.left < 0 ? Infinity : plot.posToVal(plot.cursor.left, "x");
    const pixel = plot.posToVal(1, "x") - plot.posToVal(0, "x");
    const next =
      event.key === "ArrowLeft"
        ? (times.findLast((time) => time < at - pixel) ?? times[0])
        : (times.find((time) => time > at + pixel) ?? times.at(-1));
    plot.setCursor({ left: plot.valToPos(next, "x"), top: 10 });
  });
  return plot;
}

export function drawChart(element, json) {
  const content = readContent(json);
  const known = charts.get(element);
  if (!known || known.content.lines.join() !== content.lines.join()) {
    known?.plot.destroy();
    charts.set(element, { content, plot: make(element, content) });
    return;
  }
  const { plot } = known;
  const { min, max } = plot.scales.x;
  const old = plot.data[0];
  const zoomed = min > old[0] || max < old.at(-1);
  charts.set(element, { content, plot });
  plot.setData(content.data, !zoomed);
  if (zoomed) plot.redraw();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { plot } of charts.values()) plot.redraw();
});
