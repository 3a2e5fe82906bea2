import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useApi } from '@/api/api-context';
import type { ApiClient, EventOf } from '@/api/client';
import { LabelledText } from '@/components/labelled-text';
import { ErrorPanel, Loading } from '@/components/states';
import type { Call } from '@/run/history';

interface Texts {
  input: string;
  output: string;
}

/** A call's input and output as the log has them: its two events, and what it printed while it runs. */
async function readTexts(api: ApiClient, id: string, call: Call, signal: AbortSignal): Promise<Texts> {
  const at = async (seq: number | null) =>
    seq === null ? undefined : (await api.listEvents(id, { after: seq - 1, limit: 1, signal }))[0];
  const [start, end] = await Promise.all([at(call.startSeq), at(call.endSeq)]);
  const input = start?.type === 'tool_started' ? start.data.input_summary : '';
  if (end?.type === 'tool_completed') return { input, output: end.data.output_summary };
  if (call.startSeq === null) return { input, output: '' };
  const page = await api.listEvents(id, { after: call.startSeq, limit: 1_000, types: ['agent_message'], signal });
  const printed = page.filter(
    (event): event is EventOf<'agent_message'> =>
      event.type === 'agent_message' && event.data.tool_id === call.toolId && event.data.attempt === call.attempt,
  );
  return { input, output: printed.map((event) => event.data.text).join('') };
}

/** What a call was given and what it gave, asked for when it is opened. */
export function CallDetails({ id, call }: { id: string; call: Call }) {
  const api = useApi();
  const isRunning = call.status === 'running';
  const query = useQuery({
    queryKey: ['calls', id, call.key, call.endSeq],
    queryFn: ({ signal }) => readTexts(api, id, call, signal),
    refetchInterval: isRunning ? 1_000 : false,
  });
  if (query.isPending) return <Loading label="Loading the call" rows={1} />;
  if (query.isError) return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className="grid gap-2 px-3 pb-3">
      <LabelledText label="Input" text={query.data.input || '(nothing)'} />
      <LabelledText label={isRunning ? 'Output so far' : 'Output'} text={query.data.output || '(nothing)'} />
      <p className="text-sm">
        <Link
          to="/orchestrators/$id/tasks/$taskId"
          params={{ id, taskId: call.taskId }}
          search={{ attempt: String(call.attempt) }}
          className="text-accent underline"
        >
          Whole transcript of attempt {call.attempt} of task {call.taskId}
        </Link>
      </p>
    </div>
  );
}
