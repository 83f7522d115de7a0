#!/usr/bin/env python3
"""Make deterministic data sets in the file formats of the four DataPerf challenges.

    python make_inputs.py --scale small --out DIR          (conformance set, < 20 MB)
    python make_inputs.py --scale full  --out DIR          (realistic sizes, for timing)
    python make_inputs.py --scale small --out DIR --only speech,vision

Needs numpy, pyarrow and PyYAML only.  All randomness is numpy.random.RandomState with fixed
seeds (legacy generator: frozen, the same on every numpy version), in a fixed order.
Every embedding value of the small set is a multiple of 1/16 with a small magnitude, so
it is exact in float16/32/64 and the parquet files compress well.  The bytes of a parquet
file depend on the pyarrow version; its content does not (MANIFEST.json has a digest of
the decoded content of every file).

Layout of DIR
    speech/dataperf_{en,id,pt}_data/{train,eval}_embeddings/WORD.parquet
    speech/dataperf_{en,id,pt}_data/{allowed_training_set,eval}.yaml
    speech/submissions/NAME/{lang}_{25,60}_train.json
    vision/data/embeddings/train_emb_256_dataperf.parquet
    vision/data/test_sets/alpha_test_set_{Cupcake,Hawk,Sushi}_256.parquet
    vision/data/train_sets/NAME/{Cupcake,Hawk,Sushi}.csv
    debugging/embeddings/{id}_{train_0.3_N,test_N,val_N}.parquet
    debugging/data/dataset_{id}_train.csv
    debugging/submissions/{id}_{method}.txt (+ time_{id}_{method}.txt)
    debugging/cases/NAME/{id}_{method}.txt           (malformed and hostile ones)
    debugging/task_setup.yml
    acquisition/features/{k}/{i}.csv
    acquisition/marketinfo/{k}/{data_buyer/20.csv,price/*.txt,sellerid.txt,summary/*}
    acquisition/submission/NAME/{k}.csv
"""

import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import yaml

# ------------------------------------------------------------------ helpers


def quantize(x, step=1 / 16, lo=0.0, hi=4.0):
    """Round half to even on a grid that every float type represents exactly."""
    q = np.clip(np.rint(x / step), lo / step, hi / step) * step
    return (q + 0.0).astype(np.float32)  # + 0.0: no negative zeros


def finish(x, scale):
    """Return quantized values for the small set, plain float32 for the full set."""
    return quantize(x) if scale == "small" else np.maximum(x, 0).astype(np.float32)


def list_array(x):
    x = np.ascontiguousarray(x, dtype=np.float32)
    n, d = x.shape
    offsets = pa.array(np.arange(0, (n + 1) * d, d, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(x.ravel()))


def write_parquet(path, columns):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.table(columns),
        path,
        compression="snappy",
        version="1.0",
        data_page_version="1.0",
        use_dictionary=True,
        store_schema=False,
    )


def hex_ids(rng, n, digits=16):
    """Return n distinct hex strings, like the ImageIDs of Open Images; never all digits."""
    out, seen = [], set()
    while len(out) < n:
        s = "".join("0123456789abcdef"[i] for i in rng.randint(0, 16, digits))
        if s not in seen and any(c in "abcdf" for c in s):
            seen.add(s)
            out.append(s)
    return out


def dump_json(path, obj):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(obj, sort_keys=True, indent=4))


def yaml_ids(path, targets, nontargets):
    """Write a list of ids as create_experiment.py does."""
    with open(path, "w") as f:
        yaml.dump(
            dict(targets=targets, nontargets=nontargets),
            f,
            default_flow_style=None,
            sort_keys=False,
        )


# ------------------------------------------------------------------ speech

SPEECH = {
    # target order here is the order in the yaml files: NOT sorted, as a set's would be
    "en": dict(
        seed=101,
        targets=["restaurant", "job", "fifty", "route", "episode"],
        train=[900, 400, 1800, 700, 1200],
        eval=[210, 96, 420, 160, 280],
    ),
    "id": dict(
        seed=102,
        targets=["sangat", "karena", "belajar", "bahasa", "kemarin"],
        train=[520, 610, 300, 450, 340],
        eval=[120, 140, 70, 104, 80],
    ),
    "pt": dict(
        seed=103,
        targets=["tempo", "pessoas", "camisa", "grupo", "andando"],
        train=[800, 1500, 420, 960, 380],
        eval=[180, 340, 98, 220, 90],
    ),
}
SPEECH_DIM = 1024
LATENT = 20


