/** A way to a person. */
export interface Message {
  /** The same in every attempt of a firing. */
  id: string;
  subject: string;
  text: string;
  link: string | null;
  net: string;
  transition: string;
  firing: string;
}

export interface Channel {
  via: "smtp" | "webhook" | "command";
  /** Who is told, for people. */
  to: string;
  /** Whose messages are counted together; may hold what is secret. Default: `to`. */
  receiver?: string;
  /** Errors: Retryable and Terminal, coded. */
  send(message: Message): Promise<void>;
  /** Whether after this error of `send` nobody was told. */
  certainlyNotSent(error: unknown): boolean;
}
