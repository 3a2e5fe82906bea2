/** The pages and their addresses. The part behind `#` is the address, so that the page works under any path of a proxy. */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type SearchSchemaInput,
} from '@tanstack/react-router';
import { Empty, ErrorPanel } from '@/components/states';
import { OverviewPage } from '@/pages/overview/overview-page';
import { Shell } from '@/shell/shell';

type Raw = Record<string, unknown> & SearchSchemaInput;

/** Only what is a text and not empty stays in the address. */
function texts<Name extends string>(...names: Name[]) {
  return (raw: Raw): { [Key in Name]?: string } => {
    const found: Partial<Record<Name, string>> = {};
    for (const name of names) {
      const value = raw[name];
      if (typeof value === 'string' && value !== '') found[name] = value;
    }
    return found;
  };
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Empty isPage title="There is no such page">
      The address leads nowhere.
    </Empty>
  ),
  errorComponent: ({ error, reset }) => (
    <ErrorPanel error={error} onRetry={reset} title="Something went wrong on this page" />
  ),
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: texts('q', 'status'),
  component: OverviewPage,
});

const plans = createRoute({
  getParentRoute: () => root,
  path: '/plans',
  validateSearch: texts('q'),
  component: lazyRouteComponent(() => import('@/pages/plans/plans-page'), 'PlansPage'),
});

const plan = createRoute({
  getParentRoute: () => root,
  path: '/plans/$name',
  validateSearch: texts('start', 'line'),
  component: lazyRouteComponent(() => import('@/pages/plans/plan-page'), 'PlanPage'),
});

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  component: lazyRouteComponent(() => import('@/pages/approvals/approvals-page'), 'ApprovalsPage'),
});

const orchestrator = createRoute({
  getParentRoute: () => root,
  path: '/orchestrators/$id',
  component: lazyRouteComponent(() => import('@/pages/orchestrator/orchestrator-page'), 'OrchestratorPage'),
});

const tasks = createRoute({
  getParentRoute: () => orchestrator,
  path: '/',
  validateSearch: texts('q', 'status', 'phase'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/tasks/tasks-view'), 'TasksView'),
});

const task = createRoute({
  getParentRoute: () => orchestrator,
  path: '/tasks/$taskId',
  validateSearch: texts('attempt', 'show'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/task/task-view'), 'TaskView'),
});

const activity = createRoute({
  getParentRoute: () => orchestrator,
  path: '/activity',
  validateSearch: texts('q', 'status', 'tool', 'task', 'call'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/activity/activity-view'), 'ActivityView'),
});

const timeline = createRoute({
  getParentRoute: () => orchestrator,
  path: '/timeline',
  validateSearch: texts('from', 'to', 'show'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/timeline/timeline-view'), 'TimelineView'),
});

const findings = createRoute({
  getParentRoute: () => orchestrator,
  path: '/findings',
  validateSearch: texts('q', 'task'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/findings/findings-view'), 'FindingsView'),
});

const log = createRoute({
  getParentRoute: () => orchestrator,
  path: '/log',
  validateSearch: texts('q', 'kind'),
  component: lazyRouteComponent(() => import('@/pages/orchestrator/log/log-view'), 'LogView'),
});

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([
      overview,
      plans,
      plan,
      approvals,
      orchestrator.addChildren([tasks, task, timeline, activity, findings, log]),
    ]),
    history: createHashHistory(),
    // Plain texts, as a person would write them; what is empty is not there.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
      return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
    },
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
