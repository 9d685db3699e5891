# SPDX-License-Identifier: GPL-3.0-or-later
"""A chat gateway as it is usually written: FastAPI in front of httpx. What Gatehouse is compared with.

UPSTREAM is the base URL of an OpenAI-compatible server, with /v1.
"""
import os

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()


# Not the newer `lifespan`, which Debian 12's FastAPI (0.92) does not know.
@app.on_event("startup")
async def start():
    # httpx allows 100 connections unless told otherwise, which is fewer than the streams that are measured.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    app.state.client = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], timeout=60, limits=limits)


@app.on_event("shutdown")
async def stop():
    await app.state.client.aclose()


@app.post("/v1/chat/completions")
async def chat(request: Request):
    body = await request.json()
    client: httpx.AsyncClient = app.state.client
    if not body.get("stream"):
        answer = await client.post("/chat/completions", json=body)
        return JSONResponse(answer.json(), status_code=answer.status_code)

    upstream = await client.send(client.build_request("POST", "/chat/completions", json=body), stream=True)

    async def relay():
        try:
            async for line in upstream.aiter_lines():
                if line.strip():
                    yield line.rstrip("\n") + "\n\n"
        finally:
            await upstream.aclose()

    return StreamingResponse(relay(), media_type="text/event-stream")
