/** What answers until it is stopped: a responder, a follower, a served door. */
export interface Serving {
  stop(): Promise<void>;
}
