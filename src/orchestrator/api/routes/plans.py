"""The plans of the project, their status, and what their tasks left behind."""

from fastapi import APIRouter, Depends, Response
from pydantic import TypeAdapter

from orchestrator.api.answers import json_of, problems
from orchestrator.api.context import Context
from orchestrator.api.errors import ApiError
from orchestrator.api.parameters import FindingId, PlanName, unrepeated
from orchestrator.domain.answers import FindingContent, PlanDocument
from orchestrator.domain.status import FindingInfo, PlanInfo, PlanStatus, TaskInfo

_PLANS: TypeAdapter[list[PlanInfo]] = TypeAdapter(list[PlanInfo])
_DOCUMENT: TypeAdapter[PlanDocument] = TypeAdapter(PlanDocument)
_STATUS: TypeAdapter[PlanStatus] = TypeAdapter(PlanStatus)
_TASKS: TypeAdapter[tuple[TaskInfo, ...]] = TypeAdapter(tuple[TaskInfo, ...])
_FINDINGS: TypeAdapter[list[FindingInfo]] = TypeAdapter(list[FindingInfo])
_FINDING: TypeAdapter[FindingContent] = TypeAdapter(FindingContent)

router = APIRouter(prefix="/api/plans", tags=["plans"], dependencies=[Depends(unrepeated)])


@router.get(
    "",
    operation_id="listPlans",
    summary="All plans",
    response_model=list[PlanInfo],
    responses=problems(),
)
async def list_plans(context: Context) -> Response:
    """Every plan in docs/plans, with what is wrong with it."""
    return json_of(_PLANS, await context.catalog.plans())


@router.get(
    "/{name}",
    operation_id="getPlan",
    summary="A plan's text",
    response_model=PlanDocument,
    responses=problems(404),
)
async def get_plan(context: Context, name: PlanName) -> Response:
    """The Markdown as it is written, what is wrong with it and where, and the lines of its tasks."""
    return json_of(_DOCUMENT, await context.catalog.document(name))


@router.get(
    "/{name}/status",
    operation_id="getPlanStatus",
    summary="A plan's status",
    response_model=PlanStatus,
    responses=problems(404),
)
async def get_plan_status(context: Context, name: PlanName) -> Response:
    """What the latest orchestrator says, else status.json, else the plan's own boxes; `source` says which."""
    return json_of(_STATUS, await context.catalog.status(name))


@router.get(
    "/{name}/tasks",
    operation_id="getPlanTasks",
    summary="A plan's tasks",
    response_model=list[TaskInfo],
    responses=problems(404),
)
async def get_plan_tasks(context: Context, name: PlanName) -> Response:
    """The tasks of the plan's status, in the plan's order."""
    return json_of(_TASKS, await context.catalog.tasks(name))


@router.get(
    "/{name}/findings",
    operation_id="listPlanFindings",
    summary="A plan's findings",
    response_model=list[FindingInfo],
    responses=problems(404),
)
async def list_plan_findings(context: Context, name: PlanName) -> Response:
    """What the plan's tasks left behind."""
    return json_of(_FINDINGS, await context.catalog.findings(name))


@router.get(
    "/{name}/findings/{task_id}",
    operation_id="getFindingContent",
    summary="One finding",
    response_model=FindingContent,
    responses=problems(404),
)
async def get_finding_content(context: Context, name: PlanName, task_id: FindingId) -> Response:
    """The text of a finding; `1.1` and `1-1` are the same task."""
    content = await context.catalog.finding(name, task_id)
    if content is None:
        raise ApiError(404, "finding_not_found", f"The plan has no finding of task {task_id}.")
    return json_of(_FINDING, FindingContent(task_id=task_id.replace("-", "."), content=content))
