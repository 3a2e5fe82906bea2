/** A server in memory behind `fetch`: one orchestrator whose log the test writes, and connections it can cut. */
import type { OrchestratorEvent } from '../../../docs/plan-outputs/orchestrator-api-server/api-client';

export const ID = 'orch-1';
const encoder = new TextEncoder();

export function changed(seq: number, new_status = 'in_progress'): OrchestratorEvent {
  return {
    type: 'task_changed', timestamp: '2026-01-02T03:04:05.000000Z', instance_id: ID, seq,
    data: {
      task_id: '1.1', description: 'd', phase: 1, old_status: 'pending', new_status, attempt: 1, revision: seq,
      reason: null, error: null, agent: null, failures: 0, retry_at: null, duration_ms: null, verified: false,
      remarks: [],
    },
  } as OrchestratorEvent;
}

export function ended(seq: number, new_status = 'completed'): OrchestratorEvent {
  return {
    type: 'orchestrator_changed', timestamp: '2026-01-02T03:04:06.000000Z', instance_id: ID, seq,
    data: { old_status: 'running', new_status, reason: null },
  } as OrchestratorEvent;
}

export function frame(type: string, data: unknown, seq?: number): OrchestratorEvent {
  const envelope = { type, timestamp: '2026-01-02T03:04:05.000000Z', instance_id: ID, data };
  return (seq === undefined ? envelope : { ...envelope, seq }) as unknown as OrchestratorEvent;
}

export function snapshot(seq: number, status = 'running'): OrchestratorEvent {
  return frame('initial_status', { instance_id: ID, status, seq, tasks: [], phases: [] }, seq);
}

/** What one connection sends: frames, then `cut` (as a lost cable), `end`, or silence. */
export type Script = { frames: unknown[]; then?: 'cut' | 'end' | 'silence' };

export class FakeServer {
  /** `METHOD path?query` of every request. */
  readonly requests: string[] = [];
  readonly headers: Headers[] = [];
  readonly signals: AbortSignal[] = [];
  info: { seq: number; ended_at: string | null } = { seq: 0, ended_at: null };
  /** Answers in place of the info, first come first served: a status, or 'network'. */
  refusals: (number | 'network')[] = [];

  constructor(readonly scripts: Script[]) {}

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    this.requests.push(`${init?.method} ${url.pathname}${url.search}`);
    this.headers.push(new Headers(init?.headers));
    const signal = init?.signal;
    if (signal) this.signals.push(signal);
    if (signal?.aborted) throw signal.reason;
    if (url.pathname.endsWith('/events-sse')) return this.#stream(signal ?? null);
    const refusal = this.refusals.shift();
    if (refusal === 'network') throw new TypeError('fetch failed');
    if (refusal) {
      const problem = { type: 'about:blank', title: 't', status: refusal, detail: `said ${refusal}`, instance: url.pathname, code: 'c', errors: [] };
      return Response.json(problem, { status: refusal, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '0' } });
    }
    return Response.json({ id: ID, ...this.info });
  };

  get streams(): string[] {
    return this.requests.filter((request) => request.includes('events-sse'));
  }

  #stream(signal: AbortSignal | null): Response {
    const script = this.scripts.shift() ?? { frames: [] };
    const text = script.frames.map((frame) => (typeof frame === 'string' ? frame : `data: ${JSON.stringify(frame)}\n\n`)).join('');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal?.addEventListener('abort', () => {
          try {
            controller.error(signal.reason);
          } catch {
            // It is over already.
          }
        });
        // In pieces of odd sizes, so that lines and characters are cut anywhere.
        const bytes = encoder.encode(text);
        for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
        if (script.then === 'end') controller.close();
      },
      pull(controller) {
        if (script.then === 'cut') controller.error(new TypeError('terminated'));
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }
}
