import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useApi } from '@/api/api-context';
import type { ApiClient, EventOf } from '@/api/client';
import { ErrorPanel, Loading } from '@/components/states';
import type { Call } from '@/run/history';
import { WholeText } from '@/run/whole-text';

interface Texts {
  input: string;
  output: string;
  inputArtifact: string | null;
  outputArtifact: string | null;
}

/** A call's input and output as the log has them: its two events, and what it printed while it runs. */
async function readTexts(api: ApiClient, id: string, call: Call, signal: AbortSignal): Promise<Texts> {
  const at = async (seq: number | null) =>
    seq === null ? undefined : (await api.listEvents(id, { after: seq - 1, limit: 1, signal }))[0];
  const [start, end] = await Promise.all([at(call.startSeq), at(call.endSeq)]);
  const began = start?.type === 'tool_started' ? start.data : null;
  const given = { input: began?.input_summary ?? '', inputArtifact: began?.input_artifact ?? null };
  if (end?.type === 'tool_completed')
    return { ...given, output: end.data.output_summary, outputArtifact: end.data.output_artifact ?? null };
  if (call.startSeq === null) return { ...given, output: '', outputArtifact: null };
  const page = await api.listEvents(id, { after: call.startSeq, limit: 1_000, types: ['agent_message'], signal });
  const printed = page.filter(
    (event): event is EventOf<'agent_message'> =>
      event.type === 'agent_message' && event.data.tool_id === call.toolId && event.data.attempt === call.attempt,
  );
  return { ...given, outputArtifact: null, output: printed.map((event) => event.data.text).join('') };
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
  const { input, output, inputArtifact, outputArtifact } = query.data;
  const attempt = { id, taskId: call.taskId, attempt: call.attempt };
  return (
    <div className="grid gap-2 px-3 pb-3">
      <WholeText label="Input" text={input || '(nothing)'} of={attempt} artifact={inputArtifact} />
      <WholeText
        label={isRunning ? 'Output so far' : 'Output'}
        text={output || '(nothing)'}
        of={attempt}
        artifact={outputArtifact}
      />
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
