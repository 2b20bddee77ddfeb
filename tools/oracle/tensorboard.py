"""Records the events that TensorBoard's messages make: `/usr/bin/python3 tools/oracle/tensorboard.py` (Debian's python3-protobuf and
python3-torch). The messages are declared here by TensorBoard's event.proto, summary.proto, tensor.proto and the hparams plugin's api.proto,
encoded by Google's library, and framed as TFRecord. With a path of an event file it prints that file instead. Not part of record.py."""

import base64
import json
import pathlib
import struct
import sys

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "train" / "tensorboard.json"
F = descriptor_pb2.FieldDescriptorProto
KINDS = {"double": F.TYPE_DOUBLE, "float": F.TYPE_FLOAT, "int64": F.TYPE_INT64, "int32": F.TYPE_INT32, "string": F.TYPE_STRING,
         "bytes": F.TYPE_BYTES, "bool": F.TYPE_BOOL}
# Enumerations are int32 here, which is the same on the wire.
MESSAGES = {
    "Event": "double wall_time 1, int64 step 2, string file_version 3 what, Summary summary 5 what, SessionLog session_log 7 what",
    "SessionLog": "int32 status 1",
    "Summary": "*Value value 1",
    "Value": "string tag 1, float simple_value 2 value, Image image 4 value, Histogram histo 5 value, Tensor tensor 8 value, "
             "Metadata metadata 9",
    "Image": "int32 height 1, int32 width 2, int32 colorspace 3, bytes encoded_image_string 4",
    "Histogram": "double min 1, double max 2, double num 3, double sum 4, double sum_squares 5, *double bucket_limit 6, *double bucket 7",
    "Tensor": "int32 dtype 1, Shape tensor_shape 2, *bytes string_val 8",
    "Shape": "*Dim dim 2",
    "Dim": "int64 size 1",
    "Metadata": "Plugin plugin_data 1",
    "Plugin": "string plugin_name 1, bytes content 2",
    "HParams": "Experiment experiment 2 data, SessionStart session_start_info 3 data, SessionEnd session_end_info 4 data",
    "Experiment": "*HParamInfo hparam_infos 4, *MetricInfo metric_infos 5",
    "HParamInfo": "string name 1, int32 type 4",
    "MetricInfo": "MetricName name 1",
    "MetricName": "string tag 2",
    "SessionStart": "*Entry hparams 1",
    "Entry": "string key 1, .google.protobuf.Value value 2",
    "SessionEnd": "int32 status 1",
}


def declare():
    proto = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3",
                                               dependency=["google/protobuf/struct.proto"])
    for name, fields in MESSAGES.items():
        made = proto.message_type.add(name=name)
        for field in fields.split(", "):
            kind, title, number, *oneof = field.split()
            repeated, kind = kind.startswith("*"), kind.lstrip("*")
            entry = made.field.add(name=title, number=int(number), label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
            if kind in KINDS:
                entry.type = KINDS[kind]
            else:
                entry.type, entry.type_name = F.TYPE_MESSAGE, kind if kind.startswith(".") else f".t.{kind}"
            for choice in oneof:
                if not made.oneof_decl:
                    made.oneof_decl.add(name=choice)
                entry.oneof_index = 0
    pool = descriptor_pool.Default()
    pool.Add(proto)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"t.{name}")) for name in MESSAGES}


M = declare()


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def framed(event):
    data = event.SerializeToString(deterministic=True)
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(head)) + data + struct.pack("<I", masked(data))


def unframed(data):
    at = 0
    while at < len(data):
        head, check = data[at:at + 8], struct.unpack("<I", data[at + 8:at + 12])[0]
        assert masked(head) == check
        (length,) = struct.unpack("<Q", head)
        body = data[at + 12:at + 12 + length]
        assert masked(body) == struct.unpack("<I", data[at + 12 + length:at + 16 + length])[0]
        yield M["Event"].FromString(body)
        at += 16 + length


def summary(time, step, *values):
    return M["Event"](wall_time=time, step=step, summary=M["Summary"](value=values))


