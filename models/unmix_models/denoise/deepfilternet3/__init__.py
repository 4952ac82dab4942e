"""DeepFilterNet3 on ONNX Runtime: full-band speech enhancement without torch.

H. Schröter et al., "DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement", Interspeech
2023; https://github.com/Rikorose/DeepFilterNet (MIT or Apache-2.0). The network says two things about
each frame of the spectrum: a gain for each of 32 ERB bands, and for the bins below 4.8 kHz a complex
filter over five frames of the noisy spectrum, two of them ahead.
"""

from unmix_models.denoise.deepfilternet3.adapter import DeepFilterNet3, load

__all__ = ["DeepFilterNet3", "load"]
