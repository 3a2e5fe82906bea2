/** What needs a person, over all runs that are alive: questions of agents, runs that are blocked or wait for a limit. */
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useServer } from '@/api/api-context';
import { useOrchestrators } from '@/api/queries';
import type { ApprovalInfo, OrchestratorInfo } from '@/api/client';
import { answerKey } from '@/attention/answer-desk';
import type { RunView } from '@/run/run-store';
import { heldTaskIds } from '@/run/unapproved';
import { waitingText } from '@/run/words';

/** The maximum number of runs that are followed at once; the newest come first. */
const FOLLOWED_MAX = 50;

export type Need =
  /** `task` is what the task is to do, in the plan's words. */
  | { kind: 'approval'; key: string; run: OrchestratorInfo; approval: ApprovalInfo; task: string }
  | { kind: 'blocked'; key: string; run: OrchestratorInfo; taskIds: string[]; what: string }
  /** Tasks that wait for an approval of what attempts have changed in the plan. */
  | { kind: 'unapproved'; key: string; run: OrchestratorInfo; taskIds: string[] }
  | { kind: 'limit'; key: string; run: OrchestratorInfo; what: string; until: string | null };

export interface Attention {
  needs: Need[];
  /** What is known of each run that is followed. */
  views: ReadonlyMap<string, RunView>;
}

const AttentionContext = createContext<Attention>({ needs: [], views: new Map() });

function needsOf(run: OrchestratorInfo, { status }: RunView): Need[] {
  if (!status) return [];
  const needs: Need[] = status.approvals.map((approval) => ({
    kind: 'approval',
    key: answerKey({ runId: run.id, approvalId: approval.id }),
    run,
    approval,
    task: status.tasks.find((task) => task.id === approval.task_id)?.description ?? '',
  }));
  const waiting = status.waiting_for;
  if (status.unapproved && !status.unapproved.is_approved) {
    const { digest } = status.unapproved;
    needs.push({ kind: 'unapproved', key: `${run.id}/unapproved/${digest}`, run, taskIds: heldTaskIds(status) });
  }
  if (status.status === 'blocked' && waiting?.what !== 'approve-plan') {
    const taskIds = status.tasks.filter((task) => task.status === 'failed').map((task) => task.id);
    needs.push({
      kind: 'blocked',
      key: `${run.id}/blocked/${taskIds.join()}`,
      run,
      taskIds,
      what: waiting?.what ?? 'a command',
    });
  } else if (waiting && /limit|budget/.test(waiting.what)) {
    needs.push({
      kind: 'limit',
      key: `${run.id}/limit/${waiting.what}`,
      run,
      what: waiting.what,
      until: waiting.until,
    });
  }
  return needs;
}

export function AttentionProvider({ children }: { children: ReactNode }) {
  const { runs } = useServer();
  const { data: orchestrators } = useOrchestrators();
  const alive = useMemo(
    () => (orchestrators ?? []).filter((run) => run.is_alive).slice(0, FOLLOWED_MAX),
    [orchestrators],
  );
  const ids = alive.map((run) => run.id).join(' ');
  const [views, setViews] = useState<ReadonlyMap<string, RunView>>(new Map());
  useEffect(() => {
    const taken = ids ? ids.split(' ') : [];
    const update = () => setViews(new Map(taken.map((id) => [id, runs.peek(id).view])));
    const stops = taken.map((id) => runs.take(id).subscribe(update));
    update();
    return () => {
      for (const stop of stops) stop();
      for (const id of taken) runs.release(id);
    };
  }, [runs, ids]);
  const attention = useMemo(() => {
    const needs = alive.flatMap((run) => {
      const view = views.get(run.id);
      return view ? needsOf(run, view) : [];
    });
    return { needs, views };
  }, [alive, views]);
  useTitleBadge(attention.needs.length);
  useNotifications(attention);
  return <AttentionContext value={attention}>{children}</AttentionContext>;
}

export function useAttention(): Attention {
  return useContext(AttentionContext);
}

/** `(2) Plan Orchestrator` in the title while two things need a person. */
function useTitleBadge(number: number): void {
  useEffect(() => {
    document.title = document.title.replace(/^\(\d+\) /, '');
    if (number) document.title = `(${number}) ${document.title}`;
  }, [number]);
}

const OPT_IN_KEY = 'orchestrator.notify';

/** Whether the user wants notifications and the browser lets us show them. */
export function notifiesNow(): boolean {
  return (
    typeof Notification !== 'undefined' &&
    localStorage.getItem(OPT_IN_KEY) === 'yes' &&
    Notification.permission === 'granted'
  );
}

/** Turns notifications on or off; returns whether they are on, which the browser's user decides in the end. */
export async function setNotifies(wanted: boolean): Promise<boolean> {
  localStorage.setItem(OPT_IN_KEY, wanted ? 'yes' : 'no');
  if (wanted && typeof Notification !== 'undefined' && Notification.permission === 'default')
    await Notification.requestPermission();
  return notifiesNow();
}

function needText(need: Need): string {
  switch (need.kind) {
    case 'approval':
      return `Task ${need.approval.task_id} asks: ${need.approval.question}`;
    case 'blocked':
      return need.taskIds.length
        ? `Blocked by ${need.taskIds.join(', ')}`
        : `Blocked. ${waitingText({ what: need.what, until: null })}.`;
    case 'unapproved':
      return 'The plan was changed while agents were at work. Approve it before its tasks run.';
    case 'limit':
      return waitingText({ what: need.what, until: need.until });
  }
}

function useNotifications({ needs, views }: Attention): void {
  const told = useRef(new Map<string, ReadonlySet<string>>());
  useEffect(() => {
    for (const [id, { status }] of views) {
      if (!status) continue;
      const own = needs.filter((need) => need.run.id === id);
      const before = told.current.get(id);
      told.current.set(id, new Set(own.map((need) => need.key)));
      // What was there when the run was first seen is on the page.
      if (!before || !notifiesNow()) continue;
      for (const need of own) if (!before.has(need.key)) notify(need);
    }
  }, [needs, views]);
}

function notify(need: Need): void {
  const note = new Notification(need.run.plan_name, { body: needText(need), tag: need.key });
  note.onclick = () => {
    window.focus();
    location.hash = need.kind === 'approval' ? '#/approvals' : `#/orchestrators/${need.run.id}`;
  };
}
