/**
 * Folds a log: standard input `{start?, events}`, standard output the status after each event, a line each.
 */
import { readFileSync } from 'node:fs';

import { applyEvent, type OrchestratorEvent, type OrchestratorStatus } from '../../../docs/plan-outputs/orchestrator-api-server/api-client';

const { start, events } = JSON.parse(readFileSync(0, 'utf8')) as { start?: OrchestratorStatus; events: OrchestratorEvent[] };
let status = start;
for (const event of events) {
  status = applyEvent(status, event);
  console.log(JSON.stringify(status));
}
