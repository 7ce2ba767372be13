"""A run's folder on a disk that is really full: a small file system in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mounts import own_mounts

pytest.importorskip("torch")

RUNS = """
import json, shutil, subprocess, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from insar_models.encoders.files import save_encoder
from insar_models.train import main as train
from insar_models.tune import main as tune
from insar_models.training.checkpoints import read_checkpoint
from tests.insar_models.small_tuning import labelled_corpus, tiny_encoder

folder = Path(sys.argv[1])
corpus = labelled_corpus(folder)
save_encoder(folder / "encoder", tiny_encoder(), {})
recipes = {
    "tune": "sources = 6\\nbatch_size = 6\\nsteps = 4\\nheld_out = 0.25\\naugmentation = false\\n",
    "train": "batch_size = 6\\noutputs = 8\\nsteps = 4\\n[encoder]\\narchitecture = 'compact'\\n"
    "width = 0.125\\nsize = 32\\n[augmentation]\\nturbulence = false\\ngeometry = false\\n",
}
mains = {"train": train, "tune": tune}
said = {}
for name, main in mains.items():
    recipe = folder / f"{name}.toml"
    recipe.write_text(recipes[name])
    words = [str(corpus.path), "--device", "cpu", "--recipe", str(recipe)]
    words += ["--checkpoint-every", "2", "--measure-every", "100"]
    words += ["--encoder", str(folder / "encoder")] if name == "tune" else []
    whole = folder / f"{name}-whole"
    assert main([*words, "--folder", str(whole)]) == 0
    size = max(path.stat().st_size for path in (whole / "checkpoints").iterdir())
    disk = folder / f"{name}-disk"
    disk.mkdir()
    room = 4096 * (8 + size * 3 // 2 // 4096)  # for one checkpoint, not for two
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "none", disk], check=True)
    full = main([*words, "--folder", str(disk / "run")])
    kept = read_checkpoint(disk / "run")
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    again = main([*words, "--folder", str(disk / "run")])
    weights = [(run / "encoder" / "weights.safetensors").read_bytes() for run in
               (whole, disk / "run")]
    said[name] = [full, None if kept is None else kept.step, again, weights[0] == weights[1]]
print(json.dumps(said))
"""


def test_a_full_disk_stops_a_run_which_then_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [*own_mounts(), sys.executable, "-c", RUNS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("the disk is full: free some space and run the command again") == 2
    said = json.loads(done.stdout.splitlines()[-1])
    assert said == {"train": [5, 2, 0, True], "tune": [5, 2, 0, True]}
