import { useQuery } from '@tanstack/react-query';
import { useState, type RefCallback, type RefObject } from 'react';
import { useApi } from '@/api/api-context';
import type { ApprovalInfo } from '@/api/client';
import type { LinesAhead } from '@/attention/lines-ahead';
import { Button } from '@/components/button';
import { errorText } from '@/components/states';
import { plural } from '@/format/format';
import { revealed } from '@/format/revealed';

/** What an agent wants to do, all of it: the command or the tool's whole input, else the question in its words. */
export function QuestionText({
  runId,
  approval,
  box,
  end,
  lines,
}: {
  runId: string;
  approval: ApprovalInfo;
  box: RefObject<HTMLPreElement | null>;
  /** Receives what lies below the last line, once the text is whole. */
  end?: RefCallback<HTMLElement>;
  lines: LinesAhead;
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
  const isWhole = artifact === null || whole.data !== undefined;
  function showAll() {
    want(true);
    // The button goes away, and the focus must not go with it.
    box.current?.focus({ preventScroll: true });
    if (whole.isError) void whole.refetch();
  }
  return (
    <div className="grid min-w-0 gap-1">
      <div className="relative grid min-w-0">
        <pre
          ref={box}
          tabIndex={0}
          aria-label="What the agent asks"
          className={`${isWanted ? '' : 'max-h-[50dvh]'} overflow-auto rounded-lg bg-ground p-3 font-mono text-sm break-words whitespace-pre-wrap`}
        >
          <span className="block">{revealed(whole.data?.text ?? approval.command ?? approval.question)}</span>
          {isWhole && end && <span ref={end} className="block h-px" />}
        </pre>
        {lines.ahead > 0 && (
          <div
            aria-hidden="true"
            className="pointer-events-none absolute inset-x-0 bottom-0 h-12 rounded-b-lg bg-linear-to-t from-ground"
          />
        )}
      </div>
      {(!isWhole || lines.isScrolled) && (
        <div className="flex flex-wrap items-center gap-2 text-sm">
          <Button size="small" isBusy={whole.isFetching} onClick={showAll}>
            Show all of it
          </Button>
          <span className="nums text-muted">
            {lines.ahead > 0 && plural(lines.ahead, 'more line')}
            {!isWhole && (lines.ahead > 0 ? ', and more' : 'This is its beginning')}
            {isWhole && lines.ahead === 0 && 'This is its end'}
          </span>
          {whole.isError && <span className="text-bad">{errorText(whole.error)}</span>}
        </div>
      )}
      {approval.command !== null && approval.context && (
        <p className="text-sm break-words whitespace-pre-wrap text-muted">{revealed(approval.context)}</p>
      )}
    </div>
  );
}
