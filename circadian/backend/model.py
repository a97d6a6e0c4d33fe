# pyright: basic
"""A loaded model: chat template, generation (streamed and batched), token losses, adapters put on and taken off."""

import gc
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx_lm.utils as mlx_utils
from mlx_lm import batch_generate, stream_generate
from mlx_lm.models.cache import BatchKVCache, KVCache, can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache
from mlx_lm.sample_utils import make_sampler
from mlx_lm.tuner.utils import remove_lora_layers

from circadian.backend import fastmath
from circadian.backend.embedded import embedded_folder, folder_revision
from circadian.backend.forward import Forward, pad
from circadian.errors import UserError
from circadian.records import Message
from circadian.settings import EMBEDDED

Tokens = list[int]
Progress = Callable[[int, int], None]  # done, of how many
SHORTEST_PREFIX = 8  # tokens; reading a shorter common beginning once saves nothing
VOCABULARY_ROWS = 1024  # positions multiplied with the vocabulary at once: 200 MB for 49,152 tokens


@dataclass(frozen=True)
class Source:
    """Where a base model comes from: the name the user gave, its folder, and a revision for the manifest."""

    name: str
    folder: Path
    revision: str


def find_model(name: str) -> Source:
    """Resolve 'embedded', a local folder or a Hub name to a folder on this machine. UserError when it can't be had."""
    if name == EMBEDDED:
        folder = embedded_folder()
        return Source(name, folder, folder_revision(folder))
    local = Path(name).expanduser()
    if local.is_dir():
        if not (local / "config.json").exists():
            raise UserError(f"{local} holds no config.json: not an MLX model", hint="convert it with: mlx_lm.convert")
        return Source(name, local, folder_revision(local))
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise UserError(f"no model at {name}", hint="give a folder, a Hugging Face name like org/model, or 'embedded'")
    folder = fetch_from_hub(name)
    return Source(name, folder, folder.name)


