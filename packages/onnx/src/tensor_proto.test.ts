import { create } from "@bufbuild/protobuf";
import { dtypes, itemSize, typedArrayOver } from "@heddle/tensor";
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType as Type, TensorProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { readModel, writeModel } from "./proto.ts";
import { externalLocation, readTensor, writeTensor } from "./tensor_proto.ts";

const proto = (fields: object) => create(TensorProtoSchema, { name: "w", ...fields });

test.each(dtypes)("%s is written and read again", (dtype) => {
  const data = typedArrayOver(dtype, new ArrayBuffer(6 * itemSize(dtype)), 0, 6);
  for (let i = 0; i < 6; i++) (data as { [i: number]: number | bigint })[i] = dtype === "int64" ? BigInt(i) : i % 2;
  expect(readTensor(writeTensor("w", { dtype, shape: [2, 3], data }))).toEqual({ dtype, shape: [2, 3], data });
});

test("the typed fields are read as well as the bytes", () => {
  const read = (dataType: Type, fields: object) => readTensor(proto({ dataType, dims: [2n], ...fields }));
  expect(read(Type.FLOAT, { floatData: [1.5, -2] }).data).toEqual(Float32Array.of(1.5, -2));
  expect(read(Type.DOUBLE, { doubleData: [1.5, -2] }).data).toEqual(Float64Array.of(1.5, -2));
  expect(read(Type.FLOAT16, { int32Data: [0x3c00, 0xc000] }).data).toEqual(Uint16Array.of(0x3c00, 0xc000));
  expect(read(Type.INT8, { int32Data: [-1, 127] }).data).toEqual(Int8Array.of(-1, 127));
  expect(read(Type.BOOL, { int32Data: [0, 1] })).toEqual({ dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) });
  expect(read(Type.INT64, { int64Data: [2n ** 62n, -1n] }).data).toEqual(BigInt64Array.of(2n ** 62n, -1n));
  expect(read(Type.UINT32, { uint64Data: [2n ** 32n - 1n, 1n] })).toMatchObject({
    dtype: "int64",
    data: BigInt64Array.of(2n ** 32n - 1n, 1n),
  });
});

test("types without a dtype are widened", () => {
  const read = (dataType: Type, dims: number, ...bytes: number[]) =>
    readTensor(proto({ dataType, dims: [BigInt(dims)], rawData: Uint8Array.from(bytes) }));
  expect(read(Type.UINT16, 2, 255, 255, 1, 0)).toMatchObject({ dtype: "int32", data: Int32Array.of(65535, 1) });
  expect(read(Type.UINT32, 1, 0, 0, 0, 128).data).toEqual(BigInt64Array.of(2n ** 31n));
  expect(read(Type.INT4, 3, 0x8f, 0x07).data).toEqual(Int8Array.of(-1, -8, 7));
  expect(read(Type.UINT4, 3, 0x8f, 0x07).data).toEqual(Uint8Array.of(15, 8, 7));
  // the values of the OCP's specification and of ONNX's page "Float stored in 8 bits"
  expect(read(Type.FLOAT8E4M3FN, 4, 0x38, 0x7e, 0x7f, 0x01).data).toEqual(Float32Array.of(1, 448, NaN, 2 ** -9));
  expect(read(Type.FLOAT8E4M3FNUZ, 3, 0x40, 0x7f, 0x80).data).toEqual(Float32Array.of(1, 240, NaN));
  expect(read(Type.FLOAT8E5M2, 4, 0x3c, 0x7b, 0xfc, 0x7f).data).toEqual(Float32Array.of(1, 57344, -Infinity, NaN));
  expect(read(Type.FLOAT8E5M2FNUZ, 3, 0x40, 0x7f, 0x80).data).toEqual(Float32Array.of(1, 57344, NaN));
});

test("elements outside the model are read by offset and length", () => {
  const file = Uint8Array.of(9, 9, 0, 0, 128, 63, 9);
  const outside = (entries: Record<string, string>) =>
    proto({
      dataType: Type.FLOAT,
      dims: [1n],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    });
  const sound = outside({ location: "w.bin", offset: "2", length: "4" });
  expect(externalLocation(sound)).toBe("w.bin");
  expect(readTensor(sound, () => file).data).toEqual(Float32Array.of(1));
  expect(() => readTensor(sound)).toThrow(/"w" is stored in the file "w\.bin" beside the model; pass \{ externalData/);
  expect(() => readTensor(outside({ location: "w.bin", offset: "5" }), () => file)).toThrow(/2 bytes instead of 4/);
  expect(() => readTensor(outside({ location: "w.bin", offset: "5", length: "4" }), () => file)).toThrow(/which has 7/);
  for (const location of ["/etc/passwd", "../w", "a/../../w", "C:\\w", ""]) {
    expect(() => externalLocation(outside({ location })), location).toThrow(/no path within the model's folder/);
  }
});

test("damaged tensors are refused before memory is allocated", () => {
  const read = (fields: object) => () => readTensor(proto(fields));
  expect(read({ dataType: Type.FLOAT, dims: [2n], floatData: [1] })).toThrow(/has 1 elements instead of 2/);
  expect(read({ dataType: Type.FLOAT, dims: [2n ** 40n], rawData: Uint8Array.of(0) })).toThrow(/has 1 bytes instead/);
  expect(read({ dataType: Type.FLOAT, dims: [2n ** 62n, 4n] })).toThrow(/impossible shape/);
  expect(read({ dataType: Type.FLOAT, dims: [-1n] })).toThrow(/impossible shape \[-1\]/);
  expect(read({ dataType: Type.STRING, dims: [] })).toThrow(/holds string, for which there is no dtype/);
  expect(read({ dataType: Type.UINT64, dims: [1n], uint64Data: [2n ** 63n] })).toThrow(/beyond the range of int64/);
});

test("what is no model is named", () => {
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  expect(() => readModel(new Uint8Array(0))).toThrow("importOnnx: the file is empty");
  expect(() => readModel("model.onnx" as never)).toThrow(/got a string; read the file first/);
  expect(() => readModel(bytes("PK\x03\x04aaaaaaa"))).toThrow(/zip archive/);
  expect(() => readModel(bytes("version https://git-lfs.github.com/spec/v1"))).toThrow(/git lfs pull/);
  expect(() => readModel(bytes("<!DOCTYPE html>"))).toThrow(/HTML/);
  expect(() => readModel(writeModel(create(ModelProtoSchema)))).toThrow(/file is empty/);
  expect(() => readModel(writeModel(create(ModelProtoSchema, { irVersion: 8n })))).toThrow(
    "importOnnx: these bytes are no ONNX model: they hold no graph",
  );
  const whole = writeModel(create(ModelProtoSchema, { graph: { name: "g" }, opsetImport: [{ version: 17n }] }));
  expect(readModel(whole).graph!.name).toBe("g");
  const damaged =
    "importOnnx: these bytes are no ONNX model: the file is damaged, cut off or of another kind; get it again, or check its path";
  expect(() => readModel(whole.subarray(0, 3))).toThrow(damaged);
  expect(() => readModel(Uint8Array.of(0x0c, 1, 2, 3))).toThrow(damaged);
});
