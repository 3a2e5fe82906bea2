import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useServer } from '@/api/api-context';
import type { RunStore, RunView } from '@/run/run-store';

/** The run with this id, followed live and closely as long as the component is shown. */
export function useRun(id: string): { store: RunStore; run: RunView } {
  const { runs } = useServer();
  const store = useMemo(() => runs.peek(id), [runs, id]);
  useEffect(() => {
    const stop = runs.take(id).watchClosely();
    return () => {
      stop();
      runs.release(id);
    };
  }, [runs, id]);
  const run = useSyncExternalStore(store.subscribe, store.getView);
  return { store, run };
}

/** The same, with all that has happened in it since its beginning. */
export function useRunHistory(id: string): { store: RunStore; run: RunView } {
  const found = useRun(id);
  const { store } = found;
  useEffect(() => store.readHistory(), [store]);
  return found;
}
