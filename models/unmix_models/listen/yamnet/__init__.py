"""YAMNet, which hears 521 kinds of sound, as an ear.

Its network was published by M. Plakal and D. Ellis (https://github.com/tensorflow/models/tree/master/research/audioset/yamnet,
Apache-2.0); what is taken in here is the file of 8-bit weights in google-coral/coralmicro. `installation` takes it in:
in a child process, `conversion` reads it (`tflite`, by `flatbuffer`) and writes the same network for ONNX Runtime
(`onnx_graph`, by `protobuf`). `ear` hears with it: `log_mel` makes what the network sees, `level` brings it to one
level, `network` runs it, `traits` sums up what it says, and `regression` tells from that what a recording holds.
Nothing is imported here, so that installing loads no runtime.
"""
