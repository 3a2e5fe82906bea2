/** What the pages ask the server for, each under one key. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { ApiClient } from '@/api/client';
import { useApi } from '@/api/api-context';

export const keys = {
  health: ['health'],
  orchestrators: ['orchestrators'],
  transcript: (id: string, taskId: string, attempt: number) => ['orchestrators', id, 'transcript', taskId, attempt],
  artifact: (id: string, taskId: string, attempt: number, name: string | null) => [
    'orchestrators',
    id,
    'artifacts',
    taskId,
    attempt,
    name,
  ],
  agents: ['agents'],
  plans: ['plans'],
  plan: (name: string) => ['plans', name],
  planStatus: (name: string) => ['plans', name, 'status'],
  findings: (plan: string) => ['plans', plan, 'findings'],
  finding: (plan: string, taskId: string) => ['plans', plan, 'findings', taskId],
} as const;

/** A finding's text; `version` changes when the finding is written again. */
export const findingQuery = (api: ApiClient, plan: string, taskId: string, version: string | number) =>
  queryOptions({
    queryKey: [...keys.finding(plan, taskId), version],
    queryFn: ({ signal }) => api.getFindingContent(plan, taskId, { signal }),
    staleTime: Infinity,
  });

/** Whether the server answers, asked again and again; `dataUpdatedAt` is when it last did. */
export function useHealth() {
  const api = useApi();
  return useQuery({
    queryKey: keys.health,
    queryFn: ({ signal }) => api.health({ signal }),
    refetchInterval: (query) => (query.state.status === 'error' ? 2_000 : 10_000),
    refetchIntervalInBackground: true,
    retry: false,
  });
}

/** All orchestrators, newest first. */
export function useOrchestrators() {
  const api = useApi();
  return useQuery({
    queryKey: keys.orchestrators,
    queryFn: ({ signal }) => api.listOrchestrators({ signal }),
    refetchInterval: 3_000,
  });
}

export function usePlans() {
  const api = useApi();
  return useQuery({
    queryKey: keys.plans,
    queryFn: ({ signal }) => api.listPlans({ signal }),
    refetchInterval: 10_000,
  });
}
