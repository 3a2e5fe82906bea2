import { OctagonPause, Pause, Play, Power } from 'lucide-react';
import { useState } from 'react';
import type { OrchestratorStatus } from '@/api/client';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { hasEnded } from '@/components/status';
import { useShortcuts } from '@/keys/keys';
import { useCommand } from '@/run/use-command';

/** Pause, resume and shut down. A button is busy until its command's receipt has come, and the server has the last word. */
export function RunActions({ id, status }: { id: string; status: OrchestratorStatus }) {
  const pause = useCommand(id);
  const resume = useCommand(id);
  const [isAsked, ask] = useState(false);
  const isOver = hasEnded(status.status);
  const isPaused = status.status === 'paused';
  const isStopping = status.status === 'stopping';
  const isBusy = status.summary.in_progress > 0 && !isStopping;
  const waits = /limit/.test(status.waiting_for?.what ?? '');
  const drain = () => pause.mutate((api, options) => api.pauseOrchestrator(id, options));
  const interrupt = () => pause.mutate((api, options) => api.pauseOrchestrator(id, { ...options, mode: 'now' }));
  const goOn = () => resume.mutate((api, options) => api.resumeOrchestrator(id, options));
  useShortcuts([
    {
      keys: 'p',
      label: isPaused ? 'Resume' : 'Pause',
      group: 'This run',
      act: isPaused ? goOn : drain,
      isDisabled: isOver,
    },
    {
      keys: 'P',
      label: 'Pause now, interrupting what runs',
      group: 'This run',
      act: interrupt,
      isDisabled: isOver || !isBusy,
    },
    { keys: 'x', label: 'Shut down', group: 'This run', act: () => ask(true), isDisabled: isOver },
  ]);
  if (isOver) return null;
  return (
    <>
      {isPaused || waits ? (
        <Button look="primary" icon={<Play size={16} aria-hidden="true" />} isBusy={resume.isPending} onClick={goOn}>
          Resume
        </Button>
      ) : (
        <Button
          icon={<Pause size={16} aria-hidden="true" />}
          isBusy={pause.isPending}
          disabled={isStopping}
          onClick={drain}
        >
          Pause
        </Button>
      )}
      {isBusy && (
        <Button
          icon={<OctagonPause size={16} aria-hidden="true" />}
          isBusy={pause.isPending}
          title="Running tasks are interrupted, and start again when the run resumes"
          onClick={interrupt}
        >
          Pause now
        </Button>
      )}
      <Button look="danger" icon={<Power size={16} aria-hidden="true" />} onClick={() => ask(true)}>
        Shut down
      </Button>
      <ShutdownDialog id={id} isOpen={isAsked} onClose={() => ask(false)} running={status.summary.in_progress} />
    </>
  );
}

function ShutdownDialog({
  id,
  isOpen,
  onClose,
  running,
}: {
  id: string;
  isOpen: boolean;
  onClose: () => void;
  running: number;
}) {
  const command = useCommand(id);
  const send = (force: boolean) =>
    command.mutate((api, options) => api.shutdownOrchestrator(id, { ...options, force }), { onSuccess: onClose });
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Shut this run down?"
      description="What is not finished stays pending; the next run of the plan goes on there."
    >
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        {running > 0 && (
          <Button look="danger" isBusy={command.isPending} onClick={() => send(true)}>
            Interrupt {running === 1 ? 'the running task' : `${running} running tasks`}
          </Button>
        )}
        <Button look="primary" isBusy={command.isPending} onClick={() => send(false)}>
          {running > 0 ? 'Let running tasks finish' : 'Shut down'}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
