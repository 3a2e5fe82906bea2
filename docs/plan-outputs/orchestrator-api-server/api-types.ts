/**
 * The types of the Plan Orchestrator API, from openapi.json by openapi-typescript.
 * Written by `python scripts/generate_api_types.py`.
 * Do not make direct changes to the file.
 */

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the server is
         * @description Healthy, degraded (it answers, but live streams or the look-out lag behind) or unhealthy.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All orchestrators, newest first
         * @description Every orchestrator that this database knows, at most 1,000.
         */
        get: operations["listOrchestrators"];
        put?: never;
        /**
         * Work through a plan
         * @description The run goes on when this server ends. When nothing can start it waits for a command.
         *
         *     A plan with errors is 422 with `problems`, one that another orchestrator works on 409 with its `owner`.
         *     A plan with shell blocks, or with tasks for an agent whose program the repository names, is 403 unless the
         *     server has a token or was started with `--allow-shell`.
         */
        post: operations["startOrchestrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One orchestrator
         * @description Where it runs, whether it is alive, and how far it is.
         */
        get: operations["getOrchestrator"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole status, now or as it was
         * @description Summary, phases and tasks; with an ETag, so that asking again costs little.
         */
        get: operations["getOrchestratorStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A page of the log
         * @description Entries of the log in order, `[]` past its end.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start nothing new
         * @description Running attempts finish, with `mode=now` they are interrupted and go back to pending.
         */
        post: operations["pauseOrchestrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on after a pause
         * @description When the orchestrator is blocked: 409, naming the tasks in the way.
         */
        post: operations["resumeOrchestrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/shutdown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the run
         * @description What is not finished stays pending. An orchestrator that has ended already: 200.
         */
        post: operations["shutdownOrchestrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/skip-task": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leave a task out
         * @description A pending or failed task is skipped; one in progress is ended first (202 meanwhile).
         */
        post: operations["skipTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/retry-task": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a task again
         * @description A failed or skipped task becomes pending with a fresh limit; a completed one only with `force`.
         */
        post: operations["retryTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/approve-plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve what attempts have changed in the plan
         * @description `digest` is that of the status's `unapproved`. Of a run that has ended, it is kept for the next one.
         */
        post: operations["approvePlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/commands/{command_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A command's receipt
         * @description How far the command has come.
         */
        get: operations["getCommand"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What agents ask
         * @description The questions that wait for an answer, oldest first.
         */
        get: operations["listApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/approvals/{approval_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer an agent's question
         * @description The agent goes on with what it asked for, or without it. One that is answered already: 409.
         */
        post: operations["answerApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/tasks/{task_id}/message": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell the agent something
         * @description Handed to the agent at work on the task: 409 when none is, or when it takes no notes.
         */
        post: operations["messageTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/tasks/{task_id}/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All that an agent said
         * @description What the agent of one attempt told, as far as it is kept by now; of a very long one, the beginning.
         */
        get: operations["getTranscript"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/tasks/{task_id}/artifacts/{artifact}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A text that an attempt left, whole
         * @description What a call was given or gave, where it was too long for its event and for the transcript.
         */
        get: operations["getArtifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All plans
         * @description Every plan in docs/plans, with what is wrong with it.
         */
        get: operations["listPlans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A plan's text
         * @description The Markdown as it is written, what is wrong with it and where, and the lines of its tasks.
         */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans/{name}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A plan's status
         * @description What the latest orchestrator says, else status.json, else the plan's own boxes; `source` says which.
         */
        get: operations["getPlanStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans/{name}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A plan's tasks
         * @description The tasks of the plan's status, in the plan's order.
         */
        get: operations["getPlanTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans/{name}/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A plan's findings
         * @description What the plan's tasks left behind.
         */
        get: operations["listPlanFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans/{name}/findings/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One finding
         * @description The text of a finding; `1.1` and `1-1` are the same task.
         */
        get: operations["getFindingContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrators/{orchestrator_id}/events-sse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the log live (SSE)
         * @description Without a position: the whole status first, then every event. With one: every event after it.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who could do the tasks
         * @description Every agent that a run or a task can name, with what it can do, or what it lacks.
         *
         *     No model is asked, and no program is started that the repository names.
         */
        get: operations["listAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AgentInfo
         * @description An agent that a run or a task can name: whether it can work here, and if not, what to do.
         *
         *     One whose program the repository names (`named_by_repository`) was not asked, so it is not `is_ready`; a
         *     run may use it all the same.
         */
        AgentInfo: {
            name: string;
            is_ready: boolean;
            version: string | null;
            problem: string | null;
            abilities: ("permissions" | "resume" | "messages" | "cost" | "budget" | "calls")[];
            named_by_repository: boolean;
        };
        /**
         * AgentLimit
         * @description A vendor's limit: the agent starts nothing before `until`.
         */
        AgentLimit: {
            agent: string;
            /** Format: date-time */
            until: string;
            message: string;
        };
        /**
         * AgentLimited
         * @description An agent met a limit of its vendor and starts nothing before `until`; null: it may start again.
         *
         *     `count` is how many limits it has met since it last completed a task.
         */
        AgentLimited: {
            agent: string;
            /** Format: date-time */
            until: string | null;
            message: string;
            count: number;
            task_id: string | null;
        };
        /**
         * AgentLimitedEvent
         * @description An agent met a limit of its vendor and starts nothing before `until`; null: it may start again.
         *
         *     `count` is how many limits it has met since it last completed a task.
         */
        AgentLimitedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "agent_limited";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["AgentLimited"];
        };
        /**
         * AgentMessage
         * @description Text from the agent, or output of the tool call that `tool_id` names.
         */
        AgentMessage: {
            task_id: string;
            attempt: number;
            text: string;
            tool_id: string | null;
        };
        /**
         * AgentMessageEvent
         * @description Text from the agent, or output of the tool call that `tool_id` names.
         */
        AgentMessageEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "agent_message";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["AgentMessage"];
        };
        /**
         * AgentStarted
         * @description The agent of an attempt is up. `session_id` names its conversation, to go on with later.
         */
        AgentStarted: {
            task_id: string;
            attempt: number;
            agent: string;
            version: string | null;
            model: string | null;
            session_id: string | null;
        };
        /**
         * AgentStartedEvent
         * @description The agent of an attempt is up. `session_id` names its conversation, to go on with later.
         */
        AgentStartedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "agent_started";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["AgentStarted"];
        };
        /**
         * AnswerApprovalRequest
         * @description The answer to an agent that asks whether it may do something; `reason` stands in the log.
         */
        AnswerApprovalRequest: {
            allow: boolean;
            reason?: string | null;
        };
        /**
         * ApprovalInfo
         * @description A question of an agent that waits for an answer. Unanswered, it is denied at `expires_at`.
         *
         *     The fields are those of `approval_requested`. Where the agent does not say what it would do, `can_allow`
         *     is false: the question can only be denied.
         */
        ApprovalInfo: {
            id: string;
            task_id: string;
            attempt: number;
            question: string;
            tool_id: string | null;
            agent: string | null;
            tool_name: string | null;
            command: string | null;
            command_artifact: string | null;
            context: string | null;
            can_allow: boolean;
            /** Format: date-time */
            requested_at: string;
            /** Format: date-time */
            expires_at: string | null;
        };
        /**
         * ApprovalRequested
         * @description An agent asks whether it may do something. Unanswered, it is denied at `expires_at`.
         *
         *     `question` says it in a few lines. `command` is all that the tool would be given, and `context` what else
         *     the agent says about it: where it would run, and why. Where the agent does not say what it would do,
         *     `can_allow` is false: the question can only be denied.
         */
        ApprovalRequested: {
            approval_id: string;
            task_id: string;
            attempt: number;
            question: string;
            tool_id: string | null;
            agent: string | null;
            tool_name: string | null;
            command: string | null;
            /** @description Where the whole command is kept, when it is too long for this event. */
            command_artifact: string | null;
            context: string | null;
            can_allow: boolean;
            /** Format: date-time */
            expires_at: string | null;
        };
        /**
         * ApprovalRequestedEvent
         * @description An agent asks whether it may do something. Unanswered, it is denied at `expires_at`.
         *
         *     `question` says it in a few lines. `command` is all that the tool would be given, and `context` what else
         *     the agent says about it: where it would run, and why. Where the agent does not say what it would do,
         *     `can_allow` is false: the question can only be denied.
         */
        ApprovalRequestedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "approval_requested";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["ApprovalRequested"];
        };
        /**
         * ApprovalSettled
         * @description The agent's question was answered, or nobody answered in time.
         */
        ApprovalSettled: {
            approval_id: string;
            task_id: string;
            attempt: number;
            allowed: boolean;
            reason: string | null;
            actor: string;
        };
        /**
         * ApprovalSettledEvent
         * @description The agent's question was answered, or nobody answered in time.
         */
        ApprovalSettledEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "approval_settled";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["ApprovalSettled"];
        };
        /**
         * ApprovePlanRequest
         * @description The `digest` of the status's `unapproved`, as it was shown to the person who approves it.
         */
        ApprovePlanRequest: {
            digest: string;
        };
        /**
         * ApprovedPart
         * @description A part of a task that a person has approved.
         */
        ApprovedPart: {
            task_id: string;
            /** @enum {string} */
            kind: "block" | "verify" | "agent" | "permissions" | "gate" | "tick";
            digest: string;
        };
        /**
         * ArtifactContent
         * @description A text that an attempt left, whole, with its size in bytes.
         */
        ArtifactContent: {
            name: string;
            size_bytes: number;
            text: string;
        };
        /**
         * AttemptName
         * @description An attempt that was at work.
         */
        AttemptName: {
            task_id: string;
            attempt: number;
        };
        /**
         * AttemptPlace
         * @description Where the database keeps what an attempt left: its prompt, transcript and finding.
         *
         *     `instance_id` is the orchestrator in which it took place, None for the one whose log this is; `task_id` is
         *     what the task was called there.
         */
        AttemptPlace: {
            instance_id: string | null;
            task_id: string;
            attempt: number;
        };
        /** @description What a pending task waits for, told apart by `kind`. */
        Blocker: components["schemas"]["TaskBlocker"] | components["schemas"]["PhaseBlocker"] | components["schemas"]["GateBlocker"] | components["schemas"]["RetryBlocker"] | components["schemas"]["RateLimitBlocker"] | components["schemas"]["FilesBlocker"] | components["schemas"]["UnapprovedBlocker"];
        /**
         * ChosenOptions
         * @description The options of a run; null where one was left to the plan, or to the program's defaults.
         *
         *     They say how a run goes, never with which secrets: they are in the log, and every reader of it sees them.
         */
        ChosenOptions: {
            /** @description For tasks that name none. */
            agent: string | null;
            /** @description Maximum number of parallel tasks. */
            parallel: number | null;
            /** @description Attempts per task. */
            max_attempts: number | null;
            /** @description Time limit per task. */
            timeout_seconds: number | null;
            /**
             * @description The most that agents may do by themselves.
             * @enum {string|null}
             */
            permissions: "read-only" | "ask" | "edits" | "full" | null;
            /** @description The run pauses when this is spent. */
            budget_usd: number | null;
            /** @description The same in tokens. */
            budget_tokens: number | null;
            /** @description The run pauses when a task has spent this. */
            task_budget_usd: number | null;
            /** @description The same in tokens. */
            task_budget_tokens: number | null;
            /** @description The pause before the second attempt. */
            back_off_seconds: number | null;
            /** @description How long an agent's rate limit is waited for; 0: not at all. */
            longest_wait_seconds: number | null;
            /** @description After which a silent agent is stuck. */
            silence_seconds: number | null;
            /** @description After which an agent in one tool call is stuck. */
            tool_seconds: number | null;
            /** @description The number of equal calls in a row after which an agent is stuck. */
            repeats_max: number | null;
            /** @description After which an unanswered question is denied. */
            approval_seconds: number | null;
            /** @description Whether what makes a task's success doubtful fails its attempt. */
            strict: boolean | null;
        };
        /**
         * CommandResponse
         * @description A command's receipt. `success` is false once it was rejected or expired; `seq` its place in the log.
         */
        CommandResponse: {
            success: boolean;
            message: string;
            /** @description Null when there was nothing to command any more. */
            command_id: string | null;
            state: components["schemas"]["CommandState"];
            seq: number | null;
        };
        /**
         * CommandSettled
         * @description A command got its receipt. `code` names the reason of a rejection for programs.
         *
         *     `task_id` is the task that it was about, where it was about one.
         */
        CommandSettled: {
            command_id: string;
            command: string;
            state: components["schemas"]["CommandState"];
            reason: string | null;
            code: string | null;
            actor: string;
            task_id: string | null;
        };
        /**
         * CommandSettledEvent
         * @description A command got its receipt. `code` names the reason of a rejection for programs.
         *
         *     `task_id` is the task that it was about, where it was about one.
         */
        CommandSettledEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "command_settled";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["CommandSettled"];
        };
        /**
         * CommandState
         * @description How far a command has come. One that is kept waits for the plan's next run.
         * @enum {string}
         */
        CommandState: "sent" | "kept" | "applied" | "rejected" | "expired";
        /**
         * EmptyRequest
         * @description The body of pause, resume and shutdown: none, or an object without fields.
         */
        EmptyRequest: Record<string, never>;
        /**
         * FilesBlocker
         * @description A running task that has declared the same files.
         */
        FilesBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "files";
            task_id: string;
        };
        /**
         * FindingContent
         * @description A finding's text.
         */
        FindingContent: {
            task_id: string;
            content: string;
        };
        /**
         * FindingInfo
         * @description What a task left behind; `file_path` is where its copy for people is, or was written.
         */
        FindingInfo: {
            task_id: string;
            file_path: string;
            size_bytes: number;
            /** Format: date-time */
            last_modified: string;
        };
        /**
         * FindingPlace
         * @description Which attempt's finding is the latest of a task, and where the database keeps it.
         */
        FindingPlace: {
            instance_id: string | null;
            task_id: string;
            attempt: number;
            size_bytes: number;
            /** Format: date-time */
            written_at: string;
        };
        /**
         * FindingWritten
         * @description An attempt left a finding, which the database keeps.
         *
         *     `file_path` is its copy for people; where that could not be written, a `plan_changed` says why.
         */
        FindingWritten: {
            task_id: string;
            attempt: number;
            file_path: string;
            size_bytes: number;
        };
        /**
         * FindingWrittenEvent
         * @description An attempt left a finding, which the database keeps.
         *
         *     `file_path` is its copy for people; where that could not be written, a `plan_changed` says why.
         */
        FindingWrittenEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "finding_written";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["FindingWritten"];
        };
        /**
         * GateBlocker
         * @description A person, who does what the task's `gate:` line says.
         */
        GateBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "gate";
            text: string;
        };
        /**
         * Health
         * @description How the server is. `degraded`: it answers, but its live streams or its look-out lag behind.
         */
        Health: {
            /** @enum {string} */
            status: "healthy" | "degraded" | "unhealthy";
            version: string;
            /** Format: date-time */
            timestamp: string;
            orchestrators_running: number;
            detail: string | null;
        };
        /**
         * InitialStatusEvent
         * @description First on every connection without a cursor: the whole status at `seq`. Not an entry of the log.
         */
        InitialStatusEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "initial_status";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["OrchestratorStatus"];
        };
        /**
         * KeptCommand
         * @description A command that waits for the plan's next run, since this one has ended.
         */
        KeptCommand: {
            id: string;
            command: string;
            task_id: string | null;
            actor: string;
            /** Format: date-time */
            submitted_at: string;
        };
        /**
         * LastRun
         * @description The latest run of a plan. `options` are those it was started with; null where its log does not say.
         */
        LastRun: {
            id: string;
            status: components["schemas"]["RunStatus"];
            options: components["schemas"]["ChosenOptions"] | null;
        };
        /**
         * @description The type of an entry of the log.
         * @enum {string}
         */
        LogEventType: "plan_loaded" | "status_updated" | "task_changed" | "phase_changed" | "tool_started" | "tool_completed" | "orchestrator_changed" | "command_settled" | "finding_written" | "agent_message" | "usage_updated" | "prompt_sent" | "agent_started" | "agent_limited" | "approval_requested" | "approval_settled" | "plan_changed" | "plan_approved";
        /**
         * MessageTaskRequest
         * @description A note for the agent that is at work on a task.
         */
        MessageTaskRequest: {
            text: string;
        };
        /**
         * ModelUsage
         * @description What one model was used for; null where the agent did not say which one.
         */
        ModelUsage: {
            input_tokens: number;
            output_tokens: number;
            cache_read_tokens: number;
            cache_write_tokens: number;
            cost_usd: number | null;
            is_cost_complete: boolean;
            model: string | null;
        };
        /**
         * OrchestratorChanged
         * @description The orchestrator moved from one status to another. `waits_for` says what a paused one waits for.
         *
         *     `interrupted` are the attempts that were at work when it crashed.
         */
        OrchestratorChanged: {
            old_status: components["schemas"]["RunStatus"];
            new_status: components["schemas"]["RunStatus"];
            reason: string | null;
            waits_for: string | null;
            interrupted: components["schemas"]["AttemptName"][];
        };
        /**
         * OrchestratorChangedEvent
         * @description The orchestrator moved from one status to another. `waits_for` says what a paused one waits for.
         *
         *     `interrupted` are the attempts that were at work when it crashed.
         */
        OrchestratorChangedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "orchestrator_changed";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["OrchestratorChanged"];
        };
        /** @description Anything that a stream sends, told apart by `type`. Ignore types you don't know. */
        OrchestratorEvent: components["schemas"]["AgentLimitedEvent"] | components["schemas"]["AgentMessageEvent"] | components["schemas"]["AgentStartedEvent"] | components["schemas"]["ApprovalRequestedEvent"] | components["schemas"]["ApprovalSettledEvent"] | components["schemas"]["CommandSettledEvent"] | components["schemas"]["FindingWrittenEvent"] | components["schemas"]["InitialStatusEvent"] | components["schemas"]["OrchestratorChangedEvent"] | components["schemas"]["PhaseChangedEvent"] | components["schemas"]["PingEvent"] | components["schemas"]["PlanApprovedEvent"] | components["schemas"]["PlanChangedEvent"] | components["schemas"]["PlanLoadedEvent"] | components["schemas"]["PromptSentEvent"] | components["schemas"]["ResyncEvent"] | components["schemas"]["StatusUpdatedEvent"] | components["schemas"]["TaskChangedEvent"] | components["schemas"]["ToolCompletedEvent"] | components["schemas"]["ToolStartedEvent"] | components["schemas"]["UsageUpdatedEvent"];
        /**
         * OrchestratorInfo
         * @description One orchestrator in a list. `is_stale`: two renewals of its lease were missed.
         *
         *     One with `pruned_at` is a line in the history: its log and outputs are gone.
         *     `project` is the project's id; `checkout` is None for its main one; `worktree_path` is the root.
         *     `unchecked` of its completed tasks are so without a check, and `stale` of its tasks are done for an
         *     earlier wording.
         */
        OrchestratorInfo: {
            id: string;
            plan_name: string;
            plan_path: string;
            project: string;
            checkout: string | null;
            host: string;
            pid: number;
            worktree_path: string;
            agent: string | null;
            status: components["schemas"]["RunStatus"];
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at: string | null;
            /** Format: date-time */
            last_heartbeat: string;
            is_alive: boolean;
            is_stale: boolean;
            seq: number;
            progress_percent: number;
            /** Format: date-time */
            pruned_at: string | null;
            unchecked: number;
            stale: number;
        };
        /**
         * OrchestratorStatus
         * @description The whole status of one orchestrator at position `seq` of its log.
         *
         *     `options` are those it was started with; null in logs of versions that did not record them. `unapproved`
         *     is null when nothing in the plan waits for an approval. `kept` are the commands that came after the run's
         *     end and that the plan's next run begins with: they are not in this log, `seq` does not cover them, and a
         *     status as it was has none.
         */
        OrchestratorStatus: {
            instance_id: string;
            plan_name: string;
            plan_path: string;
            status: components["schemas"]["RunStatus"];
            summary: components["schemas"]["StatusSummary"];
            phases: components["schemas"]["PhaseInfo"][];
            tasks: components["schemas"]["TaskInfo"][];
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            ended_at: string | null;
            reason: string | null;
            seq: number;
            usage: components["schemas"]["UsageInfo"];
            usage_by_model: components["schemas"]["ModelUsage"][];
            approvals: components["schemas"]["ApprovalInfo"][];
            waiting_for: components["schemas"]["WaitingFor"] | null;
            options: components["schemas"]["ChosenOptions"] | null;
            unapproved: components["schemas"]["UnapprovedPlan"] | null;
            kept: components["schemas"]["KeptCommand"][];
        };
        /**
         * PhaseBlocker
         * @description A phase that comes before the task's own.
         */
        PhaseBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "phase";
            phase: number;
        };
        /**
         * PhaseChanged
         * @description The first phase with unfinished tasks is another one now; none when all are finished.
         */
        PhaseChanged: {
            old_phase: number | null;
            new_phase: number | null;
        };
        /**
         * PhaseChangedEvent
         * @description The first phase with unfinished tasks is another one now; none when all are finished.
         */
        PhaseChangedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "phase_changed";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["PhaseChanged"];
        };
        /**
         * PhaseInfo
         * @description One phase with its counts; `is_current` marks the first with unfinished tasks.
         */
        PhaseInfo: {
            number: number;
            name: string;
            total_tasks: number;
            completed: number;
            pending: number;
            in_progress: number;
            failed: number;
            skipped: number;
            is_current: boolean;
        };
        /**
         * PingData
         * @description `up_to` is the last position of the log that was looked at.
         */
        PingData: {
            up_to: number;
        };
        /**
         * PingEvent
         * @description A sign of life on a silent connection. Not an entry of the log.
         */
        PingEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ping";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            data: components["schemas"]["PingData"];
        };
        /**
         * PlanApproved
         * @description A person has approved what attempts had changed in the plan; `freed` are the tasks it held up.
         */
        PlanApproved: {
            parts: components["schemas"]["ApprovedPart"][];
            freed: string[];
        };
        /**
         * PlanApprovedEvent
         * @description A person has approved what attempts had changed in the plan; `freed` are the tasks it held up.
         */
        PlanApprovedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "plan_approved";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["PlanApproved"];
        };
        /**
         * PlanChanged
         * @description The plan's file or an output of the run is not as the run left it; `reason` says what was done.
         *
         *     Of another content of the plan's file, `old_sha256` and `new_sha256` say between which two, `attempts`
         *     which ones were at work meanwhile, `reading` what would be executed now, and `unapproved` what of that
         *     waits for a person because an attempt may have written it. Without a `reading` the file could not be read.
         */
        PlanChanged: {
            reason: string;
            problems: string[];
            old_sha256: string | null;
            new_sha256: string | null;
            attempts: components["schemas"]["AttemptName"][];
            reading: components["schemas"]["ReadingChange"] | null;
            unapproved: components["schemas"]["UnapprovedPart"][];
        };
        /**
         * PlanChangedEvent
         * @description The plan's file or an output of the run is not as the run left it; `reason` says what was done.
         *
         *     Of another content of the plan's file, `old_sha256` and `new_sha256` say between which two, `attempts`
         *     which ones were at work meanwhile, `reading` what would be executed now, and `unapproved` what of that
         *     waits for a person because an attempt may have written it. Without a `reading` the file could not be read.
         */
        PlanChangedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "plan_changed";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["PlanChanged"];
        };
        /**
         * PlanDocument
         * @description A plan as it is written, with what is wrong with it and where its tasks stand.
         *
         *     `settings` are the options that its front matter sets, `defaults` those of the program, which hold where
         *     neither the plan nor the starter of a run says anything; a default of null means that there is none.
         */
        PlanDocument: {
            name: string;
            title: string;
            path: string;
            /** Format: date-time */
            last_modified: string;
            markdown: string;
            problems: components["schemas"]["PlanProblem"][];
            tasks: components["schemas"]["PlanTaskLine"][];
            settings: components["schemas"]["ChosenOptions"];
            defaults: components["schemas"]["ChosenOptions"];
            last_run: components["schemas"]["LastRun"] | null;
        };
        /**
         * PlanInfo
         * @description One plan in a list; `unchecked` of its completed tasks are so without a check.
         *
         *     `progress_percent` counts skipped tasks too, as a run does: it is 100 only where nothing is left to do.
         *
         *     `problems` is what lint would say. A run refuses a plan that `has_errors`.
         */
        PlanInfo: {
            name: string;
            title: string;
            path: string;
            has_status: boolean;
            /** Format: date-time */
            last_modified: string;
            output_dir: string;
            total_tasks: number;
            completed: number;
            unchecked: number;
            stale: number;
            progress_percent: number;
            problems: string[];
            has_errors: boolean;
        };
        /**
         * PlanLoaded
         * @description Event 1 of every log: what is to be done, and what earlier runs have done of it.
         *
         *     `permissions` is the most that an agent of this run may do by itself, and `options` what was chosen when
         *     the run was started; both are None in logs of earlier versions. `gone` are the tasks that earlier runs
         *     knew and the plan no longer has, the latest first, and `made_up` the highest number of each kind of id
         *     that was ever made up, or that a task had before it got another. `reading` has the digests of what the
         *     plan would have executed, and `unapproved` is what attempts of earlier runs have changed in it and nobody
         *     has approved. `suspects` are attempts that may have changed the file since that reading: a run that died
         *     before it began hands them on.
         */
        PlanLoaded: {
            plan_name: string;
            plan_path: string;
            title: string;
            predecessor: string | null;
            agent: string | null;
            parallel: number;
            phases: components["schemas"]["PlannedPhase"][];
            tasks: components["schemas"]["PlannedTask"][];
            parallel_phases: number[][];
            problems: string[];
            limits: components["schemas"]["AgentLimit"][];
            /** @enum {string|null} */
            permissions: "read-only" | "ask" | "edits" | "full" | null;
            options: components["schemas"]["ChosenOptions"] | null;
            gone: components["schemas"]["PlannedTask"][];
            made_up: {
                [key: string]: number;
            };
            reading: components["schemas"]["PlanReading"] | null;
            unapproved: components["schemas"]["UnapprovedPart"][];
            suspects: components["schemas"]["AttemptName"][];
        };
        /**
         * PlanLoadedEvent
         * @description Event 1 of every log: what is to be done, and what earlier runs have done of it.
         *
         *     `permissions` is the most that an agent of this run may do by itself, and `options` what was chosen when
         *     the run was started; both are None in logs of earlier versions. `gone` are the tasks that earlier runs
         *     knew and the plan no longer has, the latest first, and `made_up` the highest number of each kind of id
         *     that was ever made up, or that a task had before it got another. `reading` has the digests of what the
         *     plan would have executed, and `unapproved` is what attempts of earlier runs have changed in it and nobody
         *     has approved. `suspects` are attempts that may have changed the file since that reading: a run that died
         *     before it began hands them on.
         */
        PlanLoadedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "plan_loaded";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["PlanLoaded"];
        };
        /**
         * PlanPart
         * @description One part that is not empty.
         */
        PlanPart: {
            /** @enum {string} */
            kind: "block" | "verify" | "agent" | "permissions" | "gate" | "tick";
            digest: string;
        };
        /**
         * PlanProblem
         * @description One thing that is wrong with a plan. Lines and columns count from 1.
         */
        PlanProblem: {
            /** @enum {string} */
            severity: "error" | "warning";
            code: string;
            message: string;
            line: number;
            column: number;
        };
        /**
         * PlanReading
         * @description The plan's file as it was read once. `defaults` are what the front matter gives every task.
         */
        PlanReading: {
            sha256: string;
            defaults: components["schemas"]["PlanPart"][];
            tasks: components["schemas"]["TaskParts"][];
        };
        /**
         * PlanStatus
         * @description The latest orchestrator's status of a plan, else what status.json or the plan's boxes say.
         *
         *     `source` names which of the three it is; `instance_id` is null for the last two.
         */
        PlanStatus: {
            name: string;
            source: string;
            instance_id: string | null;
            plan_path: string;
            status: components["schemas"]["RunStatus"] | null;
            summary: components["schemas"]["StatusSummary"];
            phases: components["schemas"]["PhaseInfo"][];
            tasks: components["schemas"]["TaskInfo"][];
            seq: number | null;
        };
        /**
         * PlanTaskLine
         * @description Where a task begins in its plan's text, from line 1.
         */
        PlanTaskLine: {
            task_id: string;
            line: number;
        };
        /**
         * PlannedPhase
         * @description A phase as the run knows it.
         */
        PlannedPhase: {
            number: number;
            name: string;
        };
        /**
         * PlannedTask
         * @description A task as the run knows it: its part of the plan, and what was taken over from earlier runs.
         *
         *     `follows` are the tasks right before it in its [SEQUENTIAL] groups; `runs_after_preceding` makes it
         *     wait for every earlier task of its phase; `files` are those that it declares.
         *
         *     The next run finds it again by its `wording`, a digest of its instruction, and the `headings` above it;
         *     `has_own_id` is false where its id was made up. `found` says how this run found it among the tasks of
         *     the run before, where it was `previous_id`; `gone` is for what was in that run's plan and is not in this
         *     one's, and a task that is gone but `similar` or `reworded` is there with another wording than the one that
         *     was done. `done_wording` is the wording that it was completed or skipped for, and `kept_wordings` are
         *     later ones for which a person let that stand; it is `stale` while the plan's is another one, and
         *     `done_description` is then the line that it was done for.
         *     `tick_unchecked`: its box is ticked, and before anything else its check says whether that is so.
         */
        PlannedTask: {
            id: string;
            phase: number;
            description: string;
            kind: string;
            line: number;
            depends_on: string[];
            follows: string[];
            runs_after_preceding: boolean;
            files: string[];
            agent: string | null;
            max_attempts: number;
            once: boolean;
            gate: string | null;
            status: components["schemas"]["TaskStatus"];
            attempt: number;
            retry_count: number;
            revision: number;
            last_error: string | null;
            reason: string | null;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
            duration_ms: number | null;
            verified: boolean;
            remarks: components["schemas"]["Remark"][];
            finding: string | null;
            finding_place: components["schemas"]["FindingPlace"] | null;
            headings: string[];
            has_own_id: boolean;
            wording: string | null;
            done_wording: string | null;
            done_description: string | null;
            kept_wordings: string[];
            /** @enum {string|null} */
            stale: "wording" | null;
            /** @enum {string|null} */
            found: "same" | "reworded" | "similar" | "new" | "gone" | null;
            previous_id: string | null;
            attempt_place: components["schemas"]["AttemptPlace"] | null;
            tick_unchecked: boolean;
        };
        /**
         * Problem
         * @description Why a request was not answered (RFC 9457). `code` is for programs, `detail` for people.
         */
        Problem: {
            /** @description Always `about:blank`: `code` says which problem it is. */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description The path that was asked for. */
            instance: string;
            code: string;
            /** @description What is wrong with the request, else empty. */
            errors: components["schemas"]["ProblemPart"][];
            /** @description With `plan_invalid`: why. */
            problems?: components["schemas"]["PlanProblem"][] | null;
            /** @description With `plan_owned`: the orchestrator that has it. */
            owner?: string | null;
            /**
             * Format: date-time
             * @description With `plan_owned`: how long at least.
             */
            lease_until?: string | null;
            /** @description With `run_not_started`: the run's output. */
            log_path?: string | null;
        };
        /**
         * ProblemPart
         * @description One thing that is wrong with a request; `pointer` leads to it: `/body/…`, `/query/…`, `/header/…`.
         */
        ProblemPart: {
            pointer: string;
            detail: string;
        };
        /**
         * PromptSent
         * @description What the agent of an attempt was sent: its size, its SHA-256, and the artifact that holds its text.
         *
         *     Secrets are taken out of the artifact, so that its own digest may differ.
         */
        PromptSent: {
            task_id: string;
            attempt: number;
            artifact: string;
            characters: number;
            sha256: string;
        };
        /**
         * PromptSentEvent
         * @description What the agent of an attempt was sent: its size, its SHA-256, and the artifact that holds its text.
         *
         *     Secrets are taken out of the artifact, so that its own digest may differ.
         */
        PromptSentEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "prompt_sent";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["PromptSent"];
        };
        /**
         * RateLimitBlocker
         * @description The limit of an agent's vendor, and when it is over.
         */
        RateLimitBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "rate_limit";
            agent: string;
            /** Format: date-time */
            until: string;
        };
        /**
         * ReadingChange
         * @description What leads from one reading to the next: the new and different tasks, and the ids that are gone.
         */
        ReadingChange: {
            sha256: string;
            defaults: components["schemas"]["PlanPart"][];
            tasks: components["schemas"]["TaskParts"][];
            gone: string[];
        };
        /**
         * Remark
         * @description Something about a completed attempt that makes its success doubtful.
         *
         *     `no_tool_call`: its agent reports its tool calls and made none. `no_declared_file`: it touched none of the
         *     `files` that the task declares. `calls_denied`: `count` of its calls were denied. `nothing_changed`: the
         *     repository is as it was before.
         */
        Remark: {
            /** @enum {string} */
            kind: "no_tool_call" | "no_declared_file" | "calls_denied" | "nothing_changed";
            count: number | null;
            files: string[];
        };
        /**
         * ResyncData
         * @description Why there is a hole: `requested` is the last position the client has, `oldest` the first kept.
         */
        ResyncData: {
            /** @enum {string} */
            reason: "not_kept" | "beyond_log" | "fell_behind";
            requested: number;
            oldest: number;
        };
        /**
         * ResyncEvent
         * @description Sent instead of a hole; a fresh initial_status follows. Not an entry of the log.
         */
        ResyncEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "resync";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            data: components["schemas"]["ResyncData"];
        };
        /**
         * RetryBlocker
         * @description The pause between two attempts; the task's `retry_at` says when it is over.
         */
        RetryBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "retry";
        };
        /**
         * RetryTaskRequest
         * @description Which task to run again; `note` is told to the agent, `force` takes a completed one too.
         */
        RetryTaskRequest: {
            task_id: string;
            note?: string | null;
            /** @default false */
            force?: boolean;
        };
        /**
         * RunStatus
         * @description Where an orchestrator stands.
         * @enum {string}
         */
        RunStatus: "starting" | "running" | "paused" | "blocked" | "stopping" | "completed" | "failed" | "stopped" | "crashed";
        /**
         * SkipTaskRequest
         * @description Which task to skip, and why.
         */
        SkipTaskRequest: {
            task_id: string;
            reason?: string | null;
        };
        /**
         * StartRequest
         * @description Which plan to work through, and how. What is left out is as the plan says, else as usual.
         */
        StartRequest: {
            /** @description A name, or a path in docs/plans. */
            plan: string;
            agent?: string | null;
            /** @description Maximum number of parallel tasks. */
            parallel?: number | null;
            /** @description Attempts per task. */
            max_attempts?: number | null;
            /** @description Time limit per task. */
            timeout_seconds?: number | null;
            /**
             * @description Start over; findings are archived.
             * @default false
             */
            restart?: boolean;
            /**
             * @description What is done, but was reworded since: keep it (as if left out), or run it again.
             * @enum {string|null}
             */
            reworded?: "keep" | "rerun" | null;
            /**
             * @description The most that agents may do by themselves; the plan can only narrow it.
             * @enum {string|null}
             */
            permissions?: "read-only" | "ask" | "edits" | "full" | null;
            /** @description Pause when so much is spent. */
            budget_usd?: number | null;
            /** @description The same in tokens. */
            budget_tokens?: number | null;
            /** @description The run pauses when a task has spent this. */
            task_budget_usd?: number | null;
            /** @description The same in tokens. */
            task_budget_tokens?: number | null;
            /** @description The pause before the second attempt. */
            back_off_seconds?: number | null;
            /** @description How long an agent's rate limit is waited for; 0: not at all. */
            longest_wait_seconds?: number | null;
            /** @description After which a silent agent is stuck. */
            silence_seconds?: number | null;
            /** @description After which an agent in one tool call is stuck. */
            tool_seconds?: number | null;
            /** @description The number of equal calls in a row after which an agent is stuck. */
            repeats_max?: number | null;
            /** @description After which an unanswered question is denied. */
            approval_seconds?: number | null;
            /** @description Whether what makes a task's success doubtful fails its attempt. */
            strict?: boolean | null;
        };
        /**
         * StartedOrchestrator
         * @description The orchestrator that was started; `log_path`, relative to its project, has its output.
         */
        StartedOrchestrator: {
            id: string;
            plan_name: string;
            plan_path: string;
            project: string;
            checkout: string | null;
            host: string;
            pid: number;
            worktree_path: string;
            agent: string | null;
            status: components["schemas"]["RunStatus"];
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at: string | null;
            /** Format: date-time */
            last_heartbeat: string;
            is_alive: boolean;
            is_stale: boolean;
            seq: number;
            progress_percent: number;
            /** Format: date-time */
            pruned_at: string | null;
            unchecked: number;
            stale: number;
            log_path: string;
        };
        /**
         * StatusSummary
         * @description The counts at the head of a status. `unchecked` of the completed tasks are so without a check.
         *
         *     `stale` of the completed and skipped tasks are so for an earlier wording of their instruction.
         */
        StatusSummary: {
            total_tasks: number;
            completed: number;
            pending: number;
            in_progress: number;
            failed: number;
            skipped: number;
            unchecked: number;
            stale: number;
            current_phase: number | null;
            progress_percent: number;
        };
        /**
         * StatusUpdated
         * @description status.json was written: the counts in it, and which tasks changed since it was last written.
         */
        StatusUpdated: {
            summary: components["schemas"]["StatusSummary"];
            changed: string[];
            revision: number;
        };
        /**
         * StatusUpdatedEvent
         * @description status.json was written: the counts in it, and which tasks changed since it was last written.
         */
        StatusUpdatedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "status_updated";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["StatusUpdated"];
        };
        /**
         * TaskBlocker
         * @description A task that has to be completed or skipped before.
         */
        TaskBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "task";
            task_id: string;
        };
        /**
         * TaskChanged
         * @description A task moved from one status to another.
         *
         *     `attempt` counts every attempt ever begun; `failures` those that failed since the limit was last
         *     fresh. `retry_at` is when a failed attempt is tried again; `error` what went wrong. A completed task is
         *     checked if it is `verified`, else unchecked; `remarks` are what makes its success doubtful.
         */
        TaskChanged: {
            task_id: string;
            description: string;
            phase: number;
            old_status: components["schemas"]["TaskStatus"];
            new_status: components["schemas"]["TaskStatus"];
            attempt: number;
            revision: number;
            reason: string | null;
            error: string | null;
            agent: string | null;
            failures: number;
            /** Format: date-time */
            retry_at: string | null;
            duration_ms: number | null;
            verified: boolean;
            remarks: components["schemas"]["Remark"][];
        };
        /**
         * TaskChangedEvent
         * @description A task moved from one status to another.
         *
         *     `attempt` counts every attempt ever begun; `failures` those that failed since the limit was last
         *     fresh. `retry_at` is when a failed attempt is tried again; `error` what went wrong. A completed task is
         *     checked if it is `verified`, else unchecked; `remarks` are what makes its success doubtful.
         */
        TaskChangedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "task_changed";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["TaskChanged"];
        };
        /**
         * TaskInfo
         * @description One task. `blocked_by` says in order what it still waits for.
         *
         *     A completed task is checked if it is `verified`: its checks passed, or it is the shell agent's and its
         *     commands ended with exit code 0. Else it is unchecked. `remarks` are what makes its success doubtful.
         *
         *     `stale`: it is completed or skipped, but its instruction was changed since (`wording`).
         */
        TaskInfo: {
            id: string;
            description: string;
            phase: number;
            status: components["schemas"]["TaskStatus"];
            kind: string;
            depends_on: string[];
            blocked_by: components["schemas"]["Blocker"][];
            agent: string | null;
            attempt: number;
            retry_count: number;
            last_error: string | null;
            reason: string | null;
            /** Format: date-time */
            retry_at: string | null;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
            duration_ms: number | null;
            revision: number;
            verified: boolean;
            remarks: components["schemas"]["Remark"][];
            /** @enum {string|null} */
            stale: "wording" | null;
            finding: string | null;
            usage: components["schemas"]["UsageInfo"];
        };
        /**
         * TaskParts
         * @description A task of a reading: its id, the digest of its wording, its parts.
         */
        TaskParts: {
            id: string;
            wording: string;
            parts: components["schemas"]["PlanPart"][];
        };
        /**
         * TaskStatus
         * @description Where a task stands. Finer truth (checks, waits, errors) stands in other fields.
         * @enum {string}
         */
        TaskStatus: "pending" | "in_progress" | "completed" | "failed" | "skipped";
        /**
         * ToolCompleted
         * @description A tool call ended.
         */
        ToolCompleted: {
            task_id: string;
            attempt: number;
            tool_id: string;
            tool_name: string;
            /** @enum {string} */
            status: "ok" | "error" | "denied" | "interrupted";
            success: boolean;
            duration_ms: number;
            output_summary: string;
            /** @description Where the whole text is kept, when the transcript is too short for it too. */
            output_artifact: string | null;
        };
        /**
         * ToolCompletedEvent
         * @description A tool call ended.
         */
        ToolCompletedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool_completed";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["ToolCompleted"];
        };
        /**
         * ToolStarted
         * @description An agent began a tool call.
         */
        ToolStarted: {
            task_id: string;
            attempt: number;
            tool_id: string;
            tool_name: string;
            input_summary: string;
            /** @description Where the whole text is kept, when the transcript is too short for it too. */
            input_artifact: string | null;
            parent_tool_id: string | null;
        };
        /**
         * ToolStartedEvent
         * @description An agent began a tool call.
         */
        ToolStartedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool_started";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["ToolStarted"];
        };
        /**
         * TranscriptLine
         * @description Something that an agent told, each text up to 16,000 characters; more fields go with its `type`.
         *
         *     `artifact` is where a longer input or output of a call is kept whole.
         */
        TranscriptLine: {
            /** Format: date-time */
            time: string;
            type: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * UnapprovedBlocker
         * @description A person's approval: `parts` of the task appeared or changed in the plan's file during an attempt.
         *
         *     One that `is_approved` waits for the plan's next run only, which begins with the approval.
         */
        UnapprovedBlocker: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "unapproved";
            parts: ("block" | "verify" | "agent" | "permissions" | "gate" | "tick")[];
            is_approved: boolean;
        };
        /**
         * UnapprovedPart
         * @description A part of a task that appeared or changed in the plan's file during `attempts`, and waits for a person.
         *
         *     `before` and `after` are its texts, redacted; empty where there was none, null where nobody knows, and
         *     with `is_cut` not the whole. `digest` is that of the text as it is in the file; it is empty where the part
         *     is gone.
         */
        UnapprovedPart: {
            task_id: string;
            description: string;
            wording: string;
            /** @enum {string} */
            kind: "block" | "verify" | "agent" | "permissions" | "gate" | "tick";
            digest: string;
            before: string | null;
            after: string | null;
            is_cut: boolean;
            attempts: components["schemas"]["AttemptName"][];
        };
        /**
         * UnapprovedPlan
         * @description What attempts have changed in the plan; approve-plan takes the `digest`.
         *
         *     It `is_approved` when the run has ended and the approval is kept: the plan's next run begins with it.
         */
        UnapprovedPlan: {
            digest: string;
            parts: components["schemas"]["UnapprovedPart"][];
            is_approved: boolean;
        };
        /**
         * UsageInfo
         * @description What was used; a cost that no agent told is null, never zero.
         *
         *     `is_cost_complete` is false when tokens were used whose price nobody told: then `cost_usd` is less than
         *     the whole.
         */
        UsageInfo: {
            input_tokens: number;
            output_tokens: number;
            cache_read_tokens: number;
            cache_write_tokens: number;
            cost_usd: number | null;
            is_cost_complete: boolean;
        };
        /**
         * UsageUpdated
         * @description What an attempt has used since the last such event. An unknown price is null, never zero.
         */
        UsageUpdated: {
            task_id: string;
            attempt: number;
            model: string | null;
            input_tokens: number;
            output_tokens: number;
            cache_read_tokens: number;
            cache_write_tokens: number;
            cost_usd: number | null;
        };
        /**
         * UsageUpdatedEvent
         * @description What an attempt has used since the last such event. An unknown price is null, never zero.
         */
        UsageUpdatedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "usage_updated";
            /** Format: date-time */
            timestamp: string;
            instance_id: string;
            seq: number;
            data: components["schemas"]["UsageUpdated"];
        };
        /**
         * WaitingFor
         * @description What the run waits for (a person, a retry, a limit), and until when where that is known.
         */
        WaitingFor: {
            what: string;
            /** Format: date-time */
            until: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AgentInfo = components['schemas']['AgentInfo'];
export type AgentLimit = components['schemas']['AgentLimit'];
export type AgentLimited = components['schemas']['AgentLimited'];
export type AgentLimitedEvent = components['schemas']['AgentLimitedEvent'];
export type AgentMessage = components['schemas']['AgentMessage'];
export type AgentMessageEvent = components['schemas']['AgentMessageEvent'];
export type AgentStarted = components['schemas']['AgentStarted'];
export type AgentStartedEvent = components['schemas']['AgentStartedEvent'];
export type AnswerApprovalRequest = components['schemas']['AnswerApprovalRequest'];
export type ApprovalInfo = components['schemas']['ApprovalInfo'];
export type ApprovalRequested = components['schemas']['ApprovalRequested'];
export type ApprovalRequestedEvent = components['schemas']['ApprovalRequestedEvent'];
export type ApprovalSettled = components['schemas']['ApprovalSettled'];
export type ApprovalSettledEvent = components['schemas']['ApprovalSettledEvent'];
export type ApprovePlanRequest = components['schemas']['ApprovePlanRequest'];
export type ApprovedPart = components['schemas']['ApprovedPart'];
export type ArtifactContent = components['schemas']['ArtifactContent'];
export type AttemptName = components['schemas']['AttemptName'];
export type AttemptPlace = components['schemas']['AttemptPlace'];
export type Blocker = components['schemas']['Blocker'];
export type ChosenOptions = components['schemas']['ChosenOptions'];
export type CommandResponse = components['schemas']['CommandResponse'];
export type CommandSettled = components['schemas']['CommandSettled'];
export type CommandSettledEvent = components['schemas']['CommandSettledEvent'];
export type CommandState = components['schemas']['CommandState'];
export type EmptyRequest = components['schemas']['EmptyRequest'];
export type FilesBlocker = components['schemas']['FilesBlocker'];
export type FindingContent = components['schemas']['FindingContent'];
export type FindingInfo = components['schemas']['FindingInfo'];
export type FindingPlace = components['schemas']['FindingPlace'];
export type FindingWritten = components['schemas']['FindingWritten'];
export type FindingWrittenEvent = components['schemas']['FindingWrittenEvent'];
export type GateBlocker = components['schemas']['GateBlocker'];
export type Health = components['schemas']['Health'];
export type InitialStatusEvent = components['schemas']['InitialStatusEvent'];
export type KeptCommand = components['schemas']['KeptCommand'];
export type LastRun = components['schemas']['LastRun'];
export type LogEventType = components['schemas']['LogEventType'];
export type MessageTaskRequest = components['schemas']['MessageTaskRequest'];
export type ModelUsage = components['schemas']['ModelUsage'];
export type OrchestratorChanged = components['schemas']['OrchestratorChanged'];
export type OrchestratorChangedEvent = components['schemas']['OrchestratorChangedEvent'];
export type OrchestratorEvent = components['schemas']['OrchestratorEvent'];
export type OrchestratorInfo = components['schemas']['OrchestratorInfo'];
export type OrchestratorStatus = components['schemas']['OrchestratorStatus'];
export type PhaseBlocker = components['schemas']['PhaseBlocker'];
export type PhaseChanged = components['schemas']['PhaseChanged'];
export type PhaseChangedEvent = components['schemas']['PhaseChangedEvent'];
export type PhaseInfo = components['schemas']['PhaseInfo'];
export type PingData = components['schemas']['PingData'];
export type PingEvent = components['schemas']['PingEvent'];
export type PlanApproved = components['schemas']['PlanApproved'];
export type PlanApprovedEvent = components['schemas']['PlanApprovedEvent'];
export type PlanChanged = components['schemas']['PlanChanged'];
export type PlanChangedEvent = components['schemas']['PlanChangedEvent'];
export type PlanDocument = components['schemas']['PlanDocument'];
export type PlanInfo = components['schemas']['PlanInfo'];
export type PlanLoaded = components['schemas']['PlanLoaded'];
export type PlanLoadedEvent = components['schemas']['PlanLoadedEvent'];
export type PlanPart = components['schemas']['PlanPart'];
export type PlanProblem = components['schemas']['PlanProblem'];
export type PlanReading = components['schemas']['PlanReading'];
export type PlanStatus = components['schemas']['PlanStatus'];
export type PlanTaskLine = components['schemas']['PlanTaskLine'];
export type PlannedPhase = components['schemas']['PlannedPhase'];
export type PlannedTask = components['schemas']['PlannedTask'];
export type Problem = components['schemas']['Problem'];
export type ProblemPart = components['schemas']['ProblemPart'];
export type PromptSent = components['schemas']['PromptSent'];
export type PromptSentEvent = components['schemas']['PromptSentEvent'];
export type RateLimitBlocker = components['schemas']['RateLimitBlocker'];
export type ReadingChange = components['schemas']['ReadingChange'];
export type Remark = components['schemas']['Remark'];
export type ResyncData = components['schemas']['ResyncData'];
export type ResyncEvent = components['schemas']['ResyncEvent'];
export type RetryBlocker = components['schemas']['RetryBlocker'];
export type RetryTaskRequest = components['schemas']['RetryTaskRequest'];
export type RunStatus = components['schemas']['RunStatus'];
export type SkipTaskRequest = components['schemas']['SkipTaskRequest'];
export type StartRequest = components['schemas']['StartRequest'];
export type StartedOrchestrator = components['schemas']['StartedOrchestrator'];
export type StatusSummary = components['schemas']['StatusSummary'];
export type StatusUpdated = components['schemas']['StatusUpdated'];
export type StatusUpdatedEvent = components['schemas']['StatusUpdatedEvent'];
export type TaskBlocker = components['schemas']['TaskBlocker'];
export type TaskChanged = components['schemas']['TaskChanged'];
export type TaskChangedEvent = components['schemas']['TaskChangedEvent'];
export type TaskInfo = components['schemas']['TaskInfo'];
export type TaskParts = components['schemas']['TaskParts'];
export type TaskStatus = components['schemas']['TaskStatus'];
export type ToolCompleted = components['schemas']['ToolCompleted'];
export type ToolCompletedEvent = components['schemas']['ToolCompletedEvent'];
export type ToolStarted = components['schemas']['ToolStarted'];
export type ToolStartedEvent = components['schemas']['ToolStartedEvent'];
export type TranscriptLine = components['schemas']['TranscriptLine'];
export type UnapprovedBlocker = components['schemas']['UnapprovedBlocker'];
export type UnapprovedPart = components['schemas']['UnapprovedPart'];
export type UnapprovedPlan = components['schemas']['UnapprovedPlan'];
export type UsageInfo = components['schemas']['UsageInfo'];
export type UsageUpdated = components['schemas']['UsageUpdated'];
export type UsageUpdatedEvent = components['schemas']['UsageUpdatedEvent'];
export type WaitingFor = components['schemas']['WaitingFor'];
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unhealthy: the storage fails. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    listOrchestrators: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrchestratorInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startOrchestrator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRequest"];
            };
        };
        responses: {
            /** @description It has the plan and works. */
            201: {
                headers: {
                    /** @description The new orchestrator. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedOrchestrator"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOrchestrator: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrchestratorInfo"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOrchestratorStatus: {
        parameters: {
            query?: {
                /** @description The status as it was right after this entry of the log. */
                at_seq?: number;
            };
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description The version of the status. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrchestratorStatus"];
                };
            };
            /** @description The version in If-None-Match is the latest. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Only what stands after this position. */
                after?: number;
                /** @description At most so many. */
                limit?: number;
                /** @description Only these types, separated by commas. */
                types?: components["schemas"]["LogEventType"][];
            };
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries of the log, in order. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, while there is more. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrchestratorEvent"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseOrchestrator: {
        parameters: {
            query?: {
                /** @description `now` interrupts running attempts; they don't count. */
                mode?: "drain" | "now";
            };
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeOrchestrator: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shutdownOrchestrator: {
        parameters: {
            query?: {
                /** @description Interrupt running tasks instead of letting them end. */
                force?: boolean;
            };
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    skipTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
                /** @description The task's revision in quotes, as `"3"`, or `*`: 412 when the task has moved on. */
                "If-Match"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SkipTaskRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The task has moved on since the revision in If-Match. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
                /** @description The task's revision in quotes, as `"3"`, or `*`: 412 when the task has moved on. */
                "If-Match"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryTaskRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The task has moved on since the revision in If-Match. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvePlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovePlanRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCommand: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
                /** @description As in the command's receipt. */
                command_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listApprovals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    answerApproval: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
                /** @description As in the list of questions. */
                approval_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerApprovalRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    messageTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key within a day gives the same receipt again, and commands nothing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
                /** @description As in the status: `1.2`. */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageTaskRequest"];
            };
        };
        responses: {
            /** @description Applied. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description Not settled yet. */
            202: {
                headers: {
                    /** @description Where the receipt can be read. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandResponse"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible now; `detail` says why. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTranscript: {
        parameters: {
            query?: {
                /** @description Which one; else the latest. */
                attempt?: number;
            };
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
                /** @description As in the status: `1.2`. */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON Lines. The schema is that of one line, not of the whole body. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": components["schemas"]["TranscriptLine"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getArtifact: {
        parameters: {
            query?: {
                /** @description Which one; else the latest. */
                attempt?: number;
            };
            header?: never;
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
                /** @description As in the status: `1.2`. */
                task_id: string;
                /** @description As an event names it: `output-0001.txt`. */
                artifact: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactContent"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPlans: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The stem of the plan's file. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanDocument"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPlanStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The stem of the plan's file. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanStatus"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPlanTasks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The stem of the plan's file. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPlanFindings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The stem of the plan's file. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFindingContent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The stem of the plan's file. */
                name: string;
                /** @description `1.1` or `1-1`. */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingContent"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description Only what stands after this position. */
                after?: number;
            };
            header?: {
                /** @description Where to go on; wins over `after`. EventSource sends it. */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @description As in the list: `orch-…`. */
                orchestrator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-Sent Events: `id:` is the seq, `event:` the type, `data:` the envelope. The schema is that of one event, not of the whole body. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["OrchestratorEvent"];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The orchestrator was pruned: its log and outputs are gone. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAgents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentInfo"][];
                };
            };
            /** @description The server asks for its token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server does not allow it; `code` says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not valid; `errors` says where. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The storage cannot be reached, the server is stopping, or the orchestrator is dead. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
