import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { within, type Range } from '@/pages/orchestrator/timeline/scale';

/** How long after the last change the address is written: a wheel turns faster than a browser takes addresses. */
const WRITE_MS = 250;

/** The part of the bounds that is in sight, kept in the address as seconds after their beginning; null is all. */
export function useRange(bounds: Range): { range: Range; isAll: boolean; setRange: (range: Range | null) => void } {
  const search = useSearch({ from: '/orchestrators/$id/timeline' });
  const navigate = useNavigate({ from: '/orchestrators/$id/timeline' });
  const [changed, setChanged] = useState<Range | null | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const told = search.from && search.to ? { from: Number(search.from), to: Number(search.to) } : null;
  const isTold = told !== null && told.to > told.from;
  const stated = isTold ? { from: bounds.from + told.from * 1_000, to: bounds.from + told.to * 1_000 } : null;
  const wanted = changed === undefined ? stated : changed;
  function setRange(range: Range | null): void {
    setChanged(range);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const seconds = (at: number) => ((at - bounds.from) / 1_000).toFixed(3);
      const place = range ? { from: seconds(range.from), to: seconds(range.to) } : { from: '', to: '' };
      void navigate({ search: (before) => ({ ...before, ...place }), replace: true }).then(() =>
        setChanged((latest) => (latest === range ? undefined : latest)),
      );
    }, WRITE_MS);
  }
  return { range: wanted ? within(wanted, bounds) : bounds, isAll: wanted === null, setRange };
}
