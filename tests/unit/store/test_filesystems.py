from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.store.filesystems import network_type

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /home rw shared:1 master:2 - nfs4 server:/home rw,vers=4.2
31 30 8:1 / /home/me/local rw - xfs /dev/sda1 rw
32 27 0:31 / /mnt/with\\040space rw - cifs //server/share rw
33 27 0:32 / /mnt/ssh rw - fuse.sshfs me@host: rw
34 27 0:33 / /mnt/twice rw - ext4 /dev/sdb rw
35 27 0:34 / /mnt/twice rw - virtiofs share rw
36 27 0:35 / /mnt/usb rw - fuseblk /dev/sdc1 rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", None),
        ("/srv/project/.orchestrator", None),
        ("/home", "nfs4"),
        ("/home/me/project", "nfs4"),
        ("/home/me/local", None),
        ("/home/me/local/project", None),
        ("/home/me/locality", "nfs4"),
        ("/homer", None),
        ("/mnt/with space/project", "cifs"),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/twice/x", "virtiofs"),
        ("/mnt/usb/x", None),
    ],
)
def test_the_deepest_and_last_mount_decides(path, kind) -> None:
    assert network_type(Path(path), MOUNTS) == kind


def test_without_a_mount_table_nothing_is_known() -> None:
    assert network_type(Path("/x"), "") is None
