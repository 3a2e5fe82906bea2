import { createApiClient } from '../../docs/plan-outputs/orchestrator-api-server/api-client';
export const api = createApiClient({ baseUrl: '' });
api.listOrchestrators().then((x) => x[0]?.id);