def fetch_from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    patterns = ["*.json", "model*.safetensors", "tokenizer.model", "*.tiktoken", "*.txt", "*.jinja"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        pass
    import sys

    print(f"fetching {name} from the Hugging Face Hub (once)", file=sys.stderr)
    os.environ.pop("HF_HUB_DISABLE_PROGRESS_BARS", None)
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except Exception as error:  # the Hub client raises many kinds: HTTP, DNS, proxy, repository, offline mode
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        raise UserError(
            f"{name} is not cached here and the Hub can't be reached ({reason[:120]})",
            hint="connect once, or use --model embedded",
        ) from None


def on_metal() -> bool:
    return mx.metal.is_available()


class Model:
    """A base model with at most one adapter on it. Owns the weights; `messages` go in, text or losses come out."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module: Any
        self.tokenizer: Any
        self.module, self.tokenizer, self.config = load_quietly(source.folder)
        if on_metal():
            mlx_utils.maybe_set_recommended_wired_limit()
        else:
            self.module = to_float32(self.module)
            fastmath.use_in(self.module)
        self.module.eval()
        self.adapter: Path | None = None

    @property
    def context(self) -> int:
        """The longest context in tokens, prompt and answer together."""
        text = self.config.get("text_config", self.config)
        return int(text.get("max_position_embeddings") or 4096)

    def set_adapter(self, folder: Path | None, scale: float = 1.0) -> None:
        """Put the adapter in `folder` on the base model (None: the base alone). `scale` multiplies its LoRA scale.

        Raises UserError when the adapter does not fit this model.
        """
        remove_lora_layers(self.module)
        self.adapter = None
        if folder is not None:
            try:
                mlx_utils.load_adapters(self.module, str(folder))
            except (ValueError, KeyError, FileNotFoundError, RuntimeError, TypeError, AttributeError) as error:
                remove_lora_layers(self.module)
                first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                raise UserError(f"{folder}: not a usable adapter for {self.source.name}: {first}") from None
            if scale != 1.0:
                for _, layer in self.module.named_modules():
                    if hasattr(layer, "lora_a"):
                        layer.scale *= scale
            if not on_metal():
                self.module.set_dtype(mx.float32)
            self.adapter = folder
        self.module.eval()
        mx.eval(self.module.parameters())

    def encode(self, messages: Sequence[Message], *, answer: bool = True) -> Tokens:
        """Chat-template tokens of `messages`; with `answer` the prompt for the assistant's next message is added."""
        rows = [m.as_json() for m in messages]
        try:
            return self.tokenizer.apply_chat_template(
                rows, add_generation_prompt=answer, tokenize=True, return_dict=False
            )
        except Exception as error:  # a Jinja template may refuse roles with any message of its own
            if rows and rows[0]["role"] == "system":  # templates without a system role: say it in the first question
                merged = [Message("user", f"{rows[0]['content']}\n\n{rows[1]['content']}"), *messages[2:]]
                return self.encode(merged, answer=answer)
            raise UserError(f"the chat template of {self.source.name} refused the messages: {error}") from None

    def encode_lesson(self, messages: Sequence[Message]) -> tuple[Tokens, int]:
        """Tokens of a whole exchange and the offset where the last assistant message's answer begins."""
        prompt = self.encode(messages[:-1])
        whole = self.encode(messages, answer=False)
        return whole, common_prefix(prompt, whole)

    def decode(self, tokens: Tokens) -> str:
        return self.tokenizer.decode(tokens)

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int | Sequence[int] = 48,
        *,
        batch_size: int = 32,
        temp: float = 0.0,
        top_p: float = 1.0,
        progress: Progress | None = None,
    ) -> list[str]:
        """One answer per prompt, in order, batched by like length; greedy unless `temp` is above 0."""
        tokens = [self.encode(p) for p in prompts]
        texts = self.complete(tokens, max_tokens, batch_size=batch_size, temp=temp, top_p=top_p, progress=progress)
        return [t.strip() for t in texts]

    def complete(
        self,
        tokens: Sequence[Tokens],
        max_tokens: int | Sequence[int],
        *,
        batch_size: int = 32,
        temp: float = 0.0,
        top_p: float = 1.0,
        progress: Progress | None = None,
    ) -> list[str]:
        """As generate, for prompts already in tokens (plain text has no chat template)."""
        limits = [max_tokens] * len(tokens) if isinstance(max_tokens, int) else list(max_tokens)
        order = sorted(range(len(tokens)), key=lambda i: (limits[i], len(tokens[i])))
        answers = [""] * len(tokens)
        sampler = make_sampler(temp=temp, top_p=top_p) if temp > 0 else None
        shared, cache = self.read_prefix(tokens)
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            texts = batch_generate(
                self.module,
                self.tokenizer,
                [tokens[i][shared:] for i in part],
                prompt_caches=[cache] * len(part) if cache else None,
                max_tokens=[limits[i] for i in part],
                sampler=sampler,
                completion_batch_size=batch_size,
                prefill_batch_size=batch_size,
            ).texts
            for i, text in zip(part, texts, strict=True):
                answers[i] = text
            if progress:
                progress(start + len(part), len(order))
        return answers

    def read_prefix(self, rows: Sequence[Tokens]) -> tuple[int, list[Any]]:
        """Read once the tokens that all rows begin with (the template's system prompt): their number and the cache.

        None for models whose cache is not the plain one (sliding windows, states): it can't be repeated over a batch.
        """
        length, cache = shared_length(rows), make_prompt_cache(self.module)
        if not length or any(type(c) is not KVCache for c in cache):
            return 0, []
        self.module(mx.array([rows[0][:length]]), cache=cache)
        mx.eval([c.state[:2] for c in cache])
        return length, cache

    def token_losses(
        self,
        exchanges: Sequence[Sequence[Message]],
        *,
        batch_size: int = 16,
        progress: Progress | None = None,
    ) -> list[list[float]]:
        """Negative log-likelihood in nats of each token of the last message's answer, one list per exchange.

        An exchange longer than the context gives an empty list (unmeasured).
        """
        coded = [self.encode_answer(e) for e in exchanges]
        return self.losses_of_tokens(coded, batch_size=batch_size, progress=progress)

    def encode_answer(self, messages: Sequence[Message]) -> tuple[Tokens, int]:
        """As encode_lesson, ending with the answer's end token: a newline that the template adds is no answer."""
        tokens, offset = self.encode_lesson(messages)
        ends = [i for i in range(offset, len(tokens)) if tokens[i] in self.tokenizer.eos_token_ids]
        return (tokens[: ends[-1] + 1], offset) if ends else (tokens, offset)

    def text_losses(self, texts: Sequence[str], *, batch_size: int = 16) -> list[list[float]]:
        """Negative log-likelihood in nats of each token of plain texts, from the second token on."""
        coded = [(self.tokenizer.encode(t), 1) for t in texts]
        return self.losses_of_tokens(coded, batch_size=batch_size)

    def losses_of_tokens(
        self, coded: Sequence[tuple[Tokens, int]], *, batch_size: int = 16, progress: Progress | None = None
    ) -> list[list[float]]:
        """As token_losses, for (tokens, offset of the first token that counts)."""
        fits = [i for i, (t, o) in enumerate(coded) if 0 < o < len(t) <= self.context]
        prompts = {i: tuple(coded[i][0][: coded[i][1]]) for i in fits}
        longest = {prompts[i]: len(coded[i][0]) for i in sorted(fits, key=lambda i: len(coded[i][0]))}
        order = sorted(fits, key=lambda i: (longest[prompts[i]], prompts[i]))  # answers to one question stay together
        out: list[list[float]] = [[] for _ in coded]
        shared = shared_length([coded[i][0][: coded[i][1]] for i in fits])
        done = 0
        for part in batches(order, [len(t) - o for t, o in coded], batch_size):
            for i, values in zip(part, self.batch_losses([coded[i] for i in part], shared), strict=True):
                out[i] = values
            done += len(part)
            if progress:
                progress(done, len(order))
        return out

    def batch_losses(self, coded: Sequence[tuple[Tokens, int]], shared: int) -> list[list[float]]:
        """Losses of one batch whose rows begin with the same `shared` tokens.

        Only positions that predict a counted token are multiplied with the vocabulary: on the CPU the softmax over it
        costs 12 ns an element, more than all layers together for short answers.
        """
        prompts = sorted({tuple(t[: o - 1]) for t, o in coded})
        targets = [t[i] for t, o in coded for i in range(o, len(t))]
        if 1 < len(prompts) < len(coded) and len(prompts[0]) > shared > 0 and self.forward.shares_prefix:
            logits = self.logits_by_prompt(coded, prompts, shared)
        else:
            rows = pad([tokens[shared:-1] for tokens, _ in coded], 1)
            starts = [r * rows.shape[1] + o - 1 - shared for r, (_, o) in enumerate(coded)]
            at = [start + i for start, (t, o) in zip(starts, coded, strict=True) for i in range(len(t) - o)]
            logits = self.forward(mx.array(coded[0][0][:shared], dtype=mx.int32), rows, mx.array(at))
        logits = logits.astype(mx.float32)
        flat: Any = nn.losses.cross_entropy(logits, mx.array(targets)).tolist()
        values = iter(flat)
        return [[next(values) for _ in range(o, len(t))] for t, o in coded]

    def logits_by_prompt(
        self, coded: Sequence[tuple[Tokens, int]], prompts: Sequence[tuple[int, ...]], shared: int
    ) -> mx.array:
        """Logits [T, vocabulary] where an answer token is predicted, with each of `prompts` read once, not once a row.

        The choices of a question differ in a few tokens at the end. A prompt here lacks its last token: reading that
        one predicts the answer's first. Prompts are padded as `batch_generate` pads them; `filter` repeats their cache.
        """
        prefix = make_prompt_cache(self.module)
        self.forward.hidden(mx.array([prompts[0][:shared]]), prefix)
        caches = [BatchKVCache.merge([c] * len(prompts)) for c in prefix]
        rest = [p[shared:] for p in prompts]
        longest = max(len(r) for r in rest)
        for c in caches:
            c.prepare(lengths=[len(r) for r in rest], right_padding=[longest - len(r) for r in rest])
        self.forward.hidden(pad(rest, 1), caches)
        place = {p: n for n, p in enumerate(prompts)}
        owners = mx.array([place[tuple(t[: o - 1])] for t, o in coded])
        for c in caches:
            c.finalize()
            c.filter(owners)
        rows = pad([t[o - 1 : -1] for t, o in coded], 1)
        states = self.forward.hidden(rows, caches)
        at = [r * rows.shape[1] + i for r, (t, o) in enumerate(coded) for i in range(len(t) - o)]
        states = states.reshape(-1, states.shape[-1])[mx.array(at)]
        return self.forward.head(states) if self.forward.splits_head else states

    @cached_property
    def forward(self) -> Forward:
        """The module with its shortcuts checked, made when first needed; it follows later changes of the adapter."""
        return Forward(self.module)

    def seed(self, seed: int) -> None:
        """Make sampling repeatable."""
        mx.random.seed(seed)

    def conversation(self) -> "Conversation":
        return Conversation(self)

    def close(self) -> None:
        """Free the weights; the object is useless afterwards."""
        self.module = self.tokenizer = None
        self.__dict__.pop("forward", None)  # it holds the weights too
        gc.collect()
        mx.clear_cache()


