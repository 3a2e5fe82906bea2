"""A project in which everything that the dashboard can show is going on: for its tests and its screenshots."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

import httpx
from doors import Door, Project, wait_until

NOTES = """\
# Notes, version 2

People write notes on a train, without a network. Version 2 keeps them in step when the network is back.

## Phase 1: Look around

- [ ] 1.1 Read the store and write down how a note is kept
- [ ] 1.2 Measure how long a sync of 1,000 notes takes (depends: 1.1)

## Phase 2: Build the sync

- [ ] 2.1 Give each note a revision
  - verify: `test 1 -eq 1`
- [ ] 2.2 Merge two edits of the same note
- [ ] 2.3 Try again when the network is back (depends: 2.1)
- [ ] 2.4 Tell the user what was merged (depends: 2.2, 2.3)

## Phase 3: Release

- [ ] 3.1 Write the release notes
- [ ] 3.2 A person reads them
  - gate: human

**VERIFY 3:** The package can be installed

```sh
test -d .
```
"""

NOTES_SCRIPT = """\
tasks:
  "1.1":
    - {say: "I read the store first, then its callers."}
    - {tool: Read, input: "src/store/notes.ts", output: "312 lines"}
    - {tool: Grep, input: "saveNote(", output: "src/store/notes.ts:88\\nsrc/app/editor.tsx:41\\nsrc/app/import.ts:17"}
    - {tool: Bash, input: "npm test -- store", output: "14 passed", seconds: 0.3}
    - {usage: {model: demo-large, input_tokens: 18400, output_tokens: 1250, cache_read_tokens: 9100, cost_usd: 0.094}}
    - {finish: "# How a note is kept\\n\\nA note is **one JSON file**, named by its id.\\n\\n| Field | Meaning |\\n|---|---|\\n\
| `id` | never changes |\\n| `text` | Markdown |\\n| `edited_at` | of the last edit, local time |\\n\\nThere is no revision: \
two devices overwrite each other.\\n\\n```ts\\nsaveNote({ id, text, edited_at });\\n```\\n"}
  "1.2":
    attempts:
      - [{tool: Bash, input: "node bench/sync.js --notes 1000", output: "ECONNREFUSED 127.0.0.1:4000", fails: true, seconds: 0.2},
         {usage: {model: demo-large, input_tokens: 6100, output_tokens: 240, cost_usd: 0.022}},
         {fail: "the sync server is not running"}]
      - [{say: "The server must run first."},
         {tool: Bash, input: "npm run server &", output: "listening on 4000", seconds: 0.1},
         {tool: Bash, input: "node bench/sync.js --notes 1000", output: "1000 notes in 8.2 s", seconds: 0.5},
         {usage: {model: demo-large, input_tokens: 9300, output_tokens: 410, cost_usd: 0.036}},
         {finish: "1,000 notes take **8.2 s**; 7.9 s of it are one request per note."}]
  "2.1":
    - {say: "Each write gets a revision; the store refuses an older one."}
    - {tool: Edit, input: "src/store/notes.ts", output: "+24 −6"}
    - {tool: Edit, input: "src/store/revisions.ts", output: "+61"}
    - {tool: Bash, input: "npm test -- store", output: "17 passed", seconds: 0.4}
    - {usage: {model: demo-large, input_tokens: 22100, output_tokens: 3900, cache_read_tokens: 18000, cost_usd: 0.171}}
    - {tool: Bash, input: "npm run e2e -- --grep revision", output: "…", chunks: ["starting browser\\n", "1 of 40\\n"], seconds: 80000}
  "2.2":
    - {tool: Read, input: "src/sync/merge.ts", output: "96 lines"}
    - {usage: {model: demo-small, input_tokens: 4200, output_tokens: 350, cost_usd: 0.006}}
    - {ask: "rm -rf src/sync/legacy && npm run build", tool: Bash}
    - {finish: "Edits of different lines are merged; edits of the same line are kept side by side."}
default:
  - {finish: "done"}
"""

WEBSITE = """\
# New website

## Phase 1: Pages

- [ ] 1.1 Write the start page
- [ ] 1.2 Check every link
- [ ] 1.3 Publish (depends: 1.2)
"""
WEBSITE_SCRIPT = """\
tasks:
  "1.1": [{tool: Write, input: "site/index.html", output: "written"}, {finish: "The start page stands."}]
  "1.2": [{tool: Bash, input: "linkcheck site", output: "2 dead links: /blog/2019, /team", fails: true}, {fail: "2 dead links: /blog/2019, /team"}]
default: [{finish: "done"}]
"""

DOUBTS = """\
# Housekeeping

## Phase 1: Chores

- [ ] 1.1 Write hello.txt
  - files: hello.txt
- [ ] 1.2 Delete the old branches
- [ ] 1.3 Send the newsletter
- [ ] 1.4 Answer the letters
- [ ] 1.5 Count the files
  - verify: `test -d .`
