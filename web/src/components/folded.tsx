import { ChevronDown } from 'lucide-react';
import type { ReactNode, Ref } from 'react';

/** A card that shows its title only, until it is opened. `head` follows the title. */
export function Folded({
  title,
  head,
  isOpen,
  onToggle,
  summaryRef,
  children,
}: {
  title: string;
  head?: ReactNode;
  isOpen?: boolean;
  onToggle?: (isOpen: boolean) => void;
  summaryRef?: Ref<HTMLElement>;
  children: ReactNode;
}) {
  return (
    <details className="group card p-4" open={isOpen} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary ref={summaryRef} className="flex scroll-mt-20 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="inline-flex items-center gap-2">
          <ChevronDown size={16} aria-hidden="true" className="shrink-0 -rotate-90 group-open:rotate-0" />
          <h3 className="font-semibold">{title}</h3>
        </span>
        {head}
      </summary>
      <div className="mt-3 grid gap-3">{children}</div>
    </details>
  );
}
