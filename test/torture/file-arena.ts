import type { RunPlan } from './plan.js';
import type { RunRecord } from './run-record.js';
export async function openFileArena(): Promise<{ atOnce: number; notRun: Map<string, string>; run(plan: RunPlan): Promise<RunRecord>; close(): Promise<void> }> { throw new Error('soon'); }
