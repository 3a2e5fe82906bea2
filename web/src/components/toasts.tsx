import { Check, CircleAlert, X } from 'lucide-react';
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { IconButton } from '@/components/button';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

type Tell = (tone: Toast['tone'], text: string) => void;
const ToastContext = createContext<Tell | null>(null);
const PlaceContext = createContext<HTMLElement | null>(null);
const SHOWN_MS = { good: 5_000, bad: 15_000 } as const;
let lastId = 0;

/** Short notes at the edge of the page, read out by screen readers. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const dismiss = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const tell = useCallback<Tell>(
    (tone, text) => {
      const id = ++lastId;
      setToasts((all) => [...all.slice(-3), { id, tone, text }]);
      setTimeout(() => dismiss(id), SHOWN_MS[tone]);
    },
    [dismiss],
  );
  const list = useMemo(
    () =>
      toasts.map(({ id, tone, text }) => (
        <li key={id} className="card flex items-start gap-2 bg-raised p-3 shadow-lg">
          {tone === 'good' ? (
            <Check size={18} aria-hidden="true" className="shrink-0 text-good" />
          ) : (
            <CircleAlert size={18} aria-hidden="true" className="shrink-0 text-bad" />
          )}
          <p className="min-w-0 flex-1 break-words">{text}</p>
          <IconButton label="Dismiss" icon={<X size={16} aria-hidden="true" />} onClick={() => dismiss(id)} />
        </li>
      )),
    [toasts, dismiss],
  );
  return (
    <ToastContext value={tell}>
      <PlaceContext value={place}>{children}</PlaceContext>
      <div role="status" className="fixed right-3 bottom-3 left-3 z-30 sm:left-auto sm:w-96 max-sm:bottom-16">
        <ul className="grid gap-2">{list}</ul>
        <ul ref={setPlace} className="grid gap-2 [&:not(:empty)]:mt-2" />
      </div>
    </ToastContext>
  );
}

/** A note that stays as long as it is rendered, with what can be done about it. */
export function PinnedToast({ children }: { children: ReactNode }) {
  const place = useContext(PlaceContext);
  return (
    place && createPortal(<li className="card flex items-center gap-2 bg-raised p-3 shadow-lg">{children}</li>, place)
  );
}

/** Shows a note. */
export function useTell(): Tell {
  const tell = useContext(ToastContext);
  if (!tell) throw new Error('useTell outside of a ToastProvider');
  return tell;
}
