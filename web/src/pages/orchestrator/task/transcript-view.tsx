import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useApi } from '@/api/api-context';
import { ApiError } from '@/api/client';
import { keys } from '@/api/queries';
import { Button } from '@/components/button';
import { CallBadge } from '@/components/call-badge';
import { Markdown } from '@/components/markdown';
import { ErrorPanel, Loading } from '@/components/states';
import { clock, duration } from '@/format/format';
import { partsOf, type Item, type Part } from '@/pages/orchestrator/task/transcript';
import { WholeText, type AttemptPlace } from '@/run/whole-text';

const SHOWN = 200;
const HEAD_LENGTH_MAX = 200;

function Call({ call, of, isOver }: { call: Extract<Item, { kind: 'call' }>; of: AttemptPlace; isOver: boolean }) {
  const outcome = call.outcome === 'running' && isOver ? 'interrupted' : call.outcome;
  return (
    <details className="group rounded-lg border border-line" open={outcome === 'error'}>
      <summary className="flex min-h-10 items-center gap-2 px-3 py-1.5">
        <ChevronDown size={15} aria-hidden="true" className="shrink-0 -rotate-90 group-open:rotate-0" />
        <span className="shrink-0 font-medium">{call.name}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-sm text-muted">
          {call.input.slice(0, HEAD_LENGTH_MAX)}
        </span>
        {call.endedAt !== null && (
          <span className="nums text-sm text-muted max-sm:hidden">{duration(call.endedAt - call.at)}</span>
        )}
        <CallBadge status={outcome} />
      </summary>
      <div className="grid gap-2 px-3 pb-3">
        {call.input && <WholeText label="Input" text={call.input} of={of} artifact={call.inputArtifact} />}
        <WholeText
          label="Output"
          text={call.output || (call.endedAt === null ? 'Nothing yet' : 'None')}
          of={of}
          artifact={call.outputArtifact}
        />
      </div>
    </details>
  );
}

function ItemView({ item, of, isOver, isCheck }: { item: Item; of: AttemptPlace; isOver: boolean; isCheck: boolean }) {
  switch (item.kind) {
    case 'text':
      return <Markdown text={item.text} />;
    case 'call':
      return <Call call={item} of={of} isOver={isOver} />;
    case 'note':
      return <p className="text-sm break-words text-muted">{item.text}</p>;
    case 'end':
      return (
        <p className={`text-sm ${item.outcome !== 'completed' ? 'text-bad' : isCheck ? 'text-good' : 'text-muted'}`}>
          {clock(item.at)}:{' '}
          {item.outcome !== 'completed' ? item.outcome : isCheck ? 'passed' : 'ended without an error'}
          {item.error && <span className="break-words">: {item.error}</span>}
        </p>
      );
  }
}

function PartView({ part, of, isOver }: { part: Part; of: AttemptPlace; isOver: boolean }) {
  const [shown, setShown] = useState(SHOWN);
  const hidden = Math.max(0, part.items.length - shown);
  return (
    <section aria-label={part.isCheck ? 'Checks' : 'What the agent did'} className="card grid gap-3 p-4">
      <h3 className="font-semibold">{part.isCheck ? 'Checks' : `What ${part.agent} did`}</h3>
      {hidden > 0 && (
        <Button size="small" onClick={() => setShown(shown + 1_000)}>
          Show {Math.min(1_000, hidden)} earlier of {hidden}
        </Button>
      )}
      {part.items.slice(hidden).map((item, index) => (
        <ItemView key={hidden + index} item={item} of={of} isOver={isOver} isCheck={part.isCheck} />
      ))}
      {isOver && !part.isCheck && !part.items.some((item) => item.kind === 'call') && (
        <p className="text-sm text-muted">No tool call was reported.</p>
      )}
      {part.items.length === 0 && !isOver && <p className="text-muted">Nothing yet.</p>}
    </section>
  );
}

/** All that the agent of one attempt said and did, and the checks after it. While the attempt runs it is read again. */
export function TranscriptView({
  id,
  taskId,
  attempt,
  isRunning,
}: {
  id: string;
  taskId: string;
  attempt: number;
  isRunning: boolean;
}) {
  const api = useApi();
  const query = useQuery({
    queryKey: keys.transcript(id, taskId, attempt),
    queryFn: ({ signal }) => api.getTranscript(id, taskId, { attempt, signal }),
    refetchInterval: isRunning ? 2_000 : false,
    staleTime: isRunning ? 0 : Infinity,
  });
  const parts = useMemo(() => partsOf(query.data ?? []), [query.data]);
  if (query.isPending) return <Loading label="Loading the transcript" rows={2} />;
  if (query.isError) {
    const isNone = query.error instanceof ApiError && query.error.status === 404;
    if (isNone) return <p className="card p-4 text-muted">This run has no transcript of attempt {attempt}.</p>;
    return (
      <ErrorPanel error={query.error} onRetry={() => void query.refetch()} title="The transcript could not be loaded" />
    );
  }
  return (
    <>
      {parts.map((part, index) => (
        <PartView key={index} part={part} of={{ id, taskId, attempt }} isOver={!isRunning} />
      ))}
    </>
  );
}
