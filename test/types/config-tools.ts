/** A module of tools, for `config.ts`. */
import type { ToolCall } from 'mycelium-runtime';

export const VERSION = '1' as const;

export async function sendPayment({ invoiceId }: { invoiceId: string }, call: ToolCall): Promise<{ paid: string }> {
  return { paid: invoiceId + call.fence };
}