def make_speech(out, scale):
    small = scale == "small"
    n_known, n_unknown = (12, 12) if small else (100, 100)
    per_train, per_eval_known, per_eval_unknown = (6, 6, 10) if small else (100, 100, 200)
    for lang, spec in SPEECH.items():
        rng = np.random.RandomState(spec["seed"])
        d = out / "speech" / f"dataperf_{lang}_data"
        proj = rng.normal(0, 1, (LATENT, SPEECH_DIM)) / np.sqrt(LATENT)
        bias = rng.normal(-0.35, 0.3, SPEECH_DIM)

        def embed(z):
            x = z @ proj + bias + 0.25 * rng.normal(0, 1, (len(z), SPEECH_DIM))
            return finish(x, scale)

        serial = [rng.randint(17000000, 18000000)]

        def clip_ids(word, n):
            ids = []
            for _ in range(n):
                serial[0] += int(rng.randint(1, 40))
                ids.append(f"{word}/common_voice_{lang}_{serial[0]}.wav")
            return ids

        centres = {}
        for w in spec["targets"]:
            centres[w] = rng.normal(0, 1.0, LATENT)
        syll = [
            "ba",
            "do",
            "ke",
            "li",
            "mu",
            "ra",
            "so",
            "te",
            "vi",
            "nã" if lang == "pt" else "na",
        ]
        words = []
        while len(words) < n_known + n_unknown:
            w = "".join(syll[i] for i in rng.randint(0, len(syll), 3))
            if w not in words and w not in centres:
                words.append(w)
        for j, w in enumerate(words):
            # every 4th nontarget word sounds like a target
            if j % 4 == 0:
                t = spec["targets"][int(rng.randint(0, 5))]
                centres[w] = centres[t] + 0.75 * rng.normal(0, 1.0, LATENT)
            else:
                centres[w] = rng.normal(0, 1.0, LATENT)

        def sample(word, n, dirty):
            """n latent rows; a share `dirty` is mis-cut or wrong (taken from anywhere)"""
            z = centres[word] + 0.62 * rng.normal(0, 1, (n, LATENT))
            bad = rng.random_sample(n) < dirty
            z[bad] = 0.9 * rng.normal(0, 1, (int(bad.sum()), LATENT))
            return z, bad

        allowed_t, eval_t, goodness = {}, {}, {}
        for i, w in enumerate(spec["targets"]):
            ntr = max(40, spec["train"][i] // 20) if small else spec["train"][i]
            nev = max(12, spec["eval"][i] // 12) if small else spec["eval"][i]
            for part, n, dirty in (("train", ntr, 0.18), ("eval", nev, 0.05)):
                z, bad = sample(w, n, dirty)
                ids = clip_ids(w, n)
                order = rng.permutation(n)  # parquet order differs from the id lists'
                x = embed(z)
                write_parquet(
                    d / f"{part}_embeddings" / f"{w}.parquet",
                    dict(
                        clip_id=pa.array([ids[k] for k in order]),
                        mswc_embedding_vector=list_array(x[order]),
                    ),
                )
                if part == "train":
                    allowed_t[w] = ids
                    dist = np.linalg.norm(z - centres[w], axis=1)
                    for k in range(n):
                        goodness[ids[k]] = (float(dist[k]), bool(bad[k]))
                else:
                    eval_t[w] = ids
        allowed_n, eval_n = [], []
        for j, w in enumerate(words):
            if j < n_known:
                ids = clip_ids(w, per_train + per_eval_known)
                z, _ = sample(w, len(ids), 0.0)
                x = embed(z)
                a, b = ids[:per_train], ids[per_train:]
                write_parquet(
                    d / "train_embeddings" / f"{w}.parquet",
                    dict(clip_id=pa.array(a), mswc_embedding_vector=list_array(x[:per_train])),
                )
                write_parquet(
                    d / "eval_embeddings" / f"{w}.parquet",
                    dict(clip_id=pa.array(b), mswc_embedding_vector=list_array(x[per_train:])),
                )
                allowed_n += a
                eval_n += b
            else:
                ids = clip_ids(w, per_eval_unknown)
                z, _ = sample(w, len(ids), 0.0)
                write_parquet(
                    d / "eval_embeddings" / f"{w}.parquet",
                    dict(clip_id=pa.array(ids), mswc_embedding_vector=list_array(embed(z))),
                )
                eval_n += ids
        yaml_ids(d / "allowed_training_set.yaml", allowed_t, allowed_n)
        yaml_ids(d / "eval.yaml", eval_t, eval_n)
        speech_submissions(out, lang, spec, allowed_t, allowed_n, goodness)
    speech_cases(out)


def speech_submissions(out, lang, spec, allowed_t, allowed_n, goodness):
    def save(name, size, targets, nontargets):
        dump_json(
            out / "speech" / "submissions" / name / f"{lang}_{size}_train.json",
            dict(targets=targets, nontargets=nontargets),
        )

    for size in (25, 60):
        rng = np.random.RandomState(spec["seed"] * 100 + size)

        def pick(ids, n):
            return [ids[i] for i in rng.choice(len(ids), n, replace=False)]

        # 1 random, evenly balanced over the six classes
        per = size // 6
        save("random", size, {t: pick(v, per) for t, v in allowed_t.items()}, pick(allowed_n, per))
        # 2 clean: of the samples nearest to the class centre; 40 % nontargets of many words
        per, nn = int(size * 0.6) // 5, int(size * 0.4)
        best = {
            t: sorted(v, key=lambda i: goodness[i])[: max(4 * per, 8)] for t, v in allowed_t.items()
        }
        save("clean", size, {t: pick(v, per) for t, v in best.items()}, pick(allowed_n, nn))
        # 3 noisy: half of each target's picks are bad samples
        bad = {t: [i for i in v if goodness[i][1]] for t, v in allowed_t.items()}
        tt = {}
        for t, v in allowed_t.items():
            k = min(per // 2, len(bad[t]))
            good = [i for i in v if not goodness[i][1]]
            tt[t] = pick(bad[t], k) + pick(good, per - k)
        save("noisy", size, tt, pick(allowed_n, nn))
        # 4 skewed: many nontargets, uneven targets, fewer than the cap
        sizes = [3, 1, 2, 4, 2] if size == 25 else [8, 2, 5, 9, 4]
        save(
            "skewed",
            size,
            {t: pick(v, k) for (t, v), k in zip(allowed_t.items(), sizes)},
            pick(allowed_n, size // 2 - 1),
        )


def speech_cases(out):
    """Malformed and hostile submissions, en_25 only; each NAME has one file."""
    base_dir = out / "speech" / "submissions"
    d = out / "speech" / "dataperf_en_data"
    good = json.loads((base_dir / "clean" / "en_25_train.json").read_text())
    other = json.loads((base_dir / "random" / "en_25_train.json").read_text())
    c = out / "speech" / "cases"

    def clone():
        return json.loads(json.dumps(good))

    def save(name, obj, raw=None, sort=True):
        p = c / name / "en_25_train.json"
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(raw if raw is not None else json.dumps(obj, sort_keys=sort, indent=1))

    names = sorted(good["targets"])
    first, last = names[0], names[-1]
    save("baseline", good)
    # order of keys / of ids
    o = clone()
    o["targets"] = {k: o["targets"][k] for k in reversed(names)}
    save("target_keys_reversed", o, sort=False)
    o = clone()
    o["targets"] = {k: list(reversed(v)) for k, v in o["targets"].items()}
    save("target_ids_reversed", o)
    o = clone()
    o["nontargets"] = list(reversed(o["nontargets"]))
    save("nontargets_reversed", o)
    # duplicates
    o = clone()
    o["targets"][first] = [o["targets"][first][0]] * len(o["targets"][first])
    save("target_ids_duplicated", o)
    o = clone()
    o["targets"][first] = o["targets"][first][:1]
    save("target_ids_deduplicated", o)
    o = clone()
    o["nontargets"] = [o["nontargets"][0]] * len(o["nontargets"])
    save("nontargets_duplicated", o)
    o = clone()
    o["nontargets"] = o["nontargets"][:1]
    save("nontargets_one", o)
    # classes
    o = clone()
    del o["targets"][first]
    save("first_target_key_missing", o)
    o = clone()
    del o["targets"][last]
    save("last_target_key_missing", o)
    o = clone()
    o["targets"][first] = []
    save("first_target_empty", o)
    o = clone()
    o["targets"] = {k: v[:1] for k, v in o["targets"].items()}
    o["nontargets"] = o["nontargets"][:1]
    save("one_sample_per_class", o)
    o = clone()
    o["targets"] = {first: o["targets"][first], last: []}
    save("only_one_target_with_samples", o)
    o = clone()
    o["nontargets"] = []
    save("nontargets_empty", o)
    o = clone()
    o["targets"] = {k: [] for k in names}
    save("all_targets_empty", o)
    o = clone()
    o["targets"] = {}
    save("targets_empty_dict", o)
    # validation
    o = clone()
    o["nontargets"] = o["nontargets"] + other["nontargets"] * 2
    save("oversize", o)
    o = clone()
    o["targets"][first][0] = first + "/common_voice_en_1.wav"
    save("unknown_target_id", o)
    o = clone()
    o["nontargets"][0] = "zzz/common_voice_en_1.wav"
    save("unknown_nontarget_id", o)
    o = clone()
    o["targets"][first][0] = o["targets"][last][0]
    save("id_of_other_target", o)
    o = clone()
    o["nontargets"][0] = o["targets"][last][0]
    save("target_id_as_nontarget", o)
    o = clone()
    o["targets"][last][0] = o["nontargets"][0]
    save("nontarget_id_as_target", o)
    o = clone()
    o["targets"]["banana"] = []
    save("unknown_target_key_empty", o)
    evid = pq.read_table(d / "eval_embeddings" / f"{first}.parquet")["clip_id"][0].as_py()
    o = clone()
    o["targets"][first][0] = evid
    save("eval_id_in_train", o)
    # shapes
    o = clone()
    o["targets"][first] = {i: 1 for i in o["targets"][first]}
    save("target_ids_as_object", o)
    o = clone()
    o["targets"][first] = o["targets"][first][0]
    save("target_ids_as_string", o)
    o = clone()
    o["targets"][first] = None
    save("target_ids_null", o)
    o = clone()
    o["targets"][first] = [[i] for i in o["targets"][first]]
    save("target_ids_nested", o)
    o = clone()
    o["targets"][first][0] = 5
    save("target_id_number", o)
    o = clone()
    del o["nontargets"]
    save("nontargets_key_missing", o)
    o = clone()
    del o["targets"]
    save("targets_key_missing", o)
    o = clone()
    o["comment"] = "extra key"
    save("extra_top_level_key", o)
    save("not_json", None, raw=json.dumps(good)[:-5])
    save("empty_file", None, raw="")
    txt = json.dumps(good)
    save(
        "duplicate_json_key",
        None,
        raw=txt[:-1] + ', "nontargets": ' + json.dumps(other["nontargets"]) + "}",
    )
    save("utf8_bom", None, raw="\ufeff" + txt)


# ------------------------------------------------------------------ vision selection

VISION_TESTS = {"Cupcake": (137, 69), "Hawk": (145, 101), "Sushi": (162, 107)}  # rows, positives
VISION_DIM = 256


def make_vision(out, scale):
    small = scale == "small"
    n_pool = 1500 if small else 50000
    rng = np.random.RandomState(201)
    k = 16
    proj = rng.normal(0, 1, (k, VISION_DIM)) / np.sqrt(k)
    bias = rng.normal(-0.2, 0.2, VISION_DIM)

    def embed(z):
        return finish(z @ proj + bias + 0.55 * rng.normal(0, 1, (len(z), VISION_DIM)), scale)

    concept = {t: 1.15 * rng.normal(0, 1, k) for t in VISION_TESTS}
    # 0 background, 1..3 the concepts, 4..6 look-alikes of the concepts
    kinds = rng.choice(7, n_pool, p=[0.55, 0.08, 0.08, 0.08, 0.07, 0.07, 0.07])

    def latent(kinds):
        z = rng.normal(0, 1.0, (len(kinds), k))
        for i, t in enumerate(VISION_TESTS):
            z[kinds == i + 1] = concept[t] + 0.75 * rng.normal(
                0, 1, (int((kinds == i + 1).sum()), k)
            )
            z[kinds == i + 4] = 0.55 * concept[t] + 0.85 * rng.normal(
                0, 1, (int((kinds == i + 4).sum()), k)
            )
        return z

    ids = hex_ids(rng, n_pool)
    pool = embed(latent(kinds))
    root = out / "vision" / "data"
    write_parquet(
        root / "embeddings" / "train_emb_256_dataperf.parquet",
        dict(ImageID=pa.array(ids), embedding=list_array(pool)),
    )
    for i, (t, (n, pos)) in enumerate(VISION_TESTS.items()):
        kk = np.array([i + 1] * pos + [0] * ((n - pos) // 3) + [i + 4] * (n - pos - (n - pos) // 3))
        kk = kk[rng.permutation(n)]
        write_parquet(
            root / "test_sets" / f"alpha_test_set_{t}_256.parquet",
            dict(
                ImageID=pa.array(hex_ids(rng, n)),
                Confidence=pa.array(["1" if v == i + 1 else "0" for v in kk]),
                embedding=list_array(embed(latent(kk))),
            ),
        )
        # an example set as shipped (20 known positives)
        known = [ids[j] for j in np.flatnonzero(kinds == i + 1)[:20]]
        (root / "examples").mkdir(parents=True, exist_ok=True)
        with open(root / "examples" / f"alpha_example_set_{t}.csv", "w", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(["LabelName", "ImageID", "Confidence", "OriginalURL", "DisplayName"])
            for s in known:
                w.writerow(["/m/0", s, 1, f"https://example.invalid/{s}.jpg", t])

    def save(name, task, rows, header=("ImageID", "Confidence"), raw=None):
        p = root / "train_sets" / name / f"{task}.csv"
        p.parent.mkdir(parents=True, exist_ok=True)
        if raw is not None:
            p.write_text(raw)
            return
        with open(p, "w", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(header)
            w.writerows(rows)

    base = {}
    for i, t in enumerate(VISION_TESTS):
        r = np.random.RandomState(2100 + i)
        is_pos = kinds == i + 1
        pos, neg = np.flatnonzero(is_pos), np.flatnonzero(~is_pos)
        alike = np.flatnonzero(kinds == i + 4)

        def take(idx, n):
            return [int(v) for v in r.choice(idx, n, replace=False)]

        # random images, random labels: as the shipped random_500.csv
        sel = take(np.arange(n_pool), 500)
        rnd = sorted((ids[j], int(v)) for j, v in zip(sel, r.randint(0, 2, 500)))
        save("random_labels", t, rnd)
        # random images, true labels (class balance of the pool)
        sel = take(np.arange(n_pool), 400)
        true = [(ids[j], int(is_pos[j])) for j in sel]
        save("random_true", t, true)
        # balanced, true labels, hard negatives
        m = min(100, len(pos) - 5)
        sel = take(pos, m) + take(alike, m // 2) + take(neg, m // 2)
        bal = [(ids[j], int(is_pos[j])) for j in sel]
        bal = [bal[j] for j in r.permutation(len(bal))]
        save("balanced", t, bal)
        # balanced with 25 % of the labels flipped
        fl = r.random_sample(len(bal)) < 0.25
        save("flipped25", t, [(a, 1 - b if f else b) for (a, b), f in zip(bal, fl)])
        # ten images
        few = [(ids[j], 1) for j in take(pos, 5)] + [(ids[j], 0) for j in take(neg, 5)]
        save("ten", t, few)
        base[t] = (bal, few, pos, neg, is_pos)

    # ---- cases: Cupcake differs, Hawk and Sushi are the `balanced` files
    bal, few, pos, neg, is_pos = base["Cupcake"]

    def case(name, rows, **kw):
        save("cases/" + name, "Cupcake", rows, **kw)

    case("baseline", bal)
    case("rows_reversed", list(reversed(bal)))
    case("rows_doubled", bal + bal)
    case("one_positive_x50", bal + [next(r for r in bal if r[1] == 1)] * 50)
    case("same_id_both_labels", bal + [(bal[0][0], 1 - bal[0][1])])
    case("unknown_ids_added", bal + [("ffffffffffffffff", 1), ("nosuchimage", 0)])
    case("only_unknown_ids", [("ffffffffffffffff", 1), ("nosuchimage", 0)])
    case("one_class", [r for r in bal if r[1] == 1])
    case("empty", [])
    case("label_2_added", bal + [(ids[int(neg[0])], 2)])
    case("label_float", [(a, f"{b}.0") for a, b in bal])
    case("label_words", [(a, "true" if b else "false") for a, b in bal])
    case("label_blank_added", bal + [(ids[int(neg[0])], "")])
    case("label_padded", [(a, f" {b}") for a, b in bal])
    case("id_padded", [(f" {a}", b) for a, b in bal])
    case("id_upper", [(a.upper(), b) for a, b in bal])
    case("columns_swapped", [(b, a) for a, b in bal], header=("Confidence", "ImageID"))
    case("extra_column", [(a, b, 7) for a, b in bal], header=("ImageID", "Confidence", "weight"))
    case(
        "embedding_column",
        [(a, b, 7) for a, b in bal],
        header=("ImageID", "Confidence", "embedding"),
    )
    case("lower_case_header", bal, header=("imageid", "confidence"))
    case("padded_header", bal, header=("ImageID", " Confidence"))
    case("no_header", bal[1:], header=bal[0])
    case(
        "short_rows",
        None,
        raw="ImageID,Confidence\n"
        + "".join(f"{a},{b}\n" for a, b in bal)
        + ids[int(neg[1])]
        + "\n",
    )
    case("long_rows", None, raw="ImageID,Confidence\n" + "".join(f"{a},{b},x\n" for a, b in bal))
    case("crlf", None, raw="ImageID,Confidence\r\n" + "".join(f"{a},{b}\r\n" for a, b in bal))
    case("bom", None, raw="\ufeffImageID,Confidence\n" + "".join(f"{a},{b}\n" for a, b in bal))
    case("quoted", None, raw='"ImageID","Confidence"\n' + "".join(f'"{a}","{b}"\n' for a, b in bal))
    case(
        "blank_lines",
        None,
        raw="ImageID,Confidence\n\n" + "\n\n".join(f"{a},{b}" for a, b in bal) + "\n\n",
    )
    case("whole_pool_true_labels", [(s, int(p)) for s, p in zip(ids, is_pos)])


# ------------------------------------------------------------------ debugging

DEBUG_IDS = [
    "01g317-flipped",
    "04hgtk-flipped",
    "04rky-flipped",
    "09j2d-flipped",
    "01g317",
    "04hgtk",
    "04rky",
    "09j2d",
]
DEBUG_DIM = 2048


def make_debugging(out, scale):
    small = scale == "small"
    n_train, n_test, n_val = (100, 100, 20) if small else (300, 500, 100)
    root = out / "debugging"
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "submissions").mkdir(parents=True, exist_ok=True)
    with open(root / "task_setup.yml", "w") as f:
        f.write(
            "paths:\n  embedding_folder: embeddings/\n  groundtruth_folder: data/\n"
            "  submission_folder: submissions/\n  results_folder: results/\n\ntasks:\n"
        )
        for t in DEBUG_IDS:
            f.write(
                f"  - data_id: {t}\n    train_size: {n_train}\n    noise_level: 0.3\n"
                f"    test_size: {n_test}\n    val_size: {n_val}\n\n"
            )
        f.write("baselines:\n  - name: random\n")
    for ti, task in enumerate(DEBUG_IDS):
        rng = np.random.RandomState(300 + ti)
        k = 24
        proj = rng.normal(0, 1, (k, DEBUG_DIM)) / np.sqrt(k)
        bias = rng.normal(-0.5, 0.3, DEBUG_DIM)
        axis = rng.normal(0, 1, k)
        axis /= np.linalg.norm(axis)
        sep = 1.5 if small else 1.25

        def draw(n):
            y = rng.permutation(np.arange(n) % 2)
            z = rng.normal(0, 1, (n, k)) + np.outer(sep * (2 * y - 1), axis)
            x = z @ proj + bias + 0.3 * rng.normal(0, 1, (n, DEBUG_DIM))
            return finish(x, scale), y.astype(np.int64), z @ axis * (2 * y - 1)

        margins = {}
        for part, n in (("train", n_train), ("test", n_test), ("val", n_val)):
            x, y, m = draw(n)
            ids = hex_ids(rng, n)
            label = y.copy()
            if part == "train":
                nflip = int(round(0.3 * n))
                if task.endswith("-flipped"):
                    flip = rng.choice(n, nflip, replace=False)  # uniform
                else:  # a biased weak labeller: class 0 three times as often, small margins first
                    noisy = m + 1.5 * rng.normal(0, 1, n) + 100.0 * (label == 1)
                    n0 = int(round(0.75 * nflip))
                    order0 = np.argsort(noisy, kind="stable")
                    order1 = np.argsort(noisy - 200.0 * (label == 1), kind="stable")
                    flip = np.concatenate([order0[:n0], order1[: nflip - n0]])
                label[flip] = 1 - label[flip]
                with open(root / "data" / f"dataset_{task}_train.csv", "w", newline="") as f:
                    w = csv.writer(f, lineterminator="\n")
                    w.writerow(["ImageID", "mv_label", "hv_label"])
                    for j in rng.permutation(n):  # csv order differs from the parquet's
                        w.writerow([ids[j], int(label[j]), int(y[j])])
                margins = dict(m=m, flip=flip, label=label, y=y, n=n)
            name = {
                "train": f"{task}_train_0.3_{n}",
                "test": f"{task}_test_{n}",
                "val": f"{task}_val_{n}",
            }[part]
            write_parquet(
                root / "embeddings" / f"{name}.parquet",
                dict(filename=pa.array(ids), encoding=list_array(x), label=pa.array(label)),
            )
        debugging_submissions(root, task, margins, np.random.RandomState(3300 + ti))


def debugging_submissions(root, task, g, rng):
    n, flip = g["n"], g["flip"]
    flipped = np.zeros(n, bool)
    flipped[flip] = True

    def save(method, order, seconds=1.0, folder="submissions", ending="\n", raw=None):
        d = root / folder
        d.mkdir(parents=True, exist_ok=True)
        text = raw if raw is not None else "\n".join(str(int(v)) for v in order) + ending
        (d / f"{task}_{method}.txt").write_text(text)
        (d / f"time_{task}_{method}.txt").write_text(str(seconds))

    # oracle: the flipped rows first (large margin first), then the rest
    oracle = sorted(range(n), key=lambda j: (not flipped[j], -g["m"][j]))
    save("oracle", oracle)
    # good: 80 % of the flipped rows are found early
    score = flipped * 1.0 + 0.9 * rng.random_sample(n)
    good = list(np.argsort(-score, kind="stable"))
    save("good", good)
    rnd = list(rng.permutation(n))
    save("random", rnd, ending="")  # no newline at the end, as the shipped example
    save("worst", list(reversed(oracle)))
    if task != "01g317-flipped":
        return

    def case(name, order=None, **kw):
        save("x", order, folder=f"cases/{name}", **kw)

    clean0 = next(j for j in range(n) if not flipped[j])
    case("baseline", good)
    case("one_clean_index_repeated", [clean0] * n)
    case("one_line_clean_index", [clean0])
    case("clean_rows_only", [j for j in range(n) if not flipped[j]])
    case("short_10", good[:10])
    case("short_to_last_flip", good[: max(i for i, j in enumerate(good) if flipped[j]) + 1])
    case("too_long", good + good[:50])
    case("duplicates_first", [good[0]] * 20 + good[: n - 20])
    case("empty_file", raw="")
    case("index_negative", [-1] + good[:-1])
    case("index_too_large", [n] + good[:-1])
    case("index_too_large_late", good[:-1] + [n])
    case("index_float", raw="\n".join(f"{v}.0" for v in good) + "\n")
    case("blank_line_at_end", raw="\n".join(map(str, good)) + "\n\n")
    case("blank_line_inside", raw="\n\n".join(map(str, good)) + "\n")
    case("spaces_around", raw="\n".join(f"  {v}  " for v in good) + "\n")
    case(
        "plus_and_underscore",
        raw="\n".join(f"+{v}" if v < 10 else f"{str(v)[0]}_{str(v)[1:]}" for v in good) + "\n",
    )
    case("crlf", raw="\r\n".join(map(str, good)) + "\r\n")
    case("comma_separated", raw=",".join(map(str, good)) + "\n")
    case("header_line", raw="index\n" + "\n".join(map(str, good)) + "\n")


# ------------------------------------------------------------------ acquisition


def make_acquisition(out, scale):
    small = scale == "small"
    dim = 12 if small else 768
    instances = range(5) if small else [0]
    root = out / "acquisition"
    for inst in instances:
        rng = np.random.RandomState(400 + inst)
        w_true = rng.normal(0, 1, dim) / np.sqrt(dim)
        rows = [int(v) for v in rng.randint(60, 240, 20)] if small else [5000] * 20

        def draw(n, flip, shift, spread):
            x = (spread * rng.normal(0, 1, (n, dim)) + shift).astype(np.float32)
            if small:
                x = np.round(x, 2).astype(np.float64)
            y = (x @ w_true + 0.35 * rng.normal(0, 1, n) > 0).astype(np.int64)
            f = rng.random_sample(n) < flip
            y[f] = 1 - y[f]
            return x, y

        def write_csv(path, x, y):
            path.parent.mkdir(parents=True, exist_ok=True)
            cols = [pa.array(x[:, j].astype(np.float64)) for j in range(dim)] + [
                pa.array(y.astype(np.float64))
            ]
            pacsv.write_csv(
                pa.table(cols, names=[str(j) for j in range(dim + 1)]),
                str(path),
                pacsv.WriteOptions(include_header=False),
            )

        m = root / "marketinfo" / str(inst)
        bx, by = draw(250 if small else 2000, 0.02, np.zeros(dim), 1.0)
        write_csv(m / "data_buyer" / "20.csv", bx, by)
        (m / "price").mkdir(parents=True, exist_ok=True)
        (m / "price" / "budget.txt").write_text("150\n")
        prices = [100] * 20 if inst == 0 else [int(v) for v in rng.randint(60, 180, 20)]
        (m / "price" / "price.txt").write_text("\n".join(f"Lin,{p}" for p in prices))
        (m / "sellerid.txt").write_text("\n".join(str(i) for i in range(20)) + "\n")
        (m / "summary").mkdir(parents=True, exist_ok=True)
        quality = []
        for i in range(20):
            flip = float(rng.choice([0.0, 0.05, 0.2, 0.35, 0.5]))
            shift = rng.normal(0, 0.3, dim) * float(rng.choice([0, 1, 3]))
            x, y = draw(rows[i], flip, shift, float(rng.choice([0.4, 0.8, 1.0])))
            quality.append(flip)
            write_csv(root / "features" / str(inst) / f"{i}.csv", x, y)
            info = dict(
                row_number=int(len(x)), column_number=dim + 1, hist={}, label_correlation={}
            )
            if small:
                for j in range(dim):
                    size, edge = np.histogram(x[:, j], 10)
                    h = {f"{b}_size": int(size[b]) for b in range(10)}
                    h.update({f"{b}_range": float(edge[b]) for b in range(11)})
                    info["hist"][str(j)] = h
                    info["label_correlation"][str(j)] = round(
                        float(np.corrcoef(x[:, j], y)[0, 1]), 10
                    )
            (m / "summary" / f"{i}.csv.json").write_text(json.dumps(info))
            np.savetxt(m / "summary" / f"{i}.csvsamples.csv", np.c_[x[:5], y[:5]], fmt="%.6g")
        acquisition_submissions(root, inst, rows, prices, quality, small)


def acquisition_submissions(root, inst, rows, prices, quality, small):
    def save(name, counts=None, raw=None):
        p = root / "submission" / name / f"{inst}.csv"
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(raw if raw is not None else ",".join(str(int(v)) for v in counts) + "\n")

    rng = np.random.RandomState(4400 + inst)
    budget = 150.0
    cost1 = [p / r for p, r in zip(prices, rows)]  # price of one row

    def spend(weights):
        weights = np.asarray(weights, float)
        weights = weights / weights.sum()
        return [min(r, int(budget * w / c)) for w, c, r in zip(weights, cost1, rows)]

    even = spend(np.ones(20))
    save("even", even)
    save("clean_sellers", spend([1.0 if q <= 0.05 else 0.0 for q in quality]))
    save("dirty_sellers", spend([1.0 if q >= 0.35 else 0.0 for q in quality]))
    save("random", spend(rng.random_sample(20)))
    save("over_budget_everything", rows)
    if inst != 0:
        return
    C = "cases/"
    save(C + "spaces", raw=", ".join(map(str, even)) + "\n")
    save(C + "no_newline", raw=",".join(map(str, even)))
    save(C + "nineteen", even[:19])
    save(C + "twenty_one", even + [1])
    save(C + "negative", [-1] + even[1:])
    save(C + "more_than_seller_has", [rows[0] + 1] + even[1:])
    save(C + "all_zero", [0] * 20)
    save(C + "eight_rows", [1] * 8 + [0] * 12)
    save(C + "float", raw=",".join(f"{v}.5" for v in even) + "\n")
    save(C + "float_whole", raw=",".join(f"{v}.0" for v in even) + "\n")
    save(C + "two_lines", raw=(",".join(map(str, even)) + "\n") * 2)
    save(C + "one_number", raw="5\n")
    save(C + "semicolon", raw=";".join(map(str, even)) + "\n")
    save(C + "empty", raw="")
    save(C + "column", raw="\n".join(map(str, even)) + "\n")


# ------------------------------------------------------------------ manifest


def manifest(out):
    files = {}
    for p in sorted(out.rglob("*")):
        rel = str(p.relative_to(out))
        if (
            not p.is_file()
            or rel in ("MANIFEST.json", "expected.json")
            or p.suffix in (".py", ".md", ".pyc")
        ):
            continue
        entry = dict(bytes=p.stat().st_size)
        if p.suffix == ".parquet":
            t = pq.read_table(p)
            h = hashlib.sha256()
            for c in t.column_names:
                col = t[c].combine_chunks()
                if pa.types.is_list(col.type):
                    h.update(np.ascontiguousarray(col.flatten().to_numpy()).tobytes())
                else:
                    h.update("\n".join(map(str, col.to_pylist())).encode())
            entry.update(
                rows=t.num_rows,
                columns={f.name: str(f.type) for f in t.schema},
                content_sha256=h.hexdigest(),
            )
        elif p.stat().st_size < 50_000_000:
            entry["sha256"] = hashlib.sha256(p.read_bytes()).hexdigest()
        files[rel] = entry
    (out / "MANIFEST.json").write_text(json.dumps(files, indent=0, sort_keys=True))
    return sum(e["bytes"] for e in files.values()), len(files)


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--scale", choices=["small", "full"], default="small")
    ap.add_argument("--only", default="speech,vision,debugging,acquisition")
    a = ap.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    for name in a.only.split(","):
        globals()["make_" + name](a.out, a.scale)
        print("made", name, flush=True)
    total, n = manifest(a.out)
    print(f"{n} files, {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
