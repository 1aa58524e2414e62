/** The call that has an engine work in a workspace; no tool of a model. */
export const ENGINE = "session.engine";
