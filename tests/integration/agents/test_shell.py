"""The shell agent with real bash."""

import asyncio
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvloop

from orchestrator.agents import containment, processes
from orchestrator.agents.host import LocalProcesses
from orchestrator.agents.shell import BLOCK_BYTES_MAX, ShellAgent
from orchestrator.engine.agent_events import (
    Finished,
    Started,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
)

A_MOMENT_SECONDS = 2.0
LIMIT_SECONDS = 30.0


async def events_of(run):
    return [event async for event in run.events()]


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def output_of(run):
    """What the only block wrote, and the end."""
    events = await events_of(run)
    return "".join(e.text for e in events if isinstance(e, ToolCallOutput)), events[-1]


async def test_each_block_is_a_tool_call_with_its_output(shell_run):
    events = await events_of(shell_run("echo one", "echo two >&2", tool_name="verify"))
    assert isinstance(events[0], Started)
    assert events[1:-1] == [
        ToolCallStarted("verify-1", "verify", "echo one"),
        ToolCallOutput("verify-1", "one\n"),
        ToolCallCompleted("verify-1", "ok", "one\n"),
        ToolCallStarted("verify-2", "verify", "echo two >&2"),
        ToolCallOutput("verify-2", "two\n"),
        ToolCallCompleted("verify-2", "ok", "two\n"),
    ]
    assert events[-1].outcome == "completed"
    assert events[-1].exit_code == 0
    assert "## Block 2 of 2" in events[-1].text


async def test_it_stops_at_the_first_block_that_fails(shell_run, tmp_path):
    end = (await events_of(shell_run("true", "echo bad news; exit 7", "touch never")))[-1]
    assert end.outcome == "failed"
    assert end.exit_code == 7
    assert end.error == "block 2 of 3 ended with exit code 7: bad news"
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    "block", ["false; echo never", "echo $unset_name; echo never", "false | true; echo never"]
)
async def test_errors_unset_names_and_failing_pipes_end_a_block(shell_run, block):
    output, end = await output_of(shell_run(block))
    assert end.outcome == "failed"
    assert "never" not in output


async def test_a_block_works_in_the_root_on_a_terminal_with_stdin_at_its_end(shell_run, tmp_path):
    block = 'pwd; test -t 1 && test -t 2 && echo tty; cat; echo "$(ps -o sid= -p $$) $$"; stty size <&1; stty -a <&1'
    output, end = await output_of(shell_run(block))
    assert end.outcome == "completed"
    where, tty, session, size, *settings = output.splitlines()
    assert (where, tty, size) == (str(tmp_path), "tty", "50 120")
    assert {"-opost", "-echo", "icanon", "isig"} <= set(" ".join(settings).split())
    session_id, pid = session.split()
    assert session_id == pid


@pytest.mark.parametrize(
    "block",
    [
        "exec 3<>/dev/tty",
        "python3 -c 'import getpass; getpass.getpass()'",
        "git init -q . && git -c user.name=a -c user.email=b commit --allow-empty",
        "read answer",
    ],
)
async def test_a_block_that_asks_a_person_fails_at_once(shell_run, block):
    async with asyncio.timeout(LIMIT_SECONDS):
        _, end = await output_of(shell_run(block))
    assert end.outcome == "failed"


