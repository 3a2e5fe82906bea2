import { Outlet } from '@tanstack/react-router';

export function OrchestratorPage() {
  return <Outlet />;
}
