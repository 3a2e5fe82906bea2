import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Inbox, LayoutDashboard, ListChecks } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useAttention } from '@/attention/attention';
import { KeysDialog } from '@/keys/keys-dialog';
import { useShortcuts } from '@/keys/keys';
import { ConnectionBanner } from '@/shell/connection';
import { SettingsMenu } from '@/shell/settings-menu';
import { TokenDialog } from '@/shell/token-dialog';

const PLACES = [
  { to: '/', label: 'Overview', Icon: LayoutDashboard, keys: 'g o' },
  { to: '/plans', label: 'Plans', Icon: ListChecks, keys: 'g p' },
  { to: '/approvals', label: 'Approvals', Icon: Inbox, keys: 'g a' },
] as const;

function Places() {
  const approvals = useAttention().needs.filter((need) => need.kind === 'approval').length;
  return (
    <>
      {PLACES.map(({ to, label, Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/', includeSearch: false }}
          className="flex min-h-11 flex-1 flex-col items-center justify-center gap-0.5 rounded-lg px-3 text-xs text-muted hover:text-ink sm:min-h-9 sm:flex-none sm:flex-row sm:gap-2 sm:text-sm"
          activeProps={{ className: 'bg-accent-soft !text-accent font-medium' }}
        >
          <Icon size={18} aria-hidden="true" />
          <span>
            {label}
            {to === '/approvals' && approvals > 0 && (
              <span className="nums ml-1.5 rounded-full bg-bad-soft px-1.5 font-medium text-bad">
                {approvals}
                <span className="sr-only"> waiting</span>
              </span>
            )}
          </span>
        </Link>
      ))}
    </>
  );
}

/** What stands around every page: the places to go, what needs a person, and whether the server answers. */
export function Shell() {
  const [areKeysShown, showKeys] = useState(false);
  const navigate = useNavigate();
  useShortcuts([
    ...PLACES.map(({ to, label, keys }) => ({
      keys,
      label: `Go to ${label.toLowerCase()}`,
      group: 'Everywhere',
      act: () => void navigate({ to }),
    })),
    { keys: '?', label: 'Show the keys', group: 'Everywhere', act: () => showKeys(true) },
  ]);
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const lastPath = useRef(path);
  useEffect(() => {
    // Screen readers and the keyboard go on in the new page, not at the link that led to it.
    if (lastPath.current !== path) main.current?.focus({ preventScroll: true });
    lastPath.current = path;
  }, [path]);
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-3"
      >
        Skip to the page
      </a>
      <header className="sticky top-0 z-20 border-b border-line bg-surface">
        <div className="mx-auto flex h-14 w-full max-w-[100rem] items-center gap-4 px-4">
          <Link to="/" className="flex items-center gap-2 font-semibold">
            <span
              aria-hidden="true"
              className="grid size-7 place-items-center rounded-lg bg-accent text-sm text-accent-ink"
            >
              P
            </span>
            Plan Orchestrator
          </Link>
          <nav aria-label="Places" className="hidden gap-1 sm:flex">
            <Places />
          </nav>
          <div className="ml-auto">
            <SettingsMenu onKeys={() => showKeys(true)} />
          </div>
        </div>
        <ConnectionBanner />
      </header>
      <main
        ref={main}
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-[100rem] flex-1 px-4 py-5 pb-24 outline-none sm:pb-8"
      >
        <Outlet />
      </main>
      <nav
        aria-label="Places on a phone"
        className="fixed inset-x-0 bottom-0 z-20 flex gap-1 border-t border-line bg-surface p-1.5 pb-[max(0.375rem,env(safe-area-inset-bottom))] sm:hidden"
      >
        <Places />
      </nav>
      <KeysDialog isOpen={areKeysShown} onClose={() => showKeys(false)} />
      <TokenDialog />
    </div>
  );
}
