"""What each kind of answer is decoded with."""

from __future__ import annotations

from pydantic import TypeAdapter

from orchestrator.domain.answers import (
    AgentInfo,
    ArtifactContent,
    CommandResponse,
    FindingContent,
    Health,
    PlanDocument,
    StartedOrchestrator,
    TranscriptLine,
)
from orchestrator.domain.status import (
    ApprovalInfo,
    FindingInfo,
    OrchestratorInfo,
    OrchestratorStatus,
    PlanInfo,
    PlanStatus,
    TaskInfo,
)

HEALTH = TypeAdapter(Health)
INFO = TypeAdapter(OrchestratorInfo)
INFOS = TypeAdapter(list[OrchestratorInfo])
STATUS = TypeAdapter(OrchestratorStatus)
STARTED = TypeAdapter(StartedOrchestrator)
RECEIPT = TypeAdapter(CommandResponse)
PLANS = TypeAdapter(list[PlanInfo])
PLAN = TypeAdapter(PlanDocument)
PLAN_STATUS = TypeAdapter(PlanStatus)
TASKS = TypeAdapter(list[TaskInfo])
FINDINGS = TypeAdapter(list[FindingInfo])
FINDING = TypeAdapter(FindingContent)
APPROVALS = TypeAdapter(list[ApprovalInfo])
AGENTS = TypeAdapter(list[AgentInfo])
ARTIFACT = TypeAdapter(ArtifactContent)
TRANSCRIPT = TypeAdapter(list[TranscriptLine])
