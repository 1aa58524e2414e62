/**
 * Draws a net file as SVG: node scripts/draw-net.mjs NET LAYOUT OUT [--check]
 * Positions stand in a layout file, apart from the net, so that moving a box is no new version of the net. The same input gives
 * the same bytes; --check writes nothing and fails when OUT is not current.
 */
import { readFileSync, writeFileSync } from "node:fs";

const KINDS = { pass: "#6b7280", map: "#6b7280", llm: "#2563eb", agent: "#7c3aed", command: "#0f766e" };
const SAYS = {
  pass: "moves tokens",
  map: "computes",
  llm: "one model answer",
  agent: "model and tools",
  command: "on an executor",
};
const INK = "#1f2937";
const QUIET = "#6b7280";
const REWORK = "#c2410c";
const RADIUS = 17;
const BOX = { w: 118, h: 46 };

const [netFile, layoutFile, out, check] = process.argv.slice(2);
if (!netFile || !layoutFile || !out) throw new Error("usage: node scripts/draw-net.mjs NET LAYOUT OUT [--check]");
const net = JSON.parse(readFileSync(netFile, "utf8"));
const layout = JSON.parse(readFileSync(layoutFile, "utf8"));
const svg = drawNet();
if (check === "--check") {
  if (readFileSync(out, "utf8") !== svg) {
    console.error(`${out} is not current: run node scripts/draw-net.mjs ${netFile} ${layoutFile} ${out}`);
    process.exitCode = 1;
  }
} else writeFileSync(out, svg);

function drawNet() {
  const { width, height } = layout;
  const arcs = bothWays(allArcs());
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" role="img" aria-label="${escaped(`The net ${net.net}`)}">`,
    `<rect width="${width}" height="${height}" rx="12" fill="#ffffff" stroke="#e5e7eb"/>`,
    ...arcs.map((arc) => drawArc(arc).line),
    ...arcs.map((arc) => drawArc(arc).caption ?? "").filter(Boolean),
    ...Object.entries(net.places).map(drawPlace),
    ...Object.entries(net.transitions).map(drawTransition),
    ...legend(),
    "</svg>\n",
  ].join("\n");
}

/** One line for each pair of place and transition and direction, whatever the number of arcs between them. */
function allArcs() {
  const found = new Map();
  for (const [name, transition] of Object.entries(net.transitions)) {
    for (const arc of transition.in)
      add(`${arc.place}>${name}`, { from: arc.place, to: name, read: arc.mode === "read", text: inputText(arc) });
    for (const arc of transition.out ?? []) add(`${name}>${arc.to}`, { from: name, to: arc.to, text: arc.each ? "each" : "" });
    if (transition.onError) add(`${name}>${transition.onError}`, { from: name, to: transition.onError, text: "" });
  }
  return [...found.values()];

  function add(key, arc) {
    const known = found.get(key);
    if (known) known.text ||= arc.text;
    else found.set(key, { key, ...arc });
  }
}

/** An arc and the one back share a line with two heads, unless the layout leads one of them elsewhere. */
function bothWays(arcs) {
  const keys = new Set(arcs.map((arc) => arc.key));
  return arcs.flatMap((arc) => {
    const back = `${arc.to}>${arc.from}`;
    if (!keys.has(back) || layout.via?.[arc.key] || layout.via?.[back]) return [arc];
    return arc.from in net.places ? [{ ...arc, both: true }] : [];
  });
}

function inputText(arc) {
  if (arc.gather) return "all of a story";
  if (arc.mode === "read") return "read";
  return arc.take ? String(arc.take) : "";
}

function at(name) {
  const point = layout.at[name];
  if (!point) throw new Error(`${layoutFile} has no position for ${name}`);
  return point;
}

function drawArc({ key, from, to, read, text, both }) {
  if (layout.badge?.includes(to)) return { line: badge(from) };
  const points = [at(from), ...(layout.via?.[key] ?? []), at(to)];
  const rework = layout.rework?.includes(key) ?? false;
  const line = [edge(from, points[0], points[1]), ...points.slice(1, -1), edge(to, points.at(-1), points.at(-2))];
  const colour = rework ? REWORK : read ? QUIET : INK;
  const style = `fill="none" stroke="${colour}" stroke-width="${rework ? 1.8 : 1.5}"${read ? ' stroke-dasharray="5 4"' : ""}`;
  const label = layout.label?.[key] ?? middle(line);
  const words = rework ? "rework" : text;
  const heads = arrow(line.at(-2), line.at(-1), colour) + (both ? arrow(line[1], line[0], colour) : "");
  return { line: `<path d="${rounded(line)}" ${style}/>${heads}`, caption: words ? caption(words, label, colour) : "" };
}

