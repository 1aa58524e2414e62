/** The call that gives what an attempt has done so far, before it is ended; no tool of a model. */
export const KEEP = "session.keep";
