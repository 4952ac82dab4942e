"""HTDemucs for inference (Rouard, Massa, Défossez: "Hybrid Transformers for Music Source Separation", 2022).

The same mathematics as `demucs.htdemucs.HTDemucs.forward`, from the same tensors, to float32's rounding: what
differs is the layout (channels-last throughout), what is computed in which pass, and that the last layers
compute only the stems that are asked for.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from unmix_models.separate.htdemucs.branch_layers import DecoderLayer, EncoderLayer
from unmix_models.separate.htdemucs.hyper_parameters import HyperParameters
from unmix_models.separate.htdemucs.spectrogram import Spectrogram
from unmix_models.separate.htdemucs.transformer import CrossTransformer
from unmix_models.separate.kernels import Kernels, kernels_for
from unmix_models.separate.precision import LayerTypes

EPSILON = 1e-5
"""Added to the deviation of a segment before it divides (`HTDemucs.forward`)."""


class HTDemucs:
    """The network on one device, ready to run."""

    def __init__(
        self,
        parameters: HyperParameters,
        tensors: Mapping[str, Tensor],
        device: torch.device,
        types: LayerTypes,
        kernels: Kernels | None = None,
    ) -> None:
        """Takes the tensors of demucs' `state_dict`, of any float type; raises `KeyError` if one lacks."""
        self.parameters = parameters
        self.device = device
        self.weight_bytes = 4 * sum(tensor.numel() for tensor in tensors.values())
        tensors = {name: tensor.to(device, torch.float32) for name, tensor in tensors.items()}
        kernels = kernels or kernels_for(device)
        depth, stride = parameters.depth, parameters.stride
        self._spectrogram = Spectrogram(parameters.nfft, device)
        self._encoders = [
            tuple(
                EncoderLayer(tensors, f"{branch}.{level}", stride, kernels, types.convolutions)
                for branch in ("encoder", "tencoder")
            )
            for level in range(depth)
        ]
        self._decoders = [
            tuple(
                DecoderLayer(
                    tensors,
                    f"{branch}.{depth - 1 - level}",
                    stride,
                    kernels,
                    types.convolutions,
                    last=level == 0,
                )
                for branch in ("decoder", "tdecoder")
            )
            for level in reversed(range(depth))
        ]
        self._transformer = CrossTransformer(tensors, parameters, kernels, types.transformer)
        self._frequency_embedding: Tensor | None = None
        if parameters.freq_emb:
            table = tensors["freq_emb.embedding.weight"] * parameters.emb_scale * parameters.freq_emb
            self._frequency_embedding = table.T[None, :, :, None].to(types.convolutions)

    @torch.inference_mode()
    def forward(self, mix: Tensor, stems: Sequence[int]) -> Tensor:
        """`[batch, channels, segment frames]` to `[batch, stems, channels, segment frames]`, float32."""
        channels, length = mix.shape[1:]
        image = self._spectrogram.analyse(mix)
        image, mean, deviation = _standardise(image)
        wave, mean_t, deviation_t = _standardise(mix.unsqueeze(2))
        skips: list[tuple[Tensor, Tensor]] = []
        lengths: list[tuple[int, int]] = []
        for level, (encoder, encoder_t) in enumerate(self._encoders):
            lengths.append((image.shape[2], wave.shape[3]))
            wave = encoder_t(wave)
            image = encoder(image)
            if level == 0 and self._frequency_embedding is not None:
                image += self._frequency_embedding
            skips.append((image, wave))
        image, wave = self._transformer(image, wave)
        for level, (decoder, decoder_t) in enumerate(self._decoders):
            (skip, skip_t), (bins, samples) = skips.pop(), lengths.pop()
            last = level == len(self._decoders) - 1
            image = decoder(image, skip, bins, _channels_of(stems, 2 * channels) if last else ())
            wave = decoder_t(wave, skip_t, samples, _channels_of(stems, channels) if last else ())
        audio = self._spectrogram.synthesise(image.float() * deviation + mean, length)
        audio += (wave.float() * deviation_t + mean_t).squeeze(2)
        return audio.view(len(audio), len(stems), channels, length)


def _standardise(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Zero mean and deviation 1 for every element of the batch; with the mean and the deviation."""
    deviation, mean = torch.std_mean(x, (1, 2, 3), keepdim=True)
    return (x - mean) / (EPSILON + deviation), mean, deviation


def _channels_of(stems: Sequence[int], width: int) -> list[int]:
    """Output channels of these stems, each of which has `width`."""
    return [stem * width + channel for stem in stems for channel in range(width)]
