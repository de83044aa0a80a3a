import subprocess
import sys

import pytest

pytest.importorskip("resource")


@pytest.mark.parametrize(("soft", "hard", "least", "most"), [(64, 512, 400, 512), (128, 128, 8, 127), (20, 20, 8, 8)])
def test_connections_stay_below_the_limit_on_files(soft: int, hard: int, least: int, most: int) -> None:
    code = (
        "import resource; from linkkeeper.net import files;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "print(files.raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    connections, raised = map(int, told.split())
    assert raised == hard
    assert least <= connections <= most
