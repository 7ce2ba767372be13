"""Probe: fit a classifier on the features of an encoder, one run at a time on each device."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from prefect import flow, task

from catalogs.home.home import home_of
from catalogs.storage.place import Folder
from flows.device_limit import alone_on
from flows.run_log import RUN_LOG
from flows.steps import try_later_named
from flows.torch_needed import check_torch
from tasks.judge.models import models_folder
from tasks.judge.options import checked_settings

if TYPE_CHECKING:
    from tasks.probes.encoder_records import EncoderProbeReport, EncoderProbeRequest


@task(name="probe-encoder", tags={"gpu"})
def probe_task(request: "EncoderProbeRequest", models: Path) -> "EncoderProbeReport":
    """Fit a probe, write the model below `models`, and report; see `train_encoder_probe`."""
    from tasks.probes.encoder import train_encoder_probe  # noqa: PLC0415 - torch may be missing

    return train_encoder_probe(request, models)


@flow(name="probe", flow_run_name="{name}", **RUN_LOG)
@try_later_named
def probe(  # noqa: PLR0913 - each is a field of the deployment's form
    corpus: Path,
    encoder: Path,
    name: str,
    *,
    by: Literal["area", "frame"] = "area",
    method: Literal["logistic", "paper"] = "logistic",
    seed: int = 0,
    pasted: int = 0,
    views: int | None = None,
    windows: Path | None = None,
    air: Path | None = None,
    device: str | None = None,
    models: Path | None = None,
    home: Path | None = None,
) -> "EncoderProbeReport":
    """Make a detector of an encoder and a linear probe, and report how well it does.

    Parameters
    ----------
    corpus
        Patch file with labels, as ``fringewatch corpus export`` wrote it.
    encoder
        Folder of the encoder.
    name
        Of the new model.
    by
        What is held out as a whole.
    method
        Logistic regression, or the paper's linear layer.
    seed
        Of the paper's method, and of what is pasted.
    pasted
        Patches that are learned from as well: quiet ones, half of them with simulated motion.
    views
        Of each patch when the model scores, turned and mirrored, 1 to 8: the mean counts.
    windows
        File of real quiet windows that place the threshold; see `fringewatch probe --help`.
    air
        File of relief and delays, where the encoder was tuned with one.
    device
        Such as ``cpu`` or ``cuda:1``; a GPU where there is one if not given.
    models
        Folder that the model's own folder goes into; the home's or its storage's if not given.
    home
        The settings' if not given.

    Raises
    ------
    BadInputError
        If the corpus, the device or an argument cannot be used, or torch is not installed.
    ModelError
        If the folder holds no encoder, or the name cannot be a model's.
    """
    check_torch()
    from insar_models.encoders.features import best_device  # noqa: PLC0415 - torch may be missing
    from insar_models.patchfile.splits import SplitBy  # noqa: PLC0415
    from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod  # noqa: PLC0415
    from tasks.probes.encoder_records import DEFAULT_VIEWS, EncoderProbeRequest  # noqa: PLC0415

    request = EncoderProbeRequest(
        corpus=corpus,
        encoder=encoder,
        name=name,
        by=SplitBy(by),
        settings=LinearProbeSettings(method=ProbeMethod(method), seed=seed),
        pasted=pasted,
        views=DEFAULT_VIEWS if views is None else views,
        windows=windows,
        air=air,
        device=device or best_device(),
    )
    where = Folder(models) if models else home_of(checked_settings(home=home)).models
    with alone_on(request.device), models_folder(where) as folder:
        report = probe_task(request, folder)
    return replace(report, folder=where / name)
