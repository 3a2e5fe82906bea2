import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '@/api/api-context';
import { keys } from '@/api/queries';
import { Button } from '@/components/button';
import { LabelledText } from '@/components/labelled-text';
import { saveAs } from '@/components/save-as';
import { ErrorPanel, Loading } from '@/components/states';
import { bytes } from '@/format/format';

/** More than this makes a page slow; the rest is for an editor. */
const SHOWN_LENGTH_MAX = 500_000;

/** Whose call it is. */
export interface AttemptPlace {
  id: string;
  taskId: string;
  attempt: number;
}

/** A call's input or output; where `artifact` holds more than the text at hand, the whole is there on demand. */
export function WholeText({
  label,
  text,
  of,
  artifact,
}: {
  label: string;
  text: string;
  of: AttemptPlace;
  artifact: string | null;
}) {
  const api = useApi();
  const [isWanted, setWanted] = useState(false);
  const { id, taskId, attempt } = of;
  const query = useQuery({
    queryKey: keys.artifact(id, taskId, attempt, artifact),
    queryFn: ({ signal }) => api.getArtifact(id, taskId, artifact ?? '', { attempt, signal }),
    enabled: isWanted && artifact !== null,
    staleTime: Infinity,
  });
  const whole = query.data;
  const isTooLong = whole !== undefined && whole.text.length > SHOWN_LENGTH_MAX;
  return (
    <div className="grid gap-1">
      <LabelledText label={label} text={whole?.text.slice(0, SHOWN_LENGTH_MAX) ?? text} />
      {artifact !== null && !isWanted && (
        <p>
          <Button size="small" onClick={() => setWanted(true)}>
            Show all of it
          </Button>
        </p>
      )}
      {query.isLoading && <Loading label="Loading all of it" rows={1} />}
      {query.isError && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {whole && (
        <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
          {isTooLong ? `The beginning of ${bytes(whole.size_bytes)}` : `All of it: ${bytes(whole.size_bytes)}`}
          <Button size="small" onClick={() => saveAs(`${taskId}-${attempt}-${whole.name}`, whole.text)}>
            Save as a file
          </Button>
        </p>
      )}
    </div>
  );
}
