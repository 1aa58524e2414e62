/** Calls to an owner that has just come or gone: in a cluster the other servers hear of that a moment later. */
import { PetrelError } from "../../src/contract/errors.ts";
import { waitUntil } from "../support/wait-until.ts";

const codeOf = (error: unknown) => (error instanceof PetrelError ? error.code : null);

/** Asks again as long as nobody is known to serve, as callers are told to. */
export async function served<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { value: T } | null = null;
  await waitUntil("the owner answers", async () => {
    answer = await ask().then(
      (value) => ({ value }),
      (error: unknown) => {
        if (codeOf(error) === "no-owner") return null;
        throw error;
      },
    );
    return answer !== null;
  });
  return (answer as unknown as { value: T }).value;
}

/** The error that says that nobody serves. A call that is sent where somebody served a moment ago gets no answer at all. */
export async function unserved(ask: () => Promise<unknown>): Promise<PetrelError> {
  let found: PetrelError | null = null;
  await waitUntil(
    "it is known that nobody serves",
    async () => {
      const error: unknown = await ask().then(
        () => null,
        (caught: unknown) => caught,
      );
      if (codeOf(error) !== "no-owner" && codeOf(error) !== "no-answer") throw error ?? new Error("somebody answered");
      if (codeOf(error) === "no-owner") found = error as PetrelError;
      return found !== null;
    },
    60_000,
  );
  return found as unknown as PetrelError;
}
