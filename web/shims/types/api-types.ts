/** The generated types, at the place where the generated client looks for them. Types only: nothing is bundled. */
export type * from '../../../docs/plan-outputs/orchestrator-api-server/api-types';