class AsksForLogin(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


async def test_git_does_not_ask_for_a_login(shell_run):
    with ThreadingHTTPServer(("127.0.0.1", 0), AsksForLogin) as server:
        threading.Thread(target=server.serve_forever).start()
        remote = f"http://127.0.0.1:{server.server_port}/x.git"
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                output, end = await output_of(shell_run(f"git -c credential.helper= ls-remote {remote}"))
        finally:
            server.shutdown()
    assert end.outcome == "failed"
    assert "could not read Username" in output


@pytest.mark.parametrize("show", ["git log", "git branch -v --sort=refname", "git diff HEAD~60"])
async def test_a_block_that_pages_prints_all_of_it(shell_run, show):
    commit = "git -c user.email=a@b -c user.name=n commit -qam"
    setup = (
        f'git init -q .; touch n; git add n; for i in $(seq 1 80); do echo $i >>n; {commit} "number $i"; done'
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        output, end = await output_of(shell_run(f"{setup}; {show}"))
    assert end.outcome == "completed"
    assert "80" in output


async def test_a_check_that_takes_too_long_is_ended_and_named(shell_run, tmp_path):
    run = shell_run("sleep 600 # forever", "touch never", tool_name="verify", block_seconds_max=0.3)
    async with asyncio.timeout(LIMIT_SECONDS):
        end = (await events_of(run))[-1]
    assert end.outcome == "failed"
    assert end.error == "`sleep 600 # forever` took longer than 0.3 s and was ended"
    assert "Block 1 took longer than 0.3 s and was ended" in end.text
    assert not (tmp_path / "never").exists()


@pytest.fixture
def short_wait(monkeypatch):
    """Supervisors that are out of patience with a program that waits for input after a moment."""
    short = (
        "from orchestrator.agents import terminal_waits, worker; worker.FIRST_LOOK_SECONDS = 0.1; "
        "terminal_waits.LOOK_SECONDS = 0.1; terminal_waits.WAIT_SECONDS = 0.5; "
    )
    before, after = containment._START.split("from ", 1)
    monkeypatch.setattr(containment, "_START", f"{before}{short}from {after}")


@pytest.mark.skipif(
    not Path("/proc/self/syscall").exists(), reason="needs a kernel that says what is waited for"
)
@pytest.mark.usefixtures("short_wait")
async def test_a_block_that_waits_for_input_is_ended_and_says_so(shell_run, tmp_path):
    reads = 'printf "Password: "; exec cat 0<&2'
    end = (await events_of(shell_run(reads, "touch never")))[-1]
    assert end.outcome == "failed"
    assert end.error == (
        "block 1 of 2 was ended because it waited for input: `cat` was reading the terminal, "
        "where nobody is: Password:"
    )
    assert "Block 1 was ended because it waited for input: `cat`" in end.text
    assert not (tmp_path / "never").exists()


@pytest.mark.skipif(
    not Path("/proc/self/syscall").exists(), reason="needs a kernel that says what is waited for"
)
@pytest.mark.usefixtures("short_wait")
async def test_a_check_that_waits_for_input_is_named(shell_run):
    end = (await events_of(shell_run("exec cat 0<&2", tool_name="verify", block_seconds_max=30)))[-1]
    assert end.outcome == "failed"
    assert end.error.startswith("`exec cat 0<&2` was ended because it waited for input: `cat` was reading")


async def test_a_check_is_named_by_its_first_line(shell_run):
    end = (await events_of(shell_run("echo no; exit 3\n# more", tool_name="verify")))[-1]
    assert end.error == "`echo no; exit 3` ended with exit code 3: no"


async def test_an_editor_leaves_the_text_as_it_is(shell_run):
    commit = "git -c user.email=a@b -c user.name=n commit -q --allow-empty"
    async with asyncio.timeout(LIMIT_SECONDS):
        output, _ = await output_of(
            shell_run(f"git init -q .; {commit} -m first; {commit} --amend; git log --format=%s")
        )
    assert output.endswith("first\n")


async def test_a_block_has_the_terminals_signals_and_no_open_files_of_ours(shell_run):
    output, _ = await output_of(
        shell_run("grep -E '^Sig(Ign|Blk)' /proc/self/status; cd /proc/self/fd; echo *")
    )
    ignored, blocked, files = output.splitlines()
    ours = ~(0b11 << 31)  # the C library keeps signals 32 and 33 to itself, see nptl(7)
    assert int(ignored.split()[1], 16) & ours == 0 == int(blocked.split()[1], 16) & ours
    assert set(files.split()) <= {"0", "1", "2", "3", "255"}


async def test_a_broken_pipe_ends_a_program_as_in_a_shell(shell_run):
    _, end = await output_of(shell_run("yes | head -n 1"))
    assert end.exit_code == 141


async def test_secrets_of_ours_are_not_in_a_blocks_environment(shell_run):
    own = {
        "PATH": os.environ["PATH"],
        "HOME": "/h",
        "ORCHESTRATOR_TOKEN": "hush-hush",
        "BASH_ENV": "/nowhere",
    }
    output, _ = await output_of(shell_run("env", own=own, environment={"GIVEN": "yes"}))
    assert "ORCHESTRATOR_ATTEMPT=orch-test/1.1/1" in output
    assert "GIVEN=yes" in output
    assert "hush-hush" not in output
    assert "BASH_ENV" not in output


async def test_output_is_shown_while_the_block_runs(shell_run):
    run = shell_run("echo first; until test -e go; do sleep 0.02; done; echo last")
    seen = []
    async for event in run.events():
        seen.append(event)
        if isinstance(event, ToolCallOutput) and "first" in event.text:
            (run._job.root / "go").touch()
    assert [e.text for e in seen if isinstance(e, ToolCallOutput)] == ["first\n", "last\n"]


async def test_colours_and_broken_bytes_do_not_get_into_the_finding(shell_run):
    _, end = await output_of(shell_run(r"printf '\033[31mred\033[0m\r\n10%%\r99%%\n\xff grün\n'"))
    assert "red\n99%\n� grün\n" in end.text
    assert "\x1b" not in end.text


async def test_a_fence_in_the_output_does_not_end_the_findings_fence(shell_run):
    _, end = await output_of(shell_run("echo '````'"))
    assert "`````text\n````\n`````\n" in end.text


async def test_one_endless_line_is_bounded(shell_run):
    output, end = await output_of(shell_run("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the end"))
    assert end.outcome == "completed"
    assert len(end.text) <= 65_536
    assert len(output) <= 300_000
    assert "the end" in end.text


async def test_what_runs_in_the_background_delays_the_end_by_a_moment_and_is_ended(shell_run, tmp_path):
    started = time.monotonic()
    block = """sleep 3000 & echo $! >pid
    setsid nohup bash -c 'echo $$ >>pid; exec sleep 3000' &
    until test "$(wc -l <pid)" = 2; do sleep 0.01; done"""
    events = await events_of(shell_run(block, "echo two"))
    assert time.monotonic() - started < A_MOMENT_SECONDS
    assert events[-1].outcome == "completed"
    assert "What it left running was ended (processes: " in events[-1].text
    pids = {int(pid) for pid in (tmp_path / "pid").read_text().split()}
    assert len(pids) == 2
    assert not pids & processes.parents().keys()


async def test_a_background_process_that_does_not_want_to_end_is_ended(shell_run, tmp_path):
    block = """(trap '' INT TERM HUP; cat /proc/$BASHPID/stat >pid; while :; do sleep 0.1; done) &
    until test -s pid; do sleep 0.01; done"""
    end = (await events_of(shell_run(block)))[-1]
    assert end.outcome == "completed"
    # The start time tells the process from another one that has got its number since, see proc(5).
    pid, *_, started = (tmp_path / "pid").read_text().split()[:22]
    assert not LocalProcesses().start_time(int(pid)).endswith(f"/{started}")
    assert not processes.marked("orch-test")


async def test_a_block_that_a_signal_ended_says_so(shell_run):
    end = (await events_of(shell_run("kill -9 $$")))[-1]
    assert end.outcome == "failed"
    assert end.exit_code == 137
    assert end.error == "block 1 of 1 was ended by SIGKILL"


async def test_an_interrupt_lets_programs_clean_up_but_not_claim_success(shell_run, tmp_path, patience_async):
    run = shell_run("trap 'echo cleaned >cleaned; exit 0' INT; touch up; while :; do sleep 0.05; done")
    reading = asyncio.create_task(events_of(run))
    await patience_async((tmp_path / "up").exists)
    await run.interrupt("enough")
    *_, call, end = await reading
    assert (tmp_path / "cleaned").read_text() == "cleaned\n"
    assert call.outcome == "interrupted"
    assert end.outcome == "interrupted"


async def test_after_an_interrupt_no_other_block_begins(shell_run, tmp_path, patience_async):
    run = shell_run("touch up; sleep 3000", "touch never")
    reading = asyncio.create_task(events_of(run))
    await patience_async((tmp_path / "up").exists)
    await run.interrupt("enough")
    assert (await reading)[-1].outcome == "interrupted"
    assert not (tmp_path / "never").exists()


async def test_an_interrupt_right_at_the_start_is_not_lost(shell_run):
    for _ in range(5):
        run = shell_run("sleep 3000")
        events = run.events()
        await anext(events)
        await anext(events)
        rest = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        started = time.monotonic()
        await run.interrupt("at once")
        assert time.monotonic() - started < A_MOMENT_SECONDS
        assert (await rest).outcome == "interrupted"
        await events.aclose()


async def test_an_interrupt_ends_what_ignores_it(shell_run, tmp_path, patience_async):
    nasty = "trap '' INT TERM HUP; echo $BASHPID >>pids; while :; do sleep 0.1; done"
    block = f"({nasty}) & (setsid bash -c '{nasty.replace('$BASHPID', '$$').replace(chr(39), chr(34))}' &) ; {nasty}"
    run = shell_run(block)
    reading = asyncio.create_task(events_of(run))
    pids = tmp_path / "pids"
    await patience_async(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    await asyncio.wait_for(run.interrupt("enough"), 10)
    assert not processes.marked("orch-test")
    assert not {int(pid) for pid in pids.read_text().split()} & processes.parents().keys()
    assert (await reading)[-1].outcome == "interrupted"


async def test_a_reader_that_is_cancelled_leaves_nothing_behind(shell_run, tmp_path, patience_async):
    reading = asyncio.create_task(events_of(shell_run("touch up; sleep 3000")))
    await patience_async((tmp_path / "up").exists)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not processes.marked("orch-test")


async def test_a_flood_of_output_that_nobody_reads_stops_the_block_and_can_be_interrupted(shell_run):
    run = shell_run("yes")
    events = run.events()
    while not isinstance(await anext(events), ToolCallOutput):
        pass
    await asyncio.wait_for(run.interrupt("enough"), 10)
    rest = [event async for event in events]
    assert rest[-1].outcome == "interrupted"
    assert not processes.marked("orch-test")


async def test_a_flood_of_output_leaves_the_event_loop_free(shell_run):
    run = shell_run("yes")
    reading = asyncio.create_task(events_of(run))
    pauses = []
    for _ in range(50):
        before = time.monotonic()
        await asyncio.sleep(0.01)
        pauses.append(time.monotonic() - before)
    await run.interrupt("enough")
    assert (await reading)[-1].outcome == "interrupted"
    assert sorted(pauses)[len(pauses) // 2] < 0.1


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ((), "the task has none"),
        (("echo a\0b",), "NUL"),
        (("true", "#" + "x" * BLOCK_BYTES_MAX), "Block 2 (line 1) is longer than 120,000 bytes"),
    ],
)
async def test_what_bash_cannot_take_is_refused_before_anything_runs(shell_run, blocks, says):
    events = await events_of(shell_run(*blocks))
    assert [type(event) for event in events] == [Started, Finished]
    assert events[-1].outcome == "failed"
    assert says in events[-1].error


async def test_the_longest_block_that_is_allowed_runs(shell_run):
    head = "echo begun\n#"
    output, end = await output_of(shell_run(head + "x" * (BLOCK_BYTES_MAX - len(head))))
    assert (output, end.outcome) == ("begun\n", "completed")


async def test_a_root_that_is_not_there_is_told(shell_run, tmp_path):
    end = (await events_of(shell_run("true", root=tmp_path / "gone")))[-1]
    assert end.outcome == "failed"
    assert "gone" in end.error


async def test_without_bash_it_is_not_ready_and_a_run_says_so(shell_run, tmp_path):
    check = await ShellAgent({"PATH": str(tmp_path)}).check()
    assert not check.is_ready
    assert "bash" in check.problem
    end = (await events_of(shell_run("true", own={"PATH": str(tmp_path)})))[-1]
    assert end.outcome == "failed"
    assert "bash is not on the PATH" in end.error


async def test_a_bash_that_does_not_run_is_told_by_the_check_and_by_a_run(shell_run, tmp_path):
    (tmp_path / "bash").write_text("#!/nowhere/interpreter\n")
    (tmp_path / "bash").chmod(0o755)
    own = {"PATH": str(tmp_path)}
    assert not (await ShellAgent(own).check()).is_ready
    end = (await events_of(shell_run("true", own=own)))[-1]
    assert end.outcome == "failed"
    assert "could not be started: No such file or directory" in end.error


async def test_many_runs_leave_no_open_files_and_no_processes(shell_run):
    await events_of(shell_run("true"))
    before = open_files()
    for _ in range(20):
        await events_of(shell_run("true"))
    assert open_files() <= before
    assert not processes.marked("orch-test")


def test_it_runs_on_uvloop_in_another_thread(shell_run):
    found = []

    async def sixteen():
        found.extend(
            await asyncio.gather(*(events_of(shell_run("echo hello; sleep 0.1")) for _ in range(16)))
        )

    def run():
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(sixteen())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert [events[-1].outcome for events in found] == ["completed"] * 16
