import { useEffect, useState } from 'react';
import { useAttention, type Need } from '@/attention/attention';
import type { SettledApproval } from '@/run/run-store';

export type QuestionNeed = Extract<Need, { kind: 'approval' }>;

/** A question in a list, from when it was first shown there. */
export interface Question {
  need: QuestionNeed;
  isOpen: boolean;
  /** How it was settled, where the page has heard of that. */
  outcome: SettledApproval | null;
}

/**
 * The questions of this run, else of all runs, for a list that keeps its order: what is settled stays in its place, and
 * what is new comes last, so that nothing moves under a finger. The list begins again when its page is left, or hidden.
 */
export function useQuestions(runId?: string): readonly Question[] {
  const { needs, views } = useAttention();
  const [kept, keep] = useState<readonly Question[]>([]);
  const open = new Map<string, QuestionNeed>();
  for (const need of needs)
    if (need.kind === 'approval' && (runId === undefined || need.run.id === runId)) open.set(need.key, need);

  const next = kept
    .filter(({ need }) => runId === undefined || need.run.id === runId)
    .map((one): Question => {
      const { need, outcome } = one;
      const settled = outcome ?? views.get(need.run.id)?.settledApprovals.get(need.approval.id) ?? null;
      const isOpen = open.has(need.key) && settled === null;
      return isOpen === one.isOpen && settled === outcome ? one : { need, isOpen, outcome: settled };
    });
  const known = new Set(kept.map(({ need }) => need.key));
  for (const need of open.values()) if (!known.has(need.key)) next.push({ need, isOpen: true, outcome: null });
  if (next.length !== kept.length || next.some((one, index) => one !== kept[index])) keep(next);

  useEffect(() => {
    const onVisibility = () => {
      if (document.visibilityState === 'hidden') keep((all) => all.filter((one) => one.isOpen));
    };
    document.addEventListener('visibilitychange', onVisibility);
    return () => document.removeEventListener('visibilitychange', onVisibility);
  }, []);
  return next;
}