def histogram(values):
    """As torch.utils.tensorboard.summary.make_histogram, which cannot be imported without TensorBoard."""
    edge, edges = 1e-12, []
    while edge < 1e20:
        edges.append(edge)
        edge *= 1.1
    bins = [-e for e in reversed(edges)] + [0] + edges
    counts, limits = np.histogram(values, bins=bins)
    seen = np.nonzero(counts)[0]
    start, end = int(seen[0]), int(seen[-1]) + 1
    counts = counts[start - 1:end] if start > 0 else np.concatenate([[0], counts[:end]])
    return M["Histogram"](min=values.min(), max=values.max(), num=len(values), sum=values.sum(), sum_squares=values.dot(values),
                          bucket_limit=limits[start:end + 1].tolist(), bucket=counts.tolist())


def plugin(name, content=b""):
    return M["Metadata"](plugin_data=M["Plugin"](plugin_name=name, content=content))


def value(given):
    return struct_pb2.Value(**{{bool: "bool_value", str: "string_value"}.get(type(given), "number_value"): given})


def hparams(given, metrics):
    kinds = {str: 1, bool: 2, float: 3}
    parts = [
        ("experiment", M["HParams"](experiment=M["Experiment"](
            hparam_infos=[M["HParamInfo"](name=k, type=kinds[type(v)]) for k, v in given.items()],
            metric_infos=[M["MetricInfo"](name=M["MetricName"](tag=tag)) for tag in metrics]))),
        ("session_start_info", M["HParams"](session_start_info=M["SessionStart"](
            hparams=[M["Entry"](key=k, value=value(v)) for k, v in given.items()]))),
        ("session_end_info", M["HParams"](session_end_info=M["SessionEnd"](status=1))),
    ]
    return [M["Value"](tag=f"_hparams_/{name}", metadata=plugin("hparams", part.SerializeToString(deterministic=True)))
            for name, part in parts]


def cases():
    values = np.array([0, 0.5, 0.5, -0.25, 3, -1e-13, 1024, 2.0**-30, -7.5])
    text = "# Ünïcode\n**bold** 語" * 20
    png = bytes(range(256))
    strings = M["Tensor"](dtype=7, string_val=[text.encode()], tensor_shape=M["Shape"](dim=[M["Dim"](size=1)]))
    given = {"lr": 0.125, "dropout": 0.0, "optimizer": "adam", "name": "", "bias": True, "amsgrad": False}
    yield "version", M["Event"](wall_time=1.5, file_version="brain.Event:2"), {}
    yield "purge", M["Event"](wall_time=2.5, step=300, session_log=M["SessionLog"](status=1)), {}
    for step, number in [(0, 0.25), (1, 0.0), (127, -1.5), (128, float("inf")), (2**40 + 5, 1e-3)]:
        shown = "inf" if number == float("inf") else number
        yield "scalar", summary(3.25, step, M["Value"](tag="train/loss", simple_value=number)), {"step": step, "value": shown}
    yield "histogram", summary(4, 7, M["Value"](tag="weights", histo=histogram(values))), {"step": 7, "values": values.tolist()}
    yield "text", summary(5, 8, M["Value"](tag="notes/text_summary", tensor=strings, metadata=plugin("text"))), {"step": 8, "text": text}
    image = M["Image"](height=2, width=300, colorspace=3, encoded_image_string=png)
    yield "image", summary(6, 9, M["Value"](tag="picture", image=image)), {"step": 9}
    yield "hparams", summary(7, 0, *hparams(given, ["accuracy", "loss"])), {"hparams": given, "metrics": ["accuracy", "loss"]}


def show(path):
    for event in unframed(pathlib.Path(path).read_bytes()):
        print(str(event).replace("\n", " ")[:400])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        show(sys.argv[1])
    else:
        rows = [{"kind": kind, **more, "record": base64.b64encode(framed(event)).decode()} for kind, event, more in cases()]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        FILE.write_text(f'{{"cases":[\n{lines}\n]}}\n')
        print(f"{FILE.name}: {len(rows)} cases")
