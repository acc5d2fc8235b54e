# SPDX-License-Identifier: Apache-2.0
"""OFT in all its forms, as the programs that train it have it: (tensors, configuration, shapes of the base, what each weight
becomes). LyCORIS functional/diag_oft.py and boft.py, PEFT tuners/oft/layer.py (0.13, 0.15, 0.17, 0.18), OneTrainer
modules/module/LoRAModule.py."""

import numpy as np

from merge_numbers import PEFT, numbers

WIDTH = 4


def oft():
    """Diag-OFT, over a convolution with rescale, and where the constraint holds."""
    blocks = {"fc": numbers(3, 4, 4, spread=0.3), "conv": numbers(4, 3, 3, spread=0.3), "tight": numbers(3, 4, 4, spread=3)}
    rescale, alphas = numbers(12, 1, 1, 1), {"fc": 0.0, "conv": 100.0, "tight": 0.125}

    def rotated(module, w):
        b = blocks[module]
        q = b - b.transpose(0, 2, 1)
        limit, length = alphas[module] * 12, np.linalg.norm(q) + 1e-8
        q = q * limit / length if 0 < limit < length else q
        one = np.eye(q.shape[1])
        r = (one + q) @ np.linalg.inv(one - q)
        return np.einsum("knm,kn...->km...", r, w.reshape(q.shape[:2] + w.shape[1:])).reshape(w.shape)
    tensors = {f"lycoris_{m}.oft_blocks": b for m, b in blocks.items()} | {f"lycoris_{m}.alpha": np.float64(a) for m, a in alphas.items()}
    return tensors | {"lycoris_conv.rescale": rescale}, None, {"fc.weight": (12, 10), "conv.weight": (12, 5, 3, 3), "tight.weight": (12, 7)}, {
        "fc.weight": lambda w: rotated("fc", w), "conv.weight": lambda w: rescale * rotated("conv", w),
        "tight.weight": lambda w: rotated("tight", w)}


def cayley(q):
    one = np.eye(q.shape[-1])
    return (one + q) @ np.linalg.inv(one - q)


def boft(strength=1.0):
    """LyCORIS' butterfly as a product of matrices: each stage deals the rows, turns blocks and puts them back."""
    blocks = {"fc": numbers(3, 4, 4, 4, spread=0.3), "conv": numbers(2, 4, 6, 6, spread=0.2), "tight": numbers(2, 2, 4, 4, spread=3)}
    rescale, alphas = numbers(24, 1, 1, 1), {"fc": 0.0, "conv": 50.0, "tight": 0.25}

    def merged(module, w):
        b = blocks[module]
        stages, _, width, _ = b.shape
        rows = len(w)
        q = b - b.transpose(0, 1, 3, 2)
        limit, length = alphas[module] * rows, np.linalg.norm(q) + 1e-8
        r = cayley(q * limit / length if 0 < limit < length else q)
        whole = np.eye(rows)
        for stage in range(stages):
            k = 2 ** stage * width // 2
            dealt = np.eye(rows)[np.arange(rows).reshape(-1, 2, k).transpose(0, 2, 1).ravel()]
            turned = np.zeros((rows, rows))
            for i, block in enumerate(strength * r[stage] + (1 - strength) * np.eye(width)):
                turned[i * width:(i + 1) * width, i * width:(i + 1) * width] = block
            whole = dealt.T @ turned @ dealt @ whole
        return (whole @ w.reshape(rows, -1)).reshape(w.shape)
    tensors = {f"lycoris_{m}.oft_blocks": b for m, b in blocks.items()} | {f"lycoris_{m}.alpha": np.float64(a) for m, a in alphas.items()}
    return tensors | {"lycoris_conv.rescale": rescale}, None, {"fc.weight": (16, 10), "conv.weight": (24, 5, 3, 3), "tight.weight": (8, 7)}, {
        "fc.weight": lambda w: merged("fc", w), "conv.weight": lambda w: rescale * merged("conv", w),
        "tight.weight": lambda w: merged("tight", w)}


def skew(vector):
    matrix = np.zeros((WIDTH, WIDTH))
    matrix[np.triu_indices(WIDTH, 1)] = vector
    return matrix - matrix.T


def projected(matrix, radius):
    """COFT: no longer than its radius."""
    length = np.linalg.norm(matrix)
    return matrix if radius is None or length <= radius else matrix * radius / length


def exact(q):
    return cayley(-q)


def series(q):
    return np.eye(WIDTH) + 2 * q + 2 * q @ q + 2 * q @ q @ q + q @ q @ q @ q


def doubled_series(q):
    return series(q) + q @ q @ q @ q


