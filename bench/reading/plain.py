"""The peer: httpx with httpx-sse (httpx' own lines for Ollama) and `json`, as one writes it by hand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx_sse

from bench.orders import Provider
from bench.reading.reading import KEY, MODEL, MOST_TOKENS, TIMEOUT_S, Answer, Ask


@asynccontextmanager
async def by_httpx(provider: Provider, origin: str) -> AsyncIterator[Ask]:
    unbounded = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(
        base_url=origin,
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=TIMEOUT_S,
        limits=unbounded,
        trust_env=False,
    ) as client:
        match provider:
            case Provider.OPENAI_CHAT:
                yield lambda prompt: _openai_chat(client, prompt)
            case Provider.OPENAI_RESPONSES:
                yield lambda prompt: _openai_responses(client, prompt)
            case Provider.ANTHROPIC:
                yield lambda prompt: _anthropic(client, prompt)
            case Provider.OLLAMA:
                yield lambda prompt: _ollama(client, prompt)


async def _openai_chat(client: httpx.AsyncClient, prompt: str) -> Answer:
    pieces, reason = [], None
    usage: dict[str, Any] = {}
    body = {**_asking(prompt), "stream_options": {"include_usage": True}}
    async with httpx_sse.aconnect_sse(client, "POST", "/v1/chat/completions", json=body) as source:
        async for event in source.aiter_sse():
            if event.data == "[DONE]":
                break
            chunk = json.loads(event.data)
            for choice in chunk["choices"]:
                pieces.append(choice["delta"].get("content") or "")
                reason = choice["finish_reason"] or reason
            usage = chunk.get("usage") or usage
    return Answer("".join(pieces), reason, usage.get("prompt_tokens"), usage.get("completion_tokens"))


async def _openai_responses(client: httpx.AsyncClient, prompt: str) -> Answer:
    pieces, response = [], {}
    body = {"model": MODEL, "input": prompt, "stream": True}
    async with httpx_sse.aconnect_sse(client, "POST", "/v1/responses", json=body) as source:
        async for event in source.aiter_sse():
            said = json.loads(event.data)
            match said["type"]:
                case "response.output_text.delta":
                    pieces.append(said["delta"])
                case "response.completed":
                    response = said["response"]
                    break
    reason = "stop" if response.get("status") == "completed" else None
    usage = response.get("usage", {})
    return Answer("".join(pieces), reason, usage.get("input_tokens"), usage.get("output_tokens"))


async def _anthropic(client: httpx.AsyncClient, prompt: str) -> Answer:
    pieces, reason = [], None
    usage: dict[str, Any] = {}
    body = {**_asking(prompt), "max_tokens": MOST_TOKENS}
    headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
    async with httpx_sse.aconnect_sse(client, "POST", "/v1/messages", json=body, headers=headers) as source:
        async for event in source.aiter_sse():
            said = json.loads(event.data)
            match said["type"]:
                case "content_block_delta":
                    pieces.append(said["delta"].get("text", ""))
                case "message_start":
                    usage |= said["message"]["usage"]
                case "message_delta":
                    reason = said["delta"]["stop_reason"]
                    usage |= said["usage"]
                case "message_stop":
                    break
    reason = "stop" if reason == "end_turn" else reason
    return Answer("".join(pieces), reason, usage.get("input_tokens"), usage.get("output_tokens"))


async def _ollama(client: httpx.AsyncClient, prompt: str) -> Answer:
    pieces, end = [], {}
    async with client.stream("POST", "/api/chat", json=_asking(prompt)) as response:
        async for line in response.aiter_lines():
            said = json.loads(line)
            pieces.append(said["message"]["content"])
            if said["done"]:
                end = said
                break
    counts = (end.get("prompt_eval_count"), end.get("eval_count"))
    return Answer("".join(pieces), end.get("done_reason"), *counts)


def _asking(prompt: str) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "stream": True}
