"""The precisions on processors that this machine may not be: oneDNN and torch are told to use no more than they have."""

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
from monitor.engines.emotion2vec.int8_range import arithmetic
print("levels", arithmetic().weight_levels, arithmetic().multiply.__name__)
sys.exit(pytest.main(sys.argv[1:]))
"""


@needs_x86
@pytest.mark.slow
@pytest.mark.parametrize(
    ("most", "torchs", "product"), [("AVX2", "avx2", "product_in_fours"), ("AVX512_CORE", "avx512", "ByteProduct")]
)
def test_without_vnni_weights_have_seven_bits_and_every_precision_holds(most: str, torchs: str, product: str) -> None:
    files = [str(HERE / name) for name in ("test_precision.py", "test_rows.py", "test_int8_range.py")]
    told = subprocess.run(
        [sys.executable, "-c", RUN, *files, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": most, "ATEN_CPU_CAPABILITY": torchs, "PYTEST_ADDOPTS": ""},
        cwd=HERE.parents[2],
        capture_output=True,
        text=True,
        timeout=1_200,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"levels 64 {product}\n" in told.stdout
