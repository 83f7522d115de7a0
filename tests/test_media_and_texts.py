"""Texts without blanks, images of any range, sounds of any coding, and deep folders."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import tifffile
from PIL import Image

import dataperf
from dataperf.media import sounds, survey
from dataperf.media.embed import open_image
from dataperf.reading import writing
from dataperf.reading.columns import describe
from dataperf.reading.read import read

ROWS = 120


def drawn(parts, size, rows=ROWS, join=""):
    choose = random.Random(0)
    return [join.join(choose.choices(parts, k=size)) for _ in range(rows)]


NAMES = ["John", "Mary", "Peter", "Ann", "Lucy", "Tom", "Eva"]
TEXTS = {
    "Chinese": drawn(["早餐难吃", "位置方便", "价格太贵", "推荐给朋友", "，"], 6),
    "Japanese": drawn(["美味しい", "最悪", "このホテルは", "スタッフが", "。"], 6),
    "Thai": drawn(["อาหาร", "อร่อย", "แย่", "โรงแรม", "พนักงาน"], 6),
    "Burmese": drawn(["ကောင်း", "မကောင်း", "ဟိုတယ်"], 9),
    "molecules": drawn(["C", "CC", "c1ccccc1", "O", "C(=O)", "Cl", "[NH3+]"], 8),
    "nucleotides": drawn("ACGT", 30),
    "amino acids": drawn("ACDEFGHIKLMNPQRSTVWY", 40),
    "addresses": [f"https://shop.org/{number}/buy" for number in range(ROWS)],
    "queries": drawn(
        ["cheap", "hotel", "rome", "best", "shoes", "near", "car", "new"], 3, join=" "
    ),
}
CODES = {
    "row 1": [f"row {number}" for number in range(ROWS)],
    "number": [f"Patient No. {number}" for number in range(ROWS)],
    "file": [f"img_{number:04}.png" for number in range(ROWS)],
    "hex": [f"{value:032x}" for value in map(hash, map(str, range(ROWS))) if value > 0],
    "token": drawn("ABCDEFabcdefghij0123456789_-", 20),
    "plate": [f"{a}-{b:03}" for a, b in zip(drawn("ABCDEFG", 3), range(ROWS))],
    "user": drawn("abcdefghijklmnop", 9),
    "mail": [f"{name}{number}@x.org" for number, name in enumerate(drawn(NAMES, 1))],
    "chapter": [f"第{number}号" for number in range(ROWS)],
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_without_blanks_and_short_text_is_text(kind):
    column = describe("x", pd.Series(list(dict.fromkeys(TEXTS[kind]))))
    assert column.kind == "text" and not column.is_id


@pytest.mark.parametrize("kind", CODES)
def test_codes_and_numbered_names_are_ids(kind):
    assert describe("x", pd.Series(CODES[kind])).is_id


def test_repeated_names_of_two_words_are_categories():
    towns = [f"New {name}" for name in NAMES] * 20
    assert describe("x", pd.Series(towns)).kind == "categorical"


@pytest.mark.parametrize("kind", ["Chinese", "Thai", "molecules", "nucleotides", "queries"])
def test_texts_are_compared_by_what_they_share_and_only_equal_ones_are_duplicates(kind):
    texts = TEXTS[kind]
    halves = [text + ("好" if row % 2 else "差") * 3 for row, text in enumerate(texts)]
    labels = np.array(["bad", "good"])[np.arange(ROWS) % 2]
    found = dataperf.audit(
        pd.DataFrame({"t": [*halves, *halves[:5]], "y": [*labels, *labels[:5]]}),
        label="y",
        detectors=["duplicates", "features"],
    )
    copies = pd.Series([*halves, *halves[:5]]).duplicated(keep=False).sum()
    numbers = found.finding("duplicates").numbers
    assert numbers["exact_rows"] == copies and numbers["conflict_rows"] == 0
    assert numbers["near_rows"] <= 0.1 * ROWS
    assert found.finding("features").numbers["identifier"] == 0


def test_long_english_text_is_still_read_word_by_word():
    assert not writing.by_characters(["a text of many words in a row"])
    assert writing.by_characters(["位置方便，推荐给朋友，下次还会再来"])


# Images ----------------------------------------------------------------------------------


def waves(number, rings):
    here = np.random.default_rng(number)
    y, x = np.mgrid[:24, :24] / 24
    wave = np.hypot(x - 0.5, y - 0.5) * 1.5 if rings else x
    return 0.5 + 0.4 * np.sin(wave * here.uniform(2, 4) * 6.28) + 0.05 * here.random((24, 24))


RANGES = {
    "float.tif": (lambda v: v.astype(np.float32), "0 is black and 1 white"),
    "ct.tif": (lambda v: np.float32(v * 2000 - 1000), "898.113 white in all"),
    "signed.tif": (lambda v: np.int16(v * 2000 - 1000), "white in all"),
    "bits12.png": (lambda v: np.uint16(v * 4095), "0 is black and 4,095 white"),
    "bits16.png": (lambda v: np.uint16(v * 65535), "0 is black and 65,535 white"),
    "holes.tif": (lambda v: np.where(v > 0.8, np.nan, v).astype(np.float32), "0 is black and 1"),
}


def folder_of(path, convert, ending):
    for label in (0, 1):
        (path / f"c{label}").mkdir(parents=True)
        for number in range(4):
            values = convert(waves(number + 10 * label, label))
            target = path / f"c{label}" / f"{number}.{ending}"
            if ending == "tif":
                tifffile.imwrite(target, values)
            else:
                Image.fromarray(values).save(target)
    return path


@pytest.mark.parametrize("kind", RANGES)
def test_images_of_any_range_look_as_they_are_and_the_range_is_told(tmp_path, kind):
    convert, words = RANGES[kind]
    usual = read(
        folder_of(tmp_path / "usual", lambda v: np.uint8(v * 255), "png"), embedding="pixels"
    )
    rows = read(folder_of(tmp_path / "own", convert, kind[-3:]), embedding="pixels")
    assert words in dict(rows.notes)["brightness"]
    for row in range(len(rows)):
        one, two = (each.media.image(row).astype(float) for each in (usual, rows))
        filled = one[two > 0].ravel(), two[two > 0].ravel()
        assert np.corrcoef(*filled)[0, 1] > 0.99


def test_dark_images_stay_dark_and_apart(tmp_path):
    for label in (0, 1):
        (tmp_path / f"c{label}").mkdir()
        for number in range(6):
            scale = 255 if number % 2 else 65535
            values = np.uint16(waves(number + 10 * label, label) * scale)
            Image.fromarray(values).save(tmp_path / f"c{label}" / f"{number}.png")
    rows = read(tmp_path, embedding="pixels")
    means = [rows.media.image(row).mean() for row in range(len(rows))]
    assert max(means[1::2]) < 2 < 50 < min(means[::2])
    found = dataperf.audit(tmp_path, embedding="pixels", detectors=["duplicates"])
    assert found.finding("duplicates").numbers["exact_rows"] == 0


def test_an_image_alone_is_read_as_before():
    for kind, expected in ((np.uint16([[0, 65535]]), [0, 255]), (np.uint16([[0, 200]]), [0, 200])):
        file = io.BytesIO()
        Image.fromarray(kind).save(file, "PNG")
        assert open_image(file.getvalue())[0].tolist() == expected


def test_values_that_mark_a_hole_do_not_widen_the_range(tmp_path):
    values = np.float32([[0.0, 0.7, -3.4e38, np.nan]])
    tifffile.imwrite(tmp_path / "t.tif", values)
    seen = survey.survey([tmp_path / "t.tif", tmp_path / "none.png"])
    assert seen.limits == (0.0, 1.0) and seen.wide == 1
    assert open_image(tmp_path / "t.tif", seen.limits)[0].tolist() == [0, 178, 0, 0]


@pytest.mark.parametrize("ending", ["gif", "tif", "webp", "png"])
def test_frames_that_are_not_used_are_told(tmp_path, ending):
    for label in (0, 1):
        (tmp_path / f"c{label}").mkdir()
        for number in range(3):
            frames = [Image.fromarray(np.uint8(waves(n + number, label) * 255)) for n in range(3)]
            target = tmp_path / f"c{label}" / f"{number}.{ending}"
            more = frames[1:] if number else []
            frames[0].save(target, save_all=True, append_images=more)
    rows = read(tmp_path, embedding="pixels")
    assert "several frames or pages in 4 images, such as c0/1" in dict(rows.notes)["frames"]
    assert rows.frame["frames"].tolist() == [1, 3, 3] * 2


@pytest.mark.parametrize("ending", ["jfif", "avif", "jpe", "jp2"])
def test_further_endings_of_images_are_read(tmp_path, ending):
    form = {"avif": "AVIF", "jp2": "JPEG2000"}.get(ending, "JPEG")
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(2):
            with (tmp_path / label / f"{number}.{ending}").open("wb") as file:
                Image.fromarray(np.uint8(waves(number, label == "b") * 255)).convert("RGB").save(
                    file, form
                )
    assert len(read(tmp_path, embedding="pixels")) == 4


# Sounds ----------------------------------------------------------------------------------

TONE = np.sin(np.arange(4000) / 5) * 0.5


def wav(coding="PCM_16", **options):
    file = io.BytesIO()
    soundfile.write(file, TONE, 8000, format="WAV", subtype=coding, **options)
    return file.getvalue()


@pytest.mark.parametrize("coding", ["ALAW", "ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "PCM_24"])
def test_wav_of_every_coding_is_read(coding):
    samples, rate = sounds.open_sound(wav(coding))
    assert rate == 8000 and len(samples) >= len(TONE)
    assert np.corrcoef(samples[1000:4000], TONE[1000:4000])[0, 1] > 0.9


def with_sizes(content, size, whole):
    at = content.index(b"data")
    return (
        content[:4]
        + whole.to_bytes(4, "little")
        + content[8 : at + 4]
        + size.to_bytes(4, "little")
        + content[at + 8 :]
    )


@pytest.mark.parametrize("coding", ["PCM_16", "FLOAT", "ALAW", "ULAW"])
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_piped_wav_is_as_long_as_the_file(tmp_path, coding, size):
    piped = with_sizes(wav(coding), size, 0xFFFFFFFF if size else 0)
    (tmp_path / "t.wav").write_bytes(piped)
    for source in (piped, tmp_path / "t.wav"):
        samples = sounds.open_sound(source)[0]
        assert abs(len(samples) - len(TONE)) <= 8  # bytes after the sound count as sound
        assert np.corrcoef(samples[:4000], TONE)[0, 1] > 0.99


@pytest.mark.parametrize("coding", ["PCM_16", "ALAW"])
def test_wav_that_ends_early_or_has_no_sound_is_refused(coding):
    content = wav(coding)
    with pytest.raises(ValueError, match="ends too early"):
        sounds.open_sound(content[:-1000])
    at = content.index(b"data") + 8
    with pytest.raises(ValueError, match="no samples"):
        sounds.open_sound(with_sizes(content[:at], 0, at - 8))
    for stop in (8, 12, 20, 30):
        with pytest.raises(ValueError):
            sounds.open_sound(content[:stop])


def test_samples_that_a_file_only_claims_take_no_memory():
    file = io.BytesIO()
    soundfile.write(file, TONE, 8000, format="FLAC")
    content = bytearray(file.getvalue())
    content[21] |= 0x0F  # the number of samples: 36 bits
    content[22:26] = b"\xff\xff\xff\xff"
    with pytest.raises((ValueError, RuntimeError)):
        assert len(sounds.open_sound(bytes(content))[0]) > 2**30


# Folders ---------------------------------------------------------------------------------


def test_a_folder_deeper_than_the_system_allows_is_named_and_the_rest_is_read(
    tmp_path, monkeypatch
):
    folder_of(tmp_path / "f", lambda v: np.uint8(v * 255), "png")
    monkeypatch.chdir(tmp_path / "f")
    for _ in range(2100):
        Path("d").mkdir()
        os.chdir("d")
    os.chdir(tmp_path)
    rows = read(tmp_path / "f", embedding="pixels")
    assert len(rows) == 8 and "too long" in rows.skipped[0][1] and len(rows.skipped[0][0]) <= 200
    while (tmp_path / "f" / "d").exists():  # pytest's own clean-up would recurse
        top, inner = tmp_path / "f" / "d", tmp_path / "f" / "next"
        if not (top / "d").exists():
            top.rmdir()
            break
        (top / "d").rename(inner)
        top.rmdir()
        inner.rename(top)
