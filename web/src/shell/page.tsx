import { useEffect, type ReactNode } from 'react';

/** A page's head: its one heading, what stands beside it, and the title of the tab. */
export function PageHead({
  title,
  titleText,
  children,
}: {
  title: ReactNode;
  titleText: string;
  children?: ReactNode;
}) {
  usePageTitle(titleText);
  return (
    <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
      <h1 className="min-w-0 text-2xl font-semibold break-words">{title}</h1>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  );
}

export function usePageTitle(text: string): void {
  useEffect(() => {
    const badge = /^\(\d+\) /.exec(document.title)?.[0] ?? '';
    document.title = `${badge}${text} · Plan Orchestrator`;
  }, [text]);
}
