/** The generated client of the API, which is all that talks to the server here. */
export * from '../../../docs/plan-outputs/orchestrator-api-server/api-client';