@dataclass
class Reply:
    """A streamed reply's figures: seconds to the first token, tokens read (not from the cache) and written."""

    first_token: float = 0.0
    read: int = 0
    reused: int = 0
    written: int = 0


class Conversation:
    """A prompt cache that follows a growing chat: only tokens the model has not read yet are read."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.reset()

    def reset(self) -> None:
        """Forget what was read, for a new context or other weights."""
        self.cache: list[Any] = make_prompt_cache(self.model.module)
        self.seen: Tokens = []
        self.last = Reply()

    def stream(self, messages: Sequence[Message], *, max_tokens: int, temp: float, top_p: float) -> Generator[str]:
        """Yield the reply's text piece by piece. Stopping early keeps the cache usable."""
        tokens = self.model.encode(messages)
        if any(c.offset != len(self.seen) for c in self.cache if hasattr(c, "offset")):
            self.reset()  # a Ctrl-C came between two layers: the cache is of no known prefix
        keep = min(common_prefix(self.seen, tokens), len(tokens) - 1)
        if keep < len(self.seen):
            if can_trim_prompt_cache(self.cache):
                trim_prompt_cache(self.cache, len(self.seen) - keep)
                self.seen = self.seen[:keep]
            else:
                self.reset()
                keep = 0
        self.last = Reply(read=len(tokens) - keep, reused=keep)
        room = max(1, min(max_tokens, self.model.context - len(tokens)))
        started = time.perf_counter()
        replies = stream_generate(
            self.model.module,
            self.model.tokenizer,
            tokens[keep:],
            max_tokens=room,
            sampler=make_sampler(temp=temp, top_p=top_p),
            prompt_cache=self.cache,
        )
        written: Tokens = []
        try:
            for reply in replies:
                if not written:
                    self.last.first_token = time.perf_counter() - started
                written.append(reply.token)
                self.last.written = len(written)
                yield reply.text
        finally:
            replies.close()
            self.seen = self.cached_tokens(tokens + written)

    def cached_tokens(self, tokens: Tokens) -> Tokens:
        """Exactly the tokens whose keys are in the cache: the generator reads one ahead of what it yields."""
        offset = next((c.offset for c in self.cache if hasattr(c, "offset")), 0)
        if offset > len(tokens) and can_trim_prompt_cache(self.cache):
            trim_prompt_cache(self.cache, offset - len(tokens))
            return tokens
        if offset > len(tokens):
            self.cache = make_prompt_cache(self.model.module)
            return []
        return tokens[:offset]


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def shared_length(rows: Sequence[Tokens]) -> int:
    """How many first tokens all rows share and are worth reading once (0: too few). Each row keeps its last token."""
    if len(rows) < 2:
        return 0
    length = min(min(common_prefix(rows[0], row), len(row) - 1) for row in rows)
    return length if length >= SHORTEST_PREFIX else 0


