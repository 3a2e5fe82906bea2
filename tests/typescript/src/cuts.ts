/**
 * Follows one log over many cut connections at once, and tells for each what came and what it folded to.
 * Standard input: `{id, cases: [{case, base, transport}]}`; standard output: a line of JSON a case.
 */
import { readFileSync } from 'node:fs';

import { applyEvent, createApiClient, type OrchestratorStatus } from '../../../docs/plan-outputs/orchestrator-api-server/api-client';

type Case = { case: string; base: string; transport: 'websocket' | 'sse' };

const { id, cases } = JSON.parse(readFileSync(0, 'utf8')) as { id: string; cases: Case[] };

async function follow({ case: name, base, transport }: Case): Promise<void> {
  const seqs: number[] = [];
  let status: OrchestratorStatus | undefined;
  let connections = 0;
  const final = await createApiClient(base).watch(id, {
    after: 0,
    transport,
    onEvent(event) {
      if ('seq' in event) seqs.push(event.seq);
      status = applyEvent(status, event);
    },
    onState: ({ state }) => (connections += state === 'reconnecting' ? 1 : 0),
  }).finished;
  console.log(JSON.stringify({ case: name, seqs, status, reconnections: connections, state: final.state, completeUpTo: final.completeUpTo }));
}

const waiting = [...cases];
await Promise.all(Array.from({ length: 50 }, async () => {
  for (let next = waiting.pop(); next; next = waiting.pop()) await follow(next);
}));
