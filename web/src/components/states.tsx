import { CircleAlert, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '@/api/client';
import { Button } from '@/components/button';

/** Nothing is here, and what to do about it. `isPage`: that is all the page has to say. */
export function Empty({
  icon,
  title,
  children,
  isPage = false,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  isPage?: boolean;
}) {
  const Title = isPage ? 'h1' : 'p';
  return (
    <div className="card grid justify-items-center gap-2 border-dashed px-6 py-10 text-center">
      {icon && <div className="text-muted">{icon}</div>}
      <Title className="font-medium">{title}</Title>
      {children && <div className="max-w-prose text-muted">{children}</div>}
    </div>
  );
}

/** Something is on its way. */
export function Loading({ label = 'Loading', rows = 3 }: { label?: string; rows?: number }) {
  return (
    <div role="status" aria-label={label} className="grid gap-3">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-16 animate-pulse rounded-xl bg-idle-soft motion-reduce:animate-none" />
      ))}
    </div>
  );
}

/** What went wrong, in words for people. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) return error.status === 0 ? 'The server cannot be reached.' : error.problem.detail;
  return error instanceof Error ? error.message : String(error);
}

export function ErrorPanel({
  error,
  onRetry,
  title = 'This could not be loaded',
}: {
  error: unknown;
  onRetry?: () => void;
  title?: string;
}) {
  return (
    <div role="alert" className="card flex flex-wrap items-center gap-3 p-4">
      <CircleAlert size={20} aria-hidden="true" className="shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="break-words text-muted">{errorText(error)}</p>
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry} icon={<RotateCw size={15} aria-hidden="true" />}>
          Try again
        </Button>
      )}
    </div>
  );
}
