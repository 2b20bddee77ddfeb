"""Records picture files and what Pillow decodes them to: `/usr/bin/python3 tools/oracle/image_files.py`.

Not part of record.py, since the results are not PyTorch's but those of Debian's `python3-pil` (9.4, on libjpeg-turbo 2.1) and NumPy.
Every PNG is written here, byte by byte, so that all kinds occur; the pixels are known, and Pillow is compared with them
where it keeps the depth.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "images" / "files.json"

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
SIZES = [(1, 1), (1, 7), (3, 5), (5, 2), (8, 8), (9, 13)]

random = np.random.RandomState(5)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def filtered(samples, depth):
    """Rows of a picture or a pass, each behind a filter drawn at random."""
    height = samples.shape[0]
    if depth == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif depth == 8:
        rows = samples.astype(np.uint8).reshape(height, -1)
    else:
        bits = samples.reshape(height, -1, 1) >> np.arange(depth - 1, -1, -1) & 1
        rows = np.packbits(bits.astype(np.uint8).reshape(height, -1), axis=1)
    rows = rows.astype(int)
    step = max(1, samples.shape[2] * depth // 8)
    out = b""
    above = np.zeros_like(rows[0])
    for row in rows:
        shifted = lambda line: np.concatenate([np.zeros(step, int), line])[: len(line)]
        left, above_left = shifted(row), shifted(above)
        guess = left + above - above_left
        a, b, c = abs(guess - left), abs(guess - above), abs(guess - above_left)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, above_left))
        kind = random.randint(5)
        less = [0, left, above, (left + above) // 2, paeth][kind]
        out += bytes([kind]) + ((row - less) % 256).astype(np.uint8).tobytes()
        above = row
    return out


def png(colour, depth, interlaced, transparent, width, height):
    """A file and its pixels, [height, width, channels]."""
    colours = min(2**depth, 200)
    shape = (height, width, SAMPLES[colour])
    samples = random.randint(0, colours if colour == 3 else 2**depth, size=shape)
    passes = PASSES if interlaced else [(0, 0, 1, 1)]
    parts = [samples[top::down, left::across] for left, top, across, down in passes]
    data = zlib.compress(b"".join(filtered(part, depth) for part in parts if part.size), random.randint(10))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    chunks = [chunk(b"IHDR", header), chunk(b"tEXt", b"a\0b")]
    if colour == 3:
        palette = random.randint(0, 256, size=(colours, 3))
        pixels = palette[samples[..., 0]]
        chunks.append(chunk(b"PLTE", bytes(palette.ravel().tolist())))
        if transparent:
            opacity = np.full(colours, 255)
            opacity[: colours - 1] = random.randint(0, 256, size=colours - 1)
            pixels = np.concatenate([pixels, opacity[samples]], axis=2)
            chunks.append(chunk(b"tRNS", bytes(opacity[: colours - 1].tolist())))
    else:
        pixels = samples >> 8 if depth == 16 else samples * (255 // (2**depth - 1))
        if transparent:
            chunks.append(chunk(b"tRNS", bytes(2 * SAMPLES[colour])))
    cut = len(data) // 3
    chunks += [chunk(b"IDAT", part) for part in (data[:cut], b"", data[cut:])] + [chunk(b"IEND", b"")]
    file = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    image = Image.open(io.BytesIO(file))
    mode = {0: "L", 2: "RGB", 3: "RGBA" if transparent else "RGB", 4: "LA", 6: "RGBA"}[colour]
    if not (colour == 0 and depth == 16):  # which Pillow clips instead
        assert (np.asarray(image.convert(mode)).reshape(pixels.shape) == pixels).all(), (colour, depth, interlaced)
    return file, pixels


def smooth(height, width, channels):
    """A picture like a photograph: gradients with some noise."""
    coarse = (random.rand(height // 6 + 2, width // 6 + 2, channels) * 255).astype(np.uint8)
    planes = [Image.fromarray(coarse[..., c]).resize((width, height), Image.BICUBIC) for c in range(channels)]
    noisy = np.stack([np.asarray(plane) for plane in planes], 2) + random.randint(-12, 13, size=(height, width, channels))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def decoded(file):
    image = Image.open(io.BytesIO(file))
    pixels = np.asarray(image.convert("RGB") if image.mode == "CMYK" else image)
    return pixels.reshape(*pixels.shape[:2], -1)


def jpeg(mode, width, height, **options):
    pixels = smooth(height, width, {"L": 1, "RGB": 3, "CMYK": 4}[mode])
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode).save(out, "JPEG", **options)
    return out.getvalue()


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def flat_blocks(width, height, sampling, restart=0, apart=False, adobe=None, ids=(1, 2, 3, 4)):
    """A baseline file whose blocks are of one value each: for samplings, restarts and scans that Pillow does not write."""
    out = b"\xff\xd8"
    if adobe is not None:
        out += segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([adobe]))
    out += segment(0xDB, bytes([0]) + bytes([16] * 64))
    parts = [(ids[i], h, v) for i, (h, v) in enumerate(sampling)]
    frame = struct.pack(">BHHB", 8, height, width, len(parts))
    out += segment(0xC0, frame + b"".join(bytes([i, h * 16 + v, 0]) for i, h, v in parts))
    # First coefficients: 16 codes of 4 bits less one, which may not be; others: the end of the block in one bit.
    out += segment(0xC4, bytes([0x00] + [0] * 3 + [12] + [0] * 12) + bytes(range(12)))
    out += segment(0xC4, bytes([0x10] + [1] + [0] * 15) + bytes([0]))
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    widest, highest = max(h for _, h, _ in parts), max(v for _, _, v in parts)
    for scan in [[part] for part in parts] if apart or len(parts) == 1 else [parts]:
        out += segment(0xDA, bytes([len(scan)]) + b"".join(bytes([i, 0]) for i, _, _ in scan) + bytes([0, 63, 0]))
        if len(scan) == 1:
            _, h, v = scan[0]
            size = -(-(-(-width * h // widest)) // 8), -(-(-(-height * v // highest)) // 8)
            blocks = [1]
        else:
            size = -(-width // (8 * widest)), -(-height // (8 * highest))
            blocks = [h * v for _, h, v in scan]
        bits, done, units = "", 0, size[0] * size[1]
        previous = [0] * len(scan)
        for unit in range(units):
            for part, count in enumerate(blocks):
                for _ in range(count):
                    value = random.randint(-60, 61)
                    step, previous[part] = value - previous[part], value
                    length = int(abs(step)).bit_length()
                    bits += format(length, "04b")
                    bits += format(step if step > 0 else step + 2**length - 1, f"0{length}b") if length else ""
                    bits += "0"
            if unit + 1 == units or (restart and (unit + 1) % restart == 0):
                bits += "1" * (-len(bits) % 8)
                coded = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
                out += coded.replace(b"\xff", b"\xff\0")
                bits, previous = "", [0] * len(scan)
                if unit + 1 < units:
                    out += bytes([0xFF, 0xD0 + done % 8])
                    done += 1
    return out + b"\xff\xd9"


def cases():
    for colour, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (0, 1):
                for width, height in SIZES:
                    for transparent in (0, 1) if colour in (0, 2, 3) and (width, height) == (9, 13) else (0,):
                        name = f"png, colour type {colour}, {depth} bits, {width}x{height}"
                        name += ", interlaced" * interlaced + ", tRNS" * transparent
                        yield name, *png(colour, depth, interlaced, transparent, width, height)
    for width, height in [(1, 1), (2, 3), (5, 4), (17, 9), (33, 26)]:
        for progressive in (False, True):
            for subsampling in (0, 1, 2):
                options = {"quality": 80, "progressive": progressive, "subsampling": subsampling}
                file = jpeg("RGB", width, height, **options)
                yield f"jpeg, {width}x{height}, {options}", file, decoded(file)
            for mode in ("L", "CMYK"):
                options = {"quality": 60, "progressive": progressive, "optimize": True}
                file = jpeg(mode, width, height, **options)
                yield f"jpeg, {mode}, {width}x{height}, {options}", file, decoded(file)
    for sampling in [
        [(1, 1)], [(2, 2)], [(1, 1)] * 3, [(1, 2), (1, 1), (1, 1)], [(4, 1), (1, 1), (1, 1)], [(2, 2), (1, 2), (2, 1)],
        [(1, 4), (1, 1), (1, 2)], [(1, 1), (2, 2), (1, 1)], [(2, 1)] * 3,
    ]:
        for restart, apart in [(0, False), (1, False), (3, True)]:
            name = f"jpeg, sampling {sampling}, restart {restart}" + ", scans apart" * apart
            file = flat_blocks(37, 29, sampling, restart, apart)
            yield name, file, decoded(file)
    for name, options in {
        "Adobe's RGB": {"sampling": [(1, 1)] * 3, "adobe": 0},
        "RGB by its components' names": {"sampling": [(1, 1)] * 3, "ids": b"RGB"},
        "Adobe's YCCK": {"sampling": [(2, 2), (1, 1), (1, 1), (2, 2)], "adobe": 2},
        "CMYK": {"sampling": [(1, 1)] * 4},
    }.items():
        file = flat_blocks(19, 11, **options)
        yield f"jpeg, {name}", file, decoded(file)


def turned():
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = jpeg("RGB", 17, 9, quality=80, exif=exif.tobytes())
        pixels = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
        yield f"orientation {orientation}", file, pixels


def case(name, file, pixels):
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0).astype(np.uint8))
    text = lambda data: base64.b64encode(data).decode()
    return json.dumps({"name": name, "file": text(file), "shape": planes.shape, "data": text(planes.tobytes())})


def write():
    FILE.parent.mkdir(parents=True, exist_ok=True)
    as_stored, as_turned = (",\n".join(case(*each) for each in group()) for group in (cases, turned))
    FILE.write_text(f'{{"cases": [\n{as_stored}\n], "turned": [\n{as_turned}\n]}}\n')


if __name__ == "__main__":
    write()