def diagonal(rotations, size):
    """The blocks, or one block again and again, along the diagonal."""
    blocks = np.zeros((size, size))
    for i in range(size // WIDTH):
        part = slice(WIDTH * i, WIDTH * (i + 1))
        blocks[part, part] = rotations[i % len(rotations)]
    return blocks


SETTINGS = {exact: {"use_cayley_neumann": False, "peft_version": "0.18.0"}, series: {"use_cayley_neumann": True, "peft_version": "0.18.1"},
            doubled_series: {"use_cayley_neumann": True, "peft_version": "0.18.0.dev0"}}


def peft_oft(rotation, shared=False, eps=None, **settings):
    """PEFT's OFTRotationModule: columns rotated, convolutions flattened, embeddings by the rotation itself."""
    vectors = {"fc.oft_R.weight": numbers(1 if shared else 3, 6, spread=0.1), "conv.oft_R.weight": numbers(1 if shared else 9, 6, spread=0.1),
               "embed.oft_embedding_R.weight": numbers(1 if shared else 2, 6, spread=0.1)}
    config = {"peft_type": "OFT", "r": 0, "oft_block_size": WIDTH, "num_cayley_neumann_terms": 5, "coft": eps is not None, "block_share": shared,
              **SETTINGS[rotation], **settings}
    if eps is not None:
        config["eps"] = eps

    def turned(key, w):
        flat = w.reshape(len(w), -1)
        q = vectors[key]
        radius = None if eps is None else eps / np.sqrt(len(q))
        blocks = diagonal([rotation(projected(skew(vector), radius)) for vector in q], flat.shape[1])
        return (flat @ (blocks if "embedding" in key else blocks.T)).reshape(w.shape)
    return ({PEFT + key: q for key, q in vectors.items()}, config, {"fc.weight": (10, 12), "conv.weight": (6, 4, 3, 3), "embed.weight": (15, 8)},
            {key.split(".")[0] + ".weight": (lambda w, key=key: turned(key, w)) for key in vectors})


def peft_oft_series():
    return peft_oft(series)


def peft_oft_doubled():
    """Before PEFT 0.18, which is when configurations began to name the version."""
    return peft_oft(doubled_series, peft_version=None)


def peft_oft_exact():
    return peft_oft(exact)


def peft_oft_shared():
    return peft_oft(series, shared=True)


def peft_coft():
    """Some blocks are longer than the radius, some are not."""
    return peft_oft(exact, eps=0.55)


def old_peft_oft(columns, eps=None):
    """PEFT up to 0.13: rows by R^T. 0.14 and 0.15: columns, then rows by oft_s. Q is half of B - B^T in both."""
    blocks = numbers(3, WIDTH, WIDTH, spread=0.4)
    shape = (10, 12) if columns else (12, 10)
    scales = numbers(10, 1)
    side = np.ceil(10 / 3) if columns else WIDTH
    radius = None if eps is None else eps * side * side / np.sqrt(3)
    config = {"peft_type": "OFT", "r": 3, "coft": eps is not None, "block_share": False, **({"oft_block_size": 0} if columns else {})}
    if eps is not None:
        config["eps"] = eps

    def merged(w):
        halves = [projected(b, radius) for b in blocks]
        turned = diagonal([exact(0.5 * (b - b.T)) for b in halves], 12)
        return (turned @ w.T).T * scales if columns else (w.T @ turned).T
    return ({PEFT + "fc.oft_r": blocks, **({PEFT + "fc.oft_s": scales} if columns else {})}, config, {"fc.weight": shape}, {"fc.weight": merged})


def peft_oft_rows():
    return old_peft_oft(False)


def peft_oft_columns():
    return old_peft_oft(True)


def peft_coft_rows():
    return old_peft_oft(False, eps=0.15)


def peft_coft_columns():
    return old_peft_oft(True, eps=0.15)


def onetrainer_oft():
    """The series of five terms, one block for all of the second module; kernels by the rotation itself."""
    q, k = numbers(3, 6, spread=0.1), numbers(1, 6, spread=0.1)
    return ({"lora_unet_fc.oft_R.weight": q, "lora_unet_conv.oft_R.weight": k}, None, {"fc.weight": (10, 12), "conv.weight": (6, 4, 3, 3)},
            {"fc.weight": lambda w: w @ diagonal([series(skew(v)) for v in q], 12).T,
             "conv.weight": lambda w: (w.reshape(6, -1) @ diagonal([series(skew(v)) for v in k], 36)).reshape(w.shape)})


ROTATIONS = [oft, boft, peft_oft_series, peft_oft_doubled, peft_oft_exact, peft_oft_shared, peft_coft, peft_oft_rows, peft_oft_columns,
             peft_coft_rows, peft_coft_columns, onetrainer_oft]