/** Where a line that comes from a point meets the outline of a place or a transition: straight where it comes from right above or beside. */
function edge(name, [x, y], [tx, ty]) {
  const [dx, dy] = [tx - x, ty - y];
  const place = name in net.places;
  const half = place ? [RADIUS - 4, RADIUS - 4] : [BOX.w / 2 - 6, BOX.h / 2 - 6];
  if (Math.abs(dx) <= half[0]) return [tx, y + Math.sign(dy) * (place ? Math.sqrt(RADIUS ** 2 - dx ** 2) : BOX.h / 2)];
  if (Math.abs(dy) <= half[1]) return [x + Math.sign(dx) * (place ? Math.sqrt(RADIUS ** 2 - dy ** 2) : BOX.w / 2), ty];
  const long = Math.hypot(dx, dy);
  if (place) return [x + (dx / long) * RADIUS, y + (dy / long) * RADIUS];
  const scale = Math.min(BOX.w / 2 / (Math.abs(dx) || 1e-9), BOX.h / 2 / (Math.abs(dy) || 1e-9));
  return [x + dx * scale, y + dy * scale];
}

function rounded(points) {
  const parts = [`M${pair(points[0])}`];
  for (let i = 1; i < points.length - 1; i++) {
    const before = along(points[i], points[i - 1]);
    const after = along(points[i], points[i + 1]);
    parts.push(`L${pair(before)}Q${pair(points[i])} ${pair(after)}`);
  }
  return `${parts.join("")}L${pair(points.at(-1))}`;
}
function along([x, y], [tx, ty]) {
  const long = Math.hypot(tx - x, ty - y) || 1;
  const step = Math.min(14, long / 2);
  return [x + ((tx - x) / long) * step, y + ((ty - y) / long) * step];
}
function arrow([fx, fy], [x, y], colour) {
  const turn = (Math.atan2(y - fy, x - fx) * 180) / Math.PI;
  return `<path d="M0 0L-9 -4.2L-9 4.2Z" fill="${colour}" transform="translate(${pair([x, y])}) rotate(${round(turn)})"/>`;
}
/** The middle of the longest piece. */
function middle(points) {
  let best = [points[0], points[1]];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (Math.hypot(b[0] - a[0], b[1] - a[1]) > Math.hypot(best[1][0] - best[0][0], best[1][1] - best[0][1])) best = [a, b];
  }
  return [(best[0][0] + best[1][0]) / 2, (best[0][1] + best[1][1]) / 2];
}

function drawPlace([name, place]) {
  const [x, y] = at(name);
  const [lx, ly] = layout.name?.[name] ?? [x, y + RADIUS + 15];
  const dot = layout.token === name ? `<circle cx="${x}" cy="${y}" r="5" fill="${INK}"/>` : "";
  const ring = place.sink ? `<circle cx="${x}" cy="${y}" r="${RADIUS - 4}" fill="none" stroke="${QUIET}"/>` : "";
  return `<circle cx="${x}" cy="${y}" r="${RADIUS}" fill="#ffffff" stroke="${INK}" stroke-width="1.6"/>${ring}${dot}${caption(name, [lx, ly], INK, 13)}`;
}

function drawTransition([name, transition]) {
  const [x, y] = at(name);
  const colour = KINDS[transition.kind];
  const many = transition.instances > 1 ? ` × ${transition.instances}` : "";
  return [
    `<rect x="${x - BOX.w / 2}" y="${y - BOX.h / 2}" width="${BOX.w}" height="${BOX.h}" rx="6" fill="${colour}"/>`,
    `<text x="${x}" y="${y - 3}" text-anchor="middle" font-size="14" font-weight="bold" fill="#ffffff">${escaped(name)}</text>`,
    `<text x="${x}" y="${y + 13}" text-anchor="middle" font-size="10" fill="#ffffff">${escaped((transition.persona ?? transition.kind) + many)}</text>`,
  ].join("");
}

/** In place of a long arc: what finally fails here goes to the place that the legend names. */
function badge(from) {
  const [x, y] = at(from);
  return exclamation(x + BOX.w / 2, y - BOX.h / 2 - 2);
}
function exclamation(x, y) {
  const mark = `<text x="${x}" y="${y + 4.5}" text-anchor="middle" font-size="12" font-weight="bold" fill="#ffffff">!</text>`;
  return `<circle cx="${x}" cy="${y}" r="9" fill="${REWORK}"/>${mark}`;
}

function legend() {
  const [x0, y] = layout.legend;
  let x = x0;
  const note = (words, sign) => {
    const part = `${sign(x + 8)}<text x="${x + 22}" y="${y}" font-size="12" fill="${INK}">${escaped(words)}</text>`;
    x += 52 + words.length * 6;
    return part;
  };
  const square = (kind) => (cx) => `<rect x="${cx - 7}" y="${y - 11}" width="14" height="14" rx="3" fill="${KINDS[kind]}"/>`;
  const used = [...new Set(Object.values(net.transitions).map((transition) => transition.kind))].sort();
  const parts = used.map((kind) => note(`${kind}: ${SAYS[kind]}`, square(kind)));
  for (const place of layout.badge ?? []) parts.push(note(`goes to ${place}`, (cx) => exclamation(cx, y - 4)));
  return parts;
}

function caption(text, [x, y], colour, size = 11) {
  const halo = 'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"';
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="middle" font-size="${size}" fill="${colour}" ${halo}>${escaped(text)}</text>`;
}
function pair([x, y]) {
  return `${round(x)} ${round(y)}`;
}
function round(value) {
  return Math.round(value * 10) / 10;
}
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