def batches(order: Sequence[int], sizes: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """`order` in pieces of at most `batch_size` rows whose `sizes` sum to at most VOCABULARY_ROWS (one row may)."""
    part: list[int] = []
    for i in order:
        if part and (len(part) == batch_size or sum(sizes[k] for k in part) + sizes[i] > VOCABULARY_ROWS):
            yield part
            part = []
        part.append(i)
    if part:
        yield part


def load_quietly(folder: Path) -> tuple[Any, Any, dict]:
    try:
        model, tokenizer, config = mlx_utils.load(str(folder), return_config=True)  # pyright: ignore
    except (ValueError, KeyError, FileNotFoundError, RuntimeError, json.JSONDecodeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{folder}: mlx-lm can't load this model: {first}") from None
    if tokenizer.chat_template is None and not getattr(tokenizer, "has_chat_template", False):
        raise UserError(f"{folder}: the model has no chat template", hint="use an instruct model")
    return model, tokenizer, config


def to_float32(module: Any) -> Any:
    """Dequantized, in float32: the CPU backend multiplies 4-bit weights at 10 tokens/s and half floats not by BLAS."""
    module = mlx_utils.dequantize_model(module)
    module.set_dtype(mx.float32)
    mx.eval(module.parameters())
    return module


def open_model(name: str) -> Model:
    """Load a base model by name. UserError when it can't be found or loaded."""
    return Model(find_model(name))


def peak_memory() -> int:
    """Peak bytes MLX held in this process since it started."""
    return mx.get_peak_memory()
