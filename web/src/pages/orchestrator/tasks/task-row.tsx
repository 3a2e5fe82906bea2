import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { TaskInfo } from '@/api/client';
import { TaskBadge } from '@/components/status';
import { Elapsed } from '@/components/time';
import { cost, duration } from '@/format/format';
import { remarksText } from '@/run/evidence';
import { TaskButtons, type TaskAction } from '@/run/task-actions';

/** One task: what it is, how it is, and why. */
export const TaskRow = memo(function TaskRow({
  id,
  task,
  why,
  isSelected,
  frozenAt,
  canAct,
  onAsk,
}: {
  id: string;
  task: TaskInfo;
  why: string | null;
  isSelected: boolean;
  frozenAt: number | null;
  canAct: boolean;
  onAsk: (task: TaskInfo, action: TaskAction) => void;
}) {
  const remarks = task.status === 'completed' ? remarksText(task.remarks) : null;
  const used = task.usage.input_tokens + task.usage.output_tokens > 0;
  return (
    <div
      data-selected={isSelected}
      className="grid grid-cols-[1fr_auto] items-start gap-x-3 gap-y-1 border-b border-line bg-surface px-3 py-2.5 data-[selected=true]:bg-accent-soft sm:grid-cols-[4rem_1fr_auto]"
    >
      <Link
        to="/orchestrators/$id/tasks/$taskId"
        params={{ id, taskId: task.id }}
        className="nums font-mono text-sm text-muted hover:underline sm:pt-0.5"
      >
        {task.id}
      </Link>
      <div className="min-w-0 max-sm:order-3 max-sm:col-span-2">
        <Link
          to="/orchestrators/$id/tasks/$taskId"
          params={{ id, taskId: task.id }}
          className="break-words hover:underline"
        >
          {task.description}
        </Link>
        <div className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
          {task.agent && <span>{task.agent}</span>}
          {task.attempt > 1 && <span>attempt {task.attempt}</span>}
          {task.status === 'in_progress' && task.started_at && <Elapsed from={task.started_at} frozenAt={frozenAt} />}
          {task.duration_ms !== null && <span className="nums">{duration(task.duration_ms)}</span>}
          {used && <span className="nums">{cost(task.usage.cost_usd, task.usage.is_cost_complete)}</span>}
          {task.depends_on.length > 0 && <span>after {task.depends_on.join(', ')}</span>}
        </div>
        {why && <p className="text-sm text-warn">{why}</p>}
        {task.stale && <p className="text-sm text-warn">The plan’s text of it has been changed since.</p>}
        {remarks && <p className="text-sm break-words text-warn">{remarks}</p>}
        {task.status === 'failed' && task.last_error && (
          <p className="line-clamp-2 text-sm break-words text-bad">{task.last_error}</p>
        )}
        {task.status === 'skipped' && task.reason && <p className="text-sm text-muted">{task.reason}</p>}
        {canAct && (task.status === 'failed' || isSelected) && (
          <div className="mt-1.5 flex flex-wrap gap-2">
            <TaskButtons task={task} isSmall onAsk={(action) => onAsk(task, action)} />
          </div>
        )}
      </div>
      <TaskBadge task={task} />
    </div>
  );
});
