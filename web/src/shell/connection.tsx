import { CloudOff } from 'lucide-react';
import { useEffect } from 'react';
import { useServer } from '@/api/api-context';
import { useHealth } from '@/api/queries';
import { clock } from '@/format/format';

/** Says over every page that the server does not answer, and of when what is shown is. */
export function ConnectionBanner() {
  const health = useHealth();
  const { runs } = useServer();
  useEffect(() => {
    if (health.isError) runs.doubt();
  }, [health.isError, runs]);
  if (!health.isError) return null;
  return (
    <div role="alert" className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-warn">
      <CloudOff size={18} aria-hidden="true" className="shrink-0" />
      <span>
        The server cannot be reached.{' '}
        {health.dataUpdatedAt > 0 ? `What you see is of ${clock(health.dataUpdatedAt)}; ` : ''}
        the page goes on by itself when the server is back.
      </span>
    </div>
  );
}
