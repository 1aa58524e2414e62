/** A log that is read on as it grows, until when. */
export interface Following {
  /** By the clock of the machine, ms since the epoch. */
  end: number;
  fromEnd: boolean;
}
