/** Tokens where nobody counted them: four characters each, which is near enough for English and code. */
import type { Block, ModelRequest } from "./port.ts";

export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function estimateInput(request: Pick<ModelRequest, "system" | "messages" | "tools">): number {
  return estimateTokens(request.system) + estimateTokens(JSON.stringify([request.messages, request.tools]));
}

export function estimateOutput(content: Block[]): number {
  return estimateTokens(content.map((block) => (block.type === "text" ? block.text : JSON.stringify(block))).join(""));
}

/** More than any tokenizer in use makes of text and JSON in Latin letters: a token for each 2.5 bytes. For budgets, which must hold. */
export function worstInputTokens(request: Pick<ModelRequest, "system" | "messages" | "tools">): number {
  const bytes = Buffer.byteLength(request.system) + Buffer.byteLength(JSON.stringify([request.messages, request.tools]));
  return Math.ceil(bytes / 2.5);
}
