"""A tiny random checkpoint with its own tokenizer: it goes through the real mlx-lm code in milliseconds.

What it answers is noise: no figure from it says anything about learning.
"""

import json
from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCAB = 3 + 256

CONFIGS = {
    "llama": {"model_type": "llama", "tie_word_embeddings": True},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": False, "attention_bias": True},
}


def write_tiny_model(folder: Path, arch: str = "llama", *, bits: int | None = None, seed: int = 0) -> Path:
    """Write an MLX model folder: two layers of width 64, a byte tokenizer, a ChatML template; 4-bit when `bits`."""
    from circadian.backend import prepare

    prepare()  # before MLX is imported
    import mlx.core as mx
    import mlx.nn as nn
    from mlx_lm.utils import _get_classes, quantize_model, save_config, save_model

    config = {
        **CONFIGS[arch],
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "vocab_size": VOCAB,
        "rope_theta": 10000.0,
        "max_position_embeddings": 1024,
        "eos_token_id": 2,
    }
    folder.mkdir(parents=True, exist_ok=True)
    mx.random.seed(seed)
    model_class, args_class = _get_classes(config)
    model = model_class(args_class.from_dict(config))
    assert isinstance(model, nn.Module)
    if bits:
        model, config = quantize_model(model, config, 32, bits)
    save_model(folder, model)
    save_config(config, folder / "config.json")
    write_tiny_tokenizer(folder)
    return folder


def write_tiny_tokenizer(folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*SPECIAL, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "chat_template": TEMPLATE,
        "eos_token": "<|im_end|>",
        "bos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_tiny_adapter(model_folder: Path, adapter_folder: Path, tag: str, *, model: str | None = None) -> Path:
    """Write a complete adapter of random LoRA weights for a tiny model: it changes the answers, and teaches nothing.

    `model` is what the manifest names as the base model (default: the model's folder).
    """
    from circadian.backend import prepare

    prepare()
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.tuner.utils import linear_to_lora_layers
    from mlx_lm.utils import load_model, save_config

    from circadian.backend.embedded import folder_revision
    from circadian.files import sha256_file, write_json

    parameters = {"rank": 4, "scale": 20.0, "dropout": 0.0, "keys": ["self_attn.q_proj", "mlp.down_proj"]}
    module, _ = load_model(model_folder)
    linear_to_lora_layers(module, -1, parameters)
    mx.random.seed(sum(tag.encode()))
    lora = [(n, w) for n, w in tree_flatten(module.parameters()) if n.endswith(("lora_a", "lora_b"))]
    adapter_folder.mkdir(parents=True, exist_ok=True)
    weights = {name: mx.random.normal(value.shape) for name, value in lora}
    mx.save_safetensors(str(adapter_folder / "adapters.safetensors"), weights)
    config = {"fine_tune_type": "lora", "num_layers": -1, "lora_parameters": parameters}
    save_config(config, adapter_folder / "adapter_config.json")
    write_json(
        adapter_folder / "manifest.json",
        {
            "tag": tag,
            "model": model or str(model_folder),
            "revision": "other" if model else folder_revision(model_folder),
            "created": f"{tag[:10]}T04:00:00+00:00",
            "settings": {},
            "data": {},
            "versions": {},
            "files": {n: sha256_file(adapter_folder / n) for n in ("adapters.safetensors", "adapter_config.json")},
        },
    )
    return adapter_folder
