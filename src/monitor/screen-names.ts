/** The screens, in the order of the bar above them. */
export const SCREENS = ["net", "console", "gates", "agents", "executors", "time", "costs", "changes"] as const;
export type Screen = (typeof SCREENS)[number];
