"""Two processes that share each batch train as one does that sees it whole.

Needs PyTorch: `make test-interop` makes an environment that has it.
"""

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="make test-interop installs PyTorch and runs these")

from cnnlib.interop.train_ddp import train  # noqa: E402

SCRIPT = ["-m", "cnnlib.interop.train_ddp", "--steps", "6"]


def launched(world, *options):
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
    command = [sys.executable, *launch, *SCRIPT, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def alone():
    return train(steps=6)


def test_the_average_of_two_gradients_is_that_of_the_batch(tmp_path, alone):
    done = launched(2, "--report", str(tmp_path / "report.json"))
    assert done.returncode == 0, done.stderr
    together = json.loads((tmp_path / "report.json").read_text())
    assert together["world"] == 2
    assert together["gradient_size"] > 0.1
    assert together["gradient_difference"] < 1e-5 * together["gradient_size"]
    assert together["same_weights"]
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-3)
    assert "processes                2" in done.stdout
    assert done.stdout.count("validation accuracy") == 1  # one process speaks for both


def test_alone_it_learns(alone):
    assert alone["world"] == 1
    assert alone["gradient_difference"] == 0
    assert alone["losses"][-1] < alone["losses"][0]


def test_shares_that_are_not_equal_are_refused():
    done = launched(2, "--batch-size", "63")
    assert done.returncode != 0
    assert "2 processes cannot share 63 images equally" in done.stderr


def test_a_report_that_cannot_be_written_is_named_before_the_training(tmp_path):
    command = [sys.executable, *SCRIPT, "--report", str(tmp_path / "missing" / "report.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert "there is no folder" in done.stderr
