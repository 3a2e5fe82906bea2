import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import type { OrchestratorStatus, TaskInfo, TaskStatus } from '@/api/client';
import { Choice, SearchField } from '@/components/field';
import { knownUntil } from '@/components/freshness';
import { Progress } from '@/components/progress';
import { Empty } from '@/components/states';
import { hasEnded, TASK_LOOKS, UncheckedCount } from '@/components/status';
import { VirtualList } from '@/components/virtual-list';
import { useShortcuts } from '@/keys/keys';
import { rowsOf, type Row } from '@/pages/orchestrator/tasks/task-list';
import { TaskRow } from '@/pages/orchestrator/tasks/task-row';
import type { Evidence } from '@/run/evidence';
import { possibleActions, TaskDialog, type TaskAction } from '@/run/task-actions';
import { useRun } from '@/run/use-run';
import { whyPending } from '@/run/words';

type Wanted = TaskStatus | Evidence | 'stale';
const STATUSES: readonly TaskStatus[] = ['in_progress', 'failed', 'pending', 'completed', 'skipped'];

/** What can be chosen to be shown, with how many tasks are so; what no task is, is not offered. */
function choices({ summary }: OrchestratorStatus, chosen: string | undefined) {
  const all: { value: Wanted; label: string; count: number }[] = STATUSES.map((value) => ({
    value,
    label: TASK_LOOKS[value].label,
    count: summary[value],
  }));
  all.splice(
    4,
    0,
    { value: 'unchecked', label: 'unchecked', count: summary.unchecked },
    { value: 'stale', label: 'for an earlier wording', count: summary.stale },
  );
  return all.filter((one) => one.count > 0 || one.value === chosen);
}

function PhaseRow({ row, onToggle }: { row: Extract<Row, { kind: 'phase' }>; onToggle: () => void }) {
  const { phase, isOpen, unchecked } = row;
  const settled = phase.completed + phase.skipped;
  const Icon = isOpen ? ChevronDown : ChevronRight;
  return (
    <h2 className="pt-3">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className="flex w-full items-center gap-2 rounded-t-lg border-b border-line bg-idle-soft px-3 py-2 text-left font-semibold"
      >
        <Icon size={16} aria-hidden="true" className="shrink-0" />
        <span className="min-w-0 flex-1 truncate">
          Phase {phase.number}: {phase.name}
        </span>
        {phase.is_current && <span className="text-sm font-normal text-busy max-sm:hidden">now</span>}
        <span className="flex text-sm font-normal">
          <UncheckedCount unchecked={unchecked} isShort />
        </span>
        <span className="w-24 max-sm:hidden">
          <Progress counts={{ ...phase, unchecked }} label={`Progress of phase ${phase.number}`} />
        </span>
        <span className="nums text-sm font-normal">
          {settled}/{phase.total_tasks}
        </span>
      </button>
    </h2>
  );
}

/** The tasks by phase: what runs, what failed, what waits and why. */
export function TasksView() {
  const { id } = useParams({ from: '/orchestrators/$id/' });
  const filter = useSearch({ from: '/orchestrators/$id/' });
  const navigate = useNavigate({ from: '/orchestrators/$id/' });
  const { run } = useRun(id);
  const [folds, setFolds] = useState<ReadonlyMap<number, boolean>>(new Map());
  const [selectedId, select] = useState<string>();
  const [asked, ask] = useState<{ task: TaskInfo; action: TaskAction } | null>(null);
  const { status } = run;
  const rows = useMemo(() => (status ? rowsOf(status, filter, folds) : []), [status, filter, folds]);
  const onAsk = useCallback((task: TaskInfo, action: TaskAction) => ask({ task, action }), []);
  const selected = rows.findIndex((row) => row.kind === 'task' && row.task.id === selectedId);
  const selectedTask =
    rows[selected]?.kind === 'task' ? (rows[selected] as Extract<Row, { kind: 'task' }>).task : undefined;
  function move(by: 1 | -1) {
    let index = selected < 0 && by < 0 ? rows.length : selected;
    do index += by;
    while (rows[index]?.kind === 'phase');
    const row = rows[index];
    if (row?.kind === 'task') select(row.task.id);
  }
  const act = (action: TaskAction) => {
    if (selectedTask && possibleActions(selectedTask).includes(action)) ask({ task: selectedTask, action });
  };
  const canAct = status !== undefined && !hasEnded(status.status);
  const group = 'Tasks';
  useShortcuts([
    { keys: 'j', label: 'Next task', group, act: () => move(1), mayRepeat: true },
    { keys: 'k', label: 'Previous task', group, act: () => move(-1), mayRepeat: true },
    {
      keys: 'Enter',
      label: 'Open the selected task',
      group,
      isDisabled: !selectedTask,
      act: () =>
        selectedTask &&
        void navigate({ to: '/orchestrators/$id/tasks/$taskId', params: { id, taskId: selectedTask.id } }),
    },
    {
      keys: 'r',
      label: 'Retry the selected task',
      group,
      act: () => act('retry'),
      isDisabled: !canAct || !selectedTask,
    },
    { keys: 's', label: 'Skip the selected task', group, act: () => act('skip'), isDisabled: !canAct || !selectedTask },
    { keys: 'm', label: 'Message its agent', group, act: () => act('message'), isDisabled: !canAct || !selectedTask },
  ]);
  if (!status) return null;
  const frozenAt = knownUntil(run);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <SearchField
          label="Search tasks"
          value={filter.q ?? ''}
          onChange={(q) => void navigate({ search: { ...filter, q }, replace: true })}
        />
        <Choice
          label="Status"
          value={filter.status as Wanted | undefined}
          options={choices(status, filter.status)}
          onChange={(value) =>
            void navigate({ search: { ...filter, ...(value ? { status: value } : { status: '' }) }, replace: true })
          }
        />
      </div>
      {rows.length === 0 ? (
        <div className="mt-4">
          <Empty title="No tasks match">Change the search or the filter.</Empty>
        </div>
      ) : (
        <VirtualList
          rows={rows}
          rowHeight={66}
          label="Tasks"
          shown={selected}
          rowKey={(row) => (row.kind === 'phase' ? `phase ${row.phase.number}` : row.task.id)}
        >
          {(row) =>
            row.kind === 'phase' ? (
              <PhaseRow row={row} onToggle={() => setFolds(new Map(folds).set(row.phase.number, !row.isOpen))} />
            ) : (
              <TaskRow
                id={id}
                task={row.task}
                why={whyPending(row.task, status)}
                isSelected={row.task.id === selectedId}
                frozenAt={row.task.status === 'in_progress' ? frozenAt : null}
                canAct={canAct}
                onAsk={onAsk}
              />
            )
          }
        </VirtualList>
      )}
      {asked && <TaskDialog id={id} task={asked.task} action={asked.action} onClose={() => ask(null)} />}
    </>
  );
}
