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
