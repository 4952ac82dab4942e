"""Hybrid Transformer Demucs, as its authors released it."""

from unmix_models.catalogue.entry import Model, WeightFile

TASK = "separate"

_FAMILY = "htdemucs"
_COST = 57.0
"""GFLOP per second of audio: 3.4 TFLOP a minute at its overlap of a quarter."""
_LICENCE = (
    "unclear: the author says not MIT, for scientific purposes (facebookresearch/demucs#327, #508); "
    "others label the same files MIT"
)
_URL = "https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/"
_FOUR_STEMS = ("drums", "bass", "other", "vocals")

MODELS = (
    Model(
        name="htdemucs_ft",
        family=_FAMILY,
        task=TASK,
        description="Hybrid Transformer Demucs, one network for each stem: better, at four times the work.",
        licence=_LICENCE,
        stems=_FOUR_STEMS,
        sample_rate=44100,
        rank=30,
        cost=_COST * 4,
        url=_URL,
        bag=tuple(tuple(float(row == column) for column in range(4)) for row in range(4)),
        files=(
            WeightFile(
                "f7e0c4bc-ba3fe64a.th",
                84141271,
                "ba3fe64ae8ef66ac9a4857222ce48efbdc5eb3ad375cb79dd13debee5aaa4066",
            ),
            WeightFile(
                "d12395a8-e57c48e6.th", 0, "e57c48e6b0e38af4f7118d7bd08c49f0a0c0edf7d09143bdd902ea0d237303e6"
            ),
            WeightFile(
                "92cfc3b6-ef3bcb9c.th", 0, "ef3bcb9c8b40d14ae5d51b6db2587339cc12c6b77c0be151ce6d69002e087bf2"
            ),
            WeightFile(
                "04573f0d-f3cf25b2.th", 0, "f3cf25b222c4eed7cd49dd8b2c9597d50c18bd154090f7b919cfa5f93cf22c49"
            ),
        ),
    ),
    Model(
        name="htdemucs",
        family=_FAMILY,
        task=TASK,
        description="Hybrid Transformer Demucs (Rouard et al. 2022): drums, bass, other, vocals.",
        licence=_LICENCE,
        stems=_FOUR_STEMS,
        sample_rate=44100,
        rank=20,
        cost=_COST,
        usual=True,
        url=_URL,
        files=(
            WeightFile(
                "955717e8-8726e21a.th",
                84141911,
                "8726e21a993978c7ba086d3872e7608d7d5bfca646ca4aca459ffda844faa8b4",
            ),
        ),
    ),
    Model(
        name="htdemucs_6s",
        family=_FAMILY,
        task=TASK,
        description="Hybrid Transformer Demucs with guitar and piano as stems of their own.",
        licence=_LICENCE,
        stems=(*_FOUR_STEMS, "guitar", "piano"),
        sample_rate=44100,
        rank=10,
        cost=_COST,
        url=_URL,
        files=(
            WeightFile(
                "5c90dfd2-34c22ccb.th", 0, "34c22ccb381c6f9fdbf324f04e1e2fe21aaaf293f5ded163a162697ff9a02ddd"
            ),
        ),
    ),
)
