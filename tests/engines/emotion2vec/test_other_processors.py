"""The precisions on processors that this machine may not be: oneDNN is told to use no more than they have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.emotion2vec.hardware import needs_x86

HERE = Path(__file__).parent
RUN = """
import sys
import pytest
from monitor.engines.emotion2vec.int8_range import weight_levels
print("levels", weight_levels())
sys.exit(pytest.main(sys.argv[1:]))
"""


@needs_x86
@pytest.mark.slow
@pytest.mark.parametrize("most", ["AVX2", "AVX512_CORE"])
def test_without_vnni_weights_have_seven_bits_and_every_precision_holds(most: str) -> None:
    files = [str(HERE / name) for name in ("test_precision.py", "test_rows.py", "test_int8_range.py")]
    told = subprocess.run(
        [sys.executable, "-c", RUN, *files, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": most, "PYTEST_ADDOPTS": ""},
        cwd=HERE.parents[2],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "levels 64\n" in told.stdout
