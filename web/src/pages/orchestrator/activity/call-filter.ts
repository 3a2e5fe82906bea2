/** Which calls are shown. */
import type { Call } from '@/run/history';

export interface CallFilter {
  q?: string | undefined;
  status?: string | undefined;
  tool?: string | undefined;
  task?: string | undefined;
}

/** The calls that fit, newest first: what happens now stands in sight without scrolling. */
export function shownCalls(calls: readonly Call[], { q, status, tool, task }: CallFilter): Call[] {
  const words = q?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const found: Call[] = [];
  for (let index = calls.length - 1; index >= 0; index--) {
    const call = calls[index]!;
    if (status && call.status !== status) continue;
    if (tool && call.name !== tool) continue;
    if (task && call.taskId !== task) continue;
    if (words.length) {
      const text = `${call.name} ${call.line} ${call.taskId}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
    }
    found.push(call);
  }
  return found;
}

/** The names of tools, the most used first, and how many calls have each status. */
export function callCounts(calls: readonly Call[]): { tools: string[]; byStatus: Record<Call['status'], number> } {
  const byTool = new Map<string, number>();
  const byStatus = { running: 0, ok: 0, error: 0, denied: 0, interrupted: 0 };
  for (const call of calls) {
    byTool.set(call.name, (byTool.get(call.name) ?? 0) + 1);
    byStatus[call.status]++;
  }
  const tools = [...byTool].toSorted((a, b) => b[1] - a[1]).map(([name]) => name);
  return { tools, byStatus };
}