- [x] 1.6 Choose a licence

## Phase 2: Rest

- [ ] 2.1 Close the windows
"""
DOUBTS_SCRIPT = """\
tasks:
  "1.1": [{finish: "I wrote hello.txt with a friendly greeting."}]
  "1.2":
    - {tool: Bash, input: "git branch --list 'old-*'", output: "old-1\\nold-2"}
    - {tool: Bash, input: "git branch -D old-1 old-2", denied: true}
    - {finish: "The old branches are gone."}
  "1.3": [{say: "The token is missing."}, {finish: "Nothing was sent.\\n\\nBLOCKED: the token is missing"}]
  "1.4": []
  "1.5": [{tool: Bash, input: "ls | wc -l", output: "3"}, {finish: "There are three files."}]
"""

GUIDE = "# User guide\n\n## Phase 1: Write\n\n- [ ] 1.1 Outline\n- [ ] 1.2 First draft\n- [ ] 1.3 Pictures\n"
TRANSLATIONS = "# Translations\n\n## Phase 1: Texts\n\n- [ ] 1.1 German\n- [ ] 1.2 French\n"
TRANSLATIONS_SCRIPT = """\
tasks:
  "1.1": [{tool: Read, input: "texts/en.json", output: "210 texts"}, {limit: {message: "the usage limit is reached", seconds: 7200}}]
default: [{finish: "done"}]
"""
CRASHED = "# Import of old notes\n\n## Phase 1: Import\n\n- [ ] 1.1 Read the archive\n- [ ] 1.2 Convert it\n"
CRASHED_SCRIPT = 'tasks:\n  "1.1": [{tool: Bash, input: "unzip archive.zip", output: "", seconds: 80000}]\n'
WAITING = "# Mobile app\n\n## Phase 1: Start\n\n- [ ] 1.1 Choose a framework\n- [ ] 1.2 First screen (depends: 1.1)\n"
BROKEN = (
    "# Billing\n\n## Phase 1: Prices\n\n- [ ] 1.1 Collect the prices (depends: 9.9)\n"
    "- [ ] 1.1 Write them down\n\n- [ ] 1.3 Say who pays\n"
)


@dataclass
class Stage:
    """The project, its server, and the orchestrators in it by the names of their plans."""

    project: Project
    server: Door
    url: str
    ids: dict[str, str]

    def status(self, plan: str) -> dict[str, Any]:
        return httpx.get(f"{self.url}/api/orchestrators/{self.ids[plan]}/status").json()


def begin(project: Project, name: str, plan: str, script: str | None, *options: str) -> Door:
    """Start a plan with a script that plays its agent."""
    project.plan(name, plan)
    path = project.root / f"{name}.yaml"
    path.write_text(script or "default: [{finish: done}]\n")
    return project.start("run", "--plan", name, "--script", str(path), "--on-blocked", "wait", *options)


def set_stage(project: Project) -> Stage:
    """Every status at once: running with a question, blocked, waiting for a limit, completed, crashed, failed with
    tasks that only claim to be done, not begun, broken."""
    project.plan("mobile-app", WAITING)
    project.plan("billing", BROKEN)
    begin(project, "guide", GUIDE, None).wait()
    begin(
        project, "housekeeping", DOUBTS, DOUBTS_SCRIPT, "--max-attempts", "1", "--on-blocked", "exit"
    ).wait()
    crashing = begin(project, "archive", CRASHED, CRASHED_SCRIPT)
    server = project.serve()
    url = server.url

    def by_plan(name: str) -> dict[str, Any] | None:
        runs = httpx.get(f"{url}/api/orchestrators").json()
        return next((run for run in runs if run["plan_name"] == name), None)

    def status(name: str) -> dict[str, Any]:
        run = by_plan(name)
        return httpx.get(f"{url}/api/orchestrators/{run['id']}/status").json() if run else {"status": None}

    wait_until(lambda: status("archive").get("summary", {}).get("in_progress"))
    os.kill(crashing.process.pid, signal.SIGKILL)
    begin(project, "website", WEBSITE, WEBSITE_SCRIPT, "--max-attempts", "1")
    begin(project, "translations", TRANSLATIONS, TRANSLATIONS_SCRIPT)
    begin(project, "notes", NOTES, NOTES_SCRIPT, "--parallel", "2")
    wait_until(lambda: status("website")["status"] == "blocked")
    wait_until(lambda: (status("translations").get("waiting_for") or {}).get("until"))
    wait_until(lambda: status("archive")["status"] == "crashed")
    wait_until(lambda: status("notes").get("approvals"))
    names = ("notes", "website", "translations", "guide", "archive", "housekeeping")
    return Stage(project, server, url, {name: str((by_plan(name) or {})["id"]) for name in names})
