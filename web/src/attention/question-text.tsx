import { useQuery } from '@tanstack/react-query';
import { useState, type RefObject } from 'react';
import { useApi } from '@/api/api-context';
import type { ApprovalInfo } from '@/api/client';
import { Button } from '@/components/button';
import { errorText } from '@/components/states';
import { plural } from '@/format/format';
import { revealed } from '@/format/revealed';

/** A box of a card shows about so much of a command; of a longer one it says how long it is. */
const LINES_SHOWN = 6;
const CHARACTERS_SHOWN = 400;

/** What an agent wants to do, all of it: the command or the tool's whole input, else the question in its words. */
export function QuestionText({
  runId,
  approval,
  shown,
  isTall = false,
}: {
  runId: string;
  approval: ApprovalInfo;
  shown?: RefObject<HTMLPreElement | null>;
  isTall?: boolean;
}) {
  const api = useApi();
  const [isWanted, want] = useState(false);
  const { task_id: taskId, attempt, command_artifact: artifact } = approval;
  const whole = useQuery({
    queryKey: ['artifacts', runId, taskId, attempt, artifact],
    queryFn: ({ signal }) => api.getArtifact(runId, taskId, artifact ?? '', { attempt, signal }),
    enabled: isWanted && artifact !== null,
    staleTime: Infinity,
  });
  const text = revealed(whole.data?.text ?? approval.command ?? approval.question);
  const lines = text.split('\n').length;
  const isLong = lines > LINES_SHOWN || text.length > CHARACTERS_SHOWN;
  return (
    <div className="grid min-w-0 gap-1">
      <pre
        ref={shown}
        tabIndex={0}
        aria-label="What the agent asks"
        className={`${isTall ? 'max-h-[50dvh]' : 'max-h-40'} overflow-auto rounded-lg bg-ground p-3 font-mono text-sm break-words whitespace-pre-wrap`}
      >
        {text}
      </pre>
      {isLong && (
        <p className="text-sm text-muted">
          {plural(lines, 'line')}, {plural(text.length, 'character')}
          {artifact && !whole.data ? ' of a longer text' : ': scroll to read all of it'}
        </p>
      )}
      {artifact && !whole.data && (
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Button size="small" isBusy={whole.isFetching} onClick={() => want(true)}>
            Show all of it
          </Button>
          {whole.isError && <span className="text-bad">{errorText(whole.error)}</span>}
        </p>
      )}
      {approval.command !== null && approval.context && (
        <p className="text-sm break-words whitespace-pre-wrap text-muted">{revealed(approval.context)}</p>
      )}
    </div>
  );
}
