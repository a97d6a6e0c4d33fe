# pyright: basic
"""A loaded model: chat template, generation (streamed and batched), token losses, adapters put on and taken off."""

import gc
import json
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils as mlx_utils
from mlx_lm import stream_generate
from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache
from mlx_lm.sample_utils import make_sampler
from mlx_lm.tuner.utils import remove_lora_layers

from circadian.backend import fastmath
from circadian.backend.fastmath import on_metal
from circadian.backend.forward import Forward
from circadian.backend.generate import Ask, Look, Progress, Settled, answer_all, losses_of, sample_all
from circadian.backend.source import Source, find_model
from circadian.backend.tree import Tokens, common_prefix
from circadian.errors import UserError
from circadian.records import Message


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
        look: Look | None = None,
    ) -> list[str]:
        """One answer per prompt, in order, batched by like length; greedy unless `temp` is above 0.

        `look` sees the logits of greedy answers, where the model is one of those that are not left to mlx-lm's batches.
        """
        tokens = [self.encode(p) for p in prompts]
        sampling = {"temp": temp, "top_p": top_p}
        texts = self.complete(tokens, max_tokens, batch_size=batch_size, **sampling, progress=progress, look=look)
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
        look: Look | None = None,
    ) -> list[str]:
        """As generate, for prompts already in tokens (plain text has no chat template)."""
        limits = [max_tokens] * len(tokens) if isinstance(max_tokens, int) else list(max_tokens)
        if temp > 0 or not self.forward.shares_prefix:
            return sample_all(self.module, self.tokenizer, tokens, limits, batch_size, (temp, top_p), progress)
        asks = [Ask(t, limit) for t, limit in zip(tokens, limits, strict=True)]
        return [text for text, _ in answer_all(self.forward, self.tokenizer, asks, batch_size, progress, look)]

    def answer(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: Sequence[int],
        references: Sequence[str],
        settled: Sequence[Settled | None],
        *,
        batch_size: int = 32,
        progress: Progress | None = None,
    ) -> list[tuple[str, list[float]]]:
        """Greedy answers as of generate, with the token losses of each prompt's reference ("": none), read in one go.

        An answer ends early where `settled` says so of its text so far. A reference beyond the context has no losses.
        """
        said = zip(prompts, references, strict=True)
        coded = [self.encode_answer([*p, Message("assistant", r)]) if r else None for p, r in said]
        coded = [c if c and 0 < c[1] < len(c[0]) <= self.context else None for c in coded]
        if not self.forward.shares_prefix:
            losses = iter(self.losses_of_tokens([c for c in coded if c], batch_size=batch_size))
            texts = self.generate(prompts, max_tokens, batch_size=batch_size, progress=progress)
            return [(text, next(losses) if c else []) for text, c in zip(texts, coded, strict=True)]
        asks = [
            Ask(self.encode(p), *r) for p, r in zip(prompts, zip(max_tokens, coded, settled, strict=True), strict=True)
        ]
        answers = answer_all(self.forward, self.tokenizer, asks, batch_size, progress)
        return [(text.strip(), losses) for text, losses in answers]

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
        found = losses_of(self.forward, [coded[i] for i in fits], batch_size, progress)
        out: list[list[float]] = [[] for _ in coded]
        for i, losses in zip(fits, found, strict=True):
            out[i] = losses
        return out

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
