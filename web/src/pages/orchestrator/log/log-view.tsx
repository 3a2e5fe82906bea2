import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Choice, SearchField } from '@/components/field';
import { Empty, ErrorPanel } from '@/components/states';
import { Pill } from '@/components/status';
import { VirtualList } from '@/components/virtual-list';
import { clock, fullTime } from '@/format/format';
import { sentenceOf, type Kind } from '@/pages/orchestrator/log/sentences';
import { useRunHistory } from '@/run/use-run';

const KINDS: readonly { value: Kind; label: string }[] = [
  { value: 'command', label: 'commands' },
  { value: 'approval', label: 'approvals' },
  { value: 'run', label: 'the run' },
  { value: 'task', label: 'tasks' },
];

/** Who did what, newest first. */
export function LogView() {
  const { id } = useParams({ from: '/orchestrators/$id/log' });
  const { q, kind } = useSearch({ from: '/orchestrators/$id/log' });
  const navigate = useNavigate({ from: '/orchestrators/$id/log' });
  const { store, run } = useRunHistory(id);
  const { log } = run.history;
  const all = useMemo(() => log.map((entry) => ({ entry, ...sentenceOf(entry) })).toReversed(), [log]);
  const shown = useMemo(() => {
    const wanted = q?.toLowerCase() ?? '';
    return all.filter((one) => {
      if (kind && one.kind !== kind) return false;
      return !wanted || `${one.who} ${one.what} ${one.why ?? ''}`.toLowerCase().includes(wanted);
    });
  }, [all, q, kind]);
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SearchField
          label="Search the log"
          value={q ?? ''}
          onChange={(value) => void navigate({ search: { kind: kind ?? '', q: value }, replace: true })}
        />
        <Choice
          label="Kind"
          value={kind as Kind | undefined}
          options={KINDS.map((one) => ({ ...one, count: all.filter((entry) => entry.kind === one.value).length }))}
          onChange={(value) => void navigate({ search: { q: q ?? '', kind: value ?? '' }, replace: true })}
        />
      </div>
      {run.historyError !== null && (
        <ErrorPanel error={run.historyError} onRetry={() => store.readHistory()} title="The log could not be read" />
      )}
      {shown.length === 0 ? (
        <Empty title={all.length ? 'No entries match' : 'Nothing has been logged yet'} />
      ) : (
        <VirtualList rows={shown} rowHeight={45} rowKey={({ entry }) => String(entry.seq)} label="Log">
          {({ entry, who, what, why, tone }) => (
            <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-b border-line bg-surface px-3 py-2">
              <time
                dateTime={entry.timestamp}
                title={fullTime(Date.parse(entry.timestamp))}
                className="nums text-sm text-muted"
              >
                {clock(Date.parse(entry.timestamp))}
              </time>
              <Pill tone={tone}>{who}</Pill>
              <span className="min-w-0 break-words">{what}</span>
              {why && <span className="min-w-0 basis-full text-sm break-words text-muted sm:basis-auto">{why}</span>}
              <span className="nums ml-auto text-xs text-muted">{entry.seq}</span>
            </div>
          )}
        </VirtualList>
      )}
    </>
  );
}
