/** Compiled, never run: what people write with the types, and what must not compile. */
import {
  createApiClient, type ApiClient, type ApprovalInfo, type CommandResponse, type EventOf, type FindingInfo, type OrchestratorEvent,
  type OrchestratorInfo, type OrchestratorStatus, type PlanInfo, type TaskChangedEvent, type TaskInfo,
  type TranscriptLine,
} from '../../../docs/plan-outputs/orchestrator-api-server/api-client';

type IsAny<Type> = 0 extends 1 & Type ? true : false;
type Answers = { [Name in keyof ApiClient]: Awaited<ReturnType<ApiClient[Name]>> };
/** `false` for every method; a method that gave `any` would make this line fail. */
export const noneIsAny: { [Name in keyof ApiClient]: IsAny<Answers[Name]> extends true ? never : false } | undefined = undefined;
type Fields<Type> = Type extends readonly (infer Item)[] ? Fields<Item> : { [Key in keyof Type]: IsAny<Type[Key]> extends true ? never : Type[Key] };
export const noFieldIsAny = (status: OrchestratorStatus, task: TaskInfo): [Fields<OrchestratorStatus>, Fields<TaskInfo>] => [status, task];

export function told(event: OrchestratorEvent): string {
  switch (event.type) {
    case 'initial_status': return event.data.plan_name;
    case 'plan_loaded': return event.data.title;
    case 'status_updated': return String(event.data.summary.completed);
    case 'task_changed': return `${event.data.task_id} ${event.data.new_status}`;
    case 'phase_changed': return String(event.data.new_phase);
    case 'tool_started': return event.data.tool_name;
    case 'tool_completed': return event.data.output_summary;
    case 'orchestrator_changed': return event.data.new_status;
    case 'command_settled': return event.data.state;
    case 'finding_written': return event.data.file_path;
    case 'agent_message': return event.data.text;
    case 'usage_updated': return String(event.data.cost_usd);
    case 'prompt_sent': return event.data.sha256;
    case 'agent_started': return String(event.data.model);
    case 'agent_limited': return `${event.data.agent} ${event.data.until}`;
    case 'approval_requested': return event.data.question;
    case 'approval_settled': return String(event.data.allowed);
    case 'plan_changed': return event.data.reason;
    case 'plan_approved': return event.data.freed.join();
    case 'ping': return String(event.data.up_to);
    case 'resync': return event.data.reason;
    default: {
      const nothing: never = event;
      return nothing;
    }
  }
}

export async function used(signal: AbortSignal | undefined): Promise<void> {
  const api = createApiClient({ baseUrl: 'http://127.0.0.1:8000', token: undefined });
  const infos: OrchestratorInfo[] = await api.listOrchestrators({ signal });
  const id: string = infos[0]?.id ?? '';
  const receipt: CommandResponse = await api.pauseOrchestrator(id, { mode: 'now', idempotencyKey: undefined });
  const plans: PlanInfo[] = await api.listPlans();
  const findings: FindingInfo[] = await api.listPlanFindings('demo');
  const changed: TaskChangedEvent | EventOf<'task_changed'> | undefined = undefined;
  for await (const event of await api.streamEvents(id, { after: 0 })) told(event);
  const questions: ApprovalInfo[] = await api.listApprovals(id);
  const answered: CommandResponse = await api.answerApproval(id, questions[0]?.id ?? '', { allow: true });
  await api.messageTask(id, '1.1', { text: 'hello' }, { idempotencyKey: 'k' });
  const lines: TranscriptLine[] = await api.getTranscript(id, '1.1', { attempt: 2 });
  const said: unknown = lines[0]?.['text'];
  void [receipt, plans, findings, changed, answered, said];

  // @ts-expect-error an answer is yes or no
  await api.answerApproval(id, '1.1-1-1', { reason: 'r' });

  // @ts-expect-error a mode that does not exist
  await api.pauseOrchestrator(id, { mode: 'later' });
  // @ts-expect-error the task is missing
  await api.skipTask(id, {});
  // @ts-expect-error a type that the log does not have
  await api.listEvents(id, { types: ['ping'] });
  // @ts-expect-error a field that does not exist
  void infos[0]?.nothing;
}
