import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useMemo } from 'react';
import { CallBadge, CALL_LOOKS } from '@/components/call-badge';
import { Choice, inputClass, SearchField } from '@/components/field';
import { knownUntil } from '@/components/freshness';
import { Empty, ErrorPanel } from '@/components/states';
import { Elapsed } from '@/components/time';
import { VirtualList } from '@/components/virtual-list';
import { clock, duration } from '@/format/format';
import { callCounts, shownCalls } from '@/pages/orchestrator/activity/call-filter';
import { CallDetails } from '@/pages/orchestrator/activity/call-details';
import type { Call } from '@/run/history';
import { useRunHistory } from '@/run/use-run';

const STATUSES = ['running', 'error', 'denied', 'interrupted', 'ok'] as const;

function CallRow({
  id,
  call,
  isOpen,
  frozenAt,
  onToggle,
}: {
  id: string;
  call: Call;
  isOpen: boolean;
  frozenAt: number | null;
  onToggle: (key: string) => void;
}) {
  return (
    <div className="border-b border-line bg-surface">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => onToggle(call.key)}
        className="flex min-h-10 w-full items-center gap-2 px-2 py-1 text-left hover:bg-idle-soft"
      >
        <ChevronRight size={15} aria-hidden="true" className={`shrink-0 ${isOpen ? 'rotate-90' : ''}`} />
        <span className="nums text-sm text-muted max-sm:hidden">{clock(call.startedAt)}</span>
        <span className="nums w-12 shrink-0 truncate font-mono text-sm text-muted">{call.taskId}</span>
        {call.parentToolId && <span title="By a sub-agent">↳</span>}
        <span className="shrink-0 font-medium">{call.name}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-sm text-muted">{call.line}</span>
        <span className="nums text-sm text-muted max-sm:hidden">
          {call.endedAt === null ? (
            <Elapsed from={call.startedAt} frozenAt={frozenAt} />
          ) : (
            duration(call.endedAt - call.startedAt)
          )}
        </span>
        <CallBadge status={call.status} />
      </button>
      {isOpen && <CallDetails id={id} call={call} />}
    </div>
  );
}

/** Every tool call of the run, live, newest first; input and output on demand. */
export function ActivityView() {
  const { id } = useParams({ from: '/orchestrators/$id/activity' });
  const filter = useSearch({ from: '/orchestrators/$id/activity' });
  const navigate = useNavigate({ from: '/orchestrators/$id/activity' });
  const { store, run } = useRunHistory(id);
  const { calls, isCut } = run.history;
  // The calls change in place: the version says when.
  const version = run.historyVersion;
  const shown = useMemo(() => shownCalls(calls, filter), [calls, filter, version]);
  const { tools, byStatus } = useMemo(() => callCounts(calls), [calls, version]);
  const change = (changes: Partial<typeof filter>) =>
    void navigate({ search: { ...filter, ...changes }, replace: true });
  const toggle = (key: string) => change({ call: filter.call === key ? '' : key });
  const frozenAt = knownUntil(run);
  const loaded = run.historyLoaded;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SearchField label="Search calls" value={filter.q ?? ''} onChange={(q) => change({ q })} />
        <select
          aria-label="Tool"
          className={`${inputClass} !w-auto`}
          value={filter.tool ?? ''}
          onChange={(event) => change({ tool: event.target.value })}
        >
          <option value="">All tools</option>
          {tools.map((tool) => (
            <option key={tool}>{tool}</option>
          ))}
        </select>
        <Choice
          label="Status"
          value={filter.status as Call['status'] | undefined}
          options={STATUSES.filter((status) => byStatus[status] > 0 || filter.status === status).map((status) => ({
            value: status,
            label: CALL_LOOKS[status]!.label,
            count: byStatus[status],
          }))}
          onChange={(status) => change({ status: status ?? '' })}
        />
        {filter.task && (
          <button type="button" className="text-sm text-accent underline" onClick={() => change({ task: '' })}>
            Only task {filter.task}: show all
          </button>
        )}
      </div>
      {loaded !== null && loaded < 1 && (
        <p role="status" className="nums mb-2 text-sm text-muted">
          Reading what happened before: {Math.floor(loaded * 100)} %
        </p>
      )}
      {isCut && <p className="mb-2 text-sm text-muted">Only the newest calls are shown; the log has them all.</p>}
      {run.historyError !== null && (
        <ErrorPanel
          error={run.historyError}
          onRetry={() => store.readHistory()}
          title="The earlier history could not be read"
        />
      )}
      {shown.length === 0 ? (
        <Empty title={calls.length ? 'No calls match' : 'No tool calls yet'}>
          {calls.length ? 'Change the search or the filters.' : 'Calls appear here the moment an agent makes them.'}
        </Empty>
      ) : (
        <VirtualList rows={shown} rowHeight={41} rowKey={(call) => call.key} label="Tool calls">
          {(call) => (
            <CallRow
              id={id}
              call={call}
              isOpen={filter.call === call.key}
              frozenAt={call.status === 'running' ? frozenAt : null}
              onToggle={toggle}
            />
          )}
        </VirtualList>
      )}
    </>
  );
}
