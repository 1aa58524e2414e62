/** Words for nets of a few steps. */
export interface Case {
  places: Record<string, object>;
  steps: Record<string, object>;
  tokens?: Record<string, unknown[]>;
}

export const open = { open: true };
export const sink = { sink: true };

/** A pass that takes and puts; `more` are its other fields. */
export const step = (from: (string | object)[], to: (string | object)[], more: object = {}) => ({
  kind: "pass",
  in: from.map((one) => (typeof one === "string" ? { place: one } : one)),
  out: to.map((one) => (typeof one === "string" ? { to: one } : one)),
  ...(to.length > 1 ? { route: "all" } : {}),
  ...more,
});
export const either = { route: "first" };
export const inhibit = (place: string, more: object = {}) => ({ place, mode: "inhibit", ...more });
export const line = { begin: step(["a"], ["b"]), end: step(["b"], ["z"]) };
export const push = (more: object) => ({ kind: "command", pool: "code", hand: "code.push", persona: "releaser", ...more });
