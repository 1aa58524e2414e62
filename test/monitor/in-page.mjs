/** Runs in the page: where its named parts stand, and what is wrong with how it is laid out. */

/** Left edge, top edge and width of landmarks, regions, tables, drawings and headings, in hundredths of the window. */
export function boxes() {
  const found = {};
  const selector = "header, nav, main, section[aria-label], aside[aria-label], article[aria-label], table, form, .canvas, h1, h2";
  for (const one of document.querySelectorAll(selector)) {
    const { x, y, width, height } = one.getBoundingClientRect();
    if (width === 0 || height === 0 || !one.checkVisibility()) continue;
    const heading = /^H\d$/.test(one.tagName) ? one.textContent : "";
    const said = one.getAttribute("aria-label") ?? one.querySelector("caption")?.textContent ?? heading;
    const name = `${one.className.split(" ")[0] || one.tagName.toLowerCase()} ${said ?? ""}`.trim();
    if (/\d{2}|[0-9a-f]{12}/.test(name) || name in found) continue;
    const share = (part, whole) => Math.round((100 * part) / whole);
    found[name] = [share(x, innerWidth), share(y, innerHeight), share(width, innerWidth)];
  }
  return found;
}

/** What lies over something else, is cut off, or leaves the window or the frame of its drawing. */
export function layoutFaults() {
  const faults = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth + 1) faults.push(`the page is ${scrollWidth - clientWidth} px wider than the window`);
  const named = (one) => `${one.tagName.toLowerCase()} "${(one.getAttribute("aria-label") ?? one.textContent ?? "").trim().slice(0, 40)}"`;
  /** What is left of an element after all that clips it; null for nothing. */
  const seen = (one) => {
    if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return null;
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const rect = { left, top, right, bottom };
    for (let around = one.parentElement; around; around = around.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(around);
      const clip = around.getBoundingClientRect();
      if (overflowX !== "visible") Object.assign(rect, { left: Math.max(rect.left, clip.left), right: Math.min(rect.right, clip.right) });
      if (overflowY !== "visible") Object.assign(rect, { top: Math.max(rect.top, clip.top), bottom: Math.min(rect.bottom, clip.bottom) });
    }
    return rect.right - rect.left > 2 && rect.bottom - rect.top > 2 ? rect : null;
  };
  const selector = "a, button, input, select, textarea, summary, h1, h2, h3, th, td, .react-flow__node, .lines .line";
  const parts = [...document.querySelectorAll(selector)]
    .filter((one) => !one.closest(".hidden, .skip"))
    .flatMap((one) => {
      const rect = seen(one);
      return rect ? [{ one, rect }] : [];
    });
  for (const [at, { one, rect }] of parts.entries()) {
    if (rect.left < -1 || rect.right > innerWidth + 1) faults.push(`${named(one)} leaves the window`);
    for (const { one: other, rect: there } of parts.slice(at + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const wide = Math.min(rect.right, there.right) - Math.max(rect.left, there.left);
      const high = Math.min(rect.bottom, there.bottom) - Math.max(rect.top, there.top);
      if (wide > 3 && high > 3) faults.push(`${named(one)} and ${named(other)} lie over each other`);
    }
  }
  for (const one of document.querySelectorAll("body *")) {
    const { overflowX, textOverflow } = getComputedStyle(one);
    const clips = (overflowX === "hidden" || overflowX === "clip") && textOverflow !== "ellipsis";
    if (!clips || one.closest(".react-flow, .hidden, .skip") || one.matches("input, select, svg, svg *")) continue;
    if (one.scrollWidth > one.clientWidth + 2 && seen(one)) faults.push(`${named(one)} is cut off`);
  }
  for (const canvas of document.querySelectorAll(".canvas")) {
    const frame = canvas.getBoundingClientRect();
    for (const arc of canvas.querySelectorAll("path.arc, .react-flow__node")) {
      const { left, top, right, bottom } = arc.getBoundingClientRect();
      const inside = left > frame.left - 2 && top > frame.top - 2 && right < frame.right + 2 && bottom < frame.bottom + 2;
      if (!inside) faults.push(`${arc.getAttribute("aria-label") ?? "an arc"} leaves the drawing's frame`);
    }
  }
  return [...new Set(faults)];
}

/** Before the page's own code: notes what its streams of events ask and get, from the worker that holds the streams of all tabs. */
export function listenAtWorker() {
  const heard = { asked: [], ids: [] };
  globalThis.heard = heard;
  const lines = new Set();
  globalThis.SharedWorker = class extends globalThis.SharedWorker {
    constructor(address, options) {
      super(address, options);
      const { port } = this;
      const post = port.postMessage.bind(port);
      port.postMessage = (message) => {
        if (message.wanted?.path.includes("/api/event-line/")) {
          lines.add(message.stream);
          heard.asked.push(message.wanted.last);
        }
        post(message);
      };
      port.addEventListener("message", ({ data }) => {
        if (data.say === "frames" && lines.has(data.stream)) heard.ids.push(...data.frames.map(({ id }) => Number(id)));
      });
    }
  };
}
